//! The state at step 0: initial weights, rescaled by data where the preset asks, and the teacher as a copy.
//!
//! Data-dependent initialisation (after Mishkin & Matas, LSUV, arXiv 1511.06422, and Salimans & Kingma, arXiv 1602.07868,
//! section 3): with one batch of 256 views, each Linear of the projector is rescaled and shifted, in order, so that every output
//! unit has mean 0 and standard deviation 1 over the batch. The views are those of step 0, which is never trained on.

use super::trainer::{TrainError, Trainer, global_plan};
use crate::data::views::{Counter, PatchOrder, SeedSource, ViewRows, record_patches, record_views};
use crate::gpu::{Tape, Tensor};
use crate::nn::Group;
use crate::nn::init::initial_parameters;

/// Views that the data-dependent initialisation looks at.
const VIEWS: u32 = 256;

pub(super) fn initialise(trainer: &mut Trainer) -> Result<(), TrainError> {
    let layout = trainer.method.layout();
    let mut weights: Vec<Vec<f32>> = trainer.learners.iter().map(|learner| initial_parameters(layout, learner.seed)).collect();
    upload(trainer, &weights);
    if trainer.config.data_dependent_init {
        rescale_by_data(trainer, &mut weights)?;
    }
    // The teacher has no predictor: its part of the flat buffer stays zero.
    for weights in &mut weights {
        for spec in trainer.method.layout().specs().iter().filter(|spec| spec.group == Group::Predictor) {
            weights[spec.first as usize..][..spec.elements() as usize].fill(0.0);
        }
    }
    trainer.gpu.upload(&trainer.roles.teacher, &weights.concat());
    Ok(())
}

fn upload(trainer: &Trainer, weights: &[Vec<f32>]) {
    trainer.gpu.upload(&trainer.roles.student, &weights.concat());
}

fn rescale_by_data(trainer: &Trainer, weights: &mut [Vec<f32>]) -> Result<(), TrainError> {
    let gpu = &*trainer.gpu;
    let mut tape = Tape::new(gpu);
    let source = SeedSource { seeds: trainer.seeds().clone(), step: Counter::fixed(trainer.seeds(), 0) };
    let plan = global_plan(&trainer.config);
    let batch = VIEWS / plan.views;
    let views = record_views(&mut tape, &trainer.images, &trainer.config.views, batch, &plan, &source);
    let encoder = &trainer.config.encoder;
    let patches = record_patches(&mut tape, &[ViewRows::all(&views.pixels)], encoder.patch, PatchOrder::of(encoder.kind));
    let rescaled = trainer.method.embed(&mut tape, trainer.student(), &patches, batch).rescaled;
    let program = tape.freeze()?;
    for (name, output) in &rescaled {
        gpu.run(&program);
        let outputs = gpu.download::<f32>(output)?;
        for (learner, weights) in weights.iter_mut().enumerate() {
            rescale(trainer, name, weights, learner_part(&outputs, output, learner));
        }
        upload(trainer, weights);
    }
    Ok(())
}

fn learner_part<'a>(values: &'a [f32], tensor: &Tensor, learner: usize) -> &'a [f32] {
    let elements = tensor.elements() as usize;
    &values[learner * elements..][..elements]
}

/// Gives every output unit of the layer mean 0 and standard deviation 1 over `outputs` (rows, units).
fn rescale(trainer: &Trainer, layer: &str, weights: &mut [f32], outputs: &[f32]) {
    let find = |suffix: &str| {
        let name = format!("{layer}.{suffix}");
        trainer.method.layout().specs().iter().find(|spec| spec.name == name).expect("the method names its own layers")
    };
    let (weight, bias) = (find("weight"), find("bias"));
    let (units, inputs) = (weight.rows as usize, weight.columns as usize);
    let rows = outputs.len() / units;
    for unit in 0..units {
        let column = || (0..rows).map(|row| f64::from(outputs[row * units + unit]));
        let mean = column().sum::<f64>() / rows as f64;
        let deviation = (column().map(|value| (value - mean).powi(2)).sum::<f64>() / rows as f64).sqrt().max(1e-6);
        for value in &mut weights[weight.first as usize + unit * inputs..][..inputs] {
            *value = (f64::from(*value) / deviation) as f32;
        }
        let value = &mut weights[bias.first as usize + unit];
        *value = ((f64::from(*value) - mean) / deviation) as f32;
    }
}

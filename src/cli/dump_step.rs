//! `twinlens dump-step`: all tensors of one training step, for recomputing it with any other implementation.
//!
//! Names and layouts: README, "A dumped step". Weights, moments and gradients are in PyTorch's layouts; views are (B, 3, H, W)
//! exactly as fed to the encoder.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{AdapterFlags, Failure, RunFlags, loading};
use crate::config::{Encoder, EncoderKind, GLOBAL_VIEWS};
use crate::data::views::PatchOrder;
use crate::gpu::{GpuError, Tensor};
use crate::nn::Patches;
use crate::ops::tick;
use crate::save;
use crate::session::{Cadence, Pace, Session};
use crate::train::Trainer;
use crate::train::checkpoint::{float_bytes, write_safetensors};

/// Arguments of `dump-step`.
#[derive(Clone, Debug, Args)]
pub struct DumpStepArgs {
    #[command(flatten)]
    run: RunFlags,
    /// Which step (1 is the first).
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    at_step: u32,
    /// Networks trained side by side.
    #[arg(long, value_name = "N")]
    learners: Option<u32>,
    /// Which learner's tensors.
    #[arg(long, value_name = "I", default_value_t = 0)]
    learner: u32,
    /// Folder for step.safetensors and step.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Named tensors, row-major f32 bytes.
#[derive(Default)]
struct Dump {
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
}

impl Dump {
    fn push(&mut self, name: String, shape: Vec<usize>, values: &[f32]) {
        self.tensors.push((name, shape, float_bytes(values)));
    }

    /// The parameters in a flat buffer, one tensor each.
    fn push_flat(&mut self, prefix: &str, trainer: &Trainer, flat: &Tensor, learner: u32) -> Result<(), GpuError> {
        let values = learner_values(trainer, flat, learner)?;
        let layout = trainer.method.layout();
        for parameter in layout.torch_parameters().filter(|parameter| !prefix.starts_with("teacher") || parameter.in_teacher()) {
            self.push(format!("{prefix}.{}", parameter.name()), parameter.shape(), &parameter.values(&values));
        }
        if prefix.starts_with("student") || prefix.starts_with("teacher") {
            for (name, shape) in layout.torch_ones() {
                let ones = vec![1.0; shape.iter().product()];
                self.push(format!("{prefix}.{name}"), shape, &ones);
            }
        }
        Ok(())
    }

    fn push_state(&mut self, when: &str, trainer: &Trainer, learner: u32) -> Result<(), GpuError> {
        for (role, flat) in trainer.roles.state() {
            self.push_flat(&format!("{role}.{when}"), trainer, flat, learner)?;
        }
        Ok(())
    }

    /// Rows (view, image) of one tensor as one tensor a view.
    fn push_outputs(&mut self, prefix: &str, trainer: &Trainer, rows: &Tensor, learner: u32) -> Result<(), GpuError> {
        let values = learner_values(trainer, rows, learner)?;
        let (batch, columns) = (trainer.config.batch as usize, rows.columns as usize);
        for (index, part) in values.chunks_exact(batch * columns).enumerate() {
            self.push(format!("{prefix}.{index}"), vec![batch, columns], part);
        }
        Ok(())
    }

    /// The crops as fed to the encoder, one tensor (B, 3, H, W) a view, the globals first.
    fn push_views(&mut self, trainer: &Trainer, learner: u32) -> Result<(), GpuError> {
        let Patches { rows, sequences } = &trainer.recorded().views.patches;
        let config = &trainer.config;
        let values = learner_values(trainer, rows, learner)?;
        let globals = (sequences.counts[0] * sequences.lengths[0] * rows.columns) as usize;
        let (globals, locals) = values.split_at(globals);
        let batch = config.batch as usize;
        let groups = [(globals, config.image_size), (locals, config.views.local_size)];
        let views = groups.into_iter().flat_map(|(patches, side)| {
            let side = side as usize;
            let images = images_from_patches(patches, config.encoder, side);
            images.chunks_exact(batch * 3 * side * side).map(|view| (side, view.to_vec())).collect::<Vec<_>>()
        });
        for (index, (side, view)) in views.enumerate() {
            self.push(format!("views.{index}"), vec![batch, 3, side, side], &view);
        }
        Ok(())
    }

    fn push_center(&mut self, when: &str, trainer: &Trainer, learner: u32) -> Result<(), GpuError> {
        if let Some(center) = &trainer.roles.center {
            self.push(format!("center.{when}"), vec![center.columns as usize], &learner_values(trainer, center, learner)?);
        }
        Ok(())
    }
}

fn learner_values(trainer: &Trainer, tensor: &Tensor, learner: u32) -> Result<Vec<f32>, GpuError> {
    let all = trainer.gpu.download::<f32>(tensor)?;
    let learner = if tensor.learners == 1 { 0 } else { learner as usize };
    let elements = tensor.elements() as usize;
    Ok(all[learner * elements..][..elements].to_vec())
}

/// Patches (rows (view, image, patch), columns (row, column, channel)) back to images (view, image, 3, side, side).
fn images_from_patches(patches: &[f32], encoder: Encoder, side: usize) -> Vec<f32> {
    let patch = encoder.patch as usize;
    let grid = side / patch;
    let vector = 3 * patch * patch;
    let mut images = vec![0.0; patches.len()];
    for (row, values) in patches.chunks_exact(vector).enumerate() {
        let (image, number) = (row / (grid * grid), row % (grid * grid));
        let (px, py) = match PatchOrder::of(encoder.kind) {
            PatchOrder::Morton => (even_bits(number), even_bits(number >> 1)),
            PatchOrder::Raster => (number % grid, number / grid),
        };
        for (index, &value) in values.iter().enumerate() {
            let (dy, dx, channel) = (index / (3 * patch), index / 3 % patch, index % 3);
            images[((image * 3 + channel) * side + py * patch + dy) * side + px * patch + dx] = value;
        }
    }
    images
}

fn even_bits(number: usize) -> usize {
    (0..16).map(|bit| (number >> (2 * bit) & 1) << bit).sum()
}

/// Does the step and writes it.
pub fn run(args: &DumpStepArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let mut run = args.run.clone();
    run.overrides.extend(args.learners.map(|learners| format!("learners={learners}")));
    let config = run.config()?;
    if args.learner >= config.learners {
        return Err(Failure::Usage(format!("--learner {}: there are {}, counted from 0", args.learner, config.learners)));
    }
    std::fs::create_dir_all(&args.out).map_err(|error| Failure::writing(&args.out, &error))?;
    let data = loading::load(&config.data)?;
    let mut session = Session::open_on(flags.open(&config)?, config, data, Cadence::headless(1, None))?;
    session.advance(Pace::Steps(args.at_step - 1))?;
    session.settle()?;
    let mut dump = Dump::default();
    dump.push_state("before", session.trainer(), args.learner)?;
    dump.push_center("before", session.trainer(), args.learner)?;
    session.advance(Pace::Steps(1))?;
    session.settle()?;
    if let Some(reason) = session.stopped() {
        return Err(Failure::Stopped(format!("training stopped: {reason}")));
    }
    let trainer = session.trainer();
    dump.push_state("after", trainer, args.learner)?;
    dump.push_center("after", trainer, args.learner)?;
    dump.push_flat("grad", trainer, &trainer.roles.gradient, args.learner)?;
    let recorded = trainer.recorded();
    dump.push_views(trainer, args.learner)?;
    dump.push_outputs("student.out", trainer, &recorded.probes.student_outputs, args.learner)?;
    dump.push_outputs("teacher.out", trainer, &recorded.probes.teacher_outputs, args.learner)?;
    let loss = learner_values(trainer, &recorded.probes.loss, args.learner)?;
    dump.push("loss".to_owned(), vec![], &loss);
    let norm = learner_values(trainer, &recorded.gradient_norm, args.learner)?;
    let path = args.out.join("step.safetensors");
    write_safetensors(&path, &dump.tensors, HashMap::from([("format".to_owned(), "pt".to_owned())]))
        .map_err(|error| Failure::writing(&path, &error))?;
    let text = serde_json::to_string_pretty(&description(args, trainer, norm[0])).map_err(|error| Failure::Bug(error.to_string()))?;
    let path = args.out.join("step.json");
    save::atomically(&path, |file| file.write_all(text.as_bytes())).map_err(|error| Failure::writing(&path, &error))?;
    println!("{}", args.out.join("step.safetensors").display());
    println!("{}", path.display());
    Ok(())
}

fn description(args: &DumpStepArgs, trainer: &Trainer, grad_norm: f32) -> serde_json::Value {
    let config = &trainer.config;
    let learner = &trainer.learners[args.learner as usize];
    let hyper = &learner.hyper;
    let words = tick::state_at(args.at_step, config.hyper.beta1, config.hyper.beta2, config.hyper.warmup_steps);
    let warm_up = f32::from_bits(words[1]);
    let Encoder { kind, patch, widths, dim, depth, heads, mlp_ratio } = config.encoder;
    let mut encoder = match kind {
        EncoderKind::Pyramid => json!({ "kind": "pyramid", "patch": patch, "widths": widths }),
        EncoderKind::Vit => json!({ "kind": "vit", "patch": patch, "dim": dim, "depth": depth, "heads": heads, "mlp_ratio": mlp_ratio }),
    };
    encoder["image_size"] = json!(config.image_size);
    encoder["local_size"] = json!(config.views.local_size);
    encoder["projector_hidden"] = json!(config.projector_hidden);
    encoder["projector_output"] = json!(config.projector_output);
    json!({
        "preset": config.preset,
        "method": trainer.method.name(),
        "encoder": encoder,
        "head": { "hidden": config.projector_hidden, "bottleneck": config.projector_output, "prototypes": config.prototypes,
                  "layers": config.head_layers },
        "normalisation": config.normalisation.name(),
        "learner": args.learner,
        "step": args.at_step,
        "seed": config.seed,
        "learner_seed": learner.seed,
        "batch": config.batch,
        "globals": GLOBAL_VIEWS,
        "locals": config.views.locals,
        "hyper": {
            "learning_rate": hyper.learning_rate * warm_up,
            "predictor_multiplier": hyper.predictor_multiplier,
            "weight_decay": hyper.weight_decay,
            "beta1": config.hyper.beta1,
            "beta2": config.hyper.beta2,
            "epsilon": config.hyper.epsilon,
            "clip_norm": config.hyper.clip_norm,
            "grad_norm": grad_norm,
            "tau": hyper.effective_tau(),
            "predictor": u8::from(hyper.predictor),
            "stop_gradient": u8::from(hyper.stop_gradient),
            "centering": u8::from(hyper.centering),
            "teacher_temperature": hyper.effective_teacher_temperature(),
            "student_temperature": hyper.student_temperature,
            "center_momentum": hyper.center_momentum,
            "frozen_steps": hyper.frozen_steps,
            "layernorm_epsilon": crate::ops::layernorm::EPSILON,
            "batchnorm_epsilon": 1e-5,
            "l2norm_epsilon": 1e-6,
        },
    })
}

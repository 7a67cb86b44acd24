//! The embedding cloud: a fixed set of held-out images, of each of which the student sees one fixed view and the teacher another.
//! What moves is the networks alone.

use super::project::{axes, project};
use crate::data::views::{Counter, PatchOrder, SeedSource, ViewRows, record_crops, record_held_out, record_patches};
use crate::gpu::{GpuError, Program, Tape, Tensor};
use crate::train::Trainer;

/// Images in the cloud on a software adapter.
const IMAGES_SOFTWARE: u32 = 192;
/// Images in the cloud on a GPU.
const IMAGES_GPU: u32 = 1024;
/// Seeds the fixed crops.
const CROP_SEED: [u32; 2] = [0x5EED, 0xC10D];

/// The recorded cloud.
pub struct Probe {
    /// Embeds and projects the images with the weights as they are.
    pub program: Program,
    /// Number of images.
    pub count: u32,
    /// Per image 8 f32, as `snapshot::Cloud` says (L, images, 8).
    pub points: Tensor,
    /// Share of the squared length that the axes show (L, 1, 1).
    pub explained: Tensor,
    /// The axes (L, 3, d).
    pub axes: Tensor,
    /// DINO: the teacher's distributions (L, images, K).
    pub distributions: Option<Tensor>,
    /// The views, view 0 of every image, then view 1 (1, 2 · images, pixels) u32.
    pub views: Tensor,
}

impl Probe {
    /// Renders the views and records the rest.
    pub fn new(trainer: &Trainer) -> Result<Self, GpuError> {
        let gpu = &*trainer.gpu;
        let count = if gpu.is_software() { IMAGES_SOFTWARE } else { IMAGES_GPU };
        let config = &trainer.config;
        let seeds = gpu.tensor("probe_seeds", [1, 1, 2])?;
        gpu.upload(&seeds, &CROP_SEED);
        let mut tape = Tape::new(gpu);
        let first = Counter::fixed(&seeds, 0);
        let drawn = record_held_out(&mut tape, &trainer.images, count, &first);
        let source = SeedSource { seeds: seeds.clone(), step: Counter::fixed(&seeds, 0) };
        let rendered = record_crops(&mut tape, &trainer.images, &drawn, &config.views, &crate::train::global_plan(config), &source);
        gpu.run(&tape.freeze()?);
        let views = rendered.pixels.as_input();
        let labels = drawn.labels.as_input().reshaped(count, 1);

        let mut tape = Tape::new(gpu);
        let encoder = &config.encoder;
        let embed = |tape: &mut Tape<'_>, name: &str, view: u32, network| {
            tape.scope(name, |tape| {
                let rows = ViewRows { views: &views, first: Counter::fixed(&seeds, view * count), rows: count };
                let patches = record_patches(tape, &[rows], encoder.patch, PatchOrder::of(encoder.kind));
                trainer.method.embed(tape, network, &patches, count)
            })
        };
        let student = embed(&mut tape, "student", 0, trainer.student());
        let teacher = embed(&mut tape, "teacher", 1, trainer.teacher());
        let axes = axes(gpu, config.learners, trainer.method.projection_size())?;
        let projected = project(&mut tape, &axes, &student.projection, &teacher.projection, &labels);
        let distributions = trainer.distributions(&mut tape, teacher.logits.as_ref());
        let program = tape.freeze()?;
        Ok(Self { program, count, points: projected.points, explained: projected.explained, axes, distributions, views })
    }
}

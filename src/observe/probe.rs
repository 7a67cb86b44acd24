//! The embedding cloud: a fixed set of held-out images, of each of which the student sees one fixed view and the teacher another.
//! What moves is the networks alone.

use super::cluster::{centroids, cluster};
use super::likeliest::likeliest;
use super::neighbours::neighbours;
use super::project::{axes, project};
use crate::config::Gathering;
use crate::data::views::{Counter, Images, PatchOrder, SeedSource, ViewRows, record_crops, record_held_out, record_patches};
use crate::gpu::{GpuError, Program, Tape, Tensor};
use crate::train::Trainer;

/// Images in the cloud on a software adapter.
const IMAGES_SOFTWARE: u32 = 192;
/// Images in the cloud on a GPU.
const IMAGES_GPU: u32 = 1024;
/// Images in each of a map's small clouds.
const IMAGES_MAP: u32 = 64;
/// Lloyd iterations of each projection.
const ITERATIONS: u32 = 3;
/// Clusters where there are no classes to tell how many.
const CLUSTERS_UNLABELLED: u32 = 8;
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
    /// Where the clusters' centres were left (L, k, d).
    pub centroids: Tensor,
    /// The cluster of each image's student (L, images, 1) u32.
    pub clusters: Tensor,
    /// How many there are.
    pub cluster_count: u32,
    /// DINO: each image's likeliest prototype by the teacher (L, images, 1) u32.
    pub prototypes: Option<Tensor>,
    /// Measures the neighbours of the image that `chosen` names, in the last projection.
    pub nearest: Program,
    /// The image (1, 1, 1) u32.
    pub chosen: Tensor,
    /// Its neighbours, see [`neighbours`].
    pub neighbours: Tensor,
    /// DINO: the teacher's distributions (L, images, K).
    pub distributions: Option<Tensor>,
    /// The views, view 0 of every image, then view 1 (1, 2 · images, pixels) u32.
    pub views: Tensor,
}

impl Probe {
    /// Renders the views and records the rest, for images of so many classes.
    pub fn new(trainer: &Trainer, classes: usize) -> Result<Self, GpuError> {
        let gpu = &*trainer.gpu;
        let config = &trainer.config;
        let wanted = match config.cloud_images {
            0 if matches!(config.gathering, Gathering::Map(_)) => IMAGES_MAP,
            0 if gpu.is_software() => IMAGES_SOFTWARE,
            0 => IMAGES_GPU,
            images => images,
        };
        // No image twice.
        let count = match &trainer.images {
            Images::Synthetic(_) => wanted,
            Images::Stored(stored) => wanted.min(stored.held_out.columns.max(1)),
        };
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
        let clusters = if classes == 0 { CLUSTERS_UNLABELLED } else { classes as u32 };
        let centroids = centroids(gpu, config.learners, clusters.min(count), trainer.method.projection_size())?;
        let clusters = cluster(&mut tape, &centroids, &projected.student, ITERATIONS);
        let distributions = trainer.distributions(&mut tape, teacher.logits.as_ref());
        let prototypes = distributions.as_ref().map(|distributions| likeliest(&mut tape, distributions));
        let program = tape.freeze()?;

        let chosen = gpu.tensor("chosen_image", [1, 1, 1])?;
        gpu.upload(&chosen, &[u32::MAX]);
        let mut tape = Tape::new(gpu);
        let neighbours = neighbours(&mut tape, &projected.student.as_input(), &chosen);
        Ok(Self {
            program,
            count,
            points: projected.points,
            explained: projected.explained,
            axes,
            cluster_count: centroids.rows,
            centroids,
            clusters,
            prototypes,
            nearest: tape.freeze()?,
            chosen,
            neighbours,
            distributions,
            views,
        })
    }
}

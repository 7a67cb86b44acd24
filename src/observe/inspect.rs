//! One image looked at closely: its crops, what student and teacher make of them, pair by pair.
//!
//! Either the first image of the last batch with the very crops it was trained on (the draws hang on seed, step, view and number in
//! the batch alone, so they are made again), or any image with crops of its own.

use super::pairs::pair_cosines;
use super::project::place;
use crate::config::EncoderKind;
use crate::data::views::{
    Counter, DrawnImages, Images, PatchOrder, SeedSource, StoredImages, ViewRows, record_crops, record_held_out, record_images,
    record_patches, record_stretched,
};
use crate::gpu::{GpuError, Program, Tape, Tensor};
use crate::train::learner::crop_seed;
use crate::train::{Trainer, global_plan, local_plan};

/// Side of the whole picture on a software adapter, in pixels.
const PICTURE_SOFTWARE: u32 = 256;
/// Side of the whole picture on a GPU, in pixels.
const PICTURE_GPU: u32 = 512;
/// Procedural images that can be looked at: those that kNN is measured on.
const SYNTHETIC_IMAGES: u32 = super::evaluation::BANK + super::evaluation::QUERIES;
/// Seeds crops that are not the batch's.
const CROP_SEED: [u32; 2] = [0x1005, 0xC10D];

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The first image of the batch of this step.
    Batch {
        /// The step, 1-based.
        step: u32,
        /// 0: the very crops of the batch; else how often others were drawn.
        draw: u32,
    },
    /// An image of the data set, with crops drawn for it.
    Image {
        /// Its number.
        number: u32,
        /// How often its crops were drawn anew.
        draw: u32,
    },
}

/// The recorded looks.
pub struct Inspector {
    of_batch: Look,
    of_image: Look,
    /// What crops are drawn by.
    draw: Tensor,
    /// Step whose batch it is, or number of the image.
    number: Tensor,
    /// What draws the batch's crops.
    batch_seeds: Tensor,
    /// Images that can be looked at.
    pub images: u32,
}

/// What the loss of a pair is read from.
#[derive(Clone, Debug)]
pub enum PairLosses {
    /// DINO: the cross-entropy.
    CrossEntropy(Tensor),
    /// BYOL: the cosine c of what is compared, of which the loss is 2 - 2c.
    Cosine(Tensor),
}

/// One recorded look, of all learners; the pictures are those of the learner that is aimed at.
pub struct Look {
    /// Does it.
    pub program: Program,
    /// The image (1, 1, 4) u32: identifier, class, width, height.
    pub image: Tensor,
    /// The whole of it, stretched to a square (1, 1, side²) packed RGBA8.
    pub picture: Tensor,
    /// The plans of the global crops (1, 2, 20), see `shaders/shared/crop.wgsl`.
    pub global_plans: Tensor,
    /// The plans of the local crops (1, locals, 20).
    pub local_plans: Option<Tensor>,
    /// The global views (1, 2, side²) packed RGBA8.
    pub globals: Tensor,
    /// The local views (1, locals, side²).
    pub locals: Option<Tensor>,
    /// Of each pair of a teacher's global and a student's crop (L, 2, V); what it holds for the same crop counts nowhere.
    pub losses: PairLosses,
    /// Cosine of the projections of each pair (L, 2, V).
    pub cosines: Tensor,
    /// Places of the student's crops in the cloud (L, V, 8): x, y, z first.
    pub student_dots: Tensor,
    /// Places of the teacher's globals (L, 2, 8).
    pub teacher_dots: Tensor,
    /// ViT: the student's CLS attention over the whole image (L, heads, 1 + patches).
    pub attention: Option<Tensor>,
    /// DINO: the teacher's raw logits and distributions of the globals, and logarithms of the student's distributions of all crops.
    pub distributions: Option<[Tensor; 3]>,
}

impl Inspector {
    /// Records both looks; `axes` are the cloud's.
    pub fn new(trainer: &Trainer, axes: &Tensor) -> Result<Self, GpuError> {
        let gpu = &*trainer.gpu;
        let draw = gpu.tensor("inspected_draw", [1, 1, 1])?;
        let number = gpu.tensor("inspected_image", [1, 1, 1])?;
        let own_seeds = gpu.tensor("inspection_seeds", [1, 1, 2])?;
        gpu.upload(&own_seeds, &CROP_SEED);
        let batch_seeds = gpu.tensor("batch_seeds", [1, 1, 2])?;
        let source = |seeds: &Tensor| SeedSource { seeds: seeds.clone(), step: Counter::of(&draw) };
        let (all, images) = everything(trainer)?;
        let of_batch = Look::record(trainer, axes, &trainer.images, &source(&batch_seeds), |tape| {
            let of_step = SeedSource { seeds: batch_seeds.clone(), step: Counter::of(&number) };
            record_images(tape, &trainer.images, 1, &of_step)
        })?;
        let of_image =
            Look::record(trainer, axes, &all, &source(&own_seeds), |tape| record_held_out(tape, &all, 1, &Counter::of(&number)))?;
        Ok(Self { of_batch, of_image, draw, number, batch_seeds, images })
    }

    /// The look at a subject.
    pub const fn look(&self, subject: Subject) -> &Look {
        match subject {
            Subject::Batch { .. } => &self.of_batch,
            Subject::Image { .. } => &self.of_image,
        }
    }

    /// Sets what the look's program will see: of this learner, where each has its own crops.
    pub fn aim(&self, trainer: &Trainer, learner: u32, subject: Subject) {
        let (draw, number) = match subject {
            // Steps never come that far.
            Subject::Batch { step, draw } => (if draw == 0 { step } else { 0x8000_0000 | step.wrapping_mul(977).wrapping_add(draw) }, step),
            Subject::Image { number, draw } => (draw, number),
        };
        let seed = crop_seed(&trainer.config, &trainer.learners[learner as usize]);
        trainer.gpu.upload(&self.batch_seeds, &crate::rng::seed_words(seed));
        trainer.gpu.upload(&self.draw, &[draw]);
        trainer.gpu.upload(&self.number, &[number]);
    }
}

/// All images of the data set as if they were held out, and how many there are.
fn everything(trainer: &Trainer) -> Result<(Images, u32), GpuError> {
    match &trainer.images {
        Images::Synthetic(scene) => Ok((Images::Synthetic(*scene), SYNTHETIC_IMAGES)),
        Images::Stored(stored) => {
            let images = stored.table.rows;
            let held_out = trainer.gpu.tensor("all_images", [1, 1, images])?;
            trainer.gpu.upload(&held_out, &(0..images).collect::<Vec<u32>>());
            Ok((Images::Stored(StoredImages { held_out, ..stored.clone() }), images))
        }
    }
}

impl Look {
    fn record(
        trainer: &Trainer,
        axes: &Tensor,
        images: &Images,
        source: &SeedSource,
        draw: impl FnOnce(&mut Tape<'_>) -> DrawnImages,
    ) -> Result<Self, GpuError> {
        let gpu = &*trainer.gpu;
        let config = &trainer.config;
        let mut tape = Tape::new(gpu);
        let tape = &mut tape;
        let drawn = draw(tape);
        let side = if gpu.is_software() { PICTURE_SOFTWARE } else { PICTURE_GPU };
        let picture = record_stretched(tape, images, &drawn, side).pixels;
        let globals = record_crops(tape, images, &drawn, &config.views, &global_plan(config), source);
        let locals = local_plan(config).map(|plan| record_crops(tape, images, &drawn, &config.views, &plan, source));
        let patch = |tape: &mut Tape<'_>, groups: &[ViewRows<'_>]| {
            record_patches(tape, groups, config.encoder.patch, PatchOrder::of(config.encoder.kind))
        };
        let groups: Vec<_> = std::iter::once(&globals).chain(&locals).map(|views| ViewRows::all(&views.pixels)).collect();
        let patches = patch(tape, &groups);
        let looked = tape.scope("look", |tape| trainer.method.compare(tape, &trainer.compared(&patches, 1)));
        let losses = match &looked.distributions {
            Some(distributions) => PairLosses::CrossEntropy(distributions.pairs.clone()),
            None => PairLosses::Cosine(pair_cosines(tape, &looked.student_outputs, &looked.teacher_outputs)),
        };
        let cosines = pair_cosines(tape, &looked.student_projections, &looked.teacher_projections);
        let student_dots = place(tape, axes, &looked.student_projections);
        let teacher_dots = place(tape, axes, &looked.teacher_projections);
        let attention = (config.encoder.kind == EncoderKind::Vit).then(|| {
            let whole = record_stretched(tape, images, &drawn, config.image_size);
            let patches = patch(tape, &[ViewRows::all(&whole.pixels)]);
            trainer.method.embed(tape, trainer.student(), &patches, 1).attention.expect("a ViT attends")
        });
        let program = std::mem::replace(tape, Tape::new(gpu)).freeze()?;
        Ok(Self {
            program,
            image: drawn.images,
            picture,
            global_plans: globals.crops,
            local_plans: locals.as_ref().map(|views| views.crops.clone()),
            globals: globals.pixels,
            locals: locals.map(|views| views.pixels),
            losses,
            cosines,
            student_dots,
            teacher_dots,
            attention,
            distributions: looked.distributions.map(|seen| [looked.teacher_outputs, seen.teacher, seen.student_log]),
        })
    }
}

//! What the student has learned, on held-out images as they are: kNN accuracy, what it tells from local crops, where it looks.
//!
//! Images are embedded chunk by chunk, so that a window can go on between chunks. Labels are used here and nowhere else: for
//! display only. Local crops are cut from the same images, without changes of colour.

use super::attention::{attention_share, references};
use super::fragments::median_own_rank;
use super::knn::knn;
use crate::config::{EncoderKind, GLOBAL_VIEWS, ViewConfig};
use crate::data::views::{
    Counter, DrawnImages, Images, PatchOrder, SeedSource, ViewPlan, ViewRows, record_crops, record_held_out, record_object_masks,
    record_patches, record_whole,
};
use crate::gpu::{Gpu, GpuError, Kernel, Program, Tape, Tensor};
use crate::ops::store_rows::{count, store_rows};
use crate::snapshot::AttentionReferences;
use crate::train::Trainer;

const COLUMN_SUM: Kernel = Kernel::new("observe/column_sum.wgsl");

/// Images in the bank, at most.
pub const BANK: u32 = 2048;
/// Query images, at most.
pub const QUERIES: u32 = 512;
/// Images embedded at a time.
const CHUNK: u32 = 128;
/// Seeds the local crops.
const CROP_SEED: [u32; 2] = [0x10CA1, 0xC10D];

/// The recorded evaluation. Run `chunk` [`Self::chunks`] times after [`Self::begin`], then `finish`.
pub struct Evaluation {
    /// Embeds the next chunk.
    pub chunk: Program,
    /// Number of chunks.
    pub chunks: u32,
    /// Compares queries with the bank.
    pub finish: Program,
    /// What comes out.
    pub outcome: Outcome,
    /// What attention is to be compared with, where there is any.
    pub attention_references: Option<AttentionReferences>,
    counter: Tensor,
}

/// What an evaluation measures, each (L, 1, 1).
pub struct Outcome {
    /// kNN accuracy of the embedding, of the projection.
    pub accuracies: [Tensor; 2],
    /// Share of local crops whose class whole images tell, that other local crops tell, and the median place of their own image.
    pub fragments: Option<[Tensor; 3]>,
    /// Share of the CLS attention on the object.
    pub attention: Option<Tensor>,
}

impl Outcome {
    /// All of it in order.
    pub fn tensors(&self) -> Vec<&Tensor> {
        self.accuracies.iter().chain(self.fragments.iter().flatten()).chain(&self.attention).collect()
    }
}

/// Bank and queries out of so many held-out images; none if they are too few to say anything.
const fn split(held_out: u32) -> Option<[u32; 2]> {
    let queries = if held_out / 5 < QUERIES { held_out / 5 } else { QUERIES };
    let bank = if held_out - queries < BANK { held_out - queries } else { BANK };
    if queries >= 8 && bank >= 8 { Some([bank, queries]) } else { None }
}

/// Rows of all held-out images: those of the bank, then those of the queries.
struct Table {
    bank: Tensor,
    queries: Tensor,
}

impl Table {
    fn new(gpu: &Gpu, name: &str, learners: u32, [bank, queries]: [u32; 2], columns: u32) -> Result<Self, GpuError> {
        let part = |part: &str, rows| gpu.tensor(&format!("{part}_{name}"), [learners, rows, columns]);
        Ok(Self { bank: part("bank", bank)?, queries: part("query", queries)? })
    }

    fn store(&self, tape: &mut Tape<'_>, chunk: &Tensor, counter: &Tensor) {
        store_rows(tape, chunk, &self.bank, 0, counter);
        store_rows(tape, chunk, &self.queries, self.bank.rows, counter);
    }
}

impl Evaluation {
    /// Records it; none where there are no labels or too few images.
    pub fn new(trainer: &Trainer, labelled: bool) -> Result<Option<Self>, GpuError> {
        let held_out = match &trainer.images {
            Images::Synthetic(_) => BANK + QUERIES,
            Images::Stored(stored) => stored.held_out.columns,
        };
        let Some(rows) = split(held_out).filter(|_| labelled) else { return Ok(None) };
        let gpu = &*trainer.gpu;
        let learners = trainer.config.learners;
        let counter = gpu.tensor("evaluation_chunk", [1, 1, 1])?;
        let table = |name: &str, learners, columns| Table::new(gpu, name, learners, rows, columns);
        let embeddings = table("embeddings", learners, trainer.method.embedding_size())?;
        let projections = table("projections", learners, trainer.method.projection_size())?;
        let labels = table("labels", 1, 1)?;
        let fragments = has_fragments(trainer).then(|| table("fragments", learners, trainer.method.embedding_size())).transpose()?;
        let masks = attention_masks(trainer, rows)?;
        let shares = masks.is_some().then(|| gpu.tensor("attention_shares", [learners, rows[1], 1])).transpose()?;

        let mut tape = Tape::new(gpu);
        let first = Counter { buffer: counter.clone(), scale: CHUNK, offset: 0 };
        let encoder = &trainer.config.encoder;
        let embed = |tape: &mut Tape<'_>, pixels: &Tensor| {
            let patches = record_patches(tape, &[ViewRows::all(pixels)], encoder.patch, PatchOrder::of(encoder.kind));
            trainer.method.embed(tape, trainer.student(), &patches, CHUNK)
        };
        let views = record_whole(&mut tape, &trainer.images, trainer.config.image_size, CHUNK, &first);
        let embedded = embed(&mut tape, &views.pixels);
        embeddings.store(&mut tape, &embedded.embedding, &counter);
        projections.store(&mut tape, &embedded.projection, &counter);
        labels.store(&mut tape, &views.drawn.labels.reshaped(CHUNK, 1), &counter);
        if let Some(fragments) = &fragments {
            let crops = record_fragments(&mut tape, trainer, &views.drawn, &counter)?;
            let embedded = embed(&mut tape, &crops);
            fragments.store(&mut tape, &embedded.embedding, &counter);
        }
        if let (Some(shares), Some(attention)) = (&shares, &embedded.attention) {
            let masks = record_object_masks(&mut tape, &trainer.images, &views.drawn, trainer.config.image_size, encoder.patch);
            let chunk = attention_share(&mut tape, attention, &masks.expect("these images have objects"));
            store_rows(&mut tape, &chunk, shares, rows[0], &counter);
        }
        count(&mut tape, &counter);
        let chunk = tape.freeze()?;

        let mut tape = Tape::new(gpu);
        let accuracies =
            [&embeddings, &projections].map(|rows| knn(&mut tape, &rows.bank, &labels.bank, &rows.queries, &labels.queries).accuracy);
        let fragments = fragments.map(|fragments| {
            let by = |tape: &mut Tape<'_>, bank: &Table| knn(tape, &bank.bank, &labels.bank, &fragments.queries, &labels.queries).accuracy;
            let (to_whole, to_fragment) = (by(&mut tape, &embeddings), by(&mut tape, &fragments));
            [to_whole, to_fragment, median_own_rank(&mut tape, &fragments.queries, &embeddings.queries)]
        });
        let attention = shares.map(|shares| mean(&mut tape, &shares));
        let finish = tape.freeze()?;
        Ok(Some(Self {
            chunk,
            chunks: (rows[0] + rows[1]).div_ceil(CHUNK),
            finish,
            outcome: Outcome { accuracies, fragments, attention },
            attention_references: masks,
            counter,
        }))
    }

    /// Goes back to the first chunk.
    pub fn begin(&self, trainer: &Trainer) {
        trainer.gpu.upload(&self.counter, &[0_u32]);
    }
}

/// Whether the encoder takes local views, be they trained on or not.
fn has_fragments(trainer: &Trainer) -> bool {
    let config = &trainer.config;
    let grid = config.views.local_size / config.encoder.patch;
    let least = if config.encoder.kind == EncoderKind::Pyramid { 4 } else { 1 };
    config.views.local_size.is_multiple_of(config.encoder.patch)
        && grid.is_power_of_two()
        && (least..=config.image_size / config.encoder.patch).contains(&grid)
}

/// A local crop of each image in its own colours.
fn record_fragments(tape: &mut Tape<'_>, trainer: &Trainer, drawn: &DrawnImages, counter: &Tensor) -> Result<Tensor, GpuError> {
    let seeds = trainer.gpu.tensor("fragment_seeds", [1, 1, 2])?;
    trainer.gpu.upload(&seeds, &CROP_SEED);
    let views = &trainer.config.views;
    let plain = ViewConfig {
        jitter_probability: 0.0,
        grey_probability: 0.0,
        solarise_probability: 0.0,
        blur_probability: 0.0,
        flip_probability: 0.0,
        noise: 0.0,
        ..*views
    };
    let plan = ViewPlan { first_view: GLOBAL_VIEWS, views: 1, size: views.local_size, area: views.local_area };
    let source = SeedSource { seeds, step: Counter::of(counter) };
    Ok(record_crops(tape, &trainer.images, drawn, &plain, &plan, &source).pixels)
}

/// What the queries' objects alone say of attention; none without a ViT or without known objects.
fn attention_masks(trainer: &Trainer, [bank, queries]: [u32; 2]) -> Result<Option<AttentionReferences>, GpuError> {
    let config = &trainer.config;
    if config.encoder.kind != EncoderKind::Vit {
        return Ok(None);
    }
    let gpu = &*trainer.gpu;
    let mut tape = Tape::new(gpu);
    let zero = gpu.tensor("zero", [1, 1, 1])?;
    let drawn = record_held_out(&mut tape, &trainer.images, queries, &Counter::fixed(&zero, bank));
    let Some(masks) = record_object_masks(&mut tape, &trainer.images, &drawn, config.image_size, config.encoder.patch) else {
        return Ok(None);
    };
    gpu.run(&tape.freeze()?);
    Ok(Some(references(&gpu.download(&masks)?, masks.columns as usize)))
}

/// The mean over rows of x (L, R, 1) → (L, 1, 1).
fn mean(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    let y = tape.tensor("mean", [x.learners, 1, 1]);
    tape.dispatch(&COLUMN_SUM)
        .set("learners", x.learners)
        .set("columns", x.rows)
        .set("scale", 1.0 / x.rows as f32)
        .read("x", x)
        .write("y", &y)
        .flops(x.all_elements())
        .over([x.learners, 1, 1]);
    y
}

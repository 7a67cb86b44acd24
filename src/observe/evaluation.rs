//! kNN accuracy of the student on held-out, unaugmented images: embedded chunk by chunk, so that a window can go on between
//! chunks, then compared with a bank of other held-out images. Labels are used here and nowhere else: for display only.

use super::knn::knn;
use crate::data::views::{Counter, Images, PatchOrder, ViewRows, record_patches, record_whole};
use crate::gpu::{GpuError, Program, Tape, Tensor};
use crate::ops::store_rows::{count, store_rows};
use crate::train::Trainer;

/// Images in the bank, at most.
pub const BANK: u32 = 2048;
/// Query images, at most.
pub const QUERIES: u32 = 512;
/// Images embedded at a time.
const CHUNK: u32 = 128;

/// The recorded evaluation. Run `chunk` [`Self::chunks`] times after [`Self::begin`], then `finish`.
pub struct Evaluation {
    /// Embeds the next chunk.
    pub chunk: Program,
    /// Number of chunks.
    pub chunks: u32,
    /// Compares queries with the bank.
    pub finish: Program,
    /// kNN accuracy of the embedding (L, 1, 1).
    pub embedding_accuracy: Tensor,
    /// kNN accuracy of the projection (L, 1, 1).
    pub projection_accuracy: Tensor,
    counter: Tensor,
}

/// Bank and queries out of so many held-out images; none if they are too few to say anything.
const fn split(held_out: u32) -> Option<[u32; 2]> {
    let queries = if held_out / 5 < QUERIES { held_out / 5 } else { QUERIES };
    let bank = if held_out - queries < BANK { held_out - queries } else { BANK };
    if queries >= 8 && bank >= 8 { Some([bank, queries]) } else { None }
}

impl Evaluation {
    /// Records it; none where there are no labels or too few images.
    pub fn new(trainer: &Trainer, labelled: bool) -> Result<Option<Self>, GpuError> {
        let held_out = match &trainer.images {
            Images::Synthetic(_) => BANK + QUERIES,
            Images::Stored(stored) => stored.held_out.columns,
        };
        let Some([bank, queries]) = split(held_out).filter(|_| labelled) else { return Ok(None) };
        let gpu = &*trainer.gpu;
        let counter = gpu.tensor("evaluation_chunk", [1, 1, 1])?;
        let learners = trainer.config.learners;
        let rows = bank + queries;
        let table = |name: &str, rows, columns| gpu.tensor(name, [learners, rows, columns]);
        let pair = |name: &str, columns| {
            Ok::<_, GpuError>([table(&format!("bank_{name}"), bank, columns)?, table(&format!("query_{name}"), queries, columns)?])
        };
        let embeddings = pair("embeddings", trainer.method.embedding_size())?;
        let projections = pair("projections", trainer.method.projection_size())?;
        let labels = [gpu.tensor("bank_labels", [1, bank, 1])?, gpu.tensor("query_labels", [1, queries, 1])?];

        let mut tape = Tape::new(gpu);
        let first = Counter { buffer: counter.clone(), scale: CHUNK, offset: 0 };
        let views = record_whole(&mut tape, &trainer.images, trainer.config.image_size, CHUNK, &first);
        let encoder = &trainer.config.encoder;
        let patches = record_patches(&mut tape, &[ViewRows::all(&views.pixels)], encoder.patch, PatchOrder::of(encoder.kind));
        let embedded = trainer.method.embed(&mut tape, trainer.student(), &patches, CHUNK);
        let label_column = views.drawn.labels.reshaped(CHUNK, 1);
        for (source, tables) in [(&embedded.embedding, &embeddings), (&embedded.projection, &projections), (&label_column, &labels)] {
            store_rows(&mut tape, source, &tables[0], 0, &counter);
            store_rows(&mut tape, source, &tables[1], bank, &counter);
        }
        count(&mut tape, &counter);
        let chunk = tape.freeze()?;

        let mut tape = Tape::new(gpu);
        let [embedding_accuracy, projection_accuracy] =
            [&embeddings, &projections].map(|rows| knn(&mut tape, &rows[0], &labels[0], &rows[1], &labels[1]).accuracy);
        let finish = tape.freeze()?;
        Ok(Some(Self { chunk, chunks: rows.div_ceil(CHUNK), finish, embedding_accuracy, projection_accuracy, counter }))
    }

    /// Goes back to the first chunk.
    pub fn begin(&self, trainer: &Trainer) {
        trainer.gpu.upload(&self.counter, &[0_u32]);
    }
}

//! The nearest neighbours of one chosen row, by cosine in all dimensions.

use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const COSINES: Kernel = Kernel::new("observe/cosines_with.wgsl");
const LARGEST: Kernel = Kernel::new("observe/largest.wgsl");

/// Neighbours that are shown.
pub const NEIGHBOURS: u32 = 6;

/// The neighbours of row `chosen` (1, 1, 1) u32 among rows of length 1 (L, n, 4q): (L, 6, 2), number of the row (u32 bits) and
/// cosine, nearest first. The row itself, and what is not a number, comes last with −2.
pub fn neighbours(tape: &mut Tape<'_>, rows: &Tensor, chosen: &Tensor) -> Tensor {
    let [learners, count, columns] = rows.shape();
    tape.scope("neighbours", |tape| {
        let cosines = tape.tensor("cosines", [learners, count, 1]);
        tape.dispatch(&COSINES)
            .set("rows", count)
            .set("quads", columns / 4)
            .read("x", rows)
            .read("chosen", chosen)
            .write("cosines", &cosines)
            .flops(2 * rows.all_elements())
            .over([count, 1, learners]);
        let found = tape.tensor("neighbours", [learners, NEIGHBOURS, 2]);
        tape.dispatch(&LARGEST)
            .set("rows", count)
            .set("most", NEIGHBOURS)
            .read("values", &cosines)
            .write("found", &found)
            .over([count, 1, learners]);
        found
    })
}

/// What came back: neighbours of row `chosen` of `count`, nearest first.
pub fn decode(words: &[u32], chosen: u32, count: u32) -> Vec<(u32, f32)> {
    let pairs = words.chunks_exact(2).take(count.saturating_sub(1).min(NEIGHBOURS) as usize);
    pairs.map(|pair| (pair[0], f32::from_bits(pair[1]))).filter(|&(row, cosine)| row < count && row != chosen && cosine >= -1.5).collect()
}

/// Naive: all other rows of learner `l`, nearest first.
pub fn reference(rows: &Host, l: usize, chosen: usize) -> Vec<(u32, f64)> {
    let cosine = |r: usize| (0..rows.shape[2]).map(|c| rows.at(l, r, c) * rows.at(l, chosen, c)).sum::<f64>();
    let mut all: Vec<(u32, f64)> = (0..rows.shape[1]).filter(|&r| r != chosen).map(|r| (r as u32, cosine(r))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

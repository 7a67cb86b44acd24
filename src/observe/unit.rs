//! Rows of length 1, padded with zeros to a multiple of four columns, so that what follows reads four at a time.

use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const NORMALISE: Kernel = Kernel::new("observe/normalise.wgsl");

/// Lengths under this are divided by this (SCIENCE.md, section 9).
pub const SMALLEST_LENGTH: f64 = 1e-6;

/// x / max(|x|, 1e-6) along each row. x (L, R, d) → (L, R, d rounded up to a multiple of 4).
pub fn normalise(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    normalise_padded(tape, x, x.rows)
}

/// The same with rows of zeros at the end: (L, `rows`, d rounded up to a multiple of 4).
pub(super) fn normalise_padded(tape: &mut Tape<'_>, x: &Tensor, rows: u32) -> Tensor {
    let columns = x.columns.next_multiple_of(4);
    let y = tape.tensor("unit_rows", [x.learners, rows, columns]);
    tape.dispatch(&NORMALISE)
        .set("rows", x.rows)
        .set("columns", x.columns)
        .set("y_rows", rows)
        .set("y_columns", columns)
        .set("stride", x.learner_stride)
        .read("x", x)
        .write("y", &y)
        .flops(3 * x.all_elements())
        .over([rows, 1, x.learners]);
    y
}

/// Naive; not padded.
pub fn reference(x: &Host) -> Host {
    let length = |l, r| (0..x.shape[2]).map(|c| x.at(l, r, c).powi(2)).sum::<f64>().sqrt().max(SMALLEST_LENGTH);
    Host::from_fn(x.shape, |l, r, c| x.at(l, r, c) / length(l, r))
}

//! The likeliest of each row: where its largest value stands.

use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const LIKELIEST: Kernel = Kernel::new("observe/likeliest.wgsl");

/// The column of each row's largest value, of equals the first. x (L, n, K), K a multiple of 4 → (L, n, 1) u32.
pub fn likeliest(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    assert!(x.columns.is_multiple_of(4), "columns of {}", x.name);
    let y = tape.tensor("likeliest", [x.learners, x.rows, 1]);
    tape.dispatch(&LIKELIEST).set("rows", x.rows).set("quads", x.columns / 4).read("x", x).write("y", &y).over([x.rows, 1, x.learners]);
    y
}

/// Naive.
pub fn reference(x: &Host) -> Vec<u32> {
    let largest = |l, r| (0..x.shape[2]).fold(0, |best, c| if x.at(l, r, c) > x.at(l, r, best) { c } else { best }) as u32;
    (0..x.shape[0]).flat_map(|l| (0..x.shape[1]).map(move |r| (l, r))).map(|(l, r)| largest(l, r)).collect()
}

//! embedding_std, the collapse meter (SimSiam, arXiv 2011.10566, figure 2, times sqrt(d)): 1 healthy, 0 collapsed.
//!
//! Taken every step, so it is one dispatch. The variance is two-pass: the mean is far larger than the spread of a collapsed
//! representation.

use super::unit;
use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const SPREAD: Kernel = Kernel::new("observe/spread.wgsl");
const SPREAD_GROUP: Kernel = Kernel::new("observe/spread_group.wgsl");

/// sqrt(d) × mean over dimensions of the population standard deviation over the rows of L2-normalised z. (L, R, d) → (L, 1, 1).
pub fn spread(tape: &mut Tape<'_>, z: &Tensor) -> Tensor {
    let [learners, rows, columns] = z.shape();
    let inverse_lengths = tape.tensor("spread_inverse_lengths", [learners, rows, 1]);
    let y = tape.tensor("spread", [learners, 1, 1]);
    let (kernel, threads) = if tape.is_software() { (SPREAD, 64) } else { (SPREAD_GROUP, 256) };
    tape.dispatch(&kernel)
        .set("rows", rows)
        .set("columns", columns)
        .read("x", z)
        .write("inverse_lengths", &inverse_lengths)
        .write("y", &y)
        .over([threads, 1, learners]);
    y
}

/// Naive.
pub fn reference(z: &Host) -> Host {
    let unit = unit::reference(z);
    let [learners, rows, columns] = z.shape;
    let deviation = |l: usize, c: usize| {
        let mean = (0..rows).map(|r| unit.at(l, r, c)).sum::<f64>() / rows as f64;
        ((0..rows).map(|r| (unit.at(l, r, c) - mean).powi(2)).sum::<f64>() / rows as f64).sqrt()
    };
    Host::from_fn([learners, 1, 1], |l, _, _| (0..columns).map(|c| deviation(l, c)).sum::<f64>() / (columns as f64).sqrt())
}

//! embedding_std, the collapse meter (SimSiam, arXiv 2011.10566, figure 2, times sqrt(d)): 1 healthy, 0 collapsed.
//!
//! Taken every step, so it is one dispatch where it can be. The variance is two-pass or Welford's: the mean is far larger than the
//! spread of a collapsed representation.

use super::unit;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};
use crate::ops::reference::Host;

const INVERSE_LENGTHS: Kernel = Kernel::new("observe/inverse_lengths.wgsl");
const COLUMN_STD: Kernel = Kernel::new("observe/column_std.wgsl");
const COLUMN_SUM: Kernel = Kernel::new("observe/column_sum.wgsl");
const SPREAD_LANES: Kernel = Kernel::new("observe/spread_lanes.wgsl");
const SPREAD_GROUP: Kernel = Kernel::new("observe/spread_group.wgsl");

// Floating-point operations an element: squares; scaling, mean and variance.
const LENGTH_FLOPS: u64 = 2;
const DEVIATION_FLOPS: u64 = 5;

/// Rows that a subgroup can go through: llvmpipe ends all loops of an invocation after 65,535 rounds.
const MOST_ROWS: u32 = 8192;

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "spread",
    kernels: &[],
    variants: &[
        Variant::software("lanes", Needs::EightLanes, &["spread_lanes"]),
        Variant::software("rows", Needs::Nothing, &["inverse_lengths", "column_std", "column_sum"]),
        Variant::gpu("group", Needs::Nothing, &["spread_group"]),
    ],
};

/// sqrt(d) × mean over dimensions of the population standard deviation over the rows of L2-normalised z. (L, R, d) → (L, 1, 1).
pub fn spread(tape: &mut Tape<'_>, z: &Tensor) -> Tensor {
    let [learners, rows, columns] = z.shape();
    let y = tape.tensor("spread", [learners, 1, 1]);
    let lanes_fit = columns.is_multiple_of(4) && columns <= 128 && z.learner_stride.is_multiple_of(4) && rows <= MOST_ROWS;
    let variant = tape.choose(&FAMILY, |variant| variant != "lanes" || lanes_fit);
    if variant == "lanes" {
        tape.dispatch(&SPREAD_LANES.with("QUADS", f64::from(columns.div_ceil(32))))
            .set("rows", rows)
            .set("columns", columns)
            .set("stride", z.learner_stride)
            .set("scale", 1.0 / (columns as f32).sqrt())
            .read("x", z)
            .write("y", &y)
            .flops((LENGTH_FLOPS + DEVIATION_FLOPS) * z.all_elements())
            .over([8, 1, learners]);
        return y;
    }
    let lengths = tape.tensor("inverse_lengths", [learners, rows, 1]);
    if variant == "group" {
        tape.dispatch(&SPREAD_GROUP)
            .set("rows", rows)
            .set("columns", columns)
            .set("stride", z.learner_stride)
            .read("x", z)
            .write("inverse_lengths", &lengths)
            .write("y", &y)
            .flops((LENGTH_FLOPS + DEVIATION_FLOPS) * z.all_elements())
            .over([256, 1, learners]);
        return y;
    }
    let deviations = tape.tensor("column_std", [learners, 1, columns]);
    tape.dispatch(&INVERSE_LENGTHS)
        .set("rows", rows)
        .set("columns", columns)
        .set("stride", z.learner_stride)
        .read("x", z)
        .write("y", &lengths)
        .flops(LENGTH_FLOPS * z.all_elements())
        .over([rows, 1, learners]);
    tape.dispatch(&COLUMN_STD)
        .set("rows", rows)
        .set("columns", columns)
        .set("stride", z.learner_stride)
        .read("x", z)
        .read("scales", &lengths)
        .write("y", &deviations)
        .flops(DEVIATION_FLOPS * z.all_elements())
        .over([columns, 1, learners]);
    tape.dispatch(&COLUMN_SUM)
        .set("learners", learners)
        .set("columns", columns)
        .set("scale", 1.0 / (columns as f32).sqrt())
        .read("x", &deviations)
        .write("y", &y)
        .flops(deviations.all_elements())
        .over([learners, 1, 1]);
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

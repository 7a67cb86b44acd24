//! Batch normalisation down the columns (Ioffe & Szegedy, arXiv 1502.03167, algorithm 1) with the activation that follows it,
//! in one dispatch.
//!
//! The batch is one view: statistics are taken over each `group_rows` consecutive rows, never over two views together, and no
//! running averages are kept (SCIENCE.md, section 3). Backward: one dispatch for dx and each group's share of the parameters'
//! gradients, then a sum over groups in fixed order. The normalised rows are recomputed from x and the saved mean and scale.

use super::activation::Activation;
use super::case::{Case, Input};
use super::layernorm::{BACKWARD_FLOPS, FORWARD_FLOPS, fold_norm_gradients, norm_partials};
use super::reference::Host;
use crate::gpu::{Family, GradSlot, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/batchnorm_forward.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/batchnorm_forward_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/batchnorm_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/batchnorm_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "batchnorm",
    kernels: &["norm_fold"],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["batchnorm_forward", "batchnorm_backward"]),
        Variant::gpu("group", Needs::Nothing, &["batchnorm_forward_group", "batchnorm_backward_group"]),
    ],
};

/// Added to the variance (SCIENCE.md, section 9).
pub const EPSILON: f32 = 1e-5;

/// One (group, column) a thread on software adapters, 32 columns of a group a workgroup of 256 on GPUs.
fn columns_over(software: bool, groups: u32, columns: u32, learners: u32) -> [u32; 3] {
    if software { [groups * columns, 1, learners] } else { [columns.div_ceil(32) * 256, groups, learners] }
}

/// y = activation(gain · (x - mean) / sqrt(variance + eps) + shift), mean and (biased) variance over each `group_rows`
/// consecutive rows. x (L, groups · group_rows, C); gain, shift (L, 1, C) → (L, groups · group_rows, C).
///
/// # Panics
/// If the groups do not fill the rows.
pub fn batchnorm(tape: &mut Tape<'_>, x: &Tensor, gain: &Tensor, shift: &Tensor, group_rows: u32, activation: Activation) -> Tensor {
    let [learners, rows, columns] = x.shape();
    assert!(rows.is_multiple_of(group_rows), "{}: {rows} rows in groups of {group_rows}", x.name);
    let groups = rows / group_rows;
    let y = tape.tensor("batchnorm", x.shape());
    let statistics = tape.tensor("batchnorm_statistics", [learners, groups, 2 * columns]);
    let software = tape.chooses(&FAMILY, "rows", true);
    let forward = if software { FORWARD } else { FORWARD_GROUP };
    tape.dispatch(&forward.with("ACTIVATION", activation.code()))
        .set("group_rows", group_rows)
        .set("groups", groups)
        .set("columns", columns)
        .set("parameter_stride", gain.learner_stride)
        .set("eps", EPSILON)
        .read("x", x)
        .read("gain", gain)
        .read("shift", shift)
        .write("y", &y)
        .write("statistics", &statistics)
        .flops((FORWARD_FLOPS + activation.flops()) * x.all_elements())
        .over(columns_over(software, groups, columns, learners));
    let (x, gain, shift) = (x.clone(), gain.clone(), shift.clone());
    tape.on_backward(&y, &[&x.clone(), &gain.clone(), &shift.clone()], move |tape, dy| {
        let dx = if tape.needs_gradient(&x) {
            tape.gradient(&x)
        } else {
            GradSlot { tensor: tape.tensor("batchnorm_unused", x.shape()), accumulate: false }
        };
        let (partials, slots) = norm_partials(tape, "batchnorm_partials", groups, [&gain, &shift]);
        let backward = if software { BACKWARD } else { BACKWARD_GROUP };
        tape.dispatch(&backward.with("ACTIVATION", activation.code()))
            .set("group_rows", group_rows)
            .set("groups", groups)
            .set("columns", columns)
            .set("parameter_stride", gain.learner_stride)
            .set("partials_stride", partials.learner_stride)
            .read("x", &x)
            .read("gain", &gain)
            .read("shift", &shift)
            .read("statistics", &statistics)
            .read("dy", dy)
            .gradient("dx", &dx)
            .write("partials", &partials)
            .flops((BACKWARD_FLOPS + activation.slope_flops()) * x.all_elements())
            .over(columns_over(software, groups, columns, learners));
        fold_norm_gradients(tape, &partials, slots);
    });
    y
}

/// Mean and 1 / standard deviation of column c in the rows `first..first + group_rows`.
fn statistics(x: &Host, l: usize, first: usize, group_rows: usize, c: usize) -> (f64, f64) {
    let rows = first..first + group_rows;
    let mean = rows.clone().map(|r| x.at(l, r, c)).sum::<f64>() / group_rows as f64;
    let variance = rows.map(|r| (x.at(l, r, c) - mean).powi(2)).sum::<f64>() / group_rows as f64;
    (mean, 1.0 / (variance + f64::from(EPSILON)).sqrt())
}

/// Naive forward. Inputs: x, gain, shift.
pub fn reference(inputs: &[Host], group_rows: usize, activation: Activation) -> Host {
    let (x, gain, shift) = (&inputs[0], &inputs[1], &inputs[2]);
    Host::from_fn(x.shape, |l, r, c| {
        let (mean, scale) = statistics(x, l, r / group_rows * group_rows, group_rows, c);
        activation.value(gain.at(l, 0, c) * (x.at(l, r, c) - mean) * scale + shift.at(l, 0, c))
    })
}

/// Naive backward. Returns dx, dgain, dshift.
pub fn reference_backward(inputs: &[Host], dy: &Host, group_rows: usize, activation: Activation) -> Vec<Host> {
    let (x, gain, shift) = (&inputs[0], &inputs[1], &inputs[2]);
    let [learners, rows, columns] = x.shape;
    let (mut dx, mut dgain, mut dshift) = (Host::zeros(x.shape), Host::zeros(gain.shape), Host::zeros(shift.shape));
    for l in 0..learners {
        for first in (0..rows).step_by(group_rows) {
            for c in 0..columns {
                let (mean, scale) = statistics(x, l, first, group_rows, c);
                let normal = |r: usize| (x.at(l, r, c) - mean) * scale;
                let du = |r: usize| dy.at(l, r, c) * activation.derivative(gain.at(l, 0, c) * normal(r) + shift.at(l, 0, c));
                let group = first..first + group_rows;
                let sum = group.clone().map(du).sum::<f64>();
                let sum_normal = group.clone().map(|r| du(r) * normal(r)).sum::<f64>();
                for r in group {
                    let centred = du(r) - (sum + normal(r) * sum_normal) / group_rows as f64;
                    *dx.at_mut(l, r, c) = scale * gain.at(l, 0, c) * centred;
                }
                *dgain.at_mut(l, 0, c) += sum_normal;
                *dshift.at_mut(l, 0, c) += sum;
            }
        }
    }
    vec![dx, dgain, dshift]
}

/// Awkward shapes: one group, groups that are no multiple of 8 rows, columns on both sides of a multiple of 32.
pub fn cases() -> Vec<Case> {
    let shapes = [([1, 5, 1], 5), ([1, 12, 7], 4), ([3, 26, 31], 13), ([1, 128, 33], 64), ([2, 6, 129], 3)];
    let mut cases = Vec::new();
    for ((shape, group_rows), activation) in shapes.into_iter().flat_map(|shape| Activation::ALL.map(|activation| (shape, activation))) {
        let [learners, rows, columns] = shape;
        cases.push(Case {
            name: format!("batchnorm {activation:?} {learners}x{rows}x{columns} by {group_rows}"),
            inputs: vec![
                Input::new("x", shape),
                Input::new("gain", [learners, 1, columns]).within(0.5, 1.5),
                Input::new("shift", [learners, 1, columns]).within(-0.5, 0.5),
            ],
            record: Box::new(move |tape, inputs| batchnorm(tape, &inputs[0], &inputs[1], &inputs[2], group_rows as u32, activation)),
            forward: Box::new(move |inputs| reference(inputs, group_rows, activation)),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, group_rows, activation)),
            tolerance: (2e-4, 2e-4),
            flops: (learners * rows * columns * 30) as u64,
        });
    }
    cases
}

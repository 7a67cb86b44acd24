//! Layer normalisation along each row (Ba et al., arXiv 1607.06450, eq. 4) with the activation that follows it, in one dispatch.
//!
//! Backward: one dispatch for dx, and two for the parameters (partial sums over chunks of rows, then a sum over chunks in fixed
//! order). The normalised rows are recomputed from x and the saved mean and scale.
//!
//! Where subgroups have 8 lanes (llvmpipe), 8 lanes share a row of up to 128 columns, and one dispatch reads x and dy once for dx
//! and the partial sums; mean and scale are recomputed there, which is cheaper than to load them.

use super::activation::Activation;
use super::case::{Case, Input};
use super::items::rows_over;
use super::reference::Host;
use crate::gpu::{Family, GradSlot, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/layernorm_forward.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/layernorm_forward_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/layernorm_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/layernorm_backward_group.wgsl");
const BACKWARD_PARAMETERS: Kernel = Kernel::new("ops/layernorm_backward_parameters.wgsl");
const FORWARD_LANES: Kernel = Kernel::new("ops/layernorm_forward_lanes.wgsl");
const BACKWARD_LANES: Kernel = Kernel::new("ops/layernorm_backward_lanes.wgsl");
const FOLD: Kernel = Kernel::new("ops/norm_fold.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "layernorm",
    kernels: &["layernorm_backward_parameters", "norm_fold"],
    variants: &[
        Variant::software("lanes", Needs::EightLanes, &["layernorm_forward_lanes", "layernorm_backward_lanes"]),
        Variant::software("rows", Needs::Nothing, &["layernorm_forward", "layernorm_backward"]),
        Variant::gpu("group", Needs::Nothing, &["layernorm_forward_group", "layernorm_backward_group"]),
    ],
};

/// Added to the variance (SCIENCE.md, section 9).
pub const EPSILON: f32 = 1e-6;

// Floating-point operations an element, without the activation's.
/// Mean 1, variance 3, normalised 2, gain and shift 2.
pub(super) const FORWARD_FLOPS: u64 = 8;
/// Normalised 2, before the activation 2, gain 1, two sums 3, what is left 4.
const INPUT_FLOPS: u64 = 12;
/// Normalised 2, before the activation 2, two sums 3.
const PARAMETER_FLOPS: u64 = 7;
/// Both in one dispatch, what they share once.
pub(super) const BACKWARD_FLOPS: u64 = 15;

/// Rows that one thread of the parameters' backward sums.
const CHUNK_ROWS: u32 = 128;

/// y = activation(gain · (x - mean) / sqrt(variance + eps) + shift). x (L, R, C); gain, shift (L, 1, C) → (L, R, C).
pub fn layernorm(tape: &mut Tape<'_>, x: &Tensor, gain: &Tensor, shift: &Tensor, activation: Activation) -> Tensor {
    let lanes_fit = x.columns.is_multiple_of(4) && x.columns <= 128 && gain.learner_stride.is_multiple_of(4);
    let variant = tape.choose(&FAMILY, |variant| variant != "lanes" || lanes_fit);
    if variant == "lanes" {
        return layernorm_lanes(tape, x, gain, shift, activation);
    }
    let [learners, rows, columns] = x.shape();
    let y = tape.tensor("layernorm", x.shape());
    let statistics = tape.tensor("layernorm_statistics", [learners, rows, 2]);
    let software = variant == "rows";
    let forward = if software { FORWARD } else { FORWARD_GROUP };
    tape.dispatch(&forward.with("ACTIVATION", activation.code()))
        .set("rows", rows)
        .set("columns", columns)
        .set("parameter_stride", gain.learner_stride)
        .set("eps", EPSILON)
        .read("x", x)
        .read("gain", gain)
        .read("shift", shift)
        .write("y", &y)
        .write("statistics", &statistics)
        .flops((FORWARD_FLOPS + activation.flops()) * x.all_elements())
        .over(rows_over(software, rows, learners));
    let (x, gain, shift) = (x.clone(), gain.clone(), shift.clone());
    tape.on_backward(&y, &[&x.clone(), &gain.clone(), &shift.clone()], move |tape, dy| {
        if tape.needs_gradient(&x) {
            let dx = tape.gradient(&x);
            let backward = if software { BACKWARD } else { BACKWARD_GROUP };
            tape.dispatch(&backward.with("ACTIVATION", activation.code()))
                .set("rows", rows)
                .set("columns", columns)
                .set("parameter_stride", gain.learner_stride)
                .read("x", &x)
                .read("gain", &gain)
                .read("shift", &shift)
                .read("statistics", &statistics)
                .read("dy", dy)
                .gradient("dx", &dx)
                .flops((INPUT_FLOPS + activation.slope_flops()) * x.all_elements())
                .over(rows_over(software, rows, learners));
        }
        if tape.needs_gradient(&gain) {
            let chunks = rows.div_ceil(CHUNK_ROWS);
            let (partials, slots) = norm_partials(tape, "layernorm_partials", chunks, [&gain, &shift]);
            tape.dispatch(&BACKWARD_PARAMETERS.with("ACTIVATION", activation.code()))
                .set("rows", rows)
                .set("columns", columns)
                .set("parameter_stride", gain.learner_stride)
                .set("chunk_rows", CHUNK_ROWS)
                .set("chunks", chunks)
                .set("partials_stride", partials.learner_stride)
                .read("x", &x)
                .read("gain", &gain)
                .read("shift", &shift)
                .read("statistics", &statistics)
                .read("dy", dy)
                .write("partials", &partials)
                .flops((PARAMETER_FLOPS + activation.slope_flops()) * x.all_elements())
                .over([columns * chunks, 1, learners]);
            fold_norm_gradients(tape, &partials, slots);
        }
    });
    y
}

/// [`layernorm`] by the kernels with 8 lanes a row.
fn layernorm_lanes(tape: &mut Tape<'_>, x: &Tensor, gain: &Tensor, shift: &Tensor, activation: Activation) -> Tensor {
    let [learners, rows, columns] = x.shape();
    let y = tape.tensor("layernorm", x.shape());
    // By the shape of one learner alone, so that its sums do not depend on the others.
    let chunk_rows = (rows / 16).clamp(16, 64);
    let chunks = rows.div_ceil(chunk_rows);
    let kernel = move |kernel: Kernel| kernel.with("ACTIVATION", activation.code()).with("QUADS", f64::from(columns.div_ceil(32)));
    tape.dispatch(&kernel(FORWARD_LANES))
        .set("rows", rows)
        .set("columns", columns)
        .set("parameter_stride", gain.learner_stride)
        .set("chunk_rows", chunk_rows)
        .set("eps", EPSILON)
        .read("x", x)
        .read("gain", gain)
        .read("shift", shift)
        .write("y", &y)
        .flops((FORWARD_FLOPS + activation.flops()) * x.all_elements())
        .over([chunks * 8, 1, learners]);
    let (x, gain, shift) = (x.clone(), gain.clone(), shift.clone());
    tape.on_backward(&y, &[&x.clone(), &gain.clone(), &shift.clone()], move |tape, dy| {
        let dx = if tape.needs_gradient(&x) {
            tape.gradient(&x)
        } else {
            GradSlot { tensor: tape.tensor("layernorm_unwanted", x.shape()), accumulate: false }
        };
        let (partials, slots) = norm_partials(tape, "layernorm_partials", chunks, [&gain, &shift]);
        tape.dispatch(&kernel(BACKWARD_LANES))
            .set("rows", rows)
            .set("columns", columns)
            .set("parameter_stride", gain.learner_stride)
            .set("chunk_rows", chunk_rows)
            .set("partials_stride", partials.learner_stride)
            .set("eps", EPSILON)
            .read("x", &x)
            .read("gain", &gain)
            .read("shift", &shift)
            .read("dy", dy)
            .gradient("dx", &dx)
            .write("partials", &partials)
            .flops((BACKWARD_FLOPS + activation.slope_flops()) * x.all_elements())
            .over([chunks * 8, 1, learners]);
        fold_norm_gradients(tape, &partials, slots);
    });
    y
}

/// The slots of the gradients of gain and shift (L, 1, C) if they are wanted, and a place for what chunks of rows add to them
/// (L, chunks, 2 C).
pub(super) fn norm_partials(tape: &mut Tape<'_>, name: &str, chunks: u32, [gain, shift]: [&Tensor; 2]) -> (Tensor, Option<[GradSlot; 2]>) {
    let slots = tape.needs_gradient(gain).then(|| [gain, shift].map(|parameter| tape.gradient(parameter)));
    let shape = [gain.learners, chunks, 2 * gain.columns];
    let partials = match &slots {
        Some([gain, shift]) => tape.parts(name, shape, &[gain, shift]),
        None => tape.tensor(name, shape),
    };
    (partials, slots)
}

/// Sums partial gradients (L, chunks, 2 C) into those of gain and shift (L, 1, C), with those of other operations if they may wait.
pub(super) fn fold_norm_gradients(tape: &mut Tape<'_>, partials: &Tensor, slots: Option<[GradSlot; 2]>) {
    let Some([gain, shift]) = slots else { return };
    let columns = gain.tensor.columns;
    if tape.sum_later(partials, 0, &gain) && tape.sum_later(partials, columns, &shift) {
        return;
    }
    tape.dispatch(&FOLD)
        .set("columns", columns)
        .set("chunks", partials.rows)
        .set("gradient_stride", gain.tensor.learner_stride)
        .set("accumulate_gain", gain.accumulate)
        .set("accumulate_shift", shift.accumulate)
        .read("partials", partials)
        .read_write_or_write("dgain", &gain.tensor, gain.accumulate)
        .read_write_or_write("dshift", &shift.tensor, shift.accumulate)
        .flops(partials.all_elements())
        .over([2 * columns, 1, partials.learners]);
}

fn statistics(x: &Host, l: usize, r: usize) -> (f64, f64) {
    let columns = x.shape[2];
    let mean = (0..columns).map(|c| x.at(l, r, c)).sum::<f64>() / columns as f64;
    let variance = (0..columns).map(|c| (x.at(l, r, c) - mean).powi(2)).sum::<f64>() / columns as f64;
    (mean, 1.0 / (variance + f64::from(EPSILON)).sqrt())
}

/// Naive forward. Inputs: x, gain, shift.
pub fn reference(inputs: &[Host], activation: Activation) -> Host {
    let (x, gain, shift) = (&inputs[0], &inputs[1], &inputs[2]);
    Host::from_fn(x.shape, |l, r, c| {
        let (mean, scale) = statistics(x, l, r);
        activation.value(gain.at(l, 0, c) * (x.at(l, r, c) - mean) * scale + shift.at(l, 0, c))
    })
}

/// Naive backward. Returns dx, dgain, dshift.
pub fn reference_backward(inputs: &[Host], dy: &Host, activation: Activation) -> Vec<Host> {
    let (x, gain, shift) = (&inputs[0], &inputs[1], &inputs[2]);
    let [learners, rows, columns] = x.shape;
    let (mut dx, mut dgain, mut dshift) = (Host::zeros(x.shape), Host::zeros(gain.shape), Host::zeros(shift.shape));
    for l in 0..learners {
        for r in 0..rows {
            let (mean, scale) = statistics(x, l, r);
            let normal: Vec<f64> = (0..columns).map(|c| (x.at(l, r, c) - mean) * scale).collect();
            let du: Vec<f64> =
                (0..columns).map(|c| dy.at(l, r, c) * activation.derivative(gain.at(l, 0, c) * normal[c] + shift.at(l, 0, c))).collect();
            let d: Vec<f64> = (0..columns).map(|c| du[c] * gain.at(l, 0, c)).collect();
            let sum = d.iter().sum::<f64>() / columns as f64;
            let sum_normal = d.iter().zip(&normal).map(|(a, b)| a * b).sum::<f64>() / columns as f64;
            for c in 0..columns {
                *dx.at_mut(l, r, c) = scale * (d[c] - sum - normal[c] * sum_normal);
                *dgain.at_mut(l, 0, c) += du[c] * normal[c];
                *dshift.at_mut(l, 0, c) += du[c];
            }
        }
    }
    vec![dx, dgain, dshift]
}

/// Awkward shapes: one row, one column, primes, more columns than a workgroup, more rows than a chunk; one to four quads a lane, partly used.
pub fn cases() -> Vec<Case> {
    let shapes = [[1, 1, 2], [1, 5, 7], [3, 13, 31], [1, 300, 32], [2, 3, 129], [1, 1, 4], [2, 70, 68], [3, 37, 96], [1, 19, 128]];
    let mut cases = Vec::new();
    for (shape, activation) in shapes.into_iter().flat_map(|shape| Activation::ALL.map(|activation| (shape, activation))) {
        let [learners, rows, columns] = shape;
        cases.push(Case {
            name: format!("layernorm {activation:?} {learners}x{rows}x{columns}"),
            inputs: vec![
                Input::new("x", shape),
                Input::new("gain", [learners, 1, columns]).within(0.5, 1.5),
                Input::new("shift", [learners, 1, columns]).within(-0.5, 0.5),
            ],
            record: Box::new(move |tape, inputs| layernorm(tape, &inputs[0], &inputs[1], &inputs[2], activation)),
            forward: Box::new(move |inputs| reference(inputs, activation)),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, activation)),
            tolerance: (2e-4, 2e-4),
            flops: (learners * rows * columns * 30) as u64,
        });
    }
    cases
}

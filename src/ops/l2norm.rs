//! Each row brought to length 1: x / max(|x|, 1e-6).
//!
//! Rows shorter than that are only scaled, so their gradient has no radial part taken out.

use super::case::{Case, Input};
use super::items::rows_over;
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/l2norm_forward.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/l2norm_forward_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/l2norm_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/l2norm_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "l2norm",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["l2norm_forward", "l2norm_backward"]),
        Variant::gpu("group", Needs::Nothing, &["l2norm_forward_group", "l2norm_backward_group"]),
    ],
};

/// The least length that is divided by (SCIENCE.md, section 9).
pub const LEAST_LENGTH: f32 = 1e-6;

/// y = x / max(|x|, 1e-6) along each row. x (L, R, C), which may be a slice of flat parameters → (L, R, C).
pub fn l2norm(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    l2norm_from(tape, x, LEAST_LENGTH)
}

/// The same with another least length, so that tests reach both of its sides.
fn l2norm_from(tape: &mut Tape<'_>, x: &Tensor, least: f32) -> Tensor {
    let [learners, rows, columns] = x.shape();
    let y = tape.tensor("l2norm", x.shape());
    let software = tape.chooses(&FAMILY, "rows", true);
    tape.dispatch(&if software { FORWARD } else { FORWARD_GROUP })
        .set("rows", rows)
        .set("columns", columns)
        .set("x_stride", x.learner_stride)
        .set("least", least)
        .read("x", x)
        .write("y", &y)
        .flops(3 * y.all_elements())
        .over(rows_over(software, rows, learners));
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&if software { BACKWARD } else { BACKWARD_GROUP })
            .set("rows", rows)
            .set("columns", columns)
            .set("x_stride", x.learner_stride)
            .set("dx_stride", dx.tensor.learner_stride)
            .set("least", least)
            .read("x", &x)
            .read("dy", dy)
            .gradient("dx", &dx)
            // x · dy and |x|², two each; the difference and its quotient 3.
            .flops(7 * x.all_elements())
            .over(rows_over(software, rows, learners));
    });
    y
}

/// The length of a row, and whether it is longer than the least.
fn length(x: &Host, l: usize, r: usize, least: f64) -> (f64, bool) {
    let length = (0..x.shape[2]).map(|c| x.at(l, r, c).powi(2)).sum::<f64>().sqrt();
    (length.max(least), length > least)
}

/// Naive forward of x.
pub fn reference(x: &Host, least: f64) -> Host {
    Host::from_fn(x.shape, |l, r, c| x.at(l, r, c) / length(x, l, r, least).0)
}

/// Naive backward: dx.
pub fn reference_backward(x: &Host, dy: &Host, least: f64) -> Host {
    Host::from_fn(x.shape, |l, r, c| {
        let (length, free) = length(x, l, r, least);
        let along: f64 = (0..x.shape[2]).map(|c| x.at(l, r, c) * dy.at(l, r, c)).sum();
        let radial = if free { x.at(l, r, c) * along / (length * length) } else { 0.0 };
        (dy.at(l, r, c) - radial) / length
    })
}

/// Awkward shapes, and a least length that some rows, or all, do not reach.
pub fn cases() -> Vec<Case> {
    [
        ([1, 1, 1], LEAST_LENGTH),
        ([1, 5, 7], LEAST_LENGTH),
        ([3, 13, 31], LEAST_LENGTH),
        ([2, 3, 129], LEAST_LENGTH),
        ([1, 70, 3], 2.0),
        ([2, 9, 33], 20.0),
    ]
    .into_iter()
    .map(|(shape, least)| Case {
        name: format!("l2norm {}x{}x{}, least {least}", shape[0], shape[1], shape[2]),
        inputs: vec![Input::new("x", shape)],
        record: Box::new(move |tape, inputs| l2norm_from(tape, &inputs[0], least)),
        forward: Box::new(move |inputs| reference(&inputs[0], least.into())),
        backward: Box::new(move |inputs, dy| vec![reference_backward(&inputs[0], dy, least.into())]),
        tolerance: (1e-5, 1e-5),
        flops: 8 * shape.iter().product::<usize>() as u64,
    })
    .collect()
}

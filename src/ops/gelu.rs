//! GELU in its tanh form (Hendrycks & Gimpel, arXiv 1606.08415, section 2), where no normalisation is there to fuse it with.

use super::activation::Activation;
use super::case::{Case, Input};
use super::items::items_over;
use super::reference::Host;
use crate::gpu::{Kernel, Tape, Tensor};

const FORWARD: Kernel = Kernel::new("ops/gelu_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/gelu_backward.wgsl");

/// y = GELU(x). x (L, R, C) → (L, R, C).
pub fn gelu(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    let elements = x.elements();
    let y = tape.tensor("gelu", x.shape());
    tape.dispatch(&FORWARD.with("ACTIVATION", Activation::Gelu.code()))
        .set("elements", elements)
        .read("x", x)
        .write("y", &y)
        .over(items_over(elements, x.learners));
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&BACKWARD.with("ACTIVATION", Activation::Gelu.code()))
            .set("elements", elements)
            .read("x", &x)
            .read("dy", dy)
            .gradient("dx", &dx)
            .over(items_over(elements, x.learners));
    });
    y
}

/// Naive forward.
pub fn reference(x: &Host) -> Host {
    Host::from_fn(x.shape, |l, r, c| Activation::Gelu.value(x.at(l, r, c)))
}

/// Naive backward: dx.
pub fn reference_backward(x: &Host, dy: &Host) -> Host {
    Host::from_fn(x.shape, |l, r, c| dy.at(l, r, c) * Activation::Gelu.derivative(x.at(l, r, c)))
}

/// Awkward shapes, and arguments far out on both sides.
pub fn cases() -> Vec<Case> {
    [([1, 1, 1], 2.0), ([1, 5, 7], 2.0), ([3, 13, 31], 4.0), ([2, 70, 129], 30.0)]
        .into_iter()
        .map(|(shape, range)| Case {
            name: format!("gelu {}x{}x{} within {range}", shape[0], shape[1], shape[2]),
            inputs: vec![Input::new("x", shape).within(-range, range)],
            record: Box::new(|tape, inputs| gelu(tape, &inputs[0])),
            forward: Box::new(|inputs| reference(&inputs[0])),
            backward: Box::new(|inputs, dy| vec![reference_backward(&inputs[0], dy)]),
            tolerance: (1e-5, 1e-5),
            flops: 30 * shape.iter().product::<usize>() as u64,
        })
        .collect()
}

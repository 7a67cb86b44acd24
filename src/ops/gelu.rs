//! GELU by itself, in the tanh form (Hendrycks & Gimpel, arXiv 1606.08415, section 2): between the two layers of a ViT's MLP,
//! where no normalisation stands before it.

use super::activation::Activation;
use super::case::{Case, Input};
use super::items::{fits_lines, items_over};
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/gelu_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/gelu_backward.wgsl");
const FORWARD_QUADS: Kernel = Kernel::new("ops/gelu_forward_quads.wgsl");
const BACKWARD_QUADS: Kernel = Kernel::new("ops/gelu_backward_quads.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "gelu",
    kernels: &[],
    variants: &[
        Variant::software("quads", Needs::Pairs, &["gelu_forward_quads", "gelu_backward_quads"]),
        Variant::gpu("items", Needs::Nothing, &["gelu_forward", "gelu_backward"]),
    ],
};

/// y = gelu(x), element by element. x (L, R, C) → (L, R, C).
pub fn gelu(tape: &mut Tape<'_>, x: &Tensor) -> Tensor {
    let (learners, elements) = (x.learners, x.elements());
    let y = tape.tensor("gelu", x.shape());
    let quads = tape.chooses(&FAMILY, "quads", elements.is_multiple_of(4) && fits_lines(elements / 4));
    let over = if quads { [elements / 4, 1, learners] } else { items_over(elements, learners) };
    let kernel = move |kernel: Kernel| kernel.with("ACTIVATION", Activation::Gelu.code());
    tape.dispatch(&kernel(if quads { FORWARD_QUADS } else { FORWARD }))
        .set("elements", elements)
        .read("x", x)
        .write("y", &y)
        .flops(Activation::Gelu.flops() * y.all_elements())
        .over(over);
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&kernel(if quads { BACKWARD_QUADS } else { BACKWARD }))
            .set("elements", elements)
            .read("x", &x)
            .read("dy", dy)
            .gradient("dx", &dx)
            .flops(Activation::Gelu.slope_flops() * x.all_elements())
            .over(over);
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

/// Values on both sides, and so large that tanh is 1.
pub fn cases() -> Vec<Case> {
    [([1, 1, 1], 2.0), ([2, 7, 13], 4.0), ([3, 5, 12], 4.0), ([1, 70, 4], 40.0)]
        .into_iter()
        .map(|(shape, largest)| Case {
            name: format!("gelu {}x{}x{}", shape[0], shape[1], shape[2]),
            inputs: vec![Input::new("x", shape).within(-largest, largest)],
            record: Box::new(|tape, inputs| gelu(tape, &inputs[0])),
            forward: Box::new(|inputs| reference(&inputs[0])),
            backward: Box::new(|inputs, dy| vec![reference_backward(&inputs[0], dy)]),
            tolerance: (1e-5, 1e-5),
            flops: 40 * shape.iter().product::<usize>() as u64,
        })
        .collect()
}

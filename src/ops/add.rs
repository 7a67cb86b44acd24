//! The residual: y = a + b.

use super::case::{Case, Input};
use super::items::{fits_lines, items_over};
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/add_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/add_backward.wgsl");
const FORWARD_QUADS: Kernel = Kernel::new("ops/add_forward_quads.wgsl");
const BACKWARD_QUADS: Kernel = Kernel::new("ops/add_backward_quads.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "add",
    kernels: &[],
    variants: &[
        Variant::software("quads", Needs::Pairs, &["add_forward_quads", "add_backward_quads"]),
        Variant::gpu("items", Needs::Nothing, &["add_forward", "add_backward"]),
    ],
};

/// y = a + b, element by element; the gradient goes to both. All (L, R, C).
///
/// # Panics
/// If the shapes differ.
pub fn add(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor) -> Tensor {
    assert_eq!(a.shape(), b.shape(), "{} + {}", a.name, b.name);
    let (learners, elements) = (a.learners, a.elements());
    let y = tape.tensor("add", a.shape());
    let quads = tape.chooses(&FAMILY, "quads", elements.is_multiple_of(4) && fits_lines(elements / 4));
    let over = if quads { [elements / 4, 1, learners] } else { items_over(elements, learners) };
    tape.dispatch(&if quads { FORWARD_QUADS } else { FORWARD })
        .set("elements", elements)
        .read("a", a)
        .read("b", b)
        .write("y", &y)
        .flops(y.all_elements())
        .over(over);
    let inputs = [a.clone(), b.clone()];
    tape.on_backward(&y, &[a, b], move |tape, dy| {
        for input in &inputs {
            if tape.needs_gradient(input) {
                let dx = tape.gradient(input);
                tape.dispatch(&if quads { BACKWARD_QUADS } else { BACKWARD })
                    .set("elements", elements)
                    .read("dy", dy)
                    .gradient("dx", &dx)
                    .over(over);
            }
        }
    });
    y
}

/// Sizes that fill quads and that do not.
pub fn cases() -> Vec<Case> {
    [[1, 1, 1], [2, 7, 13], [3, 5, 12], [1, 70, 4]]
        .into_iter()
        .map(|shape: [usize; 3]| Case {
            name: format!("add {}x{}x{}", shape[0], shape[1], shape[2]),
            inputs: vec![Input::new("a", shape), Input::new("b", shape)],
            record: Box::new(|tape, inputs| add(tape, &inputs[0], &inputs[1])),
            forward: Box::new(|inputs| Host::from_fn(inputs[0].shape, |l, r, c| inputs[0].at(l, r, c) + inputs[1].at(l, r, c))),
            backward: Box::new(|_, dy| vec![dy.clone(), dy.clone()]),
            tolerance: (1e-6, 1e-6),
            flops: shape.iter().product::<usize>() as u64,
        })
        .collect()
}

//! dx (+)= dy: how a gradient goes on along a residual where it cannot be passed as it is
//! ([`Tape::pass_gradient`](crate::gpu::Tape::pass_gradient)). The residual itself is added in the epilogue of a product
//! ([`linear`](super::linear)), whose cases check this too.

use super::items::{fits_lines, items_over};
use crate::gpu::{Family, GradSlot, Kernel, Needs, Tape, Tensor, Variant};

const ADD: Kernel = Kernel::new("ops/add_gradient.wgsl");
const ADD_QUADS: Kernel = Kernel::new("ops/add_gradient_quads.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "add_gradient",
    kernels: &[],
    variants: &[
        Variant::software("quads", Needs::Pairs, &["add_gradient_quads"]),
        Variant::gpu("items", Needs::Nothing, &["add_gradient"]),
    ],
};

/// dx (+)= dy. Both (L, R, C).
///
/// # Panics
/// If the shapes differ.
pub fn add_gradient(tape: &mut Tape<'_>, dy: &Tensor, dx: &GradSlot) {
    assert_eq!(dy.shape(), dx.tensor.shape(), "{} and {}", dy.name, dx.tensor.name);
    let (learners, elements) = (dy.learners, dy.elements());
    let quads = tape.chooses(&FAMILY, "quads", elements.is_multiple_of(4) && fits_lines(elements / 4));
    tape.dispatch(&if quads { ADD_QUADS } else { ADD }).set("elements", elements).read("dy", dy).gradient("dx", dx).over(if quads {
        [elements / 4, 1, learners]
    } else {
        items_over(elements, learners)
    });
}

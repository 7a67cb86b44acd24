//! The global norm of each learner's gradient: two dispatches, in a fixed order.
//!
//! Clipping itself is a factor that [`adamw`](super::adamw::adamw) applies, so the gradient stays what it was.

use super::items::rows_over;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const PARTIALS: Kernel = Kernel::new("ops/gradient_norm_partials.wgsl");
const PARTIALS_GROUP: Kernel = Kernel::new("ops/gradient_norm_partials_group.wgsl");
const FOLD: Kernel = Kernel::new("ops/gradient_norm_fold.wgsl");
const FOLD_GROUP: Kernel = Kernel::new("ops/gradient_norm_fold_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "gradient_norm",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["gradient_norm_partials", "gradient_norm_fold"]),
        Variant::gpu("group", Needs::Nothing, &["gradient_norm_partials_group", "gradient_norm_fold_group"]),
    ],
};

/// The L2 norm over all parameters of each learner. gradients (L, 1, P) → (L, 1, 1).
///
/// # Panics
/// If P is no multiple of 4.
pub fn gradient_norm(tape: &mut Tape<'_>, gradients: &Tensor) -> Tensor {
    let learners = gradients.learners;
    assert!(gradients.elements().is_multiple_of(4), "{}: {} elements are no quads", gradients.name, gradients.elements());
    let quads = gradients.elements() / 4;
    let software = tape.chooses(&FAMILY, "rows", true);
    let chunk_quads = if software { 256 } else { 1024 };
    let chunks = quads.div_ceil(chunk_quads);
    let partials = tape.tensor("gradient_norm_partials", [learners, 1, chunks]);
    let norm = tape.tensor("gradient_norm", [learners, 1, 1]);
    tape.dispatch(&if software { PARTIALS } else { PARTIALS_GROUP })
        .set("quads", quads)
        .set("chunk_quads", chunk_quads)
        .set("chunks", chunks)
        .read("gradient", gradients)
        .write("partials", &partials)
        .flops(2 * gradients.all_elements())
        .over(if software { [chunks, 1, learners] } else { [chunks * 64, 1, learners] });
    tape.dispatch(&if software { FOLD } else { FOLD_GROUP })
        .set("chunks", chunks)
        .set("learners", learners)
        .read("partials", &partials)
        .write("norm", &norm)
        .flops(partials.all_elements())
        .over(rows_over(software, learners, 1));
    norm
}

/// Naive norm of one learner's gradient.
pub fn reference(gradient: &[f64]) -> f64 {
    gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
}

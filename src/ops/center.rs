//! DINO's centre (arXiv 2104.14294, eq. 4): the moving average of the teacher's raw logits over all rows of a step,
//! c ← m · c + (1 - m) · mean, m the learner's. Tracked even while it is not subtracted.

use super::items::rows_over;
use super::reference::Host;
use super::softmax::CENTER_MOMENTUM_WORD;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const UPDATE: Kernel = Kernel::new("ops/update_center.wgsl");
const UPDATE_GROUP: Kernel = Kernel::new("ops/update_center_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "update_center",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["update_center"]),
        Variant::gpu("group", Needs::Nothing, &["update_center_group"]),
    ],
};

/// Moves the center (L, 1, K) towards the mean row of the teacher's logits (L, R, K), in place; learners (L, 1, 16). Recorded
/// behind everything of the step that reads the center. No gradient.
///
/// # Panics
/// If the center has another number of columns.
pub fn update_center(tape: &mut Tape<'_>, center: &Tensor, logits: &Tensor, learners: &Tensor) {
    let [count, rows, columns] = logits.shape();
    assert_eq!(center.shape(), [count, 1, columns], "the center of {}", logits.name);
    let (kernel, over) = if tape.chooses(&FAMILY, "rows", true) {
        (UPDATE, rows_over(true, columns, count))
    } else {
        (UPDATE_GROUP, [columns.div_ceil(32) * 256, 1, count])
    };
    tape.dispatch(&kernel)
        .set("rows", rows)
        .set("columns", columns)
        .set("center_stride", center.learner_stride)
        .read("logits", logits)
        .read("learners", learners)
        .read_write("center", center)
        .flops(logits.all_elements())
        .over(over);
}

/// Naive update.
pub fn reference(center: &Host, logits: &Host, learners: &Host) -> Host {
    let rows = logits.shape[1];
    Host::from_fn(center.shape, |l, _, c| {
        let momentum = learners.at(l, 0, CENTER_MOMENTUM_WORD);
        let mean = (0..rows).map(|r| logits.at(l, r, c)).sum::<f64>() / rows as f64;
        momentum * center.at(l, 0, c) + (1.0 - momentum) * mean
    })
}

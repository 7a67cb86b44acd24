//! The teacher's moving average: teacher ← τ · teacher + (1 - τ) · student, τ the learner's.
//!
//! The two ends are exact, so a frozen teacher keeps its bits and a teacher without EMA *is* the student.

use super::adamw::GROUP_ELEMENTS;
use super::items::{fits_lines, items_over};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const EMA: Kernel = Kernel::new("ops/ema.wgsl");
const EMA_WORDS: Kernel = Kernel::new("ops/ema_words.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "ema",
    kernels: &[],
    variants: &[Variant::software("words", Needs::Pairs, &["ema_words"]), Variant::gpu("items", Needs::Nothing, &["ema"])],
};

/// Moves the teacher, in place, where a group's [`AVERAGED`](super::adamw::AVERAGED) bit is set. teacher, student (L, 1, P);
/// groups u32 (1, 1, P / 64); learners (L, 1, 16).
///
/// # Panics
/// If P is no multiple of 4 or the shapes do not fit.
pub fn ema(tape: &mut Tape<'_>, teacher: &Tensor, student: &Tensor, groups: &Tensor, learners: &Tensor) {
    let elements = student.elements();
    assert!(elements.is_multiple_of(4), "{}: {elements} elements are no quads", student.name);
    assert_eq!(groups.elements(), elements.div_ceil(GROUP_ELEMENTS), "{}: words of {}", groups.name, student.name);
    assert_eq!(teacher.shape(), student.shape(), "{} and {}", teacher.name, student.name);
    let (kernel, items) = if tape.chooses(&FAMILY, "words", fits_lines(elements.div_ceil(GROUP_ELEMENTS))) {
        (EMA_WORDS, [elements.div_ceil(GROUP_ELEMENTS), 1, student.learners])
    } else {
        (EMA, items_over(elements / 4, student.learners))
    };
    tape.dispatch(&kernel)
        .set("quads", elements / 4)
        .read_write("teacher", teacher)
        .read("student", student)
        .read("groups", groups)
        .read("learners", learners)
        .flops(3 * student.all_elements())
        .over(items);
}

/// Naive update of one parameter.
pub fn reference(teacher: f64, student: f64, tau: f64) -> f64 {
    tau * teacher + (1.0 - tau) * student
}

//! AdamW, Adam with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2), over all parameters of all
//! learners in one dispatch.
//!
//! As in PyTorch the decay comes first and uses the step's rate: warmed up, and multiplied for the predictor. The gradient is
//! clipped on the fly. Letters: L learners, P parameters of one, padding included.

use super::items::{fits_lines, items_over};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const ADAMW: Kernel = Kernel::new("ops/adamw.wgsl");
const ADAMW_WORDS: Kernel = Kernel::new("ops/adamw_words.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "adamw",
    kernels: &[],
    variants: &[Variant::software("words", Needs::Pairs, &["adamw_words"]), Variant::gpu("items", Needs::Nothing, &["adamw"])],
};

/// Bit of a parameter group's word: weight decay applies.
pub const DECAYS: u32 = 1;
/// Bit of a parameter group's word: the predictor's learning rate applies.
pub const PREDICTOR: u32 = 2;
/// Bit of a parameter group's word: the teacher follows by moving average.
pub const AVERAGED: u32 = 4;
/// Bit of a parameter group's word: weights and moments stay as they are for a learner's first `frozen_steps` steps (DINO's
/// prototypes). The bias corrections run on.
pub const PROTOTYPES: u32 = 8;
/// Parameters that share one word.
pub const GROUP_ELEMENTS: u32 = 64;

/// What all learners have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Longest gradient of a learner; 0 = any.
    pub clip_norm: f32,
}

/// Rounded once, from f64: 1 - β of an f32 is not always an f32.
pub(super) fn one_minus(beta: f32) -> f32 {
    (1.0 - f64::from(beta)) as f32
}

/// One step, in place. student, gradient, moment1, moment2 (L, 1, P); groups u32 (1, 1, P / 64); norm (L, 1, 1), the gradient's;
/// learners (L, 1, 16); state (1, 1, 4).
///
/// # Panics
/// If P is no multiple of 4 or the shapes do not fit.
#[expect(clippy::too_many_arguments, reason = "one for each buffer of the update rule")]
pub fn adamw(
    tape: &mut Tape<'_>,
    settings: &AdamW,
    student: &Tensor,
    gradient: &Tensor,
    moment1: &Tensor,
    moment2: &Tensor,
    groups: &Tensor,
    norm: &Tensor,
    learners: &Tensor,
    state: &Tensor,
) {
    let elements = student.elements();
    assert!(elements.is_multiple_of(4), "{}: {elements} elements are no quads", student.name);
    assert_eq!(groups.elements(), elements.div_ceil(GROUP_ELEMENTS), "{}: words of {}", groups.name, student.name);
    for other in [gradient, moment1, moment2] {
        assert_eq!(other.shape(), student.shape(), "{} and {}", other.name, student.name);
    }
    let (kernel, items) = if tape.chooses(&FAMILY, "words", fits_lines(elements.div_ceil(GROUP_ELEMENTS))) {
        (ADAMW_WORDS, [elements.div_ceil(GROUP_ELEMENTS), 1, student.learners])
    } else {
        (ADAMW, items_over(elements / 4, student.learners))
    };
    tape.dispatch(&kernel)
        .set("quads", elements / 4)
        .set("beta1", settings.beta1)
        .set("beta2", settings.beta2)
        .set("one_minus_beta1", one_minus(settings.beta1))
        .set("one_minus_beta2", one_minus(settings.beta2))
        .set("epsilon", settings.epsilon)
        .set("clip_norm", settings.clip_norm)
        .read_write("student", student)
        .read("gradient", gradient)
        .read_write("moment1", moment1)
        .read_write("moment2", moment2)
        .read("groups", groups)
        .read("norm", norm)
        .read("learners", learners)
        .read("state", state)
        // Clipping 1, decay 2, moments 3 and 4, bias corrections 2, root, epsilon and quotient 3, step 2.
        .flops(17 * student.all_elements())
        .over(items);
}

/// One parameter of the naive reference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parameter {
    /// Its value.
    pub value: f64,
    /// First moment.
    pub moment1: f64,
    /// Second moment.
    pub moment2: f64,
}

/// Naive update of one parameter in step `step` (from 1): `gradient` as computed, `norm` of the whole gradient, `rate` with
/// warm-up and multiplier, `decay` 0 where none applies.
pub fn reference(settings: &AdamW, step: i32, before: Parameter, gradient: f64, norm: f64, rate: f64, decay: f64) -> Parameter {
    let (beta1, beta2, clip) = (f64::from(settings.beta1), f64::from(settings.beta2), f64::from(settings.clip_norm));
    let gradient = if clip > 0.0 { gradient * (clip / norm).min(1.0) } else { gradient };
    let decayed = before.value - rate * decay * before.value;
    let moment1 = beta1 * before.moment1 + (1.0 - beta1) * gradient;
    let moment2 = beta2 * before.moment2 + (1.0 - beta2) * gradient * gradient;
    let mean = moment1 / (1.0 - beta1.powi(step));
    let square = moment2 / (1.0 - beta2.powi(step));
    Parameter { value: decayed - rate * mean / (square.sqrt() + f64::from(settings.epsilon)), moment1, moment2 }
}

//! The teacher's distribution over the prototypes (DINO, arXiv 2104.14294, eq. 1, centred and sharpened as in algorithm 1):
//! softmax((logits - centering · center) / T_teacher), switch and temperature being the learner's.
//!
//! It is recorded with a gradient only where some learner's stop-gradient is off, and then flows only for those learners; the
//! centre never gets one. Letters: L learners, R rows, K prototypes.

use super::case::{Case, Input, upload_learners};
use super::items::rows_over;
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/softmax_forward.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/softmax_forward_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/softmax_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/softmax_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "teacher_softmax",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["softmax_forward", "softmax_backward"]),
        Variant::gpu("group", Needs::Nothing, &["softmax_forward_group", "softmax_backward_group"]),
    ],
};

/// p = softmax((logits - centering · center) / T_teacher). logits (L, R, K); center (L, 1, K); learners (L, 1, 16) → (L, R, K).
///
/// # Panics
/// If the center has another number of columns.
pub fn teacher_softmax(tape: &mut Tape<'_>, logits: &Tensor, center: &Tensor, learners: &Tensor) -> Tensor {
    let [count, rows, columns] = logits.shape();
    assert_eq!(center.shape(), [count, 1, columns], "the center of {}", logits.name);
    let p = tape.tensor("teacher_softmax", logits.shape());
    let software = tape.chooses(&FAMILY, "rows", true);
    tape.dispatch(&if software { FORWARD } else { FORWARD_GROUP })
        .set("rows", rows)
        .set("columns", columns)
        .set("center_stride", center.learner_stride)
        .read("x", logits)
        .read("center", center)
        .read("learners", learners)
        .write("p", &p)
        .flops(8 * p.all_elements())
        .over(rows_over(software, rows, count));
    let (x, y, learners) = (logits.clone(), p.clone(), learners.clone());
    tape.on_backward(&p, &[logits], move |tape, dp| {
        let dx = tape.gradient(&x);
        tape.dispatch(&if software { BACKWARD } else { BACKWARD_GROUP })
            .set("rows", rows)
            .set("columns", columns)
            .read("p", &y)
            .read("dp", dp)
            .read("learners", &learners)
            .gradient("dx", &dx)
            .flops(5 * x.all_elements())
            .over(rows_over(software, rows, count));
    });
    p
}

/// Words of a learner that hold its teacher_gradient, teacher_temperature, student_temperature, centering and center_momentum
/// (`shaders/shared/learner.wgsl`).
pub const TEACHER_GRADIENT_WORD: usize = 5;
/// See [`TEACHER_GRADIENT_WORD`].
pub const TEACHER_TEMPERATURE_WORD: usize = 8;
/// See [`TEACHER_GRADIENT_WORD`].
pub const STUDENT_TEMPERATURE_WORD: usize = 9;
/// See [`TEACHER_GRADIENT_WORD`].
pub const CENTERING_WORD: usize = 10;
/// See [`TEACHER_GRADIENT_WORD`].
pub const CENTER_MOMENTUM_WORD: usize = 11;

/// Dials of DINO learners for tests, each learner its own: (L, 1, 16), words that DINO does not read being 0.
pub fn test_learners(learners: usize) -> Host {
    Host::from_fn([learners, 1, super::LEARNER_WORDS], |l, _, word| {
        let values = match word {
            TEACHER_GRADIENT_WORD => [1.0, 1.0, 1.0],
            TEACHER_TEMPERATURE_WORD => [0.04, 0.1, 1.0],
            STUDENT_TEMPERATURE_WORD => [0.1, 0.2, 1.0],
            CENTERING_WORD => [1.0, 0.0, 1.0],
            CENTER_MOMENTUM_WORD => [0.9, 0.0, 0.75],
            _ => [0.0; 3],
        };
        f64::from(values[l % 3] as f32)
    })
}

/// Naive forward. Inputs: logits, center.
pub fn reference(inputs: &[Host], learners: &Host) -> Host {
    let (x, center) = (&inputs[0], &inputs[1]);
    let mut p = Host::zeros(x.shape);
    for l in 0..x.shape[0] {
        for r in 0..x.shape[1] {
            let value = |c: usize| {
                (x.at(l, r, c) - learners.at(l, 0, CENTERING_WORD) * center.at(l, 0, c)) / learners.at(l, 0, TEACHER_TEMPERATURE_WORD)
            };
            let largest = (0..x.shape[2]).map(value).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..x.shape[2]).map(|c| (value(c) - largest).exp()).sum();
            (0..x.shape[2]).for_each(|c| *p.at_mut(l, r, c) = (value(c) - largest).exp() / sum);
        }
    }
    p
}

/// Naive backward: dlogits, and nothing for the center.
pub fn reference_backward(inputs: &[Host], learners: &Host, dp: &Host) -> Vec<Host> {
    let p = reference(inputs, learners);
    let dx = Host::from_fn(p.shape, |l, r, c| {
        let mean: f64 = (0..p.shape[2]).map(|k| p.at(l, r, k) * dp.at(l, r, k)).sum();
        let slope = learners.at(l, 0, TEACHER_GRADIENT_WORD) / learners.at(l, 0, TEACHER_TEMPERATURE_WORD);
        slope * p.at(l, r, c) * (dp.at(l, r, c) - mean)
    });
    vec![dx, Host::zeros(inputs[1].shape)]
}

/// One prototype, one row, primes, more prototypes and more rows than a workgroup.
pub fn cases() -> Vec<Case> {
    [[1, 1, 1], [1, 1, 2], [1, 5, 7], [3, 13, 31], [1, 96, 64], [2, 3, 129], [3, 71, 5]]
        .into_iter()
        .map(|shape| {
            let learners = test_learners(shape[0]);
            let [recorded, forward, backward] = std::array::from_fn(|_| learners.clone());
            Case {
                name: format!("teacher_softmax {}x{}x{}", shape[0], shape[1], shape[2]),
                inputs: vec![
                    Input::new("logits", shape).within(-1.0, 1.0),
                    Input::new("center", [shape[0], 1, shape[2]]).within(-0.5, 0.5).constant(),
                ],
                record: Box::new(move |tape, inputs| {
                    let learners = upload_learners(tape, &recorded, &inputs[0]);
                    teacher_softmax(tape, &inputs[0], &inputs[1], &learners)
                }),
                forward: Box::new(move |inputs| reference(inputs, &forward)),
                backward: Box::new(move |inputs, dp| reference_backward(inputs, &backward, dp)),
                tolerance: (2e-5, 1e-4),
                flops: 14 * shape.iter().product::<usize>() as u64,
            }
        })
        .collect()
}

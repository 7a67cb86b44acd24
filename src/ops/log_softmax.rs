//! The student's distribution over the prototypes, as logarithms (DINO, arXiv 2104.14294, eq. 1): log softmax(logits / T_student),
//! the temperature being the learner's. Letters: L learners, R rows, K prototypes.

use super::case::{Case, Input, upload_learners};
use super::items::rows_over;
use super::reference::Host;
use super::softmax::{STUDENT_TEMPERATURE_WORD, test_learners};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/log_softmax_forward.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/log_softmax_forward_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/log_softmax_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/log_softmax_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "student_log_softmax",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["log_softmax_forward", "log_softmax_backward"]),
        Variant::gpu("group", Needs::Nothing, &["log_softmax_forward_group", "log_softmax_backward_group"]),
    ],
};

/// log q = log softmax(logits / T_student). logits (L, R, K); learners (L, 1, 16) → (L, R, K).
pub fn student_log_softmax(tape: &mut Tape<'_>, logits: &Tensor, learners: &Tensor) -> Tensor {
    let [count, rows, columns] = logits.shape();
    let y = tape.tensor("student_log_softmax", logits.shape());
    let software = tape.chooses(&FAMILY, "rows", true);
    tape.dispatch(&if software { FORWARD } else { FORWARD_GROUP })
        .set("rows", rows)
        .set("columns", columns)
        .read("x", logits)
        .read("learners", learners)
        .write("y", &y)
        .flops(6 * y.all_elements())
        .over(rows_over(software, rows, count));
    let (x, kept, learners) = (logits.clone(), y.clone(), learners.clone());
    tape.on_backward(&y, &[logits], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&if software { BACKWARD } else { BACKWARD_GROUP })
            .set("rows", rows)
            .set("columns", columns)
            .read("y", &kept)
            .read("dy", dy)
            .read("learners", &learners)
            .gradient("dx", &dx)
            .flops(5 * x.all_elements())
            .over(rows_over(software, rows, count));
    });
    y
}

/// Naive forward of the logits.
pub fn reference(x: &Host, learners: &Host) -> Host {
    let mut y = Host::zeros(x.shape);
    for l in 0..x.shape[0] {
        for r in 0..x.shape[1] {
            let value = |c: usize| x.at(l, r, c) / learners.at(l, 0, STUDENT_TEMPERATURE_WORD);
            let largest = (0..x.shape[2]).map(value).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..x.shape[2]).map(|c| (value(c) - largest).exp()).sum();
            (0..x.shape[2]).for_each(|c| *y.at_mut(l, r, c) = value(c) - largest - sum.ln());
        }
    }
    y
}

/// Naive backward: dlogits.
pub fn reference_backward(x: &Host, learners: &Host, dy: &Host) -> Host {
    let y = reference(x, learners);
    Host::from_fn(x.shape, |l, r, c| {
        let sum: f64 = (0..x.shape[2]).map(|k| dy.at(l, r, k)).sum();
        (dy.at(l, r, c) - y.at(l, r, c).exp() * sum) / learners.at(l, 0, STUDENT_TEMPERATURE_WORD)
    })
}

/// One prototype, one row, primes, more prototypes and more rows than a workgroup.
pub fn cases() -> Vec<Case> {
    [[1, 1, 1], [1, 1, 2], [1, 5, 7], [3, 13, 31], [1, 96, 64], [2, 3, 129], [3, 71, 5]]
        .into_iter()
        .map(|shape| {
            let learners = test_learners(shape[0]);
            let [recorded, forward, backward] = std::array::from_fn(|_| learners.clone());
            Case {
                name: format!("student_log_softmax {}x{}x{}", shape[0], shape[1], shape[2]),
                inputs: vec![Input::new("logits", shape).within(-1.0, 1.0)],
                record: Box::new(move |tape, inputs| {
                    let learners = upload_learners(tape, &recorded, &inputs[0]);
                    student_log_softmax(tape, &inputs[0], &learners)
                }),
                forward: Box::new(move |inputs| reference(&inputs[0], &forward)),
                backward: Box::new(move |inputs, dy| vec![reference_backward(&inputs[0], &backward, dy)]),
                tolerance: (2e-5, 1e-5),
                flops: 14 * shape.iter().product::<usize>() as u64,
            }
        })
        .collect()
}

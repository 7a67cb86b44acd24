//! The predictor switch: the predictor's output and its input blended by a number of the learner's, so that flipping it
//! changes no program.
//!
//! At 1 and at 0 the branch that is out has no influence at all: not on a bit forwards, and not through a NaN backwards.

use super::LEARNER_WORDS;
use super::case::{Case, Input};
use super::items::items_over;
use super::reference::Host;
use crate::gpu::{GradSlot, Kernel, Tape, Tensor};

const FORWARD: Kernel = Kernel::new("ops/blend_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/blend_backward.wgsl");

/// q = p · predicted + (1 - p) · z, p = `learners[l].predictor`. predicted, z (L, R, C); learners (L, 1, 16) → (L, R, C).
pub fn blend(tape: &mut Tape<'_>, predicted: &Tensor, z: &Tensor, learners: &Tensor) -> Tensor {
    assert_eq!(predicted.shape(), z.shape(), "blend of {} and {}", predicted.name, z.name);
    let elements = z.elements();
    let q = tape.tensor("blend", z.shape());
    tape.dispatch(&FORWARD)
        .set("elements", elements)
        .read("predicted", predicted)
        .read("z", z)
        .read("learners", learners)
        .write("q", &q)
        .flops(3 * q.all_elements())
        .over(items_over(elements, z.learners));
    let (predicted, z, learners) = (predicted.clone(), z.clone(), learners.clone());
    tape.on_backward(&q, &[&predicted.clone(), &z.clone()], move |tape, dq| {
        let mut slot = |of: &Tensor| {
            if tape.needs_gradient(of) {
                tape.gradient(of)
            } else {
                GradSlot { tensor: tape.tensor("blend_unused", of.shape()), accumulate: false }
            }
        };
        let (dpredicted, dz) = (slot(&predicted), slot(&z));
        tape.dispatch(&BACKWARD)
            .set("elements", elements)
            .set("accumulate_predicted", dpredicted.accumulate)
            .set("accumulate_z", dz.accumulate)
            .read("dq", dq)
            .read("learners", &learners)
            .read_write_or_write("dpredicted", &dpredicted.tensor, dpredicted.accumulate)
            .read_write_or_write("dz", &dz.tensor, dz.accumulate)
            .flops(2 * dq.all_elements())
            .over(items_over(elements, z.learners));
    });
    q
}

/// The word of a learner that holds p (`shaders/shared/learner.wgsl`).
const PREDICTOR_WORD: usize = 4;

/// Naive forward. Inputs: predicted, z, learners.
pub fn reference(inputs: &[Host]) -> Host {
    let (predicted, z, learners) = (&inputs[0], &inputs[1], &inputs[2]);
    Host::from_fn(z.shape, |l, r, c| {
        let p = learners.at(l, 0, PREDICTOR_WORD);
        p * predicted.at(l, r, c) + (1.0 - p) * z.at(l, r, c)
    })
}

/// Naive backward: dpredicted, dz, and nothing for the learners.
pub fn reference_backward(inputs: &[Host], dq: &Host) -> Vec<Host> {
    let learners = &inputs[2];
    let weighted = |weight: fn(f64) -> f64| Host::from_fn(dq.shape, |l, r, c| weight(learners.at(l, 0, PREDICTOR_WORD)) * dq.at(l, r, c));
    vec![weighted(|p| p), weighted(|p| 1.0 - p), Host::zeros(learners.shape)]
}

/// Both ends of the switch, and any value between.
pub fn cases() -> Vec<Case> {
    [([1, 1, 1], (0.0, 1.0)), ([3, 13, 31], (0.0, 1.0)), ([1, 5, 32], (1.0, 1.0)), ([2, 7, 9], (0.0, 0.0))]
        .into_iter()
        .map(|(shape, (low, high))| Case {
            name: format!("blend {}x{}x{}, p {low} to {high}", shape[0], shape[1], shape[2]),
            inputs: vec![
                Input::new("predicted", shape),
                Input::new("z", shape),
                Input::new("learners", [shape[0], 1, LEARNER_WORDS]).within(low, high).constant(),
            ],
            record: Box::new(|tape, inputs| blend(tape, &inputs[0], &inputs[1], &inputs[2])),
            forward: Box::new(reference),
            backward: Box::new(reference_backward),
            tolerance: (1e-6, 1e-6),
            flops: 6 * shape.iter().product::<usize>() as u64,
        })
        .collect()
}

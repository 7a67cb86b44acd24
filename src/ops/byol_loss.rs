//! The BYOL loss (arXiv 2006.07733, eq. 2 and 3): 2 - 2 cos between what the student predicts of one view and what the
//! teacher projects the other view to, both directions; 0 to 4.
//!
//! Row r = view · B + image of the student is compared with row (r + B) mod 2B of the teacher, and the loss is the mean over
//! all 2B rows. Both sides are normalised in here. The teacher's side gets a gradient only where it is recorded with one, and
//! then only for learners whose stop-gradient is off. Letters: L learners, B images, d output dimension.

use super::LEARNER_WORDS;
use super::case::{Case, Input};
use super::items::rows_over;
use super::l2norm::LEAST_LENGTH;
use super::reference::Host;
use crate::gpu::{Kernel, Tape, Tensor};

const ROWS: Kernel = Kernel::new("ops/byol_loss_rows.wgsl");
const ROWS_GROUP: Kernel = Kernel::new("ops/byol_loss_rows_group.wgsl");
const MEAN: Kernel = Kernel::new("ops/row_mean.wgsl");
const MEAN_GROUP: Kernel = Kernel::new("ops/row_mean_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/byol_loss_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/byol_loss_backward_group.wgsl");

/// What [`byol_loss`] gives.
#[derive(Clone, Debug)]
pub struct ByolLoss {
    /// The loss of each learner (L, 1, 1); gradients flow from here.
    pub mean: Tensor,
    /// The loss of each row (L, 2B, 1), for looking at.
    pub rows: Tensor,
}

/// The loss of student predictions q (L, 2B, d) against teacher projections z (L, 2B, d), neither normalised yet;
/// learners (L, 1, 16).
///
/// # Panics
/// If the shapes differ or the rows are not two views of `batch` images.
pub fn byol_loss(tape: &mut Tape<'_>, q: &Tensor, z: &Tensor, learners: &Tensor, batch: u32) -> ByolLoss {
    byol_loss_from(tape, q, z, learners, batch, LEAST_LENGTH)
}

/// The same with another least length, so that tests reach both of its sides.
fn byol_loss_from(tape: &mut Tape<'_>, q: &Tensor, z: &Tensor, learners: &Tensor, batch: u32, least: f32) -> ByolLoss {
    let [count, rows, columns] = q.shape();
    assert_eq!((q.shape(), rows), (z.shape(), 2 * batch), "BYOL loss of {} and {}", q.name, z.name);
    let losses = tape.tensor("byol_losses", [count, rows, 1]);
    let mean = tape.tensor("byol_loss", [count, 1, 1]);
    let software = tape.is_software();
    tape.dispatch(&if software { ROWS } else { ROWS_GROUP })
        .set("batch", batch)
        .set("columns", columns)
        .set("least", least)
        .read("q", q)
        .read("z", z)
        .write("losses", &losses)
        .over(rows_over(software, rows, count));
    tape.dispatch(&if software { MEAN } else { MEAN_GROUP })
        .set("rows", rows)
        .set("learners", count)
        .read("x", &losses)
        .write("mean", &mean)
        .over(rows_over(software, count, 1));
    let (q, z, learners) = (q.clone(), z.clone(), learners.clone());
    tape.on_backward(&mean, &[&q.clone(), &z.clone()], move |tape, dloss| {
        for (x, other, teacher) in [(&q, &z, false), (&z, &q, true)] {
            if !tape.needs_gradient(x) {
                continue;
            }
            let dx = tape.gradient(x);
            tape.dispatch(&if software { BACKWARD } else { BACKWARD_GROUP })
                .set("batch", batch)
                .set("columns", columns)
                .set("least", least)
                .set("teacher", teacher)
                .read("x", x)
                .read("other", other)
                .read("dloss", dloss)
                .read("learners", &learners)
                .gradient("dx", &dx)
                .over(rows_over(software, rows, count));
        }
    });
    ByolLoss { mean, rows: losses }
}

/// The word of a learner that holds its teacher_gradient (`shaders/shared/learner.wgsl`).
const TEACHER_GRADIENT_WORD: usize = 5;

fn unit(x: &Host, l: usize, r: usize, least: f64) -> (Vec<f64>, f64, bool) {
    let row: Vec<f64> = (0..x.shape[2]).map(|c| x.at(l, r, c)).collect();
    let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
    let divisor = length.max(least);
    (row.iter().map(|value| value / divisor).collect(), divisor, length > least)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Naive loss of each row. Inputs: q, z.
pub fn reference_rows(inputs: &[Host], least: f64) -> Host {
    let [learners, rows, _] = inputs[0].shape;
    Host::from_fn([learners, rows, 1], |l, r, _| {
        let student = unit(&inputs[0], l, r, least).0;
        let teacher = unit(&inputs[1], l, (r + rows / 2) % rows, least).0;
        2.0 - 2.0 * dot(&student, &teacher)
    })
}

/// Naive loss. Inputs: q, z.
pub fn reference(inputs: &[Host], least: f64) -> Host {
    let losses = reference_rows(inputs, least);
    let [learners, rows, _] = losses.shape;
    Host::from_fn([learners, 1, 1], |l, _, _| (0..rows).map(|r| losses.at(l, r, 0)).sum::<f64>() / rows as f64)
}

/// Naive backward. Inputs: q, z, learners. Returns dq, dz, and nothing for the learners.
pub fn reference_backward(inputs: &[Host], dloss: &Host, least: f64) -> Vec<Host> {
    let (q, z, switches) = (&inputs[0], &inputs[1], &inputs[2]);
    let [learners, rows, columns] = q.shape;
    let (mut dq, mut dz) = (Host::zeros(q.shape), Host::zeros(z.shape));
    for l in 0..learners {
        for r in 0..rows {
            let t = (r + rows / 2) % rows;
            let (student, student_length, student_free) = unit(q, l, r, least);
            let (teacher, teacher_length, teacher_free) = unit(z, l, t, least);
            let cosine = dot(&student, &teacher);
            let slope = -2.0 / rows as f64 * dloss.at(l, 0, 0);
            for c in 0..columns {
                let radial = |unit: f64, free: bool| if free { unit * cosine } else { 0.0 };
                *dq.at_mut(l, r, c) += slope * (teacher[c] - radial(student[c], student_free)) / student_length;
                *dz.at_mut(l, t, c) +=
                    slope * (student[c] - radial(teacher[c], teacher_free)) / teacher_length * switches.at(l, 0, TEACHER_GRADIENT_WORD);
            }
        }
    }
    vec![dq, dz, Host::zeros(switches.shape)]
}

/// With and without the stop-gradient, more columns than a workgroup, one image, and lengths that some rows do not reach.
/// The last case looks at the rows' losses.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([learners, batch, columns], least, stop_gradient) in [
        ([1, 1, 2], LEAST_LENGTH, false),
        ([1, 3, 7], LEAST_LENGTH, true),
        ([3, 13, 31], LEAST_LENGTH, false),
        ([2, 5, 129], LEAST_LENGTH, false),
        ([1, 64, 32], LEAST_LENGTH, true),
        ([2, 35, 3], 2.0, false),
    ] {
        let shape = [learners, 2 * batch, columns];
        let z = Input::new("z", shape);
        cases.push(Case {
            name: format!("byol_loss {learners}x{batch}x{columns}, least {least}, stop-gradient {stop_gradient}"),
            inputs: vec![
                Input::new("q", shape),
                if stop_gradient { z.constant() } else { z },
                Input::new("learners", [learners, 1, LEARNER_WORDS]).within(1.0, 1.0).constant(),
            ],
            record: Box::new(move |tape, inputs| byol_loss_from(tape, &inputs[0], &inputs[1], &inputs[2], batch as u32, least).mean),
            forward: Box::new(move |inputs| reference(inputs, least.into())),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, least.into())),
            tolerance: (2e-6, 1e-5),
            flops: (learners * batch * columns * 60) as u64,
        });
    }
    cases.push(Case {
        name: "byol_loss, rows".to_owned(),
        inputs: vec![
            Input::new("q", [2, 22, 33]).constant(),
            Input::new("z", [2, 22, 33]).constant(),
            Input::new("learners", [2, 1, LEARNER_WORDS]).constant(),
        ],
        record: Box::new(|tape, inputs| byol_loss(tape, &inputs[0], &inputs[1], &inputs[2], 11).rows),
        forward: Box::new(|inputs| reference_rows(inputs, LEAST_LENGTH.into())),
        backward: Box::new(|inputs, _| inputs.to_vec()),
        tolerance: (2e-6, 1e-5),
        flops: 2 * 22 * 33 * 8,
    });
    cases
}

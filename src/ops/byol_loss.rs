//! The BYOL loss (arXiv 2006.07733, eq. 2 and 3): 2 - 2 cos between what the student predicts of one view and what the
//! teacher projects another view to; 0 to 4.
//!
//! Rows are view · B + image on both sides; the teacher has views 0 and 1, the student V, of which the first two are the same
//! crops. Each student row is compared with the teacher's rows of the same image in other views, and the loss is the mean over
//! all B · (2V - 2) such pairs: with two views, both directions. Both sides are normalised in here. The teacher's side gets a
//! gradient only where it is recorded with one, and then only for learners whose stop-gradient is off. Letters: L learners, B
//! images, d output dimension.

use super::LEARNER_WORDS;
use super::case::{Case, Input};
use super::items::rows_over;
use super::l2norm::LEAST_LENGTH;
use super::reference::Host;
use super::softmax::TEACHER_GRADIENT_WORD;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const ROWS: Kernel = Kernel::new("ops/byol_loss_rows.wgsl");
const ROWS_GROUP: Kernel = Kernel::new("ops/byol_loss_rows_group.wgsl");
const MEAN: Kernel = Kernel::new("ops/byol_loss_mean.wgsl");
const MEAN_GROUP: Kernel = Kernel::new("ops/byol_loss_mean_group.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/byol_loss_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/byol_loss_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "byol_loss",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["byol_loss_rows", "byol_loss_mean", "byol_loss_backward"]),
        Variant::gpu("group", Needs::Nothing, &["byol_loss_rows_group", "byol_loss_mean_group", "byol_loss_backward_group"]),
    ],
};

/// What [`byol_loss`] gives.
#[derive(Clone, Debug)]
pub struct ByolLoss {
    /// The loss of each learner (L, 1, 1); gradients flow from here.
    pub mean: Tensor,
    /// The loss of each student row, the mean over its pairs (L, V·B, 1), for looking at.
    pub rows: Tensor,
}

/// The loss of student predictions q (L, V·B, d) against teacher projections z (L, 2B, d), neither normalised yet;
/// learners (L, 1, 16).
///
/// # Panics
/// If the rows are not V ≥ 2 and 2 views of `batch` images, or the columns differ.
pub fn byol_loss(tape: &mut Tape<'_>, q: &Tensor, z: &Tensor, learners: &Tensor, batch: u32) -> ByolLoss {
    byol_loss_from(tape, q, z, learners, batch, LEAST_LENGTH)
}

/// The same with another least length, so that tests reach both of its sides.
fn byol_loss_from(tape: &mut Tape<'_>, q: &Tensor, z: &Tensor, learners: &Tensor, batch: u32, least: f32) -> ByolLoss {
    let [count, rows, columns] = q.shape();
    let views = rows / batch;
    assert!(views >= 2 && rows == views * batch, "{}: {rows} rows of {batch} images", q.name);
    assert_eq!(z.shape(), [count, 2 * batch, columns], "BYOL loss of {} and {}", q.name, z.name);
    let losses = tape.tensor("byol_losses", [count, rows, 1]);
    let mean = tape.tensor("byol_loss", [count, 1, 1]);
    let software = tape.chooses(&FAMILY, "rows", true);
    // Elements of all pairs of rows that are compared.
    let compared = u64::from(count) * u64::from(batch * (2 * views - 2)) * u64::from(columns);
    tape.dispatch(&if software { ROWS } else { ROWS_GROUP })
        .set("batch", batch)
        .set("views", views)
        .set("columns", columns)
        .set("least", least)
        .read("q", q)
        .read("z", z)
        .write("losses", &losses)
        // Products of the pairs, squares of both sides.
        .flops(2 * (compared + q.all_elements() + z.all_elements()))
        .over(rows_over(software, rows, count));
    tape.dispatch(&if software { MEAN } else { MEAN_GROUP })
        .set("rows", rows)
        .set("globals", 2 * batch)
        .set("learners", count)
        .read("losses", &losses)
        .write("mean", &mean)
        .flops(losses.all_elements())
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
                .set("views", x.rows / batch)
                .set("other_views", other.rows / batch)
                .set("terms", batch * (views - 1))
                .set("columns", columns)
                .set("least", least)
                .set("teacher", teacher)
                .read("x", x)
                .read("other", other)
                .read("dloss", dloss)
                .read("learners", &learners)
                .gradient("dx", &dx)
                // A pair's product and its share of the sum; squares of both sides; what is along x taken out.
                .flops(4 * compared + 6 * x.all_elements() + 2 * other.all_elements())
                .over(rows_over(software, x.rows, count));
        }
    });
    ByolLoss { mean, rows: losses }
}

fn unit(x: &Host, l: usize, r: usize, least: f64) -> (Vec<f64>, f64, bool) {
    let row: Vec<f64> = (0..x.shape[2]).map(|c| x.at(l, r, c)).collect();
    let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
    let divisor = length.max(least);
    (row.iter().map(|value| value / divisor).collect(), divisor, length > least)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The teacher's rows that row r of the student is compared with.
fn partners(r: usize, batch: usize) -> impl Iterator<Item = usize> {
    (0..2).filter(move |&view| view != r / batch).map(move |view| view * batch + r % batch)
}

/// Naive loss of each student row. Inputs: q, z.
pub fn reference_rows(inputs: &[Host], least: f64) -> Host {
    let [learners, rows, _] = inputs[0].shape;
    let batch = inputs[1].shape[1] / 2;
    Host::from_fn([learners, rows, 1], |l, r, _| {
        let student = unit(&inputs[0], l, r, least).0;
        let losses: Vec<f64> = partners(r, batch).map(|t| 2.0 - 2.0 * dot(&student, &unit(&inputs[1], l, t, least).0)).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    })
}

/// Naive loss. Inputs: q, z.
pub fn reference(inputs: &[Host], least: f64) -> Host {
    let losses = reference_rows(inputs, least);
    let [learners, rows, _] = losses.shape;
    let batch = inputs[1].shape[1] / 2;
    let count = |r: usize| partners(r, batch).count() as f64;
    let all: f64 = (0..rows).map(count).sum();
    Host::from_fn([learners, 1, 1], |l, _, _| (0..rows).map(|r| count(r) * losses.at(l, r, 0)).sum::<f64>() / all)
}

/// Naive backward. Inputs: q, z, learners. Returns dq, dz, and nothing for the learners.
pub fn reference_backward(inputs: &[Host], dloss: &Host, least: f64) -> Vec<Host> {
    let (q, z, switches) = (&inputs[0], &inputs[1], &inputs[2]);
    let [learners, rows, columns] = q.shape;
    let batch = z.shape[1] / 2;
    let all: usize = (0..rows).map(|r| partners(r, batch).count()).sum();
    let (mut dq, mut dz) = (Host::zeros(q.shape), Host::zeros(z.shape));
    for (l, r) in (0..learners).flat_map(|l| (0..rows).map(move |r| (l, r))) {
        for t in partners(r, batch) {
            let (student, student_length, student_free) = unit(q, l, r, least);
            let (teacher, teacher_length, teacher_free) = unit(z, l, t, least);
            let cosine = dot(&student, &teacher);
            let slope = -2.0 / all as f64 * dloss.at(l, 0, 0);
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

/// Two views and many, with and without the stop-gradient, more columns than a workgroup, one image, and lengths that some rows do
/// not reach. The last cases look at the rows' losses.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([learners, batch, columns], views, least, stop_gradient) in [
        ([1, 1, 2], 2, LEAST_LENGTH, false),
        ([1, 3, 7], 2, LEAST_LENGTH, true),
        ([3, 13, 31], 2, LEAST_LENGTH, false),
        ([2, 5, 129], 2, LEAST_LENGTH, false),
        ([1, 64, 32], 2, LEAST_LENGTH, true),
        ([2, 35, 3], 2, 2.0, false),
        ([1, 1, 2], 3, LEAST_LENGTH, false),
        ([3, 7, 31], 6, LEAST_LENGTH, false),
        ([1, 24, 32], 6, LEAST_LENGTH, true),
        ([2, 23, 3], 5, 2.0, false),
    ] {
        let z = Input::new("z", [learners, 2 * batch, columns]);
        cases.push(Case {
            name: format!("byol_loss {learners}x{batch}x{columns}, {views} views, least {least}, stop-gradient {stop_gradient}"),
            inputs: vec![
                Input::new("q", [learners, views * batch, columns]),
                if stop_gradient { z.constant() } else { z },
                Input::new("learners", [learners, 1, LEARNER_WORDS]).within(1.0, 1.0).constant(),
            ],
            record: Box::new(move |tape, inputs| byol_loss_from(tape, &inputs[0], &inputs[1], &inputs[2], batch as u32, least).mean),
            forward: Box::new(move |inputs| reference(inputs, least.into())),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, least.into())),
            tolerance: (2e-6, 1e-5),
            flops: (learners * views * batch * columns * 30) as u64,
        });
    }
    cases.extend([2, 5].map(|views| Case {
        name: format!("byol_loss, rows, {views} views"),
        inputs: vec![
            Input::new("q", [2, views * 11, 33]).constant(),
            Input::new("z", [2, 22, 33]).constant(),
            Input::new("learners", [2, 1, LEARNER_WORDS]).constant(),
        ],
        record: Box::new(|tape, inputs| byol_loss(tape, &inputs[0], &inputs[1], &inputs[2], 11).rows),
        forward: Box::new(|inputs| reference_rows(inputs, LEAST_LENGTH.into())),
        backward: Box::new(|inputs, _| inputs.to_vec()),
        tolerance: (2e-6, 1e-5),
        flops: (2 * views * 11 * 33 * 8) as u64,
    }));
    cases
}

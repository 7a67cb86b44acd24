//! DINO's loss (arXiv 2104.14294, eq. 1, algorithm 1 and eq. 3): the cross-entropy between the teacher's distribution for each of two
//! global crops and the student's, softmax(logits / T_student), for every other crop of the same image.
//!
//! Rows are view · B + image on both sides; the teacher has views 0 and 1, the student V, of which the first two are the same
//! crops. The loss is the mean over the 2V - 2 pairs of different views of the mean over the images. The student's softmax is in
//! here, forward and backward, so that neither its slopes nor the gradient of its logarithms are ever stored. Letters: L learners, B
//! images, K prototypes, V student views.

use super::case::{Case, Input, upload_learners};
use super::items::{items_over, rows_over};
use super::reference::Host;
use super::softmax::{STUDENT_TEMPERATURE_WORD, test_learners};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const ROWS: Kernel = Kernel::new("ops/cross_entropy_rows.wgsl");
const ROWS_GROUP: Kernel = Kernel::new("ops/cross_entropy_rows_group.wgsl");
const MEAN: Kernel = Kernel::new("ops/cross_entropy_mean.wgsl");
const MEAN_GROUP: Kernel = Kernel::new("ops/cross_entropy_mean_group.wgsl");
const STUDENT: Kernel = Kernel::new("ops/cross_entropy_student.wgsl");
const STUDENT_GROUP: Kernel = Kernel::new("ops/cross_entropy_student_group.wgsl");
const TEACHER: Kernel = Kernel::new("ops/cross_entropy_teacher.wgsl");
const TEACHER_GROUP: Kernel = Kernel::new("ops/cross_entropy_teacher_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "cross_entropy",
    kernels: &[],
    variants: &[
        Variant::software(
            "rows",
            Needs::Nothing,
            &["cross_entropy_rows", "cross_entropy_mean", "cross_entropy_student", "cross_entropy_teacher"],
        ),
        Variant::gpu(
            "group",
            Needs::Nothing,
            &["cross_entropy_rows_group", "cross_entropy_mean_group", "cross_entropy_student_group", "cross_entropy_teacher_group"],
        ),
    ],
};

/// What [`cross_entropy`] gives.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// The loss of each learner (L, 1, 1), in nats; gradients flow from here.
    pub mean: Tensor,
    /// The mean over the images for each pair of a teacher view and a student view (L, 2, V), 0 where they are the same; for
    /// looking at.
    pub pairs: Tensor,
    /// Logarithms of the student's distributions (L, V·B, K), for looking at.
    pub student_log: Tensor,
}

/// The loss of the teacher's p (L, 2B, K) and the student's logits (L, V·B, K); learners (L, 1, 16).
///
/// # Panics
/// If the rows are not 2 and V ≥ 2 views of `batch` images, or the prototypes differ.
pub fn cross_entropy(tape: &mut Tape<'_>, p: &Tensor, logits: &Tensor, learners: &Tensor, batch: u32) -> CrossEntropy {
    let [count, rows, columns] = logits.shape();
    let views = rows / batch;
    assert!(views >= 2 && rows == views * batch, "{}: {rows} rows of {batch} images", logits.name);
    assert_eq!(p.shape(), [count, 2 * batch, columns], "cross-entropy of {} and {}", p.name, logits.name);
    let student_log = tape.tensor("student_log_softmax", logits.shape());
    let losses = tape.tensor("cross_entropies", [count, rows, 2]);
    let pairs = tape.tensor("cross_entropy_pairs", [count, 2, views]);
    let mean = tape.tensor("cross_entropy", [count, 1, 1]);
    let software = tape.chooses(&FAMILY, "rows", true);
    // Elements of all pairs of rows that are compared.
    let compared = u64::from(count) * u64::from(batch * (2 * views - 2)) * u64::from(columns);
    tape.dispatch(&if software { ROWS } else { ROWS_GROUP })
        .set("batch", batch)
        .set("views", views)
        .set("columns", columns)
        .read("p", p)
        .read("logits", logits)
        .read("learners", learners)
        .write("log_q", &student_log)
        .write("losses", &losses)
        .flops(6 * logits.all_elements() + 2 * compared)
        .over(rows_over(software, rows, count));
    let fold = tape.dispatch(&if software { MEAN } else { MEAN_GROUP });
    if software { fold.set("learners", count) } else { fold }
        .set("batch", batch)
        .set("views", views)
        .read("losses", &losses)
        .write("pairs", &pairs)
        .write("mean", &mean)
        .flops(losses.all_elements() + pairs.all_elements())
        .over(if software { [count, 1, 1] } else { [64, 1, count] });
    let (p, logits, learners, log_q) = (p.clone(), logits.clone(), learners.clone(), student_log.clone());
    tape.on_backward(&mean, &[&p.clone(), &logits.clone()], move |tape, dloss| {
        if tape.needs_gradient(&logits) {
            let dlogits = tape.gradient(&logits);
            tape.dispatch(&if software { STUDENT } else { STUDENT_GROUP })
                .set("batch", batch)
                .set("views", views)
                .set("columns", columns)
                .read("p", &p)
                .read("log_q", &log_q)
                .read("dloss", dloss)
                .read("learners", &learners)
                .gradient("dlogits", &dlogits)
                // The sum over a row of what teaches it; the distribution and what is left 4.
                .flops(compared + 4 * logits.all_elements())
                .over(rows_over(software, rows, count));
        }
        if tape.needs_gradient(&p) {
            let dp = tape.gradient(&p);
            tape.dispatch(&if software { TEACHER } else { TEACHER_GROUP })
                .set("batch", batch)
                .set("views", views)
                .set("columns", columns)
                .read("log_q", &log_q)
                .read("dloss", dloss)
                .gradient("dp", &dp)
                .flops(compared + p.all_elements())
                .over(if software { rows_over(true, p.rows, count) } else { items_over(p.elements(), count) });
        }
    });
    CrossEntropy { mean, pairs, student_log }
}

/// Naive log softmax(logits / T_student).
pub fn reference_log(logits: &Host, learners: &Host) -> Host {
    let mut log_q = Host::zeros(logits.shape);
    let [count, rows, columns] = logits.shape;
    for (l, r) in (0..count).flat_map(|l| (0..rows).map(move |r| (l, r))) {
        let value = |c: usize| logits.at(l, r, c) / learners.at(l, 0, STUDENT_TEMPERATURE_WORD);
        let largest = (0..columns).map(value).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..columns).map(|c| (value(c) - largest).exp()).sum();
        (0..columns).for_each(|c| *log_q.at_mut(l, r, c) = value(c) - largest - sum.ln());
    }
    log_q
}

/// Naive cross-entropy of each pair. Inputs: p, logits.
pub fn reference_pairs(inputs: &[Host], learners: &Host, batch: usize) -> Host {
    let (p, log_q) = (&inputs[0], reference_log(&inputs[1], learners));
    let [count, rows, columns] = log_q.shape;
    Host::from_fn([count, 2, rows / batch], |l, i, v| {
        if i == v {
            return 0.0;
        }
        let of_image = |b: usize| -> f64 { (0..columns).map(|c| -p.at(l, i * batch + b, c) * log_q.at(l, v * batch + b, c)).sum() };
        (0..batch).map(of_image).sum::<f64>() / batch as f64
    })
}

/// Naive loss. Inputs: p, logits.
pub fn reference(inputs: &[Host], learners: &Host, batch: usize) -> Host {
    let pairs = reference_pairs(inputs, learners, batch);
    let [count, _, views] = pairs.shape;
    Host::from_fn([count, 1, 1], |l, _, _| {
        (0..2).flat_map(|i| (0..views).map(move |v| (i, v))).map(|(i, v)| pairs.at(l, i, v)).sum::<f64>() / (2 * views - 2) as f64
    })
}

/// Naive backward: dp and dlogits.
pub fn reference_backward(inputs: &[Host], learners: &Host, dloss: &Host, batch: usize) -> Vec<Host> {
    let (p, log_q) = (&inputs[0], reference_log(&inputs[1], learners));
    let [count, rows, columns] = log_q.shape;
    let views = rows / batch;
    let (mut dp, mut dlog_q) = (Host::zeros(p.shape), Host::zeros(log_q.shape));
    for l in 0..count {
        let slope = -dloss.at(l, 0, 0) / (batch * (2 * views - 2)) as f64;
        for (i, v) in (0..2).flat_map(|i| (0..views).map(move |v| (i, v))).filter(|(i, v)| i != v) {
            for b in 0..batch {
                for c in 0..columns {
                    *dp.at_mut(l, i * batch + b, c) += slope * log_q.at(l, v * batch + b, c);
                    *dlog_q.at_mut(l, v * batch + b, c) += slope * p.at(l, i * batch + b, c);
                }
            }
        }
    }
    let dlogits = Host::from_fn(log_q.shape, |l, r, c| {
        let sum: f64 = (0..columns).map(|k| dlog_q.at(l, r, k)).sum();
        (dlog_q.at(l, r, c) - log_q.at(l, r, c).exp() * sum) / learners.at(l, 0, STUDENT_TEMPERATURE_WORD)
    });
    vec![dp, dlogits]
}

/// Two views and many, one image, more images and more prototypes than a workgroup, with and without the teacher's gradient. The
/// last cases look at the pairs and at the student's distributions.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([count, batch, columns], views, stop_gradient) in [
        ([1, 1, 1], 2, false),
        ([1, 1, 2], 3, true),
        ([1, 3, 7], 2, true),
        ([3, 13, 31], 4, false),
        ([2, 5, 129], 6, false),
        ([1, 24, 64], 6, true),
        ([2, 67, 5], 12, false),
    ] {
        let p = Input::new("p", [count, 2 * batch, columns]).within(0.0, 1.0);
        let [recorded, forward, backward] = std::array::from_fn(|_| test_learners(count));
        cases.push(Case {
            name: format!("cross_entropy {count}x{batch}x{columns}, {views} views, stop-gradient {stop_gradient}"),
            inputs: vec![
                if stop_gradient { p.constant() } else { p },
                Input::new("logits", [count, views * batch, columns]).within(-0.5, 0.5),
            ],
            record: Box::new(move |tape, inputs| {
                let learners = upload_learners(tape, &recorded, &inputs[1]);
                cross_entropy(tape, &inputs[0], &inputs[1], &learners, batch as u32).mean
            }),
            forward: Box::new(move |inputs| reference(inputs, &forward, batch)),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, &backward, dy, batch)),
            tolerance: (2e-6, 1e-5),
            flops: (14 * count * views * batch * columns) as u64,
        });
    }
    for looked_at in ["pairs", "student's logarithms"] {
        let pairs = looked_at == "pairs";
        let [recorded, forward] = std::array::from_fn(|_| test_learners(2));
        cases.push(Case {
            name: format!("cross_entropy, {looked_at}"),
            inputs: vec![
                Input::new("p", [2, 22, 33]).within(0.0, 1.0).constant(),
                Input::new("logits", [2, 55, 33]).within(-0.5, 0.5).constant(),
            ],
            record: Box::new(move |tape, inputs| {
                let learners = upload_learners(tape, &recorded, &inputs[1]);
                let loss = cross_entropy(tape, &inputs[0], &inputs[1], &learners, 11);
                if pairs { loss.pairs } else { loss.student_log }
            }),
            forward: Box::new(
                move |inputs| {
                    if pairs { reference_pairs(inputs, &forward, 11) } else { reference_log(&inputs[1], &forward) }
                },
            ),
            backward: Box::new(|inputs, _| inputs.to_vec()),
            tolerance: (2e-5, 1e-5),
            flops: 8 * 2 * 55 * 33,
        });
    }
    cases
}

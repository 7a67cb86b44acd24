//! DINO's loss (arXiv 2104.14294, algorithm 1 and eq. 3): the cross-entropy between the teacher's distribution for each of two
//! global crops and the student's for every other crop of the same image.
//!
//! Rows are view · B + image on both sides; the teacher has views 0 and 1, the student V, of which the first two are the same
//! crops. The loss is the mean over the 2V - 2 pairs of different views of the mean over the images. It is linear in either
//! side, so both gradients come from one kernel. Letters: L learners, B images, K prototypes, V student views.

use super::case::{Case, Input};
use super::items::{items_over, rows_over};
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const ROWS: Kernel = Kernel::new("ops/cross_entropy_rows.wgsl");
const ROWS_GROUP: Kernel = Kernel::new("ops/cross_entropy_rows_group.wgsl");
const PAIRS: Kernel = Kernel::new("ops/cross_entropy_pairs.wgsl");
const PAIRS_GROUP: Kernel = Kernel::new("ops/cross_entropy_pairs_group.wgsl");
const MEAN: Kernel = Kernel::new("ops/cross_entropy_mean.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/cross_entropy_backward.wgsl");
const BACKWARD_GROUP: Kernel = Kernel::new("ops/cross_entropy_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "cross_entropy",
    kernels: &["cross_entropy_mean"],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["cross_entropy_rows", "cross_entropy_pairs", "cross_entropy_backward"]),
        Variant::gpu("group", Needs::Nothing, &["cross_entropy_rows_group", "cross_entropy_pairs_group", "cross_entropy_backward_group"]),
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
}

/// The loss of the teacher's p (L, 2B, K) and the student's log q (L, V·B, K).
///
/// # Panics
/// If the rows are not 2 and V ≥ 2 views of `batch` images, or the prototypes differ.
pub fn cross_entropy(tape: &mut Tape<'_>, p: &Tensor, log_q: &Tensor, batch: u32) -> CrossEntropy {
    let [count, rows, columns] = log_q.shape();
    let views = rows / batch;
    assert!(views >= 2 && rows == views * batch, "{}: {rows} rows of {batch} images", log_q.name);
    assert_eq!(p.shape(), [count, 2 * batch, columns], "cross-entropy of {} and {}", p.name, log_q.name);
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
        .read("log_q", log_q)
        .write("losses", &losses)
        .flops(2 * compared)
        .over(rows_over(software, rows, count));
    tape.dispatch(&if software { PAIRS } else { PAIRS_GROUP })
        .set("batch", batch)
        .set("views", views)
        .read("losses", &losses)
        .write("pairs", &pairs)
        .flops(losses.all_elements())
        .over(rows_over(software, 2 * views, count));
    tape.dispatch(&MEAN)
        .set("learners", count)
        .set("views", views)
        .read("pairs", &pairs)
        .write("mean", &mean)
        .flops(pairs.all_elements())
        .over([count, 1, 1]);
    let (teacher, student) = (p.clone(), log_q.clone());
    tape.on_backward(&mean, &[p, log_q], move |tape, dloss| {
        for (x, other) in [(&student, &teacher), (&teacher, &student)] {
            if !tape.needs_gradient(x) {
                continue;
            }
            let dx = tape.gradient(x);
            let over = if software { rows_over(true, x.rows, count) } else { items_over(x.elements(), count) };
            tape.dispatch(&if software { BACKWARD } else { BACKWARD_GROUP })
                .set("batch", batch)
                .set("views", x.rows / batch)
                .set("other_views", other.rows / batch)
                .set("columns", columns)
                .set("terms", batch * (2 * views - 2))
                .read("other", other)
                .read("dloss", dloss)
                .gradient("dx", &dx)
                .flops(compared + dx.tensor.all_elements())
                .over(over);
        }
    });
    CrossEntropy { mean, pairs }
}

/// Naive cross-entropy of each pair. Inputs: p, log q.
pub fn reference_pairs(inputs: &[Host], batch: usize) -> Host {
    let (p, log_q) = (&inputs[0], &inputs[1]);
    let [learners, rows, columns] = log_q.shape;
    Host::from_fn([learners, 2, rows / batch], |l, i, v| {
        if i == v {
            return 0.0;
        }
        let of_image = |b: usize| -> f64 { (0..columns).map(|c| -p.at(l, i * batch + b, c) * log_q.at(l, v * batch + b, c)).sum() };
        (0..batch).map(of_image).sum::<f64>() / batch as f64
    })
}

/// Naive loss. Inputs: p, log q.
pub fn reference(inputs: &[Host], batch: usize) -> Host {
    let pairs = reference_pairs(inputs, batch);
    let [learners, _, views] = pairs.shape;
    Host::from_fn([learners, 1, 1], |l, _, _| {
        (0..2).flat_map(|i| (0..views).map(move |v| (i, v))).map(|(i, v)| pairs.at(l, i, v)).sum::<f64>() / (2 * views - 2) as f64
    })
}

/// Naive backward: dp and dlog q.
pub fn reference_backward(inputs: &[Host], dloss: &Host, batch: usize) -> Vec<Host> {
    let (p, log_q) = (&inputs[0], &inputs[1]);
    let [learners, rows, columns] = log_q.shape;
    let views = rows / batch;
    let (mut dp, mut dlog_q) = (Host::zeros(p.shape), Host::zeros(log_q.shape));
    for l in 0..learners {
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
    vec![dp, dlog_q]
}

/// Two views and many, one image, more images and more prototypes than a workgroup, with and without the teacher's gradient. The
/// last case looks at the pairs.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([learners, batch, columns], views, stop_gradient) in [
        ([1, 1, 1], 2, false),
        ([1, 1, 2], 3, true),
        ([1, 3, 7], 2, true),
        ([3, 13, 31], 4, false),
        ([2, 5, 129], 6, false),
        ([1, 24, 64], 6, true),
        ([2, 67, 5], 12, false),
    ] {
        let p = Input::new("p", [learners, 2 * batch, columns]).within(0.0, 1.0);
        cases.push(Case {
            name: format!("cross_entropy {learners}x{batch}x{columns}, {views} views, stop-gradient {stop_gradient}"),
            inputs: vec![
                if stop_gradient { p.constant() } else { p },
                Input::new("log_q", [learners, views * batch, columns]).within(-3.0, 0.0),
            ],
            record: Box::new(move |tape, inputs| cross_entropy(tape, &inputs[0], &inputs[1], batch as u32).mean),
            forward: Box::new(move |inputs| reference(inputs, batch)),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, batch)),
            tolerance: (2e-6, 1e-5),
            flops: (8 * learners * views * batch * columns) as u64,
        });
    }
    cases.push(Case {
        name: "cross_entropy, pairs".to_owned(),
        inputs: vec![
            Input::new("p", [2, 22, 33]).within(0.0, 1.0).constant(),
            Input::new("log_q", [2, 55, 33]).within(-3.0, 0.0).constant(),
        ],
        record: Box::new(|tape, inputs| cross_entropy(tape, &inputs[0], &inputs[1], 11).pairs),
        forward: Box::new(|inputs| reference_pairs(inputs, 11)),
        backward: Box::new(|inputs, _| inputs.to_vec()),
        tolerance: (2e-6, 1e-5),
        flops: 4 * 2 * 55 * 33,
    });
    cases
}

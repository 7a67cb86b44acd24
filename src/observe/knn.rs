//! Weighted nearest-neighbour classification (Wu et al., arXiv 1805.01978, as in DINO): k = 20, cosine, weight
//! exp((similarity − 1) / 0.07). Labels are for display only; nothing is trained on them.
//!
//! Similarities are made a block of queries at a time, so that memory stays bounded however many learners there are.

use super::unit::{self, normalise, normalise_padded};
use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::matmul::matmul_nt;
use crate::ops::reference::Host;

const VOTE: Kernel = Kernel::new("observe/vote.wgsl");
const ACCURACY: Kernel = Kernel::new("observe/accuracy.wgsl");

/// Neighbours that vote (in vote.wgsl too).
pub const NEIGHBOURS: usize = 20;
/// Temperature of the weights (in vote.wgsl too).
pub const TEMPERATURE: f64 = 0.07;
/// The label of an image that has none.
pub const NO_LABEL: u32 = u32::MAX;

/// Similarities held at a time, in elements.
const MOST_SIMILARITIES: u32 = 8 << 20;

/// What the neighbours say.
#[derive(Clone, Debug)]
pub struct Knn {
    /// Share of labelled queries that got their own class, 0 to 1: (L, 1, 1).
    pub accuracy: Tensor,
    /// (L, m, 1) u32 class of each query; [`NO_LABEL`] if no labelled neighbour.
    pub predictions: Tensor,
}

/// Classifies queries (L, m, d) by a bank (L, n, d); labels (1, n, 1) and (1, m, 1) u32, [`NO_LABEL`] for none. Equal
/// similarities: the smaller bank index is nearer; equal weights: the smaller class.
pub fn knn(tape: &mut Tape<'_>, bank: &Tensor, bank_labels: &Tensor, queries: &Tensor, query_labels: &Tensor) -> Knn {
    knn_in_blocks(tape, bank, bank_labels, queries, query_labels, MOST_SIMILARITIES)
}

/// The same, holding at most so many similarities at a time (but 16 queries' at least).
pub fn knn_in_blocks(
    tape: &mut Tape<'_>,
    bank: &Tensor,
    bank_labels: &Tensor,
    queries: &Tensor,
    query_labels: &Tensor,
    most_similarities: u32,
) -> Knn {
    let [learners, bank_rows, columns] = bank.shape();
    let query_rows = queries.rows;
    assert_eq!((queries.learners, queries.columns), (learners, columns), "queries beside {}", bank.name);
    assert_eq!((bank_labels.elements(), query_labels.elements()), (bank_rows, query_rows), "labels of {}", bank.name);
    tape.scope("knn", |tape| {
        let bank = normalise_padded(tape, bank, bank_rows.next_multiple_of(4));
        let queries = normalise(tape, queries);
        // Slices start where a binding may start: every 64 elements.
        let most = (most_similarities / (learners * bank.rows) / 16 * 16).max(16).min(query_rows);
        let predictions = tape.tensor("predictions", [learners, query_rows, 1]);
        let accuracy = tape.tensor("knn_accuracy", [learners, 1, 1]);
        let similarities = tape.tensor("similarities", [learners, 1, most * bank.rows]);
        let flat_queries = queries.reshaped(1, query_rows * queries.columns).as_input();
        for first in (0..query_rows).step_by(most as usize) {
            let block = most.min(query_rows - first);
            let some_queries = flat_queries.slice("some_queries", first * queries.columns, block, queries.columns);
            let some_similarities = similarities.slice("similarities", 0, block, bank.rows);
            matmul_nt(tape, &some_queries, &bank, None, &some_similarities);
            tape.dispatch(&VOTE)
                .set("first", first)
                .set("block", block)
                .set("queries", query_rows)
                .set("bank", bank_rows)
                .set("quads", bank.rows / 4)
                .set("learner_quads", similarities.columns / 4)
                .read("similarities", &some_similarities)
                .read("bank_labels", bank_labels)
                .read_write_or_write("predictions", &predictions, first > 0)
                .over([block, 1, learners]);
        }
        tape.dispatch(&ACCURACY)
            .set("queries", query_rows)
            .read("predictions", &predictions)
            .read("labels", query_labels)
            .write("y", &accuracy)
            .over([64, 1, learners]);
        Knn { accuracy, predictions }
    })
}

/// A naive prediction, and how clear it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferencePrediction {
    /// The class, [`NO_LABEL`] if no labelled neighbour.
    pub class: u32,
    /// The lesser of: the gap in similarity between the last neighbour and the first that is none; the gap in weight between the
    /// best class and the next. 0 for exact ties.
    pub margin: f64,
}

/// Naive; per learner, per query.
pub fn reference(bank: &Host, bank_labels: &[u32], queries: &Host) -> Vec<Vec<ReferencePrediction>> {
    let (bank, queries) = (unit::reference(bank), unit::reference(queries));
    let dot = |l, q, b| (0..bank.shape[2]).map(|c| queries.at(l, q, c) * bank.at(l, b, c)).sum::<f64>();
    let predict = |l: usize, q: usize| {
        let mut all: Vec<(f64, usize)> = (0..bank.shape[1]).map(|b| (dot(l, q, b), b)).collect();
        all.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        let edge = all.get(NEIGHBOURS).map_or(f64::INFINITY, |next| all[NEIGHBOURS - 1].0 - next.0);
        let mut weights: Vec<(u32, f64)> = Vec::new();
        for &(similarity, b) in all.iter().take(NEIGHBOURS).filter(|&&(_, b)| bank_labels[b] != NO_LABEL) {
            let weight = ((similarity - 1.0) / TEMPERATURE).exp();
            match weights.iter_mut().find(|(label, _)| *label == bank_labels[b]) {
                Some((_, sum)) => *sum += weight,
                None => weights.push((bank_labels[b], weight)),
            }
        }
        weights.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
        let lead = weights.get(1).map_or(f64::INFINITY, |next| (weights[0].1 - next.1) / weights[0].1);
        ReferencePrediction { class: weights.first().map_or(NO_LABEL, |best| best.0), margin: edge.min(lead) }
    };
    (0..queries.shape[0]).map(|l| (0..queries.shape[1]).map(|q| predict(l, q)).collect()).collect()
}

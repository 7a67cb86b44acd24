//! Softmax attention within each image of a batch of sequences (Vaswani et al., arXiv 1706.03762, eq. 1), all heads at once.
//!
//! Either every token asks, or only each image's first (the CLS token of a last block), whose probabilities are kept to be looked
//! at. With all of them nothing quadratic is kept: the backward recomputes the probabilities from the logarithm of their sum, once
//! by queries and once by keys, so that no two threads add to the same number.
//!
//! Heads of 16 dimensions have kernels for subgroups of 8 lanes (llvmpipe); all else goes through workgroup memory.

use std::f32::consts::LOG2_E;

use super::case::{Case, Input};
use super::items::{fits_lines, rows_over};
use super::reference::Host;
use super::sequences::{Sequences, SetSequences as _};
use crate::gpu::{Family, GradSlot, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD_LANES: Kernel = Kernel::new("ops/attention_forward_lanes.wgsl");
const FORWARD_GROUP: Kernel = Kernel::new("ops/attention_forward_group.wgsl");
const BACKWARD_QUERIES_LANES: Kernel = Kernel::new("ops/attention_backward_queries_lanes.wgsl");
const BACKWARD_QUERIES_GROUP: Kernel = Kernel::new("ops/attention_backward_queries_group.wgsl");
const BACKWARD_KEYS_LANES: Kernel = Kernel::new("ops/attention_backward_keys_lanes.wgsl");
const BACKWARD_KEYS_GROUP: Kernel = Kernel::new("ops/attention_backward_keys_group.wgsl");
const FIRST_FORWARD_LANES: Kernel = Kernel::new("ops/attention_first_forward_lanes.wgsl");
const FIRST_FORWARD_GROUP: Kernel = Kernel::new("ops/attention_first_forward_group.wgsl");
const FIRST_BACKWARD_LANES: Kernel = Kernel::new("ops/attention_first_backward_lanes.wgsl");
const FIRST_BACKWARD_GROUP: Kernel = Kernel::new("ops/attention_first_backward_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "attention",
    kernels: &[],
    variants: &[
        Variant::software(
            "lanes",
            Needs::EightLanes,
            &["attention_forward_lanes", "attention_backward_queries_lanes", "attention_backward_keys_lanes"],
        ),
        Variant::gpu(
            "group",
            Needs::Nothing,
            &["attention_forward_group", "attention_backward_queries_group", "attention_backward_keys_group"],
        ),
    ],
};

/// The ways to compute it for CLS alone.
pub const FIRST_FAMILY: Family = Family {
    name: "attention_first",
    kernels: &[],
    variants: &[
        Variant::software("lanes", Needs::EightLanes, &["attention_first_forward_lanes", "attention_first_backward_lanes"]),
        Variant::gpu("group", Needs::Nothing, &["attention_first_forward_group", "attention_first_backward_group"]),
    ],
};

/// The most dimensions of a head.
pub const LARGEST_HEAD: u32 = crate::config::MAXIMUM_HEAD;

/// Which tokens of an image ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queries {
    /// All of them: as many queries as rows.
    All,
    /// Only the first: one query an image.
    First,
}

/// What attention gives.
#[derive(Clone, Debug)]
pub struct Attended {
    /// (L, queries, D)
    pub output: Tensor,
    /// With [`Queries::First`]: (L, images · heads, longest sequence), zero beyond an image's length.
    pub probabilities: Option<Tensor>,
}

#[derive(Clone, Copy)]
struct Shape {
    sequences: Sequences,
    learners: u32,
    heads: u32,
    /// Dimensions of a head.
    head: u32,
}

impl Shape {
    fn scale(self) -> f32 {
        1.0 / (self.head as f32).sqrt()
    }

    /// Floating-point operations where every token asks: `products` product-sums over a head's dimensions for each pair of a query
    /// and a key of its image, and `others` besides.
    fn pair_flops(self, products: u64, others: u64) -> u64 {
        let Sequences { counts, lengths } = self.sequences;
        let pairs: u64 = counts.into_iter().zip(lengths).map(|(count, length)| u64::from(count) * u64::from(length).pow(2)).sum();
        u64::from(self.learners) * u64::from(self.heads) * pairs * (2 * products * u64::from(self.head) + others)
    }
}

/// softmax(q kᵀ / sqrt(D / heads)) v, for each image and head alone.
///
/// q (L, rows, D), or with [`Queries::First`] (L, images, D); kv (L, rows, 2 D): keys, then values, both head by head.
///
/// # Panics
/// If the shapes do not fit, or a head has more than [`LARGEST_HEAD`] dimensions.
pub fn attention(tape: &mut Tape<'_>, q: &Tensor, kv: &Tensor, heads: u32, sequences: Sequences, queries: Queries) -> Attended {
    let [learners, rows, columns] = kv.shape();
    let asking = if queries == Queries::All { rows } else { sequences.images() };
    assert!(columns.is_multiple_of(2 * heads), "{}: {columns} columns, {heads} heads", kv.name);
    assert_eq!(sequences.rows(), rows, "rows of {}", kv.name);
    assert_eq!(q.shape(), [learners, asking, columns / 2], "shape of {}", q.name);
    let head = columns / 2 / heads;
    assert!(head <= LARGEST_HEAD, "{}: {head} dimensions in a head, at most {LARGEST_HEAD}", kv.name);
    let shape = Shape { sequences, learners, heads, head };
    match queries {
        Queries::All => Attended { output: attention_all(tape, q, kv, shape), probabilities: None },
        Queries::First => attention_first(tape, q, kv, shape),
    }
}

/// A kernel and how many groups of threads it needs.
struct Tiles {
    kernel: Kernel,
    threads: u32,
    groups: u32,
}

impl Shape {
    /// The kernel for this adapter and these heads; the one for lanes has 24 rows in a workgroup, the other 32.
    fn tiles(self, tape: &mut Tape<'_>, lanes: Kernel, group: Kernel) -> Tiles {
        let pieces = |size| self.sequences.pieces(size) * self.heads;
        if tape.chooses(&FAMILY, "lanes", self.head == 16) {
            Tiles { kernel: lanes, threads: 8, groups: pieces(24) }
        } else {
            Tiles { kernel: group.with("HEAD", self.head.into()), threads: 32, groups: pieces(32) }
        }
    }
}

fn attention_all(tape: &mut Tape<'_>, q: &Tensor, kv: &Tensor, shape: Shape) -> Tensor {
    let Shape { sequences, learners, heads, .. } = shape;
    let rows = kv.rows;
    let y = tape.tensor("attention", q.shape());
    let logarithms = tape.tensor("attention_logarithms", [learners, rows, heads]);
    let tiles = shape.tiles(tape, FORWARD_LANES, FORWARD_GROUP);
    tape.dispatch(&tiles.kernel)
        .set("rows", rows)
        .set("heads", heads)
        .sequences(sequences)
        .set("scale", shape.scale() * LOG2_E)
        .read("q", q)
        .read("kv", kv)
        .write("y", &y)
        .write("logarithms", &logarithms)
        // Scores, their softmax, the mix.
        .flops(shape.pair_flops(2, 4))
        .over([tiles.groups * tiles.threads, 1, learners]);
    let (q, kv, output) = (q.clone(), kv.clone(), y.clone());
    tape.on_backward(&y, &[&q.clone(), &kv.clone()], move |tape, dy| {
        let dq = gradient_or_waste(tape, &q);
        let terms = tape.tensor("attention_terms", [learners, rows, 2 * heads]);
        let tiles = shape.tiles(tape, BACKWARD_QUERIES_LANES, BACKWARD_QUERIES_GROUP);
        tape.dispatch(&tiles.kernel)
            .set("rows", rows)
            .set("heads", heads)
            .sequences(sequences)
            .set("scale", shape.scale() * LOG2_E)
            .set("factor", shape.scale())
            .read("q", &q)
            .read("kv", &kv)
            .read("y", &output)
            .read("dy", dy)
            .read("logarithms", &logarithms)
            .gradient("dq", &dq)
            .write("terms", &terms)
            // Scores, slopes of the probabilities, dq.
            .flops(shape.pair_flops(3, 4))
            .over([tiles.groups * tiles.threads, 1, learners]);
        if tape.needs_gradient(&kv) {
            let dkv = tape.gradient(&kv);
            let tiles = shape.tiles(tape, BACKWARD_KEYS_LANES, BACKWARD_KEYS_GROUP);
            tape.dispatch(&tiles.kernel)
                .set("rows", rows)
                .set("heads", heads)
                .sequences(sequences)
                .set("scale", shape.scale() * LOG2_E)
                .set("factor", shape.scale())
                .read("q", &q)
                .read("kv", &kv)
                .read("dy", dy)
                .read("terms", &terms)
                .gradient("dkv", &dkv)
                // Scores, slopes of the probabilities, dk, dv.
                .flops(shape.pair_flops(4, 4))
                .over([tiles.groups * tiles.threads, 1, learners]);
        }
    });
    y
}

/// The gradient's slot, or a place for it that nobody reads.
fn gradient_or_waste(tape: &mut Tape<'_>, x: &Tensor) -> GradSlot {
    if tape.needs_gradient(x) {
        tape.gradient(x)
    } else {
        GradSlot { tensor: tape.tensor("attention_unwanted", x.shape()), accumulate: false }
    }
}

fn attention_first(tape: &mut Tape<'_>, q: &Tensor, kv: &Tensor, shape: Shape) -> Attended {
    let Shape { sequences, learners, heads, head } = shape;
    let (images, longest) = (q.rows, sequences.longest());
    let lines = images * heads;
    let probabilities = tape.tensor("attention_probabilities", [learners, lines, longest]);
    let y = tape.tensor("attention", q.shape());
    let lanes = tape.chooses(&FIRST_FAMILY, "lanes", head.is_multiple_of(4) && fits_lines(8 * lines));
    let over = if lanes { [8 * lines, 1, learners] } else { rows_over(false, lines, learners) };
    let kernel = move |lanes_kernel: Kernel, group: Kernel| if lanes { lanes_kernel } else { group }.with("HEAD", head.into());
    tape.dispatch(&kernel(FIRST_FORWARD_LANES, FIRST_FORWARD_GROUP))
        .set("images", images)
        .set("rows", kv.rows)
        .set("heads", heads)
        .set("longest", longest)
        .sequences(sequences)
        .set("scale", shape.scale())
        .read("q", q)
        .read("kv", kv)
        .write("probabilities", &probabilities)
        .write("y", &y)
        // A product-sum for each element of kv; the softmax.
        .flops(2 * kv.all_elements() + 5 * probabilities.all_elements())
        .over(over);
    let kept = probabilities.clone();
    let (q, kv) = (q.clone(), kv.clone());
    tape.on_backward(&y, &[&q.clone(), &kv.clone()], move |tape, dy| {
        let (dq, dkv) = (gradient_or_waste(tape, &q), gradient_or_waste(tape, &kv));
        let slopes = tape.tensor("attention_slopes", probabilities.shape());
        let added = |slot: &GradSlot| if slot.accumulate { slot.tensor.all_elements() } else { 0 };
        tape.dispatch(&kernel(FIRST_BACKWARD_LANES, FIRST_BACKWARD_GROUP))
            .set("images", images)
            .set("rows", kv.rows)
            .set("heads", heads)
            .set("longest", longest)
            .sequences(sequences)
            .set("scale", shape.scale())
            .set("accumulate_dq", dq.accumulate)
            .set("accumulate_dkv", dkv.accumulate)
            .read("q", &q)
            .read("kv", &kv)
            .read("probabilities", &probabilities)
            .read("dy", dy)
            .write("slopes", &slopes)
            .read_write_or_write("dq", &dq.tensor, dq.accumulate)
            .read_write_or_write("dkv", &dkv.tensor, dkv.accumulate)
            // Products with v and k: 2 for each element of kv; dk and dv: 1; the softmax's slopes.
            .flops(3 * kv.all_elements() + 5 * slopes.all_elements() + added(&dq) + added(&dkv))
            .over(over);
    });
    Attended { output: y, probabilities: Some(kept) }
}

/// The row of q that asks for an image, and the rows of kv that answer.
fn asking(sequences: Sequences, queries: Queries) -> Vec<(usize, std::ops::Range<usize>)> {
    let rows = |image| {
        let first = sequences.offset(image) as usize;
        first..first + sequences.length(image) as usize
    };
    match queries {
        Queries::All => sequences.places().enumerate().map(|(row, (image, _))| (row, rows(image))).collect(),
        Queries::First => (0..sequences.images()).map(|image| (image as usize, rows(image))).collect(),
    }
}

fn probabilities_of(q: &Host, kv: &Host, l: usize, row: usize, keys: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Vec<f64> {
    let scale = 1.0 / (columns.len() as f64).sqrt();
    let scores: Vec<f64> = keys.map(|key| scale * columns.clone().map(|c| q.at(l, row, c) * kv.at(l, key, c)).sum::<f64>()).collect();
    let maximum = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - maximum).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.iter().map(|power| power / total).collect()
}

/// Naive forward of q and kv.
pub fn reference(q: &Host, kv: &Host, heads: usize, sequences: Sequences, queries: Queries) -> Host {
    let (width, head) = (q.shape[2], q.shape[2] / heads);
    let mut y = Host::zeros(q.shape);
    for l in 0..q.shape[0] {
        for (row, keys) in asking(sequences, queries) {
            for first in (0..width).step_by(head) {
                let p = probabilities_of(q, kv, l, row, keys.clone(), first..first + head);
                for c in first..first + head {
                    *y.at_mut(l, row, c) = p.iter().zip(keys.clone()).map(|(p, key)| p * kv.at(l, key, width + c)).sum();
                }
            }
        }
    }
    y
}

/// Naive backward: dq and dkv.
pub fn reference_backward(q: &Host, kv: &Host, dy: &Host, heads: usize, sequences: Sequences, queries: Queries) -> Vec<Host> {
    let (width, head) = (q.shape[2], q.shape[2] / heads);
    let scale = 1.0 / (head as f64).sqrt();
    let (mut dq, mut dkv) = (Host::zeros(q.shape), Host::zeros(kv.shape));
    for l in 0..q.shape[0] {
        for (row, keys) in asking(sequences, queries) {
            for first in (0..width).step_by(head) {
                let columns = first..first + head;
                let p = probabilities_of(q, kv, l, row, keys.clone(), columns.clone());
                let dp = |key| columns.clone().map(|c| dy.at(l, row, c) * kv.at(l, key, width + c)).sum::<f64>();
                let along: f64 = p.iter().zip(keys.clone()).map(|(p, key)| p * dp(key)).sum();
                for (p, key) in p.iter().zip(keys.clone()) {
                    let slope = scale * p * (dp(key) - along);
                    for c in columns.clone() {
                        *dq.at_mut(l, row, c) += slope * kv.at(l, key, c);
                        *dkv.at_mut(l, key, c) += slope * q.at(l, row, c);
                        *dkv.at_mut(l, key, width + c) += p * dy.at(l, row, c);
                    }
                }
            }
        }
    }
    vec![dq, dkv]
}

/// One token, tile edges, two lengths, heads of 16 dimensions and of others; scores that overflow a careless softmax.
pub fn cases() -> Vec<Case> {
    let two = |counts, lengths| Sequences { counts, lengths };
    let shapes = [
        // learners, heads, dimensions of a head, sequences, largest q and k
        (1, 1, 1, Sequences::uniform(1, 1), 2.0),
        (2, 3, 16, two([2, 3], [25, 7]), 2.0),
        (1, 2, 16, Sequences::uniform(2, 65), 2.0),
        (3, 1, 16, two([1, 2], [1, 24]), 8.0),
        (1, 3, 5, two([2, 1], [33, 11]), 2.0),
        (3, 2, 4, two([1, 2], [9, 18]), 2.0),
        (2, 1, 64, two([1, 1], [34, 3]), 1.0),
        (1, 2, 32, two([0, 2], [4, 67]), 1.0),
    ];
    let mut cases = Vec::new();
    for (learners, heads, head, sequences, largest) in shapes {
        for queries in [Queries::All, Queries::First] {
            let width = heads * head;
            let asking = if queries == Queries::All { sequences.rows() } else { sequences.images() };
            let pairs = asking as usize * sequences.longest() as usize;
            cases.push(Case {
                name: format!("attention {queries:?} {learners}x{heads}x{head}, {:?} of {:?}", sequences.counts, sequences.lengths),
                inputs: vec![
                    Input::new("q", [learners, asking as usize, width]).within(-largest, largest),
                    Input::new("kv", [learners, sequences.rows() as usize, 2 * width]).within(-largest, largest),
                ],
                record: Box::new(move |tape, inputs| attention(tape, &inputs[0], &inputs[1], heads as u32, sequences, queries).output),
                forward: Box::new(move |inputs| reference(&inputs[0], &inputs[1], heads, sequences, queries)),
                backward: Box::new(move |inputs, dy| reference_backward(&inputs[0], &inputs[1], dy, heads, sequences, queries)),
                tolerance: (1e-4, 1e-4),
                flops: 14 * (learners * pairs * width) as u64,
            });
        }
    }
    cases
}

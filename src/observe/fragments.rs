//! From a piece to the whole: where a local crop's own image comes among all images.

use super::unit::{self, normalise};
use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::matmul::matmul_nt;
use crate::ops::reference::Host;

const OWN_RANK: Kernel = Kernel::new("observe/own_rank.wgsl");
const MEDIAN: Kernel = Kernel::new("observe/median.wgsl");

/// Median over images of the place (1 = nearest) that a fragment's own image has among all, by cosine. fragments, wholes
/// (L, n, d), row i of both being of image i → (L, 1, 1).
pub fn median_own_rank(tape: &mut Tape<'_>, fragments: &Tensor, wholes: &Tensor) -> Tensor {
    let [learners, rows, _] = fragments.shape();
    assert_eq!(fragments.shape(), wholes.shape(), "{} beside {}", fragments.name, wholes.name);
    tape.scope("fragments", |tape| {
        let [fragments, wholes] = [normalise(tape, fragments), normalise(tape, wholes)];
        let similarities = tape.tensor("fragment_similarities", [learners, rows, rows]);
        matmul_nt(tape, &fragments, &wholes, None, &similarities);
        let ranks = tape.tensor("ranks", [learners, rows, 1]);
        let median = tape.tensor("median_rank", [learners, 1, 1]);
        let over = [rows, 1, learners];
        tape.dispatch(&OWN_RANK).set("rows", rows).read("similarities", &similarities).write("ranks", &ranks).over(over);
        tape.dispatch(&MEDIAN).set("rows", rows).read("x", &ranks).write("y", &median).over(over);
        median
    })
}

/// Naive.
pub fn reference(fragments: &Host, wholes: &Host) -> Host {
    let (fragments, wholes) = (unit::reference(fragments), unit::reference(wholes));
    let [learners, rows, columns] = fragments.shape;
    let rank = |l: usize, r: usize| {
        let similarity = |j: usize| (0..columns).map(|c| fragments.at(l, r, c) * wholes.at(l, j, c)).sum::<f64>();
        let own = similarity(r);
        1.0 + (0..rows).filter(|&j| similarity(j) > own).count() as f64
    };
    Host::from_fn([learners, 1, 1], |l, _, _| {
        let mut ranks: Vec<f64> = (0..rows).map(|r| rank(l, r)).collect();
        ranks.sort_by(f64::total_cmp);
        ranks[(rows - 1) / 2]
    })
}

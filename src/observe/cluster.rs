//! Clusters of rows by direction: spherical k-means (Dhillon and Modha, 2001), a few Lloyd iterations at a time, each time from where
//! the centroids were left. So a cluster keeps its number, and its colour, while the rows move.
//!
//! There is no start of its own: centroids of length 0 are unborn, and of those without rows one an iteration takes the row that is
//! worst off, at the start as later. That spreads them over the rows, farthest first.

use crate::gpu::{Gpu, GpuError, Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const ASSIGN: Kernel = Kernel::new("observe/cluster_assign.wgsl");
const MOVE: Kernel = Kernel::new("observe/cluster_move.wgsl");

/// Clusters at most: the colours there are, and under the 32 bits in which cluster_move.wgsl notes who has rows.
pub const MOST_CLUSTERS: u32 = 10;

/// Unborn centroids (L, k, d rounded up to a multiple of 4), to be kept from one clustering to the next.
pub fn centroids(gpu: &Gpu, learners: u32, clusters: u32, dimensions: u32) -> Result<Tensor, GpuError> {
    gpu.tensor("centroids", [learners, clusters.clamp(1, MOST_CLUSTERS), dimensions.next_multiple_of(4)])
}

/// Lloyd iterations on rows of length 1 (L, n, 4q), then the cluster of each row: (L, n, 1) u32.
pub fn cluster(tape: &mut Tape<'_>, centroids: &Tensor, rows: &Tensor, iterations: u32) -> Tensor {
    let [learners, count, columns] = rows.shape();
    assert_eq!((centroids.learners, centroids.columns), (learners, columns), "centroids for {}", rows.name);
    tape.scope("cluster", |tape| {
        let clusters = tape.tensor("clusters", [learners, count, 1]);
        let cosines = tape.tensor("cluster_cosines", [learners, count, 1]);
        for iteration in 0..=iterations {
            tape.dispatch(&ASSIGN)
                .set("rows", count)
                .set("quads", columns / 4)
                .set("clusters", centroids.rows)
                .read("x", rows)
                .read("centroids", centroids)
                .write("clusters", &clusters)
                .write("cosines", &cosines)
                .flops(2 * rows.all_elements() * u64::from(centroids.rows))
                .over([count, 1, learners]);
            if iteration < iterations {
                tape.dispatch(&MOVE)
                    .set("rows", count)
                    .set("quads", columns / 4)
                    .set("clusters", centroids.rows)
                    .read("x", rows)
                    .read("clusters", &clusters)
                    .read("cosines", &cosines)
                    .read_write("centroids", centroids)
                    .flops(rows.all_elements())
                    .over([centroids.rows * columns / 4, 1, learners]);
            }
        }
        clusters
    })
}

/// Naive: the cluster of each row of learner `l`, its cosine, and how much less the next centroid's cosine is.
pub fn reference_assign(rows: &Host, centroids: &Host, l: usize) -> Vec<(usize, f64, f64)> {
    let cosine = |r: usize, k: usize| {
        let length = (0..rows.shape[2]).map(|c| centroids.at(l, k, c).powi(2)).sum::<f64>().sqrt();
        let along: f64 = (0..rows.shape[2]).map(|c| rows.at(l, r, c) * centroids.at(l, k, c)).sum();
        (length > 1e-6).then(|| along / length)
    };
    (0..rows.shape[1])
        .map(|r| {
            let mut all: Vec<(usize, f64)> = (0..centroids.shape[1]).filter_map(|k| Some((k, cosine(r, k)?))).collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let Some(&(best, most)) = all.first() else { return (0, -2.0, f64::INFINITY) };
            (best, most, all.get(1).map_or(f64::INFINITY, |next| most - next.1))
        })
        .collect()
}

/// Naive: where the centroids of learner `l` go, given each row's cluster and cosine.
pub fn reference_move(rows: &Host, centroids: &mut Host, l: usize, assigned: &[(usize, f64)]) {
    let [_, clusters, columns] = centroids.shape;
    let members = |k: usize| (0..rows.shape[1]).filter(move |&r| assigned[r].0 == k);
    let first_empty = (0..clusters).find(|&k| members(k).next().is_none());
    let worst = (0..rows.shape[1]).fold(0, |worst, r| if assigned[r].1 < assigned[worst].1 { r } else { worst });
    for k in 0..clusters {
        for c in 0..columns {
            let place = (l * clusters + k) * columns + c;
            if members(k).next().is_some() {
                centroids.values[place] = members(k).map(|r| rows.at(l, r, c)).sum();
            } else if first_empty == Some(k) {
                centroids.values[place] = rows.at(l, worst, c);
            }
        }
    }
}

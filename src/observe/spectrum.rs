//! Second moments of normalised rows, their eigenvalues and eigenvectors, and the effective rank (Roy and Vetterli, 2007).
//!
//! The eigenvalues come from a one-sided Jacobi iteration on the GPU: rotations of pairs of rows in round-robin order, with no
//! column access, in registers on software adapters. It wants a positive semi-definite matrix, which a second moment is; eigenvalues
//! come out as lengths of rows and are never negative.

use super::unit::{self, normalise};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};
use crate::ops::reference::Host;

const MEAN: Kernel = Kernel::new("observe/mean.wgsl");
const MOMENT: Kernel = Kernel::new("observe/moment.wgsl");
const EIGEN_SUBGROUP: Kernel = Kernel::new("observe/eigen_subgroup.wgsl");
const EIGEN_GROUP: Kernel = Kernel::new("observe/eigen_group.wgsl");
const EIGEN_SORT: Kernel = Kernel::new("observe/eigen_sort.wgsl");
const EFFECTIVE_RANK: Kernel = Kernel::new("observe/effective_rank.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "eigen",
    kernels: &["eigen_sort"],
    variants: &[
        Variant::software("subgroup", Needs::EightLanes, &["eigen_subgroup"]),
        Variant::gpu("group", Needs::Nothing, &["eigen_group"]),
    ],
};

/// The most dimensions that the eigenvalue kernels hold.
pub const MOST_DIMENSIONS: u32 = 128;

/// The most dimensions that a subgroup's registers hold.
const MOST_IN_REGISTERS: u32 = 32;

/// Eigenvalues and eigenvectors.
#[derive(Clone, Debug)]
pub struct Eigen {
    /// (L, 1, n), descending.
    pub values: Tensor,
    /// (L, n, n): row i belongs to value i; zeros where the value is 0.
    pub vectors: Tensor,
}

/// What the spectrum of normalised projections says.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// Eigenvalues of the covariance, descending: (L, 1, d rounded up to a multiple of 4), zeros at the end.
    pub values: Tensor,
    /// exp of the entropy of the normalised eigenvalues, 1 to d: (L, 1, 1).
    pub effective_rank: Tensor,
}

/// Second moment of the rows of u (L, R, n), n a multiple of 4, about their mean if `centred`, else about 0. → (L, n, n).
pub fn second_moment(tape: &mut Tape<'_>, u: &Tensor, centred: bool) -> Tensor {
    let [learners, rows, columns] = u.shape();
    assert!(columns.is_multiple_of(4), "{}: {columns} columns", u.name);
    let quads = columns / 4;
    let mean = tape.tensor("mean", [learners, 1, columns]);
    let y = tape.tensor("second_moment", [learners, columns, columns]);
    tape.dispatch(&MEAN)
        .set("rows", rows)
        .set("quads", quads)
        .set("scale", if centred { 1.0 / rows as f32 } else { 0.0 })
        .read("x", u)
        .write("y", &mean)
        .flops(u.all_elements())
        .over([quads, 1, learners]);
    tape.dispatch(&MOMENT)
        .set("rows", rows)
        .set("quads", quads)
        .read("x", u)
        .read("mean", &mean)
        .write("y", &y)
        .flops(2 * u.all_elements() * u64::from(columns))
        .over([quads * quads, 1, learners]);
    y
}

/// All eigenvalues and eigenvectors of symmetric positive semi-definite matrices (L, n, n), n a multiple of 4, at most 128.
///
/// # Panics
/// If the matrices have another size.
pub fn eigen(tape: &mut Tape<'_>, matrix: &Tensor) -> Eigen {
    let [learners, rows, columns] = matrix.shape();
    assert!(
        rows == columns && columns.is_multiple_of(4) && columns <= MOST_DIMENSIONS,
        "{}: {rows} x {columns}, but eigenvalues are taken of square matrices of at most {MOST_DIMENSIONS}",
        matrix.name
    );
    let rotated = tape.tensor("eigen_rotated", matrix.shape());
    let squared_lengths = tape.tensor("eigen_squared_lengths", [learners, 1, columns]);
    let values = tape.tensor("eigenvalues", [learners, 1, columns]);
    let vectors = tape.tensor("eigenvectors", matrix.shape());
    let in_registers = tape.chooses(&FAMILY, "subgroup", columns <= MOST_IN_REGISTERS);
    let (kernel, threads) = if in_registers { (EIGEN_SUBGROUP, 8) } else { (EIGEN_GROUP, 256) };
    tape.dispatch(&kernel)
        .set("quads", columns / 4)
        .read("matrix", matrix)
        .write("rotated", &rotated)
        .write("squared_lengths", &squared_lengths)
        .over([threads, 1, learners]);
    tape.dispatch(&EIGEN_SORT)
        .set("quads", columns / 4)
        .read("matrix", matrix)
        .read("rotated", &rotated)
        .read("squared_lengths", &squared_lengths)
        .write("values", &values)
        .write("vectors", &vectors)
        .over([columns, 1, learners]);
    Eigen { values, vectors }
}

/// Covariance spectrum and effective rank of L2-normalised z (L, R, d), d at most 128.
pub fn spectrum(tape: &mut Tape<'_>, z: &Tensor) -> Spectrum {
    tape.scope("spectrum", |tape| {
        let unit_rows = normalise(tape, z);
        let covariance = second_moment(tape, &unit_rows, true);
        let Eigen { values, .. } = eigen(tape, &covariance);
        let effective_rank = tape.tensor("effective_rank", [z.learners, 1, 1]);
        tape.dispatch(&EFFECTIVE_RANK)
            .set("learners", z.learners)
            .set("count", values.columns)
            .read("values", &values)
            .write("y", &effective_rank)
            .over([z.learners, 1, 1]);
        Spectrum { values, effective_rank }
    })
}

/// Naive second moment of the rows of u, about their mean if `centred`.
pub fn reference_second_moment(u: &Host, centred: bool) -> Host {
    let [learners, rows, columns] = u.shape;
    let mean = |l, c| if centred { (0..rows).map(|r| u.at(l, r, c)).sum::<f64>() / rows as f64 } else { 0.0 };
    let means = Host::from_fn([learners, 1, columns], |l, _, c| mean(l, c));
    Host::from_fn([learners, columns, columns], |l, i, j| {
        (0..rows).map(|r| (u.at(l, r, i) - means.at(l, 0, i)) * (u.at(l, r, j) - means.at(l, 0, j))).sum::<f64>() / rows as f64
    })
}

/// Naive eigenvalues, descending (L, 1, n), and eigenvectors in rows (L, n, n): cyclic two-sided Jacobi.
pub fn reference_eigen(matrix: &Host) -> (Host, Host) {
    let [learners, n, _] = matrix.shape;
    let (mut values, mut vectors) = (Host::zeros([learners, 1, n]), Host::zeros([learners, n, n]));
    for l in 0..learners {
        let mut a: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| matrix.at(l, i, j)).collect()).collect();
        let mut v: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect();
        for _ in 0..60 {
            for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
                if a[p][q].abs() < 1e-300 {
                    continue;
                }
                let zeta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = c * t;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                for rows in [&mut a, &mut v] {
                    let (head, tail) = rows.split_at_mut(q);
                    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
        for (place, &i) in order.iter().enumerate() {
            *values.at_mut(l, 0, place) = a[i][i];
            (0..n).for_each(|c| *vectors.at_mut(l, place, c) = v[i][c]);
        }
    }
    (values, vectors)
}

/// exp(−Σ p ln p), p = λ / Σλ with λ clamped to 0 and more; 1 if all are 0. values (L, 1, n) → (L, 1, 1).
pub fn reference_effective_rank(values: &Host) -> Host {
    Host::from_fn([values.shape[0], 1, 1], |l, _, _| {
        let all: Vec<f64> = (0..values.shape[2]).map(|c| values.at(l, 0, c).max(0.0)).collect();
        let total: f64 = all.iter().sum();
        let shares = all.iter().map(|value| value / total).filter(|&p| p > 0.0);
        if total > 0.0 { shares.map(|p| -p * p.ln()).sum::<f64>().exp() } else { 1.0 }
    })
}

/// Naive covariance eigenvalues of L2-normalised z (L, R, d) → (L, 1, d).
pub fn reference(z: &Host) -> Host {
    reference_eigen(&reference_second_moment(&unit::reference(z), true)).0
}

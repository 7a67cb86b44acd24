//! DINO's meters of the teacher's distributions over the prototypes (SCIENCE.md, section 6): how sharp each is, how evenly the
//! batch fills the prototypes, and how many of them it uses.
//!
//! Entropies are in nats, 0 to ln K. Their difference, the entropy of the mean less the mean entropy, is the mutual information
//! between image and prototype. Letters: L learners, R rows (all global crops of the batch), K prototypes.

use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};
use crate::ops::reference::Host;

const ROWS: Kernel = Kernel::new("observe/distribution_rows.wgsl");
const COLUMNS: Kernel = Kernel::new("observe/distribution_columns.wgsl");
const FOLD: Kernel = Kernel::new("observe/distribution_fold.wgsl");
const GROUP: Kernel = Kernel::new("observe/distribution_group.wgsl");

// Floating-point operations an element: logarithm, product, sum and comparison; mean and comparison.
const ROW_FLOPS: u64 = 4;
const COLUMN_FLOPS: u64 = 2;

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "distribution",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["distribution_rows", "distribution_columns", "distribution_fold"]),
        Variant::gpu("group", Needs::Nothing, &["distribution_group"]),
    ],
};

/// What [`distribution`] gives, each (L, 1, 1).
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Ht: the mean over the rows of their entropy.
    pub teacher_entropy: Tensor,
    /// Hm: the entropy of the mean row.
    pub mean_teacher_entropy: Tensor,
    /// The share of the prototypes that are the largest of some row (the first of equal ones).
    pub prototypes_used: Tensor,
}

/// Measures distributions p (L, R, K), whose rows sum to 1. No gradient.
pub fn distribution(tape: &mut Tape<'_>, p: &Tensor) -> Distribution {
    let [learners, rows, columns] = p.shape();
    let mut meter = |name| tape.tensor(name, [learners, 1, 1]);
    let measured = Distribution {
        teacher_entropy: meter("teacher_entropy"),
        mean_teacher_entropy: meter("mean_teacher_entropy"),
        prototypes_used: meter("prototypes_used"),
    };
    if tape.chooses(&FAMILY, "group", true) {
        let of_rows = tape.tensor("distribution_rows", [learners, rows, 1]);
        tape.dispatch(&GROUP)
            .set("rows", rows)
            .set("columns", columns)
            .read("p", p)
            .write("rows", &of_rows)
            .write("teacher_entropy", &measured.teacher_entropy)
            .write("mean_entropy", &measured.mean_teacher_entropy)
            .write("used", &measured.prototypes_used)
            .flops((ROW_FLOPS + COLUMN_FLOPS) * p.all_elements())
            .over([256, 1, learners]);
        return measured;
    }
    let of_rows = tape.tensor("distribution_rows", [learners, rows, 2]);
    let of_columns = tape.tensor("distribution_columns", [learners, columns, 2]);
    tape.dispatch(&ROWS)
        .set("rows", rows)
        .set("columns", columns)
        .read("p", p)
        .write("rows", &of_rows)
        .flops(ROW_FLOPS * p.all_elements())
        .over([rows, 1, learners]);
    tape.dispatch(&COLUMNS)
        .set("rows", rows)
        .set("columns", columns)
        .read("p", p)
        .read("rows", &of_rows)
        .write("columns", &of_columns)
        .flops(COLUMN_FLOPS * p.all_elements())
        .over([columns, 1, learners]);
    tape.dispatch(&FOLD)
        .set("learners", learners)
        .set("rows", rows)
        .set("columns", columns)
        .read("rows", &of_rows)
        .read("columns", &of_columns)
        .write("teacher_entropy", &measured.teacher_entropy)
        .write("mean_entropy", &measured.mean_teacher_entropy)
        .write("used", &measured.prototypes_used)
        // Sums of the rows' entropies; a logarithm, a product and a sum for each column.
        .flops(of_rows.all_elements() / 2 + 3 * of_columns.all_elements() / 2)
        .over([learners, 1, 1]);
    measured
}

fn entropy(distribution: impl Iterator<Item = f64>) -> f64 {
    distribution.map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 }).sum()
}

/// Naive: teacher_entropy, mean_teacher_entropy and prototypes_used of each learner.
pub fn reference(p: &Host) -> Vec<[f64; 3]> {
    let [learners, rows, columns] = p.shape;
    let of_learner = |l: usize| {
        let of_rows = (0..rows).map(|r| entropy((0..columns).map(|c| p.at(l, r, c)))).sum::<f64>() / rows as f64;
        let of_mean = entropy((0..columns).map(|c| (0..rows).map(|r| p.at(l, r, c)).sum::<f64>() / rows as f64));
        let mut used = vec![false; columns];
        for r in 0..rows {
            let best = (1..columns).fold(0, |best, c| if p.at(l, r, c) > p.at(l, r, best) { c } else { best });
            used[best] = true;
        }
        [of_rows, of_mean, used.iter().filter(|used| **used).count() as f64 / columns as f64]
    };
    (0..learners).map(of_learner).collect()
}

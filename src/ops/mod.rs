//! The operations, one file a kernel family: what is recorded, its backward, a naive CPU reference in f64, and a table of
//! cases that feeds parity, gradient check and bench alike.
//!
//! Shapes are (L, R, C): learners, rows, columns. A learner's result never depends on how many learners there are.

pub mod activation;
pub mod case;
pub mod layernorm;
pub mod reference;

/// Every operation's case table.
pub fn all_cases() -> Vec<case::Case> {
    [layernorm::cases()].into_iter().flatten().collect()
}

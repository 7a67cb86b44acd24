//! The meters: what is measured of a training step, on the GPU, and the verdict that follows from it.
//!
//! Recording functions put dispatches on a [`Tape`](crate::gpu::Tape) and have no backward. Every meter is taken on rows that
//! are L2-normalised as x / max(|x|, 1e-6), each learner by itself, in a fixed order. Beside each recording function stands
//! its naive f64 reference.

pub mod attention;
pub mod cluster;
pub mod distribution;
pub mod evaluation;
pub mod fragments;
pub mod history;
pub mod inspect;
pub mod knn;
pub mod likeliest;
pub mod moments;
pub mod neighbours;
pub mod pairs;
pub mod probe;
pub mod project;
pub mod spectrum;
pub mod spread;
pub mod step_log;
pub mod unit;
pub mod verdict;

use crate::data::views;
use crate::gpu::Family;
use crate::ops;

/// Every kernel family of the program: the operations', the crops', the meters'.
pub fn families() -> impl Iterator<Item = &'static Family> {
    ops::FAMILIES.into_iter().chain([&views::FAMILY, &spread::FAMILY, &distribution::FAMILY, &spectrum::FAMILY])
}

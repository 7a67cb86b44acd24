//! Where images come from and how views are made of them.

pub mod augment;
pub mod halvings;
pub use crate::rng;
pub mod synthetic;
pub mod views;

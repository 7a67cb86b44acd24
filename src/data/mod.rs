//! Where images come from and how views are made of them.

pub mod augment;
pub mod halvings;
pub mod rng;
pub mod synthetic;
pub mod views;

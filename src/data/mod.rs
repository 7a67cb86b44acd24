//! Where images come from and how views are made of them.

pub mod augment;
pub mod cifar10;
pub mod folder;
pub mod halvings;
pub mod idx;
mod picture;
pub mod progress;
pub use crate::rng;
pub mod source;
pub mod synthetic;
pub mod typed;
pub mod views;

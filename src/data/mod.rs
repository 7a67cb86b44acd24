//! Images: where they come from, and how views are made of them.

pub mod cifar10;
pub mod folder;
pub mod idx;
mod picture;
pub mod source;

//! Twinlens (crate docs come with the whole house).

pub mod config;
pub mod data;
pub mod gpu;

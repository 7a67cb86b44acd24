//! Twinlens (crate docs come with the whole house).

pub mod app;
pub mod command;
pub mod config;
pub mod gpu;
pub mod ops;
pub mod snapshot;
pub mod view;

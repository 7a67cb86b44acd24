//! Twinlens (crate docs come with the whole house).

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod data;
pub mod gpu;
pub mod methods;
pub mod nn;
pub mod observe;
pub mod ops;
pub mod rng;
pub mod save;
pub mod session;
pub mod snapshot;
pub mod train;
pub mod view;

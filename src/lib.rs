//! Twinlens.

pub mod config;

//! Twinlens (crate docs come with the whole house).

pub mod gpu;

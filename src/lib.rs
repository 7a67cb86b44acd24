//! Twinlens.

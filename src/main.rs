//! Twinlens: watch BYOL and DINO train live.

fn main() {}

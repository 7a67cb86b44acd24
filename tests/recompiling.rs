//! Mesa's software driver bakes uniform values into some kernels and then compiles them anew at every dispatch, which costs time
//! and is never given back: a run that is a night long would fill the memory. (Linux with llvmpipe only; elsewhere there is
//! nothing to see.)

use std::sync::Arc;

use twinlens::config::RunConfig;
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::session::{Cadence, Pace, Session};

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

/// Executable mappings of this process: compiled kernels have one each.
fn compiled() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter(|line| line.contains(" r-xp ")).count()
}

/// Mappings that were added in 20 steps that had run before, each followed by what `cadence` measures.
fn growth(preset: &str, overrides: &[&str], cadence: Cadence) -> usize {
    let all: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let config = RunConfig::load(preset, None, &all).expect("a valid configuration");
    let mut session = Session::open(gpu(), config, cadence).expect("a session");
    let mut run = |count| {
        session.advance(Pace::Steps(count)).expect("steps");
        session.settle().expect("a living device");
    };
    run(10);
    let before = compiled();
    run(20);
    compiled() - before
}

#[test]
fn kernels_are_compiled_once() {
    let headless = || Cadence::headless(1, None);
    let window = || Cadence { rank_every: 1, evaluate_every: None, cloud_every: Some(1), look_every: Some(1), ..Cadence::window() };
    for (preset, overrides, cadence) in [
        ("byol", &["batch=4", "image_size=16"][..], headless()),
        ("byol", &["batch=4", "image_size=16"], window()),
        ("byol", &["batch=4", "image_size=16"], Cadence::headless(1, Some(2))),
        ("byol-batchnorm", &["batch=4", "image_size=16"], headless()),
        ("multicrop-pyramid", &["batch=4"], headless()),
        ("attention", &["batch=2", "local_crops=2"], headless()),
        ("attention", &["batch=2", "local_crops=2"], window()),
    ] {
        let grown = growth(preset, overrides, cadence.clone());
        // One a step would be 20.
        assert!(grown < 5, "{preset}, {cadence:?}: {grown} kernels were compiled in 20 steps that had run before");
    }
}

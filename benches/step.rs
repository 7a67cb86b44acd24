//! Where a training step's time goes: `cargo bench --bench step [-- PRESET]`. Prints each kernel's share of a profiled step and the
//! steps per second of the plain replay. Figures are for comparing within one run; machines differ and are noisy.

use std::collections::BTreeMap;
use std::time::Instant;

use twinlens::config::RunConfig;
use twinlens::gpu::{AdapterChoice, Gpu, Profile};
use twinlens::session::{Cadence, Pace, Session};

const STEPS: u32 = 30;

fn main() {
    let preset = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_else(|| "byol".to_owned());
    let config = RunConfig::load(&preset, None, &[]).expect("a preset");
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    println!("{preset} on {}", gpu.info.name);
    let began = Instant::now();
    let mut session = Session::open(gpu.clone(), config, Cadence::headless(u64::MAX, None)).expect("a session");
    session.advance(Pace::Steps(1)).and_then(|()| session.settle()).expect("a step");
    println!("first step after {:.2} s", began.elapsed().as_secs_f64());
    let program = &session.trainer().recorded().program;
    let labels: Vec<String> = program.labels().map(str::to_owned).collect();
    let mut micros = vec![f64::INFINITY; labels.len()];
    let mut clock = None;
    for _ in 0..5 {
        let profile = Profile::measure(&gpu, program).expect("a profile");
        clock = Some(profile.clock);
        micros.iter_mut().zip(&profile.micros).for_each(|(best, &time)| *best = best.min(time));
    }
    let mut kernels: BTreeMap<&str, (u32, f64)> = BTreeMap::new();
    for (label, time) in labels.iter().zip(&micros) {
        let entry = kernels.entry(label.rsplit('/').next().unwrap_or(label)).or_default();
        *entry = (entry.0 + 1, entry.1 + time);
    }
    let total: f64 = micros.iter().sum();
    println!("{} dispatches, {:.1} ms, best of 5, clock {clock:?}", labels.len(), total / 1000.0);
    let mut rows: Vec<_> = kernels.into_iter().collect();
    rows.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    for (name, (calls, time)) in rows {
        println!("{:6.1} % {time:9.0} us {calls:3} x {name}", 100.0 * time / total);
    }
    if std::env::args().any(|argument| argument == "--each") {
        for (label, time) in labels.iter().zip(&micros) {
            println!("{time:9.0} us {label}");
        }
    }
    let began = Instant::now();
    session.advance(Pace::Steps(STEPS)).and_then(|()| session.settle()).expect("steps");
    println!("{:.1} steps/s over {STEPS} steps", f64::from(STEPS) / began.elapsed().as_secs_f64());
}

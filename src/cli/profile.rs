//! `twinlens profile`: where a training step's time goes, kernel by kernel, against what this adapter does at best.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::progress::bar;
use super::{AdapterFlags, Failure, RunFlags, loading};
use crate::command::Command;
use crate::gpu::{Gpu, improve_roof, measure_roof, recall_roof, roof_may_be_low, roof_of};
use crate::profile::{Roof, StepTimes, export};
use crate::save::Aside;
use crate::session::{Cadence, Pace, Session};

/// Steps before the first one that counts: they compile the kernels.
const WARM_UP: u32 = 3;

/// Steps in a run, so many that none has to wait for room for its times.
const RUN: u32 = 4;

/// Arguments of `profile`.
#[derive(Clone, Debug, Args)]
pub struct ProfileArgs {
    #[command(flatten)]
    run: RunFlags,
    /// Steps to measure.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=StepTimes::CAPACITY as i64))]
    steps: u32,
    /// Write the step as a trace for ui.perfetto.dev or chrome://tracing.
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
    /// Write one line a dispatch.
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
    /// Print one JSON object on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

/// The roof of an adapter; says so where it has to be measured.
pub fn roof(gpu: &Gpu) -> Result<Roof, Failure> {
    if recall_roof(gpu).is_none() {
        eprintln!("measuring what {} does at best (once; twinlens doctor --remeasure measures again)", gpu.info.name);
    }
    Ok(roof_of(gpu)?)
}

/// Profiled steps of a session that has none under way: their times, and the wall time of one in milliseconds (the median of
/// short runs of steps, which follow each other as they do in training). `done` hears of each run's steps.
pub fn measure(session: &mut Session, steps: u32, mut done: impl FnMut(u32)) -> Result<(StepTimes, f64), Failure> {
    session.apply(Command::ProfileSteps(true));
    let mut millis = Vec::new();
    for first in (0..steps).step_by(RUN as usize) {
        let count = RUN.min(steps - first);
        let began = Instant::now();
        session.advance(Pace::Steps(count))?;
        session.settle()?;
        millis.push(began.elapsed().as_secs_f64() * 1e3 / f64::from(count));
        if let Some(reason) = session.stopped() {
            return Err(Failure::Stopped(format!("training stopped: {reason}")));
        }
        done(count);
    }
    let times = session.snapshot().kernels.ok_or_else(|| Failure::Bug("profiled steps brought no times".to_owned()))?;
    session.apply(Command::ProfileSteps(false));
    millis.sort_by(f64::total_cmp);
    Ok(((*times).clone(), millis[(millis.len() - 1) / 2]))
}

/// Profiles.
pub fn run(args: &ProfileArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let config = args.run.config()?;
    let preset = config.preset.clone();
    let data = loading::load(&config.data)?;
    // A file that cannot be written is better known before the measurement than after it.
    let [trace, csv] = [&args.trace, &args.csv].map(|path| path.as_deref().map(reserved).transpose());
    let (trace, csv) = (trace?, csv?);
    let gpu = flags.open(&config)?;
    let mut roof = roof(&gpu)?;
    let mut session = Session::open_on(gpu.clone(), config, data, Cadence::headless(u64::MAX, None))?;
    session.advance(Pace::Steps(WARM_UP))?;
    session.settle()?;
    let bar = bar(u64::from(args.steps), "step");
    let (mut times, step_millis) = measure(&mut session, args.steps, |count| bar.inc(count.into()))?;
    bar.finish_and_clear();
    if times.beats_roof() && roof_may_be_low(&gpu) {
        eprintln!("a kernel is faster than what was measured as the best: measuring again");
        roof = improve_roof(&gpu, &measure_roof(&gpu)?);
        times.roof = Some(Arc::new(roof.clone()));
    }
    let kernel_millis = times.total_micros() / 1e3;
    let accounted = times.busy_micros / 1e3 / step_millis;
    let title = format!("twinlens {preset} on {}", gpu.info.name);
    for (file, text) in [(trace, export::trace(&times, &title)), (csv, export::csv(&times))] {
        if let Some(file) = file {
            fill(file, &text)?;
        }
    }
    if args.json {
        let object = json!({
            "preset": preset,
            "adapter": gpu.info.name,
            "clock": times.clock,
            "steps": times.steps,
            "dispatches": times.dispatches.len(),
            "step_millis": step_millis,
            "kernel_millis": kernel_millis,
            "accounted": accounted,
            "kernels": export::kernels(&times),
            "roof": roof,
        });
        println!("{object}");
        return Ok(());
    }
    println!("{title}: {} dispatches, median of {} steps", times.dispatches.len(), times.steps);
    println!("clock: {}", times.clock.told());
    export::roof(&roof).iter().for_each(|line| println!("roof: {line}"));
    println!();
    print!("{}", export::table(&times));
    println!();
    println!(
        "medians of all dispatches {kernel_millis:.2} ms; a profiled step {step_millis:.2} ms, its dispatches {:.1} % of it",
        100.0 * accounted
    );
    for path in [&args.trace, &args.csv].into_iter().flatten() {
        println!("written: {}", path.display());
    }
    Ok(())
}

/// A file that will be written.
pub fn reserved(path: &Path) -> Result<Aside, Failure> {
    Aside::new(path).map_err(|error| Failure::writing(path, &error))
}

/// Writes it, whole.
pub fn fill(file: Aside, text: &str) -> Result<(), Failure> {
    let path = file.path().to_owned();
    fs::write(file.aside(), text).and_then(|()| file.finish()).map_err(|error| Failure::writing(&path, &error))
}

//! `twinlens bench`: how fast whole steps are, what a step costs the CPU, how long the first one takes, and what it all needs of
//! memory. With --grow, how the time of a step grows with what it works on.
//!
//! Figures are for comparing within one run; machines differ and are noisy. Steps a second are the median of rounds of about a
//! quarter of a second.

mod growth;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::progress::bar;
use super::{AdapterFlags, Failure, profile};
use crate::config::RunConfig;
use crate::gpu::Gpu;
use crate::profile::{StepTimes, export};
use crate::session::{Cadence, Pace, Session};

/// What is measured where nothing is named.
const PRESETS: [&str; 4] = ["byol", "dino", "dino-vit", "multicrop"];
/// A round of steps takes about this long.
const ROUND: Duration = Duration::from_millis(250);
/// Rounds at least.
const FEWEST_ROUNDS: usize = 3;
/// Steps before the first that counts: they compile the kernels.
const WARM_UP: u32 = 3;
/// Steps whose encoding is timed.
const ENCODED: usize = 30;
/// Steps with the meters of `train`: one evaluation among them.
const METERED: u32 = 100;
/// Steps that are profiled.
const PROFILED: u32 = 12;

/// Arguments of `bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// Preset; may be repeated. [default: byol, dino, dino-vit, multicrop]
    #[arg(long)]
    preset: Vec<String>,
    /// Change a key of every preset; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Seconds of steps that are timed for each figure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Measure how steps slow down with batch, width, crops and learners instead: writes growth.json, growth.md and growth.svg.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "overrides"])]
    grow: Option<PathBuf>,
    /// Print one JSON object on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

/// What was measured of a preset.
struct Bench {
    preset: String,
    steps_per_second: f64,
    best_steps_per_second: f64,
    metered_steps_per_second: f64,
    encode_millis: f64,
    first_step_seconds: f64,
    /// Of all buffers and textures on the device; none where the backend does not tell.
    gpu_bytes: Option<u64>,
    /// Resident memory of this process; none where the system does not tell.
    process_bytes: Option<u64>,
    times: StepTimes,
    /// Wall time of a profiled step.
    profiled_millis: f64,
}

fn quiet() -> Cadence {
    Cadence::headless(u64::MAX, None)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Steps, done and known to be.
fn steps(session: &mut Session, count: u32) -> Result<Duration, Failure> {
    let began = Instant::now();
    session.advance(Pace::Steps(count))?;
    session.settle()?;
    match session.stopped() {
        Some(reason) => Err(Failure::Stopped(format!("training stopped: {reason}"))),
        None => Ok(began.elapsed()),
    }
}

/// Steps a second of a session that is warm, in rounds of about [`ROUND`] for about so long.
fn rounds(session: &mut Session, seconds: u64) -> Result<Vec<f64>, Failure> {
    let one = steps(session, 1)?.as_secs_f64();
    let count = (ROUND.as_secs_f64() / one).ceil().clamp(1.0, 1e5) as u32;
    let (began, mut speeds) = (Instant::now(), Vec::new());
    while speeds.len() < FEWEST_ROUNDS || began.elapsed() < Duration::from_secs(seconds) {
        speeds.push(f64::from(count) / steps(session, count)?.as_secs_f64());
    }
    Ok(speeds)
}

/// Bytes of this process in memory.
fn process_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Milliseconds that the CPU needs to encode and hand over one step while nothing else is under way.
fn encode_millis(session: &mut Session) -> Result<f64, Failure> {
    let mut millis = Vec::new();
    for _ in 0..ENCODED {
        let began = Instant::now();
        session.advance(Pace::Steps(1))?;
        millis.push(began.elapsed().as_secs_f64() * 1e3);
        session.settle()?;
    }
    Ok(median(millis))
}

fn bench(config: &RunConfig, flags: &AdapterFlags, seconds: u64, mut tell: impl FnMut(&'static str)) -> Result<Bench, Failure> {
    tell("kernels and roof");
    // Measured, where they are not known yet, before any clock runs.
    profile::roof(&*flags.open(config)?)?;
    tell("first step");
    let began = Instant::now();
    let gpu = flags.open(config)?;
    let mut session = Session::open(gpu.clone(), config.clone(), quiet())?;
    steps(&mut session, 1)?;
    let first_step_seconds = began.elapsed().as_secs_f64();
    steps(&mut session, WARM_UP)?;
    let gpu_bytes = gpu.device.generate_allocator_report().map(|report| report.total_allocated_bytes);
    let process_bytes = process_bytes();
    tell("steps");
    let speeds = rounds(&mut session, seconds)?;
    tell("encoding");
    let encode_millis = encode_millis(&mut session)?;
    tell("kernels");
    let (times, profiled_millis) = profile::measure(&mut session, PROFILED, |_| ())?;
    tell("steps with meters");
    let metered_steps_per_second = metered(&gpu, config)?;
    Ok(Bench {
        preset: config.preset.clone(),
        best_steps_per_second: speeds.iter().copied().fold(0.0, f64::max),
        steps_per_second: median(speeds),
        metered_steps_per_second,
        encode_millis,
        first_step_seconds,
        gpu_bytes,
        process_bytes,
        times,
        profiled_millis,
    })
}

/// Steps a second with the meters that `train` has by default, one kNN evaluation in a hundred steps.
fn metered(gpu: &Arc<Gpu>, config: &RunConfig) -> Result<f64, Failure> {
    let mut session = Session::open(gpu.clone(), config.clone(), Cadence::headless(10, Some(u64::from(METERED))))?;
    steps(&mut session, METERED / 10)?;
    let mut seconds = 0.0;
    for _ in 0..10 {
        seconds += steps(&mut session, METERED / 10)?.as_secs_f64();
    }
    Ok(f64::from(METERED) / seconds)
}

impl Bench {
    fn kernel_millis(&self) -> f64 {
        self.times.total_micros() / 1e3
    }

    fn object(&self) -> Value {
        json!({
            "preset": self.preset,
            "steps_per_second": self.steps_per_second,
            "best_steps_per_second": self.best_steps_per_second,
            "metered_steps_per_second": self.metered_steps_per_second,
            "dispatches": self.times.dispatches.len(),
            "encode_millis": self.encode_millis,
            "first_step_seconds": self.first_step_seconds,
            "gpu_bytes": self.gpu_bytes,
            "process_bytes": self.process_bytes,
            "step_millis": self.profiled_millis,
            "kernel_millis": self.kernel_millis(),
            "accounted": self.times.busy_micros / 1e3 / self.profiled_millis,
            "clock": self.times.clock,
            "kernels": export::kernels(&self.times),
        })
    }

    fn print(&self) {
        let mebibytes = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1_048_576.0));
        println!("{}", self.preset);
        println!(
            "  {:.2} steps/s (best round {:.2}), {:.2} with meters; first step after {:.2} s",
            self.steps_per_second, self.best_steps_per_second, self.metered_steps_per_second, self.first_step_seconds
        );
        println!(
            "  {} dispatches, {:.2} ms to encode and hand over; {} MiB on the device, {} MiB in this process",
            self.times.dispatches.len(),
            self.encode_millis,
            mebibytes(self.gpu_bytes),
            mebibytes(self.process_bytes)
        );
        println!(
            "  profiled: a step {:.2} ms, its dispatches {:.1} % of it",
            self.profiled_millis,
            self.times.busy_micros / 10.0 / self.profiled_millis
        );
        let shares = self.times.kernels.iter().take(6).map(|kernel| format!("{} {:.0} %", kernel.name, 100.0 * kernel.share));
        println!("  {}", shares.collect::<Vec<_>>().join(", "));
    }
}

/// Measures.
pub fn run(args: &BenchArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    if let Some(folder) = &args.grow {
        return growth::run(folder, args.seconds, args.json, flags);
    }
    let named = args.preset.iter().map(String::as_str);
    let presets: Vec<&str> = if args.preset.is_empty() { PRESETS.to_vec() } else { named.collect() };
    // Everything that the user wrote is checked before anything is measured.
    let configs = presets.iter().map(|preset| RunConfig::load(preset, None, &args.overrides)).collect::<Result<Vec<_>, _>>()?;
    let bar = bar(configs.len() as u64, "preset");
    let mut benches = Vec::new();
    for config in &configs {
        let bench = bench(config, flags, args.seconds, |what| bar.set_message(format!("{}: {what}", config.preset)))?;
        bar.inc(1);
        if !args.json {
            bar.suspend(|| bench.print());
        }
        benches.push(bench.object());
    }
    bar.finish_and_clear();
    if args.json {
        let gpu = Gpu::headless(&flags.choice())?;
        println!("{}", json!({ "adapter": gpu.info.name, "driver": gpu.driver(), "presets": benches }));
    }
    Ok(())
}

//! `twinlens train`: trains without a window.
//!
//! The log holds one JSON object a logging interval and no times, so the same seed gives the same bytes. Fields that were not
//! measured at that very step are null.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::gather::GatherFlags;
use super::script::{AtFlags, Script};
use super::summary::{fields, one_line, summary};
use super::{AdapterFlags, Failure, RunFlags, loading};
use crate::config::RunConfig;
use crate::session::{Cadence, Pace, Record, Session};
use crate::train::checkpoint::Checkpoint;

/// Arguments of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    gather: GatherFlags,
    #[command(flatten)]
    at: AtFlags,
    /// Train until this many steps are done, those before a --resume included.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    steps: u64,
    /// Networks trained side by side; learner i has the seed SEED + i.
    #[arg(long, value_name = "N", conflicts_with_all = ["twin", "seeds"])]
    learners: Option<u32>,
    /// Give each learner its own images and crops (otherwise all see learner 0's).
    #[arg(long, conflicts_with_all = ["twin", "seeds"])]
    own_crops: bool,
    /// Write one JSON object a logging interval.
    #[arg(long, value_name = "FILE.jsonl")]
    log: Option<PathBuf>,
    /// Steps between two log entries.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    log_every: u64,
    /// Steps between two kNN evaluations; 0: only at the start and at the end.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    evaluate_every: u64,
    /// Save a checkpoint at the end (and when training stops early).
    #[arg(long, value_name = "FILE.safetensors")]
    save: Option<PathBuf>,
    /// Save the event log at the end: a small file with everything that the run hangs on, for `twinlens replay`.
    #[arg(long, value_name = "FILE.toml", conflicts_with = "resume")]
    log_events: Option<PathBuf>,
    /// Go on from a checkpoint, bit for bit. --set may then change only what may change while it trains.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "seed", "learners", "own_crops", "twin", "seeds"])]
    resume: Option<PathBuf>,
    /// Print one JSON object with the outcome on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

fn open_session(args: &TrainArgs, flags: &AdapterFlags) -> Result<(Session, Script), Failure> {
    let evaluate_every = if args.evaluate_every == 0 { u64::MAX } else { args.evaluate_every };
    let cadence = Cadence::headless(args.log_every, Some(evaluate_every));
    // Everything that the user wrote is checked before the adapter is opened.
    if let Some(path) = &args.resume {
        let mut checkpoint = Checkpoint::read(path)?;
        for text in &args.run.overrides {
            let (key, value) = text.split_once('=').ok_or_else(|| Failure::Usage(format!("--set {text}: expected KEY=VALUE")))?;
            let mut views = checkpoint.config.views;
            for learner in &mut checkpoint.learners {
                let mut config = RunConfig { hyper: learner.hyper, ..checkpoint.config.clone() };
                config.set_live(key.trim(), value.trim())?;
                config.validate()?;
                (learner.hyper, views) = (config.hyper, config.views);
            }
            checkpoint.config.views = views;
        }
        if checkpoint.step > args.steps {
            return Err(Failure::Usage(format!("--steps {}: the checkpoint is already at step {}", args.steps, checkpoint.step)));
        }
        let script = args.at.script(&checkpoint.config, checkpoint.step, args.steps)?;
        let data = loading::load(&checkpoint.config.data)?;
        return Ok((Session::resume_on(flags.open(&checkpoint.config)?, &checkpoint, data, cadence)?, script));
    }
    let mut run = args.run.clone();
    run.overrides.extend(args.learners.map(|learners| format!("learners={learners}")));
    run.overrides.extend(args.own_crops.then(|| "own_crops=true".to_owned()));
    let population = args.gather.population(run.config()?)?;
    let script = args.at.script(&population.config, 0, args.steps)?;
    let data = loading::load(&population.config.data)?;
    Ok((Session::open_on(flags.open(&population.config)?, population, data, cadence)?, script))
}

/// Trains.
pub fn run(args: &TrainArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    // A log or a checkpoint that cannot be written is better known before the training than after it.
    let mut log = args.log.as_ref().map(|path| open_log(path, args.resume.is_some())).transpose()?;
    for (flag, path) in [("--save", &args.save), ("--log-events", &args.log_events)] {
        if let Some(path) = path {
            check_writable(flag, path)?;
        }
    }
    let (mut session, mut script) = open_session(args, flags)?;
    let bar = progress(args.steps, session.step());
    let began = Instant::now();
    let first = session.step();
    if first == 0 {
        session.advance(Pace::Steps(0))?;
        session.settle()?;
        report(&mut session, &mut log, &bar)?;
    }
    let training = Instant::now();
    let mut stopped = None;
    while session.step() < args.steps {
        let step = session.step();
        script.give(&mut session);
        let report_at = ((step / args.log_every + 1) * args.log_every).min(args.steps);
        let next = script.stop(report_at).max(step + 1);
        session.advance(Pace::Steps((next - step) as u32))?;
        session.settle()?;
        stopped = session.stopped().map(ToOwned::to_owned);
        if next < report_at && stopped.is_none() {
            continue;
        }
        report(&mut session, &mut log, &bar)?;
        if stopped.is_some() {
            break;
        }
    }
    let steps_per_second = (session.step() - first) as f64 / training.elapsed().as_secs_f64();
    script.give(&mut session);
    session.advance(Pace::Steps(0))?;
    if stopped.is_none() {
        session.evaluate_now()?;
    }
    bar.finish_and_clear();
    if let Some(log) = &mut log {
        log.file.get_ref().sync_all().map_err(|error| Failure::writing(&log.path, &error))?;
    }
    if let Some(path) = &args.save
        && stopped.is_none()
    {
        session.checkpoint()?.write(path)?;
    }
    if let Some(path) = &args.log_events
        && let Some(log) = session.event_log()?
    {
        log.write(path).map_err(|error| Failure::writing(path, &error))?;
    }
    let record = session.record();
    if args.json {
        println!("{}", summary(&session, steps_per_second, began.elapsed().as_secs_f64()));
    } else {
        print_summary(&session, &record, steps_per_second);
    }
    match stopped {
        Some(reason) => Err(Failure::Stopped(format!("training stopped: {reason}"))),
        None => Ok(()),
    }
}

struct Log {
    path: PathBuf,
    file: BufWriter<File>,
}

fn open_log(path: &PathBuf, append: bool) -> Result<Log, Failure> {
    let file = OpenOptions::new().create(true).write(true).append(append).truncate(!append).open(path);
    Ok(Log { path: path.clone(), file: BufWriter::new(file.map_err(|error| Failure::writing(path, &error))?) })
}

fn check_writable(flag: &str, path: &std::path::Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    if path.is_dir() || path.file_name().is_none() {
        return Err(Failure::Usage(format!("{flag} {}: that is a folder, not a file", path.display())));
    }
    std::fs::create_dir_all(folder).map_err(|error| Failure::writing(path, &error))
}

fn progress(steps: u64, done: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:32} step {pos}/{len}  {per_sec}  {msg}  {eta} left");
    let bar = ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_position(done);
    bar.reset_eta();
    bar
}

fn report(session: &mut Session, log: &mut Option<Log>, bar: &ProgressBar) -> Result<(), Failure> {
    let record = session.record();
    let first = &record.learners[0];
    if let Some(log) = log {
        let now = session.record_of_this_step();
        let mut line = Map::new();
        line.insert("step".to_owned(), json!(record.step));
        line.extend(fields(&now.learners[0], now.extras));
        if now.learners.len() > 1 {
            line.insert("learners".to_owned(), now.learners.iter().map(|meters| Value::Object(fields(meters, now.extras))).collect());
        }
        writeln!(log.file, "{}", Value::Object(line))
            .and_then(|()| log.file.flush())
            .map_err(|error| Failure::writing(&log.path, &error))?;
    }
    bar.set_position(record.step);
    bar.set_message(one_line(first));
    if bar.is_hidden() && record.step.is_multiple_of(100) {
        eprintln!("step {}: {}", record.step, one_line(first));
    }
    Ok(())
}

fn print_summary(session: &Session, record: &Record, steps_per_second: f64) {
    let config = session.config();
    println!("{} on {}, seed {}, {} steps, {steps_per_second:.1} steps/s", config.preset, config.data, config.seed, record.step);
    for notice in session.snapshot().notices {
        println!("  {notice}");
    }
    for (index, meters) in record.learners.iter().enumerate() {
        let name = if record.learners.len() > 1 { format!("learner {index}: ") } else { String::new() };
        println!("  {name}{}", one_line(meters));
    }
    println!("  {}", session.snapshot().verdict.reason);
}

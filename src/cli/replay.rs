//! `twinlens replay`: does the run of an event log again, from step 0, with every change at its step.
//!
//! With --verify the weights are compared with those that the log was saved with. They are the same to the bit on the adapter, the
//! driver and the kernels that it was made with; elsewhere they may differ, and then the last line says so. Exit code 0 if they are the
//! same (or were not compared), 4 if they differ, 2 for a file that cannot be used.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::script::Script;
use super::summary::summary;
use super::{AdapterFlags, Failure, loading, progress};
use crate::event_log::{EventLog, EventLogError};
use crate::gpu::Gpu;
use crate::session::{Cadence, Pace, Session, choices_of};

/// Arguments of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// An event log: saved in the window (Ctrl+S), or by `twinlens train --log-events`.
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    /// Compare the weights at the end with those of the run that was saved, bit for bit.
    #[arg(long)]
    verify: bool,
    /// Print one JSON object with the outcome on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

impl From<EventLogError> for Failure {
    fn from(error: EventLogError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Steps between two looks at the bar.
const LAP: u64 = 20;

/// Does the run again.
pub fn run(args: &ReplayArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let log = EventLog::read(&args.file)?;
    let data = loading::load(&log.origin.population.config.data)?;
    let gpu = Gpu::headless(&flags.choice())?;
    let choices = choices_of(&log, &gpu);
    gpu.set_choices(choices.clone().unwrap_or_default());
    let here = (gpu.info.name.clone(), gpu.driver());
    let mut session = Session::open_on(gpu, log.origin.population.clone(), data, Cadence::headless(LAP, None))?;
    let mut script = Script::of_log(&log.entries);
    let bar = progress::bar(log.steps, "step");
    let began = Instant::now();
    while session.step() < log.steps && session.stopped().is_none() {
        script.give(&mut session);
        let next = script.stop((session.step() + LAP).min(log.steps)).max(session.step() + 1);
        session.advance(Pace::Steps((next - session.step()) as u32))?;
        session.settle()?;
        bar.set_position(session.step());
    }
    script.give(&mut session);
    session.advance(Pace::Steps(0))?;
    session.settle()?;
    bar.finish_and_clear();
    let done = session.event_log()?.ok_or_else(|| Failure::Bug("a fresh run knows its beginning".to_owned()))?;
    let same = done.weights == log.weights && done.steps == log.steps;
    let seconds = began.elapsed().as_secs_f64();
    if args.json {
        let outcome = json!({
            "file": args.file.display().to_string(),
            "steps": done.steps,
            "events": log.entries.len(),
            "weights": done.weights,
            "saved_weights": log.weights,
            "same": same,
            "adapter": here.0,
            "driver": here.1,
            "saved_adapter": log.adapter,
            "saved_driver": log.driver,
            "saved_version": log.version,
            "outcome": summary(&session, done.steps as f64 / seconds, seconds),
        });
        println!("{outcome}");
    } else {
        let config = &log.origin.population.config;
        println!(
            "{} on {}, seed {}: {} steps, {} changes done again",
            config.preset,
            config.data,
            config.seed,
            done.steps,
            log.entries.len()
        );
        for notice in session.snapshot().notices {
            println!("  {notice}");
        }
        println!("  {}", session.snapshot().verdict.reason);
        println!("  {}", if same { "The weights are those of the log, to the bit." } else { "The weights are others than the log's." });
    }
    if args.verify && !same {
        return Err(Failure::Stopped(format!("weights differ: {}", why(&log, &here, choices.err()))));
    }
    Ok(())
}

/// Why the weights may differ.
fn why(log: &EventLog, here: &(String, String), kernels: Option<String>) -> String {
    let made = (log.adapter.clone(), log.driver.clone());
    match kernels {
        Some(kernels) => format!("{kernels}, and the log was made with them"),
        None if made.0 != here.0 => format!("made on {}, this is {}", made.0, here.0),
        None if made.1 != here.1 => format!("made with the driver {}, this is {}", made.1, here.1),
        None if log.version != env!("CARGO_PKG_VERSION") => {
            format!("made by version {}, this is {}; adapter and driver are the same", log.version, env!("CARGO_PKG_VERSION"))
        }
        None => "adapter, driver, kernels and version are those of the log, so another build of the program made it".to_owned(),
    }
}

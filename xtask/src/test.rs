//! `cargo xtask test`: formatting, lints, then every test; stops at the first stage that fails.
//!
//! Tests run one process each where cargo-nextest is there, because an error in the software
//! driver's compiler ends the whole process. All of it is the dev profile, so dependencies are
//! built once. The documentation's examples go first: the tests' own summary is then the last word.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::cargo::{cargo, has_subcommand};
use crate::setup;

/// One cargo command of the test run.
#[derive(Debug, PartialEq)]
struct Stage {
    name: &'static str,
    arguments: &'static [&'static str],
}

const FORMAT: Stage = Stage { name: "format", arguments: &["fmt", "--all", "--check"] };
const LINT: Stage = Stage { name: "lint", arguments: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"] };
const EXAMPLES: Stage = Stage { name: "documentation examples", arguments: &["test", "--workspace", "--doc"] };
const TESTS: Stage = Stage { name: "tests", arguments: &["nextest", "run", "--workspace"] };
/// All tests in few processes, two at a time as `.config/nextest.toml` has it.
const PLAIN_TESTS: Stage =
    Stage { name: "tests", arguments: &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--", "--test-threads=2"] };

pub fn test(no_install: bool) -> Result<(), Failure> {
    let start = Instant::now();
    setup::set_up(no_install, true)?;
    let mut report = vec![format!("{:>8}  set-up", seconds(start.elapsed()))];
    let (stages, notes) = stages(has_subcommand);
    for note in &notes {
        eprintln!("xtask: note: {note}");
    }
    for stage in stages {
        let line = format!("cargo {}", stage.arguments.join(" "));
        eprintln!("xtask: {}: {line}", stage.name);
        let stage_start = Instant::now();
        let status = cargo(stage.arguments)
            .stdin(Stdio::null())
            .status()
            .map_err(|error| Failure::failed(format!("`{line}` did not start: {error}")))?;
        let time = seconds(stage_start.elapsed());
        if !status.success() {
            return Err(Failure::failed(format!("FAILED at stage `{}` after {time}: {line} ({status})", stage.name)));
        }
        report.push(format!("{time:>8}  {}", stage.name));
    }
    for line in report {
        eprintln!("xtask: {line}");
    }
    for note in notes {
        eprintln!("xtask: note: {note}");
    }
    eprintln!("xtask: all passed in {}", seconds(start.elapsed()));
    Ok(())
}

/// Random input on the window; the seed is in the message if something is found.
pub fn fuzz(minutes: &str, seed: &str) -> Result<(), Failure> {
    let status = cargo(&["test", "--test", "window", "--", "--ignored", "--nocapture", "window_in_a_long_storm_of_random_input"])
        .env("TWINLENS_FUZZ_MINUTES", minutes)
        .env("TWINLENS_FUZZ_SEED", seed)
        .status()
        .map_err(|error| Failure::failed(format!("cargo did not start: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::failed(format!("the storm found something ({status})"))) }
}

/// The stages this machine's cargo can run, and a note on each that it cannot.
fn stages(has_subcommand: impl Fn(&str) -> bool) -> (Vec<Stage>, Vec<&'static str>) {
    let mut stages = Vec::new();
    let mut notes = Vec::new();
    if has_subcommand("fmt") {
        stages.push(FORMAT);
    } else {
        notes.push("formatting NOT checked: no rustfmt (`rustup component add rustfmt`)");
    }
    if has_subcommand("clippy") {
        stages.push(LINT);
    } else {
        notes.push("lints NOT checked: no clippy (`rustup component add clippy`)");
    }
    stages.push(EXAMPLES);
    if has_subcommand("nextest") {
        stages.push(TESTS);
    } else {
        notes.push(
            "no cargo-nextest (`cargo install --locked cargo-nextest`), so tests share processes: a \
             crash in the graphics driver ends the tests beside it",
        );
        stages.push(PLAIN_TESTS);
    }
    (stages, notes)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_runs_where_everything_is_there() {
        let (stages, notes) = stages(|_| true);
        assert_eq!(stages, [FORMAT, LINT, EXAMPLES, TESTS]);
        assert!(notes.is_empty());
    }

    #[test]
    fn what_is_missing_is_skipped_with_a_note_but_tests_always_run() {
        let (stages, notes) = stages(|_| false);
        assert_eq!(stages, [EXAMPLES, PLAIN_TESTS]);
        assert_eq!(notes.len(), 3);
    }
}

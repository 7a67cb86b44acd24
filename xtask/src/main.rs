//! `cargo xtask`: sets up what this machine lacks, then builds and runs Twinlens, or tests it.
//!
//! Standard library only, so that it compiles in a moment and before anything has been installed.
//! Looking at the machine (`probe`), deciding what is to be done (`setup`) and doing it are kept
//! apart, so that the decisions are tested on machines that do not exist.

#![forbid(unsafe_code)]

mod arguments;
mod cargo;
mod need;
mod probe;
mod run;
mod setup;
mod test;

use std::process::ExitCode;

use arguments::{Task, USAGE};

/// Why a task stopped: one message for the person, one exit code for the shell.
#[derive(Debug, PartialEq)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The caller or the machine must change something first (exit code 2).
    fn refused(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// A command that xtask started did not succeed (exit code 1).
    fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }
}

fn main() -> ExitCode {
    let outcome = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Task::Help) => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Ok(Task::Run { no_install, passed }) => run::run(no_install, &passed),
        Ok(Task::Fuzz { minutes, seed }) => test::fuzz(&minutes, &seed).map(|()| ExitCode::SUCCESS),
        Ok(Task::Test { no_install }) => test::test(no_install).map(|()| ExitCode::SUCCESS),
        Err(message) => Err(Failure::refused(message)),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("xtask: {}", failure.message);
        ExitCode::from(failure.code)
    })
}

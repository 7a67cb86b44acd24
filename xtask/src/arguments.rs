//! The command line of `cargo xtask`, parsed into a [`Task`] or refused in one line.

use std::ffi::OsString;

pub const USAGE: &str = "\
cargo xtask run [--no-install] [-- ARGUMENTS]   build Twinlens (release) and open its window;
                                                without a display, render the scene to a PNG and a GIF
cargo xtask test [--no-install]                 formatting, lints and all tests, as CI runs them
cargo xtask fuzz [--minutes N] [--seed S]       random input on a window under Xvfb, at every UI scale

run and test first install what a Debian or Ubuntu machine lacks, and say what before they do; elsewhere
they print the package names. --no-install prints what is missing and stops (exit code 2).
ARGUMENTS go to twinlens, for example:  cargo xtask run -- --preset byol-fast --seed 3
";

/// What the caller asked for.
#[derive(Debug, PartialEq)]
pub enum Task {
    Help,
    Run {
        no_install: bool,
        /// Everything after `--`, handed to `twinlens` untouched.
        passed: Vec<OsString>,
    },
    Test {
        no_install: bool,
    },
    /// Random input on the window.
    Fuzz {
        minutes: String,
        seed: String,
    },
}

fn fuzz(mut arguments: impl Iterator<Item = OsString>) -> Result<Task, String> {
    let (mut minutes, mut seed) = ("10".to_owned(), "1".to_owned());
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.into_string().ok()).filter(|value| value.parse::<f64>().is_ok_and(|n| n > 0.0));
        match (name.to_str(), value) {
            (Some("--minutes"), Some(value)) => minutes = value,
            (Some("--seed"), Some(value)) => seed = value,
            _ => return Err(format!("`{}`: `fuzz` takes `--minutes N` and `--seed S`, numbers above 0", name.display())),
        }
    }
    Ok(Task::Fuzz { minutes, seed })
}

/// Parses the arguments after `cargo xtask`.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, String> {
    let mut arguments = arguments.into_iter();
    let Some(task) = arguments.next() else {
        return Ok(Task::Help);
    };
    let is_run = match task.to_str() {
        Some("help" | "--help" | "-h") => return Ok(Task::Help),
        Some("run") => true,
        Some("test") => false,
        Some("fuzz") => return fuzz(arguments),
        _ => {
            return Err(format!("unknown task `{}`: `cargo xtask` knows `run`, `test` and `fuzz`", task.display()));
        }
    };
    let mut no_install = false;
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--no-install") => no_install = true,
            Some("--help" | "-h") => return Ok(Task::Help),
            Some("--") if is_run => {
                let passed = arguments.collect();
                return Ok(Task::Run { no_install, passed });
            }
            _ => {
                let given = argument.display();
                return Err(if is_run {
                    format!(
                        "unknown argument `{given}`: arguments for twinlens follow `--`, as in \
                         `cargo xtask run -- {given}`"
                    )
                } else {
                    format!("unknown argument `{given}`: `test` takes `--no-install` only")
                });
            }
        }
    }
    Ok(if is_run {
        let passed = Vec::new();
        Task::Run { no_install, passed }
    } else {
        Task::Test { no_install }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn bare_and_help_print_the_usage() {
        for line in ["", "help", "--help", "run --help", "test -h"] {
            assert_eq!(parsed(line), Ok(Task::Help), "{line}");
        }
    }

    #[test]
    fn run_passes_on_what_follows_the_dashes() {
        let passed = ["--preset", "byol", "--no-install", "--"].map(OsString::from);
        assert_eq!(
            parsed("run --no-install -- --preset byol --no-install --"),
            Ok(Task::Run { no_install: true, passed: passed.to_vec() })
        );
        assert_eq!(parsed("run"), Ok(Task::Run { no_install: false, passed: Vec::new() }));
    }

    #[test]
    fn test_takes_no_install() {
        assert_eq!(parsed("test"), Ok(Task::Test { no_install: false }));
        assert_eq!(parsed("test --no-install"), Ok(Task::Test { no_install: true }));
    }

    #[test]
    fn anything_else_is_refused_by_name_in_one_line() {
        for (line, name) in [("walk", "`walk`"), ("run --preset byol", "`--preset`"), ("test --quick", "`--quick`"), ("test --", "`--`")] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(name), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}

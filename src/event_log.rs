//! The event log: everything that a run hangs on, as a small file. Done again in its order on the same adapter, driver and kernels,
//! it gives the same weights to the bit, and the file says which.
//!
//! A [`EventLog`] that was read is whole: its configuration passes, every change names something that changes while the method
//! trains and fits its range, steps ascend, and no learner is named that is not there. The first line of the file is a checksum
//! of all that follows, so a file that was changed by a single byte is refused; [`file`] has the format.

mod file;

use std::collections::BTreeMap;
use std::path::Path;

use crate::command::{Change, Command, Gather};
use crate::config::error::shown;
use crate::config::{ConfigError, Population, RunConfig};
use crate::save;

/// Largest file that is read, in bytes.
pub const MAXIMUM_FILE_BYTES: u64 = 1 << 20;
/// Steps of a run at most, as for `train --steps`.
pub const MOST_STEPS: u64 = 100_000_000;
/// Entries at most.
pub const MOST_ENTRIES: usize = 10_000;

/// What is wrong with an event log. `Display` is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event log {place}: {problem}")]
pub struct EventLogError {
    /// The file, quoted.
    pub place: String,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

/// How a run began.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The learners at step 0.
    pub population: Population,
    /// The kernel variants that were asked for, by family.
    pub kernels: BTreeMap<String, String>,
}

/// Something that was changed between two steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A switch, a dial or the number of local crops, for one learner or for all.
    Change {
        /// For whom.
        learner: Option<u32>,
        /// What.
        change: Change,
    },
    /// Another variant of a kernel family; none: what suits the kind of adapter.
    Variant {
        /// The family's name.
        family: String,
        /// The variant's name.
        variant: Option<String>,
    },
    /// This learner goes on beside a copy of itself.
    Twin(u32),
    /// This learner goes on alone.
    Alone(u32),
}

/// An entry with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Dated {
    /// The last step that was done before it.
    pub step: u64,
    /// What was done.
    pub entry: Entry,
}

impl Entry {
    /// The commands that do it.
    pub fn commands(&self) -> Vec<Command> {
        match self {
            Self::Change { learner: Some(learner), change } => vec![Command::ChangeOne { learner: *learner, change: *change }],
            Self::Change { learner: None, change } => vec![change.command()],
            Self::Variant { family, variant } => vec![Command::SetVariant { family: family.clone(), variant: variant.clone() }],
            Self::Twin(learner) => vec![Command::BringToFront(*learner), Command::Gather(Gather::Twin(None))],
            Self::Alone(learner) => vec![Command::Gather(Gather::Alone(*learner))],
        }
    }
}

/// The record of a run, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventLog {
    /// Version of the program that wrote it.
    pub version: String,
    /// The adapter that trained.
    pub adapter: String,
    /// Its driver.
    pub driver: String,
    /// How the run began.
    pub origin: Origin,
    /// What was changed, in order.
    pub entries: Vec<Dated>,
    /// Completed steps.
    pub steps: u64,
    /// SHA-256 of the state after them, as [`crate::train::checkpoint::Checkpoint::digest`] defines it: 64 hexadecimal digits.
    pub weights: String,
}

impl EventLog {
    /// Reads a file, which may be broken or hostile.
    pub fn read(path: &Path) -> Result<Self, EventLogError> {
        let place = shown(&path.display().to_string());
        let fail = |problem: String| EventLogError { place: place.clone(), problem };
        let length = std::fs::metadata(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        if !length.is_file() || length.len() > MAXIMUM_FILE_BYTES {
            return Err(fail("is not a file of at most 1 MiB".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        Self::parse(&place, &bytes)
    }

    /// Reads the bytes of a file; `place` names it in errors.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self, EventLogError> {
        file::parse(bytes).map_err(|problem| EventLogError { place: place.to_owned(), problem })
    }

    /// The text of its file.
    pub fn text(&self) -> String {
        file::text(self)
    }

    /// Saves it, aside, synced, renamed.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        use std::io::Write as _;
        save::atomically(path, |file| file.write_all(self.text().as_bytes()))
    }

    /// The command that does the run again, on one line; what cannot be said so, in words.
    pub fn one_line(&self) -> Result<String, &'static str> {
        let RunConfig { preset, data, seed, .. } = &self.origin.population.config;
        let config = &self.origin.population.config;
        if self.origin.population != Population::from(config.clone()) || config.learners != 1 {
            return Err("Several learners do not fit on one line; save the event log as a file.");
        }
        let loaded = RunConfig::load(preset, None, &[]).ok();
        let mut base = loaded.ok_or("Its preset is none that the program knows by name; save the event log as a file.")?;
        let mut words = vec![format!("twinlens train --preset {}", quoted(preset))];
        if *data != base.data {
            words.push(format!("--data {}", quoted(&data.to_string())));
            base.set("data", &data.to_string()).map_err(|_| "Its data cannot be named; save the event log as a file.")?;
        }
        if *seed != base.seed {
            words.push(format!("--seed {seed}"));
        }
        for (key, value) in file::differences(&base, config) {
            if key != "seed" {
                words.push(format!("--set {key}={value}"));
            }
        }
        words.push(format!("--steps {}", self.steps));
        for Dated { step, entry } in &self.entries {
            let Entry::Change { learner: None | Some(0), change } = entry else {
                return Err("Twins and kernels do not fit on one line; save the event log as a file.");
            };
            let (key, value) = change.key_value();
            words.push(format!("--at {step}:{key}={value}"));
        }
        Ok(words.join(" "))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A change at a step, as `--at STEP:KEY=VALUE` has it.
pub fn parse_at(text: &str) -> Result<(u64, Change), ConfigError> {
    let place = "--at";
    let problem = || ConfigError::Inconsistent {
        what: format!("--at {}", shown(text)),
        mend: "write STEP:KEY=VALUE, for example --at 300:predictor=off",
    };
    let (step, change) = text.split_once(':').ok_or_else(problem)?;
    let step = step.trim().parse().ok().filter(|&step: &u64| step <= MOST_STEPS).ok_or_else(problem)?;
    let (key, value) = change.split_once('=').ok_or_else(problem)?;
    Ok((step, Change::read(place, key.trim(), value.trim())?))
}

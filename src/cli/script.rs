//! What is to be changed at which step of a run without a window: from `--at` flags, or from an event log.

use std::collections::VecDeque;

use clap::Args;

use super::Failure;
use crate::command::Command;
use crate::config::RunConfig;
use crate::event_log::{Dated, parse_at};
use crate::session::Session;

/// Changes of a run that is going on.
#[derive(Clone, Debug, Args)]
pub struct AtFlags {
    /// Change a switch, a dial or the number of local crops when so many steps are done, as with a key of the window; may be
    /// repeated, e.g. --at 300:predictor=off --at 412:predictor=on.
    #[arg(long = "at", value_name = "STEP:KEY=VALUE")]
    at: Vec<String>,
}

/// Commands with the steps after which they are given, ascending.
#[derive(Debug, Default)]
pub struct Script {
    due: VecDeque<(u64, Vec<Command>)>,
}

impl AtFlags {
    /// The changes, checked against the configuration of a run from step `first` to `last`.
    pub fn script(&self, config: &RunConfig, first: u64, last: u64) -> Result<Script, Failure> {
        let mut changes = self.at.iter().map(|text| parse_at(text)).collect::<Result<Vec<_>, _>>()?;
        // Those of one step stay in their order.
        changes.sort_by_key(|(step, _)| *step);
        let mut config = config.clone();
        for (step, change) in &changes {
            let (key, value) = change.key_value();
            if !(first..=last).contains(step) {
                return Err(Failure::Usage(format!("--at {step}:{key}={value}: the run goes from step {first} to {last}")));
            }
            config.set_from("--at", key, &value)?;
            config.validate()?;
        }
        Ok(Script { due: changes.into_iter().map(|(step, change)| (step, vec![change.command()])).collect() })
    }
}

impl Script {
    /// What an event log says.
    pub fn of_log(entries: &[Dated]) -> Self {
        Self { due: entries.iter().map(|dated| (dated.step, dated.entry.commands())).collect() }
    }

    /// The step up to which nothing changes, `wanted` at most.
    pub fn stop(&self, wanted: u64) -> u64 {
        self.due.front().map_or(wanted, |(step, _)| wanted.min(*step))
    }

    /// Gives the commands that are due at the session's step; they take effect before the next one.
    pub fn give(&mut self, session: &mut Session) {
        while self.due.front().is_some_and(|(step, _)| *step <= session.step()) {
            let Some((_, commands)) = self.due.pop_front() else { break };
            commands.into_iter().for_each(|command| session.apply(command));
        }
    }
}

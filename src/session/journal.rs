//! Everything that a run hangs on, from its first step: who began, and what was changed when. It becomes an
//! [`EventLog`](crate::event_log::EventLog), and says what is to be done again between two steps.

use std::sync::Arc;

use super::runs::Redo;
use super::{Session, SessionError, read};
use crate::config::Gathering;
use crate::event_log::{Dated, Entry, EventLog, Origin};
use crate::gpu::Choices;
use crate::observe;
use crate::train::checkpoint::Checkpoint;

/// The record of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    /// None for a run that went on from a checkpoint: what was before is not known.
    pub(super) origin: Option<Origin>,
    pub(super) entries: Vec<Dated>,
}

/// Kernel variants by family, as they are written down.
pub(super) fn kernels(choices: &Choices) -> std::collections::BTreeMap<String, String> {
    choices.iter().map(|(family, variant)| (family.to_owned(), variant.to_owned())).collect()
}

impl Session {
    /// Notes in the record of the run what was done.
    pub(super) fn note(&mut self, entry: Entry) {
        self.journal.entries.push(Dated { step: self.trainer.step(), entry });
    }

    /// The record of the run up to the present step, with a checksum of its state; waits for the GPU. None for a run that went on from
    /// a checkpoint.
    pub fn event_log(&mut self) -> Result<Option<EventLog>, SessionError> {
        self.finish_step()?;
        let Some(origin) = self.journal.origin.clone() else { return Ok(None) };
        let checkpoint = Checkpoint::capture(&self.trainer, String::new())?;
        Ok(Some(EventLog {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            adapter: self.gpu.info.name.clone(),
            driver: self.gpu.driver(),
            origin,
            entries: self.journal.entries.clone(),
            steps: self.trainer.step(),
            weights: checkpoint.digest(),
        }))
    }
}

impl Session {
    /// Starts an event log's run from step 0; its changes follow at their steps.
    pub(super) fn replay(&mut self, log: EventLog) -> Result<(), SessionError> {
        let choices = choices_of(&log, &self.gpu);
        let problem = choices.as_ref().err().map(|problem| format!("{problem}; the weights will not be those of the log"));
        let before = self.gpu.choices();
        let started = read(&log.origin.population.config.data).map_err(SessionError::from).and_then(|data| {
            self.gpu.set_choices(choices.unwrap_or_default());
            self.restart(log.origin.population.clone(), Arc::new(data))
        });
        match started {
            Ok(()) => {
                self.playing = false;
                self.notices.extend(problem);
                self.redo = Some(Redo { until: log.steps, entries: log.entries.clone().into() });
                self.replayed = Some(Box::new(log));
                Ok(())
            }
            Err(error) if !self.gpu.is_lost() => {
                self.gpu.set_choices(before);
                self.notices.push(format!("{error}; the run goes on as it was"));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Gathers learners while steps are done again.
    pub(super) fn gather_again(&mut self, chosen: &[u32], gathering: Gathering) -> Result<(), SessionError> {
        let redo = self.redo.take();
        if chosen.iter().all(|&learner| learner < self.trainer.config.learners) {
            self.go_on_with(chosen, gathering)?;
        }
        self.redo = redo;
        Ok(())
    }

    /// Says whether the weights are those of the log that was done again; waits for the GPU.
    pub(super) fn judge_replay(&mut self) -> Result<(), SessionError> {
        let Some(log) = self.replayed.take() else { return Ok(()) };
        let same = Checkpoint::capture(&self.trainer, String::new())?.digest() == log.weights;
        self.notices.push(match same {
            true => format!("Done again to step {}: the weights are those of the event log, to the bit.", log.steps),
            false => format!(
                "Done again to step {}: the weights differ from the event log's, which was made on {} ({}); this is {} ({}).",
                log.steps,
                log.adapter,
                log.driver,
                self.gpu.info.name,
                self.gpu.driver()
            ),
        });
        Ok(())
    }
}

/// The choices that a log's run began with, where all of them run on this adapter; else what does not.
pub fn choices_of(log: &EventLog, gpu: &crate::gpu::Gpu) -> Result<Choices, String> {
    let mut choices = Choices::default();
    for (family, variant) in &log.origin.kernels {
        let known = observe::families().find(|known| known.name == family);
        let offered = known.and_then(|known| Some((known, known.offered(gpu).find(|offered| offered.name == variant)?)));
        let (family, variant) = offered.ok_or_else(|| format!("no kernels '{variant}' of '{family}' run on this adapter"))?;
        choices.set(family, Some(variant));
    }
    Ok(choices)
}

//! Everything that a run hangs on, from its first step: who began, and what was changed when. It becomes an
//! [`EventLog`](crate::event_log::EventLog), and says what is to be done again between two steps.

use super::{Session, SessionError};
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

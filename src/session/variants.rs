//! Kernel variants of a running step: which there are, and another one put in between two steps.
//!
//! Measurements (cloud, kNN) keep the variants that they were recorded with until the next run: what is looked at is the step.

use std::sync::Arc;

use super::{Session, SessionError};
use crate::event_log::Entry;
use crate::gpu::Gpu;
use crate::observe;
use crate::snapshot::KernelChoice;
use crate::train::Trainer;

/// The families of the step that leave a choice on this adapter.
pub(super) fn of_step(gpu: &Gpu, trainer: &Trainer) -> Arc<Vec<KernelChoice>> {
    let choices = gpu.choices();
    let choices = trainer.recorded().program.consulted().iter().map(|consulted| KernelChoice {
        family: consulted.family.name,
        kernels: consulted.family.stems().collect(),
        offered: consulted.family.offered(gpu).map(|variant| variant.name).collect(),
        chosen: consulted.chosen.iter().copied().collect(),
        asked: choices.asked(consulted.family),
    });
    Arc::new(choices.filter(|choice| choice.offered.len() > 1).collect())
}

impl Session {
    /// Records the step anew with another variant of a family (none: what suits the kind of adapter). What cannot be done leaves
    /// a notice.
    pub(super) fn set_variant(&mut self, family: &str, variant: Option<&str>) -> Result<(), SessionError> {
        let found = observe::families().find(|known| known.name == family);
        let offered = found.and_then(|found| match variant {
            None => Some((found, None)),
            Some(name) => found.offered(&self.gpu).find(|offered| offered.name == name).map(|offered| (found, Some(offered))),
        });
        let Some((family, variant)) = offered else {
            self.notices.push(format!("no kernels '{}' of '{family}' run on this adapter", variant.unwrap_or_default()));
            return Ok(());
        };
        let mut choices = self.gpu.choices();
        choices.set(family, variant);
        self.gpu.set_choices(choices);
        log::info!("event step={} kernels {}={}", self.trainer.step(), family.name, variant.map_or("default", |variant| variant.name));
        self.note(Entry::Variant { family: family.name.to_owned(), variant: variant.map(|variant| variant.name.to_owned()) });
        self.trainer.record_again()?;
        self.recorded_again()
    }
}

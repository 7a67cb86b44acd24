//! Everything that a run hangs on, from its first step: who began, and what was changed when. Done again in this order, it gives
//! the same bits.

use crate::command::Change;
use crate::config::Population;
use crate::gpu::Choices;

/// How a run began.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The learners at step 0.
    pub population: Population,
    /// The kernel variants that were asked for.
    pub choices: Choices,
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
        family: &'static str,
        /// The variant's name.
        variant: Option<&'static str>,
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

/// The record of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    /// None for a run that went on from a checkpoint: what was before is not known.
    pub(super) origin: Option<Origin>,
    pub(super) entries: Vec<Dated>,
}

impl Journal {
    pub(super) fn push(&mut self, step: u64, entry: Entry) {
        self.entries.push(Dated { step, entry });
    }
}

//! What the picture knows of the run's past: the steps that can be gone back to, the one that is looked at, and the road that was
//! left.

use std::sync::Arc;

use super::History;

/// The run's past; none in a [`Snapshot`](super::Snapshot) where none is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The last step that was done, whatever step is looked at.
    pub now: u64,
    /// Steps whose states are kept, ascending; empty if a single state is too large.
    pub marks: Arc<[u64]>,
    /// The step that is looked at while training waits; none: now.
    pub shown: Option<u64>,
    /// The step up to which steps are being done again.
    pub again: Option<u64>,
    /// What was left by going on from an earlier step.
    pub road: Option<Road>,
    /// Bytes of one state.
    pub each: u64,
    /// Bytes that all states may take.
    pub budget: u64,
}

impl Past {
    /// Bytes that the states take at the moment.
    pub fn bytes(&self) -> u64 {
        self.each * (self.marks.len() as u64 + u64::from(self.road.is_some()))
    }
}

/// The road that is not taken: it can be returned to, bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Road {
    /// The last step on it.
    pub step: u64,
    /// The last step that both roads have.
    pub fork: u64,
    /// The meters along it, one a learner.
    pub histories: Arc<[Arc<History>]>,
}

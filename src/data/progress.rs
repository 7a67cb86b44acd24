//! How far the reading of a source is, and the word to stop it.
//!
//! Contract: a reader tells its listener in between, from the thread that called it; if the listener breaks off, the reader ends soon
//! with [`SourceError::Cancelled`].

use std::ops::ControlFlow;

use super::source::SourceError;

/// What a reader is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Looking through folders; how much there is, is not known yet.
    #[default]
    Finding,
    /// Reading each picture's size.
    Measuring,
    /// Reading pixels.
    Reading,
}

impl Stage {
    /// As a word: "reading 1,240 of 5,000".
    pub const fn word(self) -> &'static str {
        match self {
            Self::Finding => "finding pictures",
            Self::Measuring => "measuring",
            Self::Reading => "reading",
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Images done in this stage.
    pub done: usize,
    /// Images to do in this stage; 0 while that is not known.
    pub total: usize,
}

/// Hears of the progress; breaks off to stop the reading.
pub type Listener<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// A listener's answer as a result.
pub(super) fn tell(listener: &mut Listener<'_>, stage: Stage, done: usize, total: usize) -> Result<(), SourceError> {
    match listener(Progress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(SourceError::Cancelled),
    }
}

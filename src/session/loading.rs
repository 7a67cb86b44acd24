//! Images on their way in, while the run that is going on trains.
//!
//! Contract: reading happens on a thread of its own; dropping a [`LoadingData`] stops it soon.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::start::LoadedData;
use crate::config::DataSpec;
use crate::data::progress::Progress;
use crate::data::source::SourceError;
use crate::snapshot::Loading;

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    cancelled: AtomicBool,
}

/// A data set that is being read.
pub(super) struct LoadingData {
    spec: DataSpec,
    receiver: Receiver<Result<LoadedData, SourceError>>,
    shared: Arc<Shared>,
}

impl Drop for LoadingData {
    fn drop(&mut self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }
}

impl LoadingData {
    pub(super) fn start(spec: DataSpec) -> Self {
        let (sender, receiver) = channel();
        let shared: Arc<Shared> = Arc::default();
        let (told, source) = (shared.clone(), spec.clone());
        std::thread::spawn(move || {
            let result = LoadedData::load(&source, &mut |progress| {
                *told.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
                if told.cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            // A receiver that is gone means that nobody waits any more.
            let _ = sender.send(result);
        });
        Self { spec, receiver, shared }
    }

    pub(super) fn spec(&self) -> &DataSpec {
        &self.spec
    }

    /// How far it is, as the picture tells it.
    pub(super) fn told(&self) -> Loading {
        let Progress { stage, done, total } = *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner);
        Loading { name: self.spec.short(), doing: stage.word(), done: done as u64, total: total as u64 }
    }

    /// What came of it, once it is done.
    pub(super) fn poll(&self) -> Option<Result<LoadedData, SourceError>> {
        match self.receiver.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(SourceError::unreadable(&self.spec, "the reader stopped"))),
        }
    }
}

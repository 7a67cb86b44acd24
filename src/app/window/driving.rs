//! What it is time for: the training gets its slices here, never from redraws, and a frame is asked for when one is due.

use std::time::{Duration, Instant};

use super::Open;
use crate::app::pacing::{Moment, Turn};
use crate::command::Command;
use crate::gpu::GpuError;
use crate::session::{Pace, SessionError};

/// Until another look where the training has nothing to do at the moment, though it goes on: it is held to a speed, or waits for numbers.
const LOOK: Duration = Duration::from_millis(2);

/// Time between two copies of the run's state, for the case that the device is lost.
const KEEP_SAFE: Duration = Duration::from_secs(20);

impl Open {
    /// The picture changes by itself.
    pub(super) fn is_moving(&self) -> bool {
        self.snapshot.playing || self.recorder.is_some() || self.screen.is_settling() || !self.session.is_idle()
    }

    /// Does what it is time for: asks for a frame, or gives the training a slice. Gives the time until it is to be called again;
    /// none when the device is lost.
    pub(super) fn go_on(&mut self) -> Result<Option<Duration>, SessionError> {
        self.pacing.divide(self.snapshot.division);
        self.pacing.hurry(!self.first_step_shown);
        self.visibility.look(&self.window, self.occluded, self.session.step());
        let handed = match self.turn() {
            Turn::Draw => {
                self.window.request_redraw();
                return Ok(Some(LOOK));
            }
            Turn::Train(slice) => slice,
            Turn::Wait(_) => Duration::ZERO,
        };
        if !self.train(handed)? {
            return Ok(None);
        }
        let begun = self.session.handed_over();
        if handed > Duration::ZERO {
            self.pacing.fed(begun);
        }
        Ok(Some(match self.turn() {
            Turn::Wait(time) => time,
            Turn::Train(_) if begun > Duration::ZERO => Duration::ZERO,
            Turn::Train(_) => LOOK,
            Turn::Draw => {
                self.window.request_redraw();
                LOOK
            }
        }))
    }

    /// What it is time for.
    pub(super) fn turn(&mut self) -> Turn {
        let least = self.session.next_cost().unwrap_or_default();
        self.pacing.turn(&Moment {
            now: Instant::now(),
            moving: self.is_moving(),
            hidden: self.visibility.hidden,
            under_way: self.session.under_way(),
            least,
        })
    }

    /// Gives the training a slice (or none) and takes in what has come back; false when the device is lost.
    pub(super) fn train(&mut self, slice: Duration) -> Result<bool, SessionError> {
        let Some(graphics) = &self.graphics else { return Ok(false) };
        let gpu = graphics.gpu.clone();
        let result = self.session.advance(Pace::Budget(slice)).and_then(|()| {
            // What a lost device would cost; reading the weights back is a short hitch, so not too often.
            if self.session.steps_at_risk() > 0 && self.kept_safe.elapsed() > KEEP_SAFE {
                self.kept_safe = Instant::now();
                self.session.keep_safe()?;
            }
            Ok(())
        });
        match result {
            _ if gpu.is_lost() => Ok(false),
            Ok(()) => Ok(true),
            Err(SessionError::Gpu(GpuError::Lost(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn apply(&mut self, commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        for command in commands {
            log::info!(target: "twinlens::event", "command {command:?}");
            self.session.apply(command);
            self.applied += 1;
        }
        self.snapshot = self.session.snapshot();
        self.pacing.wake(false);
    }
}

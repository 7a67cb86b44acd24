//! Whether anybody can see the window, told in the event log whenever it changes, with the steps trained since.

use std::time::{Duration, Instant};

use winit::window::Window;

/// Whether anybody can see the window, and what was trained since that last changed.
pub(super) struct Visibility {
    /// Nobody can.
    pub(super) hidden: bool,
    since: Instant,
    step: u64,
    minimized: bool,
    asked: Instant,
}

impl Visibility {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { hidden: false, since: now, step: 0, minimized: false, asked: now }
    }

    /// Looks whether it is hidden; tells of a change in the event log.
    pub(super) fn look(&mut self, window: &Window, occluded: bool, step: u64) {
        let now = Instant::now();
        // No display tells of this by itself, and asking waits for the answer.
        if now - self.asked > Duration::from_millis(250) {
            (self.minimized, self.asked) = (window.is_minimized() == Some(true), now);
        }
        let hidden = occluded || self.minimized;
        if hidden != self.hidden {
            let what = if hidden { "hidden" } else { "visible" };
            // A new run counts from 0 again.
            let (steps, seconds) = (step.saturating_sub(self.step), (now - self.since).as_secs_f32());
            log::info!(target: "twinlens::event", "{what} at step {step}: {steps} steps in {seconds:.2} s before");
            (self.hidden, self.since, self.step) = (hidden, now, step);
        }
    }
}

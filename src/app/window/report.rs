//! The event log (`RUST_LOG=twinlens=info`): what happened in the training, the first step shown, twice a second what is shown.

use std::time::{Duration, Instant};

use super::Open;
use crate::app::WindowOptions;
use crate::snapshot::Change;

impl Open {
    /// Writes what happened to the event log.
    pub(super) fn report(&mut self, options: &WindowOptions) {
        let snapshot = &self.snapshot;
        if snapshot.events.len() < self.events_logged {
            self.events_logged = 0;
        }
        for event in &snapshot.events[self.events_logged..] {
            let whose = event.learner.map_or_else(String::new, |learner| format!(" for learner {learner} alone"));
            match event.change {
                Change::Switch(switch, on) => {
                    let state = if on { "on" } else { "off" };
                    log::info!(target: "twinlens::event", "switch {} {state} at step {}{whose}", switch.key(), event.step);
                }
                Change::Dial(dial, value) => {
                    log::info!(target: "twinlens::event", "dial {} {value} at step {}{whose}", dial.key(), event.step);
                }
                Change::LocalCrops(locals) => log::info!(target: "twinlens::event", "local_crops {locals} at step {}", event.step),
            }
        }
        self.events_logged = snapshot.events.len();
        // A new run brings its own list of notices.
        let known = if snapshot.notices.starts_with(&self.notices_logged) { self.notices_logged.len() } else { 0 };
        for notice in &snapshot.notices[known..] {
            log::info!(target: "twinlens::event", "notice {notice}");
        }
        if known < snapshot.notices.len() {
            self.notices_logged.clone_from(&snapshot.notices);
        }
        if self.rebuilds == 0
            && options.lose_device_at.is_some_and(|step| snapshot.step >= step)
            && let Some(graphics) = &self.graphics
        {
            graphics.gpu.device.destroy();
        }
        if !self.first_step_shown && snapshot.step > 0 {
            self.first_step_shown = true;
            let seconds = options.started.elapsed().as_secs_f32();
            log::info!(target: "twinlens::event", "first trained step shown after {seconds:.2} s");
        }
        if self.last_report.elapsed() >= Duration::from_millis(500) {
            self.last_report = Instant::now();
            let fps = self.pacing.frames_per_second();
            let playing = if snapshot.playing { "playing" } else { "paused" };
            let [training, drawing] = [snapshot.shares.training, snapshot.shares.drawing].map(|share| 100.0 * share);
            log::info!(
                target: "twinlens::event",
                "shown step {} {playing} {fps:.1} fps {:.1} steps/s, training {training:.0} %, drawing {drawing:.0} %",
                snapshot.step,
                snapshot.steps_per_second,
            );
        }
    }
}

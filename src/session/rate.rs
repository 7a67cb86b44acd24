//! Steps a second, by the numbers that arrive.
//!
//! Contract: it counts from one look to a later one, the steps whose numbers had come by then. Subtlety: numbers of several steps come
//! together, and at that moment all of those steps were done: a count that began with the first of them would take the others for
//! steps done since.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far back it looks.
const WINDOW: Duration = Duration::from_secs(2);
/// Looks that lie closer say nothing of the time between steps.
const LEAST: Duration = Duration::from_millis(100);

/// Counts steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    /// Looks at which numbers had come, with the last of their steps; a step at most once.
    looks: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// The numbers of `step` were there at the look at `at`; looks come in their order, and the steps of each in theirs.
    pub(super) fn arrived(&mut self, at: Instant, step: u64) {
        match self.looks.back_mut() {
            Some(look) if look.0 == at => look.1 = step,
            _ => self.looks.push_back((at, step)),
        }
        // The newest look beyond the window stays: slow steps have few.
        while self.looks.len() > 2 && at - self.looks[1].0 > WINDOW {
            self.looks.pop_front();
        }
    }

    /// Steps a second over the last two seconds; 0 when nothing has come for as long, or too little to tell.
    pub(super) fn steps_per_second(&self, now: Instant) -> f32 {
        match (self.looks.front(), self.looks.back()) {
            (Some(first), Some(last)) if last.0 - first.0 > LEAST && now - last.0 < WINDOW => {
                last.1.saturating_sub(first.1) as f32 / (last.0 - first.0).as_secs_f32()
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is made up: steps take `millis` each, and a look after every `burst` of them finds their numbers.
    fn run(rate: &mut Rate, start: Instant, millis: f64, burst: u64, steps: u64) -> Instant {
        let mut now = start;
        for step in 1..=steps {
            now = start + Duration::from_secs_f64((step.div_ceil(burst) * burst).min(steps) as f64 * millis / 1e3);
            rate.arrived(now, step);
        }
        now
    }

    #[test]
    fn bursts_do_not_count_what_was_done_before_them() {
        let start = Instant::now();
        for burst in [1, 2, 4, 8] {
            for steps in [24, 100, 1000] {
                let mut rate = Rate::default();
                let now = run(&mut rate, start, 11.7, burst, steps);
                let told = rate.steps_per_second(now);
                assert!((told - 1000.0 / 11.7).abs() < 0.1, "{told} steps/s with bursts of {burst}, {steps} steps");
            }
        }
    }

    #[test]
    fn slow_steps_have_a_rate_and_silence_has_none() {
        let start = Instant::now();
        let mut rate = Rate::default();
        let now = run(&mut rate, start, 1500.0, 1, 3);
        assert!((rate.steps_per_second(now) - 1.0 / 1.5).abs() < 1e-3);
        assert_eq!(rate.steps_per_second(now + WINDOW), 0.0);
        let mut rate = Rate::default();
        let now = run(&mut rate, start, 11.7, 4, 4);
        assert_eq!(rate.steps_per_second(now), 0.0, "one look says nothing");
    }

    #[test]
    fn it_follows_a_change_within_its_window() {
        let mut rate = Rate::default();
        let now = run(&mut rate, Instant::now(), 10.0, 4, 400);
        for step in 1..=60_u64 {
            rate.arrived(now + Duration::from_millis(50 * step), 400 + step);
        }
        let told = rate.steps_per_second(now + Duration::from_millis(50 * 60));
        assert!((told - 20.0).abs() < 0.5, "{told} steps/s at 20");
    }
}

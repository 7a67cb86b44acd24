//! How far the flow in the diagram has moved: with the steps that were really done, and only with them. A paused, stopped or
//! walked training stands still; a fast one moves fast, but never faster than the eye can follow.
//!
//! Subtlety: steps come in bursts (several between two frames, or one in many frames), so what they move is owed and paid out over
//! the next frames; nothing is paid that was not earned by a step.

/// Speed in logical pixels a second that the fastest training comes near to.
const FASTEST: f32 = 84.0;
/// Steps a second at which half of that is reached.
const HALF: f32 = 3.0;
/// Seconds in which most of what is owed is paid out.
const SMOOTH: f32 = 0.14;
/// After this distance everything that repeats looks the same again: a multiple of all spacings.
const ROUND: f32 = 960.0;

/// The flow's place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// The newest step that it has moved for.
    seen: Option<u64>,
    owed: f32,
    at: f32,
}

impl Flow {
    /// Takes in the measured step and rate (steps a second), `seconds` after the frame before; gives the place, in logical pixels.
    pub fn follow(&mut self, step: u64, rate: f32, seconds: f32) -> f32 {
        let done = step.checked_sub(self.seen.unwrap_or(step));
        self.seen = Some(step);
        let rate = if rate.is_nan() { 0.0 } else { rate.max(0.0) };
        match done {
            Some(done) => self.owed = (self.owed + done.min(100_000) as f32 * FASTEST / (rate + HALF)).min(0.5 * FASTEST),
            // Another run.
            None => self.owed = 0.0,
        }
        let part = 1.0 - (-seconds.max(0.0) / SMOOTH).exp();
        let paid = if self.owed < 0.3 { self.owed } else { self.owed * part };
        self.owed -= paid;
        self.at = (self.at + paid).rem_euclid(ROUND);
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_with_steps_only() {
        let mut flow = Flow::default();
        let start = flow.follow(100, 12.0, 0.016);
        assert!((0..50).all(|_| flow.follow(100, 12.0, 0.016) == start), "no step, no flow");
        let mut last = start;
        for step in 101..160 {
            let now = flow.follow(step, 60.0, 0.016);
            assert!(now > last, "each step moves it");
            last = now;
        }
        let settled = (0..200).fold(0.0, |_, _| flow.follow(159, 0.0, 0.016));
        assert_eq!(flow.follow(159, 0.0, 0.016), settled, "and it comes to rest");
    }

    #[test]
    fn faster_training_is_faster_up_to_what_is_legible() {
        let speed = |steps: u64| {
            let mut flow = Flow::default();
            let mut moved = 0.0;
            let mut last = flow.follow(0, steps as f32 * 60.0, 1.0 / 60.0);
            for frame in 1..=120 {
                let now = flow.follow(frame * steps, steps as f32 * 60.0, 1.0 / 60.0);
                moved += (now - last).rem_euclid(ROUND);
                last = now;
            }
            moved / 2.0
        };
        let speeds = [1, 2, 20, 5000].map(speed);
        assert!(speeds.is_sorted() && speeds[3] <= FASTEST * 1.05, "{speeds:?}");
    }

    #[test]
    fn nothing_makes_it_run_away() {
        let mut flow = Flow::default();
        for (step, rate) in [(0, f32::NAN), (u64::MAX, f32::INFINITY), (3, -1.0), (9, 0.0)] {
            assert!((0.0..=ROUND).contains(&flow.follow(step, rate, 1.0)));
        }
    }
}

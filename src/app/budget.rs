//! How much training fits between two frames, and when the next frame is due: a closed loop.
//!
//! A frame waits for everything that was handed over before it, so between two frames no more is handed over than is done until the
//! next one is due. The budget begins as what the frames leave (the aim from frame to frame, less what a frame was measured to
//! cost), is halved when a frame came late, and raised slowly while they come in time. Subtlety: a software adapter draws with the
//! cores that train, so idling is waste there; with a smaller budget its frames come sooner instead. A display's frames do not.

use std::collections::VecDeque;
use std::time::Duration;

use crate::command::Division;

/// Frames by which a frame's cost is judged.
const RECENT: usize = 32;
/// Turbo: from frame to frame.
const TURBO: Duration = Duration::from_millis(333);
/// The longest that is aimed at from frame to frame, however much of the time training is to get.
const LONGEST: Duration = Duration::from_millis(500);

/// The loop's state.
#[derive(Clone, Debug)]
pub struct Budget {
    software: bool,
    division: Division,
    /// Costs of the last frames, drawn and presented.
    costs: VecDeque<Duration>,
    /// Share of the free time that is used: halved when a frame came late.
    trust: f32,
}

impl Budget {
    /// For an adapter.
    pub const fn new(software: bool) -> Self {
        Self { software, division: Division::Smooth, costs: VecDeque::new(), trust: 1.0 }
    }

    /// Divides the time in another way.
    pub fn divide(&mut self, division: Division) {
        if self.division != division {
            (self.division, self.trust) = (division, 1.0);
        }
    }

    /// What a frame costs: the 95th percentile of the last ones.
    pub fn frame_cost(&self) -> Duration {
        let mut costs: Vec<_> = self.costs.iter().copied().collect();
        costs.sort_unstable();
        costs.get(costs.len() * 95 / 100).copied().unwrap_or(Duration::from_millis(if self.software { 12 } else { 2 }))
    }

    /// From frame to frame where that looks smooth.
    const fn smooth(&self) -> Duration {
        if self.software { Duration::from_millis(40) } else { Duration::from_micros(16_600) }
    }

    /// What is aimed at from frame to frame.
    pub fn goal(&self) -> Duration {
        match self.division {
            Division::Smooth => self.smooth(),
            Division::Share(share) => {
                let fastest = if self.software { self.smooth() / 2 } else { self.smooth() };
                self.frame_cost().div_f32((1.0 - share).max(0.02)).clamp(fastest, LONGEST)
            }
            Division::Turbo => TURBO,
        }
    }

    /// Time for training between two frames.
    pub fn training(&self) -> Duration {
        let goal = self.goal();
        let free = match self.division {
            Division::Share(share) => goal.mul_f32(share),
            Division::Smooth | Division::Turbo => goal.saturating_sub(self.frame_cost()),
        };
        Duration::from_micros((free.as_micros() as f32 * self.trust) as u64).max(self.least())
    }

    /// What training gets between two frames at least, however expensive and late they are: a third of the time.
    pub fn least(&self) -> Duration {
        (self.frame_cost() / 2).max(self.smooth() / 8)
    }

    /// From the beginning of a frame to when the next one is due.
    pub fn interval(&self) -> Duration {
        let goal = self.goal();
        let busy = self.frame_cost() + self.training();
        if self.software && self.division == Division::Smooth { busy.clamp(goal / 2, goal) } else { goal }
    }

    /// From frame to frame while somebody touches the window: smooth, however the time is divided.
    pub fn lively(&self) -> Duration {
        self.interval().min(self.smooth())
    }

    /// How much sooner than due a frame may come, where what is to be done next would make it late.
    pub fn early(&self) -> Duration {
        if self.software { self.interval() / 4 } else { Duration::ZERO }
    }

    /// A frame took `cost` to draw and present (without what it waited for) and came `since` after the one before.
    pub fn frame(&mut self, cost: Duration, since: Option<Duration>) {
        self.costs.push_back(cost);
        if self.costs.len() > RECENT {
            self.costs.pop_front();
        }
        let Some(since) = since else { return };
        // Late: noticeably longer than aimed at, and it is not the frames themselves that take so long.
        let late = self.goal().mul_f32(if self.software { 1.15 } else { 1.5 });
        self.trust = if since > late { (self.trust / 2.0).max(1.0 / 16.0) } else { (self.trust + 1.0 / 32.0).min(1.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn settled(software: bool, division: Division, cost: Duration) -> Budget {
        let mut budget = Budget::new(software);
        budget.divide(division);
        (0..2 * RECENT).for_each(|_| budget.frame(cost, Some(budget.goal())));
        budget
    }

    #[test]
    fn frames_leave_the_rest_for_training_and_late_ones_halve_it() {
        for (software, cost, expected) in [(true, ms(10), ms(30)), (false, ms(3), Duration::from_micros(13_600))] {
            let mut budget = settled(software, Division::Smooth, cost);
            assert_eq!(budget.training(), expected);
            budget.frame(cost, Some(ms(90)));
            assert_eq!(budget.training(), expected / 2);
            if software {
                assert_eq!(budget.interval(), cost + expected / 2, "frames come sooner instead of idling");
            } else {
                assert_eq!(budget.interval(), budget.goal(), "a display's frames do not come sooner");
            }
            (0..4).for_each(|_| budget.frame(cost, Some(budget.goal())));
            assert!(budget.training() > expected / 2 && budget.training() < expected, "raised slowly");
            (0..40).for_each(|_| budget.frame(cost, Some(budget.goal())));
            assert_eq!(budget.training(), expected);
        }
    }

    #[test]
    fn a_third_of_the_time_is_left_to_training_when_every_frame_is_late() {
        let mut budget = Budget::new(true);
        (0..100).for_each(|_| budget.frame(ms(60), Some(ms(95))));
        assert_eq!(budget.training(), ms(30));
    }

    #[test]
    fn shares_are_kept_by_the_frame_rate_or_by_idling() {
        // Much for training: fewer frames. Little: the frames do not come faster than they should, and the rest is idle.
        let much = settled(true, Division::Share(0.9), ms(10));
        assert!(much.goal().abs_diff(ms(100)) < ms(1) && much.training().abs_diff(ms(90)) < ms(1), "{much:?}");
        let little = settled(false, Division::Share(0.3), ms(2));
        assert_eq!(little.goal(), little.smooth());
        assert!(little.training().abs_diff(ms(5)) < ms(1));
        let turbo = settled(true, Division::Turbo, ms(10));
        assert_eq!((turbo.interval(), turbo.training()), (TURBO, TURBO - ms(10)));
    }
}

//! What the window does next: draw a frame, hand training over, or wait. 60 frames a second on a GPU, fewer on a software adapter,
//! none while nothing changes or nobody sees them. Also what the frames took, for the top bar and for the event log.
//!
//! Contract: [`Pacing::turn`] is asked again and again and changes nothing; what was done is told by [`Pacing::fed`],
//! [`Pacing::begun`] and [`Pacing::drawn`]. Subtlety: work that does not fit before the next frame is not begun; on a software adapter the frame then
//! comes a little early, so that neither core nor frame waits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::budget::Budget;
use crate::command::Division;

/// Frames drawn after the last input: hovering and tooltips settle.
const FRAMES_AFTER_INPUT: u32 = 4;
/// Intervals kept for the percentiles.
const KEPT: usize = 20_000;
/// Between two looks while nothing moves.
const REST: Duration = Duration::from_millis(250);
/// Before another try where nothing could be drawn.
const BACK_OFF: Duration = Duration::from_millis(100);
/// From frame to frame while it hurries.
const HURRIED: Duration = Duration::from_millis(160);
/// Below this, handing work over costs more than it brings.
const LEAST_SLICE: Duration = Duration::from_millis(1);

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Draw a frame.
    Draw,
    /// Hand over about this much of what the training wants done.
    Train(Duration),
    /// Nothing for so long, or until something comes in.
    Wait(Duration),
}

/// How things stand when the turn is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The present.
    pub now: Instant,
    /// The picture changes by itself, or the training has something to do.
    pub moving: bool,
    /// Nobody sees the window.
    pub hidden: bool,
    /// Estimated time until what was handed over is done.
    pub under_way: Duration,
    /// Estimated cost of the least that could be handed over next.
    pub least: Duration,
}

/// The clock of the frames.
pub struct Pacing {
    software: bool,
    budget: Budget,
    /// The last frame's beginning.
    started: Option<Instant>,
    /// The last frame's end.
    shown: Option<Instant>,
    not_before: Option<Instant>,
    /// Frames wanted though nothing moves.
    wanted: u32,
    /// A key or a button was pressed since the last frame.
    pressed: bool,
    /// Getting on counts for more than smooth frames.
    hurried: bool,
    /// Handed over since the last frame.
    fed: Duration,
    recent: VecDeque<Instant>,
    intervals: Vec<f32>,
}

/// The `share` quantile of some numbers.
pub(super) fn quantile(numbers: &[f32], share: f32) -> Option<f32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f32::total_cmp);
    let index = ((sorted.len() as f32 * share) as usize).min(sorted.len().checked_sub(1)?);
    sorted.get(index).copied()
}

impl Pacing {
    /// A clock for an adapter.
    pub const fn new(software: bool) -> Self {
        Self {
            software,
            budget: Budget::new(software),
            started: None,
            shown: None,
            not_before: None,
            wanted: FRAMES_AFTER_INPUT,
            pressed: false,
            hurried: false,
            fed: Duration::ZERO,
            recent: VecDeque::new(),
            intervals: Vec::new(),
        }
    }

    /// Divides the time in another way.
    pub fn divide(&mut self, division: Division) {
        self.budget.divide(division);
    }

    /// Whether getting on counts for more than smooth frames: until the first step is shown, while drivers compile.
    pub const fn hurry(&mut self, hurried: bool) {
        self.hurried = hurried;
    }

    /// What is aimed at from frame to frame.
    pub fn goal(&self) -> Duration {
        self.budget.goal()
    }

    /// Something was touched: draw soon. A press (and not a mere movement) brings the next frame forward.
    pub fn wake(&mut self, press: bool) {
        self.wanted = FRAMES_AFTER_INPUT;
        self.pressed |= press;
    }

    /// Nothing could be drawn; try again after a while.
    pub fn back_off(&mut self, now: Instant) {
        self.not_before = Some(now + BACK_OFF);
        (self.started, self.shown) = (None, None);
    }

    /// Longest slice: short on a GPU, where frames are short, too; longer on a software adapter, where handing over costs more.
    fn longest(&self) -> Duration {
        match (self.hurried, self.software) {
            (true, _) => HURRIED / 4,
            (false, true) => Duration::from_millis(10),
            (false, false) => Duration::from_millis(6),
        }
    }

    /// What is to be left of the last slice when the next one is handed over, so that the adapter does not stand still in between.
    const fn ahead(&self) -> Duration {
        Duration::from_millis(if self.software { 1 } else { 6 })
    }

    /// When the next frame is due, and how much sooner it may come.
    fn due(&self, now: Instant) -> (Instant, Duration) {
        let (due, early) = match self.started {
            None => (now, Duration::ZERO),
            // Whoever touches the window sees it move, even in turbo.
            Some(started) if self.pressed => (started + self.budget.lively() / 2, Duration::ZERO),
            Some(started) if self.wanted > 0 => (started + self.budget.lively(), Duration::ZERO),
            Some(started) if self.hurried => (started + HURRIED, Duration::ZERO),
            Some(started) => (started + self.budget.interval(), self.budget.early()),
        };
        let due = match self.shown {
            // However late the frames are, the training gets its turn between them.
            Some(shown) if !self.pressed => due.max(shown + self.budget.least()),
            _ => due,
        };
        (self.not_before.map_or(due, |limit| due.max(limit)), early)
    }

    /// What to do now.
    pub fn turn(&self, moment: &Moment) -> Turn {
        let Moment { now, moving, hidden, under_way, least } = *moment;
        let ahead = self.ahead();
        if hidden {
            return match () {
                () if !moving => Turn::Wait(REST),
                () if under_way > ahead => Turn::Wait(under_way - ahead),
                () => Turn::Train(self.longest()),
            };
        }
        let (due, early) = self.due(now);
        let left = due.saturating_duration_since(now);
        if left.is_zero() && (moving || self.wanted > 0) {
            // What takes longer than there is time between two frames gets its turn, too.
            return if moving && self.fed.is_zero() && self.started.is_some() && !self.pressed {
                Turn::Train(self.budget.training().min(self.longest()))
            } else {
                Turn::Draw
            };
        }
        if !moving {
            return Turn::Wait(if self.wanted > 0 { left } else { REST });
        }
        if under_way > ahead {
            return Turn::Wait((under_way - ahead).min(left));
        }
        let budget = if self.hurried { HURRIED } else { self.budget.training() };
        let room = budget.saturating_sub(self.fed).min(left.saturating_sub(under_way));
        // What fits into no gap is begun right behind a frame.
        if room >= least.max(LEAST_SLICE) || self.fed.is_zero() {
            return Turn::Train(room.clamp(LEAST_SLICE, self.longest()));
        }
        if left <= early { Turn::Draw } else { Turn::Wait(left - early) }
    }

    /// Training was handed over that is estimated to take so long.
    pub fn fed(&mut self, cost: Duration) {
        self.fed += cost.max(Duration::from_micros(1));
    }

    /// A frame is begun. Gives the time since the one before.
    pub fn begun(&mut self, now: Instant) -> Duration {
        let since = self.started.map_or(self.budget.goal(), |last| now.saturating_duration_since(last));
        self.started = Some(now);
        since
    }

    /// The frame that was begun is presented; it waited for training that was `under_way`. `moving` frames count for the statistics.
    pub fn drawn(&mut self, now: Instant, under_way: Duration, moving: bool) {
        let since = self.shown.map(|last| now.saturating_duration_since(last)).filter(|_| moving);
        if let Some(since) = since
            && self.intervals.len() < KEPT
        {
            self.intervals.push(since.as_secs_f32() * 1e3);
        }
        let cost = now.saturating_duration_since(self.started.unwrap_or(now)).saturating_sub(under_way);
        self.budget.frame(cost, since.filter(|_| !self.hurried));
        (self.shown, self.not_before) = (Some(now), None);
        (self.fed, self.pressed) = (Duration::ZERO, false);
        self.wanted = self.wanted.saturating_sub(1);
        self.recent.push_back(now);
        while self.recent.front().is_some_and(|&first| now - first > Duration::from_secs(1)) {
            self.recent.pop_front();
        }
    }

    /// Frames presented within the last second.
    pub fn frames_per_second(&self) -> f32 {
        match (self.recent.front(), self.recent.back()) {
            (Some(first), Some(last)) if last > first => (self.recent.len() - 1) as f32 / (*last - *first).as_secs_f32(),
            _ => 0.0,
        }
    }

    /// The `share` quantile of the milliseconds between frames while training went on.
    pub fn quantile_millis(&self, share: f32) -> Option<f32> {
        quantile(&self.intervals, share)
    }

    /// Number of intervals measured.
    pub const fn measured(&self) -> usize {
        self.intervals.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A queue that does one thing after the other, and a window that lives by it, in simulated time.
    struct World {
        pacing: Pacing,
        now: Instant,
        /// When the queue has done what it was given.
        free: Instant,
        /// Milliseconds of each dispatch of a step, estimated and real; the next one.
        dispatches: Vec<(f32, f32)>,
        next: usize,
        frame: Duration,
        hidden: bool,
        trained: Duration,
        frames: u32,
    }

    impl World {
        fn new(software: bool, frame: Duration, dispatches: Vec<(f32, f32)>) -> Self {
            let now = Instant::now();
            Self {
                pacing: Pacing::new(software),
                now,
                free: now,
                dispatches,
                next: 0,
                frame,
                hidden: false,
                trained: Duration::ZERO,
                frames: 0,
            }
        }

        fn dispatch(&self) -> (Duration, Duration) {
            let (estimate, real) = self.dispatches[self.next % self.dispatches.len()];
            (Duration::from_secs_f32(estimate * 1e-3), Duration::from_secs_f32(real * 1e-3))
        }

        fn run(&mut self, time: Duration) {
            let end = self.now + time;
            while self.now < end {
                let under_way = self.free.saturating_duration_since(self.now);
                let least = self.dispatch().0;
                let moment = Moment { now: self.now, moving: true, hidden: self.hidden, under_way, least };
                match self.pacing.turn(&moment) {
                    Turn::Wait(time) => self.now += time.max(Duration::from_micros(100)),
                    Turn::Train(wanted) => {
                        // Handing over waits for what is under way, as on Mesa's software adapter, and costs something itself.
                        self.now = self.now.max(self.free) + Duration::from_micros(200);
                        let (mut handed, mut real) = (Duration::ZERO, Duration::ZERO);
                        while handed.is_zero() || handed + self.dispatch().0 <= wanted {
                            let (estimate, cost) = self.dispatch();
                            handed += estimate;
                            real += cost;
                            self.next += 1;
                        }
                        self.free = self.now + real;
                        self.trained += real;
                        self.pacing.fed(handed);
                    }
                    Turn::Draw => {
                        self.pacing.begun(self.now);
                        self.now = self.now.max(self.free) + self.frame;
                        self.free = self.now;
                        self.frames += 1;
                        self.pacing.drawn(self.now, under_way, true);
                    }
                }
            }
        }

        fn share(&self, time: Duration) -> f32 {
            self.trained.as_secs_f32() / time.as_secs_f32()
        }
    }

    /// A step of about `millis`, its dispatches of many sizes up to `most`, the estimates wrong by up to `error`.
    fn step(millis: f32, most: f32, error: f32) -> Vec<(f32, f32)> {
        let mut dispatches = Vec::new();
        let mut sum = 0.0;
        let mut word = 12_345_u32;
        while sum < millis {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let random = (word >> 8) as f32 / (1 << 24) as f32;
            let real = 0.1 + (most - 0.1) * random.powi(4);
            let wrong = 1.0 + error * ((word >> 3 & 255) as f32 / 127.5 - 1.0);
            dispatches.push((real * wrong, real));
            sum += real;
        }
        dispatches
    }

    #[test]
    fn frames_come_in_time_and_training_gets_the_rest() {
        let time = ms(20_000);
        for (software, frame, expected, limit) in [(true, 9, 0.70, 50.0), (true, 18, 0.45, 50.0), (false, 2, 0.75, 18.0)] {
            let most = if software { 9.0 } else { 3.0 };
            let mut world = World::new(software, ms(frame), step(80.0, most, 0.3));
            world.run(time);
            let p95 = world.pacing.quantile_millis(0.95).expect("frames were drawn");
            assert!(p95 <= limit, "frames of {frame} ms: p95 {p95} ms");
            assert!(world.share(time) > expected, "frames of {frame} ms: training got {:.2}", world.share(time));
        }
    }

    #[test]
    fn neither_an_overlong_dispatch_nor_an_expensive_frame_starves_the_other() {
        let time = ms(20_000);
        let mut world = World::new(true, ms(10), [vec![(120.0, 120.0)], step(40.0, 2.0, 0.0)].concat());
        world.run(time);
        assert!(world.share(time) > 0.5, "training got {:.2}", world.share(time));
        assert!(world.frames > 100, "{} frames", world.frames);
        let mut world = World::new(true, ms(70), step(80.0, 9.0, 0.3));
        world.run(time);
        assert!(world.share(time) > 0.25, "training got {:.2}", world.share(time));
        assert!(world.frames > 150, "{} frames", world.frames);
    }

    #[test]
    fn estimates_that_are_far_too_low_are_held_in_check() {
        // The machine is four times as slow as is thought: the budget shrinks until frames come in time.
        let dispatches = step(80.0, 3.0, 0.0).into_iter().map(|(_, real)| (real / 4.0, real)).collect();
        let mut world = World::new(true, ms(9), dispatches);
        world.run(ms(3_000));
        world.pacing.intervals.clear();
        world.run(ms(20_000));
        let p95 = world.pacing.quantile_millis(0.95).expect("frames were drawn");
        assert!(p95 <= 60.0, "p95 {p95} ms");
        assert!(world.share(ms(23_000)) > 0.5);
    }

    #[test]
    fn turbo_and_a_hidden_window_leave_nearly_all_to_training() {
        let time = ms(10_000);
        let shares = [(Division::Smooth, false), (Division::Share(0.9), false), (Division::Turbo, false), (Division::Smooth, true)].map(
            |(division, hidden)| {
                let mut world = World::new(true, ms(10), step(80.0, 3.0, 0.2));
                world.pacing.divide(division);
                world.hidden = hidden;
                world.run(time);
                if division == Division::Turbo {
                    assert!((25..50).contains(&world.frames), "{} frames", world.frames);
                }
                assert_eq!(world.frames == 0, hidden);
                world.share(time)
            },
        );
        assert!(shares[0] < 0.78 && (shares[1] - 0.87).abs() < 0.06 && shares[2] > 0.9 && shares[3] > 0.93, "{shares:?}");
    }

    #[test]
    fn nothing_is_drawn_while_nothing_changes_and_a_press_brings_a_frame_forward() {
        let mut pacing = Pacing::new(true);
        let mut now = Instant::now();
        let still = |now, moving| Moment { now, moving, hidden: false, under_way: Duration::ZERO, least: Duration::ZERO };
        for _ in 0..FRAMES_AFTER_INPUT {
            now += ms(40);
            assert_eq!(pacing.turn(&still(now, false)), Turn::Draw);
            pacing.begun(now);
            pacing.drawn(now + ms(5), Duration::ZERO, false);
        }
        now += ms(5_000);
        assert_eq!(pacing.turn(&still(now, false)), Turn::Wait(REST));
        pacing.wake(false);
        assert_eq!(pacing.turn(&still(now, false)), Turn::Draw);
        pacing.begun(now);
        pacing.drawn(now + ms(5), Duration::ZERO, false);
        (pacing.wanted, pacing.pressed) = (0, false);
        pacing.divide(Division::Turbo);
        assert!(matches!(pacing.turn(&still(now + ms(30), true)), Turn::Train(_)));
        pacing.wake(true);
        assert_eq!(pacing.turn(&still(now + ms(30), true)), Turn::Draw);
        assert_eq!(pacing.turn(&Moment { hidden: true, ..still(now + ms(30), false) }), Turn::Wait(REST));
    }

    #[test]
    fn quantiles_of_what_was_measured() {
        let mut pacing = Pacing::new(false);
        assert_eq!(pacing.quantile_millis(0.95), None);
        let mut now = Instant::now();
        for index in 0..101 {
            now += ms(if index % 20 == 0 { 40 } else { 10 });
            pacing.begun(now);
            pacing.drawn(now, Duration::ZERO, true);
        }
        assert!((pacing.quantile_millis(0.5).unwrap() - 10.0).abs() < 0.1);
        assert!((pacing.quantile_millis(0.97).unwrap() - 40.0).abs() < 0.1);
    }
}

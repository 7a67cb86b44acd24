//! When to draw: 60 frames a second on a GPU, fewer on a software adapter, and none while nothing changes. Also what the frames
//! took, for the read-out in the top bar and for the event log.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames drawn after the last input: hovering and tooltips settle.
const FRAMES_AFTER_INPUT: u32 = 4;
/// Intervals kept for the percentiles.
const KEPT: usize = 20_000;

/// The clock of the frames.
pub struct Pacing {
    interval: Duration,
    next: Instant,
    last_drawn: Option<Instant>,
    wanted: u32,
    recent: VecDeque<Instant>,
    intervals: Vec<f32>,
}

/// From a key or a click to the frame that shows what it did.
#[derive(Default)]
pub struct Answers {
    /// When each came, and the number of the command that has to have taken effect before a frame shows it.
    waiting: Vec<(Instant, u64, bool)>,
    /// Milliseconds until a frame showed that it was noticed, and until one showed the training with it.
    noticed: Vec<f32>,
    in_effect: Vec<f32>,
}

impl Answers {
    /// Something was pressed; `command` is the number of the last command that came of it.
    pub fn pressed(&mut self, at: Instant, command: u64) {
        if self.waiting.len() < 100 && self.noticed.len() < KEPT {
            self.waiting.push((at, command, false));
        }
    }

    /// A frame was presented in which the training had taken commands up to number `taken`. It shows every input that came before.
    pub fn shown(&mut self, now: Instant, taken: u64) {
        for (at, command, noticed) in &mut self.waiting {
            let millis = (now - *at).as_secs_f32() * 1e3;
            if !std::mem::replace(noticed, true) {
                self.noticed.push(millis);
            }
            if *command <= taken {
                self.in_effect.push(millis);
            }
        }
        self.waiting.retain(|(_, command, _)| *command > taken);
    }

    /// The report for the event log.
    pub fn summary(&self) -> String {
        let [noticed, in_effect] = [&self.noticed, &self.in_effect].map(|millis| {
            let [half, most] = [0.5, 0.95].map(|share| quantile(millis, share).unwrap_or(f32::NAN));
            format!("p50 {half:.1} ms, p95 {most:.1} ms")
        });
        format!("{} inputs shown after {noticed}, in effect after {in_effect}", self.noticed.len())
    }
}

/// The `share` quantile of some numbers.
fn quantile(numbers: &[f32], share: f32) -> Option<f32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f32::total_cmp);
    let index = ((sorted.len() as f32 * share) as usize).min(sorted.len().checked_sub(1)?);
    sorted.get(index).copied()
}

impl Pacing {
    /// A clock for an adapter.
    pub fn new(software: bool) -> Self {
        Self {
            interval: if software { Duration::from_millis(40) } else { Duration::from_micros(16_600) },
            next: Instant::now(),
            last_drawn: None,
            wanted: FRAMES_AFTER_INPUT,
            recent: VecDeque::new(),
            intervals: Vec::new(),
        }
    }

    /// Something was touched: draw soon.
    pub fn wake(&mut self) {
        self.wanted = FRAMES_AFTER_INPUT;
    }

    /// Nothing could be drawn; try again after a while.
    pub fn back_off(&mut self, now: Instant) {
        self.next = now + Duration::from_millis(100);
        self.last_drawn = None;
    }

    /// Whether to draw now; `moving` while the picture changes by itself.
    pub fn is_due(&self, now: Instant, moving: bool) -> bool {
        (moving || self.wanted > 0) && now >= self.next
    }

    /// Time left before the next frame is to be drawn; nothing if it is late.
    pub fn left(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// When to look again: the next frame, or a long time while nothing moves.
    pub fn next_look(&self, now: Instant, moving: bool) -> Instant {
        if moving || self.wanted > 0 { self.next.max(now) } else { now + Duration::from_millis(250) }
    }

    /// A frame was presented; `moving` frames count for the statistics. Gives the time since the one before.
    pub fn drawn(&mut self, now: Instant, moving: bool) -> Duration {
        let delta = self.last_drawn.map_or(self.interval, |last| now - last);
        if moving && self.last_drawn.is_some() && self.intervals.len() < KEPT {
            self.intervals.push(delta.as_secs_f32() * 1e3);
        }
        self.last_drawn = Some(now);
        self.wanted = self.wanted.saturating_sub(1);
        // Keep the beat, unless a frame came so late that the next one would follow at once.
        self.next = if self.next + self.interval < now { now + self.interval / 2 } else { self.next + self.interval };
        self.recent.push_back(now);
        while self.recent.front().is_some_and(|first| now - *first > Duration::from_secs(1)) {
            self.recent.pop_front();
        }
        delta
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
    pub fn measured(&self) -> usize {
        self.intervals.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_while_nothing_changes() {
        let mut pacing = Pacing::new(true);
        let mut now = Instant::now();
        for _ in 0..FRAMES_AFTER_INPUT {
            now += Duration::from_millis(40);
            assert!(pacing.is_due(now, false));
            pacing.drawn(now, false);
        }
        now += Duration::from_secs(5);
        assert!(!pacing.is_due(now, false));
        assert!(pacing.is_due(now, true));
        pacing.wake();
        assert!(pacing.is_due(now, false));
    }

    #[test]
    fn an_input_is_answered_when_its_command_has_taken_effect() {
        let mut answers = Answers::default();
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        answers.pressed(at(0), 3);
        answers.pressed(at(10), 0);
        answers.shown(at(40), 2);
        assert_eq!((answers.noticed.len(), answers.in_effect.len()), (2, 1), "one waits for its command");
        answers.shown(at(90), 3);
        assert_eq!(answers.noticed.len(), 2);
        assert!((answers.in_effect[1] - 90.0).abs() < 1.0);
    }

    #[test]
    fn quantiles_of_what_was_measured() {
        let mut pacing = Pacing::new(false);
        assert_eq!(pacing.quantile_millis(0.95), None);
        let mut now = Instant::now();
        for index in 0..101 {
            now += Duration::from_millis(if index % 20 == 0 { 40 } else { 10 });
            pacing.drawn(now, true);
        }
        assert!((pacing.quantile_millis(0.5).unwrap() - 10.0).abs() < 0.1);
        assert!((pacing.quantile_millis(0.97).unwrap() - 40.0).abs() < 0.1);
    }
}

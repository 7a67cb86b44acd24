//! What the queue did when: training slices and frames as they ended, the idle time between them, and each one's share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::snapshot::{FrameLane, LaneSpan, Shares, SpanKind};

/// The shares are those of the last second.
const WINDOW: Duration = Duration::from_secs(1);
/// Spans kept at most, however few frames there are.
const MOST_SPANS: usize = 2_000;
/// Shorter gaps than this are no idleness: they lie within what the clock tells.
const LEAST_GAP: Duration = Duration::from_micros(50);

#[derive(Clone, Copy)]
struct Busy {
    kind: SpanKind,
    start: Instant,
    end: Instant,
    job: &'static str,
}

/// Records what the queue did.
#[derive(Default)]
pub(super) struct Lane {
    busy: VecDeque<Busy>,
}

impl Lane {
    /// The queue worked on this from `start` to `end`. One thing at a time: what overlaps with the one before is cut off.
    pub(super) fn push(&mut self, kind: SpanKind, start: Instant, end: Instant, job: &'static str) {
        let start = self.busy.back().map_or(start, |last| start.max(last.end));
        if end <= start {
            return;
        }
        self.busy.push_back(Busy { kind, start, end, job });
        let mut frames = self.busy.iter().filter(|busy| busy.kind == SpanKind::Drawing).count();
        while self.busy.len() > MOST_SPANS || frames > FrameLane::FRAMES {
            if self.busy.pop_front().is_some_and(|gone| gone.kind == SpanKind::Drawing) {
                frames -= 1;
            }
        }
    }

    /// When the last thing ended.
    pub(super) fn last_end(&self) -> Option<Instant> {
        self.busy.back().map(|last| last.end)
    }

    /// Shares over the second before `now`.
    pub(super) fn shares(&self, now: Instant) -> Shares {
        let Some(from) = now.checked_sub(WINDOW) else { return Shares::default() };
        let share = |kind: SpanKind| {
            let spent: Duration = self
                .busy
                .iter()
                .filter(|busy| busy.kind == kind)
                .map(|busy| busy.end.min(now).saturating_duration_since(busy.start.max(from)))
                .sum();
            spent.as_secs_f32() / WINDOW.as_secs_f32()
        };
        let (training, drawing) = (share(SpanKind::Training), share(SpanKind::Drawing));
        Shares { training, drawing, idle: (1.0 - training - drawing).max(0.0) }
    }

    /// The last frames as they are shown; none before the first one. `goal` is what is aimed at from frame to frame.
    pub(super) fn shown(&self, goal: Duration) -> Option<Arc<FrameLane>> {
        let first = self.busy.front()?;
        self.busy.iter().find(|busy| busy.kind == SpanKind::Drawing)?;
        let millis = |at: Instant| at.saturating_duration_since(first.start).as_secs_f32() * 1e3;
        let mut spans = Vec::with_capacity(2 * self.busy.len());
        let mut end = first.start;
        for busy in &self.busy {
            if busy.start.saturating_duration_since(end) > LEAST_GAP {
                spans.push(LaneSpan { kind: SpanKind::Idle, start: millis(end), end: millis(busy.start), job: "idle" });
                end = busy.start;
            }
            spans.push(LaneSpan { kind: busy.kind, start: millis(end), end: millis(busy.end), job: busy.job });
            end = busy.end;
        }
        Some(Arc::new(FrameLane { spans, goal: goal.as_secs_f32() * 1e3 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_each_other_without_gaps_and_shares_add_up() {
        let begin = Instant::now();
        let at = |millis: u64| begin + Duration::from_millis(millis);
        let mut lane = Lane::default();
        assert!(lane.shown(Duration::from_millis(40)).is_none());
        // 25 frames a second for three seconds: 8 ms for the frame, 24 for training, 8 of nothing. A slice that was noticed late
        // overlaps with the frame before it.
        for frame in 0..75 {
            let start = 40 * frame;
            lane.push(SpanKind::Drawing, at(start), at(start + 8), "frame");
            lane.push(SpanKind::Training, at(start + 6), at(start + 32), "step");
        }
        let shown = lane.shown(Duration::from_millis(40)).expect("frames were drawn");
        assert_eq!(shown.goal, 40.0);
        let frames = shown.spans.iter().filter(|span| span.kind == SpanKind::Drawing).count();
        assert_eq!(frames, FrameLane::FRAMES);
        assert!(shown.spans.windows(2).all(|pair| (pair[0].end - pair[1].start).abs() < 1e-3));
        assert!(shown.spans.iter().all(|span| span.millis() > 0.0));
        let shares = lane.shares(at(3000));
        assert!((shares.training - 0.6).abs() < 0.01 && (shares.drawing - 0.2).abs() < 0.01, "{shares:?}");
        assert!((shares.training + shares.drawing + shares.idle - 1.0).abs() < 1e-4);
        assert!(lane.shares(at(10_000)).idle > 0.99, "nothing happened lately");
    }
}

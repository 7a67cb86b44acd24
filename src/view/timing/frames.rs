//! The last frames of the window: how long each took, and which part of the lane is shown.

use crate::snapshot::{FrameLane, LaneSpan, SpanKind};

/// Milliseconds of the lane that are shown.
const SHOWN: f32 = 480.0;
/// From so many times the goal on a frame is late.
const LATE: f32 = 1.5;

/// What is said of the last frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// Milliseconds from frame to frame: the median.
    pub median: f32,
    /// Frames that took much longer than is aimed at.
    pub late: usize,
    /// Frames in all.
    pub count: usize,
    /// From and to, milliseconds, of what is shown of the lane.
    pub shown: [f32; 2],
}

/// The ends of the frames, ascending.
pub fn ends(lane: &FrameLane) -> impl Iterator<Item = f32> + '_ {
    lane.spans.iter().filter(|span| span.kind == SpanKind::Drawing && span.end.is_finite()).map(|span| span.end)
}

impl Frames {
    /// Of a lane; none before two frames have ended.
    pub fn of(lane: &FrameLane) -> Option<Self> {
        let ends: Vec<f32> = ends(lane).collect();
        let mut times: Vec<f32> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
        times.sort_by(f32::total_cmp);
        let median = *times.get(times.len() / 2)?;
        let last = lane.spans.iter().map(|span| span.end).filter(|end| end.is_finite()).fold(0.0, f32::max);
        let late = times.iter().filter(|time| **time > LATE * lane.goal).count();
        Some(Self { median, late, count: times.len(), shown: [(last - SHOWN).max(0.0), last.max(1.0)] })
    }

    /// A span's place in what is shown, as shares of its width; none where it is not shown.
    pub fn place(&self, span: &LaneSpan) -> Option<[f32; 2]> {
        let [from, to] = self.shown;
        let share = |millis: f32| ((millis - from) / (to - from)).clamp(0.0, 1.0);
        (span.end > from && span.start < to).then(|| [share(span.start), share(span.end)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(times: &[f32]) -> FrameLane {
        let mut spans = Vec::new();
        let mut at = 0.0;
        for time in times {
            spans.push(LaneSpan { kind: SpanKind::Training, start: at, end: at + time - 5.0, job: "step" });
            spans.push(LaneSpan { kind: SpanKind::Drawing, start: at + time - 5.0, end: at + time, job: "frame" });
            at += time;
        }
        FrameLane { spans, goal: 40.0 }
    }

    #[test]
    fn frames_are_told_from_end_to_end() {
        let frames = Frames::of(&lane(&[40.0, 41.0, 39.0, 90.0, 40.0])).expect("five frames");
        assert_eq!((frames.median, frames.late, frames.count), (41.0, 1, 4));
        assert_eq!(frames.shown, [0.0, 250.0]);
        let long = lane(&[40.0; 30]);
        let frames = Frames::of(&long).expect("frames");
        assert_eq!(frames.shown, [720.0, 1200.0]);
        assert_eq!(frames.place(&long.spans[0]), None);
        assert_eq!(frames.place(&long.spans[59]).map(|place| place[1]), Some(1.0));
    }

    #[test]
    fn few_frames_and_odd_numbers_say_nothing() {
        assert_eq!(Frames::of(&FrameLane::default()), None);
        assert_eq!(Frames::of(&lane(&[40.0])), None);
        let mut odd = lane(&[40.0, 40.0, 40.0]);
        odd.spans[1].end = f32::NAN;
        assert!(Frames::of(&odd).is_some_and(|frames| frames.shown.into_iter().all(f32::is_finite)));
    }
}

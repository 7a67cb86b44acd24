//! The step axis that all charts share, and the part of the run that they show of it: everything, or a window that the wheel zooms
//! and a drag moves.
//!
//! Subtlety: a window that reaches the newest step stays there while training goes on; it lets go when it is moved back.

use crate::view::layout::Rect;

/// The axis of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The step at the left edge of a plot.
    pub first: f64,
    /// The step at the right edge.
    pub last: f64,
    /// The newest step, at least [`Axis::SHORTEST`].
    pub newest: u64,
    /// The step under the pointer, if it is over a plot.
    pub hovered: Option<u64>,
}

impl Axis {
    /// The first steps of a run do not fill the axis.
    pub const SHORTEST: u64 = 50;

    /// All of a run at `step`.
    pub fn new(step: u64) -> Self {
        let newest = step.max(Self::SHORTEST);
        Self { first: 0.0, last: newest as f64, newest, hovered: None }
    }

    /// Steps from edge to edge.
    pub fn span(&self) -> f64 {
        (self.last - self.first).max(1.0)
    }

    /// The step's place in `plot`; beyond its edges for steps that are not shown.
    pub fn x(&self, plot: &Rect, step: f64) -> f32 {
        plot.min[0] + plot.width() * ((step - self.first) / self.span()) as f32
    }

    /// The step at a place in `plot`.
    pub fn step_at(&self, plot: &Rect, x: f32) -> u64 {
        let share = f64::from((x - plot.min[0]) / plot.width().max(1.0)).clamp(0.0, 1.0);
        (self.first + share * self.span()).round().max(0.0) as u64
    }

    /// Whether a step is shown.
    pub fn shows(&self, step: u64) -> bool {
        (self.first..=self.last).contains(&(step as f64))
    }

    /// Whether all of the run is shown.
    pub fn is_whole(&self) -> bool {
        self.first <= 0.0 && self.last >= self.newest as f64
    }
}

/// What is shown of the run and how, from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Steps from edge to edge; none: everything.
    span: Option<f64>,
    /// The step at the right edge; none: the newest.
    end: Option<f64>,
    /// Where a drag began: the pointer's x, and the window's end.
    grabbed: Option<(f32, f64)>,
    /// Losses and divergences on a logarithmic axis.
    pub logarithmic: bool,
    /// The step of the run when it was last shown.
    seen: u64,
    /// The step that was under the pointer in the last frame.
    pub hovered: Option<u64>,
    /// Where names of reference lines stood in the last frame.
    pub(super) placed: Vec<(&'static str, String, super::labels::Spot)>,
}

impl Timeline {
    /// Fewest steps from edge to edge.
    pub const LEAST: f64 = 20.0;

    /// The axis of a run at `step`.
    pub fn axis(&self, step: u64) -> Axis {
        let whole = Axis::new(step);
        let all = whole.newest as f64;
        match self.span.filter(|span| *span < all) {
            None => whole,
            Some(span) => {
                let last = self.end.unwrap_or(all).clamp(span, all);
                Axis { first: last - span, last, ..whole }
            }
        }
    }

    /// The run is at `step`: fewer than before, and it is another run, of which everything is shown.
    pub const fn run_at(&mut self, step: u64) {
        if step < self.seen {
            self.follow();
        }
        self.seen = step;
    }

    /// Shows everything again.
    pub const fn follow(&mut self) {
        (self.span, self.end, self.grabbed) = (None, None, None);
    }

    /// Zooms by `lines` of the wheel (in, if positive) around the place at `share` of the plot's width.
    pub fn zoom(&mut self, axis: &Axis, lines: f32, share: f32) {
        if !lines.is_finite() || lines == 0.0 {
            return;
        }
        let share = f64::from(share.clamp(0.0, 1.0));
        let all = axis.newest as f64;
        let span = (axis.span() * 0.8_f64.powf(f64::from(lines.clamp(-10.0, 10.0)))).clamp(Self::LEAST.min(all), all);
        if span >= all {
            return self.follow();
        }
        let pivot = axis.first + share * axis.span();
        self.span = Some(span);
        self.end_at(pivot + (1.0 - share) * span, all);
    }

    /// Shows the steps up to `end`.
    fn end_at(&mut self, end: f64, all: f64) {
        let span = self.span.unwrap_or(all).min(all);
        self.end = (end < all - 0.5).then(|| end.clamp(span, all));
    }

    /// Moves the window so that what was under the pointer when the drag began stays under it.
    pub fn drag(&mut self, axis: &Axis, x: f32, width: f32) {
        let (from, end) = *self.grabbed.get_or_insert((x, axis.last));
        if self.span.is_some() {
            self.end_at(end - f64::from((x - from) / width.max(1.0)) * axis.span(), axis.newest as f64);
        }
    }

    /// Notes where a name stands now; names that are not shown any more go in the end.
    pub(super) fn remember(&mut self, title: &'static str, name: &str, spot: super::labels::Spot) {
        if self.placed.len() >= 64 {
            self.placed.remove(0);
        }
        self.placed.push((title, name.to_owned(), spot));
    }

    /// The drag has ended.
    pub const fn release(&mut self) {
        self.grabbed = None;
    }

    /// Puts the window's middle at `share` of the whole run.
    pub fn centre_at(&mut self, axis: &Axis, share: f32) {
        let all = axis.newest as f64;
        self.end_at(f64::from(share.clamp(0.0, 1.0)) * all + axis.span() * 0.5, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Rect = Rect::new(100.0, 0.0, 350.0, 80.0);

    #[test]
    fn the_axis_maps_back_and_forth() {
        let axis = Axis::new(2000);
        for step in [0, 1000, 2000] {
            assert_eq!(axis.step_at(&PLOT, axis.x(&PLOT, step as f64)), step);
        }
        assert_eq!(Axis::new(3).last, 50.0);
    }

    #[test]
    fn zoom_keeps_what_is_under_the_pointer() {
        let mut timeline = Timeline::default();
        for share in [0.1, 0.5, 0.75] {
            let axis = timeline.axis(4000);
            let x = PLOT.min[0] + share * PLOT.width();
            let before = axis.step_at(&PLOT, x);
            timeline.zoom(&axis, 2.0, share);
            let after = timeline.axis(4000);
            assert!(after.span() < axis.span());
            assert!(after.step_at(&PLOT, x).abs_diff(before) <= 1, "{before} at {share}");
        }
        timeline.zoom(&timeline.axis(4000), -100.0, 0.5);
        timeline.zoom(&timeline.axis(4000), -10.0, 0.5);
        assert!(timeline.axis(4000).is_whole());
    }

    #[test]
    fn zoom_and_pan_stay_in_the_run() {
        let mut timeline = Timeline::default();
        for lines in [30.0, f32::NAN, f32::INFINITY, 30.0, -3.0] {
            timeline.zoom(&timeline.axis(100), lines, 7.0);
        }
        let axis = timeline.axis(100);
        assert!(axis.span() >= Timeline::LEAST && axis.last <= 100.0, "{axis:?}");
        timeline.drag(&axis, 0.0, 250.0);
        timeline.drag(&axis, 1e6, 250.0);
        assert_eq!(timeline.axis(100).first, 0.0);
        timeline.drag(&axis, -1e6, 250.0);
        assert_eq!(timeline.axis(100).last, 100.0);
        timeline.run_at(100);
        timeline.run_at(100);
        assert!(!timeline.axis(100).is_whole());
        timeline.run_at(3);
        assert!(timeline.axis(100).is_whole(), "a new run shows all of itself");
    }

    #[test]
    fn a_window_at_the_newest_step_stays_there() {
        let mut timeline = Timeline::default();
        timeline.zoom(&timeline.axis(1000), 5.0, 1.0);
        let span = timeline.axis(1000).span();
        assert_eq!(timeline.axis(1200).last, 1200.0);
        assert!((timeline.axis(1200).span() - span).abs() < 1e-9);
        let axis = timeline.axis(1200);
        timeline.drag(&axis, 100.0, 250.0);
        timeline.drag(&axis, 200.0, 250.0);
        timeline.release();
        let held = timeline.axis(1200);
        assert!(held.last < 1200.0);
        assert_eq!(timeline.axis(1500).last, held.last, "moved back, it lets the newest go");
        timeline.follow();
        assert!(timeline.axis(1500).is_whole());
    }
}

//! The part of the step that the timeline shows: all of it, or what the wheel has zoomed to and a drag has moved.

/// From and to as shares of the step, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    first: f32,
    last: f32,
}

impl Default for Span {
    fn default() -> Self {
        Self { first: 0.0, last: 1.0 }
    }
}

impl Span {
    /// Narrowest part of a step that is shown.
    pub const LEAST: f32 = 0.002;

    /// Both ends.
    pub const fn ends(&self) -> [f32; 2] {
        [self.first, self.last]
    }

    /// How much of the step is shown.
    pub fn width(&self) -> f32 {
        self.last - self.first
    }

    /// Whether all of it is shown.
    pub fn is_whole(&self) -> bool {
        self.width() >= 1.0
    }

    /// Where a share of the step lies in what is shown; beyond 0 and 1 for what is not shown.
    pub fn place(&self, share: f32) -> f32 {
        (share - self.first) / self.width()
    }

    /// The share of the step at a place in what is shown.
    pub fn share(&self, place: f32) -> f32 {
        self.first + place * self.width()
    }

    /// Zooms by `lines` of the wheel (in, if positive); what is at `place` stays there.
    pub fn zoom(&mut self, lines: f32, place: f32) {
        if !(lines.is_finite() && place.is_finite()) {
            return;
        }
        let place = place.clamp(0.0, 1.0);
        let fixed = self.share(place);
        let width = (self.width() * 0.8_f32.powf(lines.clamp(-10.0, 10.0))).clamp(Self::LEAST, 1.0);
        self.put(fixed - place * width, width);
    }

    /// Moves what is shown by `by` of its own width: what was at place p is then at p + by.
    pub fn pan(&mut self, by: f32) {
        if by.is_finite() {
            let width = self.width();
            self.put(self.first - by * width, width);
        }
    }

    /// Moves until the share of the step is shown, with a margin.
    pub fn show(&mut self, share: f32) {
        let width = self.width();
        let margin = 0.1 * width;
        if share.is_finite() && !(self.first + margin..=self.last - margin).contains(&share) && !self.is_whole() {
            self.put(share - 0.5 * width, width);
        }
    }

    fn put(&mut self, first: f32, width: f32) {
        self.first = first.clamp(0.0, 1.0 - width);
        self.last = self.first + width;
    }
}

/// Round times between `from` and `to` for the axis, about as many as `wanted`: 1, 2 or 5 times a power of ten.
pub fn ticks(from: f32, to: f32, wanted: f32) -> Vec<f32> {
    let rough = (to - from) / wanted.max(1.0);
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10.0_f32.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough).unwrap_or(10.0 * power);
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last.min(first + 200)).map(|tick| tick as f32 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoom_keeps_what_is_under_the_pointer() {
        let mut span = Span::default();
        for place in [0.2, 0.5, 0.9] {
            let before = span.share(place);
            span.zoom(2.0, place);
            assert!((span.share(place) - before).abs() < 1e-5, "{span:?}");
        }
        assert!(span.width() < 0.3);
        span.zoom(-30.0, 0.5);
        span.zoom(-30.0, 0.5);
        assert!(span.is_whole());
    }

    #[test]
    fn it_never_leaves_the_step() {
        let mut span = Span::default();
        for (lines, place, by) in [(9.0, 0.0, 5.0), (3.0, 7.0, -90.0), (f32::NAN, f32::INFINITY, f32::NAN), (100.0, 1.0, 0.3)] {
            span.zoom(lines, place);
            span.pan(by);
            let [first, last] = span.ends();
            assert!(first >= 0.0 && last <= 1.0 + 1e-6 && last - first >= 0.5 * Span::LEAST, "{span:?}");
        }
        span.show(0.9);
        assert!((0.0..=1.0).contains(&span.place(0.9)), "{span:?}");
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 5760.0, 6.0), [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0]);
        assert_eq!(ticks(1200.0, 1310.0, 4.0), [1200.0, 1250.0, 1300.0]);
        for (from, to) in [(0.0, 0.0), (1.0, f32::NAN), (5.0, 1.0), (0.0, f32::INFINITY)] {
            assert!(ticks(from, to, 5.0).is_empty());
        }
        assert!(ticks(1e9, 1e9 + 64.0, 1e9).len() <= 201);
    }
}

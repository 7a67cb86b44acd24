//! How long a flip of a switch takes to show: training time, and the steps and seconds from the newest flip to the verdict that it
//! changed. No clock is read here; whoever calls says what time it is.
//!
//! Training time is wall time while training goes on: pauses do not count. Subtlety: steps are measured in bursts, so a step's time
//! is spread evenly between the burst before and its own, and a flip stands at the time at which it took effect.

use crate::command::Switch;
use crate::snapshot::{SinceFlip, Span, VerdictKind};

/// Wall time, less the pauses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TrainingTime {
    seconds: f64,
    last: Option<f64>,
}

impl TrainingTime {
    /// It is `now` (seconds of any clock), and training went on since the last call, or did not.
    pub(super) fn pass(&mut self, now: f64, training: bool) {
        if let Some(last) = self.last
            && training
        {
            self.seconds += (now - last).max(0.0);
        }
        self.last = Some(now);
    }

    /// The run went back to where it was `seconds` old.
    pub(super) const fn back_to(&mut self, seconds: f64) {
        self.seconds = seconds;
    }

    /// Seconds of training so far.
    pub(super) const fn seconds(&self) -> f64 {
        self.seconds
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Flip {
    switch: Switch,
    on: bool,
    step: u64,
    seconds: f64,
    /// Whether the last verdict before it was a collapse; none until a step after it has been judged.
    collapsed_before: Option<bool>,
    to_collapse: Option<Span>,
    to_recovery: Option<Span>,
}

/// Watches what comes of the newest flip.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct FlipWatch {
    flip: Option<Flip>,
    /// Last verdict.
    verdict: VerdictKind,
    /// Last step that was measured, and when.
    measured: (u64, f64),
}

impl FlipWatch {
    /// A switch was flipped after `step`, at `seconds` of training time.
    pub(super) const fn flipped(&mut self, switch: Switch, on: bool, step: u64, seconds: f64) {
        self.flip = Some(Flip { switch, on, step, seconds, collapsed_before: None, to_collapse: None, to_recovery: None });
    }

    /// When `step` was done, if the steps up to `last` have been measured just now, at `seconds`.
    pub(super) fn time_of(&self, step: u64, last: u64, seconds: f64) -> f64 {
        let (before, began) = self.measured;
        let share = step.saturating_sub(before) as f64 / last.saturating_sub(before).max(1) as f64;
        began + (seconds - began) * share.clamp(0.0, 1.0)
    }

    /// The steps up to `last` have been judged; they had been measured at `seconds`.
    pub(super) const fn measured(&mut self, last: u64, seconds: f64) {
        self.measured = (last, seconds);
    }

    /// The verdict after `step`, which was done at `seconds`.
    pub(super) fn judged(&mut self, step: u64, seconds: f64, verdict: VerdictKind) {
        if let Some(flip) = self.flip.as_mut().filter(|flip| step > flip.step) {
            let before = *flip.collapsed_before.get_or_insert(self.verdict.is_collapse());
            let span = Span { steps: step - flip.step, seconds: (seconds - flip.seconds).max(0.0) };
            if !before && verdict.is_collapse() {
                flip.to_collapse.get_or_insert(span);
            }
            if before && verdict == VerdictKind::Healthy {
                flip.to_recovery.get_or_insert(span);
            }
        }
        self.verdict = verdict;
    }

    /// What there is to say about the newest flip at `step` and `seconds`.
    pub(super) fn since(&self, step: u64, seconds: f64) -> Option<SinceFlip> {
        let flip = self.flip.as_ref()?;
        Some(SinceFlip {
            switch: flip.switch,
            on: flip.on,
            step: flip.step,
            since: Span { steps: step.saturating_sub(flip.step), seconds: (seconds - flip.seconds).max(0.0) },
            to_collapse: flip.to_collapse,
            to_recovery: flip.to_recovery,
        })
    }

    /// Forgets a flip after `step`: the run went back there.
    pub(super) fn back_to(&mut self, step: u64, seconds: f64) {
        self.flip = self.flip.filter(|flip| flip.step <= step);
        self.measured = (step, seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictKind::{Complete, Healthy, Unknown};

    #[test]
    fn pauses_do_not_count() {
        let mut time = TrainingTime::default();
        time.pass(10.0, true);
        assert_eq!(time.seconds(), 0.0, "nothing is known of the time before the first call");
        time.pass(12.0, true);
        time.pass(60.0, false);
        time.pass(60.5, true);
        time.pass(59.0, true);
        assert_eq!(time.seconds(), 2.5);
    }

    #[test]
    fn from_switch_to_collapse_and_back() {
        let mut watch = FlipWatch::default();
        assert_eq!(watch.since(5, 1.0), None);
        watch.judged(100, 10.0, Healthy);
        watch.flipped(Switch::Predictor, false, 100, 10.2);
        watch.judged(120, 11.0, Healthy);
        assert_eq!(watch.since(120, 11.0).map(|since| since.to_collapse), Some(None));
        watch.judged(134, 12.1, Complete);
        watch.judged(140, 13.0, Complete);
        let since = watch.since(150, 14.2).expect("it was flipped");
        assert_eq!((since.switch, since.on, since.since.steps), (Switch::Predictor, false, 50));
        let span = since.to_collapse.expect("it collapsed");
        assert!(span.steps == 34 && (span.seconds - 1.9).abs() < 1e-9, "{span:?}");
        // Switched on again while collapsed: that is no new collapse, and what counts is the recovery.
        watch.flipped(Switch::Predictor, true, 150, 14.2);
        watch.judged(151, 14.3, Complete);
        watch.judged(190, 18.2, Healthy);
        watch.judged(200, 19.2, Complete);
        let since = watch.since(200, 19.2).expect("it was flipped");
        assert_eq!(since.to_collapse, None);
        assert_eq!(since.to_recovery.map(|span| span.steps), Some(40));
    }

    #[test]
    fn a_verdict_of_steps_before_the_flip_does_not_count() {
        // The readback is late: steps 99 and 100 are judged after the flip at 100 was asked for.
        let mut watch = FlipWatch::default();
        watch.flipped(Switch::Ema, false, 100, 1.0);
        watch.judged(99, 0.9, Unknown);
        watch.judged(100, 1.0, Complete);
        watch.judged(101, 1.1, Complete);
        let since = watch.since(101, 1.1).expect("it was flipped");
        assert_eq!((since.to_collapse, since.to_recovery), (None, None));
    }

    #[test]
    fn steps_of_a_burst_are_spread_over_its_time() {
        let mut watch = FlipWatch::default();
        watch.measured(20, 2.0);
        assert!((watch.time_of(25, 40, 4.0) - 2.5).abs() < 1e-9);
        assert!((watch.time_of(40, 40, 4.0) - 4.0).abs() < 1e-9);
        assert!((watch.time_of(7, 40, 4.0) - 2.0).abs() < 1e-9);
        assert!(watch.time_of(20, 20, 4.0).is_finite());
    }

    #[test]
    fn going_back_forgets_what_comes_later() {
        let mut watch = FlipWatch::default();
        watch.flipped(Switch::Ema, false, 100, 1.0);
        watch.back_to(100, 1.0);
        assert!(watch.since(100, 1.0).is_some());
        watch.back_to(99, 0.9);
        assert!(watch.since(100, 1.0).is_none());
    }
}

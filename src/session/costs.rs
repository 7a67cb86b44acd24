//! What every dispatch costs, learned while it runs.
//!
//! The first run of a dispatch says nothing: drivers compile then. The second is timed alone and waited for, so that a heavy dispatch
//! among light ones is known for what it is; from then on slices are timed as a whole, and their dispatches follow in proportion.
//!
//! Subtlety: timestamps cannot do it alone. On Mesa's software adapter, once a window has been drawn, the stamp at the beginning of
//! a pass is taken only after its first dispatch: a pass of one dispatch takes no time by them, a longer one lacks its first.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::ops::Range;

use super::schedule::Job;

/// Share of a correction that is believed at once: one disturbed measurement does not swing the next slices.
const TRUST: f32 = 0.25;
/// What a dispatch costs at least, in milliseconds.
const LEAST: f32 = 0.01;
/// Corrections of a known cost stay within this factor either way.
const MOST_CORRECTION: f32 = 4.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Never run.
    New,
    /// Has run once.
    Compiled,
    /// Timed alone.
    Measured,
}

#[derive(Clone, Copy)]
struct Cost {
    millis: f32,
    known: Known,
}

/// Estimated costs, by kind of job and dispatch.
pub(super) struct Costs {
    jobs: HashMap<Discriminant<Job>, Vec<Cost>>,
    first_guess: f32,
    /// What handing over a dispatch and waiting for it costs by itself: the shortest time so far.
    overhead: f32,
}

impl Costs {
    /// Every dispatch costs `first_guess` milliseconds until more is known.
    pub(super) fn new(first_guess: f32) -> Self {
        Self { jobs: HashMap::new(), first_guess, overhead: first_guess }
    }

    fn of(&mut self, job: Job, length: usize) -> &mut [Cost] {
        let costs = self.jobs.entry(discriminant(&job)).or_default();
        if costs.len() != length {
            *costs = vec![Cost { millis: self.first_guess, known: Known::New }; length];
        }
        costs
    }

    /// Estimated milliseconds of dispatch `at` of a job of `length`.
    pub(super) fn one(&mut self, job: Job, at: usize, length: usize) -> f32 {
        self.of(job, length)[at].millis
    }

    /// Estimated milliseconds of some dispatches of a job of `length`.
    pub(super) fn sum(&mut self, job: Job, range: Range<usize>, length: usize) -> f32 {
        self.of(job, length)[range].iter().map(|cost| cost.millis).sum()
    }

    /// The end of the slice that starts at `first` and costs about `millis`, and its cost. At least one dispatch; none behind it that
    /// is to be run alone.
    pub(super) fn cut(&mut self, job: Job, first: usize, length: usize, millis: f32) -> (usize, f32) {
        let costs = self.of(job, length);
        let (mut end, mut sum) = (first + 1, costs[first].millis);
        while end < length && costs[end].known == Known::Measured && sum + costs[end].millis <= millis {
            sum += costs[end].millis;
            end += 1;
        }
        (end, sum)
    }

    /// Whether a dispatch is to be run alone and waited for, since it is not known what it costs.
    pub(super) fn is_unknown(&mut self, job: Job, at: usize, length: usize) -> bool {
        self.of(job, length)[at].known != Known::Measured
    }

    /// A dispatch, run alone and waited for, took so many milliseconds.
    pub(super) fn measured_alone(&mut self, job: Job, at: usize, length: usize, millis: f32) {
        if !plausible(millis) {
            return;
        }
        self.overhead = self.overhead.min(millis);
        let overhead = self.overhead;
        let cost = &mut self.of(job, length)[at];
        *cost = match cost.known {
            Known::New => Cost { known: Known::Compiled, ..*cost },
            _ => Cost { millis: (millis - overhead).max(LEAST), known: Known::Measured },
        };
    }

    /// The whole range took so many milliseconds.
    pub(super) fn measured(&mut self, job: Job, range: Range<usize>, millis: f32) {
        let Some(costs) = self.jobs.get_mut(&discriminant(&job)).and_then(|costs| costs.get_mut(range)) else { return };
        let estimate: f32 = costs.iter().map(|cost| cost.millis).sum();
        if !plausible(millis) || !(estimate > 0.0) {
            return;
        }
        let factor = 1.0 + TRUST * ((millis / estimate).clamp(1.0 / MOST_CORRECTION, MOST_CORRECTION) - 1.0);
        for cost in costs {
            cost.millis = (cost.millis * factor).clamp(LEAST, 1e3);
        }
    }
}

/// Drivers without real timestamps report zeros, or times that run backwards.
fn plausible(millis: f32) -> bool {
    millis > 0.0 && millis < 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: [f32; 6] = [0.2, 0.2, 9.0, 0.2, 3.0, 0.4];

    /// Costs after two runs of a job that takes so long, handing over costing a tenth of a millisecond.
    fn learned(job: Job) -> Costs {
        let mut costs = Costs::new(0.6);
        for run in 0..2 {
            for (at, millis) in REAL.into_iter().enumerate() {
                assert!(costs.is_unknown(job, at, REAL.len()));
                let compiling = if run == 0 { 50.0 } else { 0.0 };
                costs.measured_alone(job, at, REAL.len(), 0.1 + millis + compiling);
            }
        }
        costs
    }

    #[test]
    fn a_heavy_dispatch_among_light_ones_is_known_after_two_runs() {
        let mut costs = learned(Job::Step);
        for (at, real) in REAL.into_iter().enumerate() {
            assert!(!costs.is_unknown(Job::Step, at, REAL.len()));
            // The shortest one is taken for the price of handing over.
            assert!((costs.one(Job::Step, at, REAL.len()) - real).abs() <= 0.25, "{at}");
        }
        // A slice ends before what does not fit, and holds at least one dispatch.
        assert_eq!(costs.cut(Job::Step, 0, REAL.len(), 5.0).0, 2);
        assert_eq!(costs.cut(Job::Step, 2, REAL.len(), 5.0).0, 3);
        assert!(costs.is_unknown(Job::Cloud, 0, 3), "another job's");
    }

    #[test]
    fn estimates_follow_a_machine_that_grows_slow_and_ignore_nonsense() {
        let mut costs = learned(Job::Rank);
        let before = costs.sum(Job::Rank, 0..6, REAL.len());
        let ratio = |costs: &mut Costs| costs.one(Job::Rank, 2, REAL.len()) / costs.one(Job::Rank, 4, REAL.len());
        let ratio_before = ratio(&mut costs);
        for nonsense in [0.0, -3.0, f32::NAN, f32::INFINITY] {
            costs.measured(Job::Rank, 0..6, nonsense);
            costs.measured_alone(Job::Rank, 2, REAL.len(), nonsense);
        }
        assert_eq!(costs.sum(Job::Rank, 0..6, REAL.len()), before);
        for _ in 0..20 {
            costs.measured(Job::Rank, 0..6, 2.0 * before);
        }
        assert!((costs.sum(Job::Rank, 0..6, REAL.len()) / before - 2.0).abs() < 0.05);
        assert!((ratio(&mut costs) / ratio_before - 1.0).abs() < 1e-3, "proportions stay");
    }
}

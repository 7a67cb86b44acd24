//! What every dispatch costs, learned while it runs.
//!
//! The first run of a dispatch says nothing: drivers compile then. The second is timed alone, so that a heavy dispatch among light
//! ones is known for what it is; from then on slices are timed as a whole, and their dispatches follow in proportion.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::ops::Range;

use super::schedule::Job;

/// Share of a correction that is believed at once: one disturbed measurement does not swing the next slices.
const TRUST: f32 = 0.25;
/// Corrections of a known cost stay within this factor either way.
const MOST_CORRECTION: f32 = 4.0;

#[derive(Clone, Copy)]
enum Known {
    /// Never run.
    New,
    /// Has run, and was not timed alone.
    Guessed,
    /// Timed alone once.
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
}

impl Costs {
    /// Every dispatch costs `first_guess` milliseconds until more is known.
    pub(super) fn new(first_guess: f32) -> Self {
        Self { jobs: HashMap::new(), first_guess }
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

    /// The end of the slice that starts at `first` and costs about `millis`, and its cost. At least one dispatch.
    pub(super) fn cut(&mut self, job: Job, first: usize, length: usize, millis: f32) -> (usize, f32) {
        let costs = self.of(job, length);
        let (mut end, mut sum) = (first + 1, costs[first].millis);
        while end < length && sum + costs[end].millis <= millis {
            sum += costs[end].millis;
            end += 1;
        }
        (end, sum)
    }

    /// How the slice is to be timed, given that it runs now.
    pub(super) fn begin(&mut self, job: Job, range: Range<usize>, length: usize) -> Timing {
        let costs = &mut self.of(job, length)[range];
        let timing = if costs.iter().any(|cost| matches!(cost.known, Known::New)) {
            Timing::Nothing
        } else if costs.iter().any(|cost| matches!(cost.known, Known::Guessed)) {
            Timing::Each
        } else {
            Timing::Whole
        };
        for cost in costs.iter_mut().filter(|cost| matches!(cost.known, Known::New)) {
            cost.known = Known::Guessed;
        }
        timing
    }

    /// Each dispatch of the range took so many milliseconds.
    pub(super) fn measured_each(&mut self, job: Job, range: Range<usize>, millis: &[f32]) {
        let Some(costs) = self.jobs.get_mut(&discriminant(&job)).and_then(|costs| costs.get_mut(range)) else { return };
        for (cost, &millis) in costs.iter_mut().zip(millis).filter(|(_, millis)| plausible(**millis)) {
            *cost = Cost { millis: millis.max(1e-3), known: Known::Measured };
        }
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
            cost.millis = (cost.millis * factor).clamp(1e-3, 1e3);
        }
    }
}

/// Drivers without real timestamps report zeros, or times that run backwards.
fn plausible(millis: f32) -> bool {
    millis > 0.0 && millis < 10_000.0
}

/// How a slice is to be timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Not for the estimates: something in it runs for the first time.
    Nothing,
    /// Every dispatch alone.
    Each,
    /// As a whole.
    Whole,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: [f32; 6] = [0.2, 0.2, 9.0, 0.2, 3.0, 0.4];

    #[test]
    fn a_heavy_dispatch_among_light_ones_is_known_after_two_runs() {
        let mut costs = Costs::new(0.6);
        for run in 0..2 {
            let mut first = 0;
            while first < REAL.len() {
                let (end, _) = costs.cut(Job::Step, first, REAL.len(), 2.0);
                match costs.begin(Job::Step, first..end, REAL.len()) {
                    Timing::Each => costs.measured_each(Job::Step, first..end, &REAL[first..end]),
                    timing => assert_eq!((run, timing), (0, Timing::Nothing)),
                }
                first = end;
            }
        }
        let known: Vec<f32> = (0..REAL.len()).map(|at| costs.one(Job::Step, at, REAL.len())).collect();
        assert_eq!(known, REAL);
        assert_eq!(costs.begin(Job::Step, 0..6, REAL.len()), Timing::Whole);
        // A slice ends before what does not fit, and holds at least one dispatch.
        assert_eq!(costs.cut(Job::Step, 0, REAL.len(), 5.0).0, 2);
        assert_eq!(costs.cut(Job::Step, 2, REAL.len(), 5.0).0, 3);
    }

    #[test]
    fn estimates_follow_a_machine_that_grows_slow_and_ignore_nonsense() {
        let mut costs = Costs::new(0.6);
        costs.begin(Job::Rank, 0..6, REAL.len());
        costs.begin(Job::Rank, 0..6, REAL.len());
        costs.measured_each(Job::Rank, 0..6, &REAL);
        let before = costs.sum(Job::Rank, 0..6, REAL.len());
        for nonsense in [0.0, -3.0, f32::NAN, f32::INFINITY] {
            costs.measured(Job::Rank, 0..6, nonsense);
        }
        assert_eq!(costs.sum(Job::Rank, 0..6, REAL.len()), before);
        for _ in 0..20 {
            costs.measured(Job::Rank, 0..6, 2.0 * before);
        }
        assert!((costs.sum(Job::Rank, 0..6, REAL.len()) / before - 2.0).abs() < 0.05);
        let ratio = costs.one(Job::Rank, 2, REAL.len()) / costs.one(Job::Rank, 0, REAL.len());
        assert!((ratio - 45.0).abs() < 0.1, "proportions stay");
    }
}

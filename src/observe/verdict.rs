//! How the representation is doing (SCIENCE.md, section 6), judged on running means, with the measurement that says so.
//!
//! The effective rank counts only while the spread is above its threshold: under complete collapse it measures noise and rises.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::snapshot::{Verdict, VerdictKind};

/// Under this embedding_std the collapse is complete.
pub const COMPLETE_BELOW_STD: f32 = 0.15;
/// Under this effective rank the collapse is dimensional.
pub const DIMENSIONAL_BELOW_RANK: f32 = 2.0;
/// Steps of the running mean.
pub const MEAN_STEPS: u64 = 20;

/// A meter's values of the last [`MEAN_STEPS`] steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Window {
    values: VecDeque<(u64, f32)>,
}

impl Window {
    // The newest value stays however old it is, for meters that are not taken every step.
    fn push(&mut self, step: u64, value: f32) {
        self.values.push_back((step, value));
        while self.values.len() > 1 && self.values[0].0 + MEAN_STEPS <= step {
            self.values.pop_front();
        }
    }

    fn mean(&self) -> Option<f32> {
        let sum: f64 = self.values.iter().map(|&(_, value)| f64::from(value)).sum();
        (!self.values.is_empty()).then(|| (sum / self.values.len() as f64) as f32)
    }
}

/// Judges one BYOL learner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    embedding_std: Window,
    effective_rank: Window,
}

impl Judge {
    /// Takes a step's embedding_std; steps ascend.
    pub fn push_embedding_std(&mut self, step: u64, value: f32) {
        self.embedding_std.push(step, value);
    }

    /// Takes an effective rank, which may come more rarely; steps ascend.
    pub fn push_effective_rank(&mut self, step: u64, value: f32) {
        self.effective_rank.push(step, value);
    }

    /// Mean embedding_std of the last 20 steps.
    pub fn embedding_std(&self) -> Option<f32> {
        self.embedding_std.mean()
    }

    /// Mean effective rank of the last 20 steps; the last one if none was taken in them.
    pub fn effective_rank(&self) -> Option<f32> {
        self.effective_rank.mean()
    }

    /// The verdict; unknown before any data, and if the spread is not a number.
    pub fn verdict(&self) -> Verdict {
        let Some(spread) = self.embedding_std().filter(|value| value.is_finite()) else {
            return Verdict { reason: "No step has been measured yet.".to_owned(), ..Verdict::default() };
        };
        let over = match self.embedding_std.values.len() {
            1 => "in the only step measured".to_owned(),
            count => format!("over the last {count} steps"),
        };
        if spread < COMPLETE_BELOW_STD {
            return Verdict {
                kind: VerdictKind::Complete,
                meter: "embedding std",
                value: spread,
                reason: format!(
                    "Embedding std is {spread:.3} {over}, under {COMPLETE_BELOW_STD}: every image gets nearly the same projection."
                ),
            };
        }
        match self.effective_rank().filter(|rank| *rank < DIMENSIONAL_BELOW_RANK) {
            Some(rank) => Verdict {
                kind: VerdictKind::Dimensional,
                meter: "effective rank",
                value: rank,
                reason: format!(
                    "Effective rank is {rank:.2}, under {DIMENSIONAL_BELOW_RANK}: the projections vary along a single direction."
                ),
            },
            None => Verdict {
                kind: VerdictKind::Healthy,
                meter: "embedding std",
                value: spread,
                reason: format!("Embedding std is {spread:.3} {over}, not under {COMPLETE_BELOW_STD}: the projections are spread out."),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(spreads: &[f32], ranks: &[(u64, f32)]) -> Verdict {
        let mut judge = Judge::default();
        (1..).zip(spreads).for_each(|(step, &value)| judge.push_embedding_std(step, value));
        ranks.iter().for_each(|&(step, value)| judge.push_effective_rank(step, value));
        judge.verdict()
    }

    #[test]
    fn the_rule() {
        assert_eq!(judged(&[], &[]).kind, VerdictKind::Unknown);
        assert_eq!(judged(&[], &[(1, 1.0)]).kind, VerdictKind::Unknown);
        assert_eq!(judged(&[f32::NAN], &[]).kind, VerdictKind::Unknown);
        assert_eq!(judged(&[0.149], &[(1, 1.0)]).kind, VerdictKind::Complete);
        assert_eq!(judged(&[0.15], &[(1, 1.99)]).kind, VerdictKind::Dimensional);
        assert_eq!(judged(&[0.15], &[(1, 2.0)]).kind, VerdictKind::Healthy);
        assert_eq!(judged(&[0.9], &[]).kind, VerdictKind::Healthy);
    }

    #[test]
    fn judged_on_the_mean_of_twenty_steps() {
        let mut spreads = vec![0.9; 30];
        spreads.extend([0.0; 16]);
        assert_eq!(judged(&spreads, &[]).kind, VerdictKind::Healthy, "4 of 20 steps at .9: .18");
        spreads.push(0.0);
        let verdict = judged(&spreads, &[]);
        assert_eq!(verdict.kind, VerdictKind::Complete, "3 of 20: .135");
        assert!((verdict.value - 0.135).abs() < 1e-6);
        assert!(verdict.reason.contains("0.135") && verdict.reason.contains("0.15"), "{}", verdict.reason);
    }

    #[test]
    fn a_rare_rank_stays_until_the_next() {
        assert_eq!(judged(&[0.9; 100], &[(1, 9.0), (50, 1.2)]).kind, VerdictKind::Dimensional);
        assert_eq!(judged(&[0.9; 100], &[(50, 1.2), (100, 9.0)]).kind, VerdictKind::Healthy);
    }
}

//! How the representation is doing (SCIENCE.md, section 6), judged on running means, with the measurement that says so.
//!
//! BYOL is judged by [`Judge`], DINO by [`DinoJudge`]. The effective rank counts only while the spread is above its threshold: under
//! complete collapse it measures noise and rises.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::snapshot::{Verdict, VerdictKind};

/// Under this embedding_std the collapse is complete.
pub const COMPLETE_BELOW_STD: f32 = 0.15;
/// Under this effective rank the collapse is dimensional.
pub const DIMENSIONAL_BELOW_RANK: f32 = 2.0;
/// Under this share of ln K the mutual information of images and prototypes is a collapse.
pub const COLLAPSED_BELOW_INFORMATION: f32 = 0.05;
/// A collapse with the entropy of the mean distribution under this share of ln K is dominant.
pub const DOMINANT_BELOW_MEAN_ENTROPY: f32 = 0.35;
/// A collapse with the mean entropy over this share of ln K is uniform.
pub const UNIFORM_ABOVE_ENTROPY: f32 = 0.97;
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

    /// Too few steps for a verdict.
    fn measuring(&self) -> Option<Verdict> {
        let steps = self.values.len();
        ((steps as u64) < MEAN_STEPS).then(|| measuring(steps))
    }

    fn mean(&self) -> Option<f32> {
        let sum: f64 = self.values.iter().map(|&(_, value)| f64::from(value)).sum();
        (!self.values.is_empty()).then(|| (sum / self.values.len() as f64) as f32)
    }

    fn over(&self) -> String {
        format!("over the last {} steps", self.values.len())
    }
}

fn unknown() -> Verdict {
    Verdict { reason: "There are no numbers to judge.".to_owned(), ..Verdict::default() }
}

/// Before [`MEAN_STEPS`] steps the mean says more about the first of them than about the run.
fn measuring(steps: usize) -> Verdict {
    let reason = format!("The verdict is on the mean of {MEAN_STEPS} steps; {steps} have been measured.");
    Verdict { reason, wanting: MEAN_STEPS - steps as u64, ..Verdict::default() }
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

    /// The verdict; unknown before [`MEAN_STEPS`] steps, and if the spread is not a number.
    pub fn verdict(&self) -> Verdict {
        if let Some(measuring) = self.embedding_std.measuring() {
            return measuring;
        }
        let Some(spread) = self.embedding_std().filter(|value| value.is_finite()) else {
            return unknown();
        };
        let over = self.embedding_std.over();
        if spread < COMPLETE_BELOW_STD {
            return Verdict {
                kind: VerdictKind::Complete,
                meter: "embedding std",
                value: spread,
                reason: format!(
                    "Embedding std is {spread:.3} {over}, under {COMPLETE_BELOW_STD}: every image gets nearly the same projection."
                ),
                ..Verdict::default()
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
                ..Verdict::default()
            },
            None => Verdict {
                kind: VerdictKind::Healthy,
                meter: "embedding std",
                value: spread,
                reason: format!("Embedding std is {spread:.3} {over}, not under {COMPLETE_BELOW_STD}: the projections are spread out."),
                ..Verdict::default()
            },
        }
    }
}

/// Judges one DINO learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DinoJudge {
    ln_prototypes: f32,
    teacher_entropy: Window,
    mean_teacher_entropy: Window,
}

impl DinoJudge {
    /// Judges distributions over so many prototypes.
    pub fn new(prototypes: u32) -> Self {
        Self { ln_prototypes: (prototypes as f32).ln(), teacher_entropy: Window::default(), mean_teacher_entropy: Window::default() }
    }

    /// ln K in nats, what both entropies are measured against.
    pub const fn ln_prototypes(&self) -> f32 {
        self.ln_prototypes
    }

    /// Takes a step's Ht and Hm, in nats; steps ascend.
    pub fn push_entropies(&mut self, step: u64, teacher_entropy: f32, mean_teacher_entropy: f32) {
        self.teacher_entropy.push(step, teacher_entropy);
        self.mean_teacher_entropy.push(step, mean_teacher_entropy);
    }

    /// Mean Ht of the last 20 steps.
    pub fn teacher_entropy(&self) -> Option<f32> {
        self.teacher_entropy.mean()
    }

    /// Mean Hm of the last 20 steps.
    pub fn mean_teacher_entropy(&self) -> Option<f32> {
        self.mean_teacher_entropy.mean()
    }

    /// Mean Hm - Ht of the last 20 steps.
    pub fn mutual_information(&self) -> Option<f32> {
        Some(self.mean_teacher_entropy()? - self.teacher_entropy()?)
    }

    /// The verdict; unknown before [`MEAN_STEPS`] steps, if an entropy is not a number, and with a single prototype.
    pub fn verdict(&self) -> Verdict {
        if let Some(measuring) = self.teacher_entropy.measuring() {
            return measuring;
        }
        let entropies = self.teacher_entropy().zip(self.mean_teacher_entropy());
        let Some((entropy, mean_entropy)) = entropies.filter(|(entropy, mean)| entropy.is_finite() && mean.is_finite()) else {
            return unknown();
        };
        let most = self.ln_prototypes;
        if !(most > 0.0) {
            return unknown();
        }
        let (information, over) = (mean_entropy - entropy, self.teacher_entropy.over());
        let [floor, low, high] =
            [COLLAPSED_BELOW_INFORMATION, DOMINANT_BELOW_MEAN_ENTROPY, UNIFORM_ABOVE_ENTROPY].map(|share| share * most);
        let informed = format!("Mutual information is {information:.3} {over}");
        if information >= floor {
            return Verdict {
                kind: VerdictKind::Healthy,
                meter: "mutual information",
                value: information,
                reason: format!("{informed}, not under {floor:.3}: different images get different prototypes."),
                ..Verdict::default()
            };
        }
        let collapsed = format!("{informed}, under {floor:.3}, and");
        if mean_entropy < low {
            return Verdict {
                kind: VerdictKind::Dominant,
                meter: "mean teacher entropy",
                value: mean_entropy,
                reason: format!(
                    "{collapsed} the mean teacher entropy is {mean_entropy:.3}, under {low:.3}: a few prototypes take every image."
                ),
                ..Verdict::default()
            };
        }
        if entropy > high {
            return Verdict {
                kind: VerdictKind::Uniform,
                meter: "teacher entropy",
                value: entropy,
                reason: format!(
                    "{collapsed} the teacher entropy is {entropy:.3}, over {high:.3}: every image gets nearly all prototypes alike."
                ),
                ..Verdict::default()
            };
        }
        Verdict {
            kind: VerdictKind::Constant,
            meter: "mutual information",
            value: information,
            reason: format!("{collapsed} the teacher is neither sharp nor uniform: every image gets nearly the same distribution."),
            ..Verdict::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged_dino(entropies: &[(f32, f32)]) -> Verdict {
        // In shares of ln 64.
        let mut judge = DinoJudge::new(64);
        let most = judge.ln_prototypes();
        // A single pair stands for as many steps as it takes.
        let entropies = if let [one] = entropies { &[*one; MEAN_STEPS as usize] } else { entropies };
        (1..).zip(entropies).for_each(|(step, &(entropy, mean))| judge.push_entropies(step, entropy * most, mean * most));
        judge.verdict()
    }

    #[test]
    fn the_rule_of_dino() {
        assert_eq!(judged_dino(&[]).kind, VerdictKind::Unknown);
        assert_eq!(judged_dino(&[(f32::NAN, 0.5)]).kind, VerdictKind::Unknown);
        assert_eq!(judged_dino(&[(0.1, f32::NAN)]).kind, VerdictKind::Unknown);
        assert_eq!(judged_dino(&[(0.30, 0.34)]).kind, VerdictKind::Dominant);
        assert_eq!(judged_dino(&[(0.0, 0.04)]).kind, VerdictKind::Dominant);
        assert_eq!(judged_dino(&[(0.975, 0.999)]).kind, VerdictKind::Uniform);
        assert_eq!(judged_dino(&[(0.965, 0.999)]).kind, VerdictKind::Constant);
        assert_eq!(judged_dino(&[(0.34, 0.36)]).kind, VerdictKind::Constant);
        assert_eq!(judged_dino(&[(0.2, 0.26)]).kind, VerdictKind::Healthy);
        assert_eq!(judged_dino(&[(0.1, 0.9)]).kind, VerdictKind::Healthy);
        let mut single = DinoJudge::new(1);
        (1..=MEAN_STEPS).for_each(|step| single.push_entropies(step, 0.0, 0.0));
        assert_eq!(single.verdict().kind, VerdictKind::Unknown);
    }

    #[test]
    fn dino_is_judged_on_means_and_says_why() {
        let mut entropies = vec![(0.1, 0.9); 30];
        entropies.extend([(0.98, 0.99); 18]);
        assert_eq!(judged_dino(&entropies).kind, VerdictKind::Healthy, "2 of 20 steps at .8: .089");
        entropies.extend([(0.98, 0.99); 2]);
        let verdict = judged_dino(&entropies);
        assert_eq!((verdict.kind, verdict.meter), (VerdictKind::Uniform, "teacher entropy"));
        assert!((verdict.value - 0.98 * 64_f32.ln()).abs() < 1e-5);
        assert!(verdict.reason.contains("over the last 20 steps") && verdict.reason.contains("4.076"), "{}", verdict.reason);
    }

    fn judged(spreads: &[f32], ranks: &[(u64, f32)]) -> Verdict {
        let mut judge = Judge::default();
        let spreads = if let [one] = spreads { &[*one; MEAN_STEPS as usize] } else { spreads };
        (1..).zip(spreads).for_each(|(step, &value)| judge.push_embedding_std(step, value));
        ranks.iter().for_each(|&(step, value)| judge.push_effective_rank(step, value));
        judge.verdict()
    }

    #[test]
    fn the_first_steps_are_not_judged() {
        let early = judged(&[0.01; 19], &[]);
        assert_eq!((early.kind, early.wanting), (VerdictKind::Unknown, 1));
        assert!(early.reason.contains("19"), "{}", early.reason);
        assert_eq!(judged(&[0.01; 20], &[]).kind, VerdictKind::Complete);
        assert_eq!(judged_dino(&[(0.99, 1.0); 12]).wanting, 8);
        assert_eq!(judged_dino(&[(0.99, 1.0); 20]).kind, VerdictKind::Uniform);
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

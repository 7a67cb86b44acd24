//! What came of a study, as it lies on disk (`results.json`).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::study::Study;
use crate::save;
use crate::session::LearnerMeters;

/// Version of the file's layout.
const FORMAT: u32 = 1;
/// Bytes of a file that are read at most.
const MAXIMUM_BYTES: u64 = 64 << 20;

/// What is wrong with a results file.
#[derive(Debug, Error)]
#[error("{path}: {problem}")]
pub struct ResultsError {
    /// The file.
    pub path: PathBuf,
    /// What and how to mend it.
    pub problem: String,
}

/// Where and when it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Adapter.
    pub adapter: String,
    /// Driver.
    pub driver: String,
    /// Version of this program.
    pub twinlens: String,
    /// Day on which the last learner was done, year-month-day.
    pub date: String,
}

/// One learner at the end of its training. What its run did not measure is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Its verdict.
    pub verdict: String,
    /// Std of the normalised projections times sqrt(d).
    pub embedding_std: Option<f32>,
    /// The least on the way.
    pub embedding_std_minimum: Option<f32>,
    /// BYOL: first step with an embedding_std under the threshold.
    pub first_collapsed_step: Option<u64>,
    /// exp of the entropy of the covariance's eigenvalues.
    pub effective_rank: Option<f32>,
    /// kNN accuracy of the embedding.
    pub knn_accuracy: Option<f32>,
    /// kNN accuracy of the projection.
    pub knn_projection: Option<f32>,
    /// kNN accuracy of the embedding before training.
    pub knn_untrained: Option<f32>,
    /// DINO: mean entropy of the teacher's distributions, Ht.
    pub teacher_entropy: Option<f32>,
    /// DINO: entropy of the mean distribution, Hm.
    pub mean_teacher_entropy: Option<f32>,
    /// DINO: from the teacher's to the student's distributions.
    pub kl: Option<f32>,
    /// DINO: share of the prototypes that are some image's likeliest.
    pub prototypes_used: Option<f32>,
    /// Fragment to whole, fragment to fragment (kNN), and the median rank of a fragment's own image.
    pub fragments: Option<[f32; 3]>,
    /// The meter that tells collapse, every so many steps: (step, embedding_std), or (step, Hm - Ht) with DINO.
    pub curve: Vec<(u64, f32)>,
}

impl Outcome {
    /// What the meters say, with the curve.
    pub(super) fn new(meters: &LearnerMeters, curve: Vec<(u64, f32)>) -> Self {
        Self {
            seed: meters.seed,
            verdict: meters.verdict.to_owned(),
            embedding_std: meters.embedding_std,
            embedding_std_minimum: meters.embedding_std_minimum,
            first_collapsed_step: meters.first_collapsed_step,
            effective_rank: meters.effective_rank,
            knn_accuracy: meters.knn_accuracy,
            knn_projection: meters.knn_projection,
            knn_untrained: meters.knn_untrained,
            teacher_entropy: meters.teacher_entropy,
            mean_teacher_entropy: meters.mean_teacher_entropy,
            kl: meters.kl(),
            prototypes_used: meters.prototypes_used,
            fragments: meters.fragments,
            curve,
        }
    }

    /// DINO: Hm - Ht.
    pub fn mutual_information(&self) -> Option<f32> {
        Some(self.mean_teacher_entropy? - self.teacher_entropy?)
    }

    /// Whether its verdict is a collapse.
    pub fn is_collapsed(&self) -> bool {
        !matches!(self.verdict.as_str(), "healthy" | "unknown")
    }
}

/// What was done of a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ran {
    /// The condition's name.
    pub condition: String,
    /// Steps that each of its learners was trained.
    pub steps: u64,
    /// Floating-point operations of one learner's step, as the kernels count them.
    pub flops_per_step: u64,
    /// Its learners, seeds ascending.
    pub learners: Vec<Outcome>,
}

/// A study with what is done of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Version of this layout.
    pub format: u32,
    /// What was asked for.
    pub study: Study,
    /// Where and when; none before the first learner is done.
    pub machine: Option<Machine>,
    /// What is done, in the study's order.
    pub done: Vec<Ran>,
}

impl Results {
    /// Nothing done yet.
    pub const fn new(study: Study) -> Self {
        Self { format: FORMAT, study, machine: None, done: Vec::new() }
    }

    /// From text, checking the version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let results: Self = serde_json::from_str(text).map_err(|error| format!("is no results file of `twinlens ablate` ({error})"))?;
        if results.format != FORMAT {
            return Err(format!("has format {}, this version reads {FORMAT}", results.format));
        }
        Ok(results)
    }

    /// What lies in a file, if there is one.
    pub fn read(path: &Path) -> Result<Option<Self>, ResultsError> {
        let fail = |problem: String| ResultsError { path: path.to_owned(), problem };
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(format!("cannot be read: {error}"))),
            Ok(file) if file.len() > MAXIMUM_BYTES => return Err(fail(format!("is over {} MiB long", MAXIMUM_BYTES >> 20))),
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        Self::parse(&text).map(Some).map_err(fail)
    }

    /// Saves it: aside, synced, renamed.
    pub fn write(&self, path: &Path) -> Result<(), ResultsError> {
        let fail = |problem: String| ResultsError { path: path.to_owned(), problem };
        let text = serde_json::to_string_pretty(self).map_err(|error| fail(error.to_string()))?;
        save::atomically(path, |file| std::io::Write::write_all(file, text.as_bytes()))
            .map_err(|error| fail(format!("cannot be written: {error}")))
    }

    /// What is done of a condition.
    pub fn of(&self, condition: &str) -> Option<&Ran> {
        self.done.iter().find(|ran| ran.condition == condition)
    }

    /// Whether every learner of the study is done.
    pub fn is_complete(&self) -> bool {
        let wanted = self.study.seeds as usize;
        self.study.conditions.iter().all(|condition| self.of(&condition.name).is_some_and(|ran| ran.learners.len() == wanted))
    }

    /// Adds a learner that is done.
    pub(super) fn add(&mut self, condition: &str, steps: u64, flops_per_step: u64, outcome: Outcome) {
        let place = match self.done.iter().position(|ran| ran.condition == condition) {
            Some(place) => place,
            None => {
                self.done.push(Ran { condition: condition.to_owned(), steps, flops_per_step, learners: Vec::new() });
                self.done.len() - 1
            }
        };
        let learners = &mut self.done[place].learners;
        learners.push(outcome);
        learners.sort_by_key(|outcome| outcome.seed);
        let order = |name: &str| self.study.conditions.iter().position(|condition| condition.name == name);
        self.done.sort_by_key(|ran| order(&ran.condition));
    }
}

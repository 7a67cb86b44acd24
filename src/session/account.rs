//! What is known of one learner: its meters over time, its verdict, and what came of its switches' flips.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::flips::FlipWatch;
use crate::observe::history::push_steps;
use crate::observe::step_log::StepValues;
use crate::observe::verdict::{COMPLETE_BELOW_STD, DinoJudge, Judge};
use crate::snapshot::{History, Series, Verdict};

/// What one learner's meters say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LearnerMeters {
    /// Mean loss of the batch.
    pub loss: Option<f32>,
    /// Std of the normalised projections times sqrt(d): 1 healthy, 0 collapsed.
    pub embedding_std: Option<f32>,
    /// exp of the entropy of the covariance's eigenvalues, as last measured.
    pub effective_rank: Option<f32>,
    /// kNN accuracy of the embedding, as last measured.
    pub knn_accuracy: Option<f32>,
    /// kNN accuracy of the projection, as last measured.
    pub knn_projection: Option<f32>,
    /// healthy, complete, dimensional or unknown.
    pub verdict: &'static str,
    /// Least embedding_std of any step so far.
    pub embedding_std_minimum: Option<f32>,
    /// BYOL: first step whose embedding_std was under the threshold of `complete`.
    pub first_collapsed_step: Option<u64>,
    /// kNN accuracy of the embedding at step 0.
    pub knn_untrained: Option<f32>,
    /// Seed of its weights.
    pub seed: u64,
    /// DINO: mean entropy of the teacher's distributions, in nats.
    pub teacher_entropy: Option<f32>,
    /// DINO: entropy of the batch's mean distribution.
    pub mean_teacher_entropy: Option<f32>,
    /// DINO: share of the prototypes that are some image's likeliest.
    pub prototypes_used: Option<f32>,
    /// Share of local crops whose class whole images tell, that other local crops tell, and the median place of their own image.
    pub fragments: Option<[f32; 3]>,
    /// Share of the CLS attention on the object, as last measured.
    pub attention_in_object: Option<f32>,
    /// The same at step 0.
    pub attention_untrained: Option<f32>,
    /// Mean cosine of each of the student's crops, globals first, with the teacher's globals of the same image.
    pub agreement: Vec<f32>,
}

impl LearnerMeters {
    /// DINO: what the prototypes know of the images: entropy of the mean less mean entropy.
    pub fn mutual_information(&self) -> Option<f32> {
        Some(self.mean_teacher_entropy? - self.teacher_entropy?)
    }

    /// DINO: from the teacher's to the student's distributions.
    pub fn kl(&self) -> Option<f32> {
        Some(self.loss? - self.teacher_entropy?)
    }
}

/// Which meters there are besides those of every run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Of distributions over prototypes.
    pub distributions: bool,
    /// Of local crops of held-out images.
    pub fragments: bool,
    /// What attention is to be compared with is known.
    pub attention: bool,
}

/// All learners' meters at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Completed steps.
    pub step: u64,
    /// One a learner.
    pub learners: Vec<LearnerMeters>,
    /// Which meters there are.
    pub extras: Extras,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) judge: Judge,
    /// Where there are prototypes.
    pub(super) dino: Option<DinoJudge>,
    pub(super) minimum: Option<f32>,
    pub(super) first_collapsed: Option<u64>,
    /// The step since which the verdict is a collapse, while it is one.
    #[serde(default)]
    pub(super) collapsed_at: Option<u64>,
    pub(super) effective_rank: Option<(u64, f32)>,
    pub(super) accuracy: Option<(u64, [f32; 2])>,
    pub(super) untrained: Option<f32>,
    pub(super) fragments: Option<(u64, [f32; 3])>,
    pub(super) attention: Option<(u64, f32)>,
    pub(super) attention_untrained: Option<f32>,
    pub(super) agreement: Option<(u64, Vec<f32>)>,
}

impl Judged {
    pub(super) fn verdict(&self) -> Verdict {
        self.dino.as_ref().map_or_else(|| self.judge.verdict(), DinoJudge::verdict)
    }
}

/// What is known of one learner. Cheap to clone: the series are shared until one of the two goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Seed of its weights.
    pub(super) seed: u64,
    /// Its meters over time.
    pub(super) history: Arc<History>,
    /// What its verdict hangs on.
    pub(super) judged: Judged,
    /// What comes of its newest flip.
    pub(super) flips: FlipWatch,
    /// Which of its numbers became non-finite, and when.
    pub(super) broken: Option<String>,
}

impl Account {
    /// Of a learner with so many prototypes (0: none), at the start.
    pub(super) fn new(seed: u64, prototypes: u32) -> Self {
        let judged = Judged { dino: (prototypes > 0).then(|| DinoJudge::new(prototypes)), ..Judged::default() };
        Self { seed, judged, ..Self::default() }
    }

    /// What is to be kept of it for going back to where it stands now; its meters over time can be cut.
    pub(super) fn without_history(&self) -> Self {
        Self { history: Arc::default(), ..self.clone() }
    }

    /// What was kept at `step`, with what the meters say since.
    pub(super) fn back_at(&self, step: u64, history: &History) -> Self {
        Self { history: Arc::new(history.until(step)), ..self.clone() }
    }

    /// Takes in steps that were done, out of those up to `last`, at `seconds` of training time; [`Self::steps_taken`] ends it.
    pub(super) fn take_steps(&mut self, steps: &[StepValues], last: u64, seconds: f64) {
        if let Some(broken) = steps.iter().find(|values| !values.is_finite())
            && self.broken.is_none()
        {
            self.broken = Some(format!(
                "numbers became non-finite at step {} (seed {}: loss {}, embedding_std {}, gradient norm {}); lower the learning rate",
                broken.step, self.seed, broken.loss, broken.student_std, broken.gradient_norm
            ));
        }
        let judged = &mut self.judged;
        for values in steps {
            let std = values.student_std;
            judged.judge.push_embedding_std(values.step, std);
            if let (Some(judge), Some(seen)) = (&mut judged.dino, values.distribution) {
                judge.push_entropies(values.step, seen.teacher_entropy, seen.mean_teacher_entropy);
            }
            judged.minimum = Some(judged.minimum.map_or(std, |least| least.min(std)));
            let done = self.flips.time_of(values.step, last, seconds);
            let verdict = judged.verdict().kind;
            judged.collapsed_at = verdict.is_collapse().then(|| judged.collapsed_at.unwrap_or(values.step));
            self.flips.judged(values.step, done, verdict);
            // DINO's collapses are seen in its distributions, not here.
            if std < COMPLETE_BELOW_STD && judged.dino.is_none() && judged.first_collapsed.is_none() {
                judged.first_collapsed = Some(values.step);
            }
        }
        push_steps(Arc::make_mut(&mut self.history), steps);
    }

    /// All steps up to `last` have been taken in.
    pub(super) const fn steps_taken(&mut self, last: u64, seconds: f64) {
        self.flips.measured(last, seconds);
    }

    /// How it is doing. Of broken numbers nothing can be said.
    pub(super) fn verdict(&self) -> Verdict {
        match &self.broken {
            Some(reason) => Verdict { reason: reason.clone(), ..Verdict::default() },
            None => self.judged.verdict(),
        }
    }

    /// What it says, of what was measured at a step that is `wanted`.
    pub(super) fn meters(&self, wanted: impl Fn(u64) -> bool) -> LearnerMeters {
        fn of<T>(wanted: impl Fn(u64) -> bool, measured: Option<&(u64, T)>) -> Option<&T> {
            measured.filter(|measured| wanted(measured.0)).map(|measured| &measured.1)
        }
        let last = |series: &Series| of(&wanted, series.points.last()).copied();
        let Self { seed, history, judged, .. } = self;
        let accuracy = of(&wanted, judged.accuracy.as_ref());
        LearnerMeters {
            loss: last(&history.loss),
            embedding_std: last(&history.embedding_std),
            effective_rank: of(&wanted, judged.effective_rank.as_ref()).copied(),
            knn_accuracy: accuracy.map(|pair| pair[0]),
            knn_projection: accuracy.map(|pair| pair[1]),
            verdict: self.verdict().kind.word(),
            embedding_std_minimum: judged.minimum,
            first_collapsed_step: judged.first_collapsed,
            knn_untrained: judged.untrained,
            seed: *seed,
            teacher_entropy: last(&history.teacher_entropy),
            mean_teacher_entropy: last(&history.mean_teacher_entropy),
            prototypes_used: last(&history.prototypes_used),
            fragments: of(&wanted, judged.fragments.as_ref()).copied(),
            attention_in_object: of(&wanted, judged.attention.as_ref()).copied(),
            attention_untrained: judged.attention_untrained,
            agreement: of(&wanted, judged.agreement.as_ref()).cloned().unwrap_or_default(),
        }
    }
}

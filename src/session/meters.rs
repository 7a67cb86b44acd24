//! The CPU's side of the meters: copies on their way back, series, verdicts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::flips::FlipWatch;
use super::schedule::{Cadence, Job};
use super::start::{MOST_SHOWN_DISTRIBUTIONS, Observers};
use crate::config::GLOBAL_VIEWS;
use crate::gpu::{Gpu, Readback, Tensor};
use crate::observe::history::push_steps;
use crate::observe::step_log::StepLog;
use crate::observe::verdict::{COMPLETE_BELOW_STD, DinoJudge, Judge};
use crate::snapshot::{Distributions, History, Series, SinceFlip, Verdict};
use crate::train::Trainer;

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
struct Judged {
    judge: Judge,
    /// Where there are prototypes.
    dino: Option<DinoJudge>,
    minimum: Option<f32>,
    first_collapsed: Option<u64>,
    effective_rank: Option<(u64, f32)>,
    accuracy: Option<(u64, [f32; 2])>,
    untrained: Option<f32>,
    fragments: Option<(u64, [f32; 3])>,
    attention: Option<(u64, f32)>,
    attention_untrained: Option<f32>,
    agreement: Option<(u64, Vec<f32>)>,
}

impl Judged {
    fn verdict(&self) -> Verdict {
        self.dino.as_ref().map_or_else(|| self.judge.verdict(), DinoJudge::verdict)
    }
}

/// Copies that can be under way at a time.
const SLOTS: usize = 4;

/// Views of an image at most, globals and locals.
const MOST_VIEWS: usize = 10;

/// Mean cosine of each view with the other views that the teacher saw, out of (2, V) cosines of all pairs.
pub(super) fn agreement(cosines: &[f32]) -> Vec<f32> {
    let globals = GLOBAL_VIEWS as usize;
    let views = cosines.len() / globals;
    let of_view = |view: usize| {
        let others = (0..globals).filter(|&global| global != view);
        let count = others.clone().count();
        others.map(|global| cosines[global * views + view]).sum::<f32>() / count as f32
    };
    (0..views).map(of_view).collect()
}

pub(super) struct Meters {
    learners: usize,
    seeds: Vec<u64>,
    steps: Readback,
    ranks: Readback,
    accuracies: Readback,
    explained_copies: Readback,
    distribution_copies: Option<Readback>,
    distributions: Option<Distributions>,
    prototypes: u32,
    cloud_images: u32,
    extras: Extras,
    seen: u64,
    histories: Vec<Arc<History>>,
    judged: Vec<Judged>,
    explained: Option<f32>,
    stopped: Option<String>,
    /// What comes of the newest flip, for learner 0.
    pub(super) flips: FlipWatch,
    /// When which step was seen, over the last second.
    pace: VecDeque<(Instant, u64)>,
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

impl Meters {
    pub(super) fn new(gpu: &Gpu, trainer: &Trainer, observers: &Observers) -> Self {
        let learners = trainer.config.learners as usize;
        let prototypes = trainer.method.prototypes();
        let outcome = observers.evaluation.as_ref().map(|evaluation| &evaluation.outcome);
        let outcomes = outcome.map_or(1, |outcome| outcome.tensors().len());
        let ring = |words: usize| Readback::new(gpu, 4 * words as u64, SLOTS);
        Self {
            learners,
            seeds: (0..trainer.config.learners).map(|learner| crate::train::learner::weight_seed(&trainer.config, learner)).collect(),
            steps: ring((observers.log.ring.bytes() / 4) as usize),
            ranks: ring(learners * (1 + 2 * MOST_VIEWS)),
            accuracies: ring(outcomes * learners),
            explained_copies: ring(learners),
            distribution_copies: observers
                .shown_distributions(trainer)
                .map(|parts| ring(parts.iter().map(|part| part.elements() as usize).sum())),
            distributions: None,
            prototypes,
            cloud_images: observers.probe.count.min(MOST_SHOWN_DISTRIBUTIONS),
            extras: Extras {
                distributions: observers.log.has_distributions(),
                fragments: outcome.is_some_and(|outcome| outcome.fragments.is_some()),
                attention: outcome.is_some_and(|outcome| outcome.attention.is_some()),
            },
            seen: trainer.step(),
            histories: vec![Arc::default(); learners],
            judged: vec![Judged { dino: (prototypes > 0).then(|| DinoJudge::new(prototypes)), ..Judged::default() }; learners],
            explained: None,
            stopped: None,
            flips: FlipWatch::default(),
            pace: VecDeque::new(),
        }
    }

    /// What a checkpoint keeps of them: what verdicts and summaries after it hang on.
    pub(super) fn state(&self) -> String {
        serde_json::to_string(&self.judged).unwrap_or_default()
    }

    /// Takes up what a checkpoint kept. A file from elsewhere may keep nothing: then the running means begin anew.
    pub(super) fn restore(&mut self, state: &str, step: u64) {
        self.seen = step;
        if let Ok(judged) = serde_json::from_str::<Vec<Judged>>(state)
            && judged.len() == self.learners
            && judged.iter().all(|judged| judged.dino.is_some() == (self.prototypes > 0))
        {
            self.judged = judged;
        }
    }

    /// Records the copies that are due after `job`, or whatever it was if it is the last that was asked for. A full ring drops one;
    /// the next brings the steps it missed.
    pub(super) fn read(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        job: Job,
        trainer: &Trainer,
        observers: &Observers,
        cadence: &Cadence,
        is_last: bool,
    ) {
        let step = trainer.step();
        let copy = |ring: &mut Readback, encoder: &mut wgpu::CommandEncoder, tensor: &Tensor| {
            ring.record(encoder, &tensor.buffer, tensor.offset, tensor.bytes(), step)
        };
        match job {
            Job::Step if is_last || step.is_multiple_of(cadence.read_every.max(1)) || step - self.seen >= StepLog::CAPACITY / 2 => {
                copy(&mut self.steps, encoder, &observers.log.ring);
            }
            Job::Rank => {
                self.ranks.record_parts(encoder, &[&observers.effective_rank, &observers.cosines], step);
            }
            Job::EvaluateFinish => {
                if let Some(evaluation) = &observers.evaluation {
                    self.accuracies.record_parts(encoder, &evaluation.outcome.tensors(), step);
                }
            }
            Job::Cloud => {
                copy(&mut self.explained_copies, encoder, &observers.probe.explained);
                if let (Some(copies), Some(parts)) = (&mut self.distribution_copies, observers.shown_distributions(trainer)) {
                    copies.record_firsts(encoder, &parts.each_ref(), step);
                }
            }
            Job::Step | Job::Look | Job::Nearest | Job::EvaluateChunk(_) => {}
        }
    }

    pub(super) fn submitted(&mut self) {
        let rings = [&mut self.steps, &mut self.ranks, &mut self.accuracies, &mut self.explained_copies];
        for ring in rings.into_iter().chain(&mut self.distribution_copies) {
            ring.submitted();
        }
    }

    /// Whether no copy would be dropped.
    pub(super) fn has_room(&self) -> bool {
        self.rings().all(Readback::has_room)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.rings().any(Readback::is_waiting)
    }

    fn rings(&self) -> impl Iterator<Item = &Readback> {
        [&self.steps, &self.ranks, &self.accuracies, &self.explained_copies].into_iter().chain(&self.distribution_copies)
    }

    /// Takes in what has arrived, at `seconds` of training time.
    pub(super) fn collect(&mut self, seconds: f64) {
        let mut arrived = Vec::new();
        self.steps.collect(|last, bytes| arrived.push((last, bytes.to_vec())));
        for (last, bytes) in arrived {
            self.take_steps(last, &bytes, seconds);
        }
        let (histories, judged, learners, extras) = (&mut self.histories, &mut self.judged, self.learners, self.extras);
        self.ranks.collect(|step, bytes| {
            let values = floats(bytes);
            let (ranks, cosines) = values.split_at(learners);
            let of_learner = cosines.len() / learners;
            for (learner, (history, judged)) in histories.iter_mut().zip(&mut *judged).enumerate() {
                let rank = ranks[learner];
                Arc::make_mut(history).effective_rank.push(step, rank);
                judged.judge.push_effective_rank(step, rank);
                judged.effective_rank = Some((step, rank));
                let agreement = agreement(&cosines[learner * of_learner..][..of_learner]);
                let (globals, locals) = agreement.split_at(agreement.len().min(GLOBAL_VIEWS as usize));
                let history = Arc::make_mut(history);
                for (series, crops) in [(&mut history.global_agreement, globals), (&mut history.local_agreement, locals)] {
                    if !crops.is_empty() {
                        series.push(step, crops.iter().sum::<f32>() / crops.len() as f32);
                    }
                }
                judged.agreement = Some((step, agreement));
            }
        });
        self.accuracies.collect(|step, bytes| {
            let values = floats(bytes);
            for (learner, (history, judged)) in histories.iter_mut().zip(&mut *judged).enumerate() {
                let mut outcomes = values.iter().skip(learner).step_by(learners).copied();
                let mut next = || outcomes.next().unwrap_or(f32::NAN);
                let pair = [next(), next()];
                let history = Arc::make_mut(history);
                history.knn_accuracy.push(step, pair[0]);
                history.knn_projection.push(step, pair[1]);
                judged.accuracy = Some((step, pair));
                if extras.fragments {
                    let fragments = [next(), next(), next()];
                    history.fragment_to_whole.push(step, fragments[0]);
                    history.fragment_to_fragment.push(step, fragments[1]);
                    history.fragment_median_rank.push(step, fragments[2]);
                    judged.fragments = Some((step, fragments));
                }
                if extras.attention {
                    let share = next();
                    history.attention_in_object.push(step, share);
                    judged.attention = Some((step, share));
                }
                if step == 0 {
                    judged.untrained = Some(pair[0]);
                    judged.attention_untrained = judged.attention.map(|attention| attention.1);
                }
            }
        });
        let (distributions, prototypes) = (&mut self.distributions, self.prototypes);
        if let Some(copies) = &mut self.distribution_copies {
            let images = self.cloud_images as usize;
            copies.collect(|_, bytes| {
                let values = floats(bytes);
                let (center, rows) = values.split_at(prototypes as usize);
                let (batch, cloud) = rows.split_at(rows.len() - images * prototypes as usize);
                *distributions = Some(Distributions { prototypes, center: center.into(), batch: batch.into(), cloud: cloud.into() });
            });
        }
        let explained = &mut self.explained;
        self.explained_copies.collect(|_, bytes| *explained = floats(bytes).first().copied());
    }

    fn take_steps(&mut self, last: u64, bytes: &[u8], seconds: f64) {
        for (learner, steps) in StepLog::decode(bytes, self.learners, self.seen, last).into_iter().enumerate() {
            if let Some(broken) = steps.iter().find(|values| !values.is_finite())
                && self.stopped.is_none()
            {
                self.stopped = Some(format!(
                    "numbers became non-finite at step {} (learner {learner}: loss {}, embedding_std {}, gradient norm {}); lower the learning rate",
                    broken.step, broken.loss, broken.student_std, broken.gradient_norm
                ));
            }
            let judged = &mut self.judged[learner];
            for values in &steps {
                let std = values.student_std;
                judged.judge.push_embedding_std(values.step, std);
                if let (Some(judge), Some(seen)) = (&mut judged.dino, values.distribution) {
                    judge.push_entropies(values.step, seen.teacher_entropy, seen.mean_teacher_entropy);
                }
                judged.minimum = Some(judged.minimum.map_or(std, |least| least.min(std)));
                if learner == 0 {
                    let done = self.flips.time_of(values.step, last, seconds);
                    self.flips.judged(values.step, done, judged.verdict().kind);
                }
                // DINO's collapses are seen in its distributions, not here.
                if std < COMPLETE_BELOW_STD && judged.dino.is_none() && judged.first_collapsed.is_none() {
                    judged.first_collapsed = Some(values.step);
                }
            }
            push_steps(Arc::make_mut(&mut self.histories[learner]), &steps);
        }
        self.flips.measured(last, seconds);
        self.seen = self.seen.max(last);
        let now = Instant::now();
        self.pace.push_back((now, last));
        // The newest entry beyond the two seconds stays: steps come in bursts when they are asked for whole.
        while self.pace.len() > 2 && now - self.pace[1].0 > Duration::from_secs(2) {
            self.pace.pop_front();
        }
    }

    /// The last step whose numbers are here.
    pub(super) const fn step(&self) -> u64 {
        self.seen
    }

    /// Steps a second over the last two seconds; 0 when nothing has come for as long.
    pub(super) fn steps_per_second(&self, now: Instant) -> f32 {
        match (self.pace.front(), self.pace.back()) {
            // Numbers that came together say nothing of the time between the steps.
            (Some(first), Some(last)) if last.0 - first.0 > Duration::from_millis(100) && now - last.0 < Duration::from_secs(2) => {
                (last.1 - first.1) as f32 / (last.0 - first.0).as_secs_f32()
            }
            _ => 0.0,
        }
    }

    pub(super) fn history(&self) -> Arc<History> {
        self.histories[0].clone()
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.judged[0].verdict()
    }

    /// What there is to say about the newest flip, at `seconds` of training time.
    pub(super) fn since_flip(&self, seconds: f64) -> Option<SinceFlip> {
        self.flips.since(self.seen, seconds)
    }

    pub(super) fn untrained_knn(&self) -> Option<f32> {
        self.judged[0].untrained
    }

    pub(super) fn attention_untrained(&self) -> Option<f32> {
        self.judged[0].attention_untrained
    }

    pub(super) fn distributions(&self) -> Option<Distributions> {
        self.distributions.clone()
    }

    pub(super) const fn explained(&self) -> Option<f32> {
        self.explained
    }

    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    pub(super) fn record(&self) -> Record {
        self.record_where(|_| true)
    }

    /// Holds only what was measured at `step`.
    pub(super) fn record_of_step(&self, step: u64) -> Record {
        self.record_where(|measured| measured == step)
    }

    fn record_where(&self, wanted: impl Fn(u64) -> bool) -> Record {
        fn of<T>(wanted: impl Fn(u64) -> bool, measured: Option<&(u64, T)>) -> Option<&T> {
            measured.filter(|measured| wanted(measured.0)).map(|measured| &measured.1)
        }
        let last = |series: &Series| of(&wanted, series.points.last()).copied();
        let learner = |(index, judged): (usize, &Judged)| {
            let history = &self.histories[index];
            let accuracy = of(&wanted, judged.accuracy.as_ref());
            LearnerMeters {
                loss: last(&history.loss),
                embedding_std: last(&history.embedding_std),
                effective_rank: of(&wanted, judged.effective_rank.as_ref()).copied(),
                knn_accuracy: accuracy.map(|pair| pair[0]),
                knn_projection: accuracy.map(|pair| pair[1]),
                verdict: judged.verdict().kind.word(),
                embedding_std_minimum: judged.minimum,
                first_collapsed_step: judged.first_collapsed,
                knn_untrained: judged.untrained,
                seed: self.seeds[index],
                teacher_entropy: last(&history.teacher_entropy),
                mean_teacher_entropy: last(&history.mean_teacher_entropy),
                prototypes_used: last(&history.prototypes_used),
                fragments: of(&wanted, judged.fragments.as_ref()).copied(),
                attention_in_object: of(&wanted, judged.attention.as_ref()).copied(),
                attention_untrained: judged.attention_untrained,
                agreement: of(&wanted, judged.agreement.as_ref()).cloned().unwrap_or_default(),
            }
        };
        Record { step: self.seen, learners: self.judged.iter().enumerate().map(learner).collect(), extras: self.extras }
    }
}

//! The CPU's side of the meters: copies on their way back, series, verdicts.

use std::sync::Arc;
use std::time::Instant;

use super::account::{Account, Extras, Judged, Record};
use super::rate::Rate;
use super::schedule::{Cadence, Job};
use super::start::{MOST_SHOWN_DISTRIBUTIONS, Observers};
use crate::config::GLOBAL_VIEWS;
use crate::gpu::{Gpu, Readback, Tensor};
use crate::observe::step_log::StepLog;
use crate::snapshot::Distributions;
use crate::train::Trainer;

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

/// How the meters are read after a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Whose distributions are shown.
    pub(super) learner: u32,
    /// It is the last step that was asked for.
    pub(super) is_last: bool,
}

/// A measurement that came back, as the numbers lie in its copy.
enum Measured {
    Ranks(Vec<f32>),
    Accuracies(Vec<f32>),
}

pub(super) struct Meters {
    /// One a learner.
    pub(super) accounts: Vec<Account>,
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
    /// Share of the squared length that the cloud's axes show, one a learner.
    explained: Vec<f32>,
    stopped: Option<String>,
    rate: Rate,
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
            accounts: trainer.learners.iter().map(|learner| Account::new(learner.seed, prototypes)).collect(),
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
            explained: Vec::new(),
            stopped: None,
            rate: Rate::default(),
        }
    }

    /// Goes on from what is known of these learners, at this step of theirs.
    pub(super) fn go_on(&mut self, accounts: Vec<Account>, step: u64) {
        self.accounts = accounts;
        self.seen = step;
    }

    /// Goes back to what was known at an earlier step, or on another road. Nothing may be under way.
    pub(super) fn go_back(&mut self, accounts: Vec<Account>, step: u64) {
        self.go_on(accounts, step);
        self.stopped = None;
        self.distributions = None;
        self.rate = Rate::default();
    }

    /// Records a copy of the step log, so that everything up to the trainer's step is known once it has come.
    pub(super) fn read_log(&mut self, encoder: &mut wgpu::CommandEncoder, trainer: &Trainer, observers: &Observers) {
        let ring = &observers.log.ring;
        self.steps.record(encoder, &ring.buffer, ring.offset, ring.bytes(), trainer.step());
    }

    /// What a checkpoint keeps of them: what verdicts and summaries after it hang on.
    pub(super) fn state(&self) -> String {
        let judged: Vec<&Judged> = self.accounts.iter().map(|account| &account.judged).collect();
        serde_json::to_string(&judged).unwrap_or_default()
    }

    /// Takes up what a checkpoint kept. A file from elsewhere may keep nothing: then the running means begin anew.
    pub(super) fn restore(&mut self, state: &str, step: u64) {
        self.seen = step;
        if let Ok(judged) = serde_json::from_str::<Vec<Judged>>(state)
            && judged.len() == self.accounts.len()
            && judged.iter().all(|judged| judged.dino.is_some() == (self.prototypes > 0))
        {
            for (account, judged) in self.accounts.iter_mut().zip(judged) {
                account.judged = judged;
            }
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
        when: Reading,
    ) {
        let step = trainer.step();
        let copy = |ring: &mut Readback, encoder: &mut wgpu::CommandEncoder, tensor: &Tensor| {
            ring.record(encoder, &tensor.buffer, tensor.offset, tensor.bytes(), step)
        };
        match job {
            Job::Step if when.is_last || step.is_multiple_of(cadence.read_every.max(1)) || step - self.seen >= StepLog::CAPACITY / 2 => {
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
                    copies.record_of(encoder, &parts.each_ref(), when.learner, step);
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

    /// Takes in what has arrived, at `seconds` of training time, in the order of the steps, whatever came first: so what is judged
    /// hangs on the steps alone. Gives the accounts, without their meters over time, as they stood when everything up to one of
    /// `marks` (steps, ascending) was in and nothing after it.
    pub(super) fn collect(&mut self, seconds: f64, marks: &[u64]) -> Vec<(u64, Vec<Account>)> {
        let look = Instant::now();
        let (mut logs, mut measured) = (Vec::new(), Vec::new());
        self.steps.collect(|last, bytes| logs.push((last, bytes.to_vec())));
        self.ranks.collect(|step, bytes| measured.push((step, Measured::Ranks(floats(bytes)))));
        self.accuracies.collect(|step, bytes| measured.push((step, Measured::Accuracies(floats(bytes)))));
        measured.sort_by_key(|measured| measured.0);
        let (mut measured, mut marks, mut kept) = (measured.into_iter().peekable(), marks.iter().copied().peekable(), Vec::new());
        for (last, bytes) in logs {
            let rows = StepLog::decode(&bytes, self.accounts.len(), self.seen, last);
            let mut from = 0;
            loop {
                let stops = [measured.peek().map(|measured| measured.0), marks.peek().copied()];
                let stop = stops.into_iter().flatten().min().filter(|&step| step < last);
                let to = rows[0].partition_point(|values| values.step <= stop.unwrap_or(last));
                for (account, rows) in self.accounts.iter_mut().zip(&rows) {
                    account.take_steps(&rows[from..to], last, seconds);
                }
                from = to;
                let Some(stop) = stop else { break };
                while let Some((step, values)) = measured.next_if(|measured| measured.0 <= stop) {
                    self.take_measured(step, &values);
                }
                if let Some(mark) = marks.next_if(|&mark| mark <= stop) {
                    kept.push((mark, self.without_histories()));
                }
            }
            self.steps_taken(last, seconds, look);
        }
        for (step, values) in measured {
            self.take_measured(step, &values);
        }
        self.collect_distributions();
        kept
    }

    /// What is to be kept of the accounts for going back to where they stand now.
    pub(super) fn without_histories(&self) -> Vec<Account> {
        self.accounts.iter().map(Account::without_history).collect()
    }

    fn take_measured(&mut self, step: u64, measured: &Measured) {
        match measured {
            Measured::Ranks(values) => self.take_ranks(step, values),
            Measured::Accuracies(values) => self.take_accuracies(step, values),
        }
    }

    fn take_ranks(&mut self, step: u64, values: &[f32]) {
        let learners = self.accounts.len();
        let (ranks, cosines) = values.split_at(learners);
        let of_learner = cosines.len() / learners;
        for (learner, Account { history, judged, .. }) in self.accounts.iter_mut().enumerate() {
            let rank = ranks[learner];
            let history = Arc::make_mut(history);
            history.effective_rank.push(step, rank);
            judged.judge.push_effective_rank(step, rank);
            judged.effective_rank = Some((step, rank));
            let agreement = agreement(&cosines[learner * of_learner..][..of_learner]);
            let (globals, locals) = agreement.split_at(agreement.len().min(GLOBAL_VIEWS as usize));
            for (series, crops) in [(&mut history.global_agreement, globals), (&mut history.local_agreement, locals)] {
                if !crops.is_empty() {
                    series.push(step, crops.iter().sum::<f32>() / crops.len() as f32);
                }
            }
            judged.agreement = Some((step, agreement));
        }
    }

    fn take_accuracies(&mut self, step: u64, values: &[f32]) {
        let (learners, extras) = (self.accounts.len(), self.extras);
        for (learner, Account { history, judged, .. }) in self.accounts.iter_mut().enumerate() {
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
    }

    fn collect_distributions(&mut self) {
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
        self.explained_copies.collect(|_, bytes| *explained = floats(bytes));
    }

    /// The steps up to `last` have been taken in.
    fn steps_taken(&mut self, last: u64, seconds: f64, look: Instant) {
        for account in &mut self.accounts {
            account.steps_taken(last, seconds);
        }
        // Learners know nothing of each other: the others go on.
        if self.stopped.is_none() && self.accounts.iter().all(|account| account.broken.is_some()) {
            self.stopped = self.accounts.first().and_then(|account| account.broken.clone());
        }
        self.seen = self.seen.max(last);
        self.rate.arrived(look, last);
    }

    /// The last step whose numbers are here.
    pub(super) const fn step(&self) -> u64 {
        self.seen
    }

    /// Steps a second over the last two seconds; 0 when nothing has come for as long.
    pub(super) fn steps_per_second(&self, now: Instant) -> f32 {
        self.rate.steps_per_second(now)
    }

    pub(super) fn distributions(&self) -> Option<Distributions> {
        self.distributions.clone()
    }

    pub(super) fn explained(&self, learner: u32) -> Option<f32> {
        self.explained.get(learner as usize).copied()
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
        Record { step: self.seen, learners: self.accounts.iter().map(|account| account.meters(&wanted)).collect(), extras: self.extras }
    }
}

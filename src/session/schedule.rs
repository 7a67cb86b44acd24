//! What comes next: a step, or a measurement that is due after one.

/// How often to measure, in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Read the step log (loss, standard deviations).
    pub read_every: u64,
    /// Effective rank.
    pub rank_every: u64,
    /// kNN accuracy; also at step 0.
    pub evaluate_every: Option<u64>,
    /// The embedding cloud, and the prototypes of its images.
    pub cloud_every: Option<u64>,
    /// The image that is looked at with its crops.
    pub look_every: Option<u64>,
}

impl Cadence {
    /// For logs: everything at the logging interval, no cloud.
    pub const fn headless(interval: u64, evaluate_every: Option<u64>) -> Self {
        Self { read_every: interval, rank_every: interval, evaluate_every, cloud_every: None, look_every: None }
    }

    /// The same for many learners at once: no kNN unless it is asked for, which takes longer than many steps, and fewer looks.
    fn of_many(self) -> Self {
        Self { evaluate_every: None, look_every: self.look_every.map(|every| every.max(25)), ..self }
    }

    /// For the window: the charts step by step, the cloud often enough to move.
    pub const fn window() -> Self {
        Self { read_every: 1, rank_every: 5, evaluate_every: Some(100), cloud_every: Some(5), look_every: Some(5) }
    }
}

/// A piece of work for the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// A training step.
    Step,
    /// Effective rank.
    Rank,
    /// Embeds and projects the cloud.
    Cloud,
    /// Finds the neighbours of the chosen image in the cloud.
    Nearest,
    /// Looks at an image and its crops.
    Look,
    /// Embeds a chunk of the evaluation's images.
    EvaluateChunk(u32),
    /// kNN.
    EvaluateFinish,
}

impl Job {
    /// What it is called where time is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Rank => "rank",
            Self::Cloud => "cloud",
            Self::Nearest => "neighbours",
            Self::Look => "look",
            Self::EvaluateChunk(_) | Self::EvaluateFinish => "evaluation",
        }
    }
}

/// Decides.
pub(super) struct Schedule {
    /// As it was asked for.
    asked: Cadence,
    /// As it is kept.
    cadence: Cadence,
    chunks: Option<u32>,
    ranked: Option<u64>,
    clouded: Option<u64>,
    looked: Option<u64>,
    evaluated: Option<u64>,
    next_chunk: u32,
    forced_evaluation: bool,
    forced_cloud: bool,
    forced_look: bool,
    wants_nearest: bool,
}

fn due(every: u64, step: u64, last: Option<u64>) -> bool {
    step.is_multiple_of(every.max(1)) && last != Some(step)
}

impl Schedule {
    /// Of a session that is asked to measure so often; `chunks` of an evaluation, and whether a map trains.
    pub(super) fn new(asked: Cadence, chunks: Option<u32>, is_map: bool) -> Self {
        Self {
            cadence: if is_map { asked.clone().of_many() } else { asked.clone() },
            asked,
            chunks,
            ranked: None,
            clouded: None,
            looked: None,
            evaluated: None,
            next_chunk: 0,
            forced_evaluation: false,
            forced_cloud: false,
            forced_look: false,
            wants_nearest: false,
        }
    }

    /// As it was asked for: what the next run is to have.
    pub(super) const fn asked(&self) -> &Cadence {
        &self.asked
    }

    pub(super) const fn cadence(&self) -> &Cadence {
        &self.cadence
    }

    /// Everything has been measured at this step already, by the run that was saved.
    pub(super) const fn measured_at(&mut self, step: u64) {
        self.ranked = Some(step);
        self.evaluated = Some(step);
    }

    /// The run is at another step, of which everything but, perhaps, the kNN accuracy has been measured.
    pub(super) const fn went_back(&mut self, step: u64, evaluated: bool) {
        (self.ranked, self.clouded, self.looked) = (Some(step), Some(step), Some(step));
        self.evaluated = if evaluated { Some(step) } else { None };
        self.next_chunk = 0;
        (self.forced_evaluation, self.forced_cloud, self.wants_nearest) = (false, false, false);
        self.forced_look = true;
    }

    /// Whether the effective rank is due and has not been measured.
    pub(super) fn wants_rank(&self, step: u64) -> bool {
        step > 0 && due(self.cadence.rank_every, step, self.ranked)
    }

    /// Evaluate at the present step whatever the cadence says.
    pub(super) const fn force_evaluation(&mut self) {
        self.forced_evaluation = true;
    }

    /// Project the cloud at the present step whatever the cadence says.
    pub(super) const fn force_cloud(&mut self) {
        self.forced_cloud = true;
    }

    /// The cloud is wanted again, though it may have been projected at this step.
    pub(super) const fn want_cloud(&mut self) {
        self.clouded = None;
    }

    /// The neighbours in the last projection are wanted.
    pub(super) const fn want_nearest(&mut self) {
        self.wants_nearest = true;
    }

    /// Look at the image at the present step whatever the cadence says.
    pub(super) const fn force_look(&mut self) {
        self.forced_look = true;
    }

    /// The next job at `step` completed steps: measurements first, then a step if one is wanted. A look waits for the last one's
    /// numbers (`may_look`).
    pub(super) fn next(&self, step: u64, wants_step: bool, may_look: bool) -> Option<Job> {
        // There is nothing to rank before the first step has made projections.
        if self.wants_rank(step) {
            return Some(Job::Rank);
        }
        let cloud_due = self.cadence.cloud_every.is_some_and(|every| self.clouded.is_none() || due(every, step, self.clouded));
        if cloud_due || (self.forced_cloud && self.clouded != Some(step)) {
            return Some(Job::Cloud);
        }
        if self.wants_nearest && self.clouded.is_some() {
            return Some(Job::Nearest);
        }
        let look_due = self.cadence.look_every.is_some_and(|every| self.looked.is_none() || due(every, step, self.looked));
        if may_look && (look_due || self.forced_look) {
            return Some(Job::Look);
        }
        if let Some(chunks) = self.chunks {
            let wanted = self.forced_evaluation || self.cadence.evaluate_every.is_some_and(|every| due(every, step, self.evaluated));
            if wanted && self.evaluated != Some(step) {
                return Some(if self.next_chunk < chunks { Job::EvaluateChunk(self.next_chunk) } else { Job::EvaluateFinish });
            }
        }
        wants_step.then_some(Job::Step)
    }

    pub(super) const fn finished(&mut self, job: Job, step: u64) {
        match job {
            Job::Step => {}
            Job::Rank => self.ranked = Some(step),
            Job::Cloud => {
                self.clouded = Some(step);
                self.forced_cloud = false;
            }
            Job::Nearest => self.wants_nearest = false,
            Job::Look => {
                self.looked = Some(step);
                self.forced_look = false;
            }
            Job::EvaluateChunk(chunk) => self.next_chunk = chunk + 1,
            Job::EvaluateFinish => {
                self.next_chunk = 0;
                self.evaluated = Some(step);
                self.forced_evaluation = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_come_between_steps_and_only_once() {
        let mut schedule = Schedule::new(Cadence::headless(2, Some(4)), Some(2), false);
        let mut step = 0;
        use Job::{EvaluateChunk, EvaluateFinish, Rank, Step};
        let mut jobs = Vec::new();
        while let Some(job) = schedule.next(step, step < 4, true) {
            jobs.push(job);
            step += u64::from(job == Step);
            schedule.finished(job, step);
        }
        let evaluation = [EvaluateChunk(0), EvaluateChunk(1), EvaluateFinish];
        let expected = [&evaluation[..], &[Step, Step, Rank, Step, Step, Rank], &evaluation[..]].concat();
        assert_eq!(jobs, expected);
    }
}

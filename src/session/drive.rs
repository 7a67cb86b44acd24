//! Gives the GPU work and takes in what came back: jobs, slices of jobs, readbacks.

use std::time::{Duration, Instant};

use super::meters::Reading;
use super::pace::Pace;
use super::past::Past;
use super::profiling::Profiling;
use super::schedule::Job;
use super::{Session, SessionError, start};

impl Session {
    /// Does what is left of the job under way; a walk ends with it.
    pub(super) fn finish_step(&mut self) -> Result<(), SessionError> {
        if self.job.is_some() {
            self.walk = None;
        }
        while self.job.is_some() {
            self.run_job()?;
        }
        Ok(())
    }

    /// Waits for the GPU and takes in everything that was measured.
    pub fn settle(&mut self) -> Result<(), SessionError> {
        self.gpu.wait()?;
        self.collect();
        Ok(())
    }

    /// Gives the GPU work. `Pace::Budget` returns after handing over at most that much; `Pace::Steps` hands over whole steps with
    /// the measurements that are due after them.
    pub fn advance(&mut self, pace: Pace) -> Result<(), SessionError> {
        self.gpu.poll()?;
        self.collect();
        self.hurried = matches!(pace, Pace::Steps(_));
        self.handed_over = Duration::ZERO;
        match pace {
            Pace::Steps(steps) => {
                let before = self.trainer.step();
                if steps > 0 {
                    self.finish_step()?;
                }
                let left = u64::from(steps).saturating_sub(self.trainer.step() - before);
                if self.job.is_none() {
                    if self.schedule.wants_rank(self.trainer.step()) {
                        self.job = Some(Job::Rank);
                        self.run_job()?;
                    }
                    self.take_commands()?;
                }
                self.live = true;
                self.training |= steps > 0;
                // Steps that are done again do not count.
                self.target = Some(self.redo.as_ref().map_or(0, |redo| redo.until).max(self.trainer.step()) + left);
                loop {
                    // Whole steps are asked for by those who want every measurement.
                    let profiling_has_room = self.profiling.as_ref().is_none_or(Profiling::has_room);
                    if !(self.meters.has_room() && self.walks.has_room() && self.observers.showing.has_room() && profiling_has_room) {
                        self.settle()?;
                    }
                    if !self.next_job()? {
                        break;
                    }
                    self.run_job()?;
                }
                self.target = None;
                self.live = false;
            }
            Pace::Budget(budget) => {
                if let Some(profiling) = self.profiling.as_mut().filter(|_| self.job.is_none()) {
                    profiling.measure_roof(&self.gpu)?;
                }
                let mut left = budget.as_secs_f32() * 1e3;
                while left > 0.0 && self.next_job()? {
                    let Some(job) = self.job else { break };
                    let length = self.program(job).len();
                    if !self.handed_over.is_zero() && self.pacer.cost(job, self.cursor, length) > left {
                        break;
                    }
                    let spent = if self.pacer.is_unknown(job, self.cursor, length) {
                        self.run_alone(job, length)?
                    } else {
                        let (end, cost) = self.pacer.cut(job, self.cursor, length, left);
                        self.run_slice(job, self.walked_end().map_or(end, |stop| end.min(stop)))?;
                        Duration::from_secs_f32(cost * 1e-3)
                    };
                    left -= spent.as_secs_f32() * 1e3;
                    self.handed_over += spent;
                }
                self.live = true;
                self.note_training();
            }
        }
        Ok(())
    }

    /// Makes sure that there is a job; false if there is nothing to do.
    fn next_job(&mut self) -> Result<bool, SessionError> {
        if self.job.is_some() {
            if self.walked_end().is_some() {
                self.take_commands_in_mid_step()?;
            }
            return Ok(!self.rests());
        }
        // It is measured on what the last step left in its tensors, which a change may take away.
        if self.schedule.wants_rank(self.trainer.step()) {
            self.job = Some(Job::Rank);
            return Ok(true);
        }
        self.redo_changes()?;
        if self.redo.is_none() {
            self.take_commands()?;
        }
        let now = Instant::now();
        // The limit is for whole steps: who walks sets the pace.
        let unlimited = self.hurried || self.redo.is_some() || !self.plays();
        let may_step = self.wants_step() && (unlimited || self.speed.allows(now));
        self.job = self.schedule.next(self.trainer.step(), may_step, self.observers.looking.is_free());
        if self.job == Some(Job::Step) {
            self.speed.began(now);
        }
        if self.job == Some(Job::Look) {
            self.observers.looking.aim(&self.trainer, self.front);
        }
        if self.job == Some(Job::EvaluateChunk(0))
            && let Some(evaluation) = &self.observers.evaluation
        {
            evaluation.begin(&self.trainer);
        }
        self.prepare_walk()?;
        Ok(self.job.is_some())
    }

    pub(super) fn program(&self, job: Job) -> &crate::gpu::Program {
        start::program(&self.trainer, &self.observers, job)
    }

    fn run_job(&mut self) -> Result<(), SessionError> {
        match self.job {
            Some(job) => self.run_slice(job, self.walked_end().unwrap_or_else(|| self.program(job).len())),
            None => Ok(()),
        }
    }

    /// Runs the next dispatch of `job` alone and waits for it, to learn what it costs. Gives the time that passed.
    fn run_alone(&mut self, job: Job, length: usize) -> Result<Duration, SessionError> {
        self.gpu.wait()?;
        let (at, before) = (self.cursor, Instant::now());
        self.run_slice(job, at + 1)?;
        self.gpu.wait()?;
        let time = before.elapsed();
        self.pacer.measured_alone(job, at, length, time);
        Ok(time)
    }

    /// Submits the dispatches of `job` up to `end`; at its end, the readbacks that it calls for.
    fn run_slice(&mut self, job: Job, end: usize) -> Result<(), SessionError> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("slice") });
        let range = self.cursor..end;
        self.before_sub_step(&mut encoder);
        let program = start::program(&self.trainer, &self.observers, job);
        let length = program.len();
        let profiling = self.profiling.as_mut().filter(|_| job == Job::Step);
        let walked = self.walk.is_some();
        match profiling.and_then(|profiling| profiling.takes(&self.gpu, program, &range, walked, self.drawn).then_some(profiling)) {
            Some(profiling) => {
                self.pacer.note(job, length, range.clone(), profiling.waits());
                profiling.run(&self.gpu, &mut encoder, program, range)?;
                if end == length {
                    profiling.finish(&mut encoder, self.trainer.step() + 1);
                }
            }
            None => self.pacer.encode(&mut encoder, program, job, range),
        }
        self.after_sub_step(&mut encoder, end);
        let finished = end == length;
        if finished {
            if job == Job::Step {
                self.trainer.completed();
                self.mark(&mut encoder);
            }
            let when = Reading { learner: self.front, is_last: self.target == Some(self.trainer.step()) };
            self.meters.read(&mut encoder, job, &self.trainer, &self.observers, self.schedule.cadence(), when);
            if job == Job::Look {
                self.observers.looking.read(&mut encoder, self.front);
            }
            match job {
                Job::Cloud => self.observers.showing.keep(&mut encoder, &self.observers.probe, self.trainer.step()),
                Job::Nearest => self.observers.showing.keep_neighbours(&mut encoder, &self.observers.probe, self.front),
                _ => {}
            }
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.pacer.submitted(&self.gpu);
        self.meters.submitted();
        self.observers.looking.submitted();
        self.observers.showing.submitted();
        self.walks.submitted();
        if let Some(profiling) = &mut self.profiling {
            profiling.submitted();
        }
        self.cursor = end;
        if finished {
            self.cursor = 0;
            self.job = None;
            self.schedule.finished(job, self.trainer.step());
            if job == Job::Cloud && self.observers.showing.has_selection() {
                self.schedule.want_nearest();
            }
        }
        Ok(())
    }

    pub(super) fn collect(&mut self) {
        self.time.pass(self.opened.elapsed().as_secs_f64(), self.training);
        self.pacer.collect();
        let unknown = self.past.as_ref().map(Past::unknown).unwrap_or_default();
        let known = self.meters.collect(self.time.seconds(), &unknown);
        self.note_training();
        self.observers.looking.collect(&self.gpu);
        let projected = self.observers.showing.collect(&self.gpu, &self.observers.probe);
        if let Some(past) = &mut self.past {
            known.into_iter().for_each(|(step, accounts)| past.know(step, accounts));
            if let Some((step, clouds)) = projected {
                past.projected(step, &clouds);
            }
        }
        self.walks.collect(&self.trainer, self.walk.as_mut());
        if let Some(profiling) = &mut self.profiling {
            profiling.collect();
        }
    }

    fn note_training(&mut self) {
        self.training = self.meters.is_waiting() || (self.job == Some(Job::Step) && !self.rests()) || (self.live && self.wants_step());
    }
}

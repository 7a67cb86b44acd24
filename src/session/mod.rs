//! A running experiment: one core that the window, the headless commands and the tests all drive.
//!
//! [`Session::apply`] takes commands, [`Session::advance`] gives the GPU work and takes in what came back (never waiting for it,
//! unless asked to), [`Session::snapshot`] says how things stand. The work is cut into jobs (a training step, a measurement), and a
//! job into slices of dispatches, so that a window stays alive while steps take longer than frames. Commands take effect between
//! two steps; [`Command::Walk`] alone stops in the middle of one ([`walk`]).

mod cloud;
mod commands;
mod costs;
mod flips;
mod lane;
mod loading;
mod look;
mod meters;
mod pace;
mod profiling;
mod schedule;
mod start;
pub mod tuning;
mod variants;
mod walk;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

pub use meters::{Extras, LearnerMeters, Record};
pub use pace::Pace;
pub use schedule::Cadence;
pub use start::LoadedData;

use crate::command::{Command, Dial, Division, Switch};
use crate::config::{ConfigError, DataSpec, RunConfig};
use crate::data::source::SourceError;
use crate::gpu::{Gpu, GpuError};
use crate::snapshot::{AttentionReferences, Dials, Event, KernelChoice, Snapshot, Switches};
use crate::train::checkpoint::{Checkpoint, CheckpointError};
use crate::train::{TrainError, Trainer};
use flips::TrainingTime;
use loading::LoadingData;
use meters::Meters;
use pace::{Pacer, SpeedLimit};
use profiling::Profiling;
use schedule::{Job, Schedule};
use start::Observers;
use walk::{Patience, Walking, Walks, patience};

/// Why a session cannot start or go on.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The trainer.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The data.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A running experiment.
pub struct Session {
    gpu: Arc<Gpu>,
    trainer: Trainer,
    observers: Observers,
    data: Arc<LoadedData>,
    schedule: Schedule,
    pacer: Pacer,
    meters: Meters,
    speed: SpeedLimit,
    division: Division,
    /// What is aimed at from frame to frame.
    frame_goal: Duration,
    handed_over: Duration,
    /// Whole steps are asked for: the speed limit is not for them.
    hurried: bool,
    /// A frame has been drawn on the same queue.
    drawn: bool,
    /// Commands taken so far.
    taken: u64,
    job: Option<Job>,
    cursor: usize,
    queued: VecDeque<Command>,
    playing: bool,
    /// Stop when this many steps are completed.
    target: Option<u64>,
    /// Pause when this many steps are completed: [`Command::PlayTo`].
    play_to: Option<u64>,
    /// Runs started in this session.
    runs: u64,
    events: Vec<Event>,
    time: TrainingTime,
    opened: Instant,
    /// Steps that are wanted follow at once: between two calls they do only where the GPU gets its work by budget.
    live: bool,
    /// Training has gone on since the time was last taken.
    training: bool,
    notices: Vec<String>,
    loading: Option<LoadingData>,
    safe: Checkpoint,
    /// The walk through a step, under way or just complete.
    walk: Option<Walking>,
    walks: Walks,
    /// What a lost device took away and is being done again.
    redo: Option<Redo>,
    /// Times of the steps' dispatches, while they are wanted.
    profiling: Option<Profiling>,
    /// The kernel families of the step.
    variants: Arc<Vec<KernelChoice>>,
}

/// Steps to do again, with the changes that were made between them.
struct Redo {
    until: u64,
    events: VecDeque<Event>,
}

/// Reads a source with nobody listening.
fn read(spec: &DataSpec) -> Result<LoadedData, SourceError> {
    LoadedData::load(spec, &mut |_| ControlFlow::Continue(()))
}

/// What the controls show.
struct Asked {
    switches: Switches,
    dials: Dials,
    locals: u32,
    speed: Option<u32>,
    division: Division,
    playing: bool,
}

impl Session {
    /// A fresh run of `config`.
    pub fn open(gpu: Arc<Gpu>, config: RunConfig, cadence: Cadence) -> Result<Self, SessionError> {
        let data = Arc::new(read(&config.data)?);
        Self::open_on(gpu, config, data, cadence)
    }

    /// A fresh run of `config` on its data, which are loaded already.
    pub fn open_on(gpu: Arc<Gpu>, config: RunConfig, data: Arc<LoadedData>, cadence: Cadence) -> Result<Self, SessionError> {
        let (trainer, observers) = start::fresh(&gpu, config, &data)?;
        Self::assemble(gpu, trainer, observers, data, cadence)
    }

    /// A run that goes on from a checkpoint, bit for bit.
    pub fn resume(gpu: Arc<Gpu>, checkpoint: &Checkpoint, cadence: Cadence) -> Result<Self, SessionError> {
        let data = Arc::new(read(&checkpoint.config.data)?);
        Self::resume_on(gpu, checkpoint, data, cadence)
    }

    /// A run that goes on from a checkpoint, with its data loaded already.
    pub fn resume_on(gpu: Arc<Gpu>, checkpoint: &Checkpoint, data: Arc<LoadedData>, cadence: Cadence) -> Result<Self, SessionError> {
        let (trainer, observers) = start::resumed(&gpu, checkpoint, &data)?;
        let mut session = Self::assemble(gpu, trainer, observers, data, cadence)?;
        session.meters.restore(&checkpoint.observers, checkpoint.step);
        session.schedule.measured_at(checkpoint.step);
        Ok(session)
    }

    fn assemble(
        gpu: Arc<Gpu>,
        trainer: Trainer,
        observers: Observers,
        data: Arc<LoadedData>,
        cadence: Cadence,
    ) -> Result<Self, SessionError> {
        let meters = Meters::new(&gpu, &trainer, &observers);
        let safe = Checkpoint::capture(&trainer, meters.state())?;
        Ok(Self {
            variants: variants::of_step(&gpu, &trainer),
            schedule: Schedule::new(cadence, observers.evaluation.as_ref().map(|evaluation| evaluation.chunks)),
            pacer: Pacer::new(&gpu),
            notices: data.notices(),
            gpu,
            trainer,
            observers,
            data,
            meters,
            speed: SpeedLimit::default(),
            division: Division::default(),
            frame_goal: Duration::ZERO,
            handed_over: Duration::ZERO,
            hurried: false,
            drawn: false,
            taken: 0,
            job: None,
            cursor: 0,
            queued: VecDeque::new(),
            playing: true,
            target: None,
            play_to: None,
            runs: 0,
            events: Vec::new(),
            time: TrainingTime::default(),
            opened: Instant::now(),
            live: false,
            training: false,
            loading: None,
            safe,
            walk: None,
            walks: Walks::default(),
            redo: None,
            profiling: None,
        })
    }

    /// The trainer, for dumps and tests.
    pub const fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// Completed steps.
    pub const fn step(&self) -> u64 {
        self.trainer.step()
    }

    /// The configuration as it is now, with learner 0's switches and dials.
    pub fn config(&self) -> RunConfig {
        RunConfig { hyper: self.trainer.hypers[0], ..self.trainer.config.clone() }
    }

    /// What every learner's meters say, at the last step they were read.
    pub fn record(&self) -> Record {
        self.meters.record()
    }

    /// The same, holding only what was measured at this very step.
    pub fn record_of_this_step(&self) -> Record {
        self.meters.record_of_step(self.trainer.step())
    }

    /// Measures kNN accuracy at the present step if it has not been; waits for it.
    pub fn evaluate_now(&mut self) -> Result<(), SessionError> {
        self.finish_step()?;
        self.schedule.force_evaluation();
        self.advance(Pace::Steps(0))?;
        self.settle()
    }

    /// Projects the cloud at the present step if it has not been; waits for it.
    pub fn project_now(&mut self) -> Result<(), SessionError> {
        self.finish_step()?;
        self.schedule.force_cloud();
        self.advance(Pace::Steps(0))?;
        self.settle()
    }

    /// Looks at the image that is to be shown with its crops, with the weights as they are; waits for it.
    pub fn look_now(&mut self) -> Result<(), SessionError> {
        self.finish_step()?;
        self.settle()?;
        self.schedule.force_look();
        self.advance(Pace::Steps(0))?;
        self.settle()
    }

    /// Why training stopped by itself, if it did.
    pub fn stopped(&self) -> Option<&str> {
        self.meters.stopped()
    }

    /// Nothing to do until a command comes.
    pub fn is_idle(&self) -> bool {
        (self.job.is_none() || self.rests())
            && !self.wants_step()
            && (self.queued.is_empty() || self.rests() && self.queued.iter().all(|command| patience(command) == Patience::Waits))
            && !self.walks.is_waiting()
            && self.loading.is_none()
            && !self.meters.is_waiting()
            && !self.profiling.as_ref().is_some_and(Profiling::is_waiting)
            && !self.observers.looking.is_waiting()
            && !self.observers.showing.is_waiting()
    }

    fn wants_step(&self) -> bool {
        self.plays() || self.meters.stopped().is_none() && (self.redo.is_some() || self.walk.as_ref().is_some_and(Walking::wants))
    }

    /// Whole steps go on.
    fn plays(&self) -> bool {
        self.playing
            && self.meters.stopped().is_none()
            && [self.target, self.play_to].into_iter().flatten().all(|target| self.trainer.step() < target)
    }

    /// Takes a command; it takes effect between two steps.
    pub fn apply(&mut self, command: Command) {
        self.queued.push_back(command);
    }

    /// Commands that have taken effect so far (or were refused): the one applied as number n has once this says n.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Estimated GPU time until everything that was handed over is done.
    pub fn under_way(&self) -> Duration {
        self.pacer.under_way(Instant::now())
    }

    /// Estimated GPU time of the dispatch that comes next; none between two jobs.
    pub fn next_cost(&mut self) -> Option<Duration> {
        let job = self.job?;
        let length = self.program(job).len();
        Some(Duration::from_secs_f32(self.pacer.cost(job, self.cursor, length) * 1e-3))
    }

    /// Estimated GPU time of what the last [`Self::advance`] handed over.
    pub const fn handed_over(&self) -> Duration {
        self.handed_over
    }

    /// Frames are drawn on the same queue from now on: what that does to a software adapter's timestamps, see
    /// [`DispatchTimer`](crate::gpu::DispatchTimer).
    pub const fn draws(&mut self) {
        self.drawn = true;
    }

    /// A frame was drawn on the same queue; for the account of what the time goes to. `goal` is what is aimed at from frame to frame.
    pub fn frame_drawn(&mut self, start: Instant, end: Instant, goal: Duration) {
        self.draws();
        // What was done before the frame comes first. A lost device shows when the training goes on.
        if self.gpu.poll().is_ok() {
            self.pacer.collect();
        }
        self.pacer.frame(start, end);
        self.frame_goal = goal;
    }

    /// A checkpoint of the state between two steps; waits for the GPU.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, SessionError> {
        self.finish_step()?;
        self.settle()?;
        Ok(Checkpoint::capture(&self.trainer, self.meters.state())?)
    }

    /// Does what is left of the job under way; a walk ends with it.
    fn finish_step(&mut self) -> Result<(), SessionError> {
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
                    self.take_commands()?;
                }
                self.live = true;
                self.training |= steps > 0;
                self.target = Some(self.trainer.step() + left);
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
            self.observers.looking.aim(&self.trainer);
        }
        if self.job == Some(Job::EvaluateChunk(0))
            && let Some(evaluation) = &self.observers.evaluation
        {
            evaluation.begin(&self.trainer);
        }
        self.prepare_walk()?;
        Ok(self.job.is_some())
    }

    fn program(&self, job: Job) -> &crate::gpu::Program {
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
            }
            let is_last = self.target == Some(self.trainer.step());
            self.meters.read(&mut encoder, job, &self.trainer, &self.observers, self.schedule.cadence(), is_last);
            if job == Job::Look {
                self.observers.looking.read(&mut encoder);
            }
            match job {
                Job::Cloud => self.observers.showing.keep(&mut encoder, &self.observers.probe),
                Job::Nearest => self.observers.showing.keep_neighbours(&mut encoder, &self.observers.probe),
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

    fn collect(&mut self) {
        self.time.pass(self.opened.elapsed().as_secs_f64(), self.training);
        self.pacer.collect();
        self.meters.collect(self.time.seconds());
        self.note_training();
        self.observers.looking.collect(&self.gpu);
        self.observers.showing.collect(&self.observers.probe);
        self.walks.collect(&self.trainer, self.walk.as_mut());
        if let Some(profiling) = &mut self.profiling {
            profiling.collect();
        }
    }

    fn note_training(&mut self) {
        self.training = self.meters.is_waiting() || (self.job == Some(Job::Step) && !self.rests()) || (self.live && self.wants_step());
    }

    /// Starts again from step 0. On failure the run that was going on stays.
    fn restart(&mut self, config: RunConfig, data: Arc<LoadedData>) -> Result<(), SessionError> {
        let (trainer, observers) = start::fresh(&self.gpu, config, &data)?;
        let playing = self.playing;
        let mut fresh = Self::assemble(self.gpu.clone(), trainer, observers, data, self.schedule.cadence().clone())?;
        fresh.playing = playing;
        fresh.runs = self.runs + 1;
        (fresh.speed, fresh.division, fresh.taken) = (self.speed, self.division, self.taken);
        fresh.queued = std::mem::take(&mut self.queued);
        // Images on their way in outlive a new start.
        fresh.loading = self.loading.take();
        fresh.profiling = self.profiling.take();
        *self = fresh;
        Ok(())
    }

    /// Puts the run on a new device after the old one was lost, from the last state that was read back.
    pub fn reopen(&mut self, gpu: Arc<Gpu>) -> Result<(), SessionError> {
        let lost = self.trainer.step() - self.safe.step;
        gpu.set_choices(self.gpu.choices());
        let mut revived = Self::resume_on(gpu, &self.safe, self.data.clone(), self.schedule.cadence().clone())?;
        (revived.playing, revived.target) = (self.playing, self.target);
        revived.loading = self.loading.take();
        revived.profiling = self.profiling.as_ref().map(|_| Profiling::new(&revived.gpu));
        revived.queued = std::mem::take(&mut self.queued);
        (revived.play_to, revived.runs) = (self.play_to, self.runs);
        (revived.speed, revived.division, revived.taken) = (self.speed, self.division, self.taken);
        // Changes are absolute, so doing one again that the saved state knows of does no harm.
        let (before, again) = std::mem::take(&mut self.events).into_iter().partition(|event| event.step < self.safe.step);
        let again: Vec<Event> = again;
        revived.events = before;
        revived.redo = Some(Redo { until: self.trainer.step(), events: again.into() });
        revived.walk = self.walk.take().map(|walk| Walking::new(revived.trainer.config.method, walk.step, walk.done, None));
        (revived.time, revived.opened) = (self.time, self.opened);
        revived.meters.flips = self.meters.flips;
        revived.meters.flips.back_to(revived.trainer.step(), revived.time.seconds());
        revived.notices.push(format!("the graphics device was lost; {lost} steps are being done again from step {}", self.safe.step));
        *self = revived;
        Ok(())
    }

    /// Remembers the present state as the one to go back to if the device is lost; waits for the GPU.
    pub fn keep_safe(&mut self) -> Result<(), SessionError> {
        if self.job.is_none() {
            self.safe = Checkpoint::capture(&self.trainer, self.meters.state())?;
        }
        Ok(())
    }

    /// Steps done since [`Self::keep_safe`].
    pub const fn steps_at_risk(&self) -> u64 {
        self.trainer.step() - self.safe.step
    }

    fn attention_references(&self) -> Option<AttentionReferences> {
        let references = self.observers.evaluation.as_ref()?.attention_references?;
        Some(AttentionReferences { untrained: self.meters.attention_untrained(), ..references })
    }

    /// The controls as they are, or as they were asked to be while the step that is going on keeps them waiting: so a control
    /// answers at once. In a walk through a step they show what that step is done with.
    fn asked(&self) -> Asked {
        let hyper = &self.trainer.hypers[0];
        let mut asked = Asked {
            switches: hyper.into(),
            dials: hyper.into(),
            locals: self.trainer.config.views.locals,
            speed: self.speed.limit,
            division: self.division,
            playing: self.plays(),
        };
        for command in self.queued.iter().filter(|_| self.walk.is_none()) {
            match *command {
                Command::SetSwitch { switch, on } => asked.switches.set(switch, on),
                Command::SetDial { dial, value } => asked.dials.set(dial, value),
                Command::SetLocalCrops(locals) => asked.locals = locals,
                Command::SetSpeed(limit) => asked.speed = limit,
                Command::Divide(division) => asked.division = division,
                Command::Play => asked.playing = self.meters.stopped().is_none(),
                Command::Pause => asked.playing = false,
                _ => {}
            }
        }
        asked
    }

    /// How things stand, at the last completed step that was read back.
    pub fn snapshot(&self) -> Snapshot {
        let config = &self.trainer.config;
        let class_names = self.data.class_names();
        let asked = self.asked();
        Snapshot {
            preset: config.preset.clone(),
            data: config.data.to_string(),
            adapter: self.gpu.info.name.clone(),
            adapter_is_software: self.gpu.is_software(),
            method: config.method,
            seed: config.seed,
            run: self.runs,
            step: self.meters.step(),
            playing: asked.playing,
            speed_limit: asked.speed,
            division: asked.division,
            shares: self.pacer.lane().shares(Instant::now()),
            frame_lane: self.pacer.lane().shown(self.frame_goal),
            steps_per_second: self.meters.steps_per_second(Instant::now()),
            switches: asked.switches,
            dials: asked.dials,
            history: self.meters.history(),
            events: self.events.clone(),
            verdict: self.meters.verdict(),
            since_flip: self.meters.since_flip(self.time.seconds()),
            chance: 1.0 / class_names.len().max(1) as f32,
            untrained_knn: self.meters.untrained_knn(),
            class_names,
            cloud: self.observers.showing.cloud(
                &self.observers.probe,
                self.trainer.method.projection_size(),
                self.meters.explained(),
                config.image_size,
            ),
            distributions: self.meters.distributions(),
            inspection: self.observers.looking.inspection(),
            images: self.observers.looking.images(),
            local_crops: asked.locals,
            attention_references: self.attention_references(),
            notices: self.notices.clone(),
            walk: self.shown_walk(),
            loading: self.loading.as_ref().map(LoadingData::told),
            images_report: self.data.report().cloned(),
            variants: self.variants.clone(),
            stopped: self.meters.stopped().map(ToOwned::to_owned),
            kernels: self.profiling.as_ref().and_then(Profiling::times),
        }
    }

    /// The state of one switch of learner 0.
    pub fn switch(&self, switch: Switch) -> bool {
        Switches::from(&self.trainer.hypers[0]).get(switch)
    }

    /// The value of one dial of learner 0.
    pub fn dial(&self, dial: Dial) -> f32 {
        Dials::from(&self.trainer.hypers[0]).get(dial)
    }
}

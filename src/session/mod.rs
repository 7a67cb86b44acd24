//! A running experiment: one core that the window, the headless commands and the tests all drive.
//!
//! [`Session::apply`] takes commands, [`Session::advance`] gives the GPU work and takes in what came back (never waiting for it,
//! unless asked to), [`Session::snapshot`] says how things stand. The work is cut into jobs (a training step, a measurement), and a
//! job into slices of dispatches, so that a window stays alive while steps take longer than frames. Commands take effect between
//! two steps; [`Command::Walk`] alone stops in the middle of one ([`walk`]).

mod account;
mod cloud;
mod commands;
mod costs;
mod drive;
mod flips;
mod journal;
mod lane;
mod loading;
mod look;
mod map;
mod meters;
mod pace;
mod past;
mod profiling;
mod rate;
mod rewind;
mod runs;
mod schedule;
mod start;
mod telling;
pub mod tuning;
mod variants;
mod walk;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

pub use account::{Extras, LearnerMeters, Record};
pub use journal::choices_of;
pub use pace::Pace;
pub use schedule::Cadence;
pub use start::LoadedData;

use crate::command::{Command, Division};
use crate::config::{ConfigError, DataSpec, Gathering, Population, RunConfig};
use crate::data::source::SourceError;
use crate::event_log::{EventLog, Origin};
use crate::gpu::{Gpu, GpuError};
use crate::snapshot::{Event, KernelChoice};
use crate::train::checkpoint::{Checkpoint, CheckpointError};
use crate::train::{TrainError, Trainer};
use flips::TrainingTime;
use journal::Journal;
use loading::LoadingData;
use meters::Meters;
use pace::{Pacer, SpeedLimit};
use past::Past;
use profiling::Profiling;
use runs::{Redo, Safe};
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
    /// The learner that is looked at closely.
    front: u32,
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
    safe: Safe,
    /// The walk through a step, under way or just complete.
    walk: Option<Walking>,
    walks: Walks,
    /// What a lost device took away and is being done again.
    redo: Option<Redo>,
    /// Everything that the run hangs on.
    journal: Journal,
    /// The event log that is being done again.
    replayed: Option<Box<EventLog>>,
    /// What can be gone back to; none where nobody asked for it.
    past: Option<Past>,
    /// Times of the steps' dispatches, while they are wanted.
    profiling: Option<Profiling>,
    /// The kernel families of the step.
    variants: Arc<Vec<KernelChoice>>,
}

/// Reads a source with nobody listening.
fn read(spec: &DataSpec) -> Result<LoadedData, SourceError> {
    LoadedData::load(spec, &mut |_| ControlFlow::Continue(()))
}

impl Session {
    /// A fresh run of `config`.
    pub fn open(gpu: Arc<Gpu>, config: RunConfig, cadence: Cadence) -> Result<Self, SessionError> {
        let data = Arc::new(read(&config.data)?);
        Self::open_on(gpu, config, data, cadence)
    }

    /// A fresh run on data that are loaded already, of a configuration or of a whole population.
    pub fn open_on(
        gpu: Arc<Gpu>,
        population: impl Into<Population>,
        data: Arc<LoadedData>,
        cadence: Cadence,
    ) -> Result<Self, SessionError> {
        let (trainer, observers) = start::fresh(&gpu, population.into(), &data)?;
        let origin = Some(trainer.population());
        Self::assemble(gpu, trainer, observers, data, cadence, origin)
    }

    /// A run that goes on from a checkpoint, bit for bit.
    pub fn resume(gpu: Arc<Gpu>, checkpoint: &Checkpoint, cadence: Cadence) -> Result<Self, SessionError> {
        let data = Arc::new(read(&checkpoint.config.data)?);
        Self::resume_on(gpu, checkpoint, data, cadence)
    }

    /// A run that goes on from a checkpoint, with its data loaded already.
    pub fn resume_on(gpu: Arc<Gpu>, checkpoint: &Checkpoint, data: Arc<LoadedData>, cadence: Cadence) -> Result<Self, SessionError> {
        let (trainer, observers) = start::resumed(&gpu, checkpoint, &data)?;
        let mut session = Self::assemble(gpu, trainer, observers, data, cadence, None)?;
        session.meters.restore(&checkpoint.observers, checkpoint.step);
        session.safe.accounts = session.meters.accounts.clone();
        session.schedule.measured_at(checkpoint.step);
        Ok(session)
    }

    fn assemble(
        gpu: Arc<Gpu>,
        trainer: Trainer,
        observers: Observers,
        data: Arc<LoadedData>,
        cadence: Cadence,
        origin: Option<Population>,
    ) -> Result<Self, SessionError> {
        let meters = Meters::new(&gpu, &trainer, &observers);
        let safe = Safe::new(Checkpoint::capture(&trainer, meters.state())?, meters.accounts.clone(), 0, 0);
        let origin = origin.map(|population| Origin { population, kernels: journal::kernels(&gpu.choices()) });
        Ok(Self {
            variants: variants::of_step(&gpu, &trainer),
            schedule: Schedule::new(
                cadence,
                observers.evaluation.as_ref().map(|evaluation| evaluation.chunks),
                matches!(trainer.config.gathering, Gathering::Map(_)),
            ),
            pacer: Pacer::new(&gpu),
            notices: data.notices(),
            gpu,
            trainer,
            front: 0,
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
            journal: Journal { origin, entries: Vec::new() },
            replayed: None,
            past: None,
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

    /// The configuration as it is now, with the switches and dials of the learner in front.
    pub fn config(&self) -> RunConfig {
        RunConfig { hyper: self.trainer.learners[self.front as usize].hyper, ..self.trainer.config.clone() }
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
            && self.peeked().is_none()
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
}

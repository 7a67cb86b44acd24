//! Putting a session together: images onto the GPU, a trainer with its step log, the observers.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::SessionError;
use super::schedule::Job;
use crate::config::{DataSpec, RunConfig};
use crate::data::source::{ImageSet, LoadLimits, SourceError, load};
use crate::data::synthetic::class_names;
use crate::data::views::{Images, StoredImages, UNLABELLED};
use crate::gpu::{Gpu, GpuError, Program, Tape, Tensor};
use crate::observe::evaluation::Evaluation;
use crate::observe::probe::Probe;
use crate::observe::spectrum::spectrum;
use crate::observe::spread::spread;
use crate::observe::step_log::StepLog;
use crate::train::checkpoint::Checkpoint;
use crate::train::{Trainer, Watch};

/// A data set in memory.
pub(super) enum LoadedData {
    /// Rendered on the GPU; nothing to load.
    Synthetic(crate::config::Scene),
    /// Read from files.
    Stored(Box<ImageSet>),
}

impl LoadedData {
    pub(super) fn load(spec: &DataSpec) -> Result<Self, SourceError> {
        match spec {
            DataSpec::Synthetic(scene) => Ok(Self::Synthetic(*scene)),
            files => Ok(Self::Stored(Box::new(load(files, &LoadLimits::default(), &mut |_, _| ())?))),
        }
    }

    /// Loads on another thread.
    pub(super) fn load_aside(spec: DataSpec) -> Receiver<Result<Self, SourceError>> {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            // A receiver that is gone means that the session is, too.
            let _ = sender.send(Self::load(&spec));
        });
        receiver
    }

    pub(super) fn class_names(&self) -> Vec<String> {
        match self {
            Self::Synthetic(scene) => class_names(*scene).iter().map(|&name| name.to_owned()).collect(),
            Self::Stored(set) => set.class_names.clone(),
        }
    }

    pub(super) fn notices(&self) -> Vec<String> {
        match self {
            Self::Synthetic(_) => Vec::new(),
            Self::Stored(set) => vec![set.report.to_string()],
        }
    }

    fn upload(&self, gpu: &Gpu) -> Result<Images, GpuError> {
        match self {
            Self::Synthetic(scene) => Ok(Images::Synthetic(*scene)),
            Self::Stored(set) => {
                let pictures = set
                    .images
                    .iter()
                    .enumerate()
                    .map(|(index, entry)| (set.pixels_of(index), entry.width, entry.height, entry.label.map_or(UNLABELLED, u32::from)));
                StoredImages::upload(gpu, pictures, &set.training(), &set.held_out()).map(Images::Stored)
            }
        }
    }
}

/// Everything that measures.
pub(super) struct Observers {
    /// Loss, standard deviations and gradient norm of the last steps.
    pub(super) log: StepLog,
    /// Effective rank of the student's projections.
    pub(super) effective_rank: Tensor,
    rank_program: Program,
    /// kNN, where there are labels.
    pub(super) evaluation: Option<Evaluation>,
    /// The cloud.
    pub(super) probe: Probe,
}

/// The step log, and the watch that writes it in every step.
fn step_log(gpu: &Gpu, learners: u32) -> Result<(StepLog, Watch), GpuError> {
    let log = StepLog::new(gpu, learners)?;
    let writer = log.clone();
    let watch: Watch = Box::new(move |tape, watched| {
        let globals = watched.probes.teacher_projections.rows;
        let student = spread(tape, &watched.probes.student_projections.first_rows(globals));
        let teacher = spread(tape, &watched.probes.teacher_projections);
        writer.record(tape, watched.state, &watched.probes.loss, &student, &teacher, watched.gradient_norm);
    });
    Ok((log, watch))
}

fn rank_program(trainer: &Trainer) -> Result<(Program, Tensor), GpuError> {
    let mut tape = Tape::new(&trainer.gpu);
    let effective_rank = spectrum(&mut tape, &trainer.recorded().probes.student_projections.as_input()).effective_rank;
    Ok((tape.freeze()?, effective_rank))
}

impl Observers {
    fn new(trainer: &Trainer, log: StepLog, labelled: bool) -> Result<Self, GpuError> {
        let (rank_program, effective_rank) = rank_program(trainer)?;
        let evaluation = Evaluation::new(trainer, labelled)?;
        Ok(Self { log, effective_rank, rank_program, evaluation, probe: Probe::new(trainer)? })
    }

    /// Follows the trainer after its step was recorded anew: its tensors are others now.
    pub(super) fn rebind(&mut self, trainer: &Trainer) -> Result<(), GpuError> {
        (self.rank_program, self.effective_rank) = rank_program(trainer)?;
        Ok(())
    }
}

/// A trainer at step 0 with its observers.
pub(super) fn fresh(gpu: &Arc<Gpu>, config: RunConfig, data: &LoadedData) -> Result<(Trainer, Observers), SessionError> {
    let images = data.upload(gpu)?;
    let (log, watch) = step_log(gpu, config.learners)?;
    let trainer = Trainer::new(gpu.clone(), config, images, watch)?;
    let observers = Observers::new(&trainer, log, !data.class_names().is_empty())?;
    Ok((trainer, observers))
}

/// A trainer as it was saved, with its observers.
pub(super) fn resumed(gpu: &Arc<Gpu>, checkpoint: &Checkpoint, data: &LoadedData) -> Result<(Trainer, Observers), SessionError> {
    let images = data.upload(gpu)?;
    let (log, watch) = step_log(gpu, checkpoint.config.learners)?;
    let trainer = checkpoint.resume(gpu.clone(), images, watch)?;
    let observers = Observers::new(&trainer, log, !data.class_names().is_empty())?;
    Ok((trainer, observers))
}

/// The program of a job.
pub(super) fn program<'a>(trainer: &'a Trainer, observers: &'a Observers, job: Job) -> &'a Program {
    const SCHEDULED: &str = "only jobs that have a program are scheduled";
    match job {
        Job::Step => &trainer.recorded().program,
        Job::Rank => &observers.rank_program,
        Job::Cloud => &observers.probe.program,
        Job::EvaluateChunk(_) => &observers.evaluation.as_ref().expect(SCHEDULED).chunk,
        Job::EvaluateFinish => &observers.evaluation.as_ref().expect(SCHEDULED).finish,
    }
}

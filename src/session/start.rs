//! Putting a session together: images onto the GPU, a trainer with its step log, the observers.

use std::sync::Arc;

use super::SessionError;
use super::cloud::Showing;
use super::look::Looking;
use super::schedule::Job;
use crate::config::{DataSpec, Gathering, Method, Population, RunConfig};
use crate::data::progress::Listener;
use crate::data::source::{ImageEntry, ImageSet, LoadLimits, SourceError, load, shown};
use crate::data::synthetic::class_names;
use crate::data::views::{Images, StoredImages, UNLABELLED};
use crate::gpu::{Gpu, GpuError, Program, Tape, Tensor};
use crate::observe::distribution::distribution;
use crate::observe::evaluation::Evaluation;
use crate::observe::pairs::pair_cosines;
use crate::observe::probe::Probe;
use crate::observe::spectrum::spectrum;
use crate::observe::spread::spread;
use crate::observe::step_log::StepLog;
use crate::snapshot::ImagesReport;
use crate::train::checkpoint::Checkpoint;
use crate::train::{Trainer, Watch};

/// A data set in memory.
#[derive(Debug)]
pub enum LoadedData {
    /// Rendered on the GPU; nothing to load.
    Synthetic(crate::config::Scene),
    /// Read from files, and what there is to say about that.
    Stored(Box<ImageSet>, Arc<ImagesReport>),
}

impl LoadedData {
    /// Reads a source; `listener` hears how far it is, and may stop it.
    pub fn load(spec: &DataSpec, listener: &mut Listener<'_>) -> Result<Self, SourceError> {
        match spec {
            DataSpec::Synthetic(scene) => Ok(Self::Synthetic(*scene)),
            files => {
                let set = load(files, &LoadLimits::default(), listener)?;
                let report = Arc::new(report_of(&set));
                Ok(Self::Stored(Box::new(set), report))
            }
        }
    }

    /// What was read and what was not, where there are files.
    pub fn report(&self) -> Option<&Arc<ImagesReport>> {
        match self {
            Self::Synthetic(_) => None,
            Self::Stored(_, report) => Some(report),
        }
    }

    pub(super) fn class_names(&self) -> Vec<String> {
        match self {
            Self::Synthetic(scene) => class_names(*scene).iter().map(|&name| name.to_owned()).collect(),
            Self::Stored(set, _) => set.class_names.clone(),
        }
    }

    pub(super) fn notices(&self) -> Vec<String> {
        match self {
            Self::Synthetic(_) => Vec::new(),
            Self::Stored(set, _) => vec![set.report.to_string()],
        }
    }

    fn upload(&self, gpu: &Gpu) -> Result<Images, GpuError> {
        match self {
            Self::Synthetic(scene) => Ok(Images::Synthetic(*scene)),
            Self::Stored(set, _) => {
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

fn report_of(set: &ImageSet) -> ImagesReport {
    let by_area = |image: &&ImageEntry| u64::from(image.width) * u64::from(image.height);
    let size = |image: Option<&ImageEntry>| image.map_or([0, 0], |image| [image.width, image.height]);
    let held_out = set.images.iter().filter(|image| image.held_out).count();
    ImagesReport {
        name: set.name.clone(),
        images: set.images.len() as u64,
        held_out: held_out as u64,
        classes: set.class_names.clone(),
        sizes: [size(set.images.iter().min_by_key(by_area)), size(set.images.iter().max_by_key(by_area))],
        skipped: set.report.skipped.iter().map(|skipped| (shown(&skipped.path), skipped.reason.clone())).collect(),
        notes: set.report.notes.clone(),
    }
}

/// Everything that measures.
pub(super) struct Observers {
    /// Loss, standard deviations and gradient norm of the last steps.
    pub(super) log: StepLog,
    /// Effective rank of the student's projections.
    pub(super) effective_rank: Tensor,
    /// Cosines of the student's crops with the teacher's globals (L, 2, V).
    pub(super) cosines: Tensor,
    rank_program: Program,
    /// kNN, where there are labels.
    pub(super) evaluation: Option<Evaluation>,
    /// The cloud.
    pub(super) probe: Probe,
    /// The cloud as it is shown.
    pub(super) showing: Showing,
    /// The image that is looked at.
    pub(super) looking: Looking,
}

/// Prototypes whose distributions are read back at most.
const MOST_SHOWN_PROTOTYPES: u32 = 4096;

/// Images of the cloud whose distributions are read back at most.
pub(super) const MOST_SHOWN_DISTRIBUTIONS: u32 = 1024;

/// Cells of a map whose kNN accuracy may be measured at most: more would need memory that the learners themselves want.
const MOST_EVALUATED_CELLS: u32 = 16;

/// The step log, and the watch that writes it in every step.
fn step_log(gpu: &Gpu, config: &RunConfig) -> Result<(StepLog, Watch), GpuError> {
    let log = StepLog::new(gpu, config.learners, config.method == Method::Dino)?;
    let writer = log.clone();
    let watch: Watch = Box::new(move |tape, watched| {
        let probes = watched.probes;
        let globals = probes.teacher_projections.rows;
        let student = spread(tape, &probes.student_projections.first_rows(globals));
        let teacher = spread(tape, &probes.teacher_projections);
        writer.record(tape, watched.state, [&probes.loss, &student, &teacher, watched.gradient_norm]);
        if let Some(distributions) = &probes.distributions {
            let measured = distribution(tape, &distributions.teacher);
            writer.record_distribution(tape, watched.state, &measured);
        }
    });
    Ok((log, watch))
}

/// Effective rank of the globals' projections, and how the student's crops agree with the teacher's globals.
fn rank_program(trainer: &Trainer) -> Result<(Program, [Tensor; 2]), GpuError> {
    let mut tape = Tape::new(&trainer.gpu);
    let probes = &trainer.recorded().probes;
    let (student, teacher) = (probes.student_projections.as_input(), probes.teacher_projections.as_input());
    let effective_rank = spectrum(&mut tape, &student.first_rows(teacher.rows)).effective_rank;
    let cosines = pair_cosines(&mut tape, &student, &teacher);
    Ok((tape.freeze()?, [effective_rank, cosines]))
}

impl Observers {
    fn new(trainer: &Trainer, log: StepLog, classes: usize) -> Result<Self, GpuError> {
        let (rank_program, [effective_rank, cosines]) = rank_program(trainer)?;
        let config = &trainer.config;
        let is_large_map = matches!(config.gathering, Gathering::Map(_)) && config.learners > MOST_EVALUATED_CELLS;
        let evaluation = Evaluation::new(trainer, classes > 0 && !is_large_map)?;
        let probe = Probe::new(trainer, classes)?;
        let showing = Showing::new(&trainer.gpu, &probe);
        let looking = Looking::new(&trainer.gpu, trainer, &probe.axes)?;
        Ok(Self { log, effective_rank, cosines, rank_program, evaluation, probe, showing, looking })
    }

    /// Follows the trainer after its step was recorded anew: its tensors are others now.
    pub(super) fn rebind(&mut self, trainer: &Trainer) -> Result<(), GpuError> {
        (self.rank_program, [self.effective_rank, self.cosines]) = rank_program(trainer)?;
        let mut looking = Looking::new(&trainer.gpu, trainer, &self.probe.axes)?;
        looking.follow(&self.looking);
        self.looking = looking;
        Ok(())
    }

    /// What is shown of distributions: the centre, those of the last batch's first global view, those of the cloud's images. None
    /// where there are none, or more prototypes than anyone could look at.
    pub(super) fn shown_distributions(&self, trainer: &Trainer) -> Option<[Tensor; 3]> {
        let center = trainer.roles.center.as_ref().filter(|center| center.columns <= MOST_SHOWN_PROTOTYPES)?;
        let batch = &trainer.recorded().probes.distributions.as_ref()?.teacher;
        let cloud = self.probe.distributions.as_ref()?;
        Some([center.clone(), batch.first_rows(trainer.config.batch), cloud.first_rows(cloud.rows.min(MOST_SHOWN_DISTRIBUTIONS))])
    }
}

/// A trainer at step 0 that nobody watches more closely than the step itself does.
pub(super) fn trainer_alone(gpu: &Arc<Gpu>, config: RunConfig, data: &LoadedData) -> Result<Trainer, SessionError> {
    let images = data.upload(gpu)?;
    let (_, watch) = step_log(gpu, &config)?;
    Ok(Trainer::new(gpu.clone(), config, images, watch)?)
}

/// A trainer at step 0 with its observers.
pub(super) fn fresh(gpu: &Arc<Gpu>, population: Population, data: &LoadedData) -> Result<(Trainer, Observers), SessionError> {
    let images = data.upload(gpu)?;
    let (log, watch) = step_log(gpu, &population.config)?;
    let trainer = Trainer::of_population(gpu.clone(), population, images, watch)?;
    let observers = Observers::new(&trainer, log, data.class_names().len())?;
    Ok((trainer, observers))
}

/// A trainer as it was saved, with its observers.
pub(super) fn resumed(gpu: &Arc<Gpu>, checkpoint: &Checkpoint, data: &LoadedData) -> Result<(Trainer, Observers), SessionError> {
    let images = data.upload(gpu)?;
    let (log, watch) = step_log(gpu, &checkpoint.config)?;
    let trainer = checkpoint.resume(gpu.clone(), images, watch)?;
    let observers = Observers::new(&trainer, log, data.class_names().len())?;
    Ok((trainer, observers))
}

/// The program of a job.
pub(super) fn program<'a>(trainer: &'a Trainer, observers: &'a Observers, job: Job) -> &'a Program {
    const SCHEDULED: &str = "only jobs that have a program are scheduled";
    match job {
        Job::Step => &trainer.recorded().program,
        Job::Rank => &observers.rank_program,
        Job::Cloud => &observers.probe.program,
        Job::Nearest => &observers.probe.nearest,
        Job::Look => &observers.looking.look().program,
        Job::EvaluateChunk(_) => &observers.evaluation.as_ref().expect(SCHEDULED).chunk,
        Job::EvaluateFinish => &observers.evaluation.as_ref().expect(SCHEDULED).finish,
    }
}

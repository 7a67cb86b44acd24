//! The trainer: the state of every learner on the GPU, and the recorded step that moves it on.
//!
//! Order in a step (SCIENCE.md, section 3): views; student and teacher forward with the weights from before the step; loss;
//! backward; norm of the gradient; AdamW; then the teacher follows the student after its update, and DINO's centre the teacher's
//! logits; then the meters and the step counter. Each has a scope of its own ([`crate::snapshot::SubStep::scope`]). The step
//! is recorded again only when the first learner's stop-gradient goes off or the last one's comes back, for only then is there a
//! backward through the teacher, when the number of local crops changes, and when another kernel variant is asked for.

use std::sync::Arc;

use thiserror::Error;

use super::initialise;
use super::learner::{LearnerWords, crop_seed};
use crate::config::{GLOBAL_VIEWS, Learner, Population, RunConfig, ViewConfig};
use crate::data::views::{
    Counter, DrawnImages, Images, PatchOrder, SeedSource, ViewPlan, ViewRows, ViewTensors, record_crops, record_images, record_patches,
};
use crate::gpu::{Gpu, GpuError, Program, Tape, Tensor};
use crate::methods::{self, Compared, Method, Probes};
use crate::nn::{Network, Patches, Roles};
use crate::ops::adamw::{AdamW, adamw};
use crate::ops::center::update_center;
use crate::ops::clip::gradient_norm;
use crate::ops::ema::ema;
use crate::ops::softmax::teacher_softmax;
use crate::ops::tick;

/// Why a trainer cannot be built or go on.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] super::checkpoint::CheckpointError),
}

/// What a watcher of the step may read, between the loss and the end of the step.
pub struct Watched<'a> {
    /// The method's tensors.
    pub probes: &'a Probes,
    /// Global norm of the gradient before clipping (L, 1, 1).
    pub gradient_norm: &'a Tensor,
    /// `StepState` (1, 1, 4).
    pub state: &'a Tensor,
}

/// Records meters into every step (train cannot know them: imports run one way).
pub type Watch = Box<dyn Fn(&mut Tape<'_>, &Watched<'_>) + Send>;

/// The recorded step with everything that can be seen of it.
pub struct RecordedStep {
    /// The step.
    pub program: Program,
    /// The method's tensors.
    pub probes: Probes,
    /// The views.
    pub views: StepViews,
    /// Global norm of the gradient before clipping (L, 1, 1).
    pub gradient_norm: Tensor,
    teacher_gradient: bool,
    locals: u32,
}

/// The crops of a batch.
pub struct StepViews {
    /// The images they are crops of.
    pub drawn: DrawnImages,
    /// Both networks see these.
    pub globals: ViewTensors,
    /// Only the student sees these.
    pub locals: Option<ViewTensors>,
    /// All of them as the student's encoder takes them.
    pub patches: Patches,
}

/// All learners' state and their step.
pub struct Trainer {
    /// The GPU it trains on.
    pub gpu: Arc<Gpu>,
    /// The configuration it began with.
    pub config: RunConfig,
    /// The learners with their switches and dials as they are now; change those, then call [`Self::apply_hypers`].
    pub learners: Vec<Learner>,
    /// The method and its networks' shapes.
    pub method: Box<dyn Method>,
    /// Where images come from.
    pub images: Images,
    /// The flat parameter buffers.
    pub roles: Roles,
    /// `StepState` (1, 1, 4).
    pub state: Tensor,
    groups: Tensor,
    words: Tensor,
    seeds: Tensor,
    watch: Watch,
    recorded: RecordedStep,
    step: u64,
}

impl Trainer {
    /// A fresh run at step 0: initial weights, the teacher a copy of the student.
    pub fn new(gpu: Arc<Gpu>, config: RunConfig, images: Images, watch: Watch) -> Result<Self, TrainError> {
        Self::of_population(gpu, config.into(), images, watch)
    }

    /// The same of these learners.
    pub fn of_population(gpu: Arc<Gpu>, population: Population, images: Images, watch: Watch) -> Result<Self, TrainError> {
        let mut trainer = Self::uninitialised(gpu, population, images, watch)?;
        initialise::initialise(&mut trainer)?;
        Ok(trainer)
    }

    /// Everything in place but the weights, which are zero.
    pub(super) fn uninitialised(gpu: Arc<Gpu>, population: Population, images: Images, watch: Watch) -> Result<Self, TrainError> {
        let Population { config, learners } = population;
        let method = methods::build(&config);
        let layout = method.layout();
        let roles = Roles::new(&gpu, layout, config.learners, method.prototypes())?;
        let groups = gpu.tensor("groups", [1, 1, layout.total() / 64])?;
        gpu.upload(&groups, &layout.group_words());
        let words = gpu.tensor("learners", [config.learners, 1, LearnerWords::WORDS])?;
        let rendered = if config.own_crops { &learners[..] } else { &learners[..1] };
        let seeds = gpu.tensor("seeds", [rendered.len() as u32, 1, 2])?;
        let seed_words: Vec<u32> = rendered.iter().flat_map(|learner| crate::rng::seed_words(crop_seed(&config, learner))).collect();
        gpu.upload(&seeds, &seed_words);
        let state = gpu.tensor("state", [1, 1, 4])?;
        let hyper = &config.hyper;
        gpu.upload(&state, &tick::initial_state(hyper.beta1, hyper.beta2, hyper.warmup_steps));
        let world = World { gpu: &gpu, config: &config, method: &*method, images: &images, roles: &roles, watch: &watch };
        let buffers = Buffers { groups: &groups, learners: &words, seeds: &seeds, state: &state };
        let recorded = record(&world, &buffers, wants_teacher_gradient(&learners))?;
        let trainer = Self { gpu, config, learners, method, images, roles, state, groups, words, seeds, watch, recorded, step: 0 };
        trainer.upload_learners();
        Ok(trainer)
    }

    /// Who trains, with the switches and dials as they are now.
    pub fn population(&self) -> Population {
        Population { config: self.config.clone(), learners: self.learners.clone() }
    }

    /// Completed steps.
    pub const fn step(&self) -> u64 {
        self.step
    }

    /// The recorded step.
    pub const fn recorded(&self) -> &RecordedStep {
        &self.recorded
    }

    /// The student's weights.
    pub fn student(&self) -> Network<'_> {
        Network { layout: self.method.layout(), flat: &self.roles.student }
    }

    /// The teacher's weights.
    pub fn teacher(&self) -> Network<'_> {
        Network { layout: self.method.layout(), flat: &self.roles.teacher }
    }

    /// Both networks before crops of `batch` images.
    pub fn compared<'a>(&'a self, patches: &'a Patches, batch: u32) -> Compared<'a> {
        let (learners, center) = (&self.words, self.roles.center.as_ref());
        Compared { student: self.student(), teacher: self.teacher(), patches, batch, learners, center }
    }

    /// DINO: the teacher's distributions of raw logits (L, R, K) with the centre and the temperatures as they are.
    pub fn distributions(&self, tape: &mut Tape<'_>, logits: Option<&Tensor>) -> Option<Tensor> {
        let center = self.roles.center.as_ref()?;
        Some(teacher_softmax(tape, logits?, center, &self.words))
    }

    /// Crop seeds (L or 1, 1, 2).
    pub const fn seeds(&self) -> &Tensor {
        &self.seeds
    }

    /// To be called when the step's program has been encoded to its end.
    pub const fn completed(&mut self) {
        self.step += 1;
    }

    /// Writes the learners' switches and dials to the GPU, and records the step anew where they or the number of local crops demand it. Only between
    /// two steps.
    pub fn apply_hypers(&mut self) -> Result<(), TrainError> {
        self.upload_learners();
        let teacher_gradient = wants_teacher_gradient(&self.learners);
        if teacher_gradient != self.recorded.teacher_gradient || self.config.views.locals != self.recorded.locals {
            self.record_again()?;
        }
        Ok(())
    }

    /// Records the step anew, with the kernel variants that the GPU is set to now. Only between two steps.
    pub fn record_again(&mut self) -> Result<(), TrainError> {
        let world = World {
            gpu: &self.gpu,
            config: &self.config,
            method: &*self.method,
            images: &self.images,
            roles: &self.roles,
            watch: &self.watch,
        };
        let buffers = Buffers { groups: &self.groups, learners: &self.words, seeds: &self.seeds, state: &self.state };
        self.recorded = record(&world, &buffers, wants_teacher_gradient(&self.learners))?;
        Ok(())
    }

    fn upload_learners(&self) {
        let words: Vec<LearnerWords> =
            self.learners.iter().map(|learner| LearnerWords::new(&learner.hyper, crop_seed(&self.config, learner))).collect();
        self.gpu.upload(&self.words, &words);
    }

    /// Goes on from `step` completed steps, once the state of then is in its buffers.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
        let hyper = &self.config.hyper;
        self.gpu.upload(&self.state, &tick::state_at(step as u32 + 1, hyper.beta1, hyper.beta2, hyper.warmup_steps));
    }
}

struct World<'a> {
    gpu: &'a Gpu,
    config: &'a RunConfig,
    method: &'a dyn Method,
    images: &'a Images,
    roles: &'a Roles,
    watch: &'a Watch,
}

struct Buffers<'a> {
    groups: &'a Tensor,
    learners: &'a Tensor,
    seeds: &'a Tensor,
    state: &'a Tensor,
}

fn wants_teacher_gradient(learners: &[Learner]) -> bool {
    learners.iter().any(|learner| !learner.hyper.stop_gradient)
}

/// The global views of a configuration.
pub const fn global_plan(config: &RunConfig) -> ViewPlan {
    ViewPlan { first_view: 0, views: GLOBAL_VIEWS, size: config.image_size, area: config.views.global_area }
}

/// The local views of a configuration, if it has any.
pub fn local_plan(config: &RunConfig) -> Option<ViewPlan> {
    let ViewConfig { locals, local_size, local_area, .. } = config.views;
    (locals > 0).then_some(ViewPlan { first_view: GLOBAL_VIEWS, views: locals, size: local_size, area: local_area })
}

fn record_step_views(tape: &mut Tape<'_>, world: &World<'_>, source: &SeedSource) -> StepViews {
    let &World { config, images, .. } = world;
    let drawn = record_images(tape, images, config.batch, source);
    let mut crops = |plan: &ViewPlan| record_crops(tape, images, &drawn, &config.views, plan, source);
    let globals = crops(&global_plan(config));
    let locals = local_plan(config).map(|plan| crops(&plan));
    let groups: Vec<_> = std::iter::once(&globals).chain(&locals).map(|views| ViewRows::all(&views.pixels)).collect();
    let patches = record_patches(tape, &groups, config.encoder.patch, PatchOrder::of(config.encoder.kind));
    StepViews { drawn, globals, locals, patches }
}

fn record(world: &World<'_>, buffers: &Buffers<'_>, teacher_gradient: bool) -> Result<RecordedStep, GpuError> {
    let &World { gpu, config, method, roles, watch, .. } = world;
    let &Buffers { groups, learners, seeds, state } = buffers;
    let mut tape = Tape::new(gpu);
    let source = SeedSource { seeds: seeds.clone(), step: Counter::of(state) };
    let views = tape.scope("views", |tape| record_step_views(tape, world, &source));
    let layout = method.layout();
    let compared = Compared {
        student: Network { layout, flat: &roles.student },
        teacher: Network { layout, flat: &roles.teacher },
        patches: &views.patches,
        batch: config.batch,
        learners,
        center: roles.center.as_ref(),
    };
    let probes = methods::record_step(method, &mut tape, roles, &compared, teacher_gradient);
    let hyper = &config.hyper;
    let gradient_norm = tape.scope("update", |tape| {
        let norm = gradient_norm(tape, &roles.gradient);
        let rule = AdamW { beta1: hyper.beta1, beta2: hyper.beta2, epsilon: hyper.epsilon, clip_norm: hyper.clip_norm };
        adamw(tape, &rule, &roles.student, &roles.gradient, &roles.moment1, &roles.moment2, groups, &norm, learners, state);
        norm
    });
    tape.scope("ema", |tape| ema(tape, &roles.teacher, &roles.student, groups, learners));
    if let Some(center) = &roles.center {
        tape.scope("center", |tape| update_center(tape, center, &probes.teacher_outputs, learners));
    }
    tape.scope("meters", |tape| watch(tape, &Watched { probes: &probes, gradient_norm: &gradient_norm, state }));
    tick::tick(&mut tape, state, hyper.beta1, hyper.beta2, hyper.warmup_steps);
    Ok(RecordedStep { program: tape.freeze()?, probes, views, gradient_norm, teacher_gradient, locals: config.views.locals })
}

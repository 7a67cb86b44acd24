//! What a picture of the training needs to know, as plain data: [`Session`](crate::session) writes it, `view` reads it, and
//! nothing else passes between them. Points of the cloud stay on the GPU; a snapshot only holds their buffer.

use std::sync::Arc;

use crate::command::{Dial, Switch};

/// A meter's values over the steps. Bounded: when full, every second point goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// (step, value), steps ascending.
    pub points: Vec<(u64, f32)>,
}

impl Series {
    /// Points kept at most.
    pub const CAPACITY: usize = 4096;

    /// Adds a point; thins the older half out when the series is full.
    pub fn push(&mut self, step: u64, value: f32) {
        if self.points.len() >= Self::CAPACITY {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        self.points.push((step, value));
    }

    /// The last value.
    pub fn last(&self) -> Option<f32> {
        self.points.last().map(|point| point.1)
    }
}

/// The meters of one learner over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Mean loss of the batch (BYOL: 0 to 4).
    pub loss: Series,
    /// Per-dimension standard deviation of the student's normalised projections, times sqrt(d): 1 healthy, 0 collapsed.
    pub embedding_std: Series,
    /// The teacher's, likewise.
    pub teacher_std: Series,
    /// exp of the entropy of the covariance's normalised eigenvalues, 1 to d.
    pub effective_rank: Series,
    /// kNN accuracy of the embedding on held-out images, 0 to 1.
    pub knn_accuracy: Series,
    /// kNN accuracy of the projection.
    pub knn_projection: Series,
}

/// A switch or a dial that was changed, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The last step that was done before the change.
    pub step: u64,
    /// What changed.
    pub change: Change,
}

/// What changed in an [`Event`].
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A switch.
    Switch(Switch, bool),
    /// A dial, with its new value.
    Dial(Dial, f32),
}

/// How the representation is doing. Thresholds: `observe::verdict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VerdictKind {
    /// Not enough steps yet.
    #[default]
    Unknown,
    /// Spread out.
    Healthy,
    /// Every image gets (nearly) the same projection.
    Complete,
    /// The projections lie on a line.
    Dimensional,
    /// DINO: a few prototypes take every image.
    Dominant,
    /// DINO: every image gets (nearly) all prototypes alike.
    Uniform,
    /// DINO: every image gets (nearly) the same distribution, neither of the two above.
    Constant,
}

impl VerdictKind {
    /// The word used in logs (`verdict`).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Complete => "complete",
            Self::Dimensional => "dimensional",
            Self::Dominant => "dominant",
            Self::Uniform => "uniform",
            Self::Constant => "constant",
        }
    }

    /// Whether it is a collapse.
    pub const fn is_collapse(self) -> bool {
        !matches!(self, Self::Unknown | Self::Healthy)
    }
}

/// A verdict with the measurement that decided it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The verdict.
    pub kind: VerdictKind,
    /// The deciding meter's name, e.g. "embedding std".
    pub meter: &'static str,
    /// Its value (mean over the last 20 steps).
    pub value: f32,
    /// One sentence: the rule, with its threshold.
    pub reason: String,
}

/// The switches as they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// See [`Switch::Ema`].
    pub ema: bool,
    /// See [`Switch::StopGradient`].
    pub stop_gradient: bool,
    /// See [`Switch::Predictor`].
    pub predictor: bool,
}

impl Switches {
    /// The state of one switch.
    pub const fn get(&self, switch: Switch) -> bool {
        match switch {
            Switch::Ema => self.ema,
            Switch::StopGradient => self.stop_gradient,
            Switch::Predictor => self.predictor,
        }
    }
}

/// The dials as they are now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dials {
    /// See [`Dial::Tau`].
    pub tau: f32,
    /// See [`Dial::PredictorMultiplier`].
    pub predictor_multiplier: f32,
    /// See [`Dial::LearningRate`].
    pub learning_rate: f32,
}

impl Dials {
    /// The value of one dial.
    pub const fn get(&self, dial: Dial) -> f32 {
        match dial {
            Dial::Tau => self.tau,
            Dial::PredictorMultiplier => self.predictor_multiplier,
            Dial::LearningRate => self.learning_rate,
        }
    }
}

/// The embedding cloud: a fixed set of held-out images, student and teacher seeing two different fixed views of each.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// Per image 8 f32: student x, y, z and class; teacher x, y, z and the pair's loss (2 - 2 cos). Coordinates lie in the
    /// unit ball (L2-normalised projections on three orthonormal axes). A class of -1 means "no label".
    pub points: wgpu::Buffer,
    /// Number of images.
    pub count: u32,
    /// Projection dimensions d.
    pub dimensions: u32,
    /// The share of the squared length that the three axes show, 0 to 1; none before the first readback.
    pub explained: Option<f32>,
    /// The augmented views as fed to the networks, RGBA8 packed in u32: view 0 (student) of every image, then view 1 (teacher).
    pub views: wgpu::Buffer,
    /// Side of a view in pixels.
    pub view_side: u32,
}

/// The picture's whole knowledge of the training, at the last completed step.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Preset name.
    pub preset: String,
    /// Data set, as the user would write it.
    pub data: String,
    /// Adapter name.
    pub adapter: String,
    /// The adapter is a CPU (software Vulkan).
    pub adapter_is_software: bool,
    /// Seed of the run.
    pub seed: u64,
    /// Completed steps.
    pub step: u64,
    /// Training goes on.
    pub playing: bool,
    /// Steps a second, over the last second of training; 0 while paused.
    pub steps_per_second: f32,
    /// Switches.
    pub switches: Switches,
    /// Dials.
    pub dials: Dials,
    /// Meters over time, of learner 0.
    pub history: Arc<History>,
    /// Switch flips and dial changes so far.
    pub events: Vec<Event>,
    /// How it is doing.
    pub verdict: Verdict,
    /// Class names; empty where the data have no labels (then kNN is not measured).
    pub class_names: Vec<String>,
    /// kNN accuracy by chance.
    pub chance: f32,
    /// kNN accuracy before training.
    pub untrained_knn: Option<f32>,
    /// The cloud, once it has been projected.
    pub cloud: Option<Cloud>,
    /// Plain sentences for the user, newest last: skipped files, what a failed load said, and the like.
    pub notices: Vec<String>,
    /// Set when training has stopped because of non-finite numbers: what and when.
    pub stopped: Option<String>,
}

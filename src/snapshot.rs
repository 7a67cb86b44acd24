//! What a picture of the training needs to know, as plain data: [`Session`](crate::session) writes it, `view` reads it, and
//! nothing else passes between them. The cloud is drawn from the buffers that it was written to; a snapshot holds them, and a copy of the
//! newest numbers for the pointer.

mod images;
mod moment;
mod pacing;
mod past;
mod variants;
mod walk;

use std::sync::Arc;

pub use images::{ImagesReport, Loading, grouped};
pub use moment::{BatchPictures, CropFrame, Excerpt, Layer, Moment, OfOne, Tensors};
pub use pacing::{FrameLane, LaneSpan, Shares, SpanKind};
pub use past::{Past, Road};
pub use variants::KernelChoice;
pub use walk::{SubStep, Walk};

pub use crate::command::Change;

use crate::command::{Dial, Division, Switch};
use crate::config::{Gathering, Hyper, Method};
use crate::profile::StepTimes;

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

    /// What there was of it at `step`.
    #[must_use]
    pub fn until(&self, step: u64) -> Self {
        Self { points: self.points[..self.points.partition_point(|point| point.0 <= step)].to_vec() }
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
    /// DINO: mean entropy of the teacher's distributions, 0 to ln K.
    pub teacher_entropy: Series,
    /// DINO: entropy of the batch's mean distribution, 0 to ln K.
    pub mean_teacher_entropy: Series,
    /// DINO: KL divergence from the teacher's to the student's distribution: loss - teacher_entropy.
    pub kl: Series,
    /// DINO: share of the prototypes that are some image's likeliest.
    pub prototypes_used: Series,
    /// Procedural shapes and a ViT: share of the last block's CLS attention that lies on the object.
    pub attention_in_object: Series,
    /// Local crops: share whose class their nearest whole images tell.
    pub fragment_to_whole: Series,
    /// Local crops: share whose class the nearest other local crops tell.
    pub fragment_to_fragment: Series,
    /// Local crops: the median place of their own whole image among the held-out images, 1 the first.
    pub fragment_median_rank: Series,
    /// Mean cosine of the student's global crops with the teacher's other global crops of the same image, over a batch.
    pub global_agreement: Series,
    /// Mean cosine of the student's local crops with the teacher's global crops of the same image, over a batch.
    pub local_agreement: Series,
}

impl History {
    /// What there was of it at `step`. A series that has been thinned since keeps fewer points.
    #[must_use]
    pub fn until(&self, step: u64) -> Self {
        let Self {
            loss,
            embedding_std,
            teacher_std,
            effective_rank,
            knn_accuracy,
            knn_projection,
            teacher_entropy,
            mean_teacher_entropy,
            kl,
            prototypes_used,
            attention_in_object,
            fragment_to_whole,
            fragment_to_fragment,
            fragment_median_rank,
            global_agreement,
            local_agreement,
        } = self;
        Self {
            loss: loss.until(step),
            embedding_std: embedding_std.until(step),
            teacher_std: teacher_std.until(step),
            effective_rank: effective_rank.until(step),
            knn_accuracy: knn_accuracy.until(step),
            knn_projection: knn_projection.until(step),
            teacher_entropy: teacher_entropy.until(step),
            mean_teacher_entropy: mean_teacher_entropy.until(step),
            kl: kl.until(step),
            prototypes_used: prototypes_used.until(step),
            attention_in_object: attention_in_object.until(step),
            fragment_to_whole: fragment_to_whole.until(step),
            fragment_to_fragment: fragment_to_fragment.until(step),
            fragment_median_rank: fragment_median_rank.until(step),
            global_agreement: global_agreement.until(step),
            local_agreement: local_agreement.until(step),
        }
    }
}

/// A switch or a dial that was changed, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The last step that was done before the change.
    pub step: u64,
    /// Seconds of training (pauses not counted) before the change.
    pub seconds: f64,
    /// What changed.
    pub change: Change,
    /// For whom: one learner, or all of them.
    pub learner: Option<u32>,
}

/// A stretch of training, measured on this adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Steps.
    pub steps: u64,
    /// Seconds of training; pauses do not count.
    pub seconds: f64,
}

/// What has come of the newest flip of a switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinceFlip {
    /// The switch.
    pub switch: Switch,
    /// It was switched on.
    pub on: bool,
    /// The last step before it.
    pub step: u64,
    /// How long ago it was.
    pub since: Span,
    /// From the flip to the first verdict of a collapse, if there was none before it.
    pub to_collapse: Option<Span>,
    /// From the flip to the first healthy verdict, if there was a collapse before it.
    pub to_recovery: Option<Span>,
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
    /// DINO: every image gets (nearly) all its weight on the same prototype.
    Dominant,
    /// DINO: every image gets (nearly) the uniform distribution.
    Uniform,
    /// DINO: every image gets the same distribution, neither of the two.
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
    /// Steps still to be measured before it speaks.
    pub wanting: u64,
}

/// The switches as they are set; a change takes effect with the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// See [`Switch::Ema`].
    pub ema: bool,
    /// See [`Switch::StopGradient`].
    pub stop_gradient: bool,
    /// See [`Switch::Predictor`].
    pub predictor: bool,
    /// See [`Switch::Centering`].
    pub centering: bool,
    /// See [`Switch::Sharpening`].
    pub sharpening: bool,
}

impl From<&Hyper> for Switches {
    fn from(hyper: &Hyper) -> Self {
        let &Hyper { ema, stop_gradient, predictor, centering, sharpening, .. } = hyper;
        Self { ema, stop_gradient, predictor, centering, sharpening }
    }
}

impl Switches {
    /// Sets one switch.
    pub const fn set(&mut self, switch: Switch, on: bool) {
        *match switch {
            Switch::Ema => &mut self.ema,
            Switch::StopGradient => &mut self.stop_gradient,
            Switch::Predictor => &mut self.predictor,
            Switch::Centering => &mut self.centering,
            Switch::Sharpening => &mut self.sharpening,
        } = on;
    }

    /// The state of one switch.
    pub const fn get(&self, switch: Switch) -> bool {
        match switch {
            Switch::Ema => self.ema,
            Switch::StopGradient => self.stop_gradient,
            Switch::Predictor => self.predictor,
            Switch::Centering => self.centering,
            Switch::Sharpening => self.sharpening,
        }
    }
}

/// The dials as they are set; a change takes effect with the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dials {
    /// See [`Dial::Tau`].
    pub tau: f32,
    /// See [`Dial::PredictorMultiplier`].
    pub predictor_multiplier: f32,
    /// See [`Dial::TeacherTemperature`]; as set, whether sharpening is on or off.
    pub teacher_temperature: f32,
    /// See [`Dial::StudentTemperature`].
    pub student_temperature: f32,
    /// See [`Dial::CenterMomentum`].
    pub center_momentum: f32,
    /// See [`Dial::LearningRate`].
    pub learning_rate: f32,
}

impl From<&Hyper> for Dials {
    fn from(hyper: &Hyper) -> Self {
        let &Hyper { tau, predictor_multiplier, teacher_temperature, student_temperature, center_momentum, learning_rate, .. } = hyper;
        Self { tau, predictor_multiplier, teacher_temperature, student_temperature, center_momentum, learning_rate }
    }
}

impl Dials {
    /// Sets one dial.
    pub const fn set(&mut self, dial: Dial, value: f32) {
        *match dial {
            Dial::Tau => &mut self.tau,
            Dial::PredictorMultiplier => &mut self.predictor_multiplier,
            Dial::TeacherTemperature => &mut self.teacher_temperature,
            Dial::StudentTemperature => &mut self.student_temperature,
            Dial::CenterMomentum => &mut self.center_momentum,
            Dial::LearningRate => &mut self.learning_rate,
        } = value;
    }

    /// The value of one dial.
    pub const fn get(&self, dial: Dial) -> f32 {
        match dial {
            Dial::Tau => self.tau,
            Dial::PredictorMultiplier => self.predictor_multiplier,
            Dial::TeacherTemperature => self.teacher_temperature,
            Dial::StudentTemperature => self.student_temperature,
            Dial::CenterMomentum => self.center_momentum,
            Dial::LearningRate => self.learning_rate,
        }
    }
}

/// The embedding cloud: a fixed set of held-out images, student and teacher seeing two different fixed views of each.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The last projections as they were shown; number p lies in slot p % slots, learner by learner. Per image 8 f32: student x, y, z and class;
    /// teacher x, y, z and the pair's loss (2 - 2 cos). Coordinates lie in the unit ball (L2-normalised projections on three
    /// orthonormal axes). A class of -1 means "no label".
    pub points: wgpu::Buffer,
    /// Projections that `points` has room for.
    pub slots: u32,
    /// Number of the newest projection that is here, from 0; all that follows is of this one.
    pub newest: u64,
    /// Number of images.
    pub count: u32,
    /// Whose cloud it is.
    pub learner: u32,
    /// Learners that a slot of `points` holds.
    pub learners: u32,
    /// What `points` holds of it (count · 8), for picking and colouring.
    pub places: Arc<[f32]>,
    /// The cluster of each image by its student's projection (spherical k-means).
    pub clusters: Arc<[u32]>,
    /// Clusters there are.
    pub cluster_count: u32,
    /// DINO: each image's likeliest prototype by the teacher; empty without prototypes.
    pub prototypes: Arc<[u32]>,
    /// The image that was chosen in it.
    pub selection: Option<Selection>,
    /// Projection dimensions d.
    pub dimensions: u32,
    /// The share of the squared length that the three axes show, 0 to 1; none before the first readback.
    pub explained: Option<f32>,
    /// The augmented views as fed to the networks, RGBA8 packed in u32: view 0 (student) of every image, then view 1 (teacher).
    pub views: wgpu::Buffer,
    /// Side of a view in pixels.
    pub view_side: u32,
}

impl Cloud {
    /// Coordinates of one network's place of an image; none beyond the images and where they are not finite.
    pub fn place(&self, image: u32, teacher: bool) -> Option<[f32; 3]> {
        place_in(&self.places, image, teacher)
    }

    /// The class of an image, if it has one.
    pub fn class(&self, image: u32) -> Option<usize> {
        let class = *self.places.get(image as usize * 8 + 3)?;
        (0.0..1e6).contains(&class).then_some(class as usize)
    }

    /// The loss of an image's two projections, 2 - 2 cos: 0 to 4.
    pub fn loss(&self, image: u32) -> Option<f32> {
        self.places.get(image as usize * 8 + 7).copied().filter(|loss| loss.is_finite())
    }
}

/// Coordinates in a projection's numbers, see [`Cloud::place`].
pub fn place_in(places: &[f32], image: u32, teacher: bool) -> Option<[f32; 3]> {
    let first = image as usize * 8 + if teacher { 4 } else { 0 };
    let point: [f32; 3] = places.get(first..first + 3)?.try_into().ok()?;
    point.iter().all(|value| value.abs() < 4.0).then_some(point)
}

/// An image that was chosen in the cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Its number among the cloud's images.
    pub image: u32,
    /// The images nearest to it, nearest first, with the cosine of the students' projections in all dimensions; empty until measured.
    pub neighbours: Arc<[(u32, f32)]>,
}

/// The teacher's distributions over K prototypes at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributions {
    /// K
    pub prototypes: u32,
    /// The centre (K), raw logits.
    pub center: Arc<[f32]>,
    /// Of the last batch's first global view: (B, K), each row sums to 1.
    pub batch: Arc<[f32]>,
    /// Of the cloud's images (the teacher's view of each): (count, K).
    pub cloud: Arc<[f32]>,
}

/// One image with its crops, seen by the networks as they are: globals first, then locals.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The very crops of the last batch's first image; else a held-out image with crops of its own.
    pub of_batch: bool,
    /// Number among the held-out images, where it is one.
    pub image: Option<u32>,
    /// The step whose crops they are (of_batch), or how often they were resampled.
    pub draw: u64,
    /// Its class, none where there are no labels.
    pub class: Option<u32>,
    /// The whole image, RGBA8 packed in u32, stretched to a square of `picture_side` pixels a side, row by row.
    pub picture: wgpu::Buffer,
    /// Side of the picture in pixels.
    pub picture_side: u32,
    /// The image's own width and height, of which only the ratio counts.
    pub shape: [u32; 2],
    /// Where each crop lies: left, top, width, height as shares of the image; mirrored.
    pub crops: Vec<([f32; 4], bool)>,
    /// Globals in `crops`.
    pub globals: u32,
    /// The augmented globals (globals · side²) RGBA8 packed in u32.
    pub global_pixels: wgpu::Buffer,
    /// Side of a global view in pixels.
    pub global_side: u32,
    /// The augmented locals, likewise; none without locals.
    pub local_pixels: Option<wgpu::Buffer>,
    /// Side of a local view in pixels.
    pub local_side: u32,
    /// Loss of each pair: row = the teacher's global, column = the student's crop; none where they are the same crop.
    pub losses: Vec<Vec<Option<f32>>>,
    /// Where the student puts each crop in the cloud.
    pub student_dots: Vec<[f32; 3]>,
    /// Where the teacher puts each global.
    pub teacher_dots: Vec<[f32; 3]>,
    /// Cosine of each crop's student projection with the mean of the teacher's of the globals.
    pub agreement: Vec<f32>,
    /// ViT: attention of the last block's CLS token over the whole image (square, resized), head by head: heads · side² shares.
    pub attention: Vec<f32>,
    /// Heads in `attention`; 0 without a ViT.
    pub attention_heads: u32,
    /// Patches along a side in `attention`.
    pub attention_side: u32,
    /// DINO: the teacher's raw logits of the first global (K).
    pub teacher_logits: Vec<f32>,
    /// DINO: the teacher's distribution of the first global (K).
    pub teacher_distribution: Vec<f32>,
    /// DINO: the student's distribution of the second global (K).
    pub student_distribution: Vec<f32>,
}

/// What `attention_in_object` is to be compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionReferences {
    /// Before training.
    pub untrained: Option<f32>,
    /// Mean share of the image's area that the object takes.
    pub area: f32,
    /// Mean share on the object of the mean of all objects' masks.
    pub center_prior: f32,
}

/// A learner as it is shown beside the others.
#[derive(Clone, Debug)]
pub struct LearnerView {
    /// Seed of its weights.
    pub seed: u64,
    /// Its switches.
    pub switches: Switches,
    /// Its dials.
    pub dials: Dials,
    /// Its meters over time.
    pub history: Arc<History>,
    /// How it is doing.
    pub verdict: Verdict,
    /// The step since which the verdict is a collapse, while it is one.
    pub collapsed_at: Option<u64>,
    /// Its newest flip of a switch and what came of it.
    pub since_flip: Option<SinceFlip>,
    /// Its kNN accuracy before training.
    pub untrained_knn: Option<f32>,
    /// Its cloud, once it has been projected.
    pub cloud: Option<Cloud>,
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
    /// The method that trains.
    pub method: Method,
    /// Seed of the run.
    pub seed: u64,
    /// Runs that were started before this one, in this session: tells a run from the next.
    pub run: u64,
    /// Completed steps.
    pub step: u64,
    /// Training goes on.
    pub playing: bool,
    /// Steps a second, over the last second of training; 0 while paused.
    pub steps_per_second: f32,
    /// Steps a second that training is held to; none: as fast as it goes.
    pub speed_limit: Option<u32>,
    /// How the time is to be divided between training and drawing.
    pub division: Division,
    /// How it was divided over the last second.
    pub shares: Shares,
    /// The last frames, span by span; none before there are any (and without a window).
    pub frame_lane: Option<Arc<FrameLane>>,
    /// What the learners are to each other.
    pub gathering: Gathering,
    /// All that train side by side; one where nobody is beside it.
    pub learners: Vec<LearnerView>,
    /// As many learners of this architecture as may train side by side on this adapter.
    pub most_learners: u32,
    /// The learner that is shown in the large: what follows is of it, where learners differ.
    pub front: usize,
    /// Switches.
    pub switches: Switches,
    /// Dials.
    pub dials: Dials,
    /// Meters over time.
    pub history: Arc<History>,
    /// Switch flips and dial changes so far.
    pub events: Vec<Event>,
    /// How it is doing.
    pub verdict: Verdict,
    /// The newest flip of a switch and what came of it.
    pub since_flip: Option<SinceFlip>,
    /// Class names; empty where the data have no labels (then kNN is not measured).
    pub class_names: Vec<String>,
    /// kNN accuracy by chance.
    pub chance: f32,
    /// kNN accuracy before training.
    pub untrained_knn: Option<f32>,
    /// The cloud, once it has been projected.
    pub cloud: Option<Cloud>,
    /// DINO's distributions, once they have been read back.
    pub distributions: Option<Distributions>,
    /// The image that is shown with its crops, once it has been read back.
    pub inspection: Option<Inspection>,
    /// Held-out images that may be shown.
    pub images: u32,
    /// Local crops of each image in a step.
    pub local_crops: u32,
    /// `attention_in_object` before training, and what says nothing about attention: the object's mean share of the area, and the
    /// share on the object of the mean of all objects' masks (the prior that objects lie in the middle).
    pub attention_references: Option<AttentionReferences>,
    /// What is kept of the run's past, where it is kept. While an earlier step is looked at, everything that changes from step to
    /// step is as it was then (`distributions` and `inspection`, which are not kept, are none).
    pub past: Option<Past>,
    /// Plain sentences for the user, newest last: skipped files, what a failed load said, and the like.
    pub notices: Vec<String>,
    /// Where the walk through one step stands, if one is walked (step mode): then `step` is the last complete step.
    pub walk: Option<Walk>,
    /// Images on their way in; the run goes on meanwhile.
    pub loading: Option<Loading>,
    /// What was read of the images that are trained on, where they come from files.
    pub images_report: Option<Arc<ImagesReport>>,
    /// The step's kernel families and their variants.
    pub variants: Arc<Vec<KernelChoice>>,
    /// Set when training has stopped because of non-finite numbers: what and when.
    pub stopped: Option<String>,
    /// Times of the last steps' dispatches, while they are wanted ([`Command::ProfileSteps`](crate::command::Command::ProfileSteps))
    /// and once the first have come back.
    pub kernels: Option<Arc<StepTimes>>,
}

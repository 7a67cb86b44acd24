//! What a run is: the whole configuration as plain data, from presets, `--set key=value` and checkpoints.
//!
//! Contract: every field that a user can reach has a row in [`keys::KEYS`], which names, checks and explains it; a
//! [`RunConfig`] that passed [`RunConfig::validate`] can be trained as it stands. Subtlety: choosing a data source also
//! sets the hue range to the one that suits it ([`DataSpec::natural_hue`]), so the source is always applied first.

pub mod data_spec;
pub mod error;
pub mod keys;
pub mod presets;

use serde::{Deserialize, Serialize};

pub use data_spec::{DataSpec, Scene};
pub use error::ConfigError;
pub use keys::{KEYS, Key, Kind, Value, explain, key};
pub use presets::{Preset, preset_names, presets};

/// Memory that a configuration may ask for (estimated, in bytes) before it is refused.
pub const MAXIMUM_MEMORY_BYTES: u64 = 4 << 30;

/// Number of global views of an image in a step.
pub const GLOBAL_VIEWS: u32 = 2;

/// The self-supervised method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Bootstrap Your Own Latent, arXiv 2006.07733.
    Byol,
}

impl Method {
    /// The name in preset files, logs and `--set`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Byol => "byol",
        }
    }
}

/// Normalisation inside projector and predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// Over the features of each row.
    Layernorm,
    /// Over the batch, with the statistics of one view's rows.
    Batchnorm,
}

impl Normalisation {
    /// The name in preset files, logs and `--set`.
    pub fn name(self) -> &'static str {
        match self {
            Normalisation::Layernorm => "layernorm",
            Normalisation::Batchnorm => "batchnorm",
        }
    }
}

/// The encoder's architecture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Encoder {
    /// Patches, then twice 2x2 neighbours concatenated, a linear layer, LayerNorm and GELU each time.
    Pyramid {
        /// Side of a patch in pixels.
        patch: u32,
        /// Output features of the three stages; the last is the embedding's dimension.
        widths: [u32; 3],
    },
}

impl Encoder {
    /// The name in preset files, logs and `--set`.
    pub fn name(&self) -> &'static str {
        match self {
            Encoder::Pyramid { .. } => "pyramid",
        }
    }

    /// Dimension of the embedding, the encoder's output.
    pub fn embedding(&self) -> u32 {
        match self {
            Encoder::Pyramid { widths, .. } => widths[2],
        }
    }

    /// Side of a patch in pixels.
    pub fn patch(&self) -> u32 {
        match self {
            Encoder::Pyramid { patch, .. } => *patch,
        }
    }
}

/// What the optimiser and the method read each step; each learner has its own copy on the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hyper {
    /// AdamW's step size after the warm-up.
    pub learning_rate: f32,
    /// Factor on the predictor's learning rate.
    pub predictor_multiplier: f32,
    /// Decoupled decay of matrices.
    pub weight_decay: f32,
    /// AdamW's decay of the first moment.
    pub beta1: f32,
    /// AdamW's decay of the second moment.
    pub beta2: f32,
    /// AdamW's denominator offset.
    pub epsilon: f32,
    /// Largest global norm of the gradient; 0 leaves it as it is.
    pub clip_norm: f32,
    /// Steps over which the learning rate rises linearly.
    pub warmup_steps: u32,
    /// The teacher's momentum: teacher = tau·teacher + (1-tau)·student.
    pub tau: f32,
    /// The teacher is a moving average; off: [`Hyper::effective_tau`] is 0.
    pub ema: bool,
    /// The student has a predictor; off: q = z.
    pub predictor: bool,
    /// No gradient flows into the teacher.
    pub stop_gradient: bool,
    /// DINO: the teacher's temperature while sharpening is on.
    pub teacher_temperature: f32,
    /// DINO: the student's temperature.
    pub student_temperature: f32,
    /// DINO: the teacher's temperature is its own; off: the student's.
    pub sharpening: bool,
    /// DINO: the centre is subtracted from the teacher's logits.
    pub centering: bool,
    /// DINO: the centre's momentum.
    pub center_momentum: f32,
    /// DINO: steps for which the prototypes stay as they are.
    pub frozen_steps: u32,
}

impl Hyper {
    /// The momentum in use: [`Hyper::tau`], or 0 with the EMA off.
    pub fn effective_tau(&self) -> f32 {
        if self.ema { self.tau } else { 0.0 }
    }

    /// The teacher's temperature in use: [`Hyper::teacher_temperature`], or the student's with sharpening off.
    pub fn effective_teacher_temperature(&self) -> f32 {
        if self.sharpening { self.teacher_temperature } else { self.student_temperature }
    }
}

/// How views are made from images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewConfig {
    /// Least and largest share of the image's area in a global crop.
    pub global_area: [f32; 2],
    /// Hue rotation in turns, drawn from ± this; 0.5 reaches every hue.
    pub hue: f32,
    /// Saturation factor, drawn from 1 ± this.
    pub saturation: f32,
    /// Contrast factor about the crop's mean, drawn from 1 ± this.
    pub contrast: f32,
    /// Brightness offset, drawn from ± this, in units of the full range.
    pub brightness: f32,
    /// Probability of hue, saturation, contrast and brightness being changed.
    pub jitter_probability: f32,
    /// Probability of greyscale.
    pub grey_probability: f32,
    /// Probability of inverting what is brighter than half.
    pub solarise_probability: f32,
    /// Probability of a Gaussian blur.
    pub blur_probability: f32,
    /// Probability of a left-right flip.
    pub flip_probability: f32,
    /// Standard deviation of the added Gaussian noise, in units of the full range.
    pub noise: f32,
}

/// A whole run. Made by [`RunConfig::load`], or read back from a checkpoint and validated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Name of the preset it began as.
    pub preset: String,
    /// What that preset shows, one line.
    pub about: String,
    /// The self-supervised method.
    pub method: Method,
    /// The encoder's architecture.
    pub encoder: Encoder,
    /// Normalisation inside projector and predictor.
    pub normalisation: Normalisation,
    /// Rescale the projector's layers on one batch before the first step.
    pub data_dependent_init: bool,
    /// Hidden features of projector and predictor.
    pub projector_hidden: u32,
    /// Features of the projection.
    pub projector_output: u32,
    /// Images in a step.
    pub batch: u32,
    /// Side of a global view in pixels.
    pub image_size: u32,
    /// What the optimiser and the method read each step.
    pub hyper: Hyper,
    /// How views are made.
    pub views: ViewConfig,
    /// Where images come from.
    pub data: DataSpec,
    /// Seed of everything random.
    pub seed: u64,
    /// Networks trained side by side; learner i has the seed `seed + i`.
    pub learners: u32,
    /// Each learner has its own crops; off: all share learner 0's.
    pub own_crops: bool,
}

impl Default for RunConfig {
    /// The `byol` preset.
    fn default() -> Self {
        let data = DataSpec::default();
        RunConfig {
            preset: "byol".into(),
            about: String::new(),
            method: Method::Byol,
            encoder: Encoder::Pyramid { patch: 4, widths: [32, 64, 96] },
            normalisation: Normalisation::Layernorm,
            data_dependent_init: true,
            projector_hidden: 128,
            projector_output: 32,
            batch: 64,
            image_size: 32,
            hyper: Hyper {
                learning_rate: 2e-3,
                predictor_multiplier: 10.0,
                weight_decay: 1e-4,
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-8,
                clip_norm: 0.0,
                warmup_steps: 20,
                tau: 0.99,
                ema: true,
                predictor: true,
                stop_gradient: true,
                teacher_temperature: 0.04,
                student_temperature: 0.1,
                sharpening: true,
                centering: true,
                center_momentum: 0.9,
                frozen_steps: 0,
            },
            views: ViewConfig {
                global_area: [0.4, 1.0],
                hue: data.natural_hue(),
                saturation: 0.4,
                contrast: 0.5,
                brightness: 0.25,
                jitter_probability: 0.8,
                grey_probability: 0.2,
                solarise_probability: 0.0,
                blur_probability: 0.0,
                flip_probability: 0.5,
                noise: 0.02,
            },
            data,
            seed: 0,
            learners: 1,
            own_crops: false,
        }
    }
}

impl RunConfig {
    /// A preset by name (or a preset file by its `.toml` path), a data source, then `key=value` overrides; validated.
    pub fn load(preset: &str, data: Option<&str>, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut config = presets::load(preset)?;
        if let Some(text) = data {
            config.set_from("--data", "data", text)?;
        }
        let mut pairs = Vec::with_capacity(overrides.len());
        for text in overrides {
            let (key, value) = text.split_once('=').ok_or_else(|| ConfigError::NotKeyValue { text: error::shown(text) })?;
            pairs.push((key.trim(), value.trim()));
        }
        pairs.sort_by_key(|(key, _)| *key != "data"); // stable: the source first, then as given
        for (key, value) in pairs {
            config.set(key, value)?;
        }
        config.validate()?;
        Ok(config)
    }

    /// Sets one key from text, checked against its own range; call [`RunConfig::validate`] after the last.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), ConfigError> {
        self.set_from("--set", key, text)
    }

    /// As [`RunConfig::set`], naming another place in errors ("--data", a file, a lesson).
    pub fn set_from(&mut self, place: &str, key: &str, text: &str) -> Result<(), ConfigError> {
        let row = keys::find(place, key)?;
        let value = row.parse(place, text)?;
        (row.write)(self, value);
        Ok(())
    }

    /// Sets one key of a run that is going on: as [`RunConfig::set`], refusing keys that need a fresh start.
    pub fn set_live(&mut self, key: &str, text: &str) -> Result<(), ConfigError> {
        let row = keys::find("--set", key)?;
        if !row.live {
            return Err(ConfigError::NotLive { key: row.name });
        }
        self.set(key, text)
    }

    /// The value of a key, or none if there is no such key.
    pub fn get(&self, name: &str) -> Option<Value> {
        key(name).map(|row| (row.read)(self))
    }

    /// Checks every key's range (a checkpoint's text was not checked key by key) and what keys demand of each other.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for row in KEYS {
            row.check("configuration", &(row.read)(self))?;
        }
        let refuse = |what: String, mend: &'static str| Err(ConfigError::Inconsistent { what, mend });
        let Encoder::Pyramid { patch, widths } = &self.encoder;
        let grid = self.image_size / patch;
        if !self.image_size.is_multiple_of(*patch) || !grid.is_power_of_two() || grid < 4 {
            return refuse(
                format!("image_size {} and patch {patch} make no square of 4, 8, 16... patches a side", self.image_size),
                "choose image_size = patch times 4, 8, 16 or 32",
            );
        }
        if widths.iter().any(|width| width % 4 != 0) {
            return refuse(format!("widths {widths:?} are not all multiples of 4"), "round them to multiples of 4");
        }
        for (name, size) in [("projector_hidden", self.projector_hidden), ("projector_output", self.projector_output)] {
            if size % 4 != 0 {
                return refuse(format!("{name} {size} is not a multiple of 4"), "round it to a multiple of 4");
            }
        }
        if self.normalisation == Normalisation::Batchnorm && self.batch < 2 {
            return refuse(format!("batchnorm needs two images or more, batch is {}", self.batch), "raise batch");
        }
        let memory = self.memory_estimate_bytes();
        if memory > MAXIMUM_MEMORY_BYTES {
            return refuse(
                format!(
                    "batch {} with {} learners and widths {widths:?} needs about {:.1} GiB on the GPU, over the limit of {} GiB",
                    self.batch,
                    self.learners,
                    memory as f64 / (1u64 << 30) as f64,
                    MAXIMUM_MEMORY_BYTES >> 30
                ),
                "lower batch, learners or widths",
            );
        }
        Ok(())
    }

    /// Rough GPU memory of the training in bytes: activations, their gradients and five buffers of parameters.
    pub fn memory_estimate_bytes(&self) -> u64 {
        let Encoder::Pyramid { patch, widths } = &self.encoder;
        let [patch, image_size] = [*patch, self.image_size].map(u64::from);
        let rows = u64::from(GLOBAL_VIEWS) * u64::from(self.batch);
        let [hidden, output] = [self.projector_hidden, self.projector_output].map(u64::from);
        let mut positions = (image_size / patch.max(1)).pow(2);
        let mut inputs = 3 * patch * patch;
        let mut activations = 0;
        let mut parameters = 0;
        for width in widths.map(u64::from) {
            activations += positions * (inputs + 3 * width);
            parameters += inputs * width + 3 * width;
            positions /= 4;
            inputs = 4 * width;
        }
        let embedding = u64::from(self.encoder.embedding());
        activations += embedding + 2 * (3 * hidden + 2 * output);
        parameters += embedding * hidden + 3 * hidden * output + 8 * hidden;
        4 * u64::from(self.learners) * (3 * rows * activations + 5 * parameters)
    }
}

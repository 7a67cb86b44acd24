//! What a run is: the whole configuration as plain data, from presets, `--set key=value` and checkpoints.
//!
//! Contract: every field that a user can reach has a row in [`keys::KEYS`], which names, checks and explains it; a
//! [`RunConfig`] that passed [`RunConfig::validate`] can be trained as it stands. Subtlety: choosing a data source also
//! sets the hue range to the one that suits it ([`DataSpec::natural_hue`]), so the source is always applied first.

pub mod data_spec;
pub mod error;
pub mod keys;
pub mod map;
pub mod population;
pub mod presets;

use serde::{Deserialize, Serialize};

pub use data_spec::{DataSpec, Scene};
pub use error::ConfigError;
pub use keys::{KEYS, Key, Kind, Value, explain, key};
pub use map::{MAXIMUM_MAP_SIDE, MapAxes, MapAxis};
pub use population::{Gathering, Learner, Population};
pub use presets::{Preset, preset_names, presets};

/// Memory that a configuration may ask for (estimated, in bytes) before it is refused.
pub const MAXIMUM_MEMORY_BYTES: u64 = 4 << 30;

/// Learners side by side at most.
const MAXIMUM_LEARNERS: u64 = 256;

/// Features of an attention head, at most: what the kernels hold.
pub const MAXIMUM_HEAD: u32 = 64;

/// Number of global views of an image in a step.
pub const GLOBAL_VIEWS: u32 = 2;

/// The self-supervised method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Bootstrap Your Own Latent, arXiv 2006.07733.
    Byol,
    /// Self-distillation with no labels, arXiv 2104.14294.
    Dino,
}

impl Method {
    /// The name in preset files, logs and `--set`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Byol => "byol",
            Method::Dino => "dino",
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncoderKind {
    /// Patches, then twice 2x2 neighbours concatenated, a linear layer, LayerNorm and GELU each time.
    Pyramid,
    /// timm's VisionTransformer: pre-norm blocks of attention and MLP over patches and a CLS token.
    Vit,
}

impl EncoderKind {
    /// The name in preset files, logs and `--set`.
    pub fn name(self) -> &'static str {
        match self {
            EncoderKind::Pyramid => "pyramid",
            EncoderKind::Vit => "vit",
        }
    }
}

/// The encoder and its sizes. The pyramid has `widths`, the ViT the rest; both have `patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// Architecture.
    pub kind: EncoderKind,
    /// Side of a patch in pixels.
    pub patch: u32,
    /// Pyramid: output features of the three stages; the last is the embedding's dimension.
    pub widths: [u32; 3],
    /// ViT: features of a token, and of the embedding.
    pub dim: u32,
    /// ViT: number of blocks.
    pub depth: u32,
    /// ViT: heads of each attention.
    pub heads: u32,
    /// ViT: hidden features of a block's MLP, in units of `dim`.
    pub mlp_ratio: u32,
}

impl Encoder {
    /// Dimension of the embedding, the encoder's output.
    pub const fn embedding(&self) -> u32 {
        match self.kind {
            EncoderKind::Pyramid => self.widths[2],
            EncoderKind::Vit => self.dim,
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
    /// Local crops of an image in a step; only the student sees them.
    pub locals: u32,
    /// Least and largest share of the image's area in a local crop.
    pub local_area: [f32; 2],
    /// Side of a local view in pixels.
    pub local_size: u32,
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
    /// Hidden features of projector and predictor, or of DINO's head.
    pub projector_hidden: u32,
    /// Features of the projection, or of DINO's bottleneck.
    pub projector_output: u32,
    /// DINO: linear layers of the head before the prototypes.
    pub head_layers: u32,
    /// DINO: K, prototypes.
    pub prototypes: u32,
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
    /// Held-out images in the embedding cloud; 0 leaves it to the adapter.
    pub cloud_images: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// Networks trained side by side; learner i has the seed `seed + i`.
    pub learners: u32,
    /// Each learner has its own crops, drawn by its seed; off: all share those of `seed`.
    pub own_crops: bool,
    /// What the learners are to each other.
    #[serde(default)]
    pub gathering: Gathering,
}

impl Default for RunConfig {
    /// The `byol` preset.
    fn default() -> Self {
        let data = DataSpec::default();
        RunConfig {
            preset: "byol".into(),
            about: String::new(),
            method: Method::Byol,
            encoder: Encoder { kind: EncoderKind::Pyramid, patch: 4, widths: [32, 64, 96], dim: 48, depth: 2, heads: 3, mlp_ratio: 2 },
            normalisation: Normalisation::Layernorm,
            data_dependent_init: true,
            projector_hidden: 128,
            projector_output: 32,
            head_layers: 2,
            prototypes: 64,
            batch: 64,
            image_size: 32,
            cloud_images: 0,
            hyper: Hyper {
                learning_rate: 2e-3,
                predictor_multiplier: 15.0,
                weight_decay: 1e-4,
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-8,
                clip_norm: 0.0,
                warmup_steps: 20,
                tau: 0.985,
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
                locals: 0,
                local_area: data.natural_local_area(),
                local_size: 16,
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
            gathering: Gathering::Apart,
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
        self.validate_encoder()?;
        let sizes =
            [("projector_hidden", self.projector_hidden), ("projector_output", self.projector_output), ("prototypes", self.prototypes)];
        for (name, size) in sizes {
            if size % 4 != 0 {
                return refuse(format!("{name} {size} is not a multiple of 4"), "round it to a multiple of 4");
            }
        }
        if self.normalisation == Normalisation::Batchnorm && self.batch < 2 {
            return refuse(format!("batchnorm needs two images or more, batch is {}", self.batch), "raise batch");
        }
        let distributions = u64::from(self.cloud_images) * u64::from(self.prototypes) * 4;
        if self.method == Method::Dino && distributions > 256 << 20 {
            return refuse(
                format!(
                    "cloud_images {} with {} prototypes need {} MiB of distributions, over 256",
                    self.cloud_images,
                    self.prototypes,
                    distributions >> 20
                ),
                "lower cloud_images",
            );
        }
        let memory = self.memory_estimate_bytes();
        if memory > MAXIMUM_MEMORY_BYTES {
            return refuse(
                format!(
                    "batch {} with {} learners, {} local crops and this encoder needs about {:.1} GiB on the GPU, over the limit of {} GiB",
                    self.batch,
                    self.learners,
                    self.views.locals,
                    memory as f64 / (1u64 << 30) as f64,
                    MAXIMUM_MEMORY_BYTES >> 30
                ),
                "lower batch, learners, locals or the encoder's sizes",
            );
        }
        Ok(())
    }

    /// What the encoder's sizes demand of each other and of the views.
    fn validate_encoder(&self) -> Result<(), ConfigError> {
        let refuse = |what: String, mend: &'static str| Err(ConfigError::Inconsistent { what, mend });
        let Encoder { kind, patch, widths, dim, heads, .. } = self.encoder;
        // The pyramid halves its grid twice, a local view's too.
        let least = if kind == EncoderKind::Pyramid { 4 } else { 1 };
        for (name, size, used) in [("image_size", self.image_size, true), ("local_size", self.views.local_size, self.views.locals > 0)] {
            let grid = size / patch;
            if used && (!size.is_multiple_of(patch) || !grid.is_power_of_two() || grid < least) {
                return refuse(
                    format!("{name} {size} and patch {patch} make no square of {least}, {}, {}... patches a side", 2 * least, 4 * least),
                    "choose a size that is the patch times a power of two",
                );
            }
        }
        if self.views.locals > 0 && self.views.local_size > self.image_size {
            return refuse(
                format!("local_size {} is larger than image_size {}", self.views.local_size, self.image_size),
                "lower local_size: a local view is a small picture of a small piece",
            );
        }
        match kind {
            EncoderKind::Pyramid if widths.iter().any(|width| width % 4 != 0) => {
                refuse(format!("widths {widths:?} are not all multiples of 4"), "round them to multiples of 4")
            }
            EncoderKind::Vit if dim % 8 != 0 || dim % heads != 0 || (dim / heads) % 4 != 0 => refuse(
                format!("dim {dim} is no multiple of 8 that {heads} heads share in multiples of 4"),
                "choose dim = heads times 8 or 16",
            ),
            EncoderKind::Vit if dim / heads > MAXIMUM_HEAD => {
                refuse(format!("dim {dim} over {heads} heads makes {} features a head, at most {MAXIMUM_HEAD}", dim / heads), "raise heads")
            }
            _ => Ok(()),
        }
    }

    /// Rough GPU memory of the training in bytes: activations, their gradients and five buffers of parameters.
    pub fn memory_estimate_bytes(&self) -> u64 {
        let [globals, locals] = [u64::from(GLOBAL_VIEWS), u64::from(self.views.locals)];
        let [hidden, output, prototypes] = [self.projector_hidden, self.projector_output, self.prototypes].map(u64::from);
        let (global, mut parameters) = self.encoder_floats(self.image_size);
        let (local, _) = self.encoder_floats(self.views.local_size);
        let embedding = u64::from(self.encoder.embedding());
        let head = embedding + 2 * (3 * hidden + 2 * output) + 4 * prototypes;
        let activations = globals * (global + head) + locals * (local + head);
        parameters += embedding * hidden + 3 * hidden * output + 8 * hidden + prototypes * output;
        4 * u64::from(self.learners) * (3 * u64::from(self.batch) * activations + 5 * parameters)
    }

    /// As many learners as fit, by [`Self::memory_estimate_bytes`] and by the largest buffer that a kernel may see of the adapter.
    pub fn most_learners(&self, largest_binding: u64) -> u32 {
        let each = |learners: u32| Self { learners, ..self.clone() };
        let by_memory = MAXIMUM_MEMORY_BYTES / each(1).memory_estimate_bytes().max(1);
        let by_binding = largest_binding / (4 * self.largest_floats()).max(1);
        by_memory.min(by_binding).clamp(1, MAXIMUM_LEARNERS) as u32
    }

    /// Numbers in the largest tensor that each learner has of its own.
    fn largest_floats(&self) -> u64 {
        let Encoder { kind, patch, widths, dim, heads, mlp_ratio, .. } = self.encoder;
        let [patch, dim, heads, ratio] = [patch, dim, heads, mlp_ratio].map(u64::from);
        let sizes = [(u64::from(GLOBAL_VIEWS), self.image_size), (u64::from(self.views.locals), self.views.local_size)];
        let of_images = |floats: &dyn Fn(u64) -> u64| -> u64 {
            let of_view = |&(views, size): &(u64, u32)| views * floats((u64::from(size) / patch.max(1)).pow(2));
            u64::from(self.batch) * sizes.iter().map(of_view).sum::<u64>()
        };
        let encoder = match kind {
            EncoderKind::Pyramid => of_images(&|positions| positions * u64::from(widths[0])),
            EncoderKind::Vit => of_images(&|positions| (positions + 1) * (3 * dim).max(ratio * dim).max(heads * (positions + 1))),
        };
        let views = u64::from(GLOBAL_VIEWS) + u64::from(self.views.locals);
        let head = u64::from(self.batch) * views * u64::from(self.projector_hidden.max(self.prototypes));
        encoder.max(head).max(self.encoder_floats(self.image_size).1)
    }

    /// About how many numbers a view of `size` pixels is in the encoder's layers, and the encoder's parameters.
    fn encoder_floats(&self, size: u32) -> (u64, u64) {
        let Encoder { kind, patch, widths, dim, depth, heads, mlp_ratio } = self.encoder;
        let [patch, size, dim, depth, heads, ratio] = [patch, size, dim, depth, heads, mlp_ratio].map(u64::from);
        let mut positions = (size / patch.max(1)).pow(2);
        let mut inputs = 3 * patch * patch;
        if kind == EncoderKind::Vit {
            let tokens = positions + 1;
            let block = tokens * (8 + 2 * ratio) * dim + heads * tokens * tokens;
            return (positions * inputs + depth * block, inputs * dim + positions * dim + depth * (4 + 2 * ratio) * dim * dim);
        }
        let (mut activations, mut parameters) = (0, 0);
        for width in widths.map(u64::from) {
            activations += positions * (inputs + 3 * width);
            parameters += inputs * width + 3 * width;
            positions /= 4;
            inputs = 4 * width;
        }
        (activations, parameters)
    }
}

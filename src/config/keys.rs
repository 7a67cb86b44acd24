//! The one table of keys: what `--set`, preset files and the interface may change, with range, unit and meaning.
//!
//! Contract: a value reaches [`RunConfig`] only after its key's check, whatever it was written in. Subtlety: numbers are
//! checked after rounding to `f32`, the precision they are used in.

use std::fmt::{self, Write};

use super::error::{ConfigError, nearest, shown};
use super::{DataSpec, EncoderKind, Method, Normalisation, RunConfig};

/// The kind of a key's value, with its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// true/false, on/off, 1/0.
    Switch,
    /// A finite number from the first to the second, both included.
    Number(f32, f32),
    /// A whole number from the first to the second, both included.
    Integer(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Two numbers, least and largest, each in this range.
    Pair(f32, f32),
    /// Three whole numbers, each in this range.
    Triple(u64, u64),
    /// A data source, see [`DataSpec`].
    Source,
}

impl fmt::Display for Kind {
    /// The values allowed, in words.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Kind::Switch => f.write_str("true or false (on/off, 1/0)"),
            Kind::Number(least, most) => write!(f, "a number from {least} to {most}"),
            Kind::Integer(least, u64::MAX) => write!(f, "a whole number from {least}"),
            Kind::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Kind::Choice(words) => f.write_str(&words.join(" or ")),
            Kind::Pair(least, most) => write!(f, "two rising numbers from {least} to {most}, such as {least},{most}"),
            Kind::Triple(least, most) => write!(f, "three whole numbers from {least} to {most}, such as 32,64,96"),
            Kind::Source => f.write_str(super::data_spec::FORMS),
        }
    }
}

/// A key's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Switch`].
    Switch(bool),
    /// Of [`Kind::Number`].
    Number(f32),
    /// Of [`Kind::Integer`].
    Integer(u64),
    /// Of [`Kind::Choice`].
    Choice(String),
    /// Of [`Kind::Pair`].
    Pair([f32; 2]),
    /// Of [`Kind::Triple`].
    Triple([u64; 3]),
    /// Of [`Kind::Source`].
    Source(DataSpec),
}

impl fmt::Display for Value {
    /// As `--set` reads it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Switch(on) => write!(f, "{on}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Choice(word) => f.write_str(word),
            Value::Pair([least, most]) => write!(f, "{least},{most}"),
            Value::Triple([a, b, c]) => write!(f, "{a},{b},{c}"),
            Value::Source(spec) => write!(f, "{spec}"),
        }
    }
}

/// A row of the table.
pub struct Key {
    /// Its name in preset files and `--set`.
    pub name: &'static str,
    /// Kind and range of its value.
    pub kind: Kind,
    /// Unit of its value, empty for none.
    pub unit: &'static str,
    /// Whether a run that is going on takes a change of it.
    pub live: bool,
    /// What it is, one sentence.
    pub meaning: &'static str,
    /// What happens when this switch is off, one sentence.
    pub off: Option<&'static str>,
    /// Reads it.
    pub read: fn(&RunConfig) -> Value,
    /// Writes a value that passed [`Key::check`].
    pub write: fn(&mut RunConfig, Value),
}

/// What the EMA switch means when off.
pub const EMA_OFF: &str = "tau = 0: the teacher is the student after each step (SimSiam).";
/// What the predictor switch means when off.
pub const PREDICTOR_OFF: &str = "q = z: the student's projection itself is compared with the teacher's.";
/// What the stop-gradient switch means when off.
pub const STOP_GRADIENT_OFF: &str = "The loss's gradient with respect to the teacher's weights is computed too and added to the student's gradient; the EMA goes on as set (with tau = 0 this is the published \"no stop-gradient\").";

/// What the centering switch means when off.
pub const CENTERING_OFF: &str = "Nothing is subtracted from the teacher's logits; the centre is still tracked.";
/// What the sharpening switch means when off.
pub const SHARPENING_OFF: &str = "The teacher's temperature is the student's.";

/// Writes the body of a row's `read` and `write` for a field of a kind.
macro_rules! row {
    ($name:literal, switch, $($field:ident).+, live: $live:literal, $meaning:expr $(, off: $off:expr)?) => {
        Key { name: $name, kind: Kind::Switch, unit: "", live: $live, meaning: $meaning, off: row!(@off $($off)?),
            read: |c| Value::Switch(c.$($field).+),
            write: |c, v| if let Value::Switch(on) = v { c.$($field).+ = on } }
    };
    ($name:literal, number $least:literal to $most:literal, $($field:ident).+, $unit:literal, live: $live:literal, $meaning:expr) => {
        Key { name: $name, kind: Kind::Number($least, $most), unit: $unit, live: $live, meaning: $meaning, off: None,
            read: |c| Value::Number(c.$($field).+),
            write: |c, v| if let Value::Number(number) = v { c.$($field).+ = number } }
    };
    ($name:literal, integer $least:literal to $most:expr, $($field:ident).+, $unit:literal, live: $live:literal, $meaning:expr) => {
        Key { name: $name, kind: Kind::Integer($least, $most as u64), unit: $unit, live: $live, meaning: $meaning, off: None,
            read: |c| Value::Integer(c.$($field).+.into()),
            write: |c, v| if let Value::Integer(number) = v { c.$($field).+ = number.try_into().expect("the range fits the field") } }
    };
    (@off) => { None };
    (@off $off:expr) => { Some($off) };
}

/// All keys: first what the three switches and sliders change, then the optimiser, the networks, the views, the run.
pub const KEYS: &[Key] = &[
    row!("ema", switch, hyper.ema, live: true,
        "The teacher is a slow moving average of the student.", off: EMA_OFF),
    row!("stop_gradient", switch, hyper.stop_gradient, live: true,
        "No gradient flows into the teacher.", off: STOP_GRADIENT_OFF),
    row!("predictor", switch, hyper.predictor, live: true,
        "Only the student has one more head, which predicts the teacher's projection.", off: PREDICTOR_OFF),
    row!("centering", switch, hyper.centering, live: true,
        "DINO: the running mean of the teacher's logits is subtracted from them.", off: CENTERING_OFF),
    row!("sharpening", switch, hyper.sharpening, live: true,
        "DINO: the teacher's temperature is lower than the student's.", off: SHARPENING_OFF),
    row!("tau", number 0.0 to 1.0, hyper.tau, "", live: true,
        "The teacher's momentum: teacher = tau teacher + (1 - tau) student after each step; 1 freezes it."),
    row!("predictor_multiplier", number 0.0 to 1000.0, hyper.predictor_multiplier, "", live: true,
        "Factor on the predictor's learning rate."),
    row!("teacher_temperature", number 0.001 to 10.0, hyper.teacher_temperature, "", live: true,
        "DINO: divides the teacher's centred logits before the softmax, while sharpening is on."),
    row!("student_temperature", number 0.001 to 10.0, hyper.student_temperature, "", live: true,
        "DINO: divides the student's logits before the softmax."),
    row!("center_momentum", number 0.0 to 1.0, hyper.center_momentum, "", live: true,
        "DINO: centre = this times centre + (1 - this) times the mean of the step's teacher logits; 0 takes the last batch's mean."),
    row!("local_crops", integer 0 to 8, views.locals, "crops an image", live: true,
        "Local crops of each image, which only the student sees."),
    row!("learning_rate", number 0.0 to 1.0, hyper.learning_rate, "", live: true,
        "AdamW's step size after the warm-up."),
    row!("weight_decay", number 0.0 to 1.0, hyper.weight_decay, "", live: true,
        "Decoupled decay of matrices, times the learning rate of their group."),
    row!("frozen_steps", integer 0 to 1_000_000, hyper.frozen_steps, "steps", live: true,
        "DINO: steps at the start for which the prototypes stay as they are."),
    row!("beta1", number 0.0 to 0.9999, hyper.beta1, "", live: false, "AdamW's decay of the gradient's running mean."),
    row!("beta2", number 0.0 to 0.99999, hyper.beta2, "", live: false,
        "AdamW's decay of the squared gradient's running mean."),
    row!("epsilon", number 1e-12 to 0.01, hyper.epsilon, "", live: false, "Added to AdamW's denominator."),
    row!("clip_norm", number 0.0 to 1e6, hyper.clip_norm, "", live: false,
        "Largest global norm of the gradient; 0 leaves it as it is."),
    row!("warmup_steps", integer 0 to 1_000_000, hyper.warmup_steps, "steps", live: false,
        "Steps over which the learning rate rises linearly."),
    Key {
        name: "method",
        kind: Kind::Choice(&["byol", "dino"]),
        unit: "",
        live: false,
        meaning: "The self-supervised method.",
        off: None,
        read: |c| Value::Choice(c.method.name().into()),
        write: |c, v| {
            let dino = v == Value::Choice("dino".into());
            c.method = if dino { Method::Dino } else { Method::Byol };
        },
    },
    Key {
        name: "encoder",
        kind: Kind::Choice(&["pyramid", "vit"]),
        unit: "",
        live: false,
        meaning: "The encoder: pyramid (patches, then twice 2x2 neighbours concatenated, linear, LayerNorm, GELU) or vit (VisionTransformer).",
        off: None,
        read: |c| Value::Choice(c.encoder.kind.name().into()),
        write: |c, v| {
            let vit = v == Value::Choice("vit".into());
            c.encoder.kind = if vit { EncoderKind::Vit } else { EncoderKind::Pyramid };
        },
    },
    row!("patch", integer 2 to 16, encoder.patch, "pixels", live: false,
        "Side of the encoder's patches; a view's side must be a power of two times as long."),
    Key {
        name: "widths",
        kind: Kind::Triple(4, 1024),
        unit: "features",
        live: false,
        meaning: "Pyramid: features after each of the three stages, multiples of 4; the last is the embedding.",
        off: None,
        read: |c| Value::Triple(c.encoder.widths.map(u64::from)),
        write: |c, v| {
            if let Value::Triple(triple) = v {
                c.encoder.widths = triple.map(|width| width as u32);
            }
        },
    },
    row!("dim", integer 8 to 1024, encoder.dim, "features", live: false, "ViT: features of a token and of the embedding, a multiple of 8."),
    row!("depth", integer 1 to 24, encoder.depth, "blocks", live: false, "ViT: blocks."),
    row!("heads", integer 1 to 16, encoder.heads, "heads", live: false, "ViT: heads of each attention; they share dim in multiples of 4."),
    row!("mlp_ratio", integer 1 to 8, encoder.mlp_ratio, "", live: false, "ViT: hidden features of a block's MLP over dim."),
    Key {
        name: "normalisation",
        kind: Kind::Choice(&["layernorm", "batchnorm"]),
        unit: "",
        live: false,
        meaning: "Normalisation inside projector and predictor; batchnorm takes the statistics of one view's rows.",
        off: None,
        read: |c| Value::Choice(c.normalisation.name().into()),
        write: |c, v| {
            let batch = v == Value::Choice("batchnorm".into());
            c.normalisation = if batch { Normalisation::Batchnorm } else { Normalisation::Layernorm };
        },
    },
    row!("data_dependent_init", switch, data_dependent_init, live: false,
        "Before the first step the projector's layers are rescaled so that each unit has mean 0 and deviation 1 on one batch.",
        off: "The projector starts as drawn."),
    row!("projector_hidden", integer 4 to 4096, projector_hidden, "features", live: false,
        "Hidden features of projector and predictor, or of DINO's head; a multiple of 4."),
    row!("projector_output", integer 4 to 128, projector_output, "features", live: false,
        "Features of the projection, which BYOL's loss sees, or of DINO's bottleneck; a multiple of 4."),
    row!("head_layers", integer 2 to 3, head_layers, "layers", live: false, "DINO: linear layers of the head before the prototypes."),
    row!("prototypes", integer 4 to 65_536, prototypes, "prototypes", live: false, "DINO: number of prototypes, K; a multiple of 4."),
    row!("batch", integer 2 to 1024, batch, "images", live: false, "Images in a step."),
    row!("image_size", integer 8 to 256, image_size, "pixels", live: false, "Side of a global view."),
    Key {
        name: "global_area",
        kind: Kind::Pair(0.01, 1.0),
        unit: "share of the image",
        live: false,
        meaning: "Least and largest area of a global crop.",
        off: None,
        read: |c| Value::Pair(c.views.global_area),
        write: |c, v| {
            if let Value::Pair(pair) = v {
                c.views.global_area = pair;
            }
        },
    },
    Key {
        name: "local_area",
        kind: Kind::Pair(0.005, 1.0),
        unit: "share of the image",
        live: false,
        meaning: "Least and largest area of a local crop; choosing a data source sets it.",
        off: None,
        read: |c| Value::Pair(c.views.local_area),
        write: |c, v| {
            if let Value::Pair(pair) = v {
                c.views.local_area = pair;
            }
        },
    },
    row!("local_size", integer 4 to 128, views.local_size, "pixels", live: false, "Side of a local view."),
    row!("hue", number 0.0 to 0.5, views.hue, "turns", live: false,
        "Hue rotation of a view, drawn from plus or minus this; choosing a data source sets it (weaves 0.5, shapes 0.075, files 0.1)."),
    row!("saturation", number 0.0 to 1.0, views.saturation, "", live: false, "Saturation factor of a view, drawn from 1 plus or minus this."),
    row!("contrast", number 0.0 to 1.0, views.contrast, "", live: false,
        "Contrast factor about the crop's mean, drawn from 1 plus or minus this."),
    row!("brightness", number 0.0 to 1.0, views.brightness, "of the full range", live: false,
        "Brightness offset of a view, drawn from plus or minus this."),
    row!("jitter_probability", number 0.0 to 1.0, views.jitter_probability, "", live: false,
        "Probability that hue, saturation, contrast and brightness of a view change."),
    row!("grey_probability", number 0.0 to 1.0, views.grey_probability, "", live: false, "Probability that a view is greyscale."),
    row!("solarise_probability", number 0.0 to 1.0, views.solarise_probability, "", live: false,
        "Probability that what is brighter than half is inverted in a view."),
    row!("blur_probability", number 0.0 to 1.0, views.blur_probability, "", live: false,
        "Probability that a view of an image from a file is blurred."),
    row!("flip_probability", number 0.0 to 1.0, views.flip_probability, "", live: false,
        "Probability that a view is flipped left to right."),
    row!("noise", number 0.0 to 1.0, views.noise, "of the full range", live: false,
        "Standard deviation of the Gaussian noise added to a view."),
    Key {
        name: "data",
        kind: Kind::Source,
        unit: "",
        live: false,
        meaning: "Where images come from, as --data; it also sets hue to what suits it.",
        off: None,
        read: |c| Value::Source(c.data.clone()),
        write: |c, v| {
            if let Value::Source(spec) = v {
                c.views.hue = spec.natural_hue();
                c.views.local_area = spec.natural_local_area();
                c.data = spec;
            }
        },
    },
    row!("cloud_images", integer 0 to 4096, cloud_images, "images", live: false,
        "Held-out images in the embedding cloud, as many as there are; 0: 192 on a CPU adapter, 1024 on a GPU, 64 in a map."),
    row!("seed", integer 0 to u64::MAX, seed, "", live: false, "Seed of everything random, as --seed; learner i has seed + i."),
    row!("learners", integer 1 to 256, learners, "networks", live: false, "Networks trained side by side, as --learners."),
    row!("own_crops", switch, own_crops, live: false,
        "Each learner has its own images and crops.", off: "All learners see learner 0's."),
];

/// The row of a key.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|row| row.name == name)
}

/// The row of a key, or the error that suggests the nearest.
pub(crate) fn find(place: &str, name: &str) -> Result<&'static Key, ConfigError> {
    key(name).ok_or_else(|| ConfigError::UnknownKey {
        place: place.into(),
        key: shown(name),
        suggestion: nearest(name, KEYS.iter().map(|row| row.name)),
    })
}

/// The whole table as text, with the values of the `byol` preset: what `presets --explain` prints.
pub fn explain() -> String {
    let config = &RunConfig::default();
    let mut text = String::from("Keys of --set and of preset files, with the values of the preset byol.\n\n");
    for row in KEYS {
        let unit = if row.unit.is_empty() { String::new() } else { format!(" [{}]", row.unit) };
        let live = if row.live { "; changes live" } else { "" };
        writeln!(text, "{} = {}{unit}", row.name, (row.read)(config)).expect("a String takes all");
        writeln!(text, "    {}{live}", row.kind).expect("a String takes all");
        writeln!(text, "    {}", row.meaning).expect("a String takes all");
        if let Some(off) = row.off {
            writeln!(text, "    Off: {off}").expect("a String takes all");
        }
    }
    text
}

impl Key {
    /// Reads a value from text, as `--set` gives it.
    pub fn parse(&self, place: &str, text: &str) -> Result<Value, ConfigError> {
        let parts = || text.trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim);
        let value = match self.kind {
            Kind::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "1" => Some(Value::Switch(true)),
                "false" | "off" | "0" => Some(Value::Switch(false)),
                _ => None,
            },
            Kind::Number(..) => text.parse().ok().map(Value::Number),
            Kind::Integer(..) => text.parse().ok().map(Value::Integer),
            Kind::Choice(_) => Some(Value::Choice(text.to_string())),
            Kind::Pair(..) => list(parts()).map(Value::Pair),
            Kind::Triple(..) => list(parts()).map(Value::Triple),
            Kind::Source => Some(Value::Source(text.parse()?)),
        };
        value.filter(|value| self.fits(value)).ok_or_else(|| self.refuse(place, shown(text)))
    }

    /// Reads a value from a preset file, where the type must fit too.
    pub(super) fn read_toml(&self, place: &str, value: &toml::Value) -> Result<Value, ConfigError> {
        use toml::Value as Toml;
        let number = |value: &Toml| match value {
            Toml::Float(number) => Some(*number as f32),
            Toml::Integer(number) => Some(*number as f32),
            _ => None,
        };
        let integer = |value: &Toml| value.as_integer().and_then(|number| u64::try_from(number).ok());
        let read = match (self.kind, value) {
            (Kind::Switch, Toml::Boolean(on)) => Some(Value::Switch(*on)),
            (Kind::Number(..), value) => number(value).map(Value::Number),
            (Kind::Integer(..), value) => integer(value).map(Value::Integer),
            (Kind::Choice(_), Toml::String(word)) => Some(Value::Choice(word.clone())),
            (Kind::Pair(..), Toml::Array(items)) => exactly(items.iter().map(number)).map(Value::Pair),
            (Kind::Triple(..), Toml::Array(items)) => exactly(items.iter().map(integer)).map(Value::Triple),
            (Kind::Source, Toml::String(text)) => Some(Value::Source(text.parse()?)),
            _ => None,
        };
        read.filter(|read| self.fits(read)).ok_or_else(|| self.refuse(place, shown(value.to_string().trim_matches('"'))))
    }

    /// Refuses a value of the wrong kind, out of range or not finite.
    pub fn check(&self, place: &str, value: &Value) -> Result<(), ConfigError> {
        if self.fits(value) { Ok(()) } else { Err(self.refuse(place, shown(&value.to_string()))) }
    }

    fn fits(&self, value: &Value) -> bool {
        match (self.kind, value) {
            (Kind::Switch, Value::Switch(_)) | (Kind::Source, Value::Source(_)) => true,
            (Kind::Number(least, most), Value::Number(number)) => (least..=most).contains(number),
            (Kind::Integer(least, most), Value::Integer(number)) => (least..=most).contains(number),
            (Kind::Choice(words), Value::Choice(word)) => words.contains(&word.as_str()),
            (Kind::Pair(least, most), Value::Pair([low, high])) => {
                (least..=most).contains(low) && (least..=most).contains(high) && low <= high
            }
            (Kind::Triple(least, most), Value::Triple(triple)) => triple.iter().all(|number| (least..=most).contains(number)),
            _ => false,
        }
    }

    fn refuse(&self, place: &str, value: String) -> ConfigError {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" ({})", self.unit) };
        ConfigError::BadValue { place: place.into(), key: self.name, value, allowed: format!("{}{unit}", self.kind) }
    }
}

fn list<'a, T: std::str::FromStr, const N: usize>(parts: impl Iterator<Item = &'a str>) -> Option<[T; N]> {
    exactly(parts.map(|part| part.parse().ok()))
}

fn exactly<T, const N: usize>(items: impl Iterator<Item = Option<T>>) -> Option<[T; N]> {
    items.collect::<Option<Vec<T>>>()?.try_into().ok()
}

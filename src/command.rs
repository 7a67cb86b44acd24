//! Everything a user, a lesson or a script may ask of a running [`Session`](crate::session): plain data, no behaviour.

use crate::config::{ConfigError, DataSpec, MapAxes, Method, RunConfig, Value, keys};
use crate::event_log::EventLog;

/// An ingredient of the method that can be left out while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// The teacher follows the student slowly (τ); off: τ = 0.
    Ema,
    /// No gradient flows into the teacher branch; off: it does, and is added to the student's.
    StopGradient,
    /// BYOL: the student predicts the teacher through an extra head; off: q = z.
    Predictor,
    /// DINO: the centre is subtracted from the teacher's logits; off: nothing is.
    Centering,
    /// DINO: the teacher's temperature is its own, lower; off: the student's.
    Sharpening,
}

impl Switch {
    /// All switches.
    pub const ALL: [Self; 5] = [Self::Ema, Self::StopGradient, Self::Predictor, Self::Centering, Self::Sharpening];

    /// The switches of a method, in the order in which they are shown.
    pub const fn of(method: Method) -> &'static [Self] {
        match method {
            Method::Byol => &[Self::Ema, Self::StopGradient, Self::Predictor],
            Method::Dino => &[Self::Ema, Self::StopGradient, Self::Centering, Self::Sharpening],
        }
    }

    /// The letter that flips the switch, and that marks a flip on the charts.
    pub const fn letter(self) -> char {
        match self {
            Self::Ema => 'E',
            Self::StopGradient => 'G',
            Self::Predictor => 'P',
            Self::Centering => 'N',
            Self::Sharpening => 'H',
        }
    }

    /// The configuration key, as in `--set KEY=off`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ema => "ema",
            Self::StopGradient => "stop_gradient",
            Self::Predictor => "predictor",
            Self::Centering => "centering",
            Self::Sharpening => "sharpening",
        }
    }

    /// The name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ema => "EMA",
            Self::StopGradient => "stop-gradient",
            Self::Predictor => "predictor",
            Self::Centering => "centering",
            Self::Sharpening => "sharpening",
        }
    }
}

/// A number that may be changed while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dial {
    /// Teacher momentum τ, 0 to 1.
    Tau,
    /// The predictor's learning rate over the rest's.
    PredictorMultiplier,
    /// DINO: the teacher's temperature.
    TeacherTemperature,
    /// DINO: the student's temperature.
    StudentTemperature,
    /// DINO: the centre's momentum, 0 to 1.
    CenterMomentum,
    /// AdamW's learning rate.
    LearningRate,
}

impl Dial {
    /// All dials.
    pub const ALL: [Self; 6] = [
        Self::Tau,
        Self::PredictorMultiplier,
        Self::TeacherTemperature,
        Self::StudentTemperature,
        Self::CenterMomentum,
        Self::LearningRate,
    ];

    /// The dials of a method, in the order in which they are shown.
    pub const fn of(method: Method) -> &'static [Self] {
        match method {
            Method::Byol => &[Self::Tau, Self::PredictorMultiplier, Self::LearningRate],
            Method::Dino => &[Self::TeacherTemperature, Self::StudentTemperature, Self::CenterMomentum, Self::Tau, Self::LearningRate],
        }
    }

    /// The name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Tau => "momentum τ",
            Self::PredictorMultiplier => "predictor learning rate",
            Self::TeacherTemperature => "teacher temperature",
            Self::StudentTemperature => "student temperature",
            Self::CenterMomentum => "centre momentum",
            Self::LearningRate => "learning rate",
        }
    }

    /// The configuration key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tau => "tau",
            Self::PredictorMultiplier => "predictor_multiplier",
            Self::TeacherTemperature => "teacher_temperature",
            Self::StudentTemperature => "student_temperature",
            Self::CenterMomentum => "center_momentum",
            Self::LearningRate => "learning_rate",
        }
    }
}

/// What may be changed while it trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// A switch.
    Switch(Switch, bool),
    /// A dial, with its new value.
    Dial(Dial, f32),
    /// The number of local crops; the same for all learners.
    LocalCrops(u32),
}

impl Change {
    /// From a key and a value as in `--set KEY=VALUE`, checked against the key's range; `place` names where it was written.
    pub fn read(place: &str, key: &str, text: &str) -> Result<Self, ConfigError> {
        let value = keys::find(place, key)?.parse(place, text)?;
        let switch = Switch::ALL.into_iter().find(|switch| switch.key() == key);
        let dial = Dial::ALL.into_iter().find(|dial| dial.key() == key);
        match (value, switch, dial) {
            (Value::Switch(on), Some(switch), _) => Ok(Self::Switch(switch, on)),
            (Value::Number(value), _, Some(dial)) => Ok(Self::Dial(dial, value)),
            (Value::Integer(locals), ..) if key == "local_crops" => Ok(Self::LocalCrops(locals as u32)),
            _ => Err(ConfigError::NotLive { key: keys::find(place, key)?.name }),
        }
    }

    /// The command that makes it, for every learner.
    pub const fn command(self) -> Command {
        match self {
            Self::Switch(switch, on) => Command::SetSwitch { switch, on },
            Self::Dial(dial, value) => Command::SetDial { dial, value },
            Self::LocalCrops(locals) => Command::SetLocalCrops(locals),
        }
    }

    /// The configuration key and the value, as in `--set KEY=VALUE`.
    pub fn key_value(self) -> (&'static str, String) {
        match self {
            Self::Switch(switch, on) => (switch.key(), if on { "on" } else { "off" }.to_owned()),
            Self::Dial(dial, value) => (dial.key(), value.to_string()),
            Self::LocalCrops(locals) => ("local_crops", locals.to_string()),
        }
    }
}

/// Who trains side by side from now on.
#[derive(Clone, Debug, PartialEq)]
pub enum Gather {
    /// The learner in front and its copy, from where it is, on the same crops. The copy differs in this, if in anything.
    Twin(Option<Change>),
    /// So many learners, each with its own seed and crops, from step 0.
    Seeds(u32),
    /// A grid over two keys, from step 0.
    Map(MapAxes),
    /// This learner alone goes on from where it is; the others end.
    Alone(u32),
}

/// The speeds that the keys go through, in steps a second; beyond the last one there is no limit.
pub const SPEEDS: [u32; 5] = [1, 2, 5, 10, 20];

/// The next speed below (`faster` false) or above `limit`, as in [`SPEEDS`].
pub fn next_speed(limit: Option<u32>, faster: bool) -> Option<u32> {
    match (limit, faster) {
        (None, true) => None,
        (None, false) => SPEEDS.last().copied(),
        (Some(now), true) => SPEEDS.into_iter().find(|&speed| speed > now),
        (Some(now), false) => Some(SPEEDS.into_iter().rev().find(|&speed| speed < now).unwrap_or(SPEEDS[0])),
    }
}

/// How the adapter's time is divided between training and drawing. What is trained does not hang on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Division {
    /// As many frames as look smooth; the rest of the time for training.
    #[default]
    Smooth,
    /// Training gets this share of the time, .05 to .95: more than smooth frames leave makes the frames fewer, less leaves the
    /// adapter idle.
    Share(f32),
    /// Training gets what it can take: a few frames a second.
    Turbo,
}

/// The next speed below (`faster` false) or above as the keys go through them: beyond "no limit" lies [`Division::Turbo`].
pub fn next_pace(limit: Option<u32>, division: Division, faster: bool) -> Command {
    match (limit, division, faster) {
        (_, Division::Turbo, false) => Command::Divide(Division::Smooth),
        (None, _, true) => Command::Divide(Division::Turbo),
        _ => Command::SetSpeed(next_speed(limit, faster)),
    }
}

/// The shares of the time for training that the keys go through; beyond the last lies [`Division::Turbo`], before the first
/// [`Division::Smooth`].
pub const SHARES: [f32; 6] = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

/// The next share above (`more`) or below. Where none is kept, from the one that training has, `measured`.
pub fn next_share(division: Division, measured: f32, more: bool) -> Division {
    let now = match division {
        Division::Smooth => measured,
        Division::Share(share) => share,
        Division::Turbo => 1.0,
    };
    if more {
        SHARES.into_iter().find(|&share| share > now + 0.01).map_or(Division::Turbo, Division::Share)
    } else {
        SHARES.into_iter().rev().find(|&share| share < now - 0.01).map_or(Division::Smooth, Division::Share)
    }
}

/// One request. Applied between two training steps, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Train on.
    Play,
    /// Train on until so many steps are completed, then pause.
    PlayTo(u64),
    /// Stop after the step that is going on.
    Pause,
    /// Pause, and do exactly one step.
    Step,
    /// Pause, and do exactly one sub-step of a step ([`SubStep`](crate::snapshot::SubStep)). In mid-step, [`Self::Play`] leaves the walk and goes on,
    /// [`Self::Step`] finishes the step; changes wait until the step is complete.
    Walk,
    /// Start again from step 0: with the same seed, or with the next one.
    Reset {
        /// Draw a new seed.
        new_seed: bool,
    },
    /// Put an ingredient in or leave it out, for every learner.
    SetSwitch {
        /// Which.
        switch: Switch,
        /// In (true) or out.
        on: bool,
    },
    /// Change a number, for every learner. Out-of-range values are clamped to the key's range.
    SetDial {
        /// Which.
        dial: Dial,
        /// The new value.
        value: f32,
    },
    /// Change something for one learner, while the others stay as they are.
    ChangeOne {
        /// Its number, from 0.
        learner: u32,
        /// What.
        change: Change,
    },
    /// Train others side by side. If they cannot start, the run goes on and a notice says why.
    Gather(Gather),
    /// Show this learner in the large.
    BringToFront(u32),
    /// Look at the kept state nearest to this step while training waits; none: at the present again. What changes the run while an
    /// earlier step is looked at changes it from there, as if [`Self::Rewind`] came before.
    Peek(Option<u64>),
    /// Go on from exactly this step. What came after it is left, and can be returned to.
    Rewind(u64),
    /// Do the run of an event log again, every change at its step, and say whether its weights are the log's; then pause. If it cannot
    /// start, the run goes on and a notice says why.
    Replay(Box<EventLog>),
    /// Return to the road that was left last, where it ended; the present one is left.
    OtherRoad,
    /// Make so many local crops of each image, 0 to 8.
    SetLocalCrops(u32),
    /// Train at most so many steps a second; none: as fast as it goes. Which steps are done does not hang on it. Whoever asks for
    /// whole steps (headless commands) is not slowed down.
    SetSpeed(Option<u32>),
    /// Divide the time between training and drawing in this way.
    Divide(Division),
    /// Measure every dispatch of the steps to come, or no more. The same steps are done, a little slower.
    ProfileSteps(bool),
    /// Compute a kernel family of the step by another variant, from the next step on. Results then differ in the last bits.
    SetVariant {
        /// The family's name.
        family: String,
        /// The variant's name; none: what suits the kind of adapter.
        variant: Option<String>,
    },
    /// Show other crops of the image that is shown.
    Resample,
    /// Show this held-out image with crops of its own; none: the first image of the last batch with the very crops it was trained on.
    ShowImage(Option<u32>),
    /// Choose an image of the cloud (none: no image): its neighbours are measured from now on.
    SelectImage(Option<u32>),
    /// Train on other images, from step 0. If they cannot be loaded, the run goes on and a notice says why.
    LoadData(DataSpec),
    /// Stop loading other images; the run goes on as it is.
    CancelLoad,
    /// Start another preset from step 0, with its own procedural images, or with the images from files that are trained on.
    LoadPreset(String),
    /// Start exactly this run from step 0, on procedural images. If it cannot start, the run goes on and a notice says why.
    StartRun(Box<RunConfig>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_go_up_to_turbo_and_down_to_smooth() {
        use Division::{Share, Smooth, Turbo};
        let walk = |mut division: Division, measured, more| {
            let steps = (0..3).map(|_| {
                division = next_share(division, measured, more);
                division
            });
            steps.collect::<Vec<_>>()
        };
        assert_eq!(walk(Smooth, 0.76, true), [Share(0.8), Share(0.9), Share(0.95)]);
        assert_eq!(walk(Share(0.95), 0.2, true), [Turbo; 3]);
        assert_eq!(walk(Turbo, 0.9, false), [Share(0.95), Share(0.9), Share(0.8)]);
        assert_eq!(walk(Share(0.5), 0.5, false), [Share(0.3), Smooth, Share(0.3)]);
    }

    #[test]
    fn speeds_go_up_and_down() {
        let mut speed = None;
        let down: Vec<_> = std::iter::repeat_with(|| {
            speed = next_speed(speed, false);
            speed
        })
        .take(7)
        .collect();
        assert_eq!(down, [Some(20), Some(10), Some(5), Some(2), Some(1), Some(1), Some(1)]);
        assert_eq!(next_speed(Some(1), true), Some(2));
        assert_eq!(next_speed(Some(20), true), None);
        assert_eq!(next_speed(None, true), None);
        assert_eq!(next_speed(Some(7), true), Some(10));
        assert_eq!(next_pace(Some(20), Division::Smooth, true), Command::SetSpeed(None));
        assert_eq!(next_pace(None, Division::Smooth, true), Command::Divide(Division::Turbo));
        assert_eq!(next_pace(None, Division::Turbo, true), Command::Divide(Division::Turbo));
        assert_eq!(next_pace(None, Division::Turbo, false), Command::Divide(Division::Smooth));
        assert_eq!(next_pace(None, Division::Share(0.5), false), Command::SetSpeed(Some(20)));
    }
}

//! A lesson: an ordered list of steps that a lecturer walks with PageDown, as plain data read from TOML.
//!
//! Contract: a [`Lesson`] that was read is whole: every preset loads, every key that it sets exists, fits its range and belongs to
//! the method that trains, every text is short and on one line, and the first step starts a run. An error is one line with the
//! file, the step and the key. Subtlety: each step carries the whole configuration that is in force after it
//! ([`Step::config`]), so whoever plays a lesson can bring any run to it, whatever happened in between.

mod file;

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::command::Change;
use crate::config::error::{nearest, shown};
use crate::config::{ConfigError, RunConfig};
use crate::snapshot::{SubStep, VerdictKind};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/lessons");

/// Largest lesson file that is read, in bytes.
pub const MAXIMUM_FILE_BYTES: u64 = 128 << 10;
/// Steps of a lesson at most.
pub const MOST_STEPS: usize = 48;
/// Training steps of one lesson step at most.
pub const LONGEST_RUN: u64 = 20_000;

/// What is wrong with a lesson. `Display` is one line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LessonError {
    /// No such lesson.
    #[error("unknown lesson {name}{}; there are {known} (or the path of a .toml file)", .suggestion.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// The name as given, quoted.
        name: String,
        /// The nearest there is.
        suggestion: Option<String>,
        /// All of them.
        known: String,
    },
    /// A file that cannot be read.
    #[error("lesson file {path}: {reason}; check the path")]
    Unreadable {
        /// The path, quoted.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file that is not TOML, or a key that does not exist, is missing or has the wrong type.
    #[error("{place} line {line}{}: {reason}", .step.map(|step| format!(" (step {step})")).unwrap_or_default())]
    Syntax {
        /// The file.
        place: String,
        /// Line, from 1.
        line: usize,
        /// The step around it, from 1.
        step: Option<usize>,
        /// The parser's words.
        reason: String,
    },
    /// A value that is not allowed.
    #[error("{place}{}: {key} {what}", .step.map(|step| format!(", step {step}")).unwrap_or_default())]
    Value {
        /// The file.
        place: String,
        /// The step, from 1; none for the lesson's own keys.
        step: Option<usize>,
        /// The key.
        key: String,
        /// What is wrong, and how to mend it.
        what: String,
    },
    /// A preset or a key of the training.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Short name: the file's stem.
    pub name: String,
    /// Title.
    pub title: String,
    /// What it shows, one sentence.
    pub summary: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// A step of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The headline.
    pub caption: String,
    /// A sentence or two.
    pub detail: String,
    /// The headline once what the step expects has been measured; before, nothing of it is said.
    pub outcome: Option<Outcome>,
    /// Put to the room before anything is done.
    pub ask: Option<Ask>,
    /// The scene, by its name ([`SCENES`]).
    pub scene: Option<String>,
    /// A run is started anew, as [`Self::config`] says.
    pub starts: bool,
    /// The run that is started is one of an event log, done again up to its end.
    pub log: Option<Begun>,
    /// The configuration that is in force after the step's changes.
    pub config: RunConfig,
    /// So many training steps are done, then it pauses.
    pub run: Option<u64>,
    /// Train on without an end, or stand still; none leaves it as it is.
    pub play: Option<bool>,
    /// The walk through a training step stands here when the step is over.
    pub walk: Option<SubStep>,
    /// What colours the cloud ([`COLOURS`]).
    pub colour: Option<String>,
    /// What is expected of the run.
    pub expect: Option<Expect>,
    /// The published figure to compare with.
    pub published: Option<Published>,
}

impl Step {
    /// Whether it does anything to the training.
    pub fn acts(&self) -> bool {
        self.starts || self.run.is_some() || self.play.is_some() || self.walk.is_some()
    }
}

/// A run that an event log has, for a lesson to start from.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// How it began.
    pub config: RunConfig,
    /// What was changed, and the last step before it; steps ascend.
    pub changes: Vec<(u64, Change)>,
    /// Steps it has.
    pub steps: u64,
}

/// Caption and detail for what has been measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The headline.
    pub caption: String,
    /// A sentence or two.
    pub detail: String,
}

/// A question to the room.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The question.
    pub question: String,
    /// What the room may answer.
    pub choices: Vec<String>,
    /// The choice that holds if the expectation is met, from 0.
    pub answer: Option<usize>,
}

/// What a step expects to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The verdict.
    pub verdict: Option<VerdictKind>,
    /// Reached within so many training steps of the step's beginning; none: it holds at the end of the run.
    pub within_steps: Option<u64>,
    /// Meters with their least and largest values at the end of the run.
    pub meters: Vec<(Meter, [f32; 2])>,
}

/// The meters that a lesson may expect something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// See [`crate::snapshot::History::loss`].
    Loss,
    /// See [`crate::snapshot::History::embedding_std`].
    EmbeddingStd,
    /// See [`crate::snapshot::History::knn_accuracy`].
    KnnAccuracy,
    /// See [`crate::snapshot::History::teacher_entropy`].
    TeacherEntropy,
    /// See [`crate::snapshot::History::mean_teacher_entropy`].
    MeanTeacherEntropy,
    /// `mean_teacher_entropy` less `teacher_entropy`.
    MutualInformation,
    /// See [`crate::snapshot::History::kl`].
    Kl,
}

impl Meter {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Loss,
        Self::EmbeddingStd,
        Self::KnnAccuracy,
        Self::TeacherEntropy,
        Self::MeanTeacherEntropy,
        Self::MutualInformation,
        Self::Kl,
    ];

    /// The key in lessons and logs.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::EmbeddingStd => "embedding_std",
            Self::KnnAccuracy => "knn_accuracy",
            Self::TeacherEntropy => "teacher_entropy",
            Self::MeanTeacherEntropy => "mean_teacher_entropy",
            Self::MutualInformation => "mutual_information",
            Self::Kl => "kl",
        }
    }

    /// The name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::EmbeddingStd => "embedding std",
            Self::KnnAccuracy => "kNN accuracy",
            Self::TeacherEntropy => "teacher entropy",
            Self::MeanTeacherEntropy => "entropy of the mean",
            Self::MutualInformation => "mutual information",
            Self::Kl => "KL",
        }
    }
}

/// A published figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The figure with its unit.
    pub value: String,
    /// What it is a figure of, data and training included.
    pub what: String,
    /// Where it stands.
    pub source: String,
}

/// The scenes that a lesson may show. (`view::scene` has the same names; a test compares.)
pub const SCENES: [&str; 5] = ["byol", "dino", "multicrop", "kernels", "map"];
/// What may colour the cloud.
pub const COLOURS: [&str; 4] = ["class", "cluster", "loss", "prototype"];

impl Lesson {
    /// Reads a lesson's text; `place` names it in errors, `overrides` (`key=value`) come last into every run that it starts.
    pub fn parse(name: &str, place: &str, text: &str, overrides: &[String]) -> Result<Self, LessonError> {
        file::parse(name, place, text, overrides, None)
    }

    /// A shipped lesson by name, or a file by a path that ends in `.toml`.
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, LessonError> {
        if let Some(text) = FILES.get_file(format!("{name}.toml")).and_then(|file| file.contents_utf8()) {
            return Self::parse(name, &format!("lesson {name}"), text, overrides);
        }
        if !name.ends_with(".toml") {
            return Err(LessonError::Unknown {
                name: shown(name),
                suggestion: nearest(name, shipped_names()),
                known: shipped_names().join(", "),
            });
        }
        let unreadable = |reason: String| LessonError::Unreadable { path: shown(name), reason };
        let metadata = std::fs::metadata(name).map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_file() || metadata.len() > MAXIMUM_FILE_BYTES {
            return Err(unreadable(format!("not a file of at most {} KiB", MAXIMUM_FILE_BYTES >> 10)));
        }
        let text = std::fs::read_to_string(name).map_err(|error| unreadable(error.to_string()))?;
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        file::parse(&stem, &format!("lesson file {}", shown(name)), &text, overrides, Some(Path::new(name)))
    }
}

/// The shipped lessons' names, in the order of the list.
pub fn shipped_names() -> Vec<&'static str> {
    const ORDER: [&str; 5] = ["asymmetries", "balance", "local-global", "one-step", "kernels"];
    let mut names: Vec<&str> = FILES
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|file| file.path().file_stem().and_then(|stem| stem.to_str()))
        .collect();
    names.sort_by_key(|name| (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), *name));
    names
}

/// All shipped lessons, then the `.toml` files of the user's folder; what could not be read comes as an error beside them.
pub fn library(folder: Option<&Path>) -> (Vec<Lesson>, Vec<LessonError>) {
    let (mut lessons, mut errors) = (Vec::new(), Vec::new());
    let own = folder.map(toml_files).unwrap_or_default();
    let names = shipped_names().into_iter().map(str::to_owned).chain(own.iter().map(|path| path.to_string_lossy().into_owned()));
    for name in names {
        match Lesson::load(&name, &[]) {
            Ok(lesson) => lessons.push(lesson),
            Err(error) => errors.push(error),
        }
    }
    (lessons, errors)
}

/// Lessons of the user's that are listed at most.
const MOST_OWN: usize = 24;

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .take(4096)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    paths.truncate(MOST_OWN);
    paths
}

//! From a lesson's text to a [`Lesson`]: what the file may say, and every check.

use std::path::Path;

use serde::Deserialize;

use super::{Ask, Begun, COLOURS, Expect, LONGEST_RUN, Lesson, LessonError, MOST_STEPS, Meter, Outcome, Published, SCENES, Step};
use crate::command::{Dial, Switch};
use crate::config::error::{nearest, shown};
use crate::config::{ConfigError, Method, RunConfig};
use crate::event_log::{Entry, EventLog};
use crate::snapshot::{SubStep, VerdictKind};

/// A lesson file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    summary: String,
    author: Option<String>,
    step: Vec<FileStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    caption: String,
    #[serde(default)]
    detail: String,
    outcome: Option<FileOutcome>,
    ask: Option<FileAsk>,
    scene: Option<String>,
    preset: Option<String>,
    start: Option<String>,
    seed: Option<u64>,
    data: Option<String>,
    #[serde(default)]
    restart: bool,
    #[serde(default)]
    set: toml::Table,
    local_crops: Option<u64>,
    run: Option<u64>,
    play: Option<bool>,
    walk: Option<String>,
    colour: Option<String>,
    expect: Option<FileExpect>,
    published: Option<FilePublished>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOutcome {
    caption: String,
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAsk {
    question: String,
    choices: Vec<String>,
    answer: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileExpect {
    verdict: Option<String>,
    within_steps: Option<u64>,
    loss: Option<[f32; 2]>,
    embedding_std: Option<[f32; 2]>,
    knn_accuracy: Option<[f32; 2]>,
    teacher_entropy: Option<[f32; 2]>,
    mean_teacher_entropy: Option<[f32; 2]>,
    mutual_information: Option<[f32; 2]>,
    kl: Option<[f32; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePublished {
    value: String,
    what: String,
    source: String,
}

/// Longest texts in characters: what the band holds at the smallest window.
const LONGEST_TITLE: usize = 64;
const LONGEST_CAPTION: usize = 100;
const LONGEST_DETAIL: usize = 240;
const LONGEST_CHOICE: usize = 60;
const LONGEST_FIGURE: usize = 16;
const MOST_CHOICES: usize = 4;

/// Where in the file something is wrong.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    step: Option<usize>,
}

impl Place<'_> {
    fn refuse<T>(self, key: &str, what: impl Into<String>) -> Result<T, LessonError> {
        Err(LessonError::Value { place: self.file.to_owned(), step: self.step, key: key.to_owned(), what: what.into() })
    }

    /// The place in words, for the errors of configurations.
    fn words(self) -> String {
        self.step.map_or_else(|| self.file.to_owned(), |step| format!("{}, step {step}", self.file))
    }

    /// A text on one line, not empty, of at most `longest` characters.
    fn text(self, key: &str, text: String, longest: usize) -> Result<String, LessonError> {
        let length = text.chars().count();
        match () {
            () if text.trim().is_empty() => self.refuse(key, "is empty; write a sentence"),
            () if length > longest => self.refuse(key, format!("has {length} characters; at most {longest} fit on screen")),
            () if text.chars().any(char::is_control) => {
                self.refuse(key, "has a line break or another control character; write it on one line")
            }
            () => Ok(text),
        }
    }

    fn optional_text(self, key: &str, text: String, longest: usize) -> Result<String, LessonError> {
        if text.is_empty() { Ok(text) } else { self.text(key, text, longest) }
    }

    /// One of some words.
    fn word(self, key: &str, word: &str, known: &[&str]) -> Result<(), LessonError> {
        if known.contains(&word) {
            return Ok(());
        }
        let near = nearest(word, known.iter().copied()).map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
        self.refuse(key, format!("= {} is unknown{near}; give {}", shown(word), known.join(", ")))
    }
}

/// Reads and checks.
pub(super) fn parse(name: &str, place: &str, text: &str, overrides: &[String], path: Option<&Path>) -> Result<Lesson, LessonError> {
    let file: File = toml::from_str(text).map_err(|error| syntax(place, text, &error))?;
    let whole = Place { file: place, step: None };
    if file.step.is_empty() || file.step.len() > MOST_STEPS {
        return whole.refuse("step", format!("appears {} times; write 1 to {MOST_STEPS} [[step]] tables", file.step.len()));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(file.step.len());
    for (index, step) in file.step.into_iter().enumerate() {
        let before = steps.last().map(|step| step.config.clone());
        steps.push(read_step(Place { file: place, step: Some(index + 1) }, step, before, overrides, path)?);
    }
    Ok(Lesson {
        name: name.to_owned(),
        title: whole.text("title", file.title, LONGEST_TITLE)?,
        summary: whole.text("summary", file.summary, LONGEST_DETAIL)?,
        author: file.author.map(|author| whole.text("author", author, LONGEST_TITLE)).transpose()?,
        steps,
    })
}

/// The parser's complaint, with its line and the step around it.
fn syntax(place: &str, text: &str, error: &toml::de::Error) -> LessonError {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let before = &text.as_bytes()[..start];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let lines = text.lines().take(line);
    let steps = lines.filter(|line| line.trim_start().starts_with("[[step]]")).count();
    let reason = error.message().replace('\n', ", ").replace('`', "'");
    LessonError::Syntax { place: place.to_owned(), line, step: (steps > 0).then_some(steps), reason }
}

fn read_step(
    place: Place<'_>,
    step: FileStep,
    before: Option<RunConfig>,
    overrides: &[String],
    path: Option<&Path>,
) -> Result<Step, LessonError> {
    let starts = step.preset.is_some() || step.start.is_some() || step.restart;
    let log = step.start.as_deref().map(|name| begun(place, name, path, overrides)).transpose()?;
    let mut config = match &log {
        Some(log) => after(place, &step, log)?,
        None => configuration(place, &step, before, overrides)?,
    };
    if let Some(locals) = step.local_crops {
        config.set_from(&place.words(), "local_crops", &locals.to_string())?;
    }
    config.validate()?;
    if let Some(scene) = &step.scene {
        place.word("scene", scene, &SCENES)?;
        let shows = match scene.as_str() {
            "byol" => config.method == Method::Byol,
            "dino" => config.method == Method::Dino,
            _ => true,
        };
        if !shows {
            return place
                .refuse("scene", format!("= {} does not show runs of {}; give another preset", shown(scene), config.method.name()));
        }
    }
    if let Some(run) = step.run.filter(|run| !(1..=LONGEST_RUN).contains(run)) {
        return place.refuse("run", format!("= {run} is not allowed; give 1 to {LONGEST_RUN} training steps"));
    }
    if step.run.is_some() && step.play.is_some() {
        return place.refuse("play", "and `run` exclude each other; leave one out");
    }
    if let Some(colour) = &step.colour {
        place.word("colour", colour, &COLOURS)?;
    }
    let walk = step.walk.as_deref().map(|word| sub_step(place, word, config.method)).transpose()?;
    let expect = step.expect.map(|expect| read_expect(place, expect, config.method, step.run)).transpose()?;
    let outcome = step.outcome.map(|outcome| {
        Ok::<_, LessonError>(Outcome {
            caption: place.text("outcome.caption", outcome.caption, LONGEST_CAPTION)?,
            detail: place.optional_text("outcome.detail", outcome.detail, LONGEST_DETAIL)?,
        })
    });
    let outcome = outcome.transpose()?;
    if outcome.is_some() && expect.is_none() {
        return place.refuse("outcome", "needs `expect`: it is said only once what is expected has been measured");
    }
    let ask = step.ask.map(|ask| read_ask(place, ask)).transpose()?;
    if ask.is_some() && place.step == Some(1) {
        return place.refuse("ask", "cannot stand in the first step: there is nothing on screen to ask about yet");
    }
    let published = step.published.map(|published| {
        Ok::<_, LessonError>(Published {
            value: place.text("published.value", published.value, LONGEST_FIGURE)?,
            what: place.text("published.what", published.what, LONGEST_CHOICE)?,
            source: place.text("published.source", published.source, LONGEST_CHOICE)?,
        })
    });
    Ok(Step {
        caption: place.text("caption", step.caption, LONGEST_CAPTION)?,
        detail: place.optional_text("detail", step.detail, LONGEST_DETAIL)?,
        outcome,
        ask,
        scene: step.scene,
        starts,
        log,
        config,
        run: step.run,
        play: step.play,
        walk,
        colour: step.colour,
        expect,
        published: published.transpose()?,
    })
}

/// The run of an event log that lies beside the lesson's file.
fn begun(place: Place<'_>, name: &str, path: Option<&Path>, overrides: &[String]) -> Result<Begun, LessonError> {
    let Some(lesson) = path else { return place.refuse("start", "needs a lesson that is a file, with the event log beside it") };
    if Path::new(name).file_name().is_none_or(|file| file != name) {
        return place.refuse("start", format!("= {} is no name of a file beside the lesson", shown(name)));
    }
    let log = match EventLog::read(&lesson.with_file_name(name)) {
        Ok(log) => log,
        Err(error) => return place.refuse("start", format!("does not load: {error}")),
    };
    let mut config = log.origin.population.config;
    if config.learners != 1 || !config.data.is_synthetic() || log.steps > LONGEST_RUN {
        return place.refuse("start", format!("needs the event log of one learner on procedural images, of at most {LONGEST_RUN} steps"));
    }
    for text in overrides {
        let (key, value) = text.split_once('=').ok_or_else(|| ConfigError::NotKeyValue { text: shown(text) })?;
        config.set_from(&place.words(), key.trim(), value.trim())?;
    }
    config.validate()?;
    let mut changes = Vec::with_capacity(log.entries.len());
    for dated in &log.entries {
        let Entry::Change { change, .. } = dated.entry else {
            return place.refuse("start", "needs an event log without twins and other kernels");
        };
        changes.push((dated.step, change));
    }
    Ok(Begun { config, changes, steps: log.steps })
}

/// The configuration in force at the end of an event log's run.
fn after(place: Place<'_>, step: &FileStep, log: &Begun) -> Result<RunConfig, LessonError> {
    if step.preset.is_some() || step.restart || step.seed.is_some() || step.data.is_some() || !step.set.is_empty() {
        return place.refuse("start", "excludes preset, restart, seed, data and set: the event log says them all");
    }
    let mut config = log.config.clone();
    for (_, change) in &log.changes {
        let (key, value) = change.key_value();
        config.set_from(&place.words(), key, &value)?;
    }
    Ok(config)
}

/// The configuration in force after the step's changes.
fn configuration(place: Place<'_>, step: &FileStep, before: Option<RunConfig>, overrides: &[String]) -> Result<RunConfig, LessonError> {
    let words = place.words();
    let Some(preset) = &step.preset else {
        let Some(mut config) = before else {
            return place.refuse("preset", "is missing; the first step has to start a run");
        };
        if step.data.is_some() {
            return place.refuse("data", "needs `preset`: other images need a fresh start");
        }
        if step.seed.is_some() && !step.restart {
            return place.refuse("seed", "needs `preset` or `restart`");
        }
        config.seed = step.seed.unwrap_or(config.seed);
        for (key, value) in &step.set {
            let live = Switch::of(config.method).iter().map(|switch| switch.key());
            let live: Vec<&str> = live.chain(Dial::of(config.method).iter().map(|dial| dial.key())).chain(["local_crops"]).collect();
            if !live.contains(&key.as_str()) {
                let near = nearest(key, live.iter().copied()).map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
                let method = config.method.name();
                let what = format!("is nothing that changes while {method} trains{near}; give {}", live.join(", "));
                return place.refuse(&format!("set.{}", one_line(key)), what);
            }
            config.set_from(&words, key, &plain(place, key, value)?)?;
        }
        return Ok(config);
    };
    if step.restart {
        return place.refuse("restart", "and `preset` exclude each other; a preset starts anew");
    }
    if let Some(data) = step.data.as_deref().filter(|data| !data.starts_with("synthetic")) {
        return place.refuse("data", format!("= {} is not allowed; lessons train on procedural images, give synthetic:NAME", shown(data)));
    }
    let mut all = Vec::new();
    for (key, value) in &step.set {
        all.push(format!("{key}={}", plain(place, key, value)?));
    }
    all.extend(step.seed.map(|seed| format!("seed={seed}")));
    all.extend_from_slice(overrides);
    // A key that the training does not know is the lesson's mistake, so the error has to name the lesson.
    RunConfig::load(preset, step.data.as_deref(), &all).map_err(|error| LessonError::Value {
        place: place.file.to_owned(),
        step: place.step,
        key: "preset".to_owned(),
        what: format!("= {} does not load: {error}", shown(preset)),
    })
}

fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

/// A value as `--set` has it.
fn plain(place: Place<'_>, key: &str, value: &toml::Value) -> Result<String, LessonError> {
    match value {
        toml::Value::Boolean(on) => Ok(on.to_string()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::String(text) if text.len() <= 200 => Ok(text.clone()),
        toml::Value::Array(items) if items.len() <= 3 && items.iter().all(|item| item.is_float() || item.is_integer()) => {
            Ok(items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
        _ => place.refuse(&format!("set.{}", one_line(key)), "is neither a number, a word nor true or false"),
    }
}

fn sub_step(place: Place<'_>, word: &str, method: Method) -> Result<SubStep, LessonError> {
    let known: Vec<&str> = SubStep::of(method).iter().map(|sub_step| sub_step.scope()).collect();
    place.word("walk", word, &known)?;
    let found = SubStep::of(method).iter().find(|sub_step| sub_step.scope() == word);
    found.copied().map_or_else(|| place.refuse("walk", "is unknown"), Ok)
}

fn read_ask(place: Place<'_>, ask: FileAsk) -> Result<Ask, LessonError> {
    if !(2..=MOST_CHOICES).contains(&ask.choices.len()) {
        return place.refuse("ask.choices", format!("has {} entries; give 2 to {MOST_CHOICES}", ask.choices.len()));
    }
    let count = ask.choices.len();
    let answer = match ask.answer {
        None => None,
        Some(number) if (1..=count as u64).contains(&number) => Some(number as usize - 1),
        Some(number) => return place.refuse("ask.answer", format!("= {number} is no choice; give 1 to {count}")),
    };
    let choices = ask.choices.into_iter().map(|choice| place.text("ask.choices", choice, LONGEST_CHOICE)).collect::<Result<_, _>>()?;
    Ok(Ask { question: place.text("ask.question", ask.question, LONGEST_CAPTION)?, choices, answer })
}

fn read_expect(place: Place<'_>, expect: FileExpect, method: Method, run: Option<u64>) -> Result<Expect, LessonError> {
    use VerdictKind::{Complete, Constant, Dimensional, Dominant, Healthy, Uniform};
    let Some(run) = run else { return place.refuse("expect", "needs `run`: nothing is measured without training") };
    let possible: &[VerdictKind] = match method {
        Method::Byol => &[Healthy, Complete, Dimensional],
        Method::Dino => &[Healthy, Dominant, Uniform, Constant],
    };
    let words: Vec<&str> = possible.iter().map(|kind| kind.word()).collect();
    if let Some(word) = &expect.verdict {
        place.word("expect.verdict", word, &words)?;
    }
    let verdict = expect.verdict.and_then(|word| possible.iter().copied().find(|kind| kind.word() == word));
    if expect.within_steps.is_some() && verdict.is_none() {
        return place.refuse("expect.within_steps", "needs `verdict`");
    }
    if let Some(within) = expect.within_steps.filter(|within| !(1..=run).contains(within)) {
        return place.refuse("expect.within_steps", format!("= {within} is not allowed; give 1 to the step's run of {run}"));
    }
    let given = [
        expect.loss,
        expect.embedding_std,
        expect.knn_accuracy,
        expect.teacher_entropy,
        expect.mean_teacher_entropy,
        expect.mutual_information,
        expect.kl,
    ];
    let mut meters = Vec::new();
    for (meter, range) in Meter::ALL.into_iter().zip(given) {
        let Some([least, most]) = range else { continue };
        let key = format!("expect.{}", meter.key());
        if !(least <= most) {
            return place.refuse(&key, format!("= [{least}, {most}] is no range; give the least and the largest value"));
        }
        let of_dino = !matches!(meter, Meter::Loss | Meter::EmbeddingStd | Meter::KnnAccuracy);
        if of_dino && method == Method::Byol {
            return place.refuse(&key, "is measured with DINO only");
        }
        meters.push((meter, [least, most]));
    }
    if verdict.is_none() && meters.is_empty() {
        return place.refuse("expect", "expects nothing; give a verdict or a meter's range");
    }
    Ok(Expect { verdict, within_steps: expect.within_steps, meters })
}

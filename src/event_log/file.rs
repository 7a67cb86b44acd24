//! The file of an event log: TOML under a first line `checksum = "..."`, the SHA-256 of every byte after that line in lower-case
//! hexadecimal. Values of the configuration are text as `--set` takes it, so each is checked by its key, and numbers keep their
//! bits (the shortest text that reads back as the same number).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Dated, Entry, EventLog, MOST_ENTRIES, MOST_STEPS, Origin};
use crate::command::Change;
use crate::config::error::shown;
use crate::config::{Gathering, KEYS, Learner, MapAxes, MapAxis, Population, RunConfig};

/// The format that is written and read.
const FORMAT: u32 = 1;
/// Learners at most, as the key has it.
const MOST_LEARNERS: usize = 256;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    version: String,
    adapter: String,
    driver: String,
    preset: String,
    about: String,
    steps: u64,
    weights: String,
    gathering: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    map: Vec<String>,
    config: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kernels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    learner: Vec<FileLearner>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    event: Vec<FileEvent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLearner {
    seed: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    set: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEvent {
    step: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    learner: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kernels: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    twin: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alone: Option<u32>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checksum_line(rest: &[u8]) -> String {
    format!("checksum = \"{}\"\n", hex(&Sha256::digest(rest)))
}

/// The keys in which two configurations differ, with the values of `config`.
pub(super) fn differences(base: &RunConfig, config: &RunConfig) -> Vec<(&'static str, String)> {
    let value = |row: &&'static crate::config::Key| (row.read)(config);
    KEYS.iter().filter(|row| (row.read)(base) != value(row)).map(|row| (row.name, value(&row).to_string())).collect()
}

fn words_of(gathering: &Gathering) -> (&'static str, Vec<String>) {
    let axis = |axis: &MapAxis| format!("{}={}", axis.key, axis.values.join(","));
    match gathering {
        Gathering::Apart => ("apart", Vec::new()),
        Gathering::Twin => ("twin", Vec::new()),
        Gathering::Seeds => ("seeds", Vec::new()),
        Gathering::Map(axes) => ("map", vec![axis(&axes.x), axis(&axes.y)]),
    }
}

fn event_of(dated: &Dated) -> FileEvent {
    let step = dated.step;
    match &dated.entry {
        Entry::Change { learner, change } => {
            let (key, value) = change.key_value();
            FileEvent { step, learner: *learner, set: Some(format!("{key}={value}")), ..FileEvent::default() }
        }
        Entry::Variant { family, variant } => {
            let kernels = format!("{family}={}", variant.as_deref().unwrap_or_default());
            FileEvent { step, kernels: Some(kernels), ..FileEvent::default() }
        }
        Entry::Twin(learner) => FileEvent { step, twin: Some(*learner), ..FileEvent::default() },
        Entry::Alone(learner) => FileEvent { step, alone: Some(*learner), ..FileEvent::default() },
    }
}

/// The file's text.
pub(super) fn text(log: &EventLog) -> String {
    let Population { config, learners } = &log.origin.population;
    let (gathering, map) = words_of(&config.gathering);
    let learner = |learner: &Learner| {
        let own = RunConfig { hyper: learner.hyper, ..config.clone() };
        let set = differences(config, &own).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        FileLearner { seed: learner.seed.to_string(), set }
    };
    let file = File {
        format: FORMAT,
        version: log.version.clone(),
        adapter: log.adapter.clone(),
        driver: log.driver.clone(),
        preset: config.preset.clone(),
        about: config.about.clone(),
        steps: log.steps,
        weights: log.weights.clone(),
        gathering: gathering.to_owned(),
        map,
        config: KEYS.iter().map(|row| (row.name.to_owned(), (row.read)(config).to_string())).collect(),
        kernels: log.origin.kernels.clone(),
        learner: learners.iter().map(learner).collect(),
        event: log.entries.iter().map(event_of).collect(),
    };
    let rest = format!(
        "# What a run of twinlens hangs on. `twinlens replay FILE --verify` does it again and compares the weights.\n{}",
        toml::to_string(&file).unwrap_or_default()
    );
    checksum_line(rest.as_bytes()) + &rest
}

/// Reads and checks; an error is what is wrong, in one line.
pub(super) fn parse(bytes: &[u8]) -> Result<EventLog, String> {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |place| place + 1);
    let (first, rest) = bytes.split_at(end);
    if !first.starts_with(b"checksum = ") {
        return Err("does not begin with a checksum; was it saved by twinlens?".to_owned());
    }
    if first != checksum_line(rest).as_bytes() {
        return Err("was changed or damaged since it was saved: its checksum does not fit; use a whole copy of it".to_owned());
    }
    let text = std::str::from_utf8(rest).map_err(|_| "is not UTF-8 text".to_owned())?;
    let file: File = toml::from_str(text).map_err(|error| error.message().replace('\n', ", "))?;
    if file.format != FORMAT {
        return Err(format!("has format {}, and this version reads format {FORMAT}", file.format));
    }
    if file.steps > MOST_STEPS || file.event.len() > MOST_ENTRIES || file.learner.len() > MOST_LEARNERS {
        return Err(format!("is too long: at most {MOST_STEPS} steps, {MOST_ENTRIES} events and {MOST_LEARNERS} learners are done again"));
    }
    if file.weights.len() != 64 || !file.weights.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Err("has no checksum of the weights of 64 hexadecimal digits".to_owned());
    }
    for (key, words) in
        [("version", &file.version), ("adapter", &file.adapter), ("driver", &file.driver), ("preset", &file.preset), ("about", &file.about)]
    {
        if words.chars().count() > 400 || words.chars().any(char::is_control) {
            return Err(format!("{key} is no line of at most 400 characters"));
        }
    }
    let population = population(&file)?;
    let entries = entries(&file, &population)?;
    let origin = Origin { population, kernels: file.kernels };
    let File { version, adapter, driver, steps, weights, .. } = file;
    Ok(EventLog { version, adapter, driver, origin, entries, steps, weights })
}

fn population(file: &File) -> Result<Population, String> {
    let mut config = RunConfig { preset: file.preset.clone(), about: file.about.clone(), ..RunConfig::default() };
    if let Some(missing) = KEYS.iter().find(|row| !file.config.contains_key(row.name)) {
        return Err(format!("lacks the key `{}`; was it saved by another version ({})?", missing.name, shown(&file.version)));
    }
    // The source of images sets others, so it comes first.
    let mut pairs: Vec<(&String, &String)> = file.config.iter().collect();
    pairs.sort_by_key(|(key, _)| *key != "data");
    for (key, value) in pairs {
        config.set_from("its [config]", key, value).map_err(|error| error.to_string())?;
    }
    config.gathering = match (file.gathering.as_str(), file.map.as_slice()) {
        ("apart", []) => Gathering::Apart,
        ("twin", []) => Gathering::Twin,
        ("seeds", []) => Gathering::Seeds,
        ("map", [x, y]) => {
            let axis = |text: &str| MapAxis::parse("its map", text).map_err(|error| error.to_string());
            Gathering::Map(MapAxes { x: axis(x)?, y: axis(y)? })
        }
        (word, _) => return Err(format!("gathering = {} with {} axes is unknown", shown(word), file.map.len())),
    };
    config.validate().map_err(|error| error.to_string())?;
    let wanted = match &config.gathering {
        Gathering::Map(axes) => axes.x.values.len() * axes.y.values.len(),
        Gathering::Twin => 2,
        Gathering::Apart | Gathering::Seeds => config.learners as usize,
    };
    if file.learner.len() != wanted || wanted != config.learners as usize {
        return Err(format!("has {} [[learner]] tables for {} learners of {wanted}", file.learner.len(), config.learners));
    }
    let learner = |learner: &FileLearner| {
        let seed = learner.seed.parse().map_err(|_| format!("a learner's seed {} is no number", shown(&learner.seed)))?;
        let mut own = config.clone();
        for (key, value) in &learner.set {
            Change::read("a learner of it", key, value).map_err(|error| error.to_string())?;
            own.set_from("a learner of it", key, value).map_err(|error| error.to_string())?;
        }
        if own.views != config.views {
            return Err("learners cannot differ in their views".to_owned());
        }
        own.validate().map_err(|error| error.to_string())?;
        Ok(Learner { seed, hyper: own.hyper })
    };
    let learners = file.learner.iter().map(learner).collect::<Result<_, String>>()?;
    Ok(Population { config, learners })
}

fn entries(file: &File, population: &Population) -> Result<Vec<Dated>, String> {
    let mut config = population.config.clone();
    let mut entries: Vec<Dated> = Vec::with_capacity(file.event.len());
    for (index, event) in file.event.iter().enumerate() {
        let place = format!("event {}", index + 1);
        if event.step > file.steps || entries.last().is_some_and(|last| last.step > event.step) {
            return Err(format!("{place} at step {} is out of order", event.step));
        }
        let there = |learner: u32| {
            if learner < config.learners { Ok(learner) } else { Err(format!("{place} names learner {learner} of {}", config.learners)) }
        };
        let entry = match event {
            FileEvent { set: Some(set), learner, kernels: None, twin: None, alone: None, .. } => {
                let (key, value) = set.split_once('=').ok_or_else(|| format!("{place}: {} is no KEY=VALUE", shown(set)))?;
                let learner = learner.map(there).transpose()?;
                let change = Change::read(&place, key, value).map_err(|error| error.to_string())?;
                config.set_from(&place, key, value).and_then(|()| config.validate()).map_err(|error| error.to_string())?;
                Entry::Change { learner, change }
            }
            FileEvent { kernels: Some(kernels), set: None, learner: None, twin: None, alone: None, .. } => {
                let (family, variant) =
                    kernels.split_once('=').ok_or_else(|| format!("{place}: {} is no FAMILY=VARIANT", shown(kernels)))?;
                Entry::Variant { family: family.to_owned(), variant: (!variant.is_empty()).then(|| variant.to_owned()) }
            }
            FileEvent { twin: Some(learner), set: None, kernels: None, learner: None, alone: None, .. } => Entry::Twin(there(*learner)?),
            FileEvent { alone: Some(learner), set: None, kernels: None, learner: None, twin: None, .. } => Entry::Alone(there(*learner)?),
            _ => return Err(format!("{place} says none or several of set, kernels, twin and alone")),
        };
        match entry {
            Entry::Twin(_) => config.learners = 2,
            Entry::Alone(_) => config.learners = 1,
            _ => {}
        }
        entries.push(Dated { step: event.step, entry });
    }
    Ok(entries)
}

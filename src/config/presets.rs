//! Presets: TOML files in `assets/presets`, carried inside the program, or the user's own by path.
//!
//! Contract: a preset file is a flat list of the keys of [`super::keys`] plus `about`; what it leaves out is as in
//! [`RunConfig::default`]. A shipped preset that does not load is a bug, and a test loads them all.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::error::{nearest, shown};
use super::{ConfigError, RunConfig, keys};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/presets");

/// Largest preset file of the user's that is read, in bytes.
const MAXIMUM_FILE_BYTES: u64 = 1 << 20;

/// A shipped preset.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name, the file's stem.
    pub name: &'static str,
    /// What it shows, one line.
    pub about: String,
    /// The file's text.
    pub text: &'static str,
}

/// The shipped presets by name, the default `byol` first.
pub fn presets() -> Vec<Preset> {
    preset_names()
        .into_iter()
        .map(|name| {
            let text = text_of(name).expect("listed presets exist");
            let about = parse(name, name, text).expect("shipped presets load").about;
            Preset { name, about, text }
        })
        .collect()
}

/// The shipped presets' names, the default `byol` first.
pub fn preset_names() -> Vec<&'static str> {
    let stem = |path: &'static Path| path.file_stem().and_then(|stem| stem.to_str());
    let is_toml = |path: &Path| path.extension().is_some_and(|extension| extension == "toml");
    let mut names: Vec<_> = FILES.files().filter(|file| is_toml(file.path())).filter_map(|file| stem(file.path())).collect();
    names.sort_by_key(|name| (*name != "byol", *name));
    names
}

fn text_of(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// A shipped preset by name, or a file by a path that ends in `.toml`. Not yet validated as a whole.
pub(super) fn load(name: &str) -> Result<RunConfig, ConfigError> {
    if let Some(text) = text_of(name) {
        return parse(name, &format!("preset {name}"), text);
    }
    if !name.ends_with(".toml") {
        return Err(ConfigError::UnknownPreset {
            name: shown(name),
            suggestion: nearest(name, preset_names()),
            known: preset_names().join(", "),
        });
    }
    let unreadable = |reason: String| ConfigError::Unreadable { path: shown(name), reason };
    let length = std::fs::metadata(name).map_err(|error| unreadable(error.to_string()))?;
    if !length.is_file() || length.len() > MAXIMUM_FILE_BYTES {
        return Err(unreadable("not a file of at most 1 MiB".into()));
    }
    let text = std::fs::read_to_string(name).map_err(|error| unreadable(error.to_string()))?;
    let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    parse(&stem, &format!("preset file {}", shown(name)), &text)
}

/// Reads a preset's text; `place` names it in errors.
pub fn parse(name: &str, place: &str, text: &str) -> Result<RunConfig, ConfigError> {
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        place: place.into(),
        line: 1 + error.span().map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()),
        reason: error.message().replace('\n', ", "),
    })?;
    let about = match table.remove("about") {
        Some(toml::Value::String(about)) if !about.is_empty() && !about.contains('\n') => about,
        _ => {
            return Err(ConfigError::Missing { place: place.into(), key: "about" });
        }
    };
    let mut config = RunConfig { preset: name.into(), about, ..RunConfig::default() };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| *key != "data"); // the source sets the hue range, which the file may set again
    for (key, value) in entries {
        let row = keys::find(place, key)?;
        let value = row.read_toml(place, value)?;
        (row.write)(&mut config, value);
    }
    Ok(config)
}

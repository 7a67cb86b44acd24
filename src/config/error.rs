//! Errors of configuration. Contract: `Display` is one line saying what is wrong, where, and how to mend it.

/// What is wrong with a preset, a `--set key=value` or a data source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A key that does not exist.
    #[error("{place}: unknown key {key}{}; `twinlens presets --explain` lists all keys", suggested(.suggestion))]
    UnknownKey {
        /// Flag or file.
        place: String,
        /// The key as given, quoted.
        key: String,
        /// The nearest key there is.
        suggestion: Option<String>,
    },
    /// A value of the wrong type or out of range.
    #[error("{place}: {key} = {value} is not allowed; give {allowed}")]
    BadValue {
        /// Flag or file.
        place: String,
        /// The key.
        key: &'static str,
        /// The value as given, quoted.
        value: String,
        /// The values allowed, in words.
        allowed: String,
    },
    /// An override without an equals sign.
    #[error("--set {text}: no `=` in it; write --set key=value, for example --set tau=0.98")]
    NotKeyValue {
        /// The text as given, quoted.
        text: String,
    },
    /// A preset that does not exist.
    #[error("--preset: unknown preset {name}{}; there are {known} (or the path of a .toml file)", suggested(.suggestion))]
    UnknownPreset {
        /// The name as given, quoted.
        name: String,
        /// The nearest preset there is.
        suggestion: Option<String>,
        /// All of them.
        known: String,
    },
    /// A data source of no known form.
    #[error("data source {text}: {reason}; write {}", crate::config::data_spec::FORMS)]
    BadData {
        /// The text as given, quoted.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A preset file that cannot be read.
    #[error("preset file {path}: {reason}; check the path")]
    Unreadable {
        /// The path, quoted.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A preset file that is not TOML.
    #[error("{place} line {line}: {reason}; write one `key = value` a line")]
    Syntax {
        /// The file.
        place: String,
        /// Line, from 1.
        line: usize,
        /// The parser's words.
        reason: String,
    },
    /// A preset file without a key it must have.
    #[error("{place}: `{key}` is missing; add {key} = \"one line\"")]
    Missing {
        /// The file.
        place: String,
        /// The key.
        key: &'static str,
    },
    /// Keys that do not fit each other.
    #[error("configuration: {what}; {mend}")]
    Inconsistent {
        /// What does not fit, with the values.
        what: String,
        /// How to mend it.
        mend: &'static str,
    },
    /// An axis or a size of a map that is none.
    #[error("{place} {text}: {reason}")]
    BadMap {
        /// Flag.
        place: String,
        /// The text as given, quoted.
        text: String,
        /// What is wrong with it, and how to mend it.
        reason: String,
    },
    /// A change that a run going on cannot take.
    #[error("{key} cannot change while a run is going on; re-initialise with --set {key}=...")]
    NotLive {
        /// The key.
        key: &'static str,
    },
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}

/// Text of any origin, quoted, on one line and of bounded length, for an error message.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start:?}...")
}

/// The name most like `given`, if any is like it.
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if given.len() > 100 {
        return None; // the comparison is quadratic
    }
    let given = given.to_lowercase().replace('-', "_");
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.replace('-', "_")), name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name.to_string())
}

//! The user's folders: where lessons of their own lie, and what the program remembers from one start to the next: that the first
//! start is over, and what it measured of an adapter. Nothing here is needed: a folder that is not there or cannot be written is no error.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A folder of this program's under one of the environment's, or under the home folder.
fn folder(variables: &[(&str, &str)], variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variables.iter().find_map(|(name, below)| {
        // The XDG specification has relative paths ignored.
        let root = PathBuf::from(variable(name)?);
        root.is_absolute().then(|| root.join(below).join("twinlens"))
    })
}

fn data(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let variables: &[(&str, &str)] = match () {
        () if cfg!(windows) => &[("APPDATA", "")],
        () if cfg!(target_os = "macos") => &[("HOME", "Library/Application Support")],
        () => &[("XDG_DATA_HOME", ""), ("HOME", ".local/share")],
    };
    folder(variables, variable)
}

fn state(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let variables: &[(&str, &str)] = match () {
        () if cfg!(windows) => &[("LOCALAPPDATA", "")],
        () if cfg!(target_os = "macos") => &[("HOME", "Library/Application Support")],
        () => &[("XDG_STATE_HOME", ""), ("HOME", ".local/state")],
    };
    folder(variables, variable)
}

fn cache(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let variables: &[(&str, &str)] = match () {
        () if cfg!(windows) => &[("LOCALAPPDATA", "")],
        () if cfg!(target_os = "macos") => &[("HOME", "Library/Caches")],
        () => &[("XDG_CACHE_HOME", ""), ("HOME", ".cache")],
    };
    folder(variables, variable)
}

fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where measurements are remembered in this process, if it remembers any.
static CACHE: OnceLock<PathBuf> = OnceLock::new();

/// From here on what is measured is remembered in the user's cache. Only the program does this: a test that forgets to ask for a
/// place of its own remembers nothing.
pub fn use_cache() {
    if let Some(folder) = cache(&environment) {
        use_cache_in(folder);
    }
}

/// The same in another folder. The first that is asked for stays.
pub fn use_cache_in(folder: PathBuf) {
    CACHE.get_or_init(|| folder);
}

/// Where something measured of one adapter with one driver by this version of the program is remembered; `what` tells it from others.
/// None where nothing is. Anybody may delete it: it is measured again.
pub fn remembered(what: &str, adapter: &str, driver: &str) -> Option<PathBuf> {
    let name = format!("{what}-{adapter}-{driver}-{}", env!("CARGO_PKG_VERSION"));
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(150).collect();
    CACHE.get().map(|folder| folder.join(format!("{plain}.json")))
}

/// Where the user's own lessons are looked for.
pub fn lessons() -> Option<PathBuf> {
    data(&environment).map(|folder| folder.join("lessons"))
}

fn mark() -> Option<PathBuf> {
    state(&environment).map(|folder| folder.join("started-before"))
}

/// Whether the program has not been used before, as far as it can remember: where it could not, it does not offer itself each time.
pub fn is_first_start() -> bool {
    mark().is_some_and(|mark| !mark.exists())
}

/// The first start is over.
pub fn remember_start() {
    let Some(mark) = mark() else { return };
    let written = mark.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&mark, "The first start is over.\n"));
    if let Err(error) = written {
        log::info!("{} cannot be written: {error}", mark.display());
    }
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_the_environment() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| OsString::from(pair.1))
        };
        let home = with(&[("HOME", "/home/a")]);
        assert_eq!(state(&home), Some(PathBuf::from("/home/a/.local/state/twinlens")));
        assert_eq!(data(&home), Some(PathBuf::from("/home/a/.local/share/twinlens")));
        let own = with(&[("HOME", "/home/a"), ("XDG_STATE_HOME", "/s"), ("XDG_DATA_HOME", "relative")]);
        assert_eq!(state(&own), Some(PathBuf::from("/s/twinlens")));
        assert_eq!(data(&own), Some(PathBuf::from("/home/a/.local/share/twinlens")));
        assert_eq!(state(&with(&[])), None);
    }
}

//! Sources as people give them: typed, pasted from a terminal or a file manager, dropped.
//!
//! Contract: [`understood`] takes a path, `~`, quotes, `\ ` for a blank, file:// addresses (one or several), or a source as
//! `--data` takes it, and says in one line if there is nothing there. [`completed`] continues a path as a shell does.

use std::path::{Path, PathBuf};

use super::source::{guess_several, shown};
use crate::config::DataSpec;

/// Entries of a folder that are looked at to complete a name.
const LOOKED_AT: usize = 20_000;

/// The source that a text stands for.
pub fn understood(text: &str) -> Result<DataSpec, String> {
    let text = text.trim();
    let known = ["synthetic", "cifar10:", "idx:", "folder:", "several:"].iter().any(|form| text.starts_with(form));
    if known && !Path::new(text).exists() {
        return text.parse::<DataSpec>().map_err(|error| error.to_string());
    }
    of_paths(&paths_in(text))
}

/// The source that existing paths stand for.
pub fn of_paths(paths: &[PathBuf]) -> Result<DataSpec, String> {
    match paths.iter().find(|path| !path.exists()) {
        Some(missing) => Err(format!("there is nothing at {}", shown(missing))),
        None => guess_several(paths).ok_or_else(|| "give the path of a folder or a picture".to_owned()),
    }
}

/// The paths in a text: addresses of files, or one path, with or without quotes.
fn paths_in(text: &str) -> Vec<PathBuf> {
    if let Some(addresses) = text.strip_prefix("file://") {
        // A field of one line joins the lines that were pasted into it.
        return addresses.split("file://").map(|address| path_of_address(address.trim())).collect();
    }
    let quoted = ['"', '\''].iter().find_map(|&quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let path = at_home(quoted.unwrap_or(text));
    // A terminal writes a blank in a path as "\ ".
    let plain = PathBuf::from(path.to_string_lossy().replace("\\ ", " "));
    match () {
        () if path.as_os_str().is_empty() => Vec::new(),
        () if !path.exists() && plain.exists() => vec![plain],
        () => vec![path],
    }
}

/// The path in what stands behind file://: a host, which is this one, and %-encoded bytes.
fn path_of_address(address: &str) -> PathBuf {
    let path = address.find('/').map_or(address, |slash| &address[slash..]);
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let [byte, after @ ..] = rest {
        let decoded = (*byte == b'%').then(|| after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()));
        match decoded.flatten() {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// A leading `~` is the home folder.
fn at_home(text: &str) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match text.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| text.into()),
        Some(rest) if rest.starts_with('/') => home().map_or_else(|| text.into(), |home| home.join(&rest[1..])),
        _ => text.into(),
    }
}

/// A path as far as it is certain, and the names that may follow where it is not.
pub fn completed(text: &str) -> (String, Vec<String>) {
    let (folder, start) = text.rsplit_once('/').map_or(("", text), |(folder, start)| (&text[..=folder.len()], start));
    let looked_in = at_home(if folder.is_empty() { "." } else { folder });
    let Ok(entries) = std::fs::read_dir(looked_in) else { return (text.to_owned(), Vec::new()) };
    let mut names: Vec<String> = entries
        .take(LOOKED_AT)
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // Hidden ones only for whoever begins with a dot.
            let fits = name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.'));
            fits.then(|| if entry.path().is_dir() { format!("{name}/") } else { name })
        })
        .collect();
    names.sort();
    let Some(first) = names.first() else { return (text.to_owned(), Vec::new()) };
    let common = names.iter().fold(first.as_str(), |common, name| {
        let end = common.char_indices().zip(name.chars()).find(|((_, a), b)| a != b).map(|((end, _), _)| end);
        &common[..end.unwrap_or(common.len().min(name.len()))]
    });
    let continued = format!("{folder}{common}");
    (continued, if names.len() > 1 { names } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_people_give_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().join("My photos ü");
        std::fs::create_dir(&at).expect("a folder");
        let text = at.display().to_string();
        let address = format!("file://{}", text.replace(' ', "%20").replace('ü', "%C3%BC"));
        let given = [text.clone(), format!(" \"{text}\" "), format!("'{text}'"), text.replace(' ', "\\ "), address.clone()];
        for given in given.iter().chain([&address.replace("file://", "file://localhost"), &format!("folder:{text}")]) {
            assert_eq!(understood(given), Ok(DataSpec::Folder(at.clone())), "{given}");
        }
        let other = folder.path().join("other");
        std::fs::create_dir(&other).expect("a folder");
        let both = format!("{address}file://{}", other.display());
        assert_eq!(understood(&both), Ok(DataSpec::Several(vec![at, other])));
        assert_eq!(understood("synthetic:shapes").map(|spec| spec.to_string()), Ok("synthetic:shapes".to_owned()));
        for nothing in ["/nowhere/at/all", "", "file://", "%", "file://%zz%", "~nobody/x", "\"", "synthetic:chess"] {
            let problem = understood(nothing).expect_err(nothing);
            assert!(!problem.contains('\n') && !problem.is_empty(), "{problem}");
        }
    }

    #[test]
    fn the_home_folder_has_a_short_name() {
        let home = std::env::home_dir().expect("a home");
        assert_eq!(at_home("~"), home);
        assert_eq!(at_home("~/pictures"), home.join("pictures"));
        assert_eq!(at_home("/~"), PathBuf::from("/~"));
    }

    #[test]
    fn names_are_completed_as_far_as_they_are_certain() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["holidays-2019", "holidays-2020", "ümlaut"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        std::fs::write(folder.path().join(".hidden"), "").expect("a file");
        let at = folder.path().display();
        assert_eq!(completed(&format!("{at}/hol")).0, format!("{at}/holidays-20"));
        assert_eq!(completed(&format!("{at}/hol")).1, ["holidays-2019/", "holidays-2020/"]);
        assert_eq!(completed(&format!("{at}/ü")), (format!("{at}/ümlaut/"), Vec::new()));
        assert_eq!(completed(&format!("{at}/")).1.len(), 3);
        assert_eq!(completed(&format!("{at}/none")), (format!("{at}/none"), Vec::new()));
        assert_eq!(completed("/nowhere/x"), ("/nowhere/x".to_owned(), Vec::new()));
    }
}

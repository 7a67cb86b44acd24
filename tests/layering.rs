//! Imports run one way through the house (the map is in the crate docs): this reads the sources and names every arrow that
//! runs the other way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lower may not import higher; two on one level may not import each other.
const LEVELS: [&[&str]; 13] = [
    &["gpu"],
    &["ops"],
    &["nn"],
    &["data"],
    &["methods"],
    &["train"],
    &["observe"],
    &["session"],
    &["view"],
    &["app"],
    &["cli"],
    &["main"],
    &["lib"],
];

/// Plain data and plain helpers that anyone may import; they themselves import nothing but each other.
const FREE: [&str; 10] = ["config", "command", "event_log", "film", "folders", "lesson", "profile", "snapshot", "rng", "save"];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|names| names.contains(&module))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text without its comments (and without anything after `//` in a string, which does no harm here).
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn leading_name(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The names directly inside `{ ... }`, at its own depth.
fn names_in_braces(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(leading_name(&text[start..index]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(leading_name(&text[start..index]));
                start = index + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Every module of this crate that the code names, by `use crate::` or by a path.
fn imports<'a>(code: &'a str, root: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for (place, _) in code.match_indices(root) {
        let preceded = code[..place].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
        let rest = &code[place + root.len()..];
        match rest.strip_prefix('{') {
            _ if preceded => {}
            Some(inside) => found.extend(names_in_braces(inside)),
            None => {
                found.insert(leading_name(rest));
            }
        }
    }
    found
}

fn module_of(path: &Path, src: &Path) -> String {
    let first = path.strip_prefix(src).expect("it was found there").components().next().expect("it has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn allowed(from: &str, to: &str) -> bool {
    if from == to || FREE.contains(&to) {
        return true;
    }
    match (level(from), level(to)) {
        (Some(from), Some(to)) => to < from,
        _ => false,
    }
}

#[test]
fn imports_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 10, "only {} sources found", paths.len());
    let (mut wrong, mut arrows) = (Vec::new(), 0);
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source can be read");
        let (code, from) = (code(&text), module_of(&path, &src));
        if level(&from).is_none() && !FREE.contains(&from.as_str()) {
            wrong.push(format!("{}: '{from}' has no place in tests/layering.rs", path.display()));
        }
        let known = |name: &&&str| level(name).is_some() || FREE.contains(name);
        for to in imports(&code, "crate::").union(&imports(&code, "twinlens::")).filter(known) {
            arrows += 1;
            if !allowed(&from, to) {
                wrong.push(format!("{}: {from} imports {to}", path.display()));
            }
        }
    }
    assert!(arrows > 10, "only {arrows} imports found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_arrow_that_runs_the_other_way_is_found() {
    let code = code("use crate::gpu::Tape; // crate::view\nuse crate::{ops::{self, nn}, train::Trainer};\nlet x = crate::session::new();");
    assert_eq!(imports(&code, "crate::").into_iter().collect::<Vec<_>>(), ["gpu", "ops", "session", "train"]);
    assert!(allowed("ops", "gpu") && allowed("gpu", "config") && allowed("main", "app"));
    assert!(!allowed("gpu", "ops") && !allowed("app", "cli") && !allowed("config", "train"));
}

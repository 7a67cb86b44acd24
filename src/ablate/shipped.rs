//! The results that ship with the program: written by `twinlens ablate`, read by the window.

use std::sync::OnceLock;

use include_dir::{Dir, include_dir};

use super::results::{Ran, Results};
use super::study::StudyKind;
use crate::command::Switch;
use crate::config::Method;

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/results");

/// The shipped results of a study, if there are any that this version can read.
pub fn shipped(kind: StudyKind) -> Option<&'static Results> {
    static ALL: OnceLock<Vec<(StudyKind, Results)>> = OnceLock::new();
    let read = |kind: StudyKind| {
        let text = FILES.get_file(format!("{}.json", kind.name()))?.contents_utf8()?;
        Some((kind, Results::parse(text).ok()?))
    };
    let all = ALL.get_or_init(|| StudyKind::ALL.into_iter().filter_map(read).collect());
    all.iter().find(|(known, _)| *known == kind).map(|(_, results)| results)
}

/// What the shipped study of a method found when this switch alone was off, in the study's own preset.
pub fn off_alone(switch: Switch, method: Method) -> Option<(&'static Results, &'static Ran)> {
    let kind = match method {
        Method::Byol => StudyKind::Byol,
        Method::Dino => StudyKind::Dino,
    };
    let name = match switch {
        Switch::Ema => "EMA off",
        Switch::StopGradient => "stop-gradient off",
        Switch::Predictor => "predictor off",
        Switch::Centering => "centering off",
        Switch::Sharpening => "sharpening off",
    };
    let results = shipped(kind)?;
    Some((results, results.of(name)?))
}

//! Configuration and data sources: what is read from files and from the command line, good and hostile. No GPU.

mod cifar10;
mod config;
mod folder;
mod hostile;
mod idx;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use twinlens::data::progress::{Progress, Stage};
use twinlens::data::source::{ImageSet, LoadLimits, SourceError, load};

/// Errors are one line that names what was given and what is allowed.
#[track_caller]
fn refused<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>, words: &[&str]) -> String {
    let text = result.expect_err("this must be refused").to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    assert!(text.len() < 600, "too long for a line: {text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in: {text}");
    }
    text
}

/// Loads with the usual limits; the progress told never falls and never passes its total.
fn read(spec: &str) -> Result<ImageSet, SourceError> {
    read_within(spec, &LoadLimits::default())
}

/// Loads with given limits; what comes back is consistent, and errors come fast.
fn read_within(spec: &str, limits: &LoadLimits) -> Result<ImageSet, SourceError> {
    let started = Instant::now();
    let mut last = Progress::default();
    let result = load(&spec.parse().unwrap(), limits, &mut |progress| {
        let before = if progress.stage == last.stage { last.done } else { 0 };
        assert!(last.stage <= progress.stage && before <= progress.done, "{last:?} {progress:?}");
        assert!(progress.done <= progress.total || progress.stage == Stage::Finding, "{progress:?}");
        last = progress;
        ControlFlow::Continue(())
    });
    match &result {
        Ok(set) => check(set, limits),
        Err(_) => assert!(started.elapsed() < Duration::from_secs(2), "an error took {:?}", started.elapsed()),
    }
    result
}

fn check(set: &ImageSet, limits: &LoadLimits) {
    assert!(!set.images.is_empty() && set.images.len() <= limits.images);
    assert_eq!(set.report.loaded, set.images.len());
    assert!(!set.report.to_string().contains('\n'), "{}", set.report);
    let mut offset = 0;
    for image in &set.images {
        assert_eq!(image.offset, offset);
        assert!(image.width > 0 && image.height > 0);
        assert!(image.label.is_none_or(|label| usize::from(label) < set.class_names.len()));
        offset += image.width * image.height;
    }
    assert_eq!(set.pixels.len(), offset as usize);
    assert!(set.pixels.len() as u64 <= limits.pixels);
    assert!(set.pixels.iter().all(|pixel| pixel >> 24 == 255));
    assert!(!set.training().is_empty() && !set.held_out().is_empty());
}

/// The folder of real data, where there is one.
fn real(name: &str) -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let path = std::path::Path::new(path).join(name);
    path.exists().then(|| path.to_str().unwrap().to_string())
}

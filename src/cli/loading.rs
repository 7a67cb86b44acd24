//! Images from files, for the commands: a progress bar where someone watches, and what was loaded and skipped, on stderr.
//!
//! Contract: stdout stays untouched; procedural images and small sets say nothing on the way.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::config::DataSpec;
use crate::data::progress::{Progress, Stage};
use crate::session::LoadedData;
use crate::snapshot::ImagesReport;

/// Skipped files that are named.
const NAMED: usize = 5;
/// What is read faster than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// Reads the images of a run.
pub fn load(spec: &DataSpec) -> Result<Arc<LoadedData>, Failure> {
    let (began, mut bar) = (Instant::now(), None);
    let watched = std::io::stderr().is_terminal();
    let data = LoadedData::load(spec, &mut |progress| {
        if watched && (bar.is_some() || began.elapsed() > PATIENCE) {
            show(bar.get_or_insert_with(ProgressBar::no_length), progress);
        }
        ControlFlow::Continue(())
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let data = data?;
    for line in data.report().map(|report| lines(report)).unwrap_or_default() {
        eprintln!("{line}");
    }
    Ok(Arc::new(data))
}

fn show(bar: &ProgressBar, Progress { stage, done, total }: Progress) {
    let template = match stage {
        Stage::Finding => "{msg}: {human_pos} files so far",
        Stage::Measuring | Stage::Reading => "{bar:32} {msg} {human_pos} of {human_len} images  {eta} left",
    };
    if bar.message() != stage.word() {
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(stage.word());
        bar.reset_eta();
    }
    if total > 0 {
        bar.set_length(total as u64);
    }
    bar.set_position(done as u64);
}

/// What was loaded, and the first of what was skipped.
fn lines(report: &ImagesReport) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", report.name, report.summary())];
    lines.extend(report.notes.iter().map(|note| format!("  {note}")));
    let count = report.skipped.len();
    if count > 0 {
        lines.push(format!("  {} skipped:", if count == 1 { "1 file".to_owned() } else { format!("{count} files") }));
    }
    lines.extend(report.skipped.iter().take(NAMED).map(|(path, reason)| format!("    {path}: {reason}")));
    if count > NAMED {
        lines.push(format!("    and {} more", count - NAMED));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_skipped_files_are_named_and_the_others_counted() {
        let skipped = (0..7).map(|index| (format!("{index}.png"), "empty".to_owned())).collect();
        let report = ImagesReport { name: "holidays".into(), images: 3, sizes: [[8, 8]; 2], skipped, ..Default::default() };
        let lines = lines(&report);
        assert_eq!(lines[..3], ["holidays: 3 images, no labels, 8×8 px", "  7 files skipped:", "    0.png: empty"]);
        assert_eq!(lines.last().map(String::as_str), Some("    and 2 more"));
        assert_eq!(lines.len(), 2 + NAMED + 1);
    }
}

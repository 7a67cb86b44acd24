//! What the scene says in words. A sentence about a kernel says only what was measured.

use crate::snapshot::Snapshot;
use crate::view::charts::grouped;
use crate::view::headline::Headline;
use crate::view::timing::table::Row;
use crate::view::timing::units::{share_text, time_text};
use crate::view::timing::{Step, clock_words};

/// What a profiled time is.
pub const ISOLATED: &str = "While this scene is open each dispatch has a pass of its own, so that it can be timed: its time is isolated, no \
                            two dispatches overlap, and the step takes longer than in the fast replay.";

/// The name on screen of a part of the step.
pub fn part(scope: &str) -> &str {
    match scope {
        "ema" => "EMA",
        "center" => "centre",
        "meters" => "observe",
        scope => scope,
    }
}

/// What was timed and how, the longest form first; `is_stale`: before the newest change.
pub fn timed(step: &Step<'_>, is_stale: bool) -> Vec<String> {
    let times = step.times;
    if is_stale {
        return vec!["as it was timed last; the next step is being timed".to_owned(), "as it was timed last".to_owned()];
    }
    let dispatches = format!("{} dispatches", grouped(step.dispatches.len() as u64));
    let steps = if times.steps == 1 { "1 step".to_owned() } else { format!("{} steps", times.steps) };
    let clock = clock_words(times.clock);
    vec![
        format!("{dispatches}, each timed alone: medians of {steps}, {clock}"),
        format!("{dispatches}, medians of {steps}, {clock}"),
        format!("{dispatches}, {clock}"),
        dispatches,
    ]
}

/// The state of the timestamps in a sentence.
pub fn clock(step: &Step<'_>) -> String {
    let told = step.times.clock.told();
    let mut letters = told.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>() + ".")
}

/// What limits a kernel.
pub fn limit(step: &Step<'_>, row: &Row<'_>) -> Option<&'static str> {
    let ceiling = step.ceiling.as_ref()?;
    Some(if row.intensity >= ceiling.ridge() { "arithmetic" } else { "memory" })
}

/// What a scene without a profiled step waits for: a title and a line.
pub fn waiting(snapshot: &Snapshot) -> [&'static str; 2] {
    let title = "No step has been timed yet";
    match () {
        () if snapshot.stopped.is_some() => [title, "Training has stopped; R re-initialises, and the next step is timed."],
        () if snapshot.walk.as_ref().is_some_and(|walk| !walk.is_complete) => {
            [title, "A step is being walked; the next whole one is timed."]
        }
        () if snapshot.playing => [title, "The step that is under way is timed, kernel by kernel."],
        () => [title, "Training is paused: Space goes on, S does one step, and each is timed kernel by kernel."],
    }
}

/// One true sentence for the bar below, on a kernel of a step and what another variant of it has changed.
pub fn caption(step: &Step<'_>, row: &Row<'_>, effect: Option<Vec<String>>) -> Headline {
    let share = format!("{} takes {} of the step's kernels", row.name, share_text(row.share));
    let sentence = match (effect.and_then(|effect| effect.into_iter().next()), row.of_roof, limit(step, row)) {
        (Some(effect), ..) => format!("{effect}."),
        (None, Some(of_roof), Some(limit)) => {
            format!("{share} and reaches {} of what this adapter can do; {limit} is its limit.", share_text(of_roof))
        }
        _ => format!("{share}; what this adapter can do at most has not been measured yet."),
    };
    Headline { sentence, beneath: String::new() }
}

/// For a room: a short sentence, with the numbers beneath.
pub fn headline(step: &Step<'_>, row: &Row<'_>, effect: Option<Vec<String>>) -> Headline {
    let calls = if row.calls == 1 { "One dispatch".to_owned() } else { format!("{} dispatches", row.calls) };
    let beneath = match (effect.and_then(|effect| effect.into_iter().next()), row.of_roof, limit(step, row)) {
        (Some(effect), ..) => format!("{effect}."),
        (None, Some(of_roof), Some(limit)) => {
            format!("{calls} of {}: {} of the roof; {limit} is the limit.", time_text(row.median), share_text(of_roof))
        }
        _ => format!("{calls} of {}.", time_text(row.median)),
    };
    Headline { sentence: format!("{} takes {} of a step.", row.name, share_text(row.share)), beneath }
}

/// What the scene says before a step has been timed.
pub fn untimed(snapshot: &Snapshot, presenting: bool) -> Headline {
    let [title, line] = waiting(snapshot);
    let sentence = if presenting { format!("{title}.") } else { format!("{title}. {line}") };
    Headline { sentence, beneath: line.to_owned() }
}

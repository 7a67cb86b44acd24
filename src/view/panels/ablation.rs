//! The table under the diagram: what leaving out one ingredient alone did in the published experiment, and what it did here, in this
//! very run; until something was tried in it, what came of it over seeds in the shipped study.

use crate::command::Switch;
use crate::config::Method;
use crate::snapshot::Snapshot;
use crate::view::charts::grouped;
use crate::view::explain::measured::{Alone, alone_meter, off_alone};
use crate::view::explain::outcomes::{self, Outcome};
use crate::view::explain::{parts, switch_text};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// Distance of two rows.
const PITCH: f32 = 25.0;

/// The switches it lists.
fn listed(method: Method) -> &'static [Switch] {
    match method {
        Method::Byol => &[Switch::Predictor, Switch::StopGradient, Switch::Ema],
        Method::Dino => &[Switch::Centering, Switch::Sharpening, Switch::Ema],
    }
}

/// Height of the table.
pub fn height(method: Method) -> f32 {
    26.0 + PITCH * listed(method).len() as f32 + 22.0
}

/// A value of the deciding meter, in two decimals.
fn decimals(value: Option<f32>) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.2}"),
        Some(_) => "not finite".to_owned(),
        None => "–".to_owned(),
    }
}

/// What was measured in this run, the longest wording first, or what came of it over the seeds of the shipped study.
fn here(alone: Option<&Alone>, outcome: Option<&Outcome>) -> [String; 2] {
    let text = match alone {
        None => match outcome {
            Some(outcome) => return outcome.short.clone(),
            None => "not tried yet".to_owned(),
        },
        Some(Alone { after: None, .. }) => "just now".to_owned(),
        Some(alone) => format!("{} → {}", decimals(alone.before), decimals(alone.after)),
    };
    [text.clone(), text]
}

/// Paints the table into `area`.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let method = snapshot.method;
    let [left, right] = [area.min[0], area.max[0]];
    let middle = left + (right - left) * 0.655;
    let meter = alone_meter(method);
    let y = area.min[1] + 12.0;
    let published = paint.text([middle, y], Align::Right, Style::LABEL, "published");
    // A column says one thing: what this run has measured, or, while it has measured none of it, what the shipped study has.
    let tried = listed(method).iter().any(|&switch| off_alone(switch, snapshot).is_some());
    let seeds_known = !tried && listed(method).iter().any(|&switch| outcomes::off_alone(switch, method).is_some());
    let [long, short] =
        if seeds_known { ["over seeds".to_owned(), "seeds".to_owned()] } else { [format!("here, {meter}"), "here".to_owned()] };
    let words = paint.fitting(Style::LABEL, &[&long, &short], right - middle - 8.0).unwrap_or(&short);
    paint.text([right, y], Align::Right, Style::LABEL, words);
    let room = middle - published - left - 8.0;
    if let Some(title) = paint.fitting(Style::TITLE, &["Switched off alone", "Off alone"], room) {
        paint.text([left, y], Align::Left, Style::TITLE, title);
    }
    for (index, &switch) in listed(method).iter().enumerate() {
        let y = area.min[1] + 26.0 + PITCH * (index as f32 + 0.5);
        let key = paint.key([left, y], &switch.letter().to_string());
        let style = if snapshot.switches.get(switch) { Style::LABEL } else { Style::LABEL.strong().coloured(theme::TEXT) };
        paint.text([left + key + 8.0, y], Align::Left, style, switch.title());
        paint.text([middle, y], Align::Right, Style::LABEL.coloured(theme::TEXT), parts::published(switch, method));
        let alone = off_alone(switch, snapshot);
        let outcome = outcomes::off_alone(switch, method);
        let style = if alone.is_some() { Style::LABEL.coloured(theme::TEXT) } else { Style::LABEL };
        let said = here(alone.as_ref(), outcome.as_ref().filter(|_| !tried));
        let words = paint.fitting(style, &[&said[0], &said[1]], right - middle - 8.0).unwrap_or(&said[1]);
        paint.text([right, y], Align::Right, style, words);
        let row = Rect::new(left, y - 0.5 * PITCH, right, y + 0.5 * PITCH);
        if frame.touch(&format!("alone-{}", switch.key()), row).hovered {
            let text = match alone {
                None => "In this run it has not been off alone yet.".to_owned(),
                Some(Alone { from, to, before, after, goes_on }) => format!(
                    "In this run it was off alone from step {} {} {} ({} steps): {} {} before, {} {}.",
                    grouped(from),
                    if goes_on { "until now, step" } else { "to" },
                    grouped(to),
                    grouped(to.saturating_sub(from)),
                    if method == Method::Byol { "embedding std" } else { "the teacher's entropy" },
                    decimals(before),
                    decimals(after),
                    if goes_on { "now" } else { "at its end" },
                ),
            };
            let seeds = outcome.map_or_else(String::new, |outcome| {
                let facts: Vec<String> = outcome.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
                format!("{}: {}.", outcome.source, facts.join(", "))
            });
            let lines = [switch_text(switch, method).published, &seeds, &text];
            let said: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
            frame.tooltip(&said);
        }
    }
    let source = parts::published_source(method);
    if let Some(source) = paint.fitting(Style::LABEL, &source, right - left) {
        paint.text([left, area.max[1] - 9.0], Align::Left, Style::LABEL, source);
        let area = Rect::new(left, area.max[1] - 20.0, right, area.max[1]);
        frame.about(
            "sources",
            area,
            &["Where the published figures are from; each row has its own under the pointer, with data and epochs."],
        );
    }
}

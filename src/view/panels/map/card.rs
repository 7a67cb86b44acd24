//! The column beside the grid: a cell's meters, and what can be done with the map.

use crate::config::MapAxes;
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::super::Frame;
use super::super::top::verdict_title;
use super::text;

/// What a click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The chosen cell goes on alone.
    Main,
    /// The map as files.
    Export,
    /// Another map.
    Another,
}

/// A button: its name, its key, what it asks for, and what it does.
const BUTTONS: [(&str, &str, Asked, &str); 3] = [
    ("Make it the main run", "Enter", Asked::Main, "The chosen cell goes on alone from where it is; the other learners end (asks)."),
    (
        "Save picture and numbers",
        "X",
        Asked::Export,
        "Writes the window as PNG and every cell's meters as JSON, where pictures of the window go.",
    ),
    ("Another map", "V", Asked::Another, "Chooses other axes or another size; this map trains on until the new one starts."),
];

/// Paints the column for a cell.
pub fn ui(frame: &Frame<'_>, area: &Rect, axes: &MapAxes, cell: usize, snapshot: &Snapshot) -> Option<Asked> {
    let paint = &frame.paint;
    paint.pane(*area);
    let learner = snapshot.learners.get(cell)?;
    let body = paint.text_height(Style::BODY);
    let pitch = 1.6 * body;
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    let width = right - left;
    let mut y = area.min[1] + 1.5 * body;
    let is_front = cell == snapshot.front;
    paint.text([left, y], Align::Left, Style::TITLE, if is_front { "The chosen cell" } else { "Under the pointer" });
    y += pitch * 1.1;

    let high = 2.1 * body;
    let buttons_top = area.max[1] - BUTTONS.len() as f32 * (high + 8.0) - 8.0;
    let alarm = learner.verdict.kind.is_collapse();
    let badge = Rect::new(left, y - body, right, y + body);
    paint.outline(badge, if alarm { theme::ALARM } else { theme::AXIS }, 4.0, if alarm { 2.0 } else { 1.0 });
    if alarm {
        paint.fill(Rect::new(badge.min[0], badge.min[1], badge.min[0] + 8.0, badge.max[1]), theme::ALARM, 3.0);
    }
    paint.text([left + 18.0, y], Align::Left, Style::TITLE, verdict_title(learner.verdict.kind));
    let reason = if learner.verdict.reason.is_empty() { "Nothing has been judged yet." } else { &learner.verdict.reason };
    frame.about("cell's verdict", badge, &[reason]);
    y += pitch * 1.3;
    for (name, value) in text::facts(axes, cell, snapshot).into_iter().filter(|(name, _)| name != "verdict") {
        if y + 0.5 * pitch > buttons_top {
            break;
        }
        let shown = paint.text_width(Style::BODY, &value);
        paint.name_clipped([left, y], Style::QUIET, &name, width - shown - 12.0);
        paint.text([right, y], Align::Right, Style::BODY, &value);
        let row = Rect::new(left, y - 0.5 * pitch, right, y + 0.5 * pitch);
        frame.about(&format!("fact {name}"), row, &[&format!("{name}: {value}."), about(&name)]);
        y += pitch;
    }
    let lines = ((buttons_top - y - 8.0) / (1.35 * body)) as usize;
    if lines > 1 {
        paint.text_wrapped([left, y + 4.0], Style::LABEL, reason, width, lines.min(4));
    }
    buttons(frame, [left, right], [buttons_top, high])
}

/// What a number of the card is.
fn about(name: &str) -> &'static str {
    match name {
        "embedding std" => "Standard deviation of the normalised projections, times √d: 1 is spread out, 0 is one point for all.",
        "effective rank" => "Dimensions that the projections use, 1 to d; under complete collapse it measures noise.",
        "mutual information, nats" => "Entropy of the mean less entropy of an image: what a prototype tells of its image.",
        "entropy of the mean, nats" => "Of the batch's mean distribution; 0 means that one prototype takes every image.",
        "entropy of an image, nats" => "Mean entropy of an image's distribution; ln K means that nothing is decided.",
        "loss" => "Low does not mean learned: in a collapse it is lowest.",
        "kNN accuracy" => "Share of held-out images whose class their nearest neighbours tell; labels are for display only.",
        "collapsed at step" => "The step at which the verdict became a collapse.",
        "seed" => "Of the weights; all cells have the same seed and the same crops.",
        _ => "The value of this cell's column or row.",
    }
}

fn buttons(frame: &Frame<'_>, [left, right]: [f32; 2], [top, high]: [f32; 2]) -> Option<Asked> {
    let paint = &frame.paint;
    let mut asked = None;
    for (place, (name, key, what, tip)) in BUTTONS.into_iter().enumerate() {
        let y = top + place as f32 * (high + 8.0);
        let rect = Rect::new(left, y, right, y + high);
        let touch = frame.touch(name, rect);
        paint.fill(rect, if touch.hovered { theme::HOVERED } else { theme::RAISED }, 4.0);
        paint.text([left + 12.0, rect.centre()[1]], Align::Left, Style::BODY, name);
        paint.key([right - 12.0 - paint.key_width(key), rect.centre()[1]], key);
        if touch.hovered {
            frame.tooltip(&[tip]);
        }
        if touch.clicked {
            asked = Some(what);
        }
    }
    asked
}

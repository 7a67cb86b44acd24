//! One of several learners as a mark that can be touched: its letter or its seed, filled where it is in front, and what the pointer is
//! told of it; and the strip of all of them above the charts.

use super::top::verdict_title;
use crate::command::Command;
use crate::snapshot::{LearnerView, Snapshot, VerdictKind};
use crate::view::gathering::{described, name, seeds, state, twin};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// A rounded mark with a letter, its left end at `position`, filled where its learner is in front; gives its width.
pub fn pill(frame: &Frame<'_>, [x, y]: [f32; 2], text: &str, in_front: bool) -> f32 {
    let paint = &frame.paint;
    let high = paint.text_height(Style::LABEL) * 0.5 + 4.0;
    let width = (paint.text_width(Style::TITLE, text) + 12.0).max(2.0 * high);
    let rect = Rect::new(x, y - high, x + width, y + high);
    let ink = if in_front { theme::GROUND } else { theme::TEXT };
    paint.fill(rect, if in_front { theme::TEXT } else { theme::RAISED }, 4.0);
    paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(ink), text);
    width
}

/// What the pointer is told of a learner: who it is, in what it differs, how it is doing, and what a click does.
pub fn told(snapshot: &Snapshot, learner: usize) -> Vec<String> {
    let Some(view) = snapshot.learners.get(learner) else { return Vec::new() };
    let who = match (twin(snapshot), described(snapshot, learner)) {
        (Some(_), words) if words.is_empty() => {
            format!("{}, with the same switches and dials as the other: {}.", name(snapshot, learner), state(view))
        }
        (Some(_), words) => format!("{} {words}: {}.", name(snapshot, learner), state(view)),
        (None, _) => format!("The learner of {}: {}.", name(snapshot, learner), state(view)),
    };
    let click = match (learner == snapshot.front, twin(snapshot)) {
        (true, Some(_)) => {
            "It is in front: distributions and crops are its own, and switches and dials change it alone (with Shift: both)."
        }
        (true, None) => "It is in front: cloud, distributions and crops are its own. Switches and dials change all of them.",
        (false, _) => "A click brings it to the front; A brings the next.",
    };
    let mut lines = vec![who];
    if !view.verdict.reason.is_empty() {
        lines.push(view.verdict.reason.clone());
    }
    lines.push(click.to_owned());
    lines
}

/// Height of [`strip`], its gap included; nothing where nobody is beside the learner in front.
pub fn strip_height(frame: &Frame<'_>, snapshot: &Snapshot) -> f32 {
    let several = twin(snapshot).is_some() || seeds(snapshot).is_some();
    if several { frame.paint.text_height(Style::LABEL) + 22.0 } else { 0.0 }
}

/// All learners in a row, each with its verdict and, of a twin, with the stroke of its lines; a click brings one to the front.
pub fn strip(frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let count = snapshot.learners.len().max(1);
    let y = area.min[1] + paint.text_height(Style::LABEL) * 0.5 + 5.0;
    let word =
        if count <= 16 && twin(snapshot).is_none() { paint.text([area.min[0], y], Align::Left, Style::LABEL, "seeds") + 10.0 } else { 0.0 };
    let pitch = if twin(snapshot).is_some() { area.width() / 2.0 } else { ((area.width() - word) / count as f32).min(64.0) };
    for (learner, view) in snapshot.learners.iter().enumerate() {
        let (x, in_front) = (area.min[0] + word + pitch * learner as f32, learner == snapshot.front);
        let touched = Rect::new(x, y - 14.0, x + pitch - 2.0, y + 14.0);
        if twin(snapshot).is_some() {
            side(frame, [x, y], pitch - 8.0, learner, view, in_front);
        } else {
            let text = view.seed.to_string();
            let room = pitch - 4.0;
            let rect = Rect::new(x, y - 11.0, x + room, y + 11.0);
            paint.fill(rect, if in_front { theme::TEXT } else { theme::RAISED }, 4.0);
            let ink = if in_front { theme::GROUND } else { theme::TEXT };
            let spot = if room >= 26.0 + paint.text_width(Style::LABEL, &text) {
                paint.text([x + 20.0, y], Align::Left, Style::LABEL.coloured(ink), &text);
                x + 10.0
            } else {
                x + room * 0.5
            };
            mark(frame, [spot, y], view.verdict.kind, ink);
        }
        let touch = frame.touch(&format!("learner {learner}"), touched);
        if touch.hovered {
            paint.outline(touched, theme::AXIS, 4.0, 1.0);
            frame.tooltip(&told(snapshot, learner).iter().map(String::as_str).collect::<Vec<_>>());
        }
        if touch.clicked && !in_front {
            commands.push(Command::BringToFront(learner as u32));
        }
    }
}

/// A side of a twin: its letter, the stroke of its lines, its verdict.
fn side(frame: &Frame<'_>, [x, y]: [f32; 2], width: f32, learner: usize, view: &LearnerView, in_front: bool) {
    let paint = &frame.paint;
    let right = x + width;
    let mut x = x + pill(frame, [x, y], crate::view::gathering::letter(learner), in_front) + 7.0;
    let stroke = [[x, y], [x + 26.0, y]].into_iter();
    if learner == 0 {
        paint.polyline(stroke, theme::TEXT, 2.0)
    } else {
        paint.dashed_polyline(stroke, theme::TEXT, 2.0)
    }
    x += 33.0;
    if view.verdict.kind.is_collapse() {
        mark(frame, [x + 4.0, y], view.verdict.kind, theme::TEXT);
        x += 13.0;
    }
    let long = verdict_title(view.verdict.kind);
    let short = if view.verdict.kind.is_collapse() { "collapsed" } else { long };
    // Where there is no room, the mark says it, and the badge above.
    if let Some(words) = paint.fitting(Style::LABEL, &[long, short], right - x) {
        paint.text([x, y], Align::Left, Style::LABEL, words);
    }
}

/// A verdict as a shape: a dot is healthy, a square a collapse, a ring is not yet known.
fn mark(frame: &Frame<'_>, [x, y]: [f32; 2], kind: VerdictKind, ink: theme::Colour) {
    match kind {
        VerdictKind::Healthy => frame.paint.dot([x, y], 4.0, ink),
        VerdictKind::Unknown => frame.paint.ring([x, y], 4.0, ink, 1.5),
        _ => frame.paint.fill(Rect::new(x - 4.5, y - 4.5, x + 4.5, y + 4.5), theme::ALARM, 1.0),
    }
}

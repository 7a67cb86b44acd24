//! One of several learners as a mark that can be touched: its letter or its seed, filled where it is in front, and what the pointer is
//! told of it.

use crate::snapshot::Snapshot;
use crate::view::gathering::{described, name, state, twin};
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
        (Some(_), words) if words.is_empty() => format!("{}, with the same switches and dials as the other: {}.", name(snapshot, learner), state(view)),
        (Some(_), words) => format!("{} {words}: {}.", name(snapshot, learner), state(view)),
        (None, _) => format!("The learner of {}: {}.", name(snapshot, learner), state(view)),
    };
    let click = if learner == snapshot.front {
        "It is in front: the distributions, the crops and the images under the pointer are its own, and switches change it."
    } else {
        "A click brings it to the front (A: the next)."
    };
    let mut lines = vec![who];
    if !view.verdict.reason.is_empty() {
        lines.push(view.verdict.reason.clone());
    }
    lines.push(click.to_owned());
    lines
}

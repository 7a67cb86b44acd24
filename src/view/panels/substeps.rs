//! The row of sub-steps above the diagram: the one that a walk has just done is underlined, and a click on one walks there.

use crate::command::Command;
use crate::snapshot::{Snapshot, SubStep};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme;

use super::Frame;

/// Least space between two names.
const SPACE: f32 = 9.0;
/// Height of one row.
const ROW: f32 = 27.0;

/// The names as they are written: in one row, in one row with a shorter word, or in two rows of four columns.
struct Names {
    rows: Vec<Vec<(SubStep, &'static str)>>,
    columns: bool,
}

fn names(paint: &Paint<'_>, steps: &'static [SubStep], width: f32) -> Names {
    let whole: Vec<_> = steps.iter().map(|&step| (step, step.title())).collect();
    let short: Vec<_> = steps.iter().map(|&step| (step, if step == SubStep::Backward { "back" } else { step.title() })).collect();
    let fits = |names: &[(SubStep, &str)]| {
        let taken: f32 = names.iter().map(|(_, name)| paint.text_width(Style::LABEL, name)).sum();
        taken + SPACE * names.len().saturating_sub(1) as f32 <= width
    };
    match [&whole, &short].into_iter().find(|names| fits(names)) {
        Some(row) => Names { rows: vec![row.clone()], columns: false },
        None => {
            let columns = whole.len().div_ceil(2);
            let widest = whole.iter().map(|(_, name)| paint.text_width(Style::LABEL, name)).fold(0.0, f32::max);
            let names = if widest + SPACE <= width / columns as f32 { &whole } else { &short };
            Names { rows: names.chunks(columns).map(<[_]>::to_vec).collect(), columns: true }
        }
    }
}

/// Height that the row takes in a width.
pub fn height(paint: &Paint<'_>, snapshot: &Snapshot, width: f32) -> f32 {
    ROW * names(paint, SubStep::of(snapshot.method), width).rows.len() as f32
}

/// How many sub-steps it takes from where the walk stands to the end of `to`: none if it stands there.
pub fn distance(snapshot: &Snapshot, to: SubStep) -> usize {
    let steps = SubStep::of(snapshot.method);
    let place = |step: SubStep| step.place(snapshot.method).unwrap_or(0);
    match &snapshot.walk {
        None => place(to) + 1,
        Some(walk) => (place(to) + steps.len() - place(walk.at)) % steps.len(),
    }
}

/// Paints the row from the top of `area` down.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let at = snapshot.walk.as_ref().map(|walk| walk.at);
    let names = names(paint, SubStep::of(snapshot.method), area.width());
    let columns = names.rows.first().map_or(1, Vec::len);
    for (index, row) in names.rows.iter().enumerate() {
        let y = area.min[1] + ROW * index as f32 + 8.0;
        let widths: Vec<f32> = row.iter().map(|(_, name)| paint.text_width(Style::LABEL, name)).collect();
        let space = (area.width() - widths.iter().sum::<f32>()) / (row.len().saturating_sub(1)).max(1) as f32;
        let mut x = area.min[0];
        for (column, (&(step, name), width)) in row.iter().zip(widths).enumerate() {
            if names.columns {
                x = area.min[0] + column as f32 * area.width() / columns as f32;
            }
            let under = Rect::new(x, y + 10.0, x + width, y + 13.0);
            let touch = frame.touch(&format!("sub-step-{}", step.scope()), Rect::new(x - 4.0, y - 10.0, x + width + 4.0, y + 15.0));
            let is_here = at == Some(step);
            let style = if is_here { Style::LABEL.strong().coloured(theme::TEXT) } else { Style::LABEL };
            let style = if touch.hovered { style.coloured(theme::TEXT) } else { style };
            paint.text([x + width * 0.5, y], Align::Centre, style, name);
            if is_here {
                paint.fill(under, theme::TEXT, 0.0);
            } else {
                let colour = if touch.hovered { theme::AXIS } else { theme::SEPARATOR };
                paint.rule([under.min[0], under.min[1] + 1.0], [under.max[0], under.min[1] + 1.0], colour, 1.0);
            }
            if touch.hovered {
                let go = if is_here { "The walk stands here; W goes on." } else { "Click to walk there; W does one sub-step." };
                frame.tooltip(&[step.sentence(snapshot.method), go]);
            }
            if touch.clicked {
                commands.extend((0..distance(snapshot, step)).map(|_| Command::Walk));
            }
            x += width + space;
        }
    }
}

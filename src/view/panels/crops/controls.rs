//! Below the diagram: how many local crops each image gets, and which image is shown.

use crate::command::Command;
use crate::snapshot::{Inspection, Snapshot};
use crate::view::charts::grouped;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::{Frame, images};
use crate::view::theme;

/// Local crops that may be asked for.
pub const MOST_LOCALS: u32 = 8;
/// For a room and in a low window there is only the number of local crops: the rest has its keys.
fn is_short(area: &Rect, presenting: bool) -> bool {
    presenting || area.height() < 330.0
}

/// The left pane without the controls.
pub fn above(area: &Rect, presenting: bool) -> Rect {
    Rect::new(area.min[0], area.min[1], area.max[0], area.max[1] - if is_short(area, presenting) { 52.0 } else { 150.0 })
}

/// What the keys of the scene ask for, of which image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The next held-out image.
    Next,
    /// The one before.
    Previous,
    /// The first image of the last batch.
    Batch,
}

/// The command for another image; from the batch's image, the held-out ones begin at either end.
pub fn turn(snapshot: &Snapshot, turn: Turn) -> Option<Command> {
    let shown = snapshot.inspection.as_ref().filter(|inspection| !inspection.of_batch).and_then(|inspection| inspection.image);
    let count = snapshot.images;
    let to = match (turn, shown) {
        (Turn::Batch, _) => return Some(Command::ShowImage(None)),
        _ if count == 0 => return None,
        (Turn::Next, None) => 0,
        (Turn::Next, Some(image)) => (image % count + 1) % count,
        (Turn::Previous, None) => count - 1,
        (Turn::Previous, Some(image)) => (image % count + count - 1) % count,
    };
    Some(Command::ShowImage(Some(to)))
}

/// Paints the controls at the foot of the left pane; gives what is left of it.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) -> Rect {
    let rest = above(&area, frame.presenting);
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    frame.paint.rule([left, rest.max[1]], [right, rest.max[1]], theme::SEPARATOR, 1.0);
    locals(frame, Rect::new(left, rest.max[1] + 8.0, right, rest.max[1] + 40.0), snapshot, commands);
    if is_short(&area, frame.presenting) {
        return rest;
    }
    shown(frame, Rect::new(left, rest.max[1] + 44.0, right, rest.max[1] + 76.0), snapshot, commands);
    let y = rest.max[1] + 96.0;
    let middle = (left + right) * 0.5;
    if button(
        frame,
        "batch",
        Rect::new(left, y - 14.0, middle - 4.0, y + 14.0),
        "B",
        "the batch's",
        of_batch(snapshot),
        "Show the first image of the last batch, with the very crops that it was trained on.",
    ) {
        commands.extend(turn(snapshot, Turn::Batch));
    }
    let resample = "Draw other crops of the image that is shown.";
    if button(frame, "resample", Rect::new(middle + 4.0, y - 14.0, right, y + 14.0), "C", "other crops", false, resample) {
        commands.push(Command::Resample);
    }
    images::row(frame, Rect::new(left, rest.max[1] + 116.0, right, rest.max[1] + 144.0), snapshot);
    rest
}

/// A cell for each number of local crops from 0 to 8.
fn locals(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let y = area.centre()[1];
    let label = paint.text([area.min[0], y], Align::Left, Style::BODY, "local crops");
    let left = area.min[0] + label + 10.0;
    let pitch = (area.max[0] - left) / (MOST_LOCALS + 1) as f32;
    for number in 0..=MOST_LOCALS {
        let x = left + number as f32 * pitch;
        let cell = Rect::new(x.round() + 1.0, y - 14.0, (x + pitch).round() - 1.0, y + 14.0);
        let touch = frame.touch(&format!("locals-{number}"), cell);
        let chosen = snapshot.local_crops == number;
        let counted = number > 0 && number <= snapshot.local_crops;
        let (ground, ink) = match number {
            _ if !chosen => (theme::RAISED, theme::TEXT),
            0 => (theme::TEXT_2, theme::GROUND),
            _ => (theme::LOCAL.under_text(), theme::ON_FILL),
        };
        paint.fill(cell, ground, 3.0);
        if counted {
            paint.fill(Rect::new(cell.min[0], cell.max[1] - 3.0, cell.max[0], cell.max[1]), theme::LOCAL, 0.0);
        }
        if touch.hovered {
            paint.outline(cell, theme::TEXT, 3.0, 1.0);
            let pairs = 2 * (2 + number) - 2;
            frame.tooltip(&[&format!("{number} local crops an image: {pairs} pairs in the loss. More crops take longer a step.")]);
        }
        paint.text(cell.centre(), Align::Centre, Style::TITLE.coloured(ink), &number.to_string());
        if touch.clicked && !chosen {
            commands.push(Command::SetLocalCrops(number));
        }
    }
}

/// Which image is shown, between the arrows that turn to others.
fn shown(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let y = area.centre()[1];
    let previous = Rect::new(area.min[0], y - 14.0, area.min[0] + 34.0, y + 14.0);
    let next = Rect::new(area.max[0] - 34.0, y - 14.0, area.max[0], y + 14.0);
    for (id, rect, symbol, which, tip) in [
        ("previous", previous, "←", Turn::Previous, "The held-out image before (left arrow)."),
        ("next", next, "→", Turn::Next, "The next held-out image (right arrow)."),
    ] {
        if button(frame, id, rect, symbol, "", false, tip) {
            commands.extend(turn(snapshot, which));
        }
    }
    let room = next.min[0] - previous.max[0] - 16.0;
    let texts = match &snapshot.inspection {
        Some(Inspection { of_batch: false, image: Some(image), .. }) => {
            let (number, count) = (grouped(u64::from(*image) + 1), grouped(u64::from(snapshot.images)));
            vec![format!("image {number} of {count}"), format!("{number} of {count}")]
        }
        Some(Inspection { of_batch: false, .. }) => vec!["an image of a batch before".to_owned(), "of a batch before".to_owned()],
        Some(_) => vec!["first image of the last batch".to_owned(), "first of the last batch".to_owned(), "of the batch".to_owned()],
        None => vec!["no image yet".to_owned()],
    };
    if let Some(text) = texts.iter().find(|text| paint.text_width(Style::BODY, text) <= room) {
        paint.text([area.centre()[0], y], Align::Centre, Style::BODY, text);
    }
    let about = match of_batch(snapshot) {
        true => "The first image of each batch, with the very crops that it was trained on.",
        false => "A held-out image, which is never trained on, with crops of its own.",
    };
    frame.about("shown", Rect::new(previous.max[0] + 4.0, y - 14.0, next.min[0] - 4.0, y + 14.0), &[about]);
}

fn of_batch(snapshot: &Snapshot) -> bool {
    snapshot.inspection.as_ref().is_none_or(|inspection| inspection.of_batch)
}

/// A button with its key; gives whether it was clicked.
fn button(frame: &Frame<'_>, id: &str, rect: Rect, key: &str, name: &str, pressed: bool, tip: &str) -> bool {
    let paint = &frame.paint;
    let touch = frame.touch(id, rect);
    paint.fill(rect, theme::RAISED, 4.0);
    if pressed {
        paint.outline(rect, theme::TEXT, 4.0, 2.0);
    } else if touch.hovered {
        paint.outline(rect, theme::AXIS, 4.0, 1.0);
    }
    if touch.hovered {
        frame.tooltip(&[tip]);
    }
    let y = rect.centre()[1];
    if name.is_empty() {
        paint.text(rect.centre(), Align::Centre, Style::TITLE, key);
    } else {
        let width = paint.key_width(key) + 8.0 + paint.text_width(Style::BODY, name);
        let x = rect.centre()[0] - width * 0.5;
        let key_width = paint.key([x, y], key);
        paint.text([x + key_width + 8.0, y], Align::Left, Style::BODY, name);
    }
    touch.clicked
}

//! Every crop as the networks get it, after resizing and augmentation, and under it how far the student's projection of it agrees
//! with the teacher's of the globals.

use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Looking;
use super::marks;

/// Gap between two thumbnails.
const GAP: f32 = 10.0;
/// The title and the names above, the number and the bar below.
const AROUND: [f32; 2] = [42.0, 34.0];
/// Height of a name, which stands on its thumbnail.
const NAME: f32 = 18.0;

fn side(inner: &Rect, count: usize) -> f32 {
    let pitch = (inner.width() + GAP) / count.max(1) as f32;
    let largest = (inner.height() * 0.13).clamp(24.0, 132.0);
    (pitch - GAP).clamp(16.0, largest).floor()
}

/// Height of the row for `count` crops in a middle pane.
pub fn height(inner: &Rect, count: usize) -> f32 {
    AROUND[0] + side(inner, count) + AROUND[1]
}

/// Paints the row.
pub fn ui(looking: &mut Looking<'_, '_>, area: &Rect) {
    let (frame, inspection) = (looking.frame, looking.inspection);
    let paint = &frame.paint;
    let count = marks::count(inspection);
    let globals = marks::globals(inspection);
    let side = (area.height() - AROUND[0] - AROUND[1]).max(8.0);
    let y = area.min[1] + 10.0;
    let title = paint.text([area.min[0], y], Align::Left, Style::TITLE, "As the networks get them");
    let mirrored = inspection.crops.iter().take(count).any(|crop| crop.1);
    let note = "bar: agreement with the teacher, cosine";
    let notes = [if mirrored { format!("⇄ mirrored    {note}") } else { note.to_owned() }, note.to_owned(), "bar: agreement".to_owned()];
    let room = area.width() - title - 20.0;
    if let Some(note) = notes.iter().find(|note| paint.text_width(Style::LABEL, note) <= room) {
        paint.text([area.max[0], y + 1.0], Align::Right, Style::LABEL, note);
    }
    frame.about(
        "about-thumbnails",
        Rect::new(area.min[0], y - 12.0, area.max[0], y + 12.0),
        &["The crops after resizing and colouring. Below each, how far the student's answer agrees with the teacher's: cosine, 1 the same."],
    );
    let top = area.min[1] + AROUND[0];
    // Few crops stand at their numbers' distance, many share the width.
    let pitch = ((area.width() + GAP) / count.max(1) as f32).min(side * 1.5).max(side + 2.0);
    for index in 0..count {
        let left = (area.min[0] + index as f32 * pitch).round();
        let rect = Rect::new(left, top, left + side, top + side);
        if rect.max[0] > area.max[0] + 2.0 {
            break;
        }
        looking.crop(index, rect);
        let below = Rect::new(left, rect.min[1] - NAME, left + side, rect.max[1] + AROUND[1]);
        if frame.touch(&format!("thumbnail-{index}"), below).hovered {
            looking.found = Some(index);
            looking.explain(index);
        }
        let global = index < globals;
        let stands_out = looking.hovered == Some(index);
        marks::frame(paint, rect.inset(-2.0), global, if stands_out { 4.0 } else { 2.0 });
        marks::tag(paint, [left - 2.0, top - NAME - 1.0], [28.0, NAME], index, globals);
        if inspection.crops[index].1 {
            let corner = Rect::new(rect.max[0] - 18.0, rect.max[1] - 16.0, rect.max[0], rect.max[1]);
            paint.fill(corner, theme::GROUND, 0.0);
            paint.text(corner.centre(), Align::Centre, Style::LABEL.coloured(theme::TEXT), "⇄");
        }
        let Some(&agreement) = inspection.agreement.get(index) else { continue };
        let style = if looking.is_faded(index) { Style::QUIET } else { Style::TITLE };
        paint.text([left + side * 0.5, rect.max[1] + 14.0], Align::Centre, style, &marks::cosine(agreement));
        let bar = Rect::new(left, rect.max[1] + 25.0, left + side, rect.max[1] + 32.0);
        paint.fill(bar, theme::RAISED, 0.0);
        let share = if agreement.is_finite() { agreement.clamp(0.0, 1.0) } else { 0.0 };
        paint.fill(Rect::new(bar.min[0], bar.min[1], bar.min[0] + side * share, bar.max[1]), marks::colour(index, globals), 0.0);
    }
}

//! How a crop looks wherever it is met: its name (G1, L1), its colour, its frame (solid for globals, dashed for locals), its tag.

use crate::snapshot::Inspection;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme::{self, Colour, Type};

/// Crops that are drawn at most: two globals and eight locals is what there is; a few more do no harm.
pub const MOST: usize = 16;

/// Globals among the first [`MOST`] crops.
pub fn globals(inspection: &Inspection) -> usize {
    (inspection.globals as usize).min(count(inspection))
}

/// Crops that are drawn.
pub fn count(inspection: &Inspection) -> usize {
    inspection.crops.len().min(MOST)
}

/// "G1", "L3".
pub fn name(index: usize, globals: usize) -> String {
    if index < globals { format!("G{}", index + 1) } else { format!("L{}", index - globals + 1) }
}

/// Blue for globals, green for locals.
pub fn colour(index: usize, globals: usize) -> Colour {
    if index < globals { theme::GLOBAL } else { theme::LOCAL }
}

/// A crop's frame inside the edges of `rect`: globals solid, locals dashed over a stroke of ground.
pub fn frame(paint: &Paint<'_>, rect: Rect, global: bool, thickness: f32) {
    if global {
        paint.outline(rect, theme::GLOBAL, 0.0, thickness);
        return;
    }
    paint.outline(rect.inset(-1.0), theme::GROUND, 0.0, thickness + 2.0);
    let inner = rect.inset(thickness * 0.5);
    let ([left, top], [right, bottom]) = (inner.min, inner.max);
    for (from, to) in
        [([left, top], [right, top]), ([right, top], [right, bottom]), ([left, bottom], [right, bottom]), ([left, top], [left, bottom])]
    {
        dashes(paint, &[from, to], theme::LOCAL, thickness);
    }
}

/// Lengths of dash and gap.
const DASH: [f32; 2] = [8.0, 5.0];

/// A dashed line through points, the dashes running on around the corners.
pub fn dashes(paint: &Paint<'_>, points: &[[f32; 2]], colour: Colour, thickness: f32) {
    let mut dash: Vec<[f32; 2]> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, DASH[0]);
    for pair in points.windows(2) {
        let [dx, dy] = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let length = dx.hypot(dy);
        // Nothing on a screen is longer; a broken coordinate must not keep the loop going.
        if !(length > 0.0 && length < 20_000.0) {
            continue;
        }
        let point = |t: f32| [pair[0][0] + dx * t / length, pair[0][1] + dy * t / length];
        let mut at = 0.0;
        while at + left < length {
            at += left;
            if drawing {
                dash.push(point(at));
                paint.polyline(dash.drain(..), colour, thickness);
            } else {
                dash = vec![point(at)];
            }
            drawing = !drawing;
            left = DASH[usize::from(!drawing)];
        }
        left -= length - at;
        if drawing {
            dash.push(pair[1]);
        }
    }
    if drawing {
        paint.polyline(dash.into_iter(), colour, thickness);
    }
}

/// Width and height of a tag.
pub fn tag_size(paint: &Paint<'_>) -> [f32; 2] {
    let height = paint.text_height(Style::TITLE);
    [2.0 * height, 1.45 * height]
}

/// A crop's name on its colour, `corner` being the upper left one.
pub fn tag(paint: &Paint<'_>, corner: [f32; 2], size: [f32; 2], index: usize, globals: usize) {
    let rect = Rect::new(corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]);
    paint.fill(rect, colour(index, globals).under_text(), 0.0);
    let kind = if size[1] < 1.3 * paint.text_height(Style::TITLE) { Type::Label } else { Type::Body };
    paint.text(rect.centre(), Align::Centre, Style::new(kind, true, theme::ON_FILL), &name(index, globals));
}

/// Two decimals with a true minus: "0.93", "−0.12".
pub fn cosine(value: f32) -> String {
    if !(value.abs() < 100.0) {
        return "–".to_owned();
    }
    // Not "−0.00".
    let rounded = (value * 100.0).round() / 100.0;
    if rounded < 0.0 { format!("−{:.2}", -rounded) } else { format!("{:.2}", rounded.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_are_named_as_they_come() {
        let names: Vec<String> = (0..4).map(|index| name(index, 2)).collect();
        assert_eq!(names, ["G1", "G2", "L1", "L2"]);
        assert_eq!(cosine(-0.123), "−0.12");
        assert_eq!(cosine(-0.001), "0.00");
        assert_eq!(cosine(f32::NAN), "–");
    }
}

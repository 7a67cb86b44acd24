//! The grid itself: where its cells are, their marks and numbers, the axes, the line between life and collapse, and the legend.

use crate::config::{MapAxes, MapAxis, RunConfig, Value};
use crate::snapshot::{Snapshot, VerdictKind};
use crate::view::charts::short;
use crate::view::layout::Rect;
use crate::view::minis::{Mini, Minis};
use crate::view::paint::{Align, Style};
use crate::view::theme::{self, Colour};

use super::super::top::verdict_title;
use super::super::{Frame, Touch};
use super::text;

/// Where everything is.
pub struct Grid<'a> {
    /// Upper left corner of the first cell.
    origin: [f32; 2],
    /// Side of a cell.
    side: f32,
    gap: f32,
    columns: usize,
    rows: usize,
    /// What the grid was laid into.
    area: Rect,
    /// Height of a line of labels.
    line: f32,
    /// Widest value of the rows.
    label: f32,
    /// The preset as it is by itself.
    own: Option<&'a RunConfig>,
}

/// Cells from this side on have their number.
const NUMBERED: f32 = 54.0;
/// Cells from this side on have a letter for their collapse; smaller ones a cross.
const LETTERED: f32 = 40.0;

impl<'a> Grid<'a> {
    /// Lays the cells of `axes` into `area`, with room for the axes around them.
    pub fn new(frame: &Frame<'_>, area: &Rect, axes: &MapAxes, own: Option<&'a RunConfig>) -> Self {
        let paint = &frame.paint;
        let [columns, rows] = axes.size();
        let line = paint.text_height(Style::LABEL) * 1.5;
        let label = axes.y.values.iter().map(|value| paint.text_width(Style::LABEL, value)).fold(24.0, f32::max);
        let left = 24.0 + label + 26.0;
        // The title of the rows above; values, the title of the columns and the legend below.
        let (above, below) = (line * 1.6 + 14.0, line * 4.4);
        let room = [area.width() - left - 24.0, area.height() - above - below];
        let pitch = (room[0] / columns as f32).min(room[1] / rows as f32).max(3.0);
        let gap = [(80.0, 8.0), (24.0, 4.0), (8.0, 2.0)].into_iter().find(|(from, _)| pitch >= *from).map_or(1.0, |found| found.1);
        let side = (pitch - gap).floor().max(2.0);
        let taken = columns as f32 * (side + gap) - gap;
        let spare = (room[0] - taken).max(0.0) * 0.5;
        Self { origin: [area.min[0] + left + spare.floor(), area.min[1] + above], side, gap, columns, rows, area: *area, line, label, own }
    }

    fn cell(&self, column: usize, row: usize) -> Rect {
        let [left, top] =
            [(self.origin[0], column), (self.origin[1], row)].map(|(from, place)| from + place as f32 * (self.side + self.gap));
        Rect::new(left, top, left + self.side, top + self.side)
    }

    fn bounds(&self) -> Rect {
        Rect { min: self.origin, max: self.cell(self.columns - 1, self.rows - 1).max }
    }

    /// Height of the number below a sphere; 0 where it has no room.
    fn number(&self) -> f32 {
        if self.side >= NUMBERED.max(3.0 * self.line) { self.line } else { 0.0 }
    }
}

/// The colour of a verdict.
const fn colour(kind: VerdictKind) -> Colour {
    match kind {
        VerdictKind::Unknown => theme::AXIS,
        VerdictKind::Healthy => theme::TEXT,
        _ => theme::ALARM,
    }
}

/// Paints the grid; gives the cell under the pointer, and how it is touched.
pub fn ui(grid: &Grid<'_>, frame: &Frame<'_>, axes: &MapAxes, snapshot: &Snapshot, hovered: Option<usize>) -> Option<(usize, Touch)> {
    let paint = &frame.paint;
    let mut touched = None;
    let mut cells = Vec::with_capacity(snapshot.learners.len());
    for (index, learner) in snapshot.learners.iter().enumerate() {
        let [column, row] = axes.cell(index);
        let rect = grid.cell(column, row);
        let kind = learner.verdict.kind;
        let number = grid.number();
        let sphere = Rect { max: [rect.max[0], rect.max[1] - number], ..rect };
        let radius = (0.5 * sphere.width().min(sphere.height()) - 3.0).max(2.0);
        cells.push(Mini { learner: index as u32, centre: sphere.centre(), radius, colour: colour(kind) });
        let is_front = index == snapshot.front;
        if kind.is_collapse() {
            paint.fill(rect, theme::with_alpha(theme::ALARM, 0.13), 4.0);
            paint.outline(rect, theme::ALARM, 4.0, 1.5);
        } else {
            paint.outline(rect, theme::SEPARATOR, 4.0, 1.0);
        }
        if is_front || hovered == Some(index) {
            let (air, thick) = (grid.gap.min(4.0) * 0.5, if is_front { 2.5 } else { 1.5 });
            paint.outline(rect.inset(-air), if is_front { theme::TEXT } else { theme::TEXT_2 }, 5.0, thick);
        }
        mark(grid, frame, &rect, kind);
        if number > 0.0 {
            let value = text::number(learner, snapshot).map_or_else(|| "–".to_owned(), short);
            let long = format!("{} {value}", text::number_name(snapshot.method));
            let style = Style::LABEL.coloured(theme::TEXT);
            if let Some(said) = paint.fitting(style, &[&long, &value], rect.width() - 6.0) {
                paint.text([rect.centre()[0], rect.max[1] - 0.55 * number], Align::Centre, style, said);
            }
        }
        let touch = frame.touch(&format!("cell {index}"), rect);
        if touch.hovered || touch.held {
            touched = Some((index, touch));
        }
    }
    let dot = (grid.side / 55.0).clamp(1.2, 3.2) * if frame.presenting { 1.3 } else { 1.0 };
    frame.minis.replace(Some(Minis { cells, dot }));
    boundary(grid, frame, axes, snapshot);
    across(grid, frame, &axes.x);
    down(grid, frame, &axes.y);
    legend(grid, frame, snapshot);
    touched
}

/// The mark of a collapse in a cell's corner.
fn mark(grid: &Grid<'_>, frame: &Frame<'_>, rect: &Rect, kind: VerdictKind) {
    let Some(letter) = text::letter(kind) else { return };
    let paint = &frame.paint;
    if grid.side >= LETTERED.max(2.5 * grid.line) {
        let size = grid.line - 2.0;
        tag(frame, [rect.min[0] + 3.0, rect.min[1] + 3.0], size, letter);
    } else {
        let arm = (grid.side * 0.12).max(2.0);
        let [x, y] = [rect.min[0] + arm + 3.0, rect.min[1] + arm + 3.0];
        for turn in [1.0, -1.0] {
            paint.line([x - arm, y - turn * arm], [x + arm, y + turn * arm], theme::ALARM, 2.0);
        }
    }
}

fn tag(frame: &Frame<'_>, [x, y]: [f32; 2], size: f32, letter: &str) {
    let rect = Rect::new(x, y, x + size, y + size);
    frame.paint.fill(rect, theme::GROUND, 3.0);
    frame.paint.outline(rect, theme::ALARM, 3.0, 2.0);
    frame.paint.text(rect.centre(), Align::Centre, Style::LABEL.strong().coloured(theme::TEXT), letter);
}

/// The line between life and collapse.
fn boundary(grid: &Grid<'_>, frame: &Frame<'_>, axes: &MapAxes, snapshot: &Snapshot) {
    let [columns, rows] = axes.size();
    let kind = |column: usize, row: usize| snapshot.learners.get(row * columns + column).map(|learner| learner.verdict.kind);
    let parts = |a: Option<VerdictKind>, b: Option<VerdictKind>| match (a, b) {
        (Some(a), Some(b)) => a != VerdictKind::Unknown && b != VerdictKind::Unknown && a.is_collapse() != b.is_collapse(),
        _ => false,
    };
    let half = 0.5 * grid.gap;
    for row in 0..rows {
        for column in 0..columns {
            let rect = grid.cell(column, row);
            if column + 1 < columns && parts(kind(column, row), kind(column + 1, row)) {
                let x = rect.max[0] + half;
                frame.paint.rule([x, rect.min[1] - half], [x, rect.max[1] + half], theme::TEXT, 3.0);
            }
            if row + 1 < rows && parts(kind(column, row), kind(column, row + 1)) {
                let y = rect.max[1] + half;
                frame.paint.rule([rect.min[0] - half, y], [rect.max[0] + half, y], theme::TEXT, 3.0);
            }
        }
    }
}

/// Where a number lies on an axis whose values have these centres: on one of them, or between two.
fn between(axis: &MapAxis, own: f32, centre: impl Fn(usize) -> f32) -> Option<f32> {
    let values: Vec<f32> = axis.values.iter().map(|value| value.parse().ok()).collect::<Option<_>>()?;
    if let Some(place) = values.iter().position(|&value| value == own) {
        return Some(centre(place));
    }
    let place = values.windows(2).position(|pair| pair[0] < own && own < pair[1])?;
    let share = (own - values[place]) / (values[place + 1] - values[place]);
    Some(centre(place) + share * (centre(place + 1) - centre(place)))
}

/// The run's own value of a key, as a number.
fn own(grid: &Grid<'_>, key: &str) -> Option<f32> {
    match grid.own?.get(key)? {
        Value::Number(number) => Some(number),
        Value::Integer(number) => Some(number as f32),
        _ => None,
    }
}

/// What a value's label says under the pointer.
fn explain(frame: &Frame<'_>, id: &str, area: Rect, axis: &MapAxis, value: &str) {
    let said = format!("{} = {value}: {}", axis.key, text::about(&axis.key));
    let found = text::published(&axis.key, value);
    let found = found.map(|(figure, source)| format!("Published for {value}: {figure} ({source}); not to be compared with numbers here."));
    let lines: Vec<&str> = std::iter::once(said.as_str()).chain(found.as_deref()).collect();
    frame.about(id, area, &lines);
}

/// A triangle that points at the value: filled for a published one, an outline for the preset's own.
fn pointer(frame: &Frame<'_>, [x, y]: [f32; 2], [dx, dy]: [f32; 2], published: bool) {
    let size = 5.0;
    let tip = [x + dx * size, y + dy * size];
    let (a, b) = ([x - dx * size - dy * size, y - dy * size - dx * size], [x - dx * size + dy * size, y - dy * size + dx * size]);
    if published {
        frame.paint.triangle(a, b, tip, theme::TEXT_2);
    } else {
        frame.paint.polyline([a, b, tip, a].into_iter(), theme::TEXT, 1.5);
    }
}

fn across(grid: &Grid<'_>, frame: &Frame<'_>, axis: &MapAxis) {
    let paint = &frame.paint;
    let bounds = grid.bounds();
    let centre = |place: usize| grid.cell(place, 0).centre()[0];
    let y = bounds.max[1] + 6.0;
    let style = Style::LABEL.coloured(theme::TEXT);
    let mut free = f32::NEG_INFINITY;
    for (place, value) in axis.values.iter().enumerate() {
        let x = centre(place);
        if text::published(&axis.key, value).is_some() {
            pointer(frame, [x, y], [0.0, -1.0], true);
        }
        // Where cells are narrow, some values are left to the pointer.
        let half = 0.5 * paint.text_width(style, value);
        if x - half > free {
            paint.text([x, y + grid.line * 0.85], Align::Centre, style, value);
            free = x + half + 6.0;
        }
        let area = Rect::new(x - grid.side * 0.5, y - 4.0, x + grid.side * 0.5, y + grid.line * 1.4);
        explain(frame, &format!("column {place}"), area, axis, value);
    }
    if let Some(x) = own(grid, &axis.key).and_then(|own| between(axis, own, centre)) {
        pointer(frame, [x, bounds.min[1] - 10.0], [0.0, 1.0], false);
    }
    let title = format!("{} →", text::title(&axis.key));
    let width = paint.text([bounds.centre()[0], y + grid.line * 1.95], Align::Centre, Style::TITLE, &title);
    let x = bounds.centre()[0];
    let area = Rect::new(x - width * 0.5, y + grid.line * 1.45, x + width * 0.5, y + grid.line * 2.5);
    frame.about("across", area, &[text::about(&axis.key), "Along a row."]);
}

fn down(grid: &Grid<'_>, frame: &Frame<'_>, axis: &MapAxis) {
    let paint = &frame.paint;
    let bounds = grid.bounds();
    let centre = |place: usize| grid.cell(0, place).centre()[1];
    let x = bounds.min[0] - 8.0;
    let style = Style::LABEL.coloured(theme::TEXT);
    let mut free = f32::NEG_INFINITY;
    for (place, value) in axis.values.iter().enumerate() {
        let y = centre(place);
        if text::published(&axis.key, value).is_some() {
            pointer(frame, [x - 3.0, y], [1.0, 0.0], true);
        }
        if y >= free {
            paint.text([x - 14.0, y], Align::Right, style, value);
            free = y + paint.text_height(style);
        }
        let half = 0.5 * (grid.side + grid.gap).min(2.0 * grid.line);
        explain(frame, &format!("row {place}"), Rect::new(x - 16.0 - grid.label, y - half, x + 4.0, y + half), axis, value);
    }
    if let Some(y) = own(grid, &axis.key).and_then(|own| between(axis, own, centre)) {
        pointer(frame, [bounds.max[0] + 10.0, y], [-1.0, 0.0], false);
    }
    let title = format!("↓ {}", text::title(&axis.key));
    let left = (x - 14.0 - grid.label).max(grid.area.min[0] + 16.0);
    let y = bounds.min[1] - grid.line * 0.55 - 14.0;
    let width = paint.text([left, y], Align::Left, Style::TITLE, &title);
    frame.about("down", Rect::new(left, y - 10.0, left + width, y + 10.0), &[text::about(&axis.key), "From the top down."]);
}

/// What marks mean; what has no room is left out from the end.
fn legend(grid: &Grid<'_>, frame: &Frame<'_>, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let y = grid.area.max[1] - grid.line * 0.9;
    if y - 0.5 * grid.line < grid.bounds().max[1] + 6.0 + grid.line * 2.5 {
        return;
    }
    let [left, right] = [grid.area.min[0] + 24.0, grid.area.max[0] - 16.0];
    let style = Style::LABEL;
    let mut kinds: Vec<VerdictKind> = vec![VerdictKind::Healthy];
    for learner in &snapshot.learners {
        if !kinds.contains(&learner.verdict.kind) {
            kinds.push(learner.verdict.kind);
        }
    }
    let mut x = left;
    for kind in kinds {
        let width = paint.text_width(style, verdict_title(kind));
        if x + 22.0 + width > right {
            return;
        }
        match text::letter(kind) {
            Some(letter) => tag(frame, [x, y - 0.5 * grid.line + 1.0], grid.line - 2.0, letter),
            None => paint.dot([x + 8.0, y], 4.5, colour(kind)),
        }
        paint.text([x + grid.line + 4.0, y], Align::Left, style, verdict_title(kind));
        x += grid.line + 4.0 + width + 18.0;
    }
    for (published, words) in [(true, "published figure"), (false, "the preset's own")] {
        let width = paint.text_width(style, words);
        if x + 18.0 + width > right {
            break;
        }
        pointer(frame, [x + 5.0, y], [0.0, -1.0], published);
        paint.text([x + 16.0, y], Align::Left, style, words);
        x += 16.0 + width + 18.0;
    }
    let number = text::number_sentence(snapshot.method);
    let lines = [
        "Each cell is a learner with its cloud: the student's dots of the same 64 held-out images in a sphere of radius 1, never rescaled. \
         A drag turns all of them.",
        number.as_str(),
        "The white line runs between learners that are healthy and learners that have collapsed.",
        "Filled triangles: values with a published figure. Open triangles: where the preset itself stands.",
    ];
    frame.about("legend", Rect::new(left, y - 0.6 * grid.line, x, y + 0.6 * grid.line), &lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_on_its_cell_or_between_two() {
        let axis = MapAxis { key: "tau".to_owned(), values: ["0", "0.9", "0.99"].map(str::to_owned).to_vec() };
        let centre = |place: usize| 100.0 * place as f32;
        assert_eq!(between(&axis, 0.9, centre), Some(100.0));
        let inside = between(&axis, 0.945, centre).expect("between two");
        assert!((inside - 150.0).abs() < 0.5, "{inside}");
        assert_eq!(between(&axis, 1.0, centre), None, "beyond the last");
        let words = MapAxis { key: "ema".to_owned(), values: ["on", "off"].map(str::to_owned).to_vec() };
        assert_eq!(between(&words, 1.0, centre), None);
    }
}

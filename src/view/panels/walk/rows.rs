//! Matrices whose rows are images (or the crops of one image), as bands of cells, with what they are of at the left. Below zero blue, above it yellow.

use std::sync::Arc;

use crate::snapshot::Excerpt;
use crate::view::charts::short;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::pictures::{Picture, packed};
use crate::view::theme::{self, Colour};
use crate::view::walk::{alikeness, nice, precise};

use super::pictures::Subject;
use super::{Looking, pictures};

/// Between two matrices.
const GAP: f32 = 14.0;

/// The colour of a value on a scale from -1 to 1.
fn signed(value: f32) -> Colour {
    let (end, share) = if value < 0.0 { (theme::NEGATIVE, -value) } else { (theme::POSITIVE, value) };
    if value.is_finite() { theme::CELL_ZERO.mixed(end, share.clamp(0.0, 1.0).powf(0.8)) } else { theme::ALARM }
}

/// A matrix to draw: its excerpt, how it is headed, and what each row is divided by.
pub(super) struct Band<'a> {
    pub(super) excerpt: &'a Excerpt,
    pub(super) title: &'a str,
    pub(super) colour: Colour,
    /// Each row over its length.
    pub(super) unit: bool,
    /// The end of its scale.
    pub(super) most: f32,
}

impl<'a> Band<'a> {
    pub(super) fn new(excerpt: &'a Excerpt, colour: Colour) -> Self {
        Self { excerpt, title: excerpt.name, colour, unit: false, most: nice(excerpt.largest()) }
    }

    fn value(&self, row: usize, column: usize) -> f32 {
        let values = self.excerpt.row(row);
        let value = values.get(column).copied().unwrap_or(f32::NAN);
        if self.unit { value / values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE) } else { value }
    }

    /// The first rows and columns as pixels.
    fn pixels(&self, paint: &Paint<'_>, rows: usize, columns: usize) -> Arc<[u32]> {
        let cell = |index: usize| packed(paint.rgba(signed(self.value(index / columns, index % columns) / self.most)));
        (0..rows * columns).map(cell).collect()
    }
}

/// Where rows are.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    pub(super) top: f32,
    pub(super) pitch: f32,
    pub(super) count: usize,
}

impl Lines {
    /// As many of `most` rows as are at least `least` high.
    pub(super) fn new(top: f32, bottom: f32, most: usize, least: f32, highest: f32, scale: f32) -> Self {
        let count = (((bottom - top) / least).floor() as usize).clamp(1, most.max(1));
        let pitch = ((bottom - top) / count as f32).min(highest);
        Self { top: (top * scale).round() / scale, pitch: ((pitch * scale).floor() / scale).max(1.0), count }
    }

    pub(super) fn rect(&self, row: usize, left: f32, right: f32) -> Rect {
        let y = self.top + row as f32 * self.pitch;
        Rect::new(left, y, right, y + self.pitch - 2.0)
    }

    pub(super) fn bottom(&self) -> f32 {
        self.top + self.count as f32 * self.pitch - 2.0
    }
}

/// Draws bands side by side between `left` and `right`, with head and scale; gives nothing.
fn bands(looking: &Looking<'_, '_>, bands: &[Band<'_>], lines: &Lines, left: f32, right: f32, head: f32) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let room = right - left - GAP * bands.len().saturating_sub(1) as f32;
    // Cells of equal width, at least two physical pixels wide.
    let fits = |cap: usize| room / bands.iter().map(|band| band.excerpt.columns.min(cap)).sum::<usize>().max(1) as f32;
    let cap = [128, 96, 64, 48, 32, 24, 16, 8].into_iter().find(|&cap| fits(cap) * frame.scale >= 2.5).unwrap_or(8);
    let mut x = left;
    for band in bands {
        let excerpt = band.excerpt;
        let columns = excerpt.columns.min(cap).max(1);
        let width = columns as f32 * fits(cap);
        let rows = lines.count.min(excerpt.rows);
        let rect = Rect::new(x, lines.top, x + width, lines.top + rows as f32 * lines.pitch - 2.0);
        if rows > 0 && excerpt.columns > 0 {
            let whole = Rect::new(x, lines.top, x + width, lines.top + rows as f32 * lines.pitch);
            frame.picture(Picture::of_cells(band.pixels(paint, rows, columns), [columns as u32, rows as u32], whole));
            for row in 1..=rows {
                let y = lines.top + row as f32 * lines.pitch;
                paint.fill(Rect::new(x, y - 2.0, x + width, y), theme::GROUND, 0.0);
            }
        }
        let pitch = paint.text_height(Style::LABEL) * 1.3;
        let name = paint.fitting(Style::TITLE, &[band.title, band.title.rsplit(' ').next().unwrap_or("")], width + GAP * 0.5);
        paint.text([x, head], Align::Left, Style::TITLE.coloured(band.colour), name.unwrap_or(""));
        let [all_rows, all_columns] = excerpt.shape;
        let shape = format!("({all_rows}, {all_columns})");
        let shown = if columns < all_columns as usize { format!("{columns} of {shape}") } else { shape.clone() };
        if let Some(text) = paint.fitting(Style::LABEL, &[&shown, &shape], width + GAP * 0.5) {
            paint.text([x, head + pitch], Align::Left, Style::LABEL, text);
        }
        scale(paint, x, rect.max[1] + 8.0, width, band.most);
        hover(looking, band, lines, rect, columns);
        x += width + GAP;
    }
}

/// The scale below a matrix.
fn scale(paint: &Paint<'_>, x: f32, y: f32, width: f32, most: f32) {
    let steps = 32;
    let wide = width.min(180.0);
    for step in 0..steps {
        let at = |step: usize| x + wide * step as f32 / steps as f32;
        let value = (step as f32 + 0.5) / steps as f32 * 2.0 - 1.0;
        paint.fill(Rect::new(at(step), y, at(step + 1), y + 4.0), signed(value), 0.0);
    }
    let end = precise(most);
    let end = end.trim_end_matches('0').trim_end_matches('.');
    let end = if end.is_empty() { "0" } else { end };
    let y = y + 8.0 + paint.text_height(Style::LABEL) * 0.5;
    let low = format!("−{end}");
    let [low_width, end_width] = [&low, end].map(|text| paint.text_width(Style::LABEL, text));
    if low_width + end_width + 24.0 <= wide {
        paint.text([x, y], Align::Left, Style::LABEL, &low);
        paint.text([x + wide * 0.5, y], Align::Centre, Style::LABEL, "0");
        paint.text([x + wide, y], Align::Right, Style::LABEL, end);
    } else {
        paint.text([x, y], Align::Left, Style::LABEL, &format!("±{end}"));
    }
}

/// Reads a cell out.
fn hover(looking: &Looking<'_, '_>, band: &Band<'_>, lines: &Lines, rect: Rect, columns: usize) {
    let frame = looking.frame;
    if !frame.touch(band.title, rect).hovered {
        return;
    }
    let [x, y] = frame.pointer();
    let column = (((x - rect.min[0]) / rect.width().max(1.0) * columns as f32).max(0.0) as usize).min(columns.saturating_sub(1));
    let row = (((y - lines.top) / lines.pitch).max(0.0) as usize).min(lines.count.saturating_sub(1));
    let name = if looking.of_one { pictures::name(row) } else { format!("image {}", row + 1) };
    let text = format!("{name}, feature {} of {}: {}", column + 1, band.excerpt.shape[1], precise(band.value(row, column)));
    frame.tooltip(&[&text]);
}

/// What the rows are of, at the left (or right) of them.
fn thumbnails(looking: &Looking<'_, '_>, lines: &Lines, subject: Subject, left: f32, side: f32) {
    for row in 0..lines.count {
        let rect = lines.rect(row, left, left + side);
        let rect = Rect::new(left, rect.min[1], left + side, rect.min[1] + side.min(rect.height()));
        pictures::subject(looking, subject, row, rect);
    }
}

/// What stands over such pictures.
fn heading(looking: &Looking<'_, '_>, subject: Subject) -> &'static str {
    match (looking.of_one, subject) {
        (true, Subject::Target) => "to",
        (true, _) => "crop",
        (false, Subject::View(1) | Subject::Target) => "v2",
        (false, Subject::View(_)) => "v1",
    }
}

/// Heights of what stands above and below the bands.
fn margins(paint: &Paint<'_>) -> [f32; 2] {
    let label = paint.text_height(Style::LABEL);
    [paint.text_height(Style::TITLE) + label * 1.3 + 8.0, 16.0 + label]
}

/// A forward pass, from the view to the output.
pub(super) fn forward(looking: &Looking<'_, '_>, body: &Rect, view: u32, matrices: &[Excerpt], is_student: bool) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let [above, below] = margins(paint);
    let line = paint.text_height(Style::LABEL) * 1.5;
    let rows = matrices.first().map_or(1, |excerpt| excerpt.rows);
    let highest = if looking.of_one { 64.0 } else { 44.0 };
    let lines = Lines::new(body.min[1] + above, body.max[1] - below - line, rows, 22.0, highest, frame.scale);
    let side = lines.pitch - 2.0;
    let subject = Subject::View(view - 1);
    thumbnails(looking, &lines, subject, body.min[0], side);
    let head = body.min[1] + paint.text_height(Style::TITLE) * 0.5;
    let subject = heading(looking, subject);
    paint.text([body.min[0], head], Align::Left, Style::TITLE.coloured(theme::GLOBAL), subject);
    let colour = if is_student { theme::STUDENT } else { theme::TEACHER };
    let all: Vec<Band<'_>> = matrices.iter().map(|excerpt| Band::new(excerpt, colour)).collect();
    bands(looking, &all, &lines, body.min[0] + side.max(paint.text_width(Style::TITLE, subject)) + GAP, body.max[0], head);
    if let Some(cosine) = matrices.last().and_then(alikeness) {
        let y = lines.bottom() + below + line * 0.5;
        let cosine = short(cosine);
        let [long, middle] = match looking.of_one {
            false => [
                format!("a row an image: where all rows are the same, all images are. Mean cosine of two rows at the right: {cosine}"),
                format!("mean cosine of two images at the right: {cosine} (1: all alike)"),
            ],
            true => [
                format!("a row a crop, all of one image: they are to agree. Mean cosine of two rows at the right: {cosine}"),
                format!("mean cosine of two crops at the right: {cosine} (1: all alike)"),
            ],
        };
        let brief = format!("mean cosine of two rows: {cosine}");
        if let Some(text) = paint.fitting(Style::LABEL, &[&long, &middle, &brief], body.width()) {
            paint.text([body.min[0], y], Align::Left, Style::LABEL, text);
        }
    }
}

/// BYOL's comparison: prediction of view 1, projection of view 2, and the cosine of the two.
pub(super) fn cosines(looking: &Looking<'_, '_>, body: &Rect, mean: f32, [student, teacher]: [&Excerpt; 2], cosines: &[f32]) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let [above, below] = margins(paint);
    let value_height = paint.text_height(Style::VALUE) + 12.0;
    let y = body.min[1] + paint.text_height(Style::VALUE) * 0.5;
    let width = paint.text([body.min[0], y], Align::Left, Style::VALUE, &short(mean));
    let long = match looking.of_one {
        true => "mean loss of this image's pairs, 2 − 2 cos: 0 where they agree, 2 at right angles",
        false => "mean loss, 2 − 2 cos: 0 where all pairs agree, 2 where they are at right angles",
    };
    let x = body.min[0] + width + 10.0;
    if let Some(text) = paint.fitting(Style::LABEL, &[long, "mean loss, 2 − 2 cos, 0 to 4", "mean loss"], body.max[0] - x) {
        paint.text([x, y], Align::Left, Style::LABEL, text);
    }
    let top = body.min[1] + value_height;
    let highest = if looking.of_one { 64.0 } else { 44.0 };
    let lines = Lines::new(top + above, body.max[1] - below, cosines.len(), 22.0, highest, frame.scale);
    let side = lines.pitch - 2.0;
    let scale_width = (body.width() * 0.3).max(120.0);
    let head = top + paint.text_height(Style::TITLE) * 0.5;
    let [first, target] = [Subject::View(0), Subject::Target].map(|subject| (subject, heading(looking, subject)));
    thumbnails(looking, &lines, first.0, body.min[0], side);
    paint.text([body.min[0], head], Align::Left, Style::TITLE.coloured(theme::GLOBAL), first.1);
    let plot = Rect::new(body.max[0] - scale_width, lines.top, body.max[0], lines.bottom());
    let second = plot.min[0] - GAP - side;
    thumbnails(looking, &lines, target.0, second, side);
    paint.text([second, head], Align::Left, Style::TITLE.coloured(theme::GLOBAL), target.1);
    let unit = |excerpt, title, colour| Band { unit: true, title, most: 0.5, ..Band::new(excerpt, colour) };
    let pair = [unit(student, "student q/|q|", theme::STUDENT), unit(teacher, "teacher z/|z|", theme::TEACHER)];
    bands(looking, &pair, &lines, body.min[0] + side.max(paint.text_width(Style::TITLE, first.1)) + GAP, second - GAP, head);
    // Cosines on a fixed scale from -1 to 1.
    let values = paint.text_width(Style::LABEL, "−0.000") + 8.0;
    let bars = Rect::new(plot.min[0], plot.min[1], plot.max[0] - values, plot.max[1]);
    let x_of = |cosine: f32| bars.min[0] + bars.width() * (cosine.clamp(-1.0, 1.0) + 1.0) * 0.5;
    paint.text([bars.min[0], head], Align::Left, Style::TITLE, "cos(q, z)");
    for (row, &cosine) in cosines.iter().take(lines.count).enumerate() {
        let rect = lines.rect(row, bars.min[0], bars.max[0]);
        let middle = rect.centre()[1];
        if cosine.is_finite() {
            let (x0, x1) = (x_of(0.0).min(x_of(cosine)), x_of(0.0).max(x_of(cosine)).max(x_of(0.0) + 1.0));
            let half = (rect.height() * 0.3).min(8.0);
            paint.fill(Rect::new(x0, middle - half, x1, middle + half), theme::TEXT_2, 0.0);
        }
        paint.text([plot.max[0], middle], Align::Right, Style::LABEL.coloured(theme::TEXT), &short(cosine));
    }
    for (cosine, name) in [(-1.0, "−1"), (0.0, "0"), (1.0, "1")] {
        let x = x_of(cosine);
        paint.dashes([x, bars.min[1]], [x, bars.max[1]], theme::AXIS, 1.0, 4.0);
        paint.text([x, bars.max[1] + 8.0 + paint.text_height(Style::LABEL) * 0.5], Align::Centre, Style::LABEL, name);
    }
}

/// A small matrix with its head, for a corner of another picture.
pub(super) fn strip(looking: &Looking<'_, '_>, rect: &Rect, excerpt: &Excerpt, title: &str, colour: Colour, view: u32) {
    let subject = Subject::View(view);
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let [above, below] = margins(paint);
    let lines = Lines::new(rect.min[1] + above, rect.max[1] - below, excerpt.rows, 7.0, 16.0, frame.scale);
    let side = lines.pitch - 2.0;
    let thumbs = side >= 12.0;
    if thumbs {
        thumbnails(looking, &lines, subject, rect.min[0], side);
    }
    let left = rect.min[0] + if thumbs { side + 8.0 } else { 0.0 };
    let band = Band { title, ..Band::new(excerpt, colour) };
    bands(looking, &[band], &lines, left, rect.max[0], rect.min[1] + paint.text_height(Style::TITLE) * 0.5);
}

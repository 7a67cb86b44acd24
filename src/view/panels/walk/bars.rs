//! One column a prototype: the two distributions that DINO's loss compares, and the centre before and after.

use crate::snapshot::Excerpt;
use crate::view::charts::short;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;
use crate::view::walk::{nice, precise};

use super::pictures::Subject;
use super::rows::Lines;
use super::{Looking, pictures};

/// Prototypes that get a column at most.
const COLUMNS: usize = 64;

/// The columns that are shown: all, or those with the largest weight, in their order.
fn chosen(count: usize, weight: impl Fn(usize) -> f32) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    if count > COLUMNS {
        all.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)));
        all.truncate(COLUMNS);
        all.sort_unstable();
    }
    all
}

/// Whole physical pixels a column: left edge and pitch.
fn columns(left: f32, right: f32, count: usize, scale: f32) -> [f32; 2] {
    let pixels = ((right - left) * scale / count.max(1) as f32).floor().max(1.0);
    [(left * scale).round() / scale, pixels / scale]
}

/// The teacher's distributions upwards, the student's hanging below, an image a row.
pub(super) fn distributions(looking: &Looking<'_, '_>, body: &Rect, mean: f32, [student, teacher]: [&Excerpt; 2], losses: &[Option<f32>]) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let label = paint.text_height(Style::LABEL);
    let y = body.min[1] + paint.text_height(Style::VALUE) * 0.5;
    let mut x = body.min[0] + paint.text([body.min[0], y], Align::Left, Style::VALUE, &short(mean)) + 10.0;
    let uniform = (teacher.shape[1].max(1) as f32).ln();
    let words = [
        match looking.of_one {
            true => format!("mean cross-entropy of this image's pairs; ln K = {uniform:.2} where both are uniform"),
            false => format!("mean cross-entropy of all pairs; ln K = {uniform:.2} where both are uniform"),
        },
        format!("mean cross-entropy; ln K = {uniform:.2}"),
        "mean cross-entropy".to_owned(),
    ];
    if let Some(text) = paint.fitting(Style::LABEL, &words.each_ref().map(String::as_str), body.max[0] - x) {
        paint.text([x, y], Align::Left, Style::LABEL, text);
    }
    // Who is who.
    let y = body.min[1] + paint.text_height(Style::VALUE) + 8.0 + label * 0.5;
    x = body.min[0];
    let [teacher_is, student_is] = match looking.of_one {
        true => ["teacher, another global, upwards", "student, each crop, downwards"],
        false => ["teacher, view 2, upwards", "student, view 1, downwards"],
    };
    for (name, colour, outlined) in [(teacher_is, theme::TEACHER, true), (student_is, theme::STUDENT, false)] {
        let swatch = Rect::new(x, y - 5.0, x + 10.0, y + 5.0);
        if x + 16.0 + paint.text_width(Style::LABEL, name) > body.max[0] {
            break;
        }
        if outlined {
            paint.fill(swatch, theme::GROUND.mixed(colour, 0.3), 0.0);
            paint.outline(swatch, colour, 0.0, 1.5);
        } else {
            paint.fill(swatch, colour, 0.0);
        }
        x += 16.0 + paint.text([x + 16.0, y], Align::Left, Style::LABEL, name) + 20.0;
    }
    let shown = chosen(teacher.columns.min(student.columns), |column| {
        (0..teacher.rows).map(|row| teacher.row(row)[column] + student.row(row)[column]).filter(|p| p.is_finite()).sum()
    });
    let largest = teacher.largest().max(student.largest());
    let most = nice(largest).min(1.0);
    let top = y + label * 0.5 + 10.0;
    let below = label * 1.5 + 4.0;
    let least = if frame.presenting { 84.0 } else { 58.0 };
    let lines = Lines::new(top, body.max[1] - below, teacher.rows.min(student.rows), least, 96.0, frame.scale);
    let side = (lines.pitch - 8.0).min(56.0);
    let values = paint.text_width(Style::LABEL, "00.00") + 10.0;
    let left = body.min[0] + 2.0 * side + 6.0 + 12.0;
    let [start, pitch] = columns(left, body.max[0] - values, shown.len(), frame.scale);
    let gap = if pitch * frame.scale >= 4.0 { 1.0 / frame.scale } else { 0.0 };
    for row in 0..lines.count {
        let rect = lines.rect(row, left, start + pitch * shown.len() as f32);
        let middle = (rect.centre()[1] * frame.scale).round() / frame.scale;
        let half = (rect.height() * 0.5 - 2.0).max(2.0);
        let thumb = |x: f32| Rect::new(x, middle - side * 0.5, x + side, middle + side * 0.5);
        pictures::subject(looking, Subject::View(0), row, thumb(body.min[0]));
        pictures::subject(looking, Subject::Target, row, thumb(body.min[0] + side + 6.0));
        if !looking.of_one {
            paint.outline(thumb(body.min[0]).inset(-1.0), theme::STUDENT, 0.0, 1.5);
            paint.outline(thumb(body.min[0] + side + 6.0).inset(-1.0), theme::TEACHER, 0.0, 1.5);
        }
        for (index, &column) in shown.iter().enumerate() {
            let x = start + pitch * index as f32;
            let share = |excerpt: &Excerpt| {
                let p = excerpt.row(row).get(column).copied().unwrap_or(0.0);
                // Square roots, so that 1/K is seen beside a peak.
                if p.is_finite() { (p / most).clamp(0.0, 1.0).sqrt() * half } else { 0.0 }
            };
            let [up, down] = [share(teacher), share(student)];
            if up > 0.4 {
                let bar = Rect::new(x + gap, middle - up, x + pitch - gap, middle);
                paint.fill(bar, theme::TEACHER, 0.0);
                let hollow = Rect::new(bar.min[0] + 1.0, bar.min[1] + 1.0, bar.max[0] - 1.0, bar.max[1]);
                if hollow.width() * frame.scale >= 2.0 && up > 3.0 {
                    paint.fill(hollow, theme::GROUND.mixed(theme::TEACHER, 0.3), 0.0);
                }
            }
            if down > 0.4 {
                paint.fill(Rect::new(x + gap, middle, x + pitch - gap, middle + down), theme::STUDENT, 0.0);
            }
        }
        paint.rule([rect.min[0], middle], [rect.max[0], middle], theme::AXIS, 1.0);
        if let Some(Some(loss)) = losses.get(row) {
            paint.text([body.max[0], middle], Align::Right, Style::LABEL.coloured(theme::TEXT), &short(*loss));
        }
    }
    let y = lines.bottom() + 6.0 + label * 0.5;
    let of = if shown.len() < teacher.shape[1] as usize { format!("the {} largest of ", shown.len()) } else { String::new() };
    let most = precise(most);
    let words = [
        format!("{of}{} prototypes; heights are square roots up to {most}; at the right the cross-entropy", teacher.shape[1]),
        format!("{of}{} prototypes; heights: square roots up to {most}", teacher.shape[1]),
        format!("square roots up to {most}"),
    ];
    if let Some(text) = paint.fitting(Style::LABEL, &words.each_ref().map(String::as_str), body.width()) {
        paint.text([body.min[0], y], Align::Left, Style::LABEL, text);
    }
}

/// The centre before (line) and after (bar).
pub(super) fn center(looking: &Looking<'_, '_>, body: &Rect, before: &[f32], after: &[f32]) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let label = paint.text_height(Style::LABEL);
    let length = |values: &mut dyn Iterator<Item = f32>| values.map(|value| value * value).sum::<f32>().sqrt();
    let moved = length(&mut before.iter().zip(after).map(|(a, b)| a - b));
    let y = body.min[1] + paint.text_height(Style::VALUE) * 0.5;
    let x = body.min[0] + paint.text([body.min[0], y], Align::Left, Style::VALUE, &precise(moved)) + 10.0;
    let momentum = precise(looking.snapshot.dials.center_momentum);
    let words = [
        format!("how far the centre moved; momentum {momentum}: centre ← m·centre + (1−m)·mean of the logits"),
        format!("how far the centre moved; momentum {momentum}"),
        "how far the centre moved".to_owned(),
    ];
    if let Some(text) = paint.fitting(Style::LABEL, &words.each_ref().map(String::as_str), body.max[0] - x) {
        paint.text([x, y], Align::Left, Style::LABEL, text);
    }
    let shown = chosen(before.len().min(after.len()), |column| after[column].abs());
    let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
    let most = nice(before.iter().chain(after).map(|value| value.abs()).filter(|value| value.is_finite()).fold(0.0, f32::max));
    let names = paint.text_width(Style::LABEL, "−0.000") + 8.0;
    let bottom = body.max[1] - label * 2.0 - 8.0;
    let plot = Rect::new(body.min[0] + names, body.min[1] + paint.text_height(Style::VALUE) + 18.0, body.max[0], bottom);
    let y_of = |value: f32| plot.centre()[1] - plot.height() * 0.5 * (value / most).clamp(-1.0, 1.0);
    paint.fill(plot, theme::PANEL, 0.0);
    for (value, name) in [(most, precise(most)), (0.0, "0".to_owned()), (-most, format!("−{}", precise(most)))] {
        let y = y_of(value);
        paint.rule([plot.min[0], y], [plot.max[0], y], if value == 0.0 { theme::AXIS } else { theme::SEPARATOR }, 1.0);
        paint.text([plot.min[0] - 8.0, y], Align::Right, Style::LABEL, &name);
    }
    let [start, pitch] = columns(plot.min[0], plot.max[0], shown.len(), frame.scale);
    let gap = if pitch * frame.scale >= 5.0 { (pitch * 0.18).min(3.0) } else { 0.0 };
    for (index, &column) in shown.iter().enumerate() {
        let x = start + pitch * index as f32;
        let [was, is] = [finite(before[column]), finite(after[column])];
        let (top, low) = (y_of(is).min(y_of(0.0)), y_of(is).max(y_of(0.0)));
        let bar = Rect::new(x + gap, top, x + pitch - gap, low.max(top + 1.0));
        paint.fill(bar, theme::TEACHER, 0.0);
        let hollow = bar.inset(1.0);
        if hollow.width() >= 2.0 && hollow.height() >= 1.0 {
            paint.fill(hollow, theme::PANEL.mixed(theme::TEACHER, 0.3), 0.0);
        }
        paint.rule([x, y_of(was)], [x + pitch, y_of(was)], theme::TEXT, 2.0);
    }
    if plot.contains(frame.pointer()) && frame.touch("centre", plot).hovered {
        let index = ((frame.pointer()[0] - start) / pitch).max(0.0) as usize;
        if let Some(&column) = shown.get(index) {
            let text = format!("prototype {}: {} before, {} after", column + 1, precise(before[column]), precise(after[column]));
            frame.tooltip(&[&text]);
        }
    }
    let y = plot.max[1] + 8.0 + label * 0.5;
    let of = if shown.len() < after.len() { format!("the {} largest of ", shown.len()) } else { String::new() };
    let words = [
        format!("{of}{} prototypes: the bar is the centre after, the line across before", after.len()),
        format!("{of}{} prototypes; line across: before", after.len()),
        "line: before".to_owned(),
    ];
    if let Some(text) = paint.fitting(Style::LABEL, &words.each_ref().map(String::as_str), body.width()) {
        paint.text([body.min[0], y], Align::Left, Style::LABEL, text);
    }
}

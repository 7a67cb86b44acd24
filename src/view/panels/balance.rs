//! DINO's balance as one picture: the entropy of the mean distribution to the right, the mean entropy of an image upwards, both from 0
//! to ln K. Images cannot be less decided than their mean, so everything happens in a triangle: one prototype for all in the lower left
//! corner, uniform in the upper right; centering pushes to the right, sharpening down. The path so far is drawn, older darker.

use crate::snapshot::Snapshot;
use crate::view::charts::reading::mean_of;
use crate::view::charts::trace::running_mean;
use crate::view::charts::{grouped, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// ln K, once K is known.
pub fn ln_k(snapshot: &Snapshot) -> Option<f32> {
    let prototypes = snapshot.distributions.as_ref().map(|distributions| distributions.prototypes)?;
    (prototypes > 1).then(|| (prototypes as f32).ln())
}

/// Paints the balance into `area`.
pub fn balance(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let title = paint.text([area.min[0], area.min[1] + 10.0], Align::Left, Style::TITLE, "Balance");
    let axes = "→ entropy of the mean   ↑ of an image";
    let axes = if title + paint.text_width(Style::LABEL, axes) + 12.0 < area.width() { axes } else { "→ mean   ↑ image" };
    paint.text([area.max[0], area.min[1] + 11.0], Align::Right, Style::LABEL, axes);
    let Some(most) = ln_k(snapshot) else { return };
    let side = (area.width() - 20.0).min(area.height() - 100.0).max(40.0);
    let [left, bottom] = [area.min[0] + 6.0, area.min[1] + 54.0 + side];
    let at =
        |of_mean: f32, of_image: f32| [left + side * (of_mean / most).clamp(0.0, 1.0), bottom - side * (of_image / most).clamp(0.0, 1.0)];
    let corners = [at(0.0, 0.0), at(most, 0.0), at(most, most), at(0.0, 0.0)];
    paint.polyline(corners.into_iter(), theme::AXIS, 1.5);
    for corner in &corners[..3] {
        paint.dot(*corner, 3.0, theme::TEXT_2);
    }
    paint.text([at(most, most)[0], at(most, most)[1] - 14.0], Align::Right, Style::BODY, "uniform");
    paint.text([left, bottom + 16.0], Align::Left, Style::BODY, "one prototype");
    paint.text([left + side, bottom + 16.0], Align::Right, Style::BODY, "all, decided");
    // What the ingredients do.
    let y = bottom + 38.0;
    let width = paint.text([left, y], Align::Left, Style::TITLE, "centering");
    paint.arrow(
        [left + width + 10.0, y],
        [left + width + 58.0, y],
        if snapshot.switches.centering { theme::TEXT } else { theme::SEPARATOR },
    );
    let x = left + side;
    paint.text([x, y], Align::Right, Style::TITLE, "sharpening");
    let arrow = if snapshot.switches.sharpening { theme::TEXT } else { theme::SEPARATOR };
    paint.arrow([x + 10.0, bottom - side * 0.8], [x + 10.0, bottom - side * 0.2], arrow);
    // As many prototypes as classes, each image decided.
    let mut taken = vec![Rect::new(
        at(most, most)[0] - paint.text_width(Style::BODY, "uniform"),
        bottom - side - 24.0,
        left + side,
        bottom - side - 4.0,
    )];
    let classes = snapshot.class_names.len();
    if classes > 1 && (classes as f32).ln() < most {
        let [x, y] = at((classes as f32).ln(), 0.0);
        paint.rule([x, y - 5.0], [x, y + 5.0], theme::TEXT_2, 1.0);
        let wide = paint.text([x + 5.0, y - 11.0], Align::Left, Style::LABEL, &format!("ln {classes}: one a class"));
        taken.push(Rect::new(x + 5.0, y - 18.0, x + 5.0 + wide, y - 4.0));
    }
    let path = path(snapshot);
    let place = |point: &Point| at(point.mean, point.image);
    // Thinned, and in parts of growing strength: the older, the darker.
    let every = (path.len() / 600).max(1);
    let thinned: Vec<[f32; 2]> = path.iter().step_by(every).chain(path.last()).map(place).collect();
    let length = thinned.len().div_ceil(PARTS).max(1);
    for part in 0..PARTS {
        let end = ((part + 1) * length + 1).min(thinned.len());
        if let Some(points) = thinned.get((part * length).min(end)..end) {
            let strength = 0.2 + 0.8 * part as f32 / (PARTS - 1) as f32;
            paint.polyline(points.iter().copied(), theme::TEACHER.mixed(theme::GROUND, 1.0 - strength), 2.0);
        }
    }
    let Some(now) = path.last() else { return };
    let point = place(now);
    paint.dot(point, 6.0, theme::GROUND);
    paint.ring(point, 6.0, theme::TEACHER, 2.5);
    // The point under the pointer, here or on a chart.
    let touch = frame.touch("balance", Rect::new(left - 8.0, bottom - side - 8.0, left + side + 8.0, bottom + 8.0));
    let pointed = if touch.hovered {
        let pointer = frame.pointer();
        let distance = |point: &&Point| {
            let [x, y] = place(point);
            (x - pointer[0]).powi(2) + (y - pointer[1]).powi(2)
        };
        path.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).filter(|point| distance(point) < 24.0 * 24.0)
    } else {
        let step = frame.timeline.borrow().hovered;
        step.and_then(|step| path.iter().min_by_key(|point| point.step.abs_diff(step)))
    };
    let (shown, text) = match pointed {
        Some(then) => (then, format!("step {}: {} / {}", grouped(then.step), short(then.mean), short(then.image))),
        None => (now, format!("{} / {}", short(now.mean), short(now.image))),
    };
    let point = place(shown);
    if pointed.is_some() {
        paint.dot(point, 4.5, theme::GROUND);
        paint.dot(point, 3.5, theme::TEXT);
    }
    let size = [paint.text_width(Style::LABEL, &text), paint.text_height(Style::LABEL)];
    let spots = [[-12.0 - size[0], -12.0], [12.0, 16.0], [-12.0 - size[0], 16.0], [12.0, -12.0]].map(|[x, y]| [point[0] + x, point[1] + y]);
    let cost = |[x, y]: &[f32; 2]| {
        let rect = Rect::new(*x, y - size[1] * 0.5, x + size[0], y + size[1] * 0.5);
        let outside = rect.min[0] < area.min[0] || rect.max[0] > left + side || rect.max[1] > bottom;
        let diagonal = rect.min[0] - left < bottom - rect.min[1] + 3.0;
        let named = taken.iter().any(|other| {
            other.min[0] < rect.max[0] && other.max[0] > rect.min[0] && other.min[1] < rect.max[1] && other.max[1] > rect.min[1]
        });
        let covered = thinned.iter().filter(|point| rect.contains(**point)).count();
        1000 * usize::from(outside) + 400 * usize::from(named) + 100 * usize::from(diagonal) + covered
    };
    if let Some([x, y]) = spots.into_iter().min_by_key(cost) {
        paint.text([x.max(area.min[0]), y], Align::Left, Style::LABEL.coloured(theme::TEXT), &text);
    }
    if touch.hovered && pointed.is_some() {
        frame.tell(&text);
    } else if touch.hovered {
        frame.tooltip(&[
            "To the right: the entropy of the batch's mean distribution. Upwards: the mean entropy of an image's distribution. Both from 0 to \
             ln K, in nats.",
            "An image cannot be less decided than the mean, so all happens below the diagonal. Healthy is the lower right: many prototypes in \
             play, each image decided. The path so far is drawn, older darker.",
        ]);
    }
}

/// Shades of the path.
const PARTS: usize = 12;

/// Where the teacher was at a step.
struct Point {
    step: u64,
    mean: f32,
    image: f32,
}

/// The path so far as the charts' lines have it, wherever both entropies are numbers.
fn path(snapshot: &Snapshot) -> Vec<Point> {
    let (images, means) = (&snapshot.history.teacher_entropy.points, &snapshot.history.mean_teacher_entropy.points);
    let both = images.iter().zip(means).filter(|(image, mean)| image.0 == mean.0 && image.1.is_finite() && mean.1.is_finite());
    let (images, means): (Vec<_>, Vec<_>) = both.map(|(image, mean)| (*image, *mean)).unzip();
    let [images, means] = [images, means].map(|points| running_mean(&points, mean_of(snapshot.step)));
    images.into_iter().zip(means).map(|(image, mean)| Point { step: image.0, mean: mean.1, image: image.1 }).collect()
}

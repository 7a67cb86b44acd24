//! The roofline plot: a circle a kernel, its area the share of the step, under the roofs that were measured on this adapter. Names stand
//! in a column at the right, each with a leader to its circle.

use crate::view::charts::labels::spread;
use crate::view::charts::scale::decade_text;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme::{self, Colour};
use crate::view::timing::flame::Side;
use crate::view::timing::roofline::{Ceiling, Plane, decades, radius};
use crate::view::timing::table::Row;
use crate::view::timing::units::{flops_text, rate_text, share_text};

use super::{Kernels, Looking, text};

/// The radius of a circle that is the whole step; and the least that is seen.
const WHOLE: f32 = 34.0;
const LEAST: f32 = 3.5;
/// Names at most, and for a room.
const NAMES: [usize; 2] = [12, 1];
/// The widest name, as a share of the plot, and for a room.
const WIDEST: [f32; 2] = [0.42, 0.56];

/// Between a large circle and a name beside it.
const CLEAR: f32 = 8.0;

/// A kernel's circle.
struct Dot<'a> {
    row: &'a Row<'a>,
    centre: [f32; 2],
    radius: f32,
}

/// Paints the plot and answers to the pointer.
pub fn ui(kernels: &mut Kernels, looking: &Looking<'_, '_>, area: &Rect) {
    let (frame, step) = (looking.frame, looking.step);
    let paint = &frame.paint;
    let [line, body] = [Style::LABEL, Style::BODY].map(|style| paint.text_height(style));
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    let title = area.min[1] + 1.5 * body;
    let mut room = right - left - paint.text([left, title], Align::Left, Style::TITLE, "Roofline") - 28.0;
    let Some(ceiling) = &step.ceiling else {
        let words = "This adapter's roof has not been measured yet.";
        paint.text_wrapped([left, title + 2.0 * body], Style::QUIET, words, right - left, 3);
        return;
    };
    if let Some(words) = paint.fitting(Style::LABEL, &["roofs measured here", "measured here"], room) {
        room -= paint.text([right, title + 1.0], Align::Right, Style::LABEL, words);
    }
    if let Some(words) = paint.fitting(Style::LABEL, &["area = share of the step", "area = share"], room) {
        let x = right - paint.text_width(Style::LABEL, "roofs measured here");
        paint.text([(left + 78.0 / 15.0 * body).min(x), title + 1.0], Align::Left, Style::LABEL, words);
    }
    let heading = Rect::new(left, title - body, right, title + body);
    if frame.touch("about-roofline", heading).hovered {
        explain(looking, ceiling);
    }
    let scale = if ceiling.gflops >= 2000.0 { 1e3 } else { 1.0 };
    let gutter = paint.text_width(Style::LABEL, "0.001") + 8.0;
    let plot = Rect::new(left + gutter, title + 1.4 * body, right, area.max[1] - 2.4 * line);
    if plot.height() < 5.0 * line || plot.width() < 8.0 * line {
        return;
    }
    let plane = Plane::new(ceiling);
    grid(paint, &plot, &plane, scale);
    let mut dots: Vec<Dot<'_>> = step
        .rows
        .iter()
        .filter(|row| row.intensity > 0.0 && row.gflops > 0.0)
        .map(|row| {
            let whole = WHOLE * (plot.width().min(2.0 * plot.height()) / 420.0).clamp(0.6, 1.6);
            Dot { row, centre: at(&plot, &plane, row.intensity, row.gflops), radius: radius(row.share, whole).max(LEAST) }
        })
        .collect();
    // Small ones lie over large ones, the chosen one over all.
    dots.sort_by(|a, b| {
        let chosen = |dot: &Dot<'_>| dot.row.name == looking.chosen;
        chosen(a).cmp(&chosen(b)).then(b.radius.total_cmp(&a.radius))
    });
    let named = Named::new(looking, &plot, &plane, ceiling, &dots);
    roofs(paint, &plot, &plane, ceiling, &dots, named.left - 20.0);
    let under = named.draw(looking, &plot);
    // With the axes' numbers, and the ceiling's name where it stands over the plot.
    let touch = frame.touch("roofline", Rect::new(left, plot.min[1] - 1.2 * line, right, plot.max[1] + 1.6 * line));
    let pointer = frame.pointer();
    let near = |dot: &&Dot<'_>| (dot.centre[0] - pointer[0]).hypot(dot.centre[1] - pointer[1]) <= dot.radius.max(5.0) + 2.0;
    let under = if touch.hovered { under.or_else(|| dots.iter().rfind(near).map(|dot| dot.row)) } else { None };
    for dot in &dots {
        draw(paint, dot, dot.row.name == looking.chosen, under.is_some_and(|row| row.name == dot.row.name));
    }
    if let Some(row) = under {
        let place = format!("{} FLOP / byte, {} GFLOP/s, {} GB/s", rate_text(row.intensity), rate_text(row.gflops), rate_text(row.gbps));
        let roof = match (row.of_roof, text::limit(step, row)) {
            (Some(fraction), Some(limit)) => format!("{} of its roof, which is {limit}.", share_text(fraction)),
            _ => String::new(),
        };
        let share = format!("{} of the step's kernels. {roof}", share_text(row.share));
        frame.tooltip(&[row.name, &place, &share]);
        if touch.clicked {
            kernels.choose(row.name);
        }
    } else if touch.hovered {
        explain(looking, ceiling);
    }
}

/// What the plot shows, and what was measured.
fn explain(looking: &Looking<'_, '_>, ceiling: &Ceiling) {
    let (frame, step) = (looking.frame, looking.step);
    let best = format!(
        "Measured on this adapter: {} in multiply-adds, {} GB/s in copies that no cache holds, up to {} GB/s in smaller ones: a \
         kernel whose tensors fit into a cache may stand above the memory roof.",
        flops_text(ceiling.gflops),
        rate_text(ceiling.gbps),
        rate_text(ceiling.cached_gbps)
    );
    let hidden = step.rows.iter().filter(|row| row.intensity <= 0.0).count();
    let hidden = format!("Kernels without floating-point arithmetic have no place here: {hidden} of {}.", step.rows.len());
    frame.tooltip(&[
        "What each kernel reaches (GFLOP/s) over its arithmetic for each byte (FLOP / byte), both logarithmic.",
        &best,
        &hidden,
    ]);
}

fn at(plot: &Rect, plane: &Plane, intensity: f32, rate: f32) -> [f32; 2] {
    let [x, y] = plane.place(intensity, rate);
    [plot.min[0] + x * plot.width(), plot.max[1] - y * plot.height()]
}

/// The ground with its decades; rates are written in `scale` GFLOP/s.
fn grid(paint: &Paint<'_>, plot: &Rect, plane: &Plane, scale: f32) {
    let line = paint.text_height(Style::LABEL);
    paint.fill(*plot, theme::PANEL, 0.0);
    let unit = if scale > 1.0 { "TFLOP/s" } else { "GFLOP/s" };
    let unit_bottom = plot.min[1] + 1.2 * line;
    for rate in decades(plane.rate.map(|rate| rate / scale)) {
        let y = at(plot, plane, 1.0, rate * scale)[1];
        paint.rule([plot.min[0], y], [plot.max[0], y], theme::SEPARATOR, 1.0);
        if y - 0.5 * line > unit_bottom {
            paint.text([plot.min[0] - 6.0, y], Align::Right, Style::LABEL, &decade_text(rate));
        }
    }
    // The unit stands on the axis, in the free corner above the slope.
    paint.text([plot.min[0] + 6.0, plot.min[1] + 0.8 * line], Align::Left, Style::LABEL, unit);
    let y = plot.max[1] + 1.0 * line;
    let unit = paint.text([plot.max[0], y], Align::Right, Style::LABEL, "FLOP / byte");
    let mut free = plot.min[0] - 30.0;
    for intensity in decades(plane.intensity) {
        let x = at(plot, plane, intensity, 1.0)[0];
        paint.rule([x, plot.min[1]], [x, plot.max[1]], theme::SEPARATOR, 1.0);
        let label = decade_text(intensity);
        let half = paint.text_width(Style::LABEL, &label) * 0.5;
        if x - half >= free && x + half < plot.max[0] - unit - 8.0 {
            paint.text([x, y], Align::Centre, Style::LABEL, &label);
            free = x + half + 10.0;
        }
    }
}

/// What was measured: the slope of the memory, the ceiling of the arithmetic, and thin the slope of the caches.
fn roofs(paint: &Paint<'_>, plot: &Rect, plane: &Plane, ceiling: &Ceiling, dots: &[Dot<'_>], limit: f32) {
    let line = paint.text_height(Style::LABEL);
    // A slope from where it comes into the plot to where it meets the ceiling.
    let slope = |gbps: f32| {
        let first = plane.intensity[0].max(plane.rate[0] / gbps);
        [at(plot, plane, first, first * gbps), at(plot, plane, ceiling.gflops / gbps, ceiling.gflops)]
    };
    if ceiling.cached_gbps > 1.2 * ceiling.gbps {
        paint.polyline(slope(ceiling.cached_gbps).into_iter(), theme::AXIS, 1.0);
    }
    let [start, ridge] = slope(ceiling.gbps);
    let end = [plot.max[0], ridge[1]];
    paint.polyline([start, ridge, end].into_iter(), theme::TEXT, 2.0);
    let style = Style::LABEL.coloured(theme::TEXT);
    let arithmetic = format!("arithmetic {}", flops_text(ceiling.gflops));
    let width = paint.text_width(style, &arithmetic);
    if let Some(x) = [plot.max[0] - width - 6.0].into_iter().find(|x| *x > plot.min[0] + 80.0) {
        // Above the ceiling there is nothing else.
        paint.text([x, ridge[1] - 0.75 * line], Align::Left, style, &arithmetic);
    }
    let memory = [format!("memory {} GB/s", rate_text(ceiling.gbps)), format!("{} GB/s", rate_text(ceiling.gbps))];
    on_slope(paint, plot, [start, ridge], dots, style, &memory, limit);
    let cached = [format!("cache {}", rate_text(ceiling.cached_gbps))];
    let [first, top] = slope(ceiling.cached_gbps);
    if ceiling.cached_gbps > 1.2 * ceiling.gbps && ridge[0] - top[0] > 3.0 * line && !paint.look().presenting {
        on_slope(paint, plot, [first, top], dots, Style::LABEL, &cached, limit);
    }
}

/// The first of some names that fits on a slope, which it interrupts where fewest circles are covered; it ends before `limit`.
fn on_slope(paint: &Paint<'_>, plot: &Rect, [from, to]: [[f32; 2]; 2], dots: &[Dot<'_>], style: Style, names: &[String], limit: f32) {
    let half = paint.text_height(style) * 0.6;
    let place = |width: f32, along: f32| {
        let [x, y] = [0, 1].map(|axis| from[axis] + along * (to[axis] - from[axis]));
        let left = (x - width * 0.5).max(plot.min[0] + 2.0);
        let y = y.clamp(plot.min[1] + 4.0 * half, plot.max[1] - half);
        Rect::new(left, y - half, left + width, y + half)
    };
    let covered = |rect: &Rect| {
        let near = |dot: &&Dot<'_>| rect.inset(-dot.radius).contains(dot.centre);
        dots.iter().filter(near).map(|dot| dot.radius).sum::<f32>()
    };
    let best = |name: &String| {
        let width = paint.text_width(style, name) + 8.0;
        let places = (2..=14).map(|step| place(width, step as f32 * 0.05)).filter(|rect| rect.max[0] <= limit);
        places.min_by(|a, b| covered(a).total_cmp(&covered(b)))
    };
    let Some((name, rect)) = names.iter().find_map(|name| Some((name, best(name)?))) else { return };
    paint.fill(rect, theme::PANEL, 3.0);
    paint.text([rect.min[0] + 4.0, rect.centre()[1]], Align::Left, style, name);
}

/// The names of the largest kernels, in a column below the roof, where nothing else can be.
struct Named<'a> {
    /// Each circle with the place where its name begins.
    dots: Vec<(&'a Dot<'a>, [f32; 2])>,
    /// Where most names begin.
    left: f32,
    right: f32,
    pitch: f32,
}

impl<'a> Named<'a> {
    fn new(looking: &Looking<'_, '_>, plot: &Rect, plane: &Plane, ceiling: &Ceiling, dots: &'a [Dot<'a>]) -> Self {
        let paint = &looking.frame.paint;
        let line = paint.text_height(Style::LABEL);
        let pitch = (1.25 * line).round();
        let presenting = usize::from(looking.frame.presenting);
        let mut named: Vec<&Dot<'_>> = dots.iter().collect();
        named.sort_by(|a, b| {
            let chosen = |dot: &&Dot<'_>| dot.row.name == looking.chosen;
            chosen(b).cmp(&chosen(a)).then(b.row.share.total_cmp(&a.row.share))
        });
        named.truncate(NAMES[presenting]);
        let widest = named.iter().map(|dot| paint.text_width(Style::LABEL.strong(), dot.row.name)).fold(0.0, f32::max);
        let width = widest.min(plot.width() * WIDEST[presenting]);
        let left = plot.max[0] - width - 6.0;
        let share = (left - 18.0 - plot.min[0]) / plot.width();
        let intensity = plane.intensity[0] * (plane.intensity[1] / plane.intensity[0]).powf(share);
        let [low, high] = [at(plot, plane, intensity, ceiling.at(intensity))[1] + 1.3 * line, plot.max[1] - 0.8 * line];
        named.truncate(((high - low) / pitch).max(0.0) as usize + 1);
        named.sort_by(|a, b| a.centre[1].total_cmp(&b.centre[1]));
        let targets: Vec<f32> = named.iter().map(|dot| dot.centre[1]).collect();
        // A name that a large circle would cover begins beside it.
        let free = |y: f32| {
            let reaches = |dot: &&Dot<'_>| (dot.centre[1] - y).abs() < dot.radius + 0.6 * line;
            let edges = dots.iter().filter(reaches).map(|dot| dot.centre[0] + dot.radius + CLEAR);
            [edges.fold(left, f32::max), y]
        };
        let places = spread(&targets, pitch, low, high).into_iter().map(free);
        Self { dots: named.into_iter().zip(places).collect(), left, right: left + width, pitch }
    }

    /// Writes the names with their leaders; gives the kernel whose name is under the pointer.
    fn draw(&self, looking: &Looking<'_, '_>, plot: &Rect) -> Option<&'a Row<'a>> {
        let paint = &looking.frame.paint;
        let pointer = looking.frame.pointer();
        let mut under = None;
        for (dot, [left, y]) in &self.dots {
            let (y, left) = (*y, *left);
            let is_chosen = dot.row.name == looking.chosen;
            let style = if is_chosen { Style::LABEL.strong().coloured(theme::TEXT) } else { Style::LABEL };
            if Rect::new(left - 16.0, y - self.pitch * 0.5, plot.max[0], y + self.pitch * 0.5).contains(pointer) {
                under = Some(dot.row);
            }
            let from = dot.centre[0] + dot.radius;
            let colour = if is_chosen { theme::TEXT_2 } else { theme::AXIS };
            if from < left - 18.0 {
                paint.polyline([[from, dot.centre[1]], [left - 16.0, y], [left - 4.0, y]].into_iter(), colour, 1.0);
            } else if (y - dot.centre[1]).abs() > 0.5 * self.pitch {
                paint.line([from, dot.centre[1]], [left - 2.0, y], colour, 1.0);
            }
            paint.name_with_both_ends([left, y], style, dot.row.name, (self.right - left).max(0.0));
        }
        under
    }
}

/// A circle: filled for the student's kernels and those of both, a ring for the teacher's, white for the chosen one.
fn draw(paint: &Paint<'_>, dot: &Dot<'_>, chosen: bool, hovered: bool) {
    let Dot { row, centre, radius } = *dot;
    let colour: Colour = match row.side() {
        _ if chosen => theme::TEXT,
        Side::Student => theme::STUDENT,
        Side::Teacher => theme::TEACHER,
        Side::Neither => theme::TEXT_2,
    };
    if row.side() == Side::Teacher && !chosen {
        paint.dot(centre, radius, theme::PANEL);
        paint.ring(centre, radius, colour, 1.5);
    } else {
        paint.dot(centre, radius, colour);
        paint.ring(centre, radius, theme::PANEL, 1.0);
    }
    if hovered {
        paint.ring(centre, radius + 3.0, theme::TEXT, 1.5);
    }
}

//! Small multiples on the draw list: fixed ranges, named dashed reference lines, a thin line wherever a switch was flipped, each
//! line named at its right end, one step axis for all. A range never follows the data: what does not fit is clamped to the edge,
//! and a small mark there says so.
//!
//! [`Chart`] describes and draws one; [`stack`] puts several over one axis and answers to the pointer; [`trace`] makes lines out of
//! noise, [`reading`] is the number that stands for a line; [`labels`] finds places for names; [`marks`] has the flips; [`axis`] zooms and pans; [`scale`] is linear or logarithmic; [`crowd`] has several learners.

pub mod axis;
pub mod crowd;
pub mod labels;
pub mod marks;
pub mod reading;
pub mod scale;
pub mod stack;
pub mod trace;

use std::borrow::Cow;
use std::cmp::Ordering;

pub use crate::snapshot::grouped;
pub use axis::{Axis, Timeline};
pub use marks::{flips, flips_of};
pub use reading::reading;

use crate::snapshot::{Event, Series};

use super::layout::Rect;
use super::paint::{Align, Paint, Style};
use super::theme::{self, Colour, Type};
use labels::{Ground, Spot, spread};
use scale::{Scale, decade_text};
use trace::{Trace, trace};

/// A named horizontal line.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its value.
    pub value: f32,
    /// Its name, value included: "1 healthy".
    pub name: String,
}

impl Reference {
    /// A line at `value`.
    pub fn new(value: f32, name: impl Into<String>) -> Self {
        Self { value, name: name.into() }
    }
}

/// How a line ends: the student's in a dot, the teacher's in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Filled dot.
    Dot,
    /// Ring.
    Ring,
}

/// How a line is drawn: of two learners, the other's is dashed; of many, each one's is thin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// Strong, with all that was measured faintly behind it.
    #[default]
    Solid,
    /// The same in dashes.
    Dashed,
    /// Thin, and nothing behind it.
    Thin,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its values over the steps.
    pub series: &'a Series,
    /// Its colour.
    pub colour: Colour,
    /// Its name at the right end; empty for the only line.
    pub name: Cow<'static, str>,
    /// What stands before its value in the title row.
    pub tag: &'static str,
    /// The mark at its end.
    pub end: End,
    /// How it is drawn.
    pub stroke: Stroke,
}

impl<'a> Line<'a> {
    /// A solid line that ends in a dot.
    pub fn new(series: &'a Series, colour: Colour, name: impl Into<Cow<'static, str>>) -> Self {
        Self { series, colour, name: name.into(), tag: "", end: End::Dot, stroke: Stroke::Solid }
    }

    /// The same with a ring at its end.
    #[must_use]
    pub fn ringed(self) -> Self {
        Self { end: End::Ring, ..self }
    }
}

/// What several learners span: from the lowest to the highest of them.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// The lowest at each step.
    pub low: &'a Series,
    /// The highest at each step.
    pub high: &'a Series,
    /// Its colour, drawn faintly.
    pub colour: Colour,
}

/// A chart, described.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// Title.
    pub title: &'static str,
    /// What to know about it, beside the title.
    pub qualifier: String,
    /// The lowest and highest value of the plot.
    pub range: [f32; 2],
    /// The range of the logarithmic plot, where one makes sense.
    pub decades: Option<[f32; 2]>,
    /// Reference lines.
    pub references: Vec<Reference>,
    /// Lines, drawn in this order; of several learners, the first stands for the chart.
    pub lines: Vec<Line<'a>>,
    /// What lies behind the lines.
    pub bands: Vec<Band<'a>>,
    /// Formats a value with its unit.
    pub format: fn(f32) -> String,
    /// The value means nothing at the moment: shown in the second text level.
    pub greyed: bool,
    /// The title row has every line's value, in its colour.
    pub all_values: bool,
    /// What is said about it under the pointer.
    pub tip: Vec<String>,
}

/// Where the parts of a chart are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Everything: title row, plot and gutter.
    pub area: Rect,
    /// The plot.
    pub plot: Rect,
}

impl Chart<'_> {
    /// The value axis in use.
    pub fn scale(&self, logarithmic: bool) -> Scale {
        match self.decades.filter(|_| logarithmic) {
            Some(decades) => Scale::Logarithmic(decades),
            None => Scale::Linear(self.range),
        }
    }

    /// Draws the chart. Names of reference lines are remembered in `timeline`, so that they stay where they are.
    pub fn draw(&self, paint: &Paint<'_>, place: &Place, axis: &Axis, events: &[Event], timeline: &mut Timeline) {
        let plot = &place.plot;
        let scale = self.scale(timeline.logarithmic);
        let traces: Vec<Trace> = self.lines.iter().map(|line| trace(&line.series.points, axis, plot.width() as usize)).collect();
        self.draw_title(paint, place, axis);
        paint.fill(*plot, theme::PANEL, 0.0);
        let y = |value: f32| plot.max[1] - plot.height() * scale.share(value);
        let names = self.end_names(paint, plot, axis, &traces, &y);
        let label = paint.text_height(Style::LABEL);
        let mut taken: Vec<Rect> = names
            .iter()
            .map(|(line, y)| {
                Rect::new(plot.max[0], y - label * 0.5, plot.max[0] + 12.0 + paint.text_width(Style::LABEL, &line.name), y + label * 0.5)
            })
            .collect();
        for decade in scale.decades() {
            let y = y(decade);
            paint.rule([plot.min[0], y], [plot.max[0], y], theme::SEPARATOR, 1.0);
            let beside = Rect::new(plot.max[0], y - label * 0.5, place.area.max[0], y + label * 0.5);
            // The word that names the scale stands at the lower end.
            let low = y + label * 1.6 > plot.max[1];
            if !low && taken.iter().all(|other| other.max[1] <= beside.min[1] || other.min[1] >= beside.max[1]) {
                paint.text([plot.max[0] + 10.0, y], Align::Left, Style::LABEL, &decade_text(decade));
                taken.push(beside);
            }
        }
        let references: Vec<&Reference> = self.references.iter().filter(|reference| scale.beyond(reference.value).is_none()).collect();
        for reference in &references {
            let y = y(reference.value);
            paint.dashes([plot.min[0], y], [plot.max[0], y], theme::AXIS, 1.0, 4.0);
        }
        for band in &self.bands {
            band.draw(paint, plot, axis, &y);
        }
        for (line, trace) in self.lines.iter().zip(&traces).filter(|(line, _)| line.stroke != Stroke::Thin) {
            let faint = theme::with_alpha(line.colour, if self.greyed { 0.14 } else { 0.30 });
            for (column, values) in trace.envelope.iter().enumerate() {
                if let Some([low, high]) = *values {
                    let left = plot.min[0] + column as f32;
                    paint.fill(Rect::new(left, y(high) - 0.5, left + 1.0, y(low) + 0.5), faint, 0.0);
                }
            }
        }
        for (step, ..) in flips(events).filter(|flip| axis.shows(flip.0)) {
            let x = axis.x(plot, step as f64);
            paint.rule([x, plot.min[1]], [x, plot.max[1]], theme::TEXT_2, 1.0);
        }
        for (line, trace) in self.lines.iter().zip(&traces) {
            let colour = if self.greyed { theme::with_alpha(line.colour, 0.45) } else { line.colour };
            let points = trace.line.iter().map(|point| [axis.x(plot, point.0), y(point.1)]);
            match line.stroke {
                Stroke::Solid => paint.polyline(points, colour, 2.0),
                Stroke::Dashed => paint.dashed_polyline(points, colour, 2.0),
                Stroke::Thin => paint.polyline(points, theme::with_alpha(colour, 0.7), 1.0),
            }
            self.draw_clamped(paint, plot, axis, &scale, trace, line.colour);
        }
        self.draw_references(paint, place, axis, events, timeline, (&references, &traces, &taken), &y);
        for (line, trace) in self.lines.iter().zip(&traces) {
            if let Some(&(step, value)) = trace.line.last().filter(|_| line.stroke != Stroke::Thin) {
                self.draw_end(paint, line, [axis.x(plot, step), y(value)]);
            }
        }
        for (line, y) in &names {
            paint.text([plot.max[0] + 10.0, *y], Align::Left, Style::LABEL.coloured(line.colour), &line.name);
        }
        if let Some(step) = axis.hovered {
            let x = axis.x(plot, step as f64);
            paint.rule([x, plot.min[1]], [x, plot.max[1]], theme::TEXT, 1.0);
            for line in &self.lines {
                if let Some((at, value)) = nearest(line.series, step).filter(|point| axis.shows(point.0)) {
                    let point = [axis.x(plot, at as f64), y(value)];
                    paint.dot(point, 4.5, theme::PANEL);
                    paint.dot(point, 3.0, line.colour);
                }
            }
        }
    }

    /// The value that the title shows: at the pointer what was measured there, else what the meter reads.
    fn value(&self, line: &Line<'_>, axis: &Axis) -> String {
        let value = match axis.hovered {
            Some(step) => nearest(line.series, step).map(|point| point.1),
            None => reading(line.series, axis.newest),
        };
        let text = value.map_or_else(|| "–".to_owned(), self.format);
        if line.tag.is_empty() { text } else { format!("{} {text}", line.tag) }
    }

    fn draw_title(&self, paint: &Paint<'_>, place: &Place, axis: &Axis) {
        let area = &place.area;
        let y = area.min[1] + paint.text_height(Style::VALUE) * 0.5;
        let style = if self.greyed { Style::VALUE.coloured(theme::TEXT_2) } else { Style::VALUE };
        let strong = self.lines.iter().filter(|line| line.stroke != Stroke::Thin);
        let mut values: Vec<(String, Style)> = strong.map(|line| (self.value(line, axis), style.coloured(line.colour))).collect();
        let room = |values: &[(String, Style)]| {
            area.width() - values.iter().map(|(text, style)| paint.text_width(*style, text) + 12.0).sum::<f32>()
        };
        // Two learners' values in smaller type, before one of them goes.
        if self.lines.iter().any(|line| !line.tag.is_empty()) && room(&values) < paint.text_width(Style::TITLE, self.title) {
            values.iter_mut().for_each(|(_, style)| style.size = Type::Body);
        }
        let all = (self.all_values || axis.hovered.is_some()) && !self.greyed;
        let needed = |values: &[(String, Style)]| values.iter().map(|(text, style)| paint.text_width(*style, text) + 12.0).sum::<f32>();
        let title = paint.text_width(Style::TITLE, self.title);
        if !all || title + needed(&values) > area.width() {
            values.truncate(1);
        }
        if values.is_empty() {
            values.push(("–".to_owned(), style));
        }
        // A single number stands for the chart, not for a side.
        if let [(_, only)] = values.as_mut_slice() {
            *only = style;
        }
        let mut right = area.max[0];
        for (text, style) in values.iter().rev() {
            right -= paint.text([right, y], Align::Right, *style, text) + 12.0;
        }
        let small = Style { size: Type::Label, ..Style::TITLE };
        let named = if area.min[0] + title <= right { Style::TITLE } else { small };
        let left = area.min[0] + paint.text([area.min[0], y], Align::Left, named, self.title) + 10.0;
        if left + paint.text_width(Style::LABEL, &self.qualifier) <= right {
            paint.text([left, y + 1.0], Align::Left, Style::LABEL, &self.qualifier);
        }
    }

    /// Small triangles at the edge wherever values lie beyond it.
    fn draw_clamped(&self, paint: &Paint<'_>, plot: &Rect, axis: &Axis, scale: &Scale, trace: &Trace, colour: Colour) {
        let mean = trace.line.iter().map(|point| (axis.x(plot, point.0), [point.1; 2]));
        let envelope =
            trace.envelope.iter().enumerate().filter_map(|(column, values)| Some((plot.min[0] + column as f32 + 0.5, (*values)?)));
        let mut last = [f32::NEG_INFINITY; 2];
        for (x, [low, high]) in mean.chain(envelope) {
            for (edge, value, ordering) in [(0, high, Ordering::Greater), (1, low, Ordering::Less)] {
                if scale.beyond(value) != Some(ordering) || (x - last[edge]).abs() < 14.0 {
                    continue;
                }
                last[edge] = x;
                let (tip, base) = match ordering {
                    Ordering::Greater => (plot.min[1] + 0.5, plot.min[1] + 6.5),
                    _ => (plot.max[1] - 0.5, plot.max[1] - 6.5),
                };
                paint.triangle([x - 4.5, base], [x, tip], [x + 4.5, base], theme::PANEL);
                paint.triangle([x - 3.5, base], [x, tip], [x + 3.5, base], colour);
            }
        }
    }

    /// The names of the lines with their heights in the gutter, pushed apart.
    fn end_names(&self, paint: &Paint<'_>, plot: &Rect, axis: &Axis, traces: &[Trace], y: &impl Fn(f32) -> f32) -> Vec<(&Line<'_>, f32)> {
        let label = paint.text_height(Style::LABEL);
        let mut ends: Vec<(&Line<'_>, f32)> = self
            .lines
            .iter()
            .zip(traces)
            .filter(|(line, _)| !line.name.is_empty())
            .filter_map(|(line, trace)| trace.line.last().filter(|last| axis.first <= last.0).map(|last| (line, y(last.1))))
            .collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let targets: Vec<f32> = ends.iter().map(|end| end.1).collect();
        let places = spread(&targets, label + 3.0, plot.min[1] + label * 0.5, plot.max[1] - label * 0.5);
        ends.into_iter().zip(places).map(|((line, _), place)| (line, place)).collect()
    }

    fn draw_end(&self, paint: &Paint<'_>, line: &Line<'_>, at: [f32; 2]) {
        match line.end {
            End::Dot => paint.dot(at, 4.0, if self.greyed { theme::AXIS } else { line.colour }),
            End::Ring => {
                paint.dot(at, 4.0, theme::GROUND);
                paint.ring(at, 4.0, line.colour, 2.0);
            }
        }
    }

    /// Finds places for the names of the reference lines and writes them there.
    #[expect(clippy::too_many_arguments, reason = "what stands in a plot already")]
    fn draw_references(
        &self,
        paint: &Paint<'_>,
        place: &Place,
        axis: &Axis,
        events: &[Event],
        timeline: &mut Timeline,
        (references, traces, taken): (&[&Reference], &[Trace], &[Rect]),
        y: &impl Fn(f32) -> f32,
    ) {
        let plot = &place.plot;
        let relative = |rect: Rect| {
            let [x, y] = plot.min;
            Rect::new(rect.min[0] - x, rect.min[1] - y, rect.max[0] - x, rect.max[1] - y)
        };
        let mut ground = Ground::new([plot.width(), plot.height()]);
        for (line, trace) in self.lines.iter().zip(traces) {
            let points: Vec<[f32; 2]> =
                trace.line.iter().map(|point| [axis.x(plot, point.0) - plot.min[0], y(point.1) - plot.min[1]]).collect();
            ground.add_line(&points);
            if let Some(&[x, y]) = points.last() {
                ground.add_box(Rect::new(x - 6.0, y - 6.0, x + 6.0, y + 6.0));
            }
            let faint = line.stroke != Stroke::Thin;
            for (column, values) in trace.envelope.iter().enumerate().filter(|_| faint) {
                if let Some([low, high]) = *values {
                    ground.add_faint(column, y(high) - plot.min[1], y(low) - plot.min[1]);
                }
            }
        }
        for (step, ..) in flips(events).filter(|flip| axis.shows(flip.0)) {
            let x = axis.x(plot, step as f64) - plot.min[0];
            ground.add_box(Rect::new(x - 0.5, 0.0, x + 0.5, plot.height()));
        }
        for reference in references {
            let y = y(reference.value) - plot.min[1];
            ground.add_box(Rect::new(0.0, y - 0.5, plot.width(), y + 0.5));
        }
        taken.iter().for_each(|rect| ground.add_box(relative(*rect)));
        let label = paint.text_height(Style::LABEL);
        for reference in references {
            let width = paint.text_width(Style::LABEL, &reference.name);
            let before = timeline.placed.iter().position(|known| known.0 == self.title && known.1 == reference.name);
            let room = place.area.max[0] - plot.max[0] - 10.0;
            let gutter = (width <= room).then_some(plot.width() + 10.0);
            let known: Option<Spot> = before.map(|index| timeline.placed[index].2);
            let Some(spot) = ground.place(y(reference.value) - plot.min[1], [width, label], known, gutter) else { continue };
            match before {
                Some(index) => timeline.placed[index].2 = spot,
                None => timeline.remember(self.title, &reference.name, spot),
            }
            let [left, middle] = [plot.min[0] + spot.left, plot.min[1] + spot.y];
            if spot.covered {
                let behind = Rect::new(left - 2.0, middle - label * 0.5 - 1.0, left + width + 2.0, middle + label * 0.5 + 1.0);
                paint.fill(behind, theme::with_alpha(theme::PANEL, 0.85), 2.0);
            }
            paint.text([left, middle], Align::Left, Style::LABEL, &reference.name);
        }
    }
}

impl Band<'_> {
    /// Column by column, from the mean of the lowest to the mean of the highest.
    fn draw(&self, paint: &Paint<'_>, plot: &Rect, axis: &Axis, y: &impl Fn(f32) -> f32) {
        let columns = plot.width() as usize;
        let [low, high] = [self.low, self.high].map(|series| trace(&series.points, axis, columns).line);
        let colour = theme::with_alpha(self.colour, 0.22);
        for column in 0..columns {
            let step = axis.first + axis.span() * (column as f64 + 0.5) / columns as f64;
            if let (Some(low), Some(high)) = (between(&low, step), between(&high, step)) {
                let left = plot.min[0] + column as f32;
                paint.fill(Rect::new(left, y(high) - 0.5, left + 1.0, y(low) + 0.5), colour, 0.0);
            }
        }
    }
}

/// The value of a drawn line at a step between two of its points.
fn between(line: &[(f64, f32)], step: f64) -> Option<f32> {
    let after = line.partition_point(|point| point.0 < step);
    let (&(to, end), before) = (line.get(after)?, after.checked_sub(1).and_then(|index| line.get(index)));
    match before {
        Some(&(from, start)) => Some(start + (end - start) * ((step - from) / (to - from).max(1e-9)) as f32),
        None => (to - step < 1.0).then_some(end),
    }
}

/// The measured point nearest to a step.
pub fn nearest(series: &Series, step: u64) -> Option<(u64, f32)> {
    let points = &series.points;
    let after = points.partition_point(|point| point.0 < step);
    let candidates = [after.checked_sub(1), Some(after)];
    candidates.into_iter().flatten().filter_map(|index| points.get(index).copied()).min_by_key(|point| point.0.abs_diff(step))
}

/// Three significant digits, never an exponent within the meters' ranges, and a true minus: 0.97, 0.221, 71.4, 1234, −0.5.
pub fn short(value: f32) -> String {
    let size = value.abs();
    // No minus before zeros.
    let value = if size < 0.0005 { 0.0 } else { value };
    let text = match size {
        _ if !value.is_finite() => return "not finite".to_owned(),
        s if s >= 99.95 => format!("{value:.0}"),
        s if s >= 9.995 => format!("{value:.1}"),
        s if s >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    text.replace('-', "−")
}

/// A share as a percentage.
pub fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", value * 100.0) } else { "not finite".to_owned() }
}

/// The letter of a flip in its box, `x` its middle and `bottom` its lower edge: outlined for off, filled for on.
pub fn letter_box(paint: &Paint<'_>, x: f32, bottom: f32, text: &str, on: Option<bool>) {
    let style = Style::new(Type::Label, true, theme::TEXT);
    let half = [(paint.text_width(style, text) * 0.5 + 3.0).max(9.0), paint.text_height(style) * 0.5 + 2.5];
    let cap = Rect::new(x - half[0], bottom - 2.0 * half[1], x + half[0], bottom);
    let (ground, ink) = if on == Some(true) { (theme::TEXT, theme::GROUND) } else { (theme::GROUND, theme::TEXT) };
    paint.fill(cap, ground, 3.0);
    paint.outline(cap, if on.is_none() { theme::TEXT_2 } else { theme::TEXT }, 3.0, 1.0);
    paint.text(cap.centre(), Align::Centre, style.coloured(ink), text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_point_of_gappy_series() {
        let series = Series { points: vec![(0, 1.0), (10, 2.0), (100, 3.0)] };
        assert_eq!(nearest(&series, 4), Some((0, 1.0)));
        assert_eq!(nearest(&series, 40), Some((10, 2.0)));
        assert_eq!(nearest(&series, 4000), Some((100, 3.0)));
        assert_eq!(nearest(&Series::default(), 4), None);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        assert_eq!(short(0.2214), "0.221");
        assert_eq!(short(71.44), "71.4");
        assert_eq!(short(1.0), "1.00");
        assert_eq!(short(99.96), "100");
        assert_eq!(short(-0.0001), "0.000");
        assert_eq!(short(-1.5), "−1.50");
    }
}

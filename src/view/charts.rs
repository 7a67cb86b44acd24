//! Charts on the draw list: fixed ranges, named dashed reference lines, a thin line wherever a switch was flipped, the current
//! value at the right end, and a read-out under the pointer. A range never follows the data: what does not fit is clamped to
//! the edge and stays visible there.
//!
//! Subtlety: a series may hold thousands of points over a few hundred pixels. Each pixel column keeps its first, lowest,
//! highest and last value ([`decimate`]), so no spike is lost and none is invented.

use crate::command::Switch;
use crate::snapshot::{Change, Event, Series};

use super::layout::Rect;
use super::paint::{Align, Paint, Style};
use super::theme::{self, Colour, Type};

/// A named horizontal line.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its value.
    pub value: f32,
    /// Its name, value included: "1 healthy".
    pub name: String,
    /// Write the name below the line (and not above).
    pub below: bool,
    /// Write the name at the right end of the plot (and not at the left).
    pub right: bool,
}

/// How a line ends: the student's in a dot, the teacher's in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Filled dot.
    Dot,
    /// Ring.
    Ring,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its values over the steps.
    pub series: &'a Series,
    /// Its colour.
    pub colour: Colour,
    /// Its name at the right end; empty for the only line.
    pub name: &'static str,
    /// The mark at its end.
    pub end: End,
}

/// A chart, described; [`Chart::draw`] puts it on the screen.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// Title.
    pub title: &'static str,
    /// What to know about it, beside the title.
    pub qualifier: String,
    /// The lowest and highest value of the plot.
    pub range: [f32; 2],
    /// Reference lines.
    pub references: Vec<Reference>,
    /// Lines, drawn in this order.
    pub lines: Vec<Line<'a>>,
    /// Formats a value with its unit.
    pub format: fn(f32) -> String,
    /// The value means nothing at the moment: shown in the second text level.
    pub greyed: bool,
}

/// The x axis that all charts of a frame share.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The step at the right edge.
    pub last_step: u64,
    /// The step under the pointer, if it is over a plot.
    pub hovered: Option<u64>,
}

impl Axis {
    /// The axis of a run at `step`: never shorter than 50 steps, so that the first steps do not fill it.
    pub fn new(step: u64) -> Self {
        Self { last_step: step.max(50), hovered: None }
    }

    /// The step's place in `plot`.
    pub fn x(&self, plot: &Rect, step: u64) -> f32 {
        plot.min[0] + plot.width() * (step as f32 / self.last_step as f32).clamp(0.0, 1.0)
    }

    /// The step at a place in `plot`.
    pub fn step_at(&self, plot: &Rect, x: f32) -> u64 {
        let share = ((x - plot.min[0]) / plot.width().max(1.0)).clamp(0.0, 1.0);
        (f64::from(share) * self.last_step as f64).round() as u64
    }
}

/// Reduces `points` to what `columns` pixel columns can show: the first, lowest, highest and last of each, in their order.
/// Values that are not finite are left out.
pub fn decimate(points: &[(u64, f32)], last_step: u64, columns: usize) -> Vec<(u64, f32)> {
    let finite = points.iter().copied().filter(|point| point.1.is_finite());
    if points.len() <= columns * 2 {
        return finite.collect();
    }
    let column_of = |step: u64| (step as u128 * columns as u128 / (last_step.max(1) as u128 + 1)) as usize;
    let mut kept: Vec<(u64, f32)> = Vec::with_capacity(columns * 4);
    let mut column: Vec<(u64, f32)> = Vec::new();
    let mut current = usize::MAX;
    let flush = |column: &mut Vec<(u64, f32)>, kept: &mut Vec<(u64, f32)>| {
        if column.is_empty() {
            return;
        }
        let by_value = |a: &&(u64, f32), b: &&(u64, f32)| a.1.total_cmp(&b.1);
        let mut four = vec![
            column[0],
            column.iter().min_by(by_value).copied().unwrap_or(column[0]),
            column.iter().max_by(by_value).copied().unwrap_or(column[0]),
            column[column.len() - 1],
        ];
        four.sort_by_key(|point| point.0);
        four.dedup_by_key(|point| point.0);
        kept.append(&mut four);
        column.clear();
    };
    for point in finite {
        let here = column_of(point.0);
        if here != current {
            flush(&mut column, &mut kept);
            current = here;
        }
        column.push(point);
    }
    flush(&mut column, &mut kept);
    kept
}

/// The flips of switches: (step, switch, on).
pub fn flips(events: &[Event]) -> impl Iterator<Item = (u64, Switch, bool)> + '_ {
    events.iter().filter_map(|event| match event.change {
        Change::Switch(switch, on) => Some((event.step, switch, on)),
        Change::Dial(..) | Change::LocalCrops(_) => None,
    })
}

/// Width of the space at the right of a plot, where lines are named.
pub const GUTTER: f32 = 72.0;

impl Chart<'_> {
    /// The plot inside a chart's area: below the title row (and the letters of the flips), left of the gutter.
    pub fn plot(area: &Rect, letters: bool) -> Rect {
        let gutter = if area.width() > 280.0 { GUTTER } else { 56.0 };
        let head = if letters { 46.0 } else { 30.0 };
        Rect::new(area.min[0], area.min[1] + head, area.max[0] - gutter, area.max[1])
    }

    fn y(&self, plot: &Rect, value: f32) -> f32 {
        let share = (value - self.range[0]) / (self.range[1] - self.range[0]);
        plot.max[1] - plot.height() * share.clamp(0.0, 1.0)
    }

    /// Draws the chart with every line's value in its title, in the line's colour.
    pub fn draw_all_values(&self, paint: &Paint<'_>, area: &Rect, axis: &Axis, events: &[Event], letters: bool) {
        self.draw_with(paint, area, axis, events, letters, true);
    }

    /// Draws the chart in `area`; `letters` writes the letters of the flips above the plot (the first chart does).
    pub fn draw(&self, paint: &Paint<'_>, area: &Rect, axis: &Axis, events: &[Event], letters: bool) {
        self.draw_with(paint, area, axis, events, letters, false);
    }

    fn draw_with(&self, paint: &Paint<'_>, area: &Rect, axis: &Axis, events: &[Event], letters: bool, all_values: bool) {
        let plot = Self::plot(area, letters);
        self.draw_title(paint, area, axis, all_values);
        paint.fill(plot, theme::PANEL, 0.0);
        for reference in &self.references {
            let y = self.y(&plot, reference.value);
            paint.dashes([plot.min[0], y], [plot.max[0], y], theme::AXIS, 1.0, 4.0);
        }
        for reference in &self.references {
            let y = self.y(&plot, reference.value) + if reference.below { 9.0 } else { -9.0 };
            let width = paint.text_width(Style::LABEL, &reference.name);
            let left = if reference.right { plot.max[0] - width - 6.0 } else { plot.min[0] + 4.0 };
            let behind = Rect::new(left - 2.0, y - 7.0, left + width + 2.0, y + 7.0);
            paint.fill(behind, theme::PANEL, 2.0);
            paint.text([left, y], Align::Left, Style::LABEL, &reference.name);
        }
        let mut last_letter = f32::NEG_INFINITY;
        for (step, switch, on) in flips(events) {
            let x = axis.x(&plot, step);
            paint.rule([x, plot.min[1]], [x, plot.max[1]], theme::TEXT_2, 1.0);
            if letters {
                // Letters that would overlap give way to the newer one's neighbour.
                let place = x.max(last_letter + 19.0).min(area.max[0] - 10.0);
                last_letter = place;
                let cap = Rect::new(place - 9.0, plot.min[1] - 20.0, place + 9.0, plot.min[1] - 2.0);
                let (ground, ink) = if on { (theme::TEXT, theme::GROUND) } else { (theme::GROUND, theme::TEXT) };
                paint.fill(cap, ground, 3.0);
                paint.outline(cap, theme::TEXT, 3.0, 1.0);
                paint.text(cap.centre(), Align::Centre, Style::new(Type::Label, true, ink), &switch.letter().to_string());
            }
        }
        for line in &self.lines {
            self.draw_line(paint, &plot, axis, line);
        }
        self.draw_ends(paint, &plot, axis);
        if let Some(step) = axis.hovered {
            let x = axis.x(&plot, step);
            paint.rule([x, plot.min[1]], [x, plot.max[1]], theme::TEXT, 1.0);
            for line in &self.lines {
                if let Some((at, value)) = nearest(line.series, step) {
                    paint.dot([axis.x(&plot, at), self.y(&plot, value)], 3.0, theme::TEXT);
                }
            }
        }
    }

    fn draw_title(&self, paint: &Paint<'_>, area: &Rect, axis: &Axis, all_values: bool) {
        let y = area.min[1] + 10.0;
        let text_of = |line: &Line<'_>| {
            let value = match axis.hovered {
                Some(step) => nearest(line.series, step).map(|point| point.1),
                None => line.series.last(),
            };
            value.map_or_else(|| "–".to_owned(), self.format)
        };
        let style = if self.greyed { Style::VALUE.coloured(theme::TEXT_2) } else { Style::VALUE };
        let mut right = area.max[0];
        let needed = self.lines.iter().map(|line| paint.text_width(style, &text_of(line)) + 12.0).sum::<f32>();
        if all_values && !self.greyed && needed + paint.text_width(Style::TITLE, self.title) < area.width() {
            for line in self.lines.iter().skip(1).rev() {
                right -= paint.text([right, y], Align::Right, style.coloured(line.colour), &text_of(line)) + 12.0;
            }
        }
        let text = self.lines.first().map_or_else(|| "–".to_owned(), text_of);
        right -= paint.text([right, y], Align::Right, style, &text);
        if let Some(step) = axis.hovered {
            let at = format!("step {}", grouped(step));
            right -= 8.0 + paint.text([right - 8.0, y + 2.0], Align::Right, Style::LABEL, &at);
        }
        let title = paint.text([area.min[0], y], Align::Left, Style::TITLE, self.title);
        let left = area.min[0] + title + 10.0;
        if axis.hovered.is_none() && right - left > 40.0 {
            paint.text_clipped([left, y + 1.0], Style::LABEL, &self.qualifier, right - left - 8.0);
        }
    }

    fn draw_line(&self, paint: &Paint<'_>, plot: &Rect, axis: &Axis, line: &Line<'_>) {
        let points = decimate(&line.series.points, axis.last_step, plot.width() as usize);
        let place = |point: &(u64, f32)| [axis.x(plot, point.0), self.y(plot, point.1)];
        let colour = if self.greyed { theme::with_alpha(line.colour, 0.45) } else { line.colour };
        paint.polyline(points.iter().map(place), colour, 2.0);
    }

    /// Marks and names at the lines' right ends; names are pushed 16 px apart.
    fn draw_ends(&self, paint: &Paint<'_>, plot: &Rect, axis: &Axis) {
        let mut ends: Vec<(f32, f32, &Line<'_>)> = self
            .lines
            .iter()
            .filter_map(|line| {
                let point = line.series.points.last().filter(|point| point.1.is_finite())?;
                Some((axis.x(plot, point.0), self.y(plot, point.1), line))
            })
            .collect();
        for (x, y, line) in &ends {
            match line.end {
                End::Dot => paint.dot([*x, *y], 4.0, if self.greyed { theme::AXIS } else { line.colour }),
                End::Ring => {
                    paint.dot([*x, *y], 4.0, theme::GROUND);
                    paint.ring([*x, *y], 4.0, line.colour, 2.0);
                }
            }
        }
        ends.retain(|(_, _, line)| !line.name.is_empty());
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut free = f32::NEG_INFINITY;
        for (index, (_, y, line)) in ends.iter().enumerate() {
            // Names below this one need their room, too.
            let last = plot.max[1] - 4.0 - 16.0 * (ends.len() - 1 - index) as f32;
            let place = y.min(last).max(free);
            free = place + 16.0;
            let style = Style::LABEL.coloured(line.colour);
            paint.text([plot.max[0] + 10.0, place], Align::Left, style, line.name);
        }
    }
}

/// The measured point nearest to a step.
pub fn nearest(series: &Series, step: u64) -> Option<(u64, f32)> {
    let points = &series.points;
    let after = points.partition_point(|point| point.0 < step);
    let candidates = [after.checked_sub(1), Some(after)];
    candidates.into_iter().flatten().filter_map(|index| points.get(index).copied()).min_by_key(|point| point.0.abs_diff(step))
}

/// 12345 as "12,345".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, never an exponent within the meters' ranges: 0.97, 0.221, 71.4, 1234.
pub fn short(value: f32) -> String {
    let size = value.abs();
    // No minus before zeros.
    let value = if size < 0.0005 { 0.0 } else { value };
    match size {
        _ if !value.is_finite() => "not finite".to_owned(),
        s if s >= 99.95 => format!("{value:.0}"),
        s if s >= 9.995 => format!("{value:.1}"),
        s if s >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimation_keeps_spikes_ends_and_order() {
        let mut points: Vec<(u64, f32)> = (0..5000).map(|step| (step, (step as f32 * 0.01).sin())).collect();
        points[1234].1 = 9.0;
        points[4321].1 = -9.0;
        points[99].1 = f32::NAN;
        let kept = decimate(&points, 4999, 250);
        assert!(kept.len() <= 4 * 250, "{}", kept.len());
        assert!(kept.contains(&(1234, 9.0)) && kept.contains(&(4321, -9.0)));
        assert_eq!(kept.first().map(|p| p.0), Some(0));
        assert_eq!(kept.last().map(|p| p.0), Some(4999));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(kept.iter().all(|point| point.1.is_finite()));
    }

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
    }

    #[test]
    fn the_axis_maps_back_and_forth() {
        let axis = Axis::new(2000);
        let plot = Rect::new(100.0, 0.0, 350.0, 80.0);
        for step in [0, 1000, 2000] {
            assert_eq!(axis.step_at(&plot, axis.x(&plot, step)), step);
        }
    }
}

//! Charts under each other over one step axis: the letters of the flips above the first, the axis under the last, and what the
//! pointer does: it reads all charts at its step, the wheel zooms around it, a drag pans, a double click shows everything again.

use crate::snapshot::{Change, Snapshot};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::theme;

use super::axis::{Axis, Timeline};
use super::reading::mean_of;
use super::{Chart, Place, grouped, letter_box, marks};

/// Between two charts.
const GAP: f32 = 18.0;

/// Heights of a stack's parts.
struct Heights {
    head: f32,
    letters: f32,
    footer: f32,
}

impl Heights {
    fn new(frame: &Frame<'_>, area: &Rect, letters: bool) -> Self {
        let label = frame.paint.text_height(Style::LABEL);
        let line = if area.height() > 320.0 { 16.0 } else { 4.0 };
        Self {
            head: frame.paint.text_height(Style::VALUE) + 8.0,
            letters: if letters { label + 10.0 } else { 0.0 },
            footer: label + 6.0 + line,
        }
    }

    /// Height of each of `count` plots.
    fn plot(&self, area: &Rect, count: usize) -> f32 {
        let count = count.max(1) as f32;
        (area.height() - self.footer - self.letters - count * self.head - (count - 1.0) * GAP) / count
    }
}

/// Height of each plot if `count` charts stand in `area`.
pub fn plot_height(frame: &Frame<'_>, area: &Rect, count: usize) -> f32 {
    Heights::new(frame, area, true).plot(area, count)
}

/// Paints the charts into `area` and answers to the pointer.
pub fn stack(frame: &Frame<'_>, area: Rect, charts: &[Chart<'_>], snapshot: &Snapshot) {
    let (paint, events) = (&frame.paint, &snapshot.events);
    if charts.is_empty() || area.height() < 40.0 {
        return;
    }
    let timeline = &mut *frame.timeline.borrow_mut();
    timeline.run_at(snapshot.step);
    let mut axis = timeline.axis(snapshot.step);
    let heights = Heights::new(frame, &area, !events.is_empty());
    let height = heights.plot(&area, charts.len()).max(8.0);
    let named = charts.iter().flat_map(|chart| &chart.lines).map(|line| paint.text_width(Style::LABEL, &line.name)).fold(0.0, f32::max);
    let scales = charts.iter().any(|chart| chart.decades.is_some()) && !frame.presenting;
    let scaled = if scales { paint.text_width(Style::LABEL, "linear") } else { 0.0 };
    let gutter = (named.max(scaled) + 13.0).min(area.width() * 0.4);
    let mut top = area.min[1];
    let places: Vec<Place> = (0..charts.len())
        .map(|index| {
            let plot_top = top + heights.head + if index == 0 { heights.letters } else { 0.0 };
            let plot = Rect::new(area.min[0], plot_top, area.max[0] - gutter, plot_top + height);
            let place = Place { area: Rect::new(area.min[0], top, area.max[0], plot.max[1]), plot };
            top = plot.max[1] + GAP;
            place
        })
        .collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };

    let pointer = frame.pointer();
    let mut held = false;
    for (chart, Place { area, plot }) in charts.iter().zip(&places) {
        let touch = frame.touch(chart.title, *plot);
        held |= touch.held;
        if touch.hovered {
            if frame.ui.is_mouse_double_clicked(imgui::MouseButton::Left) {
                timeline.follow();
            }
            timeline.zoom(&axis, frame.wheel, (pointer[0] - plot.min[0]) / plot.width().max(1.0));
        }
        if touch.held {
            timeline.drag(&axis, pointer[0], plot.width());
        }
        if touch.hovered || touch.held {
            axis = timeline.axis(snapshot.step);
            let step = axis.step_at(plot, pointer[0]);
            axis.hovered = Some(step);
            frame.tell(&format!("{} at step {step}, in the title; the charts beneath, too.", chart.title));
        }
        let title = Rect::new(area.min[0], area.min[1], area.max[0], area.min[1] + heights.head - 4.0);
        about(frame, &format!("about {}", chart.title), chart, title, &axis);
    }
    if !held {
        timeline.release();
    }
    for (chart, place) in charts.iter().zip(&places) {
        toggle(frame, chart, place, timeline);
        let Place { area, plot } = place;
        let gutter = Rect::new(plot.max[0], area.min[1] + heights.head, area.max[0], plot.max[1]);
        about(frame, &format!("beside {}", chart.title), chart, gutter, &axis);
    }
    timeline.hovered = axis.hovered;
    for (chart, place) in charts.iter().zip(&places) {
        chart.draw(paint, place, &axis, events, timeline);
    }
    flips(frame, &first.plot, heights.letters, &axis, snapshot);
    footer(frame, &Rect::new(last.plot.min[0], last.plot.max[1], last.plot.max[0], area.max[1]), area.max[0], &axis, snapshot, timeline);
}

/// Says what a chart shows, over its title and beside its plot.
fn about(frame: &Frame<'_>, id: &str, chart: &Chart<'_>, area: Rect, axis: &Axis) {
    let steps = mean_of(axis.newest);
    let mean = format!("Lines with a value every step are means of the last {steps} steps; the faint band has every value.");
    let tip: Vec<&str> = chart.tip.iter().map(String::as_str).chain((steps > 1).then_some(mean.as_str())).collect();
    frame.about(id, area, &tip);
}

/// "log" or "linear" beside a plot that can be both; a click changes it for all of them.
fn toggle(frame: &Frame<'_>, chart: &Chart<'_>, place: &Place, timeline: &mut Timeline) {
    let paint = &frame.paint;
    let Some([low, _]) = chart.decades else { return };
    if frame.presenting || chart.lines.iter().any(|line| !line.name.is_empty()) {
        return;
    }
    let word = if timeline.logarithmic { "log" } else { "linear" };
    let [x, y] = [place.plot.max[0] + 10.0, place.plot.max[1] - paint.text_height(Style::LABEL) * 0.5];
    let width = paint.text_width(Style::LABEL, word);
    let touch = frame.touch(&format!("scale {}", chart.title), Rect::new(x - 6.0, y - 10.0, x + width + 6.0, y + 10.0));
    paint.text([x, y], Align::Left, Style::LABEL.coloured(if touch.hovered { theme::TEXT } else { theme::TEXT_2 }), word);
    paint.dashes([x, y + 8.0], [x + width, y + 8.0], theme::AXIS, 1.0, 2.0);
    if touch.hovered {
        let what = match timeline.logarithmic {
            true => format!(
                "Logarithmic (Y: linear). What is under {}, zero included, stays at the lower edge.",
                super::scale::decade_text(low)
            ),
            false => "Linear (Y: logarithmic, for what happens near zero).".to_owned(),
        };
        frame.tooltip(&[&what]);
    }
    if touch.clicked {
        timeline.logarithmic = !timeline.logarithmic;
    }
}

/// The letters of the flips and the ticks of the dials above the first plot, with their tooltips.
fn flips(frame: &Frame<'_>, plot: &Rect, height: f32, axis: &Axis, snapshot: &Snapshot) {
    let (paint, events) = (&frame.paint, &snapshot.events);
    if height == 0.0 {
        return;
    }
    // Two letters are wider than one.
    let wide = if events.iter().any(|event| event.learner.is_some()) { 1.6 } else { 1.0 };
    let pitch = wide * marks::PITCH * paint.text_height(Style::LABEL) / 13.0;
    let letters = marks::letters(events, axis, plot, pitch);
    let ticks = marks::ticks(events, axis, plot);
    for (x, _) in &ticks {
        paint.triangle([x - 3.0, plot.min[1] - 5.0], [x + 3.0, plot.min[1] - 5.0], [*x, plot.min[1]], theme::TEXT_2);
    }
    for letter in &letters {
        let known = letter.events.iter().filter_map(|index| events.get(*index)).filter_map(|event| match event.change {
            Change::Switch(switch, on) => Some((marks::flip_letters(event, switch), on)),
            _ => None,
        });
        let known: Vec<_> = known.collect();
        match known.as_slice() {
            [(letters, on)] => letter_box(paint, letter.x, plot.min[1] - 5.0, letters, Some(*on)),
            several => letter_box(paint, letter.x, plot.min[1] - 5.0, &format!("{}×", several.len()), None),
        }
    }
    let row = Rect::new(plot.min[0] - 12.0, plot.min[1] - height, plot.max[0] + 12.0, plot.min[1]);
    if frame.touch("flips", row).hovered {
        let x = frame.pointer()[0];
        let near = letters
            .iter()
            .map(|letter| (letter.x, &letter.events))
            .filter(|(place, _)| (place - x).abs() < pitch * 0.5)
            .chain(ticks.iter().map(|(place, events)| (*place, events)).filter(|(place, _)| (place - x).abs() < 5.0))
            .min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()));
        match near {
            Some((_, indices)) => {
                let lines = marks::told(events, indices);
                frame.tooltip(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            }
            None => frame.tooltip(&[
                "What was changed, and at which step: a letter is a switch (filled: on, outlined: off), a tick a dial or the number of crops.",
            ]),
        }
    }
}

/// The axis under the last plot: the whole run as a line, what is shown of it strong, and the steps at its ends. The gutter beside
/// it is free for more.
fn footer(frame: &Frame<'_>, area: &Rect, right: f32, axis: &Axis, snapshot: &Snapshot, timeline: &mut Timeline) {
    let paint = &frame.paint;
    let label = paint.text_height(Style::LABEL);
    let middle = area.max[1] - label * 0.5 - 1.0;
    let line = area.min[1] + 10.0;
    let has_line = middle - label * 0.5 - line > 4.0;
    let touch = frame.touch("axis", Rect::new(area.min[0], if has_line { line - 9.0 } else { area.min[1] }, area.max[0], area.max[1]));
    if touch.hovered {
        frame.tooltip(&["The steps of this run. Over a chart, the wheel zooms, a drag moves, and a double click shows everything again."]);
    }
    if has_line {
        let all = |step: f64| area.min[0] + area.width() * (step / axis.newest as f64) as f32;
        paint.rule([area.min[0], line], [area.max[0], line], theme::AXIS, 1.0);
        if !axis.is_whole() {
            paint.rule([all(axis.first), line], [all(axis.last).max(all(axis.first) + 3.0), line], theme::TEXT, 3.0);
        }
        if touch.held && !axis.is_whole() {
            timeline.centre_at(axis, (frame.pointer()[0] - area.min[0]) / area.width().max(1.0));
        }
    }
    if let Some(step) = axis.hovered {
        let x = axis.x(area, step as f64);
        if has_line {
            let all = if axis.is_whole() { x } else { area.min[0] + area.width() * (step as f64 / axis.newest as f64) as f32 };
            paint.dot([all, line], 4.0, theme::TEXT);
        }
        let text = match marks::flip_before(&snapshot.events, step) {
            Some((switch, on, 0)) => format!("step {}, {} {}", grouped(step), switch.letter(), if on { "on" } else { "off" }),
            Some((switch, on, steps)) => {
                format!("step {}, {} after {} {}", grouped(step), grouped(steps), switch.letter(), if on { "on" } else { "off" })
            }
            None => format!("step {}", grouped(step)),
        };
        let width = paint.text_width(Style::LABEL, &text);
        let left = (x - width * 0.5).clamp(area.min[0], (right - width).max(area.min[0]));
        paint.text([left, middle], Align::Left, Style::LABEL.coloured(theme::TEXT), &text);
        return;
    }
    let first = paint.text([area.min[0], middle], Align::Left, Style::LABEL, &grouped(axis.first.round() as u64));
    let last = format!("step {}", grouped(axis.last.round() as u64));
    let last = paint.text([area.max[0], middle], Align::Right, Style::LABEL, &last);
    let steps = mean_of(axis.newest);
    if steps > 1 {
        let text = format!("means of {steps} steps");
        let room = area.width() - first - last - 24.0;
        if paint.text_width(Style::LABEL, &text) <= room {
            let x = area.min[0] + first + 12.0 + room * 0.5;
            paint.text([x, middle], Align::Centre, Style::LABEL, &text);
        }
    }
    if !axis.is_whole() {
        let word = "all";
        let x = area.max[0] + 10.0;
        let width = paint.text_width(Style::LABEL, word);
        let touch = frame.touch("follow", Rect::new(x - 6.0, middle - 10.0, x + width + 6.0, middle + 10.0));
        paint.text([x, middle], Align::Left, Style::LABEL.coloured(theme::TEXT), word);
        paint.dashes([x, middle + label * 0.5 + 1.5], [x + width, middle + label * 0.5 + 1.5], theme::AXIS, 1.0, 2.0);
        if touch.hovered {
            frame.tooltip(&["Show all steps again, and follow the newest (or double click on a chart)."]);
        }
        if touch.clicked {
            timeline.follow();
        }
    }
}

//! The step as a flame chart: its parts named above, a row for each depth of scopes below, the dispatches in the last. The wheel
//! zooms around the pointer, a drag moves, a double click shows everything; a click on a dispatch chooses its kernel.

use imgui::MouseButton;

use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme::{self, Colour};
use crate::view::timing::flame::{Bar, Side, depth, flame};
use crate::view::timing::labels::in_a_row;
use crate::view::timing::span::{Span, ticks};
use crate::view::timing::units::{rate_text, share_text, tick_text, time_text};

use super::{Kernels, Looking, text};

/// How far the pointer may go between press and release for a click, logical pixels.
const CLICK: f32 = 4.0;

/// The chart of one frame: what lies where.
struct Chart<'a> {
    plot: Rect,
    span: Span,
    /// Length of the step, microseconds.
    end: f32,
    bars: &'a [Bar<'a>],
    row: f32,
}

impl Chart<'_> {
    fn x(&self, micros: f32) -> f32 {
        self.plot.min[0] + self.plot.width() * self.span.place(micros / self.end)
    }

    /// Where a bar is drawn; none where it is not shown. The outermost scopes are the ribbon above the rows.
    fn rect(&self, bar: &Bar<'_>) -> Option<Rect> {
        let [from, to] = bar.span.map(|micros| self.x(micros));
        if !(to >= self.plot.min[0] && from <= self.plot.max[0]) {
            return None;
        }
        let row = bar.depth.saturating_sub(1) as f32;
        let top = self.plot.min[1] + row * self.row;
        let (from, to) = (from.max(self.plot.min[0]), to.max(from + 1.0).min(self.plot.max[0]));
        Some(Rect::new(from, top, to.max(from + 1.0), top + self.row - 2.0))
    }

    /// The bar under a point: the innermost.
    fn at(&self, point: [f32; 2]) -> Option<&Bar<'_>> {
        // A dispatch may be narrower than the pointer.
        let hit = |rect: Rect| Rect::new(rect.min[0] - 1.0, rect.min[1], rect.max[0] + 1.0, rect.max[1] + 2.0).contains(point);
        let shown = self.bars.iter().filter(|bar| bar.depth > 0 || bar.is_dispatch);
        shown.rev().find(|bar| self.rect(bar).is_some_and(hit))
    }
}

/// Paints the timeline and answers to the pointer.
pub fn ui(kernels: &mut Kernels, looking: &Looking<'_, '_>, area: &Rect) {
    let (frame, step) = (looking.frame, looking.step);
    let paint = &frame.paint;
    let line = paint.text_height(Style::LABEL);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let head = heading(looking, &inner);
    let bars = flame(&step.dispatches);
    // From the top: names, their leaders, the ribbon, the rows, the axis.
    let names = head + line;
    let ribbon = names + line * 1.35;
    let top = ribbon + 9.0;
    let bottom = inner.max[1] - line * 1.7;
    let rows = depth(&bars).saturating_sub(1).max(1) as f32;
    let row = ((bottom - top) / rows).clamp(4.0, 44.0);
    let plot = Rect::new(inner.min[0], top, inner.max[0], top + rows * row);
    let mut chart = Chart { plot, span: kernels.span, end: step.end(), bars: &bars, row };

    let pointer = frame.pointer();
    let touch = frame.touch("step-timeline", Rect::new(plot.min[0], ribbon, plot.max[0], plot.max[1] + line * 1.6));
    if touch.hovered {
        let place = (pointer[0] - plot.min[0]) / plot.width().max(1.0);
        if frame.wheel != 0.0 {
            kernels.span.zoom(frame.wheel, place);
        }
        if frame.ui.is_mouse_double_clicked(MouseButton::Left) {
            kernels.span = Span::default();
        }
    }
    if frame.ui.is_mouse_clicked(MouseButton::Left) {
        kernels.dragged = 0.0;
    }
    if touch.held {
        let by = frame.ui.io().mouse_delta[0] / frame.scale;
        kernels.dragged += by.abs();
        if kernels.dragged > CLICK {
            kernels.span.pan(by / plot.width().max(1.0));
        }
    }
    chart.span = kernels.span;
    axis(paint, &chart, line);
    let under = if touch.hovered { chart.at(pointer) } else { None };
    for bar in bars.iter().filter(|bar| bar.depth > 0 || bar.is_dispatch) {
        draw(looking, &chart, bar, kernels.dispatch);
    }
    parts(looking, &chart, [names, ribbon], &inner);
    if let Some(bar) = under {
        if let Some(rect) = chart.rect(bar) {
            paint.outline(rect.inset(-2.0), theme::TEXT, 2.0, 2.0);
        }
        if kernels.dragged <= CLICK || !touch.held {
            read_out(looking, bar);
        }
        if touch.clicked && kernels.dragged <= CLICK && bar.is_dispatch {
            kernels.choose_dispatch(bar.dispatches.start, step);
        }
    } else if touch.hovered && !touch.held {
        frame.tooltip(&[
            "Time since the step's first dispatch began, from left to right: the medians of the timed steps, one after the other.",
            "The wheel zooms, a drag moves, a double click shows the whole step.",
        ]);
    }
}

/// Title, what was timed and how, and the wall time of the step; gives the lower edge.
fn heading(looking: &Looking<'_, '_>, inner: &Rect) -> f32 {
    let (frame, step) = (looking.frame, looking.step);
    let paint = &frame.paint;
    let high = paint.text_height(Style::VALUE);
    let y = inner.min[1] + high;
    let title = paint.text([inner.min[0], y], Align::Left, Style::TITLE, "One training step");
    let wall = time_text(step.wall());
    let width = paint.text_width(Style::VALUE, &wall);
    paint.text([inner.max[0], y], Align::Right, Style::VALUE, &wall);
    let sum = [format!("kernels {}, {} of", time_text(step.busy()), share_text(step.busy() / step.wall())), "wall time".to_owned()];
    let sum: Vec<&str> = sum.iter().map(String::as_str).collect();
    let mut right = inner.max[0] - width - 10.0;
    if let Some(words) = paint.fitting(Style::LABEL, &sum, (right - inner.min[0] - title) * 0.6) {
        let wide = paint.text([right, y + 2.0], Align::Right, Style::LABEL, words);
        right -= wide;
    }
    let area = Rect::new(right, y - high * 0.5, inner.max[0], y + high * 0.5);
    if frame.touch("step-wall", area).hovered {
        frame.tooltip(&[
            "Wall time of a profiled step, in milliseconds, from handing it over to its end: the median. Beside it the kernels' own times \
             added up. What is missing lies between the dispatches.",
            "The fast replay, which trains whenever this scene is closed, has all dispatches in one pass and less time between them.",
        ]);
    }
    let [left, room] = [inner.min[0] + title + 12.0, right - inner.min[0] - title - 28.0];
    let wordings = text::timed(step, looking.is_stale);
    let wordings: Vec<&str> = wordings.iter().map(String::as_str).collect();
    if let Some(words) = paint.fitting(Style::LABEL, &wordings, room) {
        let width = paint.text([left, y + 1.0], Align::Left, Style::LABEL, words);
        if frame.touch("step-clock", Rect::new(left, y - high * 0.5, left + width, y + high * 0.5)).hovered {
            frame.tooltip(&[&text::clock(step), text::ISOLATED]);
        }
    }
    y + high * 0.5
}

/// The fill of a part's ribbon, of a scope, and of a dispatch; every other dispatch is a little darker, so that they are told apart.
fn fill(side: Side, is_dispatch: bool, odd: bool) -> Colour {
    let (colour, scope) = match side {
        Side::Student => (theme::STUDENT, 0.66),
        Side::Teacher => (theme::TEACHER, 0.8),
        Side::Neither => (theme::TEXT_2, 0.78),
    };
    let towards = if !is_dispatch {
        scope
    } else if side == Side::Teacher {
        0.72
    } else if odd {
        0.2
    } else {
        0.0
    };
    colour.mixed(theme::GROUND, towards)
}

/// One scope or dispatch.
fn draw(looking: &Looking<'_, '_>, chart: &Chart<'_>, bar: &Bar<'_>, walked: Option<usize>) {
    let paint = &looking.frame.paint;
    let Some(rect) = chart.rect(bar) else { return };
    let first = bar.dispatches.start;
    if !bar.is_dispatch {
        paint.fill(rect, fill(bar.side, false, false), 2.0);
        if bar.side == Side::Teacher {
            paint.outline(rect, theme::TEACHER, 2.0, 1.0);
        }
        let style = Style::LABEL.coloured(theme::TEXT);
        if rect.height() + 2.0 >= paint.text_height(style) && paint.text_width(style, bar.name) + 8.0 <= rect.width() {
            paint.text(rect.centre(), Align::Centre, style, bar.name);
        }
        return;
    }
    let chosen = looking.step.kernel(first) == looking.chosen;
    let gap = if rect.width() > 4.0 { 0.5 } else { 0.0 };
    let rect = Rect::new(rect.min[0], rect.min[1], rect.max[0] - gap, rect.max[1]);
    if chosen {
        paint.fill(rect, theme::TEXT, 0.0);
    } else {
        let narrow = rect.width() < 3.0;
        let colour = if bar.side == Side::Teacher && narrow { theme::TEACHER } else { fill(bar.side, true, first % 2 == 1) };
        paint.fill(rect, colour, 0.0);
        if bar.side == Side::Teacher && !narrow {
            paint.outline(rect, theme::TEACHER, 0.0, 1.0);
        }
    }
    let ink = match bar.side {
        _ if chosen => theme::GROUND,
        Side::Student => theme::ON_FILL,
        Side::Teacher => theme::TEXT,
        Side::Neither => theme::GROUND,
    };
    let style = Style::LABEL.strong().coloured(ink);
    if rect.height() + 2.0 >= paint.text_height(style) && paint.text_width(style, bar.name) + 8.0 <= rect.width() {
        paint.text(rect.centre(), Align::Centre, style, bar.name);
    }
    if walked == Some(first) {
        let x = rect.centre()[0];
        let y = rect.max[1] + 1.0;
        paint.triangle([x, y], [x - 5.0, y + 7.0], [x + 5.0, y + 7.0], theme::TEXT);
    }
}

/// The parts of the step: a ribbon over the rows, their names and times above it.
fn parts(looking: &Looking<'_, '_>, chart: &Chart<'_>, [names, ribbon]: [f32; 2], inner: &Rect) {
    let (paint, step) = (&looking.frame.paint, looking.step);
    let mut shown: Vec<(&Bar<'_>, [f32; 2], f32)> = Vec::new();
    for bar in chart.bars.iter().filter(|bar| bar.depth == 0 && !bar.is_dispatch) {
        let [from, to] = bar.span.map(|micros| chart.x(micros));
        if to < chart.plot.min[0] || from > chart.plot.max[0] {
            continue;
        }
        let ends = [from.max(chart.plot.min[0]), to.max(from + 2.0).min(chart.plot.max[0])];
        let micros = step.dispatches[bar.dispatches.clone()].iter().map(|dispatch| dispatch.micros).sum();
        shown.push((bar, ends, micros));
    }
    for (bar, ends, _) in &shown {
        let rect = Rect::new(ends[0], ribbon, (ends[1] - 1.0).max(ends[0] + 1.0), ribbon + 5.0);
        match bar.side {
            Side::Teacher => paint.outline(rect, theme::TEACHER, 0.0, 1.5),
            Side::Student => paint.fill(rect, theme::STUDENT, 0.0),
            Side::Neither => paint.fill(rect, theme::TEXT_2, 0.0),
        }
    }
    // Where room is short, the shortest parts lose their time first, then their name.
    let (mut timed, mut named) = (shown.len(), shown.len());
    let mut by_time: Vec<usize> = (0..shown.len()).collect();
    by_time.sort_by(|a, b| shown[*b].2.total_cmp(&shown[*a].2));
    let name_style = Style::LABEL.strong();
    let (kept, places) = loop {
        let kept: Vec<(usize, bool)> = (0..shown.len())
            .filter_map(|index| {
                let rank = by_time.iter().position(|other| *other == index)?;
                (rank < named).then_some((index, rank < timed))
            })
            .collect();
        let wanted: Vec<(f32, f32)> = kept
            .iter()
            .map(|(index, with_time)| {
                let (bar, ends, micros) = &shown[*index];
                let time = if *with_time { paint.text_width(Style::LABEL, &time_text(*micros)) + 6.0 } else { 0.0 };
                ((ends[0] + ends[1]) * 0.5, paint.text_width(name_style, text::part(bar.name)) + time)
            })
            .collect();
        match in_a_row(&wanted, [inner.min[0], inner.max[0]], 16.0) {
            Some(places) => break (kept, places),
            None if timed > 0 => timed -= 1,
            None if named > 0 => named -= 1,
            None => return,
        }
    };
    for ((index, with_time), left) in kept.into_iter().zip(places) {
        let (bar, ends, micros) = &shown[index];
        let ink = match bar.side {
            Side::Student => theme::STUDENT,
            Side::Teacher => theme::TEACHER,
            Side::Neither => theme::TEXT,
        };
        let mut width = paint.text([left, names], Align::Left, name_style.coloured(ink), text::part(bar.name));
        if with_time {
            width += 6.0 + paint.text([left + width + 6.0, names], Align::Left, Style::LABEL, &time_text(*micros));
        }
        let half = paint.text_height(Style::LABEL) * 0.5;
        let area = Rect::new(left, names - half, left + width, names + half);
        if looking.frame.touch(&format!("step-part-{index}"), area).hovered {
            read_out(looking, bar);
        }
        // A leader where the name does not stand over its part.
        if left + width < ends[0] || left > ends[1] {
            let (start, to) = (left + width * 0.5, (ends[0] + ends[1]) * 0.5);
            paint.line([start, names + half + 1.0], [to, ribbon], theme::AXIS, 1.0);
        }
    }
}

/// Round times under the rows, with a line through them.
fn axis(paint: &Paint<'_>, chart: &Chart<'_>, line: f32) {
    let [from, to] = chart.span.ends().map(|share| share * chart.end);
    let y = chart.plot.max[1] + line * 0.85;
    let mut free = chart.plot.min[0];
    for tick in ticks(from, to, chart.plot.width() / (11.0 * line)) {
        let x = chart.x(tick);
        paint.rule([x, chart.plot.min[1]], [x, chart.plot.max[1] + 3.0], theme::SEPARATOR, 1.0);
        let label = tick_text(tick);
        let width = paint.text_width(Style::LABEL, &label);
        let left = (x - width * 0.5).max(chart.plot.min[0]);
        if left >= free && left + width <= chart.plot.max[0] {
            paint.text([left, y], Align::Left, Style::LABEL, &label);
            free = left + width + 12.0;
        }
    }
}

/// What the pointer is on.
fn read_out(looking: &Looking<'_, '_>, bar: &Bar<'_>) {
    let (frame, step) = (looking.frame, looking.step);
    let all = step.kernels();
    let Some(inside) = step.dispatches.get(bar.dispatches.clone()) else { return };
    let micros: f32 = inside.iter().map(|dispatch| dispatch.micros).sum();
    let share = share_text(micros / all);
    match inside {
        [one] if bar.is_dispatch => {
            let index = bar.dispatches.start;
            let times = step.times;
            let p95 = times.p95_micros.get(index).map_or(f32::NAN, |micros| *micros as f32);
            let work = times.dispatches.get(index).map(|dispatch| dispatch.work).unwrap_or_default();
            let [gflops, gbps] = [work.gflops(f64::from(micros)), work.gbps(f64::from(micros))].map(|rate| rate_text(rate as f32));
            let roof = times.dispatch_roof_fraction(index);
            let roof = roof.map_or_else(String::new, |fraction| format!(", {} of the roof", share_text(fraction as f32)));
            let times = format!("{} (95 % of steps: at most {}), {share} of the step's kernels", time_text(micros), time_text(p95));
            let rates = format!("{gflops} GFLOP/s, {gbps} GB/s{roof}");
            frame.tooltip(&[one.label, &times, &rates, "A click chooses the kernel."]);
        }
        _ => {
            let scopes = inside.first().map_or("", |first| first.label);
            let path: Vec<&str> = scopes.split('/').take(bar.depth + 1).collect();
            let many = format!("{} dispatches, {} together, {share} of the step's kernels", inside.len(), time_text(micros));
            frame.tooltip(&[&path.join("/"), &many]);
        }
    }
}

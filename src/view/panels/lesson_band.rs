//! The band below while a lesson is played: headline and detail, or the question to the room; what was measured; where in the
//! lesson this is, and what PageDown does next. What is said of an outcome is said after it was measured.

use crate::lesson::{Lesson, Published, Step};
use crate::snapshot::Snapshot;
use crate::view::charts::short;
use crate::view::layout::Rect;
use crate::view::lesson_player::{Finding, Player, Progress, deciding};
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme;

use super::Frame;

/// The headline: the caption's size, semi-bold.
const HEADLINE: Style = Style { strong: true, ..Style::CAPTION };
/// What choices are called.
const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

/// Lengths that hang on the type size.
struct Measures {
    margin: f32,
    pad: f32,
    row: f32,
    side: f32,
    gap: f32,
}

impl Measures {
    fn new(width: f32, presenting: bool) -> Self {
        let side = match (presenting, width) {
            (true, _) => 392.0,
            (false, width) if width >= 1600.0 => 448.0,
            (false, width) if width >= 1000.0 => 288.0,
            _ => 0.0,
        };
        if presenting {
            Self { margin: 24.0, pad: 12.0, row: 44.0, side, gap: 32.0 }
        } else {
            Self { margin: 16.0, pad: 8.0, row: 30.0, side, gap: 24.0 }
        }
    }

    /// Width of headline and detail.
    fn text(&self, width: f32) -> f32 {
        let side = if self.side > 0.0 { self.side + self.gap } else { 0.0 };
        (width - 2.0 * self.margin - side).max(80.0)
    }
}

fn pitch(paint: &Paint<'_>, style: Style) -> f32 {
    paint.text_height(style) * 1.35
}

/// Headline and detail of a page as it stands.
fn texts(player: &Player) -> (String, String) {
    let step = player.step();
    match (&step.ask, player.finding()) {
        (Some(ask), _) if player.is_asking() => (ask.question.clone(), String::new()),
        (_, Finding::Missed(what)) => ("Measured otherwise than the lesson expects.".to_owned(), format!("Here: {what}.")),
        (_, Finding::Met(_)) => match &step.outcome {
            Some(outcome) => (outcome.caption.clone(), outcome.detail.clone()),
            None => (step.caption.clone(), step.detail.clone()),
        },
        _ => (step.caption.clone(), step.detail.clone()),
    }
}

/// Rows that the choices take, side by side where they fit.
fn choice_rows(paint: &Paint<'_>, choices: &[String], width: f32) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut x = f32::INFINITY;
    for (index, choice) in choices.iter().enumerate() {
        let wide = choice_width(paint, index, choice);
        if x + wide > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        rows.last_mut().expect("a row was opened").push(index);
        x += wide;
    }
    rows
}

fn choice_width(paint: &Paint<'_>, index: usize, choice: &str) -> f32 {
    paint.key_width(LETTERS[index % 4]) + 8.0 + paint.text_width(Style::BODY, choice) + 28.0
}

/// The height that every page of a lesson finds room in, so that the panes do not jump from page to page.
pub fn height(paint: &Paint<'_>, lesson: &Lesson, width: f32, presenting: bool) -> f32 {
    let measures = Measures::new(width, presenting);
    let text = measures.text(width);
    let of = |headline: &str, detail: &str| {
        let lines = paint.wrapped_lines(HEADLINE, headline, text) as f32 * pitch(paint, HEADLINE);
        let more = if detail.is_empty() { 0 } else { paint.wrapped_lines(Style::QUIET, detail, text) };
        lines + more as f32 * pitch(paint, Style::QUIET)
    };
    let page = |step: &Step| {
        let mut most = of(&step.caption, &step.detail);
        if let Some(outcome) = &step.outcome {
            most = most.max(of(&outcome.caption, &outcome.detail));
        }
        if let Some(ask) = &step.ask {
            let rows = choice_rows(paint, &ask.choices, width - 2.0 * measures.margin).len();
            most = most.max(of(&ask.question, "") + rows as f32 * (pitch(paint, Style::BODY) + 4.0));
        }
        most
    };
    let beside = |step: &Step| {
        let lines = step.published.as_ref().map_or(0, |figure| paint.wrapped_lines(Style::LABEL, &published(figure), measures.side));
        pitch(paint, Style::VALUE) + 2.0 + lines as f32 * pitch(paint, Style::LABEL)
    };
    let aside = measures.side > 0.0;
    let most = lesson.steps.iter().map(|step| if aside { page(step).max(beside(step)) } else { page(step) }).fold(0.0, f32::max);
    (2.0 * measures.pad + most + measures.row).ceil()
}

/// What the pointer asked of the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The next page.
    Forward,
    /// The one before.
    Back,
}

/// Paints the band into `area`.
pub fn ui(frame: &Frame<'_>, area: Rect, player: &Player, snapshot: &Snapshot) -> Option<Turn> {
    let paint = &frame.paint;
    let measures = Measures::new(area.width(), frame.presenting);
    paint.fill(area, theme::PANEL, 0.0);
    paint.rule(area.min, [area.max[0], area.min[1]], theme::SEPARATOR, 1.0);
    let left = area.min[0] + measures.margin;
    let right = area.max[0] - measures.margin;
    let row = area.max[1] - measures.pad * 0.5 - measures.row * 0.5;
    let floor = area.max[1] - measures.pad * 0.5 - measures.row;
    let (headline, detail) = texts(player);
    let asking = player.is_asking();
    let width = if asking { right - left } else { measures.text(area.width()) };

    let mut y = area.min[1] + measures.pad + pitch(paint, HEADLINE) * 0.5;
    let lines = paint.wrapped_lines(HEADLINE, &headline, width);
    paint.text_wrapped([left, y], HEADLINE, &headline, width, lines);
    y += (lines as f32 - 0.5) * pitch(paint, HEADLINE);
    if asking {
        choices(frame, player, [left, y], width, floor);
    } else if !detail.is_empty() {
        let style = Style::QUIET;
        let lines = paint.wrapped_lines(style, &detail, width);
        // Where the window is too low for it, the detail is read with the pointer.
        if y + lines as f32 * pitch(paint, style) <= floor + 2.0 {
            paint.text_wrapped([left, y + pitch(paint, style) * 0.5], style, &detail, width, lines);
        } else {
            frame.about("lesson text", Rect::new(left, area.min[1], left + width, floor), &[&detail]);
        }
    }
    let lesson = player.lesson();
    frame.about("lesson", Rect::new(left, area.min[1], left + width, floor), &[&format!("{}.", lesson.title), &lesson.summary]);
    if measures.side > 0.0 && !asking {
        side(frame, Rect::new(right - measures.side, area.min[1] + measures.pad, right, floor), player, snapshot);
    }
    progress_row(frame, [left, right], row, player, snapshot)
}

fn choices(frame: &Frame<'_>, player: &Player, [left, top]: [f32; 2], width: f32, floor: f32) {
    let paint = &frame.paint;
    let Some(ask) = &player.step().ask else { return };
    let mut y = top + 2.0 + pitch(paint, Style::BODY) * 0.5;
    for row in choice_rows(paint, &ask.choices, width) {
        if y + paint.text_height(Style::BODY) * 0.5 > floor + 2.0 {
            break;
        }
        let mut x = left;
        for index in row {
            let key = paint.key([x, y], LETTERS[index % 4]);
            paint.text([x + key + 8.0, y], Align::Left, Style::BODY, &ask.choices[index]);
            x += choice_width(paint, index, &ask.choices[index]);
        }
        y += pitch(paint, Style::BODY) + 4.0;
    }
}

/// Right of the text: what was measured, and what was published.
fn side(frame: &Frame<'_>, area: Rect, player: &Player, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let [left, mut y] = area.min;
    let step = player.step();
    let (value, what) = measured(player, snapshot);
    if !value.is_empty() {
        let height = pitch(paint, Style::VALUE).min(area.height());
        let wide = paint.text([left, y + height * 0.5], Align::Left, Style::VALUE, &value);
        let label = Rect::new(left + wide + 10.0, y, area.max[0], y + height);
        label_lines(paint, label, &what);
        y += height + 2.0;
    }
    let line = |text: String, y: &mut f32| {
        let lines = paint.wrapped_lines(Style::LABEL, &text, area.width());
        let height = lines as f32 * pitch(paint, Style::LABEL);
        if *y + height <= area.max[1] + 2.0 {
            paint.text_wrapped([left, *y + pitch(paint, Style::LABEL) * 0.5], Style::LABEL, &text, area.width(), lines);
            *y += height;
        }
    };
    if let Some(figure) = &step.published {
        line(published(figure), &mut y);
    }
    if let (Finding::Met(_), Some(ask)) = (player.finding(), &step.ask)
        && let Some(answer) = ask.answer
    {
        line(format!("Answer {}: {}", LETTERS[answer % 4], ask.choices[answer]), &mut y);
    }
    frame.about("measured", area, &["What this page measures, here and now; beside it what was published, with its source."]);
}

fn published(figure: &Published) -> String {
    format!("Published: {} {}, {}", figure.value, figure.what, figure.source)
}

/// A label of one or two lines, in the middle of its area's height.
fn label_lines(paint: &Paint<'_>, area: Rect, text: &str) {
    let lines = paint.wrapped_lines(Style::LABEL, text, area.width());
    let first = area.centre()[1] - (lines as f32 - 1.0) * 0.5 * pitch(paint, Style::LABEL);
    paint.text_wrapped([area.min[0], first], Style::LABEL, text, area.width(), lines);
}

/// The one number of the page, and what it is.
fn measured(player: &Player, snapshot: &Snapshot) -> (String, String) {
    let meter = || {
        deciding(player.step(), snapshot)
            .map_or_else(|| (String::new(), String::new()), |(meter, value)| (short(value), meter.title().to_owned()))
    };
    match (player.finding(), player.progress(snapshot)) {
        (_, Progress::Restoring { step, of }) => (step.to_string(), format!("of {of} steps trained again, to where this page begins")),
        (Finding::Met(Some(effect)), _) => {
            let verdict = player.step().expect.as_ref().and_then(|expect| expect.verdict);
            let verdict = verdict.map_or("the verdict", super::super::lesson_player::kind_name);
            (format!("{:.1} s", effect.seconds), format!("{} steps to {verdict}, measured here", effect.steps))
        }
        (Finding::Met(None) | Finding::Missed(_), _) => meter(),
        (_, Progress::Running { step, of }) => (format!("{step}"), format!("of {of} training steps")),
        (Finding::Disturbed, _) => (String::new(), String::new()),
        _ => (String::new(), String::new()),
    }
}

/// Boxes, "5 of 9", what PageDown does; on the right, how to leave.
fn progress_row(frame: &Frame<'_>, [left, right]: [f32; 2], y: f32, player: &Player, snapshot: &Snapshot) -> Option<Turn> {
    let paint = &frame.paint;
    let count = player.lesson().steps.len();
    let unit: f32 = if frame.presenting { 1.5 } else { 1.0 };
    let pitch_of_boxes = (unit * 16.0).min((right - left) * 0.3 / count as f32);
    let mut x = left;
    for index in 0..count {
        let wide = (pitch_of_boxes * 0.7).max(2.0);
        let half = unit * if index == player.index() { 6.0 } else { 3.0 };
        let rect = Rect::new(x, y - half, x + wide, y + half);
        if index <= player.index() {
            paint.fill(rect, theme::TEXT, 0.0)
        } else {
            paint.outline(rect, theme::AXIS, 0.0, 1.0)
        }
        x += pitch_of_boxes;
    }
    x += 4.0 + paint.text([x + 4.0, y], Align::Left, Style::LABEL, &format!("{} of {count}", player.index() + 1)) + 20.0;
    let pages = "The lesson's pages; PageDown, PageUp and presentation remotes turn them.";
    frame.about("pages", Rect::new(left, y - 12.0, x - 16.0, y + 12.0), &[pages]);

    let mut limit = right;
    let leave = if frame.presenting { "" } else { "leave the lesson" };
    let wide = paint.key_width("Esc") + 6.0 + paint.text_width(Style::LABEL, leave);
    if !leave.is_empty() && x + wide + 260.0 < limit {
        let key = paint.key([limit - wide, y], "Esc");
        paint.text([limit - wide + key + 6.0, y], Align::Left, Style::LABEL, leave);
        limit -= wide + 20.0;
    }
    if snapshot.adapter_is_software && !frame.presenting {
        let banner = "No GPU: training runs on the CPU";
        let wide = paint.text_width(Style::LABEL, banner);
        if x + wide + 320.0 < limit {
            paint.text([limit, y], Align::Right, Style::LABEL, banner);
            limit -= wide + 20.0;
        }
    }
    let mut turn = None;
    let mut button = |x: f32, name: &str, then: Turn| {
        let wide = paint.key([x, y], name);
        let touch = frame.touch(name, Rect::new(x, y - 14.0, x + wide, y + 14.0));
        if touch.hovered {
            frame.tooltip(&[match then {
                Turn::Forward => "The lesson goes on: it sets what the next page says, and trains.",
                Turn::Back => "The page before, in the state in which it was left or, where that is gone, trained again.",
            }]);
        }
        if touch.clicked {
            turn = Some(then);
        }
        wide
    };
    let back_width = paint.key_width("PageUp");
    if !player.is_first() && x + back_width + paint.key_width("PageDown") + 140.0 < limit {
        x += button(x, "PageUp", Turn::Back) + 6.0;
    }
    if player.is_last() {
        let said = ["that was the lesson; L opens the list of lessons", "the end; L: lessons", "the end"];
        first_that_fits(paint, [x, y], limit, &said);
        return turn;
    }
    if x + paint.key_width("PageDown") < limit {
        x += button(x, "PageDown", Turn::Forward) + 8.0;
    }
    let next = next_text(player, snapshot);
    let options: Vec<&str> = next.iter().map(String::as_str).collect();
    let wide = first_that_fits(paint, [x, y], limit, &options);
    frame.about("next", Rect::new(x, y - 12.0, x + wide, y + 12.0), &["What PageDown does; seconds are at the speed of now."]);
    turn
}

/// Writes the first text that fits, none if none does; gives its width.
fn first_that_fits(paint: &Paint<'_>, [x, y]: [f32; 2], limit: f32, texts: &[&str]) -> f32 {
    paint.fitting(Style::LABEL, texts, limit - x).map_or(0.0, |text| paint.text([x, y], Align::Left, Style::LABEL, text))
}

/// What PageDown does, from the longest wording to the shortest.
fn next_text(player: &Player, snapshot: &Snapshot) -> Vec<String> {
    let page = player.step();
    if player.is_asking() {
        let run = page.run.map_or_else(String::new, |run| format!(": {run} training steps"));
        let long = match snapshot.steps_per_second {
            rate if rate > 0.5 && page.run.is_some() => format!("do it and see{run}, about {:.0} s", page.run.unwrap_or(0) as f32 / rate),
            _ => format!("do it and see{run}"),
        };
        return vec![long, "do it and see".to_owned(), "see".to_owned()];
    }
    if player.is_disturbed(snapshot) {
        return vec!["back to the lesson's own run, at its next step".to_owned(), "back to the lesson".to_owned()];
    }
    let Some(next) = player.lesson().steps.get(player.index() + 1) else { return Vec::new() };
    let title = next.ask.as_ref().map_or(&next.caption, |ask| &ask.question);
    vec![title.clone(), if next.ask.is_some() { "a question".to_owned() } else { "next step".to_owned() }, "next".to_owned()]
}

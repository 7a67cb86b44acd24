//! The list of lessons, over everything: arrows and Enter, or a click; and the line that offers a lesson on the first start.

use crate::view::layout::Rect;
use crate::view::lessons::Lessons;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme;

use super::Frame;
use super::overlay::card;

/// Paints the list on a card in the middle of the window; gives the row that was clicked.
pub fn ui(frame: &Frame<'_>, window: Rect, lessons: &Lessons) -> Option<usize> {
    let chosen = lessons.chosen?;
    let paint = &frame.paint;
    let (margin, widest) = if frame.presenting { (24.0, 1000.0) } else { (16.0, 720.0) };
    let width = (window.width() - 32.0).min(widest);
    let heights: Vec<f32> = lessons.library().iter().map(|lesson| row_height(paint, &lesson.summary, width - 2.0 * margin)).collect();
    let (head, foot, line) = if frame.presenting { (64.0, 48.0, 28.0) } else { (48.0, 40.0, 20.0) };
    let problems = lessons.problems.len().min(3);
    let fixed = head + foot + problems as f32 * line;
    let [first, last] = visible(&heights, chosen, window.height() - 32.0 - fixed);
    let height = fixed + heights[first..last].iter().sum::<f32>();
    let [left, top] = [(window.width() - width) * 0.5, ((window.height() - height) * 0.5).max(8.0)].map(f32::round);
    card(frame, window, Rect::new(left, top, left + width, top + height));
    paint.text([left + margin, top + head * 0.5], Align::Left, Style::CAPTION.strong(), "Lessons");
    let (mut y, mut clicked) = (top + head, None);
    for index in first..last {
        let lesson = &lessons.library()[index];
        let area = Rect::new(left + 1.0, y, left + width - 1.0, y + heights[index]);
        let touch = frame.touch(&format!("lesson {index}"), area);
        if touch.hovered {
            frame.tell(&lesson.summary);
        }
        if touch.clicked {
            clicked = Some(index);
        }
        row(frame, area, margin, index == chosen, &lesson.title, &lesson.summary, lesson.steps.len());
        y += heights[index];
    }
    for problem in &lessons.problems[..problems] {
        paint.name_clipped([left + margin, y + line * 0.5], Style::LABEL, problem, width - 2.0 * margin);
        y += line;
    }
    foot_line(paint, [left + margin, left + width - margin], y + foot * 0.5, lessons);
    clicked
}

fn row_height(paint: &Paint<'_>, summary: &str, width: f32) -> f32 {
    let lines = paint.wrapped_lines(Style::LABEL, summary, width) as f32;
    20.0 + paint.text_height(Style::TITLE) * 1.35 + lines * paint.text_height(Style::LABEL) * 1.35
}

/// The rows around the chosen one that fit.
fn visible(heights: &[f32], chosen: usize, room: f32) -> [usize; 2] {
    if heights.is_empty() {
        return [0, 0];
    }
    let chosen = chosen.min(heights.len() - 1);
    let (mut first, mut last, mut total) = (chosen, chosen + 1, heights[chosen]);
    loop {
        if first > 0 && total + heights[first - 1] <= room {
            first -= 1;
            total += heights[first];
        } else if last < heights.len() && total + heights[last] <= room {
            total += heights[last];
            last += 1;
        } else {
            return [first, last];
        }
    }
}

fn row(frame: &Frame<'_>, area: Rect, margin: f32, chosen: bool, title: &str, summary: &str, steps: usize) {
    let paint = &frame.paint;
    if chosen {
        paint.fill(area, theme::RAISED, 0.0);
        paint.fill(Rect::new(area.min[0], area.min[1], area.min[0] + 4.0, area.max[1]), theme::TEXT, 0.0);
    }
    let [left, right] = [area.min[0] + margin, area.max[0] - margin];
    let y = area.min[1] + 10.0 + paint.text_height(Style::TITLE) * 0.675;
    let count = format!("{steps} steps");
    let wide = paint.text_width(Style::LABEL, &count);
    paint.text_clipped([left, y], Style::TITLE, title, right - left - wide - 16.0);
    paint.text([right, y], Align::Right, Style::LABEL, &count);
    let y = y + paint.text_height(Style::TITLE) * 0.675 + paint.text_height(Style::LABEL) * 0.675;
    let lines = paint.wrapped_lines(Style::LABEL, summary, right - left);
    paint.text_wrapped([left, y], Style::LABEL, summary, right - left, lines);
}

fn foot_line(paint: &Paint<'_>, [left, right]: [f32; 2], y: f32, lessons: &Lessons) {
    let mut x = left;
    for (keys, what) in [(&["↑", "↓"] as &[&str], "choose"), (&["Enter"], "start"), (&["Esc"], "close")] {
        for key in keys {
            x += paint.key([x, y], key) + 3.0;
        }
        x += 4.0 + paint.text([x + 4.0, y], Align::Left, Style::LABEL, what) + 16.0;
    }
    if let Some(folder) = &lessons.folder {
        let text = format!("own lessons: *.toml in {folder}");
        if paint.text_width(Style::LABEL, &text) <= right - x {
            paint.text([right, y], Align::Right, Style::LABEL, &text);
        }
    }
}

/// What the pointer did to the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// The list is wanted.
    Open,
    /// The line is not wanted any longer.
    Dismiss,
}

/// The offer of the first start, one line with its middle at height `y` of `area`.
pub fn offer(frame: &Frame<'_>, area: &Rect, y: f32, title: &str) -> Option<Offered> {
    let paint = &frame.paint;
    let wordings = [format!("opens a lesson: {title}"), "opens the lessons".to_owned()];
    let wide = |text: &str| {
        paint.text_width(Style::BODY, "New here?") + paint.key_width("L") + paint.text_width(Style::BODY, text) + 28.0 + 16.0 + 36.0
    };
    let text = wordings.iter().find(|text| wide(text) <= area.width() - 16.0)?;
    let half = paint.text_height(Style::BODY) * 0.5 + 10.0;
    let left = area.centre()[0] - wide(text) * 0.5;
    let rect = Rect::new(left, y - half, left + wide(text), y + half);
    paint.fill(rect, theme::RAISED, 4.0);
    let mut x = left + 14.0;
    x += paint.text([x, y], Align::Left, Style::BODY, "New here?") + 8.0;
    x += paint.key([x, y], "L") + 8.0;
    paint.text([x, y], Align::Left, Style::BODY, text);
    let close = Rect::new(rect.max[0] - 32.0, rect.min[1], rect.max[0], rect.max[1]);
    let [cx, cy] = close.centre();
    for slant in [-1.0, 1.0] {
        paint.line([cx - 5.0, cy - 5.0 * slant], [cx + 5.0, cy + 5.0 * slant], theme::TEXT_2, 1.5);
    }
    let touch = frame.touch("dismiss offer", close);
    if touch.hovered {
        frame.tooltip(&["Not now: L opens the lessons at any time."]);
    }
    if touch.clicked {
        return Some(Offered::Dismiss);
    }
    let touch = frame.touch("take offer", Rect { max: [close.min[0], rect.max[1]], ..rect });
    if touch.hovered {
        frame.tooltip(&["Lessons train for you and say what is seen; PageDown turns a page, Esc leaves."]);
    }
    touch.clicked.then_some(Offered::Open)
}

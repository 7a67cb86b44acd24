//! The scrubber under the charts: the run from its first kept step to now, a tick for every state that can be looked at, letters for
//! flips, and the road that was left. A drag looks at the state nearest to the pointer; letting go stays there. Below it: what to do
//! from there, or how to return.

use crate::command::Command;
use crate::snapshot::{Past, Road, Snapshot, grouped};
use crate::view::charts::flips;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// Charts keep at least this height beside it.
const LEAST_ROOM: f32 = 260.0;

/// The room that it takes below the charts; none where no past is kept, or where the charts need it all.
pub fn height(frame: &Frame<'_>, snapshot: &Snapshot, room: f32) -> f32 {
    let line = frame.paint.text_height(Style::LABEL);
    if snapshot.past.is_some() && room > LEAST_ROOM { 30.0 + line } else { 0.0 }
}

/// Mebibytes as a reader wants them.
fn mebibytes(bytes: u64) -> String {
    let value = bytes as f64 / f64::from(1 << 20);
    if value < 10.0 { format!("{value:.1} MiB") } else { format!("{value:.0} MiB") }
}

/// What is kept, in sentences.
fn told(past: &Past) -> Vec<String> {
    let each = mebibytes(past.each);
    match past.marks.first() {
        Some(first) => vec![
            format!(
                "Drag (or , and .) to look at an earlier step; training waits meanwhile, and nothing is lost. {} states from step {} on are \
                 kept on the adapter, {} of at most {}; the newest lie closest together.",
                past.marks.len(),
                grouped(*first),
                mebibytes(past.bytes()),
                mebibytes(past.budget)
            ),
            "Any step between them can be reached again to the bit, by training on from the one before it.".to_owned(),
        ],
        None if past.each * 4 > past.budget => {
            vec![format!("No past is kept: one state of this run takes {each}, and all may take {}.", mebibytes(past.budget))]
        }
        None => vec![format!("The past of this run: its states of {each} are kept on the adapter as soon as it trains.")],
    }
}

/// A word that can be pressed; gives where it ends.
fn word(frame: &Frame<'_>, id: &str, [x, y]: [f32; 2], text: &str, tip: &str) -> (f32, bool) {
    let paint = &frame.paint;
    let width = paint.text_width(Style::LABEL, text);
    let touch = frame.touch(id, Rect::new(x - 4.0, y - 11.0, x + width + 4.0, y + 11.0));
    let colour = if touch.hovered { theme::TEXT } else { theme::TEXT_2 };
    paint.text([x, y], Align::Left, Style::LABEL.coloured(colour), text);
    let under = y + paint.text_height(Style::LABEL) * 0.5 + 0.5;
    paint.dashes([x, under], [x + width, under], theme::AXIS, 1.0, 2.0);
    if touch.hovered {
        frame.tooltip(&[tip]);
    }
    (x + width, touch.clicked)
}

/// What returning to the road that was left says.
pub fn return_words(road: &Road) -> String {
    format!(
        "Return to step {} of the road that was left at step {}, to the bit (U). The present road is then the one that is left.",
        grouped(road.step),
        grouped(road.fork)
    )
}

/// Paints it and answers to the pointer.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let Some(past) = &snapshot.past else { return };
    let paint = &frame.paint;
    let last = past.now.max(past.road.as_ref().map_or(0, |road| road.step)).max(50);
    let y = area.min[1] + 14.0;
    let x = |step: u64| area.min[0] + area.width() * (step as f32 / last as f32).min(1.0);
    paint.rule([area.min[0], y], [area.max[0], y], theme::SEPARATOR, 1.0);
    if let Some(road) = &past.road {
        paint.dashes([x(road.fork), y - 5.0], [x(road.step), y - 5.0], theme::TEXT_2, 1.0, 3.0);
        paint.line([x(road.fork), y], [x(road.fork) + 4.0, y - 5.0], theme::TEXT_2, 1.0);
        paint.ring([x(road.step), y - 5.0], 2.5, theme::TEXT_2, 1.0);
    }
    paint.rule([x(past.marks.first().copied().unwrap_or(0)), y], [x(past.now), y], theme::AXIS, 3.0);
    for &mark in past.marks.iter() {
        paint.rule([x(mark), y - 4.0], [x(mark), y + 4.0], theme::TEXT_2, 1.0);
    }
    for (step, ..) in flips(&snapshot.events) {
        paint.triangle([x(step) - 3.5, y + 10.0], [x(step) + 3.5, y + 10.0], [x(step), y + 4.0], theme::TEXT);
    }
    let at = past.shown.unwrap_or(past.now);
    paint.dot([x(at), y], 6.5, theme::PANEL);
    paint.dot([x(at), y], 5.0, if past.shown.is_some() { theme::STUDENT } else { theme::TEXT });
    let touch = frame.touch("scrubber", Rect::new(area.min[0] - 6.0, y - 12.0, area.max[0] + 6.0, y + 12.0));
    if touch.held && !past.marks.is_empty() {
        let share = f64::from((frame.pointer()[0] - area.min[0]) / area.width().max(1.0)).clamp(0.0, 1.0);
        let step = (share * last as f64).round() as u64;
        let mark = past.marks.iter().copied().min_by_key(|mark| mark.abs_diff(step));
        // Beyond the last mark it is the present.
        let wanted = mark.filter(|mark| mark.abs_diff(step) < past.now.abs_diff(step));
        if wanted != past.shown {
            commands.push(Command::Peek(wanted));
        }
    } else if touch.hovered {
        let lines = told(past);
        frame.tooltip(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let below = area.max[1] - paint.text_height(Style::LABEL) * 0.5 - 1.0;
    if let Some(until) = past.again {
        paint.text(
            [area.min[0], below],
            Align::Left,
            Style::LABEL,
            &format!("doing step {} of {} again", grouped(past.now), grouped(until)),
        );
        frame.about(
            "again",
            Rect::new(area.min[0], below - 9.0, area.max[0], below + 9.0),
            &["The steps between the kept state and the one that was asked for are done again, with every change at its step."],
        );
        return;
    }
    if let Some(shown) = past.shown {
        let (end, go) = word(
            frame,
            "from here",
            [area.min[0], below],
            "from here (Enter)",
            "Go on from this step. What came after it is left, and can be returned to (U).",
        );
        if go {
            commands.push(Command::Rewind(shown));
        }
        let (_, back) = word(frame, "now", [end + 16.0, below], "now (Esc)", "Look at the present again; nothing has changed there.");
        if back {
            commands.push(Command::Peek(None));
        }
        return;
    }
    let lines = told(past);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (mut left, style) = (area.min[0], Style::LABEL);
    if let Some(road) = &past.road {
        let (end, back) = word(frame, "road", [left, below], &format!("back to step {} (U)", grouped(road.step)), &return_words(road));
        if back {
            commands.push(Command::OtherRoad);
        }
        left = end + 16.0;
    }
    let wordings = ["drag to look at an earlier step", "earlier: drag", ""];
    let room = area.max[0] - left;
    if let Some(text) = paint.fitting(style, &wordings, room).filter(|text| !text.is_empty() && !past.marks.is_empty()) {
        let width = paint.text([area.max[0], below], Align::Right, style, text);
        frame.about("past", Rect::new(area.max[0] - width, below - 9.0, area.max[0], below + 9.0), &lines);
    }
}

/// What stands over the picture while an earlier step is shown: what it is, and how to leave.
pub fn banner(frame: &Frame<'_>, over: &Rect, snapshot: &Snapshot) {
    let Some((past, shown)) = snapshot.past.as_ref().and_then(|past| Some((past, past.shown?))) else { return };
    let paint = &frame.paint;
    let step = format!("step {} of {}", grouped(shown), grouped(past.now));
    let long = format!("{step}  ·  Enter: go on from here  ·  Esc: back to now");
    let [middle, short] = [format!("{step}  ·  Enter: from here  ·  Esc: now"), format!("{step}  ·  Enter, Esc")];
    let style = Style::TITLE;
    let Some(text) = paint.fitting(style, &[&long, &middle, &short, &step], over.width() - 48.0) else { return };
    let (width, height) = (paint.text_width(style, text), paint.text_height(style));
    // Below what the pane is called.
    let [x, top] = [over.centre()[0], over.min[1] + if frame.presenting { 46.0 } else { 64.0 }];
    let area = Rect::new(x - width * 0.5 - 16.0, top, x + width * 0.5 + 16.0, top + height + 14.0);
    paint.fill(area, theme::RAISED, 6.0);
    paint.outline(area, theme::STUDENT, 6.0, 1.5);
    paint.text([x, area.centre()[1]], Align::Centre, style, text);
    frame.about(
        "banner",
        area,
        &[
            "An earlier step is shown as it was then: the cloud, the meters, the switches. Training waits, and nothing is lost.",
            "Enter goes on from here, and so does whatever changes the run (Space, S, a switch): what came after is left, and U returns to it. Esc shows the present again; , and . look at the state before and after.",
        ],
    );
}

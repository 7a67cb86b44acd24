//! The lane of the last frames: what the adapter's one queue did when, how the time of a frame is used, and each side's share in words.

use crate::snapshot::{FrameLane, Shares, SpanKind};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::panels::Frame;
use crate::view::theme;
use crate::view::timing::frames::{Frames, ends};

/// Paints the lane.
pub fn ui(frame: &Frame<'_>, area: &Rect, lane: &FrameLane, shares: Shares) {
    let paint = &frame.paint;
    let line = paint.text_height(Style::LABEL);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let Some(frames) = Frames::of(lane) else { return };
    let y = inner.min[1] + 0.9 * line;
    let bar = Rect::new(inner.min[0], y + 1.1 * line, inner.max[0], inner.max[1] - 0.7 * line);
    paint.fill(bar, theme::PANEL, 0.0);
    for span in &lane.spans {
        let Some([from, to]) = frames.place(span) else { continue };
        let [left, right] = [from, to].map(|share| bar.min[0] + share * bar.width());
        mark(paint, Rect::new(left, bar.min[1], right.max(left + 1.0), bar.max[1]), span.kind);
    }
    // A notch where a frame ends.
    let [first, last] = frames.shown;
    for end in ends(lane).filter(|end| (first..=last).contains(end)) {
        let x = bar.min[0] + (end - first) / (last - first) * bar.width();
        paint.rule([x, bar.min[1] - 3.0], [x, bar.max[1] + 3.0], theme::AXIS, 1.0);
    }
    let legend = legend(frame, [inner.min[0], y], shares);
    let goal = format!("{:.0} ms a frame wanted ({:.0} Hz)", lane.goal, 1000.0 / lane.goal.max(1.0));
    let took = format!("{:.0} ms the median of the last {}", frames.median, frames.count);
    let late = match frames.late {
        0 => "none late".to_owned(),
        1 => "1 late".to_owned(),
        late => format!("{late} late"),
    };
    let wordings = [format!("{goal}, {took}, {late}"), format!("{goal}, {:.0} ms taken, {late}", frames.median), goal];
    let wordings: Vec<&str> = wordings.iter().map(String::as_str).collect();
    if let Some(words) = paint.fitting(Style::LABEL, &wordings, inner.max[0] - legend - 24.0) {
        paint.text([inner.max[0], y], Align::Right, Style::LABEL, words);
    }
    if frame.touch("frame-lane", *area).hovered {
        let pointer = frame.pointer();
        let at = first + (pointer[0] - bar.min[0]) / bar.width().max(1.0) * (last - first);
        let under = lane.spans.iter().find(|span| bar.contains(pointer) && (span.start..span.end).contains(&at));
        let under = under.map(|span| format!("{}: {:.1} ms.", span.job, span.millis()));
        let mut lines: Vec<&str> = under.iter().map(String::as_str).collect();
        lines.extend([
            "What the adapter's queue did in the last half second, milliseconds from left to right: filled for slices of training and \
             measurements, outlined for frames of the window, empty where it had nothing to do; a notch ends a frame.",
            "Training gets what the frames leave free, in slices: at 60 Hz 16.7 ms a frame, on a software adapter 40 ms (25 Hz). [ and ] \
             change how fast training goes, turbo included; { and } its share of the time.",
        ]);
        frame.tooltip(&lines);
    }
}

fn mark(paint: &Paint<'_>, rect: Rect, kind: SpanKind) {
    match kind {
        SpanKind::Training => paint.fill(rect, theme::TEXT_2, 0.0),
        SpanKind::Drawing => {
            paint.fill(rect, theme::RAISED, 0.0);
            paint.outline(rect, theme::AXIS, 0.0, 1.0);
        }
        SpanKind::Idle => {}
    }
}

/// Title, and the shares with the marks that stand for them; gives the right end.
fn legend(frame: &Frame<'_>, [left, y]: [f32; 2], shares: Shares) -> f32 {
    let paint = &frame.paint;
    let side = paint.text_height(Style::LABEL) * 0.7;
    let mut x = left + paint.text([left, y], Align::Left, Style::TITLE, "The queue") + 16.0;
    for (kind, name, share) in [
        (SpanKind::Training, "training", shares.training),
        (SpanKind::Drawing, "drawing", shares.drawing),
        (SpanKind::Idle, "idle", shares.idle),
    ] {
        let rect = Rect::new(x, y - side * 0.5, x + side, y + side * 0.5);
        mark(paint, rect, kind);
        if kind == SpanKind::Idle {
            paint.outline(rect, theme::SEPARATOR, 0.0, 1.0);
        }
        x += side + 6.0;
        x += paint.text([x, y], Align::Left, Style::LABEL.coloured(theme::TEXT), &format!("{name} {:.0} %", share * 100.0)) + 16.0;
    }
    x
}

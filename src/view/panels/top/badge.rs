//! The verdict's badge: its name, the meter that decided and its value, and what the newest flip did, measured in seconds of training
//! and in steps. A collapse has a vermilion frame with a bar; healthy is the same badge in grey.

use crate::snapshot::{SinceFlip, Snapshot, Span, Verdict, VerdictKind};
use crate::view::charts::reading::of_verdict;
use crate::view::charts::{grouped, short};
use crate::view::gathering::{letter, name, seeds, state, tally, twin};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::theme;

/// The verdict in words.
pub fn verdict_title(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Unknown => "measuring",
        VerdictKind::Healthy => "healthy",
        VerdictKind::Complete => "complete collapse",
        VerdictKind::Dimensional => "dimensional collapse",
        VerdictKind::Dominant => "dominant prototype",
        VerdictKind::Uniform => "uniform collapse",
        VerdictKind::Constant => "constant collapse",
    }
}

/// The verdict at the right end, under it what the newest flip did; gives its left edge.
pub fn badge(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) -> f32 {
    let paint = &frame.paint;
    let verdict = &snapshot.verdict;
    let several = of_several(snapshot);
    let alarm = match &several {
        Some(_) => snapshot.learners.iter().any(|learner| learner.verdict.kind.is_collapse()),
        None => verdict.kind.is_collapse(),
    };
    let meter = match &several {
        Some(_) => String::new(),
        None => verdict_detail(verdict, of_verdict(verdict, &snapshot.history, snapshot.step)),
    };
    let title = several.as_deref().unwrap_or(verdict_title(verdict.kind));
    // Presenting, it stands large beside the chart.
    let flip = snapshot.since_flip.as_ref().filter(|_| !frame.presenting);
    let whose = twin(snapshot).map_or_else(String::new, |_| format!("{}: ", letter(snapshot.front)));
    let since = flip.map(|since| format!("{whose}{}", since_text(since, verdict.kind)));
    let title_width = paint.text_width(Style::TITLE, title);
    let meter_width = if meter.is_empty() { 0.0 } else { paint.text_width(Style::LABEL, &meter) + 10.0 };
    let since_width = since.as_deref().map_or(0.0, |text| paint.text_width(Style::LABEL, text));
    let bar = if alarm { 8.0 } else { 0.0 };
    let margin = if frame.presenting { 24.0 } else { 16.0 };
    let right = area.max[0] - margin;
    let left = right - (title_width + meter_width).max(since_width) - 36.0 - bar;
    let air = if frame.presenting { 11.0 } else { 5.0 };
    let rect = Rect::new(left, area.min[1] + air, right, area.max[1] - air);
    let touch = frame.touch("verdict", rect);
    if alarm {
        paint.fill(rect, theme::GROUND, 4.0);
        paint.outline(rect, theme::ALARM, 4.0, 2.0);
        paint.fill(Rect::new(left, rect.min[1], left + 8.0, rect.max[1]), theme::ALARM, 3.0);
    } else {
        paint.outline(rect, theme::AXIS, 4.0, 1.0);
    }
    let x = left + 17.0 + bar;
    let middle = rect.centre()[1];
    let y = if since.is_some() { middle - 9.0 } else { middle };
    paint.text([x, y], Align::Left, Style::TITLE, title);
    if !meter.is_empty() {
        paint.text([x + title_width + 10.0, y + 1.0], Align::Left, Style::LABEL, &meter);
    }
    if let Some(since) = &since {
        paint.text([x, middle + 8.5], Align::Left, Style::LABEL, since);
    }
    if touch.hovered {
        let each: Vec<String> =
            snapshot.learners.iter().enumerate().map(|(index, view)| format!("{}: {}.", name(snapshot, index), state(view))).collect();
        let mut lines = vec![if verdict.reason.is_empty() { "Nothing has been measured yet." } else { verdict.reason.as_str() }];
        if several.is_some() {
            lines = each.iter().take(MOST).map(String::as_str).collect();
        }
        if since.is_some() {
            lines.push("Seconds are training time on this adapter; pauses do not count. The verdict is on the mean of 20 steps.");
            if snapshot.speed_limit.is_some() {
                lines.push("A speed limit is set, so seconds say less than steps.");
            }
        }
        frame.tooltip(&lines);
    }
    left
}

/// Learners that the tooltip tells of.
const MOST: usize = 16;

/// How several learners are doing; none where there is one.
fn of_several(snapshot: &Snapshot) -> Option<String> {
    if let Some([a, b]) = twin(snapshot) {
        return Some(match [a, b].map(|side| verdict_title(side.verdict.kind)) {
            [a, b] if a == b => format!("A and B {a}"),
            [a, b] => format!("A {a} · B {b}"),
        });
    }
    seeds(snapshot).map(tally)
}

/// What stands beside the verdict: the meter that decided, with what it reads; before the verdict, how long it takes.
fn verdict_detail(verdict: &Verdict, reads: f32) -> String {
    match (verdict.kind, verdict.wanting) {
        (VerdictKind::Unknown, 0) => String::new(),
        (VerdictKind::Unknown, 1) => "1 step more".to_owned(),
        (VerdictKind::Unknown, steps) => format!("{steps} steps more"),
        _ => format!("{} {}", verdict.meter, short(reads)),
    }
}

/// Seconds as they are said: "1.9 s", "185 s", "16 min 40 s".
pub fn seconds_text(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "–".to_owned(),
        s if s < 99.95 => format!("{s:.1} s"),
        s if s < 999.5 => format!("{s:.0} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), (s % 60.0).floor()),
    }
}

fn span_text(span: &Span) -> String {
    let steps = if span.steps == 1 { "1 step".to_owned() } else { format!("{} steps", grouped(span.steps)) };
    format!("{}, {steps}", seconds_text(span.seconds))
}

/// What came of the newest flip, as far as it has been measured.
pub fn since_text(since: &SinceFlip, verdict: VerdictKind) -> String {
    let state = if since.on { "on" } else { "off" };
    match (&since.to_collapse, &since.to_recovery) {
        (Some(span), _) if verdict.is_collapse() => format!("{} after {} went {state}", span_text(span), since.switch.letter()),
        (_, Some(span)) if verdict == VerdictKind::Healthy => {
            format!("recovered {} after {} went {state}", span_text(span), since.switch.letter())
        }
        _ => format!("{} {state} for {}", since.switch.title(), seconds_text(since.since.seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Switch;

    #[test]
    fn what_a_flip_did() {
        let span = |steps, seconds| Span { steps, seconds };
        let mut since =
            SinceFlip { switch: Switch::Predictor, on: false, step: 100, since: span(200, 12.44), to_collapse: None, to_recovery: None };
        assert_eq!(since_text(&since, VerdictKind::Healthy), "predictor off for 12.4 s");
        since.to_collapse = Some(span(34, 1.9));
        assert_eq!(since_text(&since, VerdictKind::Complete), "1.9 s, 34 steps after P went off");
        assert_eq!(since_text(&since, VerdictKind::Healthy), "predictor off for 12.4 s", "it came back by itself");
        since = SinceFlip { on: true, to_collapse: None, to_recovery: Some(span(1, 0.04)), ..since };
        assert_eq!(since_text(&since, VerdictKind::Healthy), "recovered 0.0 s, 1 step after P went on");
        assert_eq!(seconds_text(185.2), "185 s");
        assert_eq!(seconds_text(1000.0), "16 min 40 s");
        assert_eq!(seconds_text(f64::NAN), "–");
    }

    #[test]
    fn the_verdict_says_how_long_it_takes() {
        let verdict = |kind, wanting| Verdict { kind, wanting, meter: "embedding std", ..Verdict::default() };
        assert_eq!(verdict_detail(&verdict(VerdictKind::Unknown, 12), 0.0), "12 steps more");
        assert_eq!(verdict_detail(&verdict(VerdictKind::Complete, 0), 0.089), "embedding std 0.089");
    }
}

//! The right pane for a room: only the meter that decides, large; how long the last switch took to show, measured here; and the
//! published row of what is switched off, beside what is measured here.

use crate::command::Switch;
use crate::config::Method;
use crate::snapshot::{SinceFlip, Snapshot};
use crate::view::charts::stack::stack;
use crate::view::charts::{Chart, Stroke, grouped, percent, reading};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::panels::top::seconds_text;
use crate::view::theme;

/// A published figure of a run with one ingredient left out, and where it stands.
const fn published(switch: Option<Switch>, method: Method) -> [&'static str; 2] {
    match (switch, method) {
        (None, Method::Byol) => ["72.5 %", "ImageNet top-1, BYOL Table 5b"],
        (None, Method::Dino) => ["72.8 %", "ImageNet kNN, DINO, ViT-S"],
        (Some(Switch::Ema), Method::Byol) => ["0.3 %", "ImageNet top-1, BYOL Table 5a"],
        (Some(Switch::Ema), Method::Dino) => ["0.1 %", "ImageNet kNN, DINO, ViT-S"],
        (Some(Switch::StopGradient), _) => ["0.1 %", "ImageNet top-1, SimSiam Fig. 2"],
        (Some(Switch::Predictor), _) => ["0.2 %", "ImageNet top-1, BYOL Table 5b"],
        (Some(Switch::Centering), _) => ["entropy to 0", "ImageNet, DINO Fig. 7"],
        (Some(Switch::Sharpening), _) => ["entropy to ln K", "ImageNet, DINO Fig. 7"],
    }
}

/// The number that stands large under the chart, and what it is.
fn since_words(since: &SinceFlip, collapsed: bool) -> (String, String) {
    let (name, letter) = (since.switch.title(), since.switch.letter());
    let way = if since.on { "on" } else { "off" };
    match (&since.to_collapse, &since.to_recovery) {
        (Some(span), _) if collapsed => {
            (seconds_text(span.seconds), format!("{} steps from {letter} {way} to collapse, measured", grouped(span.steps)))
        }
        (_, Some(span)) if !collapsed => {
            (seconds_text(span.seconds), format!("{} steps from {letter} {way} to healthy, measured", grouped(span.steps)))
        }
        _ if collapsed => (seconds_text(since.since.seconds), format!("{name} {way}, still collapsed")),
        _ if since.on => (seconds_text(since.since.seconds), format!("{name} on, no collapse")),
        _ => (seconds_text(since.since.seconds), format!("{name} off, no collapse so far")),
    }
}

/// Paints the pane into `area`, with the chart that decides.
pub fn presented(frame: &Frame<'_>, area: Rect, mut chart: Chart<'_>, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let inner = Rect::new(area.min[0] + 20.0, area.min[1] + 14.0, area.max[0] - 24.0, area.max[1] - 12.0);
    let pitch = paint.text_height(Style::LABEL) * 1.35;
    let off: Vec<Switch> = Switch::of(snapshot.method).iter().copied().filter(|switch| !snapshot.switches.get(*switch)).collect();
    // With several left out at once there is nothing published to compare with.
    let row = (off.len() < 2).then(|| published(off.first().copied(), snapshot.method));
    let knn = reading(&snapshot.history.knn_accuracy, snapshot.step).filter(|_| !snapshot.class_names.is_empty());
    let since = snapshot.since_flip.as_ref().map(|since| since_words(since, snapshot.verdict.kind.is_collapse()));
    let rows_high = pitch * 2.0 * (f32::from(u8::from(row.is_some())) + f32::from(u8::from(knn.is_some()))) + 18.0;
    let since_high = if since.is_some() { pitch * 2.0 + 20.0 } else { 0.0 };
    chart.qualifier.clear();
    // Of one learner the values in the title say which line is which.
    for line in chart.lines.iter_mut().filter(|line| line.tag.is_empty() && line.stroke != Stroke::Thin) {
        line.name = "".into();
    }
    let plot = Rect::new(inner.min[0], inner.min[1], inner.max[0], inner.max[1] - rows_high - since_high);
    stack(frame, plot, &[chart], snapshot);
    let mut y = plot.max[1] + 16.0;
    if let Some((number, words)) = since {
        let left = inner.min[0] + paint.text([inner.min[0], y + pitch * 0.5], Align::Left, Style::VALUE, &number) + 14.0;
        paint.text_wrapped([left, y + pitch * 0.1], Style::LABEL, &words, inner.max[0] - left, 2);
        let area = Rect::new(inner.min[0], y - pitch * 0.5, inner.max[0], y + pitch * 2.0);
        frame.about("since", area, &["Seconds of training on this adapter since the switch was flipped; pauses do not count."]);
        y += pitch * 2.0 + 4.0;
    }
    paint.rule([inner.min[0], y], [inner.max[0], y], theme::SEPARATOR, 1.0);
    y += 8.0 + pitch * 0.5;
    let mut entry = |name: &str, value: &str, about: &str| {
        paint.text([inner.min[0], y], Align::Left, Style::LABEL, name);
        paint.text([inner.max[0], y], Align::Right, Style::TITLE, value);
        paint.text([inner.min[0], y + pitch], Align::Left, Style::LABEL, about);
        y += pitch * 2.0;
    };
    if let Some([value, source]) = row {
        entry("published", value, source);
    }
    if let Some(knn) = knn {
        entry("here, kNN", &percent(knn), &format!("chance is {}", percent(snapshot.chance)));
    }
    frame.about(
        "compared",
        Rect::new(inner.min[0], area.max[1] - 12.0 - rows_high, inner.max[0], area.max[1]),
        &[
            "What was published for these switches, on other images at another size, beside what is measured here: the share of held-out images \
             whose class their 20 nearest tell.",
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Span;

    #[test]
    fn the_large_number_says_what_was_measured() {
        let since = |on, to_collapse, to_recovery| SinceFlip {
            switch: Switch::Predictor,
            on,
            step: 0,
            since: Span { steps: 300, seconds: 20.0 },
            to_collapse,
            to_recovery,
        };
        let span = Some(Span { steps: 34, seconds: 1.9 });
        let (number, words) = since_words(&since(false, span, None), true);
        assert_eq!((number.as_str(), words.as_str()), ("1.9 s", "34 steps from P off to collapse, measured"));
        assert_eq!(since_words(&since(false, None, None), false).1, "predictor off, no collapse so far");
        assert_eq!(since_words(&since(true, None, None), true).1, "predictor on, still collapsed");
        assert_eq!(since_words(&since(true, None, span), false).1, "34 steps from P on to healthy, measured");
    }
}

//! The dials: sliders over the numbers that may be changed while it trains. τ and the centre's momentum are spread out near 1, the
//! others are logarithmic.

use crate::command::{Command, Dial};
use crate::snapshot::{Snapshot, Switches};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// τ with as many digits as it takes to tell it from 1.
pub fn tau_text(tau: f32) -> String {
    if !tau.is_finite() {
        "not finite".to_owned()
    } else if tau == 0.0 || tau == 1.0 {
        format!("{tau:.0}")
    } else if tau < 0.9905 {
        format!("{tau:.3}")
    } else {
        format!("{tau:.4}")
    }
}

/// A temperature or a rate in two significant digits, without zeros at the end.
pub fn temperature_text(value: f32) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    let decimals = (1.0 - value.max(1e-9).log10().floor()).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A dial's value as it is shown.
pub fn dial_text(dial: Dial, value: f32) -> String {
    match dial {
        Dial::Tau | Dial::CenterMomentum => tau_text(value),
        Dial::PredictorMultiplier => format!("×{}", if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }),
        Dial::LearningRate | Dial::TeacherTemperature | Dial::StudentTemperature => temperature_text(value),
    }
}

/// Where a value sits on its slider, 0 to 1. τ is spread out near 1, the others are logarithmic.
fn share_of(dial: Dial, value: f32) -> f32 {
    match dial {
        Dial::Tau | Dial::CenterMomentum => {
            if value >= TAU_LAST {
                1.0
            } else {
                (-(1.0 - value).log10() / TAU_DECADES).clamp(0.0, 1.0)
            }
        }
        _ => {
            let [low, high] = range(dial);
            ((value.max(low) / low).ln() / (high / low).ln()).clamp(0.0, 1.0)
        }
    }
}

/// The reverse of [`share_of`], rounded to three digits.
fn value_at(dial: Dial, share: f32) -> f32 {
    match dial {
        Dial::Tau | Dial::CenterMomentum => {
            if share >= 0.99 {
                return 1.0;
            }
            let distance = 10.0_f32.powf(-share * TAU_DECADES);
            ((1.0 - distance) * 1e4).round() / 1e4
        }
        _ => {
            let [low, high] = range(dial);
            let value = low * (high / low).powf(share);
            let unit = 10.0_f32.powf(value.log10().floor() - 1.0);
            (value / unit).round() * unit
        }
    }
}

/// τ's slider covers 1 - τ from 1 down to 10^-this, and then 1 itself.
const TAU_DECADES: f32 = 3.5;
const TAU_LAST: f32 = 0.9997;

const fn range(dial: Dial) -> [f32; 2] {
    match dial {
        Dial::Tau | Dial::CenterMomentum => [0.0, 1.0],
        Dial::TeacherTemperature | Dial::StudentTemperature => [0.005, 1.0],
        Dial::PredictorMultiplier => [0.1, 100.0],
        Dial::LearningRate => [1e-5, 1e-1],
    }
}

/// Paints dials from the top of `area` down at a distance of `pitch`, and turns drags into commands.
pub fn dials(frame: &Frame<'_>, area: Rect, pitch: f32, which: &[Dial], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let widest = which.iter().map(|&dial| frame.paint.text_width(Style::LABEL, about(dial).0)).fold(0.0, f32::max);
    for (index, &dial) in which.iter().enumerate() {
        let top = area.min[1] + pitch * index as f32;
        row(frame, dial, Rect::new(area.min[0], top, area.max[0], top + pitch), widest, snapshot, commands);
    }
}

/// One dial in a row of its own.
pub fn dial(frame: &Frame<'_>, dial: Dial, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    row(frame, dial, area, frame.paint.text_width(Style::LABEL, about(dial).0), snapshot, commands);
}

/// Name and explanation.
pub const fn about(dial: Dial) -> (&'static str, &'static str) {
    match dial {
        Dial::Tau => ("momentum τ", "How slowly the teacher follows the student: 0 copies it each step, 1 freezes the teacher."),
        Dial::PredictorMultiplier => (
            "predictor rate",
            "The predictor's learning rate over that of the rest. A predictor that keeps up is what holds the collapse off.",
        ),
        Dial::TeacherTemperature => (
            "teacher temperature",
            "Divides the teacher's centred logits: the lower, the sharper its distributions. Published, DINO App. D (ImageNet, ViT-S, kNN): \
             0.02 66.7 %, 0.04 69.6 %, 0.06 68.7 %, 0.08 0.1 %.",
        ),
        Dial::StudentTemperature => {
            ("student temperature", "Divides the student's logits before the softmax: the lower, the sharper its distributions.")
        }
        Dial::CenterMomentum => (
            "centre momentum",
            "How slowly the centre follows the mean of the teacher's logits: 0 takes the last batch's. Published, DINO App. D (ImageNet, \
             ViT-S, kNN): 0 69.1 %, 0.9 69.7 %, 0.99 69.4 %, 0.999 0.1 %.",
        ),
        Dial::LearningRate => ("learning rate", "AdamW's learning rate: how far a step moves each weight."),
    }
}

/// Whether a dial has no effect at the moment.
pub const fn is_idle(dial: Dial, switches: &Switches) -> bool {
    match dial {
        Dial::Tau => !switches.ema,
        Dial::PredictorMultiplier => !switches.predictor,
        Dial::TeacherTemperature => !switches.sharpening,
        Dial::CenterMomentum => !switches.centering,
        Dial::StudentTemperature | Dial::LearningRate => false,
    }
}

fn row(frame: &Frame<'_>, dial: Dial, area: Rect, widest: f32, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let y = area.centre()[1];
    let style = if is_idle(dial, &snapshot.switches) { Style::LABEL } else { Style::LABEL.coloured(theme::TEXT) };
    paint.text([area.min[0], y], Align::Left, style, about(dial).0);
    let value = dial_text(dial, snapshot.dials.get(dial));
    let width = paint.text([area.max[0], y], Align::Right, style, &value);
    let from = area.min[0] + (area.width() * 0.44).max(widest + 16.0);
    let to = area.max[0] - (width + 16.0).max(66.0);
    slider(frame, dial, dial.key(), [from, to], [y, area.height()], snapshot, commands);
    frame.about(&format!("about-{}", dial.key()), area, &[about(dial).1]);
}

/// The slider of a dial from x to x at height y, touched over a height.
pub fn slider(
    frame: &Frame<'_>,
    dial: Dial,
    id: &str,
    [from, to]: [f32; 2],
    [y, high]: [f32; 2],
    snapshot: &Snapshot,
    commands: &mut Vec<Command>,
) {
    if to - from < 16.0 {
        return;
    }
    let paint = &frame.paint;
    let value = snapshot.dials.get(dial);
    let idle = is_idle(dial, &snapshot.switches);
    let track = Rect::new(from, y, to, y);
    let touch = frame.touch(id, Rect::new(track.min[0] - 8.0, y - high * 0.46, track.max[0] + 8.0, y + high * 0.46));
    let share = share_of(dial, value);
    let x = track.min[0] + track.width() * if share.is_finite() { share } else { 0.0 };
    paint.rule(track.min, track.max, theme::AXIS, 2.0);
    let own = match dial {
        Dial::TeacherTemperature => theme::TEACHER,
        Dial::StudentTemperature => theme::STUDENT,
        _ => theme::TEXT,
    };
    paint.rule(track.min, [x, y], if idle { theme::AXIS } else { own }, 2.0);
    paint.dot([x, y], if touch.hovered || touch.held { 8.0 } else { 6.0 }, if idle { theme::TEXT_2 } else { own });
    if touch.held {
        let share = ((frame.pointer()[0] - track.min[0]) / track.width().max(1.0)).clamp(0.0, 1.0);
        let wanted = value_at(dial, share);
        if wanted != value {
            commands.push(Command::SetDial { dial, value: wanted });
        }
    } else if touch.hovered {
        let state = if idle { "Without effect while its switch is off." } else { "Drag to change it while it trains." };
        frame.tooltip(&[about(dial).1, state]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliders_map_back_and_forth() {
        for (dial, values) in [
            (Dial::Tau, [0.0, 0.5, 0.9, 0.99, 0.998, 1.0]),
            (Dial::PredictorMultiplier, [0.1, 1.0, 3.0, 10.0, 30.0, 100.0]),
            (Dial::TeacherTemperature, [0.005, 0.02, 0.04, 0.06, 0.1, 1.0]),
            (Dial::LearningRate, [1e-5, 1e-4, 1e-3, 2e-3, 4e-3, 1e-1]),
        ] {
            for value in values {
                let back = value_at(dial, share_of(dial, value));
                assert!((back - value).abs() <= 0.01 * value.max(1e-4), "{dial:?}: {value} came back as {back}");
            }
        }
    }

    #[test]
    fn learning_rates_read_well() {
        assert_eq!(dial_text(Dial::LearningRate, 2e-3), "0.002");
        assert_eq!(dial_text(Dial::LearningRate, 0.1), "0.1");
    }
}

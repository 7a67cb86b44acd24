//! The chosen kernel in a few numbers, the variants of its family with what another one has changed, and what can be taken out of the scene: a trace, a table, a capture.

use crate::command::Command;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::screen::Request;
use crate::view::theme;
use crate::view::timing::table::Row;
use crate::view::timing::units::{share_text, time_text};

use super::{Kernels, Looking, text, variants};

/// A button: its name, its key, what it asks for, and what it does.
const BUTTONS: [(&str, &str, Request, &str); 2] = [
    (
        "trace + table",
        "X",
        Request::Export,
        "Writes what is shown as a Chrome trace (ui.perfetto.dev opens it) and as a table (CSV), where pictures of the window go.",
    ),
    (
        "capture",
        "F9",
        Request::Capture,
        "Has the graphics debugger that Twinlens was started from (RenderDoc, Xcode) capture the next frame with the training in it.",
    ),
];

/// Paints the card and answers to the pointer.
pub fn ui(kernels: &mut Kernels, looking: &Looking<'_, '_>, area: &Rect, commands: &mut Vec<Command>) {
    let frame = looking.frame;
    let paint = &frame.paint;
    let body = paint.text_height(Style::BODY);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let Some(row) = looking.step.row(looking.chosen) else { return };
    let y = inner.min[1] + 1.4 * body;
    let effect = looking.choice.and_then(|choice| kernels.variants.effect(choice));
    let numbers = effect.unwrap_or_else(|| numbers(looking, row));
    let room = inner.width() - paint.text_width(Style::TITLE, row.name) - 12.0;
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let width = paint.name_clipped([inner.min[0], y], Style::TITLE, row.name, inner.width());
    if let Some(words) = paint.fitting(Style::LABEL, &numbers, room) {
        let wide = paint.text([inner.min[0] + width + 12.0, y + 1.0], Align::Left, Style::LABEL, words);
        let area = Rect::new(inner.min[0], y - body * 0.6, inner.min[0] + width + 12.0 + wide, y + body * 0.6);
        frame.about("about-chosen", area, &["The chosen kernel in one training step: medians over the timed steps.", numbers[0]]);
    }
    let [top, bottom] = [inner.max[1] - 2.6 * body, inner.max[1] - 0.7 * body];
    let tiles = Rect::new(inner.min[0], y + 1.1 * body, inner.max[0], top - 0.6 * body);
    match looking.choice {
        Some(choice) => variants::tiles(&kernels.variants, looking, choice, &tiles, commands),
        None => {
            let words = "One variant: there is no other on this adapter.";
            paint.text_wrapped([tiles.min[0], tiles.min[1] + body], Style::LABEL, words, tiles.width(), 2);
        }
    }
    let mut x = inner.min[0];
    for (name, key, request, tip) in BUTTONS {
        let width = paint.text_width(Style::BODY, name) + paint.key_width(key) + 28.0;
        let rect = Rect::new(x, top, x + width, bottom);
        if rect.max[0] > inner.max[0] {
            break;
        }
        let touch = frame.touch(name, rect);
        paint.fill(rect, theme::RAISED, 4.0);
        let middle = rect.centre()[1];
        let after = paint.text([x + 10.0, middle], Align::Left, Style::BODY, name) + 8.0;
        paint.key([x + 10.0 + after, middle], key);
        if touch.hovered {
            paint.outline(rect, theme::AXIS, 4.0, 1.0);
            frame.tooltip(&[tip]);
        }
        if touch.clicked {
            kernels.request = Some(request);
        }
        x = rect.max[0] + 12.0;
    }
}

/// What the kernel does in a step, the longest form first.
fn numbers(looking: &Looking<'_, '_>, row: &Row<'_>) -> Vec<String> {
    let calls = if row.calls == 1 { "1 call".to_owned() } else { format!("{} calls", row.calls) };
    let all = format!("{calls}, {} a step", time_text(row.share * looking.step.kernels()));
    let limit = match (row.of_roof, text::limit(looking.step, row)) {
        (Some(fraction), Some(limit)) => format!(", {} of its roof: {limit}", share_text(fraction)),
        _ => String::new(),
    };
    vec![format!("{all}{limit}"), all, calls]
}

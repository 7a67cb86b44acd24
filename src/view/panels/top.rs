//! The bar on top: the scenes, play, step, re-initialise, how fast, on what, and the verdict. When space is short, the adapter
//! goes first, then frames a second, then steps a second; never the verdict.

use crate::command::Command;
use crate::snapshot::{SinceFlip, Snapshot, Span, Verdict, VerdictKind};
use crate::view::charts::{grouped, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::scene::Scene;
use crate::view::theme;

use super::{Frame, Panel};

/// The bar on top.
#[derive(Default)]
pub struct TopBar {
    /// The scene whose tab was clicked in this frame.
    pub chosen: Option<Scene>,
}

/// The symbols of the three buttons.
#[derive(Clone, Copy)]
enum Symbol {
    Play,
    Pause,
    Step,
    Reset,
}

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

impl Panel for TopBar {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.fill(area, theme::PANEL, 0.0);
        paint.rule([area.min[0], area.max[1]], area.max, theme::SEPARATOR, 1.0);
        let middle = area.centre()[1];
        let badge_left = self.badge(frame, area, snapshot);
        let mut x = 16.0;
        if area.width() > 1000.0 {
            x += paint.text([x, middle], Align::Left, Style::TITLE, "Twinlens") + 24.0;
        }
        x = self.tabs(frame, area, x, snapshot);
        if area.width() > 1100.0 {
            x += paint.name_clipped([x, middle + 1.0], Style::LABEL, &snapshot.preset, 140.0);
        }
        x += 14.0;
        let play = if snapshot.playing { Symbol::Pause } else { Symbol::Play };
        let command = if snapshot.playing { Command::Pause } else { Command::Play };
        let buttons = [
            ("play", play, command, if snapshot.playing { "Pause (Space)" } else { "Play (Space)" }),
            ("step", Symbol::Step, Command::Step, "One training step (S)"),
            (
                "reset",
                Symbol::Reset,
                Command::Reset { new_seed: false },
                "Re-initialise with the same seed (R); Shift+R takes the next seed",
            ),
        ];
        for (id, symbol, command, tip) in buttons {
            let rect = Rect::new(x, middle - 16.0, x + 32.0, middle + 16.0);
            let touch = frame.touch(id, rect);
            paint.fill(rect, theme::RAISED, 4.0);
            if touch.hovered {
                paint.outline(rect, theme::AXIS, 4.0, 1.0);
                frame.ui.tooltip_text(tip);
            }
            draw_symbol(frame, rect.centre(), symbol);
            if touch.clicked {
                commands.push(command);
            }
            x += 36.0;
        }
        x += 16.0;
        let mut facts = vec![("step", grouped(snapshot.step), "")];
        let speed = if snapshot.playing { short(snapshot.steps_per_second) } else { "paused".to_owned() };
        let limit = snapshot.speed_limit.map_or_else(String::new, |limit| format!("(limit {limit})"));
        let unit = if snapshot.playing { format!("steps/s {limit}") } else { limit };
        facts.push(("", speed, unit.trim()));
        if let Some(fps) = frame.fps {
            facts.push(("", format!("{fps:.0}"), "fps"));
        }
        for (before, number, after) in facts {
            let cells = number.clone();
            let width = [before, cells.as_str(), after].iter().map(|part| paint.text_width(Style::BODY, part) + 6.0).sum::<f32>();
            if x + width > badge_left - 16.0 {
                return;
            }
            let start = x;
            for (text, style) in [(before, Style::QUIET), (cells.as_str(), Style::TITLE), (after, Style::QUIET)] {
                if !text.is_empty() {
                    x += paint.text([x, middle], Align::Left, style, text) + 5.0;
                }
            }
            // Numbers that change keep their place: room for one digit more or less.
            x = x.max(start + width) + 18.0;
        }
        let room = badge_left - 24.0 - x;
        if room > 90.0 {
            paint.name_clipped([x, middle + 1.0], Style::LABEL, &snapshot.adapter, room);
            let rect = Rect::new(x, area.min[1], badge_left - 24.0, area.max[1] - 2.0);
            if frame.touch("adapter", rect).hovered {
                let kind = if snapshot.adapter_is_software { "A CPU: no GPU is in use." } else { "All training and drawing run on it." };
                frame.tooltip(&[&snapshot.adapter, kind]);
            }
        }
    }
}

impl TopBar {
    /// The scenes' tabs from `x` on; gives where they end. Where there is little room, only the open one has its name.
    fn tabs(&mut self, frame: &Frame<'_>, area: Rect, mut x: f32, snapshot: &Snapshot) -> f32 {
        let paint = &frame.paint;
        let middle = area.centre()[1];
        for scene in Scene::ALL {
            let open = scene == frame.scene;
            let style = if open { Style::TITLE } else { Style::QUIET };
            let number = scene.number().to_string();
            let start = x;
            x += paint.text([x, middle], Align::Left, Style::QUIET, &number);
            if open || area.width() > 900.0 {
                x += 7.0 + paint.text([x + 7.0, middle], Align::Left, style, scene.title());
            }
            if open {
                paint.rule([start, area.max[1] - 2.0], [x, area.max[1] - 2.0], theme::TEXT, 3.0);
            }
            let touch = frame.touch(scene.name(), Rect::new(start - 8.0, area.min[1], x + 8.0, area.max[1]));
            if touch.hovered && !open {
                paint.rule([start, area.max[1] - 2.0], [x, area.max[1] - 2.0], theme::AXIS, 3.0);
                let tip = if scene.shows(snapshot.method) {
                    format!("{} ({number})", scene.title())
                } else {
                    format!("{} ({number}): starts the preset \"{}\"", scene.title(), scene.preset())
                };
                frame.ui.tooltip_text(tip);
            }
            if touch.clicked && !open {
                self.chosen = Some(scene);
            }
            x += 20.0;
        }
        x
    }

    /// The verdict at the right end, under it what the newest flip did; gives its left edge.
    fn badge(&self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) -> f32 {
        let paint = &frame.paint;
        let verdict = &snapshot.verdict;
        let alarm = verdict.kind.is_collapse();
        let title = verdict_title(verdict.kind);
        let meter = verdict_detail(verdict);
        let since = snapshot.since_flip.as_ref().map(|since| since_text(since, verdict.kind));
        let title_width = paint.text_width(Style::TITLE, title);
        let meter_width = if meter.is_empty() { 0.0 } else { paint.text_width(Style::LABEL, &meter) + 10.0 };
        let since_width = since.as_deref().map_or(0.0, |text| paint.text_width(Style::LABEL, text));
        let bar = if alarm { 8.0 } else { 0.0 };
        let right = area.max[0] - 16.0;
        let left = right - (title_width + meter_width).max(since_width) - 36.0 - bar;
        let rect = Rect::new(left, area.min[1] + 5.0, right, area.max[1] - 5.0);
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
            let mut lines = vec![verdict.reason.as_str()];
            if since.is_some() {
                lines.push("Seconds are training time on this adapter; pauses do not count. The verdict is on the mean of 20 steps.");
            }
            frame.tooltip(&lines);
        }
        left
    }
}

/// What stands beside the verdict: the meter that decided, with its value; before the verdict, how long it takes.
fn verdict_detail(verdict: &Verdict) -> String {
    match (verdict.kind, verdict.wanting) {
        (VerdictKind::Unknown, 0) => String::new(),
        (VerdictKind::Unknown, 1) => "1 step more".to_owned(),
        (VerdictKind::Unknown, steps) => format!("{steps} steps more"),
        _ => format!("{} {}", verdict.meter, short(verdict.value)),
    }
}

/// Seconds as they are said: "1.9 s", "48 s", "3 min 5 s".
pub fn seconds_text(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "–".to_owned(),
        s if s < 99.95 => format!("{s:.1} s"),
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

fn draw_symbol(frame: &Frame<'_>, [x, y]: [f32; 2], symbol: Symbol) {
    let paint = &frame.paint;
    let colour = theme::TEXT;
    match symbol {
        Symbol::Pause => {
            paint.fill(Rect::new(x - 6.0, y - 7.0, x - 2.0, y + 7.0), colour, 1.0);
            paint.fill(Rect::new(x + 2.0, y - 7.0, x + 6.0, y + 7.0), colour, 1.0);
        }
        Symbol::Play => paint.triangle([x - 5.0, y - 8.0], [x + 8.0, y], [x - 5.0, y + 8.0], colour),
        Symbol::Step => {
            paint.triangle([x - 7.0, y - 7.0], [x + 4.0, y], [x - 7.0, y + 7.0], colour);
            paint.fill(Rect::new(x + 4.0, y - 7.0, x + 7.0, y + 7.0), colour, 0.0);
        }
        Symbol::Reset => {
            let point = |turn: f32, radius: f32| [x + radius * turn.cos(), y + radius * turn.sin()];
            let turns = (0..=20).map(|i| -2.2 + i as f32 * 0.245);
            paint.polyline(turns.map(|turn| point(turn, 7.0)), colour, 2.0);
            paint.triangle(point(-2.5, 12.0), point(-2.9, 3.5), point(-1.75, 6.0), colour);
        }
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
        assert_eq!(seconds_text(185.2), "3 min 5 s");
        assert_eq!(seconds_text(f64::NAN), "–");
    }

    #[test]
    fn the_verdict_says_how_long_it_takes() {
        let verdict = |kind, wanting| Verdict { kind, wanting, meter: "embedding std", value: 0.089, ..Verdict::default() };
        assert_eq!(verdict_detail(&verdict(VerdictKind::Unknown, 12)), "12 steps more");
        assert_eq!(verdict_detail(&verdict(VerdictKind::Complete, 0)), "embedding std 0.089");
    }
}

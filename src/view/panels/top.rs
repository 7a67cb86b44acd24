//! The bar on top: the scenes, the preset, play, step, re-initialise, how fast, on what, and the verdict. When space is short, the
//! adapter goes first, then frames a second, the program's name, steps a second, the preset, the step; never the verdict.

mod badge;
mod presets;

pub use badge::{seconds_text, since_text, verdict_title};
pub use presets::PresetList;

use crate::command::{Command, Division, Switch};
use crate::snapshot::Snapshot;
use crate::view::charts::{grouped, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::scene::Scene;
use crate::view::theme;

use super::{Frame, Panel};
use badge::badge;

/// The bar on top.
#[derive(Default)]
pub struct TopBar {
    /// The scene whose tab was clicked in this frame.
    pub chosen: Option<Scene>,
    /// The button of several learners was clicked in this frame.
    pub several: bool,
    /// The list of presets.
    pub presets: PresetList,
}

/// The symbols of the three buttons.
#[derive(Clone, Copy)]
enum Symbol {
    Play,
    Pause,
    Step,
    Reset,
    Several,
}

/// The number of a fact, at least as wide as `least`, so that what comes after it does not dance.
struct Fact {
    before: &'static str,
    number: String,
    least: &'static str,
    after: String,
    tip: &'static str,
}

impl Fact {
    fn number_width(&self, frame: &Frame<'_>) -> f32 {
        let width = |text: &str| frame.paint.text_width(Style::TITLE, text);
        width(&self.number).max(width(self.least))
    }

    fn width(&self, frame: &Frame<'_>) -> f32 {
        let word = |text: &str| if text.is_empty() { 0.0 } else { frame.paint.text_width(Style::QUIET, text) + 5.0 };
        word(self.before) + self.number_width(frame) + word(&self.after)
    }

    fn draw(&self, frame: &Frame<'_>, start: f32, middle: f32) {
        let paint = &frame.paint;
        let mut x = start;
        if !self.before.is_empty() {
            x += paint.text([x, middle], Align::Left, Style::QUIET, self.before) + 5.0;
        }
        paint.text([x, middle], Align::Left, Style::TITLE, &self.number);
        x += paint.text_width(Style::TITLE, &self.number) + 5.0;
        if !self.after.is_empty() {
            paint.text([x, middle], Align::Left, Style::QUIET, &self.after);
        }
        let [left, right] = [start - 6.0, start + self.width(frame) + 6.0];
        frame.about(self.tip, Rect::new(left, middle - 14.0, right, middle + 14.0), &[self.tip]);
    }
}

const STEP: &str = "Training steps that are complete since the weights were drawn.";
const SPEED: &str = "Training steps a second, over the last second of training; [ and ] set a limit.";
const FPS: &str = "Frames of this window a second; training keeps its own pace.";

/// Between two parts of the bar.
const GAP: f32 = 20.0;

/// Which parts have room, by their widths in the order in which they are kept.
fn kept(room: f32, widths: &[f32]) -> usize {
    let mut used = 0.0;
    widths
        .iter()
        .take_while(|width| {
            used += *width;
            used <= room
        })
        .count()
}

/// "without the predictor", for what is switched off.
fn without(snapshot: &Snapshot) -> Option<String> {
    let off: Vec<&str> = Switch::of(snapshot.method)
        .iter()
        .filter(|switch| !snapshot.switches.get(**switch))
        .map(|switch| if *switch == Switch::Predictor { "the predictor" } else { switch.title() })
        .collect();
    (!off.is_empty()).then(|| format!("without {}", off.join(" and ")))
}

impl Panel for TopBar {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.fill(area, theme::PANEL, 0.0);
        paint.rule([area.min[0], area.max[1]], area.max, theme::SEPARATOR, 1.0);
        let badge_left = badge(frame, area, snapshot);
        if frame.presenting {
            let style = Style::CAPTION.strong();
            let (mut x, middle) = (24.0, area.centre()[1]);
            x += paint.text([x, middle], Align::Left, style, frame.scene.title()) + 18.0;
            let off = without(snapshot).unwrap_or_else(|| if snapshot.playing { String::new() } else { "paused".to_owned() });
            let style = Style::QUIET;
            if x + paint.text_width(style, &off) < badge_left - 24.0 {
                paint.text([x, middle], Align::Left, style, &off);
            }
            return;
        }
        let middle = area.centre()[1];
        let speed = match snapshot.steps_per_second {
            _ if !snapshot.playing => "paused".to_owned(),
            speed if speed > 0.0 => short(speed),
            // Nothing has been timed yet.
            _ => "–".to_owned(),
        };
        let limit = match (snapshot.speed_limit, snapshot.division) {
            (Some(limit), _) => format!("(limit {limit})"),
            (None, Division::Turbo) => "(turbo)".to_owned(),
            (None, Division::Share(share)) => format!("({:.0} % of the time)", 100.0 * share),
            (None, Division::Smooth) => String::new(),
        };
        let unit = if snapshot.playing { format!("steps/s {limit}") } else { limit };
        let step = Fact { before: "step", number: grouped(snapshot.step), least: "0,000", after: String::new(), tip: STEP };
        let speed = Fact { before: "", number: speed, least: "00.0", after: unit.trim().to_owned(), tip: SPEED };
        let fps = frame.fps.map(|fps| Fact { before: "", number: format!("{fps:.0}"), least: "00", after: "fps".to_owned(), tip: FPS });
        let name = paint.text_width(Style::TITLE, "Twinlens") + GAP + 4.0;
        let preset = paint.text_width(Style::LABEL, &snapshot.preset).min(PRESET) + 34.0;

        // What goes first where space is short comes last here.
        let long = Self::tabs_width(frame, true);
        let room = badge_left - 32.0 - long - 4.0 * BUTTON;
        let optional = [
            step.width(frame) + GAP,
            preset,
            speed.width(frame) + GAP,
            name,
            fps.as_ref().map_or(0.0, |fps| fps.width(frame) + GAP),
            110.0,
        ];
        let count = kept(room, &optional);
        let mut x = 16.0;
        if count >= 4 {
            paint.text([x, middle], Align::Left, Style::TITLE, "Twinlens");
            x += name;
        }
        x = self.tabs(frame, area, x, snapshot, count >= 1);
        if count >= 2 {
            self.preset(frame, [x, middle], preset - 14.0, snapshot);
            x += preset;
        }
        x = self.buttons(frame, [x - 6.0, middle], snapshot, commands) + 12.0;
        // Without names on the tabs there may be room for the step again.
        let has_step = count >= 1 || x + step.width(frame) < badge_left - 12.0;
        for (fact, shown) in [(Some(&step), has_step), (Some(&speed), count >= 3), (fps.as_ref(), count >= 5)] {
            if let Some(fact) = fact.filter(|_| shown) {
                fact.draw(frame, x, middle);
                x += fact.width(frame) + GAP;
            }
        }
        let room = badge_left - 20.0 - x;
        if count >= 6 {
            paint.name_clipped([x, middle + 1.0], Style::LABEL, &snapshot.adapter, room);
            let rect = Rect::new(x, area.min[1], badge_left - 20.0, area.max[1] - 2.0);
            if frame.touch("adapter", rect).hovered {
                let kind = match snapshot.adapter_is_software {
                    true => "A CPU, by a software driver: no GPU is in use. Training and drawing share its cores.",
                    false => "A GPU: all training and drawing run on it.",
                };
                frame.tooltip(&[&snapshot.adapter, kind]);
            }
        }
    }
}

/// Widest name of a preset in the bar.
const PRESET: f32 = 140.0;
/// A button with its gap.
const BUTTON: f32 = 36.0;

impl TopBar {
    /// The preset's name; a click opens the list of presets.
    fn preset(&mut self, frame: &Frame<'_>, [x, middle]: [f32; 2], width: f32, snapshot: &Snapshot) {
        let paint = &frame.paint;
        let rect = Rect::new(x - 8.0, middle - 14.0, x - 8.0 + width + 8.0, middle + 14.0);
        let touch = frame.touch("preset", rect);
        if touch.hovered {
            paint.fill(rect, theme::RAISED, 4.0);
            frame.tooltip(&[&format!("The preset that trains: {}. A click lists them all.", snapshot.preset)]);
        }
        let style = Style::LABEL.coloured(if touch.hovered { theme::TEXT } else { theme::TEXT_2 });
        let end = x + paint.name_clipped([x, middle + 1.0], style, &snapshot.preset, PRESET) + 6.0;
        paint.triangle([end, middle - 1.0], [end + 8.0, middle - 1.0], [end + 4.0, middle + 4.0], style.colour);
        if touch.clicked {
            self.presets.open(&snapshot.preset);
        }
    }

    /// Play, step, re-initialise, several learners from `x` on; gives where they end.
    fn buttons(&mut self, frame: &Frame<'_>, [mut x, middle]: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) -> f32 {
        let paint = &frame.paint;
        let play = if snapshot.playing { Symbol::Pause } else { Symbol::Play };
        let command = if snapshot.playing { Command::Pause } else { Command::Play };
        let several = match snapshot.learners.len() {
            0 | 1 => "Train several at once: a twin that is changed alone (T), or 3, 5 or 9 seeds (Shift+T).",
            _ => "End it: one of the learners goes on alone (T).",
        };
        let buttons = [
            ("play", play, Some(command), if snapshot.playing { "Pause the training (Space)." } else { "Train on (Space)." }),
            ("step", Symbol::Step, Some(Command::Step), "One training step, then pause (S)."),
            (
                "reset",
                Symbol::Reset,
                Some(Command::Reset { new_seed: false }),
                "New weights from step 0, with the same seed (R); Shift+R takes the next seed.",
            ),
            ("several", Symbol::Several, None, several),
        ];
        self.several = false;
        for (id, symbol, command, tip) in buttons {
            let rect = Rect::new(x, middle - 16.0, x + 32.0, middle + 16.0);
            let touch = frame.touch(id, rect);
            paint.fill(rect, theme::RAISED, 4.0);
            if touch.hovered {
                paint.outline(rect, theme::AXIS, 4.0, 1.0);
                frame.tooltip(&[tip]);
            }
            draw_symbol(frame, rect.centre(), symbol);
            if touch.clicked {
                self.several |= command.is_none();
                commands.extend(command);
            }
            x += BUTTON;
        }
        x
    }

    /// Width of the tabs, all with their names or only the open one.
    fn tabs_width(frame: &Frame<'_>, long: bool) -> f32 {
        let tab = |scene: Scene| {
            let open = scene == frame.scene;
            let style = if open { Style::TITLE } else { Style::QUIET };
            let name = if open || long { 7.0 + frame.paint.text_width(style, scene.title()) } else { 0.0 };
            frame.paint.text_width(Style::QUIET, &scene.number().to_string()) + name + GAP
        };
        Scene::ALL.into_iter().map(tab).sum()
    }

    /// The scenes' tabs from `x` on; gives where they end. Where there is little room, only the open one has its name.
    fn tabs(&mut self, frame: &Frame<'_>, area: Rect, mut x: f32, snapshot: &Snapshot, long: bool) -> f32 {
        let paint = &frame.paint;
        let middle = area.centre()[1];
        for scene in Scene::ALL {
            let open = scene == frame.scene;
            let style = if open { Style::TITLE } else { Style::QUIET };
            let number = scene.number().to_string();
            let start = x;
            x += paint.text([x, middle], Align::Left, Style::QUIET, &number);
            if open || long {
                x += 7.0 + paint.text([x + 7.0, middle], Align::Left, style, scene.title());
            }
            if open {
                paint.rule([start, area.max[1] - 2.0], [x, area.max[1] - 2.0], theme::TEXT, 3.0);
            }
            let touch = frame.touch(scene.name(), Rect::new(start - 8.0, area.min[1], x + 8.0, area.max[1]));
            if touch.hovered {
                if !open {
                    paint.rule([start, area.max[1] - 2.0], [x, area.max[1] - 2.0], theme::AXIS, 3.0);
                }
                let about = match scene {
                    Scene::Byol => "three asymmetries keep two networks from agreeing on a constant",
                    Scene::Dino => "centering and sharpening keep distributions over prototypes in balance",
                    Scene::Multicrop => "from a small crop the student must tell the whole",
                    Scene::Kernels => "what a training step spends its time on, dispatch by dispatch",
                    Scene::Map => "many learners over two settings: where life ends and collapse begins",
                };
                let starts = format!("It starts the preset \"{}\".", scene.preset());
                let tip = format!("{} ({number}): {about}.", scene.title());
                frame.tooltip(&[tip.as_str(), &starts][..if scene.shows(snapshot.method) { 1 } else { 2 }]);
            }
            if touch.clicked && !open {
                self.chosen = Some(scene);
            }
            x += GAP;
        }
        x
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
        Symbol::Several => {
            paint.ring([x - 4.0, y], 6.0, colour, 2.0);
            paint.ring([x + 4.0, y], 6.0, colour, 2.0);
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

    #[test]
    fn parts_go_in_their_order() {
        let widths = [60.0, 80.0, 100.0, 0.0, 30.0];
        assert_eq!(kept(1000.0, &widths), 5);
        assert_eq!(kept(140.0, &widths), 2);
        assert_eq!(kept(239.0, &widths), 2, "a later part never takes an earlier one's place");
        assert_eq!(kept(-10.0, &widths), 0);
    }
}

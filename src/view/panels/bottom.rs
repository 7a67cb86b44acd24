//! The bar below: one true sentence about what is going on, and the keys that change it. When space is short, keys go first. In
//! presenting mode it is a band: a headline, and one line beneath.

use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::charts::reading::mean_of;
use crate::view::explain::caption;
use crate::view::gathering;
use crate::view::headline::{Headline, headline};
use crate::view::keys;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::scene::Scene;
use crate::view::screen::Recording;
use crate::view::theme;

use super::{Frame, Panel};

/// The bar below.
#[derive(Default)]
pub struct BottomBar {
    /// The window is being recorded.
    pub recording: Option<Recording>,
    /// What the scene itself has to say.
    pub words: Option<Headline>,
}

impl Panel for BottomBar {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.fill(area, theme::PANEL, 0.0);
        paint.rule(area.min, [area.max[0], area.min[1]], theme::SEPARATOR, 1.0);
        if frame.presenting {
            self.band(frame, area.inset(24.0), snapshot);
        } else {
            self.bar(frame, area, snapshot);
        }
    }
}

impl BottomBar {
    /// For a room: `area` is without its margins.
    fn band(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
        let paint = &frame.paint;
        let [left, top] = [area.min[0], area.min[1] - 24.0];
        let headline = self.words.take().unwrap_or_else(|| headline(snapshot, frame.scene));
        paint.text_clipped([left, top + 36.0], Style::CAPTION.strong(), &headline.sentence, area.width());
        // The numbers go where the line is too long for them.
        let short = headline.beneath.split(':').next().map(|words| format!("{words}."));
        let fits = |text: &&String| paint.text_width(Style::BODY, text) <= area.width();
        if let Some(line) = [Some(headline.beneath), short].iter().flatten().find(fits) {
            paint.text([left, top + 76.0], Align::Left, Style::BODY, line);
        }
        let y = top + 112.0;
        let mut limit = area.max[0] - self.mark(frame, [area.max[0], y]);
        if self.recording.is_none() && snapshot.adapter_is_software {
            let banner = "no GPU: trains on the CPU";
            limit -= paint.text([limit, y], Align::Right, Style::LABEL, banner) + 24.0;
        }
        hints(frame, [left, y], limit, snapshot);
        frame.about("headline", Rect::new(left, top, area.max[0], y - 14.0), &[&readings(snapshot)]);
    }

    /// The mark of a recording, its right end at `position`; gives how much room it takes.
    fn mark(&self, frame: &Frame<'_>, [right, y]: [f32; 2]) -> f32 {
        let Some(recording) = self.recording else { return 0.0 };
        let paint = &frame.paint;
        let text = format!("recording {:.0} s, {} frames", recording.seconds.floor(), recording.frames);
        // Digits come and go; the mark stays where it is.
        let style = Style::LABEL.coloured(theme::TEXT);
        let room = paint.text_width(style, "recording 0000 s, 00000 frames");
        let radius = paint.text_height(style) * 0.4;
        let left = right - room - 3.0 * radius;
        paint.dot([left + radius, y], radius, theme::ALARM);
        paint.text([left + 3.0 * radius, y], Align::Left, style, &text);
        let about = "The window is being recorded: seconds and frames so far. F10 stops, saves the film and says where.";
        frame.about("recording", Rect::new(left, y - 12.0, right, y + 12.0), &[about]);
        right - left + 24.0
    }

    fn bar(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
        let paint = &frame.paint;
        let [left, edge] = [16.0, area.max[0] - 16.0];
        let sentence = match (self.words.take(), frame.scene) {
            (Some(words), _) => words.sentence,
            (None, Scene::Multicrop) => match gathering::headline(snapshot) {
                Some(several) => format!("{} The crops are of {}.", several.sentence, gathering::name(snapshot, snapshot.front)),
                None => super::crops::caption(snapshot),
            },
            (None, _) => caption(snapshot),
        };
        let y = area.min[1] + 20.0;
        let right = edge - self.mark(frame, [edge, y]);
        if paint.text_width(Style::CAPTION, &sentence) > right - left {
            // The keys give way to the sentence's second line.
            paint.text_wrapped([left, y], Style::CAPTION, &sentence, right - left, 2);
            if frame.touch("caption", Rect::new(left, y - 12.0, right, y + 36.0)).hovered {
                frame.tooltip(&[&sentence]);
            }
            return;
        }
        paint.text([left, y], Align::Left, Style::CAPTION, &sentence);
        frame.about("caption", Rect::new(left, y - 12.0, right, y + 12.0), &[&readings(snapshot)]);
        let y = area.min[1] + 46.0;
        let mut limit = edge;
        if snapshot.adapter_is_software {
            let banner = "No GPU: training runs on the CPU, more slowly";
            let width = paint.text_width(Style::LABEL, banner) + 20.0;
            if width < (edge - left) * 0.6 {
                let rect = Rect::new(edge - width, y - 11.0, edge, y + 11.0);
                paint.outline(rect, theme::AXIS, 4.0, 1.0);
                paint.text([rect.min[0] + 10.0, y], Align::Left, Style::LABEL, banner);
                limit = rect.min[0] - 16.0;
                if frame.touch("software", rect).hovered {
                    frame.tooltip(&[
                        &snapshot.adapter,
                        "It does a GPU's work on the CPU: training is real, only slower. The presets named -fast are the smaller ones.",
                        "In a terminal, twinlens doctor lists every adapter, and says what was chosen and why.",
                    ]);
                }
            }
        }
        hints(frame, [left, y], limit, snapshot);
    }
}

/// What the numbers of a caption are.
fn readings(snapshot: &Snapshot) -> String {
    match mean_of(snapshot.step) {
        1 => "What is going on. Numbers are what was measured at the last step, as in the charts.".to_owned(),
        steps => {
            format!("What is going on. Numbers are what the charts show: means of the last {steps} steps where a value comes every step.")
        }
    }
}

/// Keys and what they do, from `start` on, as many as fit before `limit`.
fn hints(frame: &Frame<'_>, [start, y]: [f32; 2], limit: f32, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let mut x = start;
    for (keys, what) in keys::hints(frame.scene, snapshot.method, frame.presenting) {
        let what = if what == "play" && snapshot.playing { "pause" } else { what };
        let width: f32 = keys.iter().map(|key| paint.key_width(key) + 3.0).sum::<f32>() + paint.text_width(Style::LABEL, what) + 6.0;
        if x + width > limit {
            break;
        }
        for key in keys {
            x += paint.key([x, y], key) + 3.0;
        }
        x += 4.0 + paint.text([x + 4.0, y], Align::Left, Style::LABEL, what) + 18.0;
    }
    frame.about("keys", Rect::new(start, y - 14.0, x - 18.0, y + 14.0), &["Keys that do something here; ? lists all of them."]);
}

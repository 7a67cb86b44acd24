//! The bar below: one true sentence about what is going on, and the keys that change it. When space is short, keys go first.

use crate::command::{Command, Switch};
use crate::snapshot::Snapshot;
use crate::view::explain::caption;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::scene::Scene;
use crate::view::theme;

use super::{Frame, Panel};

/// The bar below.
#[derive(Default)]
pub struct BottomBar;

impl Panel for BottomBar {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.fill(area, theme::PANEL, 0.0);
        paint.rule(area.min, [area.max[0], area.min[1]], theme::SEPARATOR, 1.0);
        let [left, right] = [16.0, area.max[0] - 16.0];
        let sentence = if frame.scene == Scene::Multicrop { super::crops::caption(snapshot) } else { caption(snapshot) };
        let y = area.min[1] + 20.0;
        if paint.text_clipped([left, y], Style::CAPTION, &sentence, right - left) + 1.0 >= right - left {
            let touch = frame.touch("caption", Rect::new(left, y - 12.0, right, y + 12.0));
            if touch.hovered {
                frame.tooltip(&[&sentence]);
            }
        }
        let y = area.min[1] + 46.0;
        let mut limit = right;
        if snapshot.adapter_is_software {
            let banner = "No GPU: training runs on the CPU, with small presets";
            let width = paint.text_width(Style::LABEL, banner) + 20.0;
            if width < (right - left) * 0.6 {
                let rect = Rect::new(right - width, y - 11.0, right, y + 11.0);
                paint.outline(rect, theme::AXIS, 4.0, 1.0);
                paint.text([rect.min[0] + 10.0, y], Align::Left, Style::LABEL, banner);
                limit = rect.min[0] - 16.0;
            }
        }
        let switches: Vec<String> = Switch::of(snapshot.method).iter().map(|switch| switch.letter().to_string()).collect();
        let switches: Vec<&str> = switches.iter().map(String::as_str).collect();
        let mut hints: Vec<(&[&str], &str)> = vec![(&["Space"], if snapshot.playing { "pause" } else { "play" }), (&switches, "switches")];
        match frame.scene {
            Scene::Byol => {}
            Scene::Dino => hints.extend([(&["←", "→"] as &[&str], "prototype"), (&["V"], "cloud")]),
            Scene::Multicrop => hints.extend([(&["C"] as &[&str], "other crops"), (&["←", "→"], "images"), (&["B"], "batch")]),
        }
        let rest: [(&[&str], &str); 6] = [
            (&["R"], "re-initialise"),
            (&["1", "2", "3"], "scenes"),
            (&["?"], "all keys"),
            (&["S"], "step"),
            (&["Tab"], "hide panels"),
            (&["F11"], "full screen"),
        ];
        hints.extend(rest);
        let mut x = left;
        for (keys, what) in hints {
            let width: f32 = keys.iter().map(|key| paint.key_width(key) + 3.0).sum::<f32>() + paint.text_width(Style::LABEL, what) + 6.0;
            if x + width > limit {
                break;
            }
            for key in keys {
                x += paint.key([x, y], key) + 3.0;
            }
            x += 4.0 + paint.text([x + 4.0, y], Align::Left, Style::LABEL, what) + 18.0;
        }
    }
}

//! The middle: what the cloud shows and how to read it. The cloud itself is drawn by wgpu below this panel; here are the words
//! around it, the names of the classes, and the drag, wheel and double click that move the camera.

use imgui::MouseButton;

use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::camera::Camera;
use crate::view::cloud::Stage;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::{Frame, Panel};

/// The middle pane.
#[derive(Default)]
pub struct Centre {
    /// The view of the cloud.
    pub camera: Camera,
    /// Lines of the wheel since the last frame (winit's own, for imgui rounds trackpads to whole lines).
    pub wheel: f32,
}

/// Height of the words above and of the names below the sphere.
fn margins(area: &Rect) -> (f32, f32) {
    if area.height() < 420.0 { (40.0, 34.0) } else { (68.0, 62.0) }
}

/// Where the middle of a notice is, above the names of the classes.
pub fn notice_height(area: &Rect) -> f32 {
    area.max[1] - margins(area).1 - 20.0
}

/// Where the sphere stands in a centre pane.
pub fn stage(area: &Rect) -> Stage {
    let (above, below) = margins(area);
    let free = Rect::new(area.min[0] + 8.0, area.min[1] + above, area.max[0] - 8.0, area.max[1] - below);
    // Zoomed in, the cloud ends where the words begin.
    let clip = Rect::new(area.min[0] + 1.0, area.min[1] + above - 8.0, area.max[0] - 1.0, area.max[1] - below + 8.0);
    Stage::new(clip, free)
}

impl Panel for Centre {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        let stage = stage(&area);
        frame.stage.set(Some(stage));
        self.steer(frame, &Stage { clip: area, ..stage });
        let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
        let mut y = area.min[1] + 22.0;
        let title = paint.text([left, y], Align::Left, Style::TITLE, "Embedding");
        if let Some(cloud) = &snapshot.cloud {
            let share = cloud.explained.map_or_else(String::new, |share| format!(", {:.0} % of the squared length", share * 100.0));
            let long = format!("PCA, 3 of {} dimensions{share}", cloud.dimensions);
            let short = format!("3 of {} dimensions", cloud.dimensions);
            let room = right - left - title - 16.0;
            if let Some(text) = [long, short].into_iter().find(|text| paint.text_width(Style::LABEL, text) <= room) {
                paint.text([right, y + 1.0], Align::Right, Style::LABEL, &text);
            }
        }
        if area.height() >= 420.0 {
            y += 26.0;
            paint.dot([left + 5.0, y], 4.5, theme::TEXT);
            let width = paint.text([left + 16.0, y], Align::Left, Style::LABEL, "student");
            let x = left + 16.0 + width + 20.0;
            paint.ring([x + 5.0, y], 5.0, theme::TEXT, 1.5);
            let width = paint.text([x + 16.0, y], Align::Left, Style::LABEL, "teacher");
            let note = "radius 1, never rescaled";
            if x + 16.0 + width + 24.0 + paint.text_width(Style::LABEL, note) < right {
                paint.text([right, y], Align::Right, Style::LABEL, note);
            }
        }
        if snapshot.cloud.is_none() {
            paint.text(area.centre(), Align::Centre, Style::QUIET, "The first projection is on its way.");
        }
        classes(frame, &area, snapshot);
    }
}

impl Centre {
    /// Turns, moves and zooms the cloud on a stage; a drag may begin anywhere in its clip.
    pub fn steer(&mut self, frame: &Frame<'_>, stage: &Stage) {
        let area = stage.clip;
        let touch = frame.touch("cloud", area);
        let delta = frame.ui.io().mouse_delta.map(|value| value / frame.scale);
        if touch.held {
            self.camera.orbit(delta, stage.radius);
        } else if touch.held_right {
            self.camera.pan += glam::Vec2::from(delta);
            let limit = glam::Vec2::new(area.width(), area.height()) * 0.5;
            self.camera.pan = self.camera.pan.clamp(-limit, limit);
        }
        if touch.hovered {
            self.camera.zoom_by(self.wheel);
            if frame.ui.is_mouse_double_clicked(MouseButton::Left) {
                self.camera = Camera::default();
            }
        }
    }
}

/// The classes' names over bars of their colours, as many as fit.
fn classes(frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let names = &snapshot.class_names;
    let y = area.max[1] - if area.height() < 420.0 { 16.0 } else { 24.0 };
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    if names.is_empty() {
        paint.text([left, y], Align::Left, Style::LABEL, "these images have no labels: one colour for all");
        return;
    }
    // Two rows where the names of one are too wide.
    let widest = names.iter().map(|name| paint.text_width(Style::LABEL, name)).fold(0.0, f32::max) + 14.0;
    let fitting = ((right - left) / widest.max(30.0)).floor().max(1.0) as usize;
    let lines = if names.len() > fitting && area.height() >= 420.0 { 2 } else { 1 };
    let columns = names.len().div_ceil(lines).min(fitting.max(4)).max(1);
    let pitch = (right - left) / columns as f32;
    for (index, name) in names.iter().enumerate().take(columns * lines) {
        let x = left + (index % columns) as f32 * pitch;
        let y = y + ((index / columns) as f32 - (lines - 1) as f32) * 28.0;
        paint.fill(Rect::new(x, y - 13.0, x + pitch - 8.0, y - 10.0), theme::class_colour(index), 0.0);
        let more = names.len() - columns * lines.min(names.len());
        if more > 0 && index + 1 == columns * lines {
            paint.text([x, y], Align::Left, Style::LABEL, &format!("+ {} more", more + 1));
        } else {
            paint.name_clipped([x, y], Style::LABEL, name, pitch - 8.0);
        }
    }
}

//! The middle: the embedding cloud, what its colours tell, and the images in it. The cloud itself is drawn by wgpu below this panel;
//! here are the words around it, the camera, and the pointer: hovering tells of an image, a click chooses it.
//!
//! Subtlety: imgui gives the pointer to what was laid out first, so the stage, which is under everything, comes last.

mod card;
mod legend;
mod pick;
mod seen;
mod sides;

use glam::Vec2;
use imgui::MouseButton;

use crate::command::Command;
use crate::snapshot::{Cloud, Snapshot};
use crate::view::camera::Camera;
use crate::view::cloud::{ABOUT_THUMB, Exhibit, Portrait, STRONG, Stage, TEACHER};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::screen::Direction;
use crate::view::theme::{self, Look};
use crate::view::tint::Tint;

use super::{Frame, Panel};
use seen::Seen;

/// The middle pane.
#[derive(Default)]
pub struct Centre {
    /// The view of the cloud.
    pub camera: Camera,
    /// Lines of the wheel since the last frame (winit's own, for imgui rounds trackpads to whole lines).
    pub wheel: f32,
    /// All images as pictures; else as dots.
    pub images: bool,
    /// What the user wants colours to tell.
    wanted_tint: Option<Tint>,
    /// What they tell in this frame.
    tint: Option<Tint>,
    /// The cloud of the learner in front, and those beside it.
    seen: Seen,
    beside: Vec<Seen>,
    /// The cloud is the pane's subject in this frame: images can be pointed at and chosen.
    is_subject: bool,
    hovered: Option<u32>,
    chosen: Option<u32>,
    neighbours: Vec<u32>,
    /// Images that have a thumbnail among the dots.
    thumbs: Vec<u32>,
    /// How far the pointer has gone since the button went down.
    dragged: f32,
    /// The chosen image's card is at the left.
    card_left: bool,
}

/// Height of the words above and of the legend below the sphere.
fn margins(area: &Rect, presenting: bool) -> (f32, f32) {
    match area.height() {
        _ if presenting => (52.0, 12.0),
        height if height < 420.0 => (40.0, 38.0),
        height if height < 540.0 => (68.0, 62.0),
        _ => (68.0, 92.0),
    }
}

/// Where the middle of a notice is, above the legend.
pub fn notice_height(area: &Rect) -> f32 {
    area.max[1] - margins(area, false).1 - 20.0
}

/// Where the sphere stands in a centre pane.
pub fn stage(area: &Rect, presenting: bool) -> Stage {
    let (above, below) = margins(area, presenting);
    let free = Rect::new(area.min[0] + 8.0, area.min[1] + above, area.max[0] - 8.0, area.max[1] - below);
    // Zoomed in, the cloud ends where the words begin.
    let clip = Rect::new(area.min[0] + 1.0, area.min[1] + above - 8.0, area.max[0] - 1.0, area.max[1] - below + 4.0);
    Stage::new(clip, free)
}

impl Panel for Centre {
    fn ui(&mut self, frame: &Frame<'_>, whole: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        self.words(frame, &whole, snapshot);
        let (stage, area) = match sides::stages(&whole, frame.presenting, snapshot) {
            Some(halves) => {
                let other = 1 - snapshot.front.min(1);
                self.other_side(frame, halves[other], other, snapshot, commands);
                sides::labels(frame, &halves, snapshot, commands);
                halves[1 - other]
            }
            None => (stage(&whole, frame.presenting), whole),
        };
        frame.stage.set(Some(stage));
        self.is_subject = true;
        let Some(cloud) = &snapshot.cloud else {
            paint.text(area.centre(), Align::Centre, Style::QUIET, "The first projection is on its way.");
            self.steer(frame, "cloud", &Stage { clip: area, ..stage });
            return;
        };
        let tint = self.tint.unwrap_or(Tint::Cluster);
        if !frame.presenting {
            let (_, below) = margins(&whole, false);
            let legend = Rect::new(whole.min[0] + 16.0, whole.max[1] - below + 12.0, whole.max[0] - 16.0, whole.max[1] - 8.0);
            legend::ui(frame, &legend, snapshot, tint);
            frame.about("legend", legend, &[tint.sentence(), "K takes the next meaning of the colours."]);
        }
        let cards = card::fits(frame, &stage.clip);
        let mut on_card = None;
        if cards && let Some((rect, clicked)) = card::chosen(frame, &stage.clip, snapshot, cloud, tint, self.card_left) {
            on_card = clicked;
            self.lead(frame, &stage, &rect);
        }
        let touched = self.steer(frame, "cloud", &Stage { clip: area, ..stage });
        let over_stage = touched.hovered && stage.clip.contains(frame.pointer()) && self.dragged < CLICK;
        let reach = self.thumb(&stage, cloud.count);
        let picked = over_stage
            .then(|| {
                let spots = pick::spots(&self.seen.motion, &self.camera, &stage, cloud.count);
                pick::pick(spots, frame.pointer(), |spot| if self.images || self.thumbs.contains(&spot.image) { 0.8 * reach } else { 0.0 })
            })
            .flatten();
        self.hovered = picked.map(|spot| spot.image);
        match (picked, self.chosen.filter(|_| !cards)) {
            (Some(spot), _) if !cards => card::caption(frame, &stage.clip, snapshot, cloud, spot.image, tint),
            (Some(spot), _) if self.chosen != Some(spot.image) => {
                card::hovered(frame, &stage.clip, snapshot, cloud, spot.image, spot.at.to_array(), tint);
            }
            (None, Some(chosen)) => card::caption(frame, &stage.clip, snapshot, cloud, chosen, tint),
            _ => {}
        }
        if on_card.is_some() {
            commands.push(Command::SelectImage(on_card));
        } else if touched.clicked && self.dragged < CLICK && stage.clip.contains(frame.pointer()) {
            let again = self.hovered.is_some() && self.hovered == self.chosen;
            let wanted = self.hovered.filter(|_| !again);
            if wanted != self.chosen {
                commands.push(Command::SelectImage(wanted));
            }
        }
    }
}

/// A press that moves farther than this, in logical pixels, is a drag.
const CLICK: f32 = 4.0;

impl Centre {
    /// Takes up this frame's cloud, whatever pane shows it.
    pub fn prepare(&mut self, frame: &Frame<'_>, snapshot: &Snapshot) {
        let cloud = snapshot.cloud.as_ref();
        let now = frame.fps.is_some().then(|| frame.ui.time());
        let offered = Tint::of(snapshot);
        let tint = self.wanted_tint.filter(|tint| offered.contains(tint)).or(offered.first().copied()).unwrap_or(Tint::Cluster);
        self.tint = Some(tint);
        self.is_subject = false;
        let selection = cloud.and_then(|cloud| cloud.selection.as_ref());
        self.chosen = selection.map(|selection| selection.image);
        self.neighbours = selection.map_or_else(Vec::new, |selection| selection.neighbours.iter().map(|pair| pair.0).collect());
        let theme = frame.paint.look().theme;
        if self.seen.learner != snapshot.front {
            let known = self.beside.iter().position(|seen| seen.learner == snapshot.front);
            let next = known.map_or_else(|| Seen::of(snapshot.front), |index| self.beside.remove(index));
            self.beside.push(std::mem::replace(&mut self.seen, next));
        }
        self.seen.follow(cloud, (now, snapshot.playing), (tint, theme));
        let shown = sides::beside(snapshot);
        self.beside.retain(|seen| Some(seen.learner) == shown);
        if let Some(learner) = shown {
            if self.beside.is_empty() {
                self.beside.push(Seen::of(learner));
            }
            self.beside[0].follow(snapshot.learners[learner].cloud.as_ref(), (now, snapshot.playing), (tint, theme));
        }
        if !frame.ui.is_mouse_down(MouseButton::Left) && !frame.ui.is_mouse_released(MouseButton::Left) {
            self.dragged = 0.0;
        }
    }

    /// How a learner's cloud is to be drawn on a stage.
    pub fn exhibit<'a>(&mut self, snapshot: &'a Snapshot, learner: usize, stage: Stage, look: Look) -> Exhibit<'a> {
        let in_front = learner == snapshot.front;
        let cloud = if in_front { snapshot.cloud.as_ref() } else { snapshot.learners.get(learner).and_then(|view| view.cloud.as_ref()) };
        Exhibit { stage, portrait: self.portrait(cloud, in_front, &stage, look), cloud }
    }

    fn portrait(&mut self, cloud: Option<&Cloud>, in_front: bool, stage: &Stage, look: Look) -> Portrait {
        let presenting = if look.presenting { 1.7 } else { 1.0 };
        let camera = self.camera;
        let Some(seen) = (if in_front { Some(&self.seen) } else { self.beside.first() }) else { return Portrait::default() };
        let mut portrait = Portrait { camera, way: seen.motion.way(), tints: seen.tints.clone(), ..Portrait::default() };
        let Some(cloud) = cloud else { return portrait };
        let crowded = (1024.0 / cloud.count.max(1) as f32).sqrt().clamp(0.6, 1.0);
        // On a large stage, dots that stay small would be lost.
        let large = (stage.radius / 320.0).max(1.0).sqrt();
        portrait.dot = presenting * crowded * large * camera.zoom.max(1.0).powf(0.4);
        if !self.is_subject {
            return portrait;
        }
        portrait.thumb = self.thumb(stage, cloud.count);
        portrait.images = self.images;
        portrait.chosen = self.chosen;
        if self.images {
            self.thumbs.clear();
            portrait.thumbs = pick::everything(cloud.count);
        } else if camera.zoom > 1.7 && in_front {
            let spots = pick::spots(&self.seen.motion, &camera, stage, cloud.count);
            self.thumbs = pick::with_room(spots, portrait.thumb, &self.thumbs);
            portrait.thumbs = self.thumbs.iter().flat_map(|&image| [image | TEACHER, image]).collect();
        } else if in_front {
            self.thumbs.clear();
        } else {
            portrait.thumbs = self.thumbs.iter().flat_map(|&image| [image | TEACHER, image]).collect();
        }
        let about = |image: u32| if self.images || self.thumbs.contains(&image) { ABOUT_THUMB } else { 0 };
        let mut mark = |image: u32, flags: u32| portrait.marks.extend([image | flags | about(image), image | TEACHER | about(image)]);
        if let Some(chosen) = self.chosen {
            mark(chosen, STRONG);
        }
        if let Some(hovered) = self.hovered.filter(|&hovered| Some(hovered) != self.chosen) {
            mark(hovered, STRONG);
        }
        // Neighbours are those of the learner in front.
        if !in_front {
            return portrait;
        }
        portrait.marks.extend(self.neighbours.iter().map(|&image| image | about(image)));
        portrait
    }

    /// Between which projections dots are, and how far: see [`Motion::way`].
    pub fn way(&self) -> (u64, u64, f32) {
        self.seen.motion.way()
    }

    /// Half the side of a thumbnail in front.
    fn thumb(&self, stage: &Stage, count: u32) -> f32 {
        let room = stage.radius * self.camera.zoom / (count.max(1) as f32).sqrt();
        if self.images { (1.05 * room).clamp(6.0, 40.0) } else { (9.0 * self.camera.zoom.sqrt()).clamp(12.0, 30.0) }
    }

    /// The title, what dots and rings are, and what can be changed about the picture.
    fn words(&mut self, frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot) {
        let paint = &frame.paint;
        let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
        let mut y = area.min[1] + 22.0;
        let title = paint.text([left, y], Align::Left, Style::TITLE, "Embedding");
        if frame.presenting {
            let width = paint.text([right, y], Align::Right, Style::LABEL, "teacher");
            paint.ring([right - width - 14.0, y], 7.0, theme::TEXT, 2.0);
            let x = right - width - 40.0;
            let width = paint.text([x, y], Align::Right, Style::LABEL, "student");
            paint.dot([x - width - 13.0, y], 6.5, theme::TEXT);
            return;
        }
        if let Some(cloud) = &snapshot.cloud {
            let share = cloud.explained.map_or_else(String::new, |share| format!(", {:.0} % of the squared length", share * 100.0));
            let long = format!("PCA, 3 of {} dimensions{share}", cloud.dimensions);
            let short = format!("3 of {} dimensions", cloud.dimensions);
            let room = right - left - title - 16.0;
            if let Some(text) = [long, short].into_iter().find(|text| paint.text_width(Style::LABEL, text) <= room) {
                paint.text([right, y + 1.0], Align::Right, Style::LABEL, &text);
            }
            frame.about(
                "embedding",
                Rect::new(left, y - 12.0, right, y + 12.0),
                &[
                    "Held-out images where student and teacher put them: L2-normalised projections on the three axes that hold most of their \
                     squared length (PCA). The share says how much of it they hold.",
                ],
            );
        }
        if area.height() < 420.0 {
            return;
        }
        y += 26.0;
        paint.dot([left + 5.0, y], 4.5, theme::TEXT);
        let width = paint.text([left + 16.0, y], Align::Left, Style::LABEL, "student");
        let x = left + 16.0 + width + 20.0;
        paint.ring([x + 5.0, y], 5.0, theme::TEXT, 1.5);
        let width = paint.text([x + 16.0, y], Align::Left, Style::LABEL, "teacher");
        let taken = x + 16.0 + width + 16.0;
        let tint = self.tint.unwrap_or(Tint::Cluster);
        let images = if self.images { "images" } else { "dots" };
        let about_images = "Each image as a dot and a ring, or as the pictures that student and teacher see of it: framed and round. Zoomed in, \
                            pictures appear among the dots where there is room.";
        let mut end = right;
        for (key, text, about) in [("I", images, about_images), ("K", tint.title(), tint.sentence())] {
            let width = paint.key_width(key) + 6.0 + paint.text_width(Style::LABEL, text);
            let start = end - width;
            if start < taken {
                break;
            }
            let key_width = paint.key([start, y], key);
            paint.text([start + key_width + 6.0, y], Align::Left, Style::LABEL, text);
            let touch = frame.touch(key, Rect::new(start - 4.0, y - 14.0, end + 4.0, y + 14.0));
            if touch.hovered {
                let cycle = Tint::of(snapshot).into_iter().map(Tint::title).collect::<Vec<_>>().join(", ");
                let more = if key == "K" { format!("K goes through: {cycle}.") } else { String::new() };
                frame.tooltip(&[about, &more][..if more.is_empty() { 1 } else { 2 }]);
            }
            match key {
                _ if !touch.clicked => {}
                "K" => self.next_tint(snapshot),
                _ => self.images = !self.images,
            }
            end = start - 16.0;
        }
        let note = "radius 1, never rescaled";
        let width = paint.text_width(Style::LABEL, note);
        if end - width > taken + 8.0 {
            let x = 0.5 * (taken + end - width);
            paint.text([x, y], Align::Left, Style::LABEL, note);
            let tip = "The sphere has radius 1, the length of every projection. It is never rescaled, so a collapse looks like one.";
            frame.about("radius", Rect::new(x, y - 12.0, x + width, y + 12.0), &[tip]);
        }
    }

    /// A line from the chosen image to its card, which keeps out of the image's way.
    fn lead(&mut self, frame: &Frame<'_>, stage: &Stage, card: &Rect) {
        let spot = self.chosen.and_then(|image| pick::spot(&self.seen.motion, &self.camera, stage, image, false));
        let Some(spot) = spot else { return };
        let near = card.inset(-14.0).contains(spot.at.to_array());
        if near {
            self.card_left = !self.card_left;
            return;
        }
        let end = Vec2::new(spot.at.x.clamp(card.min[0], card.max[0]), spot.at.y.clamp(card.min[1], card.max[1]));
        let way = end - spot.at;
        if way.length() > 24.0 {
            let start = spot.at + way.normalize() * 12.0;
            frame.paint.line(start.to_array(), end.to_array(), theme::AXIS, 1.0);
        }
    }

    /// Turns, moves and zooms the cloud on a stage; a drag may begin anywhere in its clip.
    pub fn steer(&mut self, frame: &Frame<'_>, id: &str, stage: &Stage) -> super::Touch {
        let area = stage.clip;
        let touch = frame.touch(id, area);
        let delta = frame.ui.io().mouse_delta.map(|value| value / frame.scale);
        if frame.ui.is_mouse_clicked(MouseButton::Left) {
            self.dragged = 0.0;
        }
        if touch.held {
            self.dragged += delta[0].abs() + delta[1].abs();
            if self.dragged >= CLICK {
                self.camera.orbit(delta, stage.radius);
            }
        } else if touch.held_right {
            self.camera.pan_by(delta, [area.width(), area.height()]);
        }
        if touch.hovered {
            if self.wheel != 0.0 {
                let pointer = frame.pointer();
                self.camera.zoom_at(self.wheel, [pointer[0] - stage.centre[0], pointer[1] - stage.centre[1]]);
                self.camera.pan_by([0.0; 2], [area.width(), area.height()]);
            }
            if frame.ui.is_mouse_double_clicked(MouseButton::Left) {
                self.camera = Camera::default();
            }
        }
        touch
    }

    /// An arrow key turns the cloud: the near side goes where the arrow points.
    pub fn turn(&mut self, direction: Direction) {
        const STEP: f32 = 0.1;
        let delta = match direction {
            Direction::Left => [-STEP, 0.0],
            Direction::Right => [STEP, 0.0],
            Direction::Up => [0.0, -STEP],
            Direction::Down => [0.0, STEP],
        };
        self.camera.orbit(delta, 1.0);
    }

    /// The colours tell the next thing.
    pub fn next_tint(&mut self, snapshot: &Snapshot) {
        let offered = Tint::of(snapshot);
        let now = self.wanted_tint.and_then(|tint| offered.iter().position(|&other| other == tint)).unwrap_or(0);
        self.wanted_tint = offered.get((now + 1) % offered.len().max(1)).copied();
    }

    /// The colours are to tell this wherever a run has it, until somebody wants something else.
    pub const fn want_tint(&mut self, tint: Tint) {
        self.wanted_tint = Some(tint);
    }

    /// What the colours tell.
    pub fn tint(&self) -> Option<Tint> {
        self.tint
    }

    /// An image is chosen, so that Esc has something to let go of.
    pub fn selects(&self, snapshot: &Snapshot) -> bool {
        snapshot.cloud.as_ref().is_some_and(|cloud| cloud.selection.is_some())
    }

    /// The image under the pointer.
    pub fn hovered(&self) -> Option<u32> {
        self.hovered
    }
}

//! The panes of the window, one file each. A panel reads the snapshot, paints, and pushes commands; it never reaches further.

pub mod ablation;
pub mod balance;
pub mod bottom;
pub mod card;
pub mod centre;
pub mod crops;
pub mod diagram;
pub mod diagram_byol;
pub mod diagram_dino;
pub mod dials;
pub mod dino;
pub mod images;
pub mod kernels;
pub mod lesson_band;
pub mod lesson_list;
pub mod map;
pub mod mechanism;
pub mod member;
pub mod meters;
pub mod notices;
pub mod overlay;
pub mod scrubber;
pub mod substeps;
pub mod top;
pub mod walk;

use std::cell::{Cell, RefCell};

use imgui::{MouseButton, Ui};

use crate::command::Command;
use crate::config::Method;
use crate::snapshot::Snapshot;

use super::charts::Timeline;
use super::cloud::Stage;
use super::explain::parts::{Part, explanation};
use super::layout::Rect;
use super::minis::Minis;
use super::paint::Paint;
use super::pictures::Picture;
use super::scene::Scene;
use super::theme;

use card::Asked;

/// What a panel needs to paint one frame and to be touched.
pub struct Frame<'ui> {
    /// imgui.
    pub ui: &'ui Ui,
    /// The brush of the main window, in logical pixels.
    pub paint: Paint<'ui>,
    /// Physical pixels a logical pixel.
    pub scale: f32,
    /// The scene that is shown.
    pub scene: Scene,
    /// An overlay is open: nothing below it reacts.
    pub blocked: bool,
    /// For a room: large type, and only what the room needs.
    pub presenting: bool,
    /// Lines of the wheel since the last frame.
    pub wheel: f32,
    /// What the charts show of the run, and how.
    pub timeline: RefCell<Timeline>,
    /// Frames a second of the window; none offscreen.
    pub fps: Option<f32>,
    /// How far what flows in the diagram has moved, logical pixels: see [`Flow`](super::flow::Flow).
    pub flow: f32,
    /// The part of the diagram whose card is open, or was asked for in this frame.
    pub card: Cell<Option<Asked>>,
    /// Pictures that wgpu draws below imgui in this frame, the later over the earlier.
    pub pictures: RefCell<Vec<Picture>>,
    /// Where wgpu draws the cloud of the learner in front below imgui in this frame, if it does.
    pub stage: Cell<Option<Stage>>,
    /// Where it draws those of others.
    pub beside: RefCell<Vec<(usize, Stage)>>,
    /// Many small clouds that wgpu draws below imgui in this frame, if it does.
    pub minis: RefCell<Option<Minis>>,
    /// A pane asks for the card of the images.
    pub wants_images: Cell<bool>,
    /// Where it is noted what may be touched and what was told, if it is.
    pub pointing: Option<&'ui Pointing>,
}

/// What may be touched in a frame, and what the pointer was told: for the test that everything explains itself.
#[derive(Debug, Default)]
pub struct Pointing {
    /// Areas that react to the pointer, by their names.
    pub touched: RefCell<Vec<(String, Rect)>>,
    /// Tooltips, and what panes said of what the pointer is on.
    pub told: RefCell<Vec<String>>,
}

/// How the pointer is on an area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Touch {
    /// The pointer is over it.
    pub hovered: bool,
    /// The left button was pressed and released on it.
    pub clicked: bool,
    /// The left button went down on it and still is.
    pub held: bool,
    /// The right button likewise.
    pub held_right: bool,
}

impl Frame<'_> {
    /// Makes an area react to the pointer; `id` must be unique in the window.
    pub fn touch(&self, id: &str, area: Rect) -> Touch {
        if self.blocked || area.width() < 1.0 || area.height() < 1.0 {
            return Touch::default();
        }
        if let Some(pointing) = self.pointing {
            pointing.touched.borrow_mut().push((id.to_owned(), area));
        }
        self.ui.set_cursor_screen_pos([area.min[0] * self.scale, area.min[1] * self.scale]);
        let flags = imgui::ButtonFlags::MOUSE_BUTTON_LEFT | imgui::ButtonFlags::MOUSE_BUTTON_RIGHT;
        let pressed = self.ui.invisible_button_flags(id, [area.width() * self.scale, area.height() * self.scale], flags);
        let active = self.ui.is_item_active();
        Touch {
            hovered: self.ui.is_item_hovered(),
            clicked: pressed && self.ui.is_mouse_released(MouseButton::Left),
            held: active && self.ui.is_mouse_down(MouseButton::Left),
            held_right: active && self.ui.is_mouse_down(MouseButton::Right),
        }
    }

    /// Makes a part of the diagram explain itself: in a sentence under the pointer, with its card on a click. `spot` tells its places
    /// apart.
    pub fn part(&self, part: Part, spot: u32, area: Rect, method: Method) {
        let touch = self.touch(&format!("part-{part:?}-{spot}"), area);
        let open = self.card.get().filter(|asked| asked.part == part && asked.spot == spot);
        if open.is_some() {
            self.card.set(Some(Asked { part, spot, anchor: area, seen: true }));
            self.paint.outline(area.inset(-4.0), theme::AXIS, 6.0, 1.0);
        }
        if touch.hovered {
            self.paint.outline(area.inset(-3.0), theme::TEXT_2, 6.0, 1.0);
            self.tooltip(&[explanation(part, method).tip]);
        }
        if touch.clicked {
            self.card.set(open.is_none().then_some(Asked { part, spot, anchor: area, seen: true }));
        }
    }

    /// Has a picture drawn below what imgui paints.
    pub fn picture(&self, picture: Picture) {
        self.pictures.borrow_mut().push(picture);
    }

    /// The pointer in logical pixels.
    pub fn pointer(&self) -> [f32; 2] {
        self.ui.io().mouse_pos.map(|value| value / self.scale)
    }

    /// A tooltip of wrapped lines.
    pub fn tooltip(&self, lines: &[&str]) {
        self.tell(&lines.join(" "));
        self.ui.tooltip(|| {
            let widest = lines.iter().map(|line| self.ui.calc_text_size(line)[0]).fold(0.0, f32::max);
            let wrap = widest.min(360.0 * self.scale);
            let _wrap = self.ui.push_text_wrap_pos_with_pos(wrap + 1.0);
            // A text as wide as the wrap keeps the tooltip from being narrow.
            self.ui.dummy([wrap, 0.0]);
            for line in lines {
                self.ui.text(line);
            }
        });
    }

    /// An area that only explains what stands in it: to be laid after all in it that does more.
    pub fn about(&self, id: &str, area: Rect, lines: &[&str]) {
        if self.touch(id, area).hovered {
            self.tooltip(lines);
        }
    }

    /// The pane itself says this of what the pointer is on, so there is no tooltip.
    pub fn tell(&self, what: &str) {
        if let Some(pointing) = self.pointing {
            pointing.told.borrow_mut().push(what.to_owned());
        }
    }
}

/// A pane.
pub trait Panel {
    /// Paints the pane into `area` and turns the user's touches into commands.
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>);
}

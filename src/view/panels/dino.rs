//! Scene 2, the middle pane.

use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::screen::Direction;

use super::{Frame, Panel};

/// The middle pane of scene 2.
#[derive(Default)]
pub struct Dino;

impl Dino {
    /// An arrow key was pressed.
    pub fn arrow(&mut self, _direction: Direction, _snapshot: &Snapshot) {}
}

impl Panel for Dino {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        frame.paint.text(area.centre(), Align::Centre, Style::QUIET, "The first distributions are on their way.");
    }
}

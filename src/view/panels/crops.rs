//! Scene 3, multi-crop: the crossbar of student crops and teacher crops (left), the image with its crops (centre), charts (right).

use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::screen::Direction;

use super::Frame;

/// Scene 3's own state.
#[derive(Default)]
pub struct Crops;

impl Crops {
    /// Paints the left pane.
    pub fn left(&mut self, _frame: &Frame<'_>, _area: Rect, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {}

    /// Paints the middle pane.
    pub fn centre(&mut self, frame: &Frame<'_>, area: Rect, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        frame.paint.text(area.centre(), Align::Centre, Style::QUIET, "The crops come here.");
    }

    /// Paints the right pane.
    pub fn right(&mut self, _frame: &Frame<'_>, _area: Rect, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {}

    /// An arrow key was pressed.
    pub fn arrow(&mut self, _direction: Direction, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {}
}

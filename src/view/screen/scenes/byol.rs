//! Scene 1, BYOL: the embedding cloud between the three asymmetries and the meters.

use super::Story;
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::layout::{Layout, Rect};
use crate::view::panels::{Frame, Panel as _, centre};
use crate::view::screen::{Direction, Screen};

pub(super) struct Byol;

impl Story for Byol {
    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.centre.ui(frame, layout.centre, snapshot, commands);
    }

    fn notices(&self, _screen: &Screen, layout: &Layout) -> (Rect, f32) {
        (layout.centre, centre::notice_height(&layout.centre))
    }

    fn shows_cloud(&self, _screen: &Screen) -> bool {
        true
    }

    fn arrow(&self, screen: &mut Screen, direction: Direction, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        screen.centre.turn(direction);
    }
}

//! Scene 2, DINO: the prototypes, or in their place the embedding cloud, between the mechanism and the meters.

use super::Story;
use super::byol::Byol;
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::layout::{Layout, Rect};
use crate::view::panels::{Frame, Panel as _};
use crate::view::screen::{Direction, Screen};

pub(super) struct Dino;

impl Story for Dino {
    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if screen.cloud {
            return Byol.ui(screen, frame, layout, snapshot, commands);
        }
        screen.dino.ui(frame, layout.centre, snapshot, commands);
        if let Some(stage) = frame.stage.get() {
            screen.centre.steer(frame, "cloud", &stage);
        }
    }

    fn notices(&self, screen: &Screen, layout: &Layout) -> (Rect, f32) {
        if screen.cloud { Byol.notices(screen, layout) } else { (layout.centre, layout.centre.max[1] - 28.0) }
    }

    fn shows_cloud(&self, screen: &Screen) -> bool {
        screen.cloud
    }

    fn twin(&self, screen: &mut Screen) {
        // The prototypes are those of one side; the clouds show both.
        screen.cloud = true;
    }

    fn arrow(&self, screen: &mut Screen, direction: Direction, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        screen.dino.arrow(direction, snapshot);
    }

    fn variant(&self, screen: &mut Screen, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        screen.cloud = !screen.cloud;
    }

    fn resample(&self, _screen: &mut Screen, commands: &mut Vec<Command>) {
        commands.push(Command::Resample);
    }
}

//! Scene 3, multi-crop: an image with its global and local crops, what is compared with what, and the cloud beside it.

use super::Story;
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::layout::Layout;
use crate::view::panels::Frame;
use crate::view::screen::{Direction, Screen};

pub(super) struct Multicrop;

impl Story for Multicrop {
    fn is_whole(&self) -> bool {
        true
    }

    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.crops.ui(frame, layout, snapshot, &mut screen.centre, commands);
    }

    fn arrow(&self, screen: &mut Screen, direction: Direction, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.crops.arrow(direction, snapshot, commands);
    }

    fn resample(&self, _screen: &mut Screen, commands: &mut Vec<Command>) {
        commands.push(Command::Resample);
    }
}

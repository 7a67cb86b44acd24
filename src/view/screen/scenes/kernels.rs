//! Scene 4, kernels: the training step as a timeline, a table and a roofline.

use super::Story;
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::headline::Headline;
use crate::view::layout::{Layout, Rect};
use crate::view::panels::Frame;
use crate::view::screen::{Direction, Request, Screen};

pub(super) struct Kernels;

impl Story for Kernels {
    fn is_whole(&self) -> bool {
        true
    }

    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.kernels.ui(frame, layout, snapshot, commands);
    }

    fn notices(&self, _screen: &Screen, layout: &Layout) -> (Rect, f32) {
        let between_the_bars = Rect::new(0.0, layout.top.max[1], layout.window.max[0], layout.bottom.min[1]);
        (between_the_bars, layout.centre.max[1] - 28.0)
    }

    fn words(&self, screen: &Screen, snapshot: &Snapshot, presenting: bool) -> Option<Headline> {
        Some(screen.kernels.words(snapshot, presenting))
    }

    fn arrow(&self, screen: &mut Screen, direction: Direction, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        screen.kernels.arrow(direction, snapshot);
    }

    fn confirm(&self, screen: &mut Screen, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        screen.kernels.sort();
    }

    fn variant(&self, screen: &mut Screen, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if let Some(problem) = screen.kernels.next_variant(snapshot, commands) {
            screen.say(&problem);
        }
    }

    fn export(&self, screen: &mut Screen, snapshot: &Snapshot, requests: &mut Vec<Request>) {
        if snapshot.kernels.is_none() {
            screen.say("There is nothing to export yet: no step has been timed.");
        } else {
            requests.push(Request::Export);
        }
    }
}

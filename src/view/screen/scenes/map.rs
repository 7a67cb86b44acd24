//! Scene 5, the map of collapse: a grid of learners over two keys, or the proposal of one.

use super::Story;
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::headline::Headline;
use crate::view::layout::{Layout, Rect};
use crate::view::panels::{Frame, map};
use crate::view::screen::{Direction, Request, Screen};

pub(super) struct Map;

impl Story for Map {
    fn is_whole(&self) -> bool {
        true
    }

    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.map.ui(frame, layout, snapshot, &mut screen.centre.camera, commands);
    }

    fn notices(&self, _screen: &Screen, layout: &Layout) -> (Rect, f32) {
        let between_the_bars = Rect::new(0.0, layout.top.max[1], layout.window.max[0], layout.bottom.min[1]);
        (between_the_bars, layout.centre.max[1] - 28.0)
    }

    fn words(&self, screen: &Screen, snapshot: &Snapshot, _presenting: bool) -> Option<Headline> {
        (snapshot.stopped.is_none() && snapshot.walk.is_none()).then(|| screen.map.words(snapshot))
    }

    fn arrow(&self, screen: &mut Screen, direction: Direction, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        screen.map.arrow(direction, snapshot, commands);
    }

    fn confirm(&self, screen: &mut Screen, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let mut wanted = Vec::new();
        screen.map.confirm(snapshot, &mut wanted);
        for command in wanted {
            screen.submit(command, snapshot, commands);
        }
    }

    fn escape(&self, screen: &mut Screen, snapshot: &Snapshot) -> bool {
        if !screen.map.escape(snapshot) {
            screen.leave(snapshot);
        }
        true
    }

    fn variant(&self, screen: &mut Screen, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        if map::axes(snapshot).is_some() {
            screen.map.propose(snapshot);
        }
    }

    fn export(&self, screen: &mut Screen, snapshot: &Snapshot, requests: &mut Vec<Request>) {
        if map::axes(snapshot).is_none() {
            screen.say("There is no map to save yet: Enter starts one.");
        } else {
            requests.push(Request::ExportMap);
        }
    }
}

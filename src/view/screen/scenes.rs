//! What is different from scene to scene: how it fills the panes, and what keys do in it that do something else, or nothing, in the
//! others. A scene is one file here and one line in [`of`]; its name and number are in [`Scene`], its keys' words in the help.

mod byol;
mod dino;
mod kernels;
mod map;
mod multicrop;

use super::{Direction, Request, Screen};
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::headline::Headline;
use crate::view::layout::{Layout, Rect};
use crate::view::panels::Frame;
use crate::view::scene::Scene;

/// A scene. Its state lies in the [`Screen`], where it stays while another scene is shown.
pub(super) trait Story: Sync {
    /// It fills the window between the bars; else the middle, between the mechanism and the meters.
    fn is_whole(&self) -> bool {
        false
    }

    /// Paints it, and turns the user's touches into commands.
    fn ui(&self, screen: &mut Screen, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>);

    /// The part of the window that notices are centred in, and their lower edge.
    fn notices(&self, _screen: &Screen, layout: &Layout) -> (Rect, f32) {
        (layout.centre, layout.centre.max[1] - 28.0)
    }

    /// What the bar below says of it; none: what it says of any run.
    fn words(&self, _screen: &Screen, _snapshot: &Snapshot, _presenting: bool) -> Option<Headline> {
        None
    }

    /// The embedding cloud is in its middle.
    fn shows_cloud(&self, _screen: &Screen) -> bool {
        false
    }

    /// A twin begins.
    fn twin(&self, _screen: &mut Screen) {}

    /// An arrow key.
    fn arrow(&self, screen: &mut Screen, direction: Direction, snapshot: &Snapshot, commands: &mut Vec<Command>);

    /// Enter, where nothing lies over the panes.
    fn confirm(&self, _screen: &mut Screen, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {}

    /// Esc, where nothing is open; true if it meant something here.
    fn escape(&self, _screen: &mut Screen, _snapshot: &Snapshot) -> bool {
        false
    }

    /// V.
    fn variant(&self, _screen: &mut Screen, _snapshot: &Snapshot, _commands: &mut Vec<Command>) {}

    /// X.
    fn export(&self, screen: &mut Screen, _snapshot: &Snapshot, _requests: &mut Vec<Request>) {
        screen.say("X exports the kernels' times in scene 4, the map in scene 5.");
    }

    /// C.
    fn resample(&self, screen: &mut Screen, _commands: &mut Vec<Command>) {
        screen.say("C draws other crops in the scenes 2 and 3.");
    }
}

/// What a scene is made of.
pub(super) fn of(scene: Scene) -> &'static dyn Story {
    match scene {
        Scene::Byol => &byol::Byol,
        Scene::Dino => &dino::Dino,
        Scene::Multicrop => &multicrop::Multicrop,
        Scene::Kernels => &kernels::Kernels,
        Scene::Map => &map::Map,
    }
}

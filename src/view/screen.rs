//! The whole frame as imgui sees it: which panes there are, what a key does, and what must be asked first. The same screen is
//! drawn in the window and offscreen.

mod acting;
mod action;
mod asking;
mod drawing;
mod scenes;

use std::path::Path;

use crate::command::Command;
use crate::snapshot::Snapshot;

use super::charts::Timeline;
use super::cloud::Stage;
use super::flow::Flow;
use super::lesson_player::Player;
use super::lessons::Lessons;
use super::minis::Minis;
use super::paint::Written;
use super::panels::Pointing;
use super::panels::bottom::BottomBar;
use super::panels::card::Card;
use super::panels::centre::Centre;
use super::panels::crops::Crops;
use super::panels::dino::Dino;
use super::panels::images::Images;
use super::panels::kernels::Kernels;
use super::panels::map::Map;
use super::panels::mechanism::Mechanism;
use super::panels::meters::Meters;
use super::panels::notices::Notices;
use super::panels::overlay::{Help, Question};
use super::panels::top::TopBar;
use super::pictures::Picture;
use super::scene::Scene;
use super::theme::Look;
use super::tint::Tint;
use super::undo::Undo;

pub use action::{Action, Direction};
pub use asking::LONG_RUN;

/// How a recording of the window stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recording {
    /// Since its first frame.
    pub seconds: f32,
    /// Frames taken.
    pub frames: u64,
}

/// What only the window can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Leave; it has been confirmed.
    Quit,
    /// Write the profiled step into files.
    Export,
    /// Write the map into files: a picture, and its numbers.
    ExportMap,
    /// Have a graphics debugger capture a frame.
    Capture,
    /// Save the event log.
    SaveLog,
    /// Copy the command that does the run again.
    CopyLine,
}

/// The state of what is on the screen, apart from the training.
#[derive(Default)]
pub struct Screen {
    scene: Scene,
    /// How everything looks; takes effect with the next frame.
    pub look: Look,
    /// Remember what is written: for the test that no text is cut off.
    pub audit: bool,
    /// What was written in the last frame, if it is remembered.
    pub written: Vec<Written>,
    /// What could be touched in the last frame, and what the pointer was told, if it is remembered.
    pub pointing: Pointing,
    /// A scene that waits for a run of its method.
    wanted: Option<Scene>,
    top: TopBar,
    /// The left pane of scenes 1 and 2.
    pub mechanism: Mechanism,
    /// The middle pane of scene 1, with the camera of every scene's cloud.
    pub centre: Centre,
    /// The middle pane of scene 2.
    pub dino: Dino,
    /// Scene 3.
    pub crops: Crops,
    /// Scene 4.
    pub kernels: Kernels,
    /// Scene 5.
    pub map: Map,
    /// The lessons: their list, and the one that is played.
    pub lessons: Lessons,
    meters: Meters,
    bottom: BottomBar,
    notices: Notices,
    images: Images,
    /// Names of the files that are dragged over the window at the moment.
    dragged: Vec<String>,
    /// Scene 2 shows the cloud in the middle.
    cloud: bool,
    panels_hidden: bool,
    help: Help,
    question: Option<Question>,
    /// The option of the question that Enter takes.
    marked: usize,
    undo: Undo,
    /// The window is being recorded.
    pub recording: Option<Recording>,
    flow: Flow,
    /// What explains a part of the diagram.
    pub card: Card,
    /// What the charts show of the run, and how.
    pub timeline: Timeline,
}

/// Where wgpu draws below imgui in this frame.
#[derive(Clone, Debug)]
pub struct Stages {
    /// The clouds that the scene shows, each with the learner whose it is.
    pub clouds: Vec<(usize, Stage)>,
    /// Pictures, the later over the earlier.
    pub pictures: Vec<Picture>,
    /// Many small clouds, where the scene shows them.
    pub minis: Option<Minis>,
}

impl Screen {
    /// A screen that shows `scene`, or the scene of the run's method if that is another.
    pub fn new(scene: Scene) -> Self {
        Self { scene, ..Self::default() }
    }

    /// The same for two learners side by side: where a scene can show both, it does.
    pub fn with_twin(mut self) -> Self {
        scenes::of(self.scene).twin(&mut self);
        self
    }

    /// The same, with a look.
    pub fn with_look(self, look: Look) -> Self {
        Self { look, ..self }
    }

    /// The scene that is shown.
    pub fn scene(&self) -> Scene {
        self.scene
    }

    /// Whether keys belong to a text field at the moment.
    pub fn is_typing(&self) -> bool {
        self.images.is_typing()
    }

    /// Whether there is a field to paste text into.
    pub const fn takes_text(&self) -> bool {
        self.images.is_open()
    }

    /// Puts text into the field.
    pub fn paste(&mut self, text: &str) {
        log::info!(target: "twinlens::event", "pasted {} characters", text.chars().count());
        self.images.paste(text);
    }

    /// Whether frames are wanted though nobody touches anything and nothing moves.
    pub const fn is_settling(&self) -> bool {
        self.images.is_settling()
    }

    /// Tells the user something that the training does not know of.
    pub fn say(&mut self, notice: &str) {
        log::info!(target: "twinlens::event", "notice {notice}");
        self.notices.say(notice);
    }

    /// Something lies over the panes.
    pub fn is_covered(&self) -> bool {
        self.help.is_open()
            || self.question.is_some()
            || self.top.presets.is_open()
            || self.images.is_open()
            || self.lessons.chosen.is_some()
            || !self.dragged.is_empty()
    }

    /// A file is dragged over the window; none: no more.
    pub fn drag(&mut self, path: Option<&Path>) {
        match path {
            Some(path) => self.dragged.push(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()),
            None => self.dragged.clear(),
        }
    }

    /// A question waits for its answer.
    pub fn is_asking(&self) -> bool {
        self.question.is_some()
    }

    /// The wheel was turned by `lines`: for what lies over the panes, or else for the cloud.
    pub fn wheel(&mut self, lines: f32) {
        if self.images.is_open() {
            self.images.scroll(-lines);
        } else if self.is_covered() {
            self.help.scroll(-lines);
        } else if self.card.is_under_pointer() {
            self.card.turn(-lines.signum() as i32);
        } else {
            self.centre.wheel += lines;
        }
    }

    /// Lets `seconds` pass: what a lesson does next is done here and not while drawing, so a frame that is drawn twice does it once.
    pub fn tick(&mut self, snapshot: &Snapshot, seconds: f32, commands: &mut Vec<Command>) {
        self.lessons.tick(snapshot, seconds, commands);
        if let Some(scene) = self.lessons.player_mut().and_then(Player::take_scene) {
            if scene.shows(snapshot.method) {
                self.scene = scene;
            } else {
                self.wanted = Some(scene);
            }
        }
        let colour = self.lessons.player_mut().and_then(Player::take_colour);
        if let Some(tint) = colour.as_deref().and_then(Tint::from_name) {
            self.centre.want_tint(tint);
        }
        self.kernels.tick(self.scene == Scene::Kernels, commands);
    }

    /// Shows a scene; one whose method does not train asks for a run of it first, and comes with it.
    fn choose(&mut self, scene: Scene, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if scene.shows(snapshot.method) {
            self.scene = scene;
            self.wanted = None;
        } else {
            self.wanted = Some(scene);
            self.submit(Command::LoadPreset(scene.preset().to_owned()), snapshot, commands);
        }
    }

    /// Leaves the scene for that of the run.
    fn leave(&mut self, snapshot: &Snapshot) {
        self.scene = Scene::of_run(snapshot.method, snapshot.local_crops);
        self.wanted = None;
    }

    /// The scene never shows what does not train.
    fn follow(&mut self, snapshot: &Snapshot) {
        if let Some(scene) = self.wanted.filter(|scene| scene.shows(snapshot.method)) {
            self.scene = scene;
            self.wanted = None;
        }
        if !self.scene.shows(snapshot.method) {
            self.scene = Scene::of_run(snapshot.method, snapshot.local_crops);
        }
    }
}

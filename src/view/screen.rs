//! The whole frame as imgui sees it: which panes there are, what a key does, and what must be asked first. The same screen is
//! drawn in the window and offscreen.

use std::cell::Cell;
use std::path::Path;

use imgui::{Ui, WindowFlags};

use crate::command::{Command, Switch, next_pace, next_share};
use crate::snapshot::Snapshot;

use super::charts::Timeline;
use super::cloud::Stage;
use super::explain;
use super::flow::Flow;
use super::layout::{Layout, Rect};
use super::lesson_player::Player;
use super::lessons::Lessons;
use super::paint::{Paint, Written};
use super::panels::bottom::BottomBar;
use super::panels::card::{Card, Leaves};
use super::panels::centre::{self, Centre};
use super::panels::crops::Crops;
use super::panels::dino::Dino;
use super::panels::images::Images;
use super::panels::kernels::Kernels;
use super::panels::lesson_band::{self, Turn};
use super::panels::lesson_list::{self, Offered};
use super::panels::mechanism::Mechanism;
use super::panels::meters::Meters;
use super::panels::notices::Notices;
use super::panels::overlay::{self, Answer, Help, Question};
use super::panels::top::TopBar;
use super::panels::walk;
use super::panels::{Frame, Panel, Pointing};
use super::pictures::Picture;
use super::scene::Scene;
use super::theme::{Fonts, Look};
use super::tint::Tint;
use super::undo::Undo;

/// A run of at least this many steps is not ended without asking.
pub const LONG_RUN: u64 = 500;

/// An arrow key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Upwards.
    Up,
    /// Downwards.
    Down,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play or pause.
    PlayPause,
    /// One step.
    Step,
    /// One sub-step of a step.
    Walk,
    /// Re-initialise.
    Reset {
        /// With the next seed.
        new_seed: bool,
    },
    /// Flip a switch.
    Flip(Switch),
    /// Show a scene.
    Scene(Scene),
    /// Scene 2: the cloud in place of the prototypes, and back. Scene 4: the chosen kernel's next variant.
    Variant,
    /// Write the profiled step into files.
    Export,
    /// Have a graphics debugger capture a frame.
    Capture,
    /// Draw other crops.
    Resample,
    /// Show the last batch's first image again.
    Batch,
    /// What the cloud's colours tell.
    Tint,
    /// The cloud's images as dots or as pictures.
    Images,
    /// Choose the next thing in that direction (a prototype, an image), or turn the cloud.
    Arrow(Direction),
    /// Losses and divergences on a logarithmic or a linear axis.
    Logarithmic,
    /// Show or hide the key help.
    Help,
    /// Show what the images are, and choose others.
    OwnImages,
    /// Show or hide left and right.
    Panels,
    /// Dark or light.
    Theme,
    /// Presenting mode on or off.
    Present,
    /// Opens or closes the list of lessons.
    Lessons,
    /// The next page of the lesson.
    NextPage,
    /// The page before.
    PreviousPage,
    /// Take the last change back.
    Undo,
    /// Do again what was taken back.
    Redo,
    /// Another speed limit.
    Speed {
        /// Up.
        faster: bool,
    },
    /// Another share of the time for training.
    Share {
        /// A larger one.
        more: bool,
    },
    /// Ask whether to leave.
    Quit,
    /// Escape: close what is open, or ask whether to leave.
    Escape,
    /// Enter: yes to an open question; in scene 4, the table sorted by its next column.
    Confirm,
}

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
    /// Have a graphics debugger capture a frame.
    Capture,
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
    /// The cloud, where the scene shows it.
    pub cloud: Option<Stage>,
    /// Pictures, the later over the earlier.
    pub pictures: Vec<Picture>,
}

impl Screen {
    /// A screen that shows `scene`, or the scene of the run's method if that is another.
    pub fn new(scene: Scene) -> Self {
        Self { scene, ..Self::default() }
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

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        let before = commands.len();
        log::info!(target: "twinlens::event", "key {action:?}");
        match action {
            Action::Undo | Action::Redo if self.question.is_none() => return self.step_back(action, commands),
            _ => self.do_action(action, snapshot, commands, requests),
        }
        for command in &commands[before..] {
            self.undo.note(command, snapshot, false);
        }
    }

    /// Undo or redo: the command for it is an ordinary one, but no change to be taken back itself.
    fn step_back(&mut self, action: Action, commands: &mut Vec<Command>) {
        match if action == Action::Undo { self.undo.undo() } else { self.undo.redo() } {
            Ok((command, text)) => {
                commands.push(command);
                self.say(&text);
            }
            Err(text) => self.say(text),
        }
    }

    fn do_action(&mut self, action: Action, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match action {
            Action::Help if self.question.is_none() => {
                self.top.presets.close();
                self.help.toggle();
            }
            Action::Escape if self.question.is_some() => self.answer(Answer::No, snapshot, commands, requests),
            Action::Escape if self.help.is_open() => self.help.close(),
            Action::Escape if self.lessons.chosen.is_some() => self.lessons.chosen = None,
            Action::Escape if self.images.is_open() => self.images.close(),
            Action::Escape if self.top.presets.is_open() => self.top.presets.close(),
            Action::Escape if self.card.part().is_some() => self.card.close(),
            Action::Escape if snapshot.loading.is_some() => commands.push(Command::CancelLoad),
            Action::Escape if self.shows_cloud() && self.centre.selects(snapshot) => commands.push(Command::SelectImage(None)),
            Action::Escape if self.lessons.player().is_some() => {
                self.lessons.leave();
                self.say("The lesson is left, and the run goes on as it is. L opens the lessons.");
            }
            Action::Confirm if self.question.is_none() && self.top.presets.is_open() => {
                if let Some(command) = self.top.presets.start() {
                    self.submit(command, snapshot, commands);
                }
            }
            Action::Escape | Action::Quit => self.ask(Question::Quit),
            Action::Confirm if self.question.is_none() && self.lessons.chosen.is_some() => self.start_chosen(snapshot),
            Action::Confirm if self.scene == Scene::Kernels && !self.is_covered() => self.kernels.sort(),
            Action::Confirm => self.answer(Answer::Yes, snapshot, commands, requests),
            _ if self.question.is_some() => {}
            Action::OwnImages => {
                self.help.close();
                self.lessons.chosen = None;
                self.top.presets.close();
                self.images.show();
            }
            _ if self.images.is_open() => {}
            Action::Lessons => {
                self.help.close();
                self.top.presets.close();
                self.lessons.toggle_list();
            }
            Action::Arrow(Direction::Up) | Action::PreviousPage if self.lessons.chosen.is_some() => self.lessons.choose(-1),
            Action::Arrow(Direction::Down) | Action::NextPage if self.lessons.chosen.is_some() => self.lessons.choose(1),
            Action::NextPage | Action::PreviousPage => self.turn(action == Action::NextPage, snapshot),
            Action::Arrow(Direction::Up | Direction::Left) if self.help.is_open() => self.help.scroll(-1.0),
            Action::Arrow(_) if self.help.is_open() => self.help.scroll(1.0),
            Action::Arrow(Direction::Up | Direction::Left) if self.top.presets.is_open() => self.top.presets.walk(-1),
            Action::Arrow(_) if self.top.presets.is_open() => self.top.presets.walk(1),
            Action::Share { more } => commands.push(Command::Divide(next_share(snapshot.division, snapshot.shares.training, more))),
            Action::Speed { faster } => commands.push(next_pace(snapshot.speed_limit, snapshot.division, faster)),
            Action::PlayPause => commands.push(if snapshot.playing { Command::Pause } else { Command::Play }),
            Action::Step => commands.push(Command::Step),
            Action::Walk => commands.push(Command::Walk),
            Action::Reset { new_seed } => self.submit(Command::Reset { new_seed }, snapshot, commands),
            Action::Flip(switch) if Switch::of(snapshot.method).contains(&switch) => {
                commands.push(Command::SetSwitch { switch, on: !self.undo.switch(switch, snapshot) });
            }
            Action::Flip(switch) => self.say(&explain::no_such_switch(switch, snapshot.method)),
            Action::Scene(scene) => self.choose(scene, snapshot, commands),
            Action::Variant if self.scene == Scene::Kernels => {
                if let Some(problem) = self.kernels.next_variant(snapshot, commands) {
                    self.say(&problem);
                }
            }
            Action::Variant => self.cloud = self.scene == Scene::Dino && !self.cloud,
            Action::Export if self.scene != Scene::Kernels => self.say("X exports the kernels' times in scene 4."),
            Action::Export if snapshot.kernels.is_none() => self.say("There is nothing to export yet: no step has been timed."),
            Action::Export => requests.push(Request::Export),
            Action::Capture => requests.push(Request::Capture),
            Action::Tint => self.centre.next_tint(snapshot),
            Action::Images => self.centre.images = !self.centre.images,
            Action::Resample if matches!(self.scene, Scene::Byol | Scene::Kernels) => {
                self.say("C draws other crops in the scenes 2 and 3.")
            }
            Action::Resample => commands.push(Command::Resample),
            Action::Batch => commands.push(Command::ShowImage(None)),
            Action::Arrow(direction) => match self.scene {
                Scene::Byol => self.centre.turn(direction),
                Scene::Dino => self.dino.arrow(direction, snapshot),
                Scene::Multicrop => self.crops.arrow(direction, snapshot, commands),
                Scene::Kernels => self.kernels.arrow(direction, snapshot),
            },
            Action::Help | Action::Undo | Action::Redo => {}
            Action::Panels => self.panels_hidden = !self.panels_hidden,
            Action::Logarithmic => self.timeline.logarithmic = !self.timeline.logarithmic,
            Action::Theme => self.look.theme = self.look.theme.other(),
            Action::Present => self.look.presenting = !self.look.presenting,
        }
    }

    /// Starts the lesson that is chosen in the list; asks first if a long run would end.
    fn start_chosen(&mut self, snapshot: &Snapshot) {
        let Some(lesson) = self.lessons.chosen_lesson() else { return };
        if snapshot.step >= LONG_RUN && snapshot.stopped.is_none() && self.lessons.player().is_none() {
            self.lessons.chosen = None;
            self.question = Some(Question::Lesson { lesson, steps: snapshot.step });
        } else {
            self.lessons.start(lesson, snapshot);
        }
    }

    /// The next page of the lesson, or the one before.
    fn turn(&mut self, forward: bool, snapshot: &Snapshot) {
        match self.lessons.player_mut() {
            Some(player) if forward => player.forward(snapshot),
            Some(player) => player.back(snapshot),
            None => self.say("PageDown and PageUp walk a lesson; L opens the list of lessons."),
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

    /// The cloud is in the middle.
    fn shows_cloud(&self) -> bool {
        self.scene == Scene::Byol || (self.scene == Scene::Dino && self.cloud)
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

    /// The window is to be closed: asks first if a long run would be lost; asked twice, it leaves.
    pub fn close(&mut self, snapshot: &Snapshot, requests: &mut Vec<Request>) {
        if snapshot.step < LONG_RUN || self.question == Some(Question::Quit) {
            requests.push(Request::Quit);
        } else {
            self.ask(Question::Quit);
        }
    }

    fn ask(&mut self, question: Question) {
        self.help.close();
        self.images.close();
        self.question = Some(question);
    }

    /// Passes a command on, or asks first if it would end a long run.
    pub fn submit(&mut self, command: Command, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let ends_the_run = matches!(command, Command::Reset { .. } | Command::LoadData(_) | Command::LoadPreset(_));
        if ends_the_run && snapshot.step >= LONG_RUN && snapshot.stopped.is_none() {
            self.ask(Question::Lose { command, steps: snapshot.step });
        } else {
            commands.push(command);
        }
    }

    fn answer(&mut self, answer: Answer, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match (self.question.take(), answer) {
            (Some(Question::Quit), Answer::Yes) => requests.push(Request::Quit),
            (Some(Question::Lose { command, .. }), Answer::Yes) => commands.push(command),
            (Some(Question::Lesson { lesson, .. }), Answer::Yes) => self.lessons.start(lesson, snapshot),
            (Some(_), Answer::No) => self.wanted = None,
            _ => {}
        }
    }

    /// Builds one frame of `size` physical pixels and says where wgpu draws below it.
    #[expect(clippy::too_many_arguments, reason = "one call a frame, each argument another fact")]
    pub fn ui(
        &mut self,
        ui: &Ui,
        fonts: &Fonts,
        size: [u32; 2],
        scale: f32,
        fps: Option<f32>,
        snapshot: &Snapshot,
        commands: &mut Vec<Command>,
        requests: &mut Vec<Request>,
    ) -> Stages {
        self.follow(snapshot);
        self.images.follow(snapshot);
        let held = ui.is_mouse_down(imgui::MouseButton::Left);
        self.undo.follow(snapshot, held);
        let before = commands.len();
        let scene = self.scene;
        let physical = size.map(|side| side as f32);
        let look = self.look;
        let layout = Layout::new(physical.map(|side| side / scale), !self.panels_hidden, look.presenting);
        let blocked = self.is_covered();
        let mut wanted = Vec::new();
        let mut stages = Stages { cloud: None, pictures: Vec::new() };
        let mut chosen = None;
        let (mut turned, mut offered) = (None, None);
        let mut leaves = Leaves::default();
        let flow = self.flow.follow(snapshot.step, snapshot.steps_per_second, ui.io().delta_time);
        let (audit, presenting, wheel) = (self.audit, look.presenting, self.centre.wheel);
        let noted = Pointing::default();
        let pointing = audit.then_some(&noted);
        let asked = self.card.asked();
        let frame = |blocked: bool| {
            let paint = Paint::new(ui, fonts, scale, look);
            let paint = if audit { paint.audited() } else { paint };
            let (timeline, pictures, stage, wants_images) = Default::default();
            let card = Cell::new(asked);
            Frame {
                ui,
                paint,
                scale,
                fps,
                scene,
                presenting,
                blocked,
                wheel,
                timeline,
                flow,
                card,
                pictures,
                stage,
                wants_images,
                pointing,
            }
        };
        // For the main window only: tooltips, opened inside it, keep theirs.
        let bare =
            (ui.push_style_var(imgui::StyleVar::WindowPadding([0.0, 0.0])), ui.push_style_var(imgui::StyleVar::WindowBorderSize(0.0)));
        ui.window("##main")
            .position([0.0, 0.0], imgui::Condition::Always)
            .size(physical, imgui::Condition::Always)
            .flags(
                WindowFlags::NO_DECORATION
                    | WindowFlags::NO_BACKGROUND
                    | WindowFlags::NO_MOVE
                    | WindowFlags::NO_SAVED_SETTINGS
                    | WindowFlags::NO_BRING_TO_FRONT_ON_FOCUS
                    | WindowFlags::NO_NAV,
            )
            .build(|| {
                drop(bare);
                let frame = frame(blocked);
                frame.timeline.replace(std::mem::take(&mut self.timeline));
                frame.paint.pane(layout.window);
                let layout = match self.lessons.player() {
                    Some(player) => {
                        let height = lesson_band::height(&frame.paint, player.lesson(), layout.window.width(), presenting);
                        // What the room may answer is shown whole; a detail can be read with the pointer.
                        layout.with_bottom(height, if player.is_asking() { 0.4 } else { 0.28 })
                    }
                    None => layout,
                };
                let whole = matches!(scene, Scene::Multicrop | Scene::Kernels);
                frame.paint.pane(if whole { layout.window } else { layout.centre });
                self.centre.prepare(&frame, snapshot);
                let walked = !whole && walk::ui(&frame, layout.centre, snapshot, false, &mut wanted);
                match scene {
                    _ if walked => {}
                    Scene::Byol => self.centre.ui(&frame, layout.centre, snapshot, &mut wanted),
                    Scene::Dino if self.cloud => self.centre.ui(&frame, layout.centre, snapshot, &mut wanted),
                    Scene::Dino => {
                        self.dino.ui(&frame, layout.centre, snapshot, &mut wanted);
                        if let Some(stage) = frame.stage.get() {
                            self.centre.steer(&frame, &stage);
                        }
                    }
                    Scene::Multicrop => self.crops.ui(&frame, &layout, snapshot, &mut self.centre, &mut wanted),
                    Scene::Kernels => self.kernels.ui(&frame, &layout, snapshot, &mut wanted),
                }
                self.centre.wheel = 0.0;
                match (layout.left, scene) {
                    (None, _) | (_, Scene::Multicrop | Scene::Kernels) => {}
                    (Some(left), Scene::Byol | Scene::Dino) => {
                        frame.paint.pane(left);
                        self.mechanism.ui(&frame, left, snapshot, &mut wanted);
                    }
                }
                match (layout.right, scene) {
                    (None, _) | (_, Scene::Multicrop | Scene::Kernels) => {}
                    (Some(right), Scene::Byol | Scene::Dino) => {
                        frame.paint.pane(right);
                        self.meters.ui(&frame, right, snapshot, &mut wanted);
                    }
                }
                let height = match scene {
                    Scene::Byol => centre::notice_height(&layout.centre),
                    Scene::Dino if self.cloud => centre::notice_height(&layout.centre),
                    Scene::Dino | Scene::Multicrop | Scene::Kernels => layout.centre.max[1] - 28.0,
                };
                let over = if scene == Scene::Kernels {
                    Rect::new(0.0, layout.top.max[1], layout.window.max[0], layout.bottom.min[1])
                } else {
                    layout.centre
                };
                frame.paint.pane(over);
                self.notices.ui(&frame, &over, height, snapshot, &mut wanted);
                if self.lessons.offers() {
                    offered = lesson_list::offer(&frame, &layout.centre, height - 44.0, &self.lessons.first_title());
                }
                frame.paint.pane(layout.top);
                self.top.ui(&frame, layout.top, snapshot, &mut wanted);
                chosen = self.top.chosen.take();
                frame.paint.pane(layout.bottom);
                self.bottom.recording = self.recording;
                self.bottom.kernels = (scene == Scene::Kernels).then(|| self.kernels.words(snapshot, presenting));
                match self.lessons.player() {
                    Some(player) => turned = lesson_band::ui(&frame, layout.bottom, player, snapshot),
                    None => self.bottom.ui(&frame, layout.bottom, snapshot, &mut wanted),
                }
                if frame.wants_images.get() {
                    self.images.show();
                }
                self.written = frame.paint.written();
                self.timeline = frame.timeline.take();
                self.card.follow(ui, frame.card.get(), blocked || !wanted.is_empty() || chosen.is_some(), scale);
                leaves = self.card.lay(&frame.paint, &layout, snapshot);
                stages = Stages { cloud: frame.stage.take(), pictures: frame.pictures.take() };
            });
        self.card.ui(ui, &leaves, scale, || frame(blocked), snapshot, &mut wanted);
        if let Some(scene) = chosen {
            self.choose(scene, snapshot, commands);
        }
        requests.extend(self.kernels.request.take());
        for command in wanted {
            self.submit(command, snapshot, commands);
        }
        match offered {
            Some(Offered::Open) => self.lessons.toggle_list(),
            Some(Offered::Dismiss) => self.lessons.settle_offer(),
            None => {}
        }
        if let Some(turned) = turned {
            self.turn(turned == Turn::Forward, snapshot);
        }
        if self.is_covered() {
            let (mut answered, mut preset, mut images, mut row) = (None, None, None, None);
            overlay::over(ui, physical, || {
                let frame = frame(false);
                match &self.question {
                    _ if !self.dragged.is_empty() => overlay::drop_target(&frame, layout.window, &self.dragged),
                    Some(question) => answered = overlay::ask(&frame, layout.window, question, snapshot.step),
                    None if self.lessons.chosen.is_some() => row = lesson_list::ui(&frame, layout.window, &self.lessons),
                    None if self.images.is_open() => images = self.images.ui(&frame, layout.window, snapshot),
                    None if self.top.presets.is_open() => preset = self.top.presets.ui(&frame, layout.window, &snapshot.preset),
                    None => self.help.ui(&frame, layout.window, &explain::keys(scene, snapshot.method)),
                }
                self.written = frame.paint.written();
            });
            if let Some(command) = preset {
                self.submit(command, snapshot, commands);
            }
            if let Some(answer) = answered {
                self.answer(answer, snapshot, commands, requests);
            }
            if let Some(row) = row {
                self.lessons.chosen = Some(row);
                self.start_chosen(snapshot);
            }
            if let Some(command) = images {
                self.submit(command, snapshot, commands);
            }
        }
        for command in &commands[before..] {
            self.undo.note(command, snapshot, held);
        }
        self.pointing = noted;
        stages
    }
}

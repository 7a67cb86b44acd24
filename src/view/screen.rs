//! The whole frame as imgui sees it: which panes there are, what a key does, and what must be asked first. The same screen is
//! drawn in the window and offscreen.

use imgui::{Ui, WindowFlags};

use crate::command::{Command, Switch};
use crate::snapshot::Snapshot;

use super::cloud::Stage;
use super::layout::{Layout, Rect};
use super::paint::Paint;
use super::panels::bottom::BottomBar;
use super::panels::centre::{self, Centre};
use super::panels::mechanism::{self, Mechanism};
use super::panels::meters::Meters;
use super::panels::overlay::{self, Answer, Question};
use super::panels::top::TopBar;
use super::panels::{Frame, Panel};
use super::theme::Fonts;

/// A run of at least this many steps is not ended without asking.
pub const LONG_RUN: u64 = 500;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play or pause.
    PlayPause,
    /// One step.
    Step,
    /// Re-initialise.
    Reset {
        /// With the next seed.
        new_seed: bool,
    },
    /// Flip a switch.
    Flip(Switch),
    /// Show or hide the key help.
    Help,
    /// Show or hide left and right.
    Panels,
    /// Escape: close what is open, or ask whether to leave.
    Escape,
    /// Enter: yes to an open question.
    Confirm,
}

/// What only the window can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Leave; it has been confirmed.
    Quit,
}

/// The state of what is on the screen, apart from the training.
#[derive(Default)]
pub struct Screen {
    top: TopBar,
    /// The left pane.
    pub mechanism: Mechanism,
    /// The middle pane, with the camera.
    pub centre: Centre,
    meters: Meters,
    bottom: BottomBar,
    panels_hidden: bool,
    help: bool,
    question: Option<Question>,
    flow: u64,
}

/// Where wgpu draws below imgui in this frame.
#[derive(Clone, Copy, Debug)]
pub struct Stages {
    /// The cloud.
    pub cloud: Stage,
    /// The pictures of the two views (student, teacher) in the diagram.
    pub views: Option<[Rect; 2]>,
}

impl Screen {
    /// Whether keys belong to a text field at the moment.
    pub fn is_typing(&self) -> bool {
        self.mechanism.typing
    }

    /// Tells the user something that the training does not know of.
    pub fn say(&mut self, notice: &str) {
        log::info!(target: "twinlens::event", "notice {notice}");
        self.centre.say(notice);
    }

    /// Something lies over the panes.
    pub fn is_covered(&self) -> bool {
        self.help || self.question.is_some()
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match action {
            Action::Help => self.help = self.question.is_none() && !self.help,
            Action::Escape if self.question.take().is_some() => {}
            Action::Escape if self.help => self.help = false,
            Action::Escape => self.question = Some(Question::Quit),
            Action::Confirm => self.answer(Answer::Yes, commands, requests),
            _ if self.question.is_some() => {}
            Action::PlayPause => commands.push(if snapshot.playing { Command::Pause } else { Command::Play }),
            Action::Step => commands.push(Command::Step),
            Action::Reset { new_seed } => self.submit(Command::Reset { new_seed }, snapshot, commands),
            Action::Flip(switch) => commands.push(Command::SetSwitch { switch, on: !snapshot.switches.get(switch) }),
            Action::Panels => self.panels_hidden = !self.panels_hidden,
        }
    }

    /// The window is to be closed: asks first if a long run would be lost; asked twice, it leaves.
    pub fn close(&mut self, snapshot: &Snapshot, requests: &mut Vec<Request>) {
        if snapshot.step < LONG_RUN || self.question == Some(Question::Quit) {
            requests.push(Request::Quit);
        } else {
            self.question = Some(Question::Quit);
        }
    }

    /// Passes a command on, or asks first if it would end a long run.
    pub fn submit(&mut self, command: Command, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let ends_the_run = matches!(command, Command::Reset { .. } | Command::LoadData(_) | Command::LoadPreset(_));
        if ends_the_run && snapshot.step >= LONG_RUN && snapshot.stopped.is_none() {
            self.help = false;
            self.question = Some(Question::Lose { command, steps: snapshot.step });
        } else {
            commands.push(command);
        }
    }

    fn answer(&mut self, answer: Answer, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match (self.question.take(), answer) {
            (Some(Question::Quit), Answer::Yes) => requests.push(Request::Quit),
            (Some(Question::Lose { command, .. }), Answer::Yes) => commands.push(command),
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
        let physical = size.map(|side| side as f32);
        let layout = Layout::new(physical.map(|side| side / scale), !self.panels_hidden);
        self.flow += u64::from(snapshot.playing);
        let blocked = self.is_covered();
        let mut wanted = Vec::new();
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
                let frame = Frame { ui, paint: Paint::new(ui, fonts, scale), scale, blocked, fps, flow: self.flow };
                self.centre.ui(&frame, layout.centre, snapshot, &mut wanted);
                if let Some(left) = layout.left {
                    self.mechanism.ui(&frame, left, snapshot, &mut wanted);
                } else {
                    self.mechanism.typing = false;
                }
                if let Some(right) = layout.right {
                    self.meters.ui(&frame, right, snapshot, &mut wanted);
                }
                self.top.ui(&frame, layout.top, snapshot, &mut wanted);
                self.bottom.ui(&frame, layout.bottom, snapshot, &mut wanted);
            });
        for command in wanted {
            self.submit(command, snapshot, commands);
        }
        if self.help {
            overlay::help(ui, physical, scale);
        }
        if let Some(question) = &self.question
            && let Some(answer) = overlay::ask(ui, question, snapshot.step, physical, scale)
        {
            self.answer(answer, commands, requests);
        }
        Stages { cloud: centre::stage(&layout.centre), views: layout.left.and_then(|left| mechanism::view_rects(&left)) }
    }
}

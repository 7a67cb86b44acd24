//! One frame: the panes with the scene in them, and what lies over them.

use std::cell::Cell;

use imgui::{Ui, WindowFlags};

use super::{Request, Screen, Stages, scenes};
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::gathering::directed;
use crate::view::keys;
use crate::view::layout::Layout;
use crate::view::paint::Paint;
use crate::view::panels::card::Leaves;
use crate::view::panels::lesson_band::{self, Turn};
use crate::view::panels::lesson_list::{self, Offered};
use crate::view::panels::walk;
use crate::view::panels::{Frame, Panel as _, Pointing, overlay, scrubber};
use crate::view::theme::Fonts;

impl Screen {
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
        let mut stages = Stages { clouds: Vec::new(), pictures: Vec::new(), minis: None };
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
            let (timeline, pictures, stage, beside, wants_images, minis) = Default::default();
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
                beside,
                minis,
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
                let story = scenes::of(scene);
                frame.paint.pane(if story.is_whole() { layout.window } else { layout.centre });
                self.centre.prepare(&frame, snapshot);
                if story.is_whole() || !walk::ui(&frame, layout.centre, snapshot, false, &mut wanted) {
                    story.ui(self, &frame, &layout, snapshot, &mut wanted);
                }
                self.centre.wheel = 0.0;
                if let Some(left) = layout.left.filter(|_| !story.is_whole()) {
                    frame.paint.pane(left);
                    self.mechanism.ui(&frame, left, snapshot, &mut wanted);
                }
                if let Some(right) = layout.right.filter(|_| !story.is_whole()) {
                    frame.paint.pane(right);
                    self.meters.ui(&frame, right, snapshot, &mut wanted);
                }
                let (over, height) = story.notices(self, &layout);
                frame.paint.pane(over);
                scrubber::banner(&frame, if story.is_whole() { &layout.window } else { &layout.centre }, snapshot);
                self.notices.ui(&frame, &over, height, snapshot, &mut wanted);
                if self.lessons.offers() {
                    offered = lesson_list::offer(&frame, &layout.centre, height - 44.0, &self.lessons.first_title());
                }
                frame.paint.pane(layout.top);
                self.top.ui(&frame, layout.top, snapshot, &mut wanted);
                chosen = self.top.chosen.take();
                frame.paint.pane(layout.bottom);
                self.bottom.recording = self.recording;
                self.bottom.words = story.words(self, snapshot, presenting);
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
                let front = frame.stage.take().map(|stage| (snapshot.front, stage));
                stages = Stages {
                    clouds: front.into_iter().chain(frame.beside.take()).collect(),
                    pictures: frame.pictures.take(),
                    minis: frame.minis.take(),
                };
            });
        self.card.ui(ui, &leaves, scale, || frame(blocked), snapshot, &mut wanted);
        if let Some(scene) = chosen {
            self.choose(scene, snapshot, commands);
        }
        requests.extend(self.kernels.request.take());
        requests.extend(self.map.request.take());
        if self.top.several {
            self.ask_who_trains(snapshot);
        }
        let all = ui.io().key_shift;
        for command in wanted {
            self.submit(directed(command, snapshot, all), snapshot, commands);
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
                    Some(question) => answered = overlay::ask(&frame, layout.window, question, snapshot.step, self.marked),
                    None if self.lessons.chosen.is_some() => row = lesson_list::ui(&frame, layout.window, &self.lessons),
                    None if self.images.is_open() => images = self.images.ui(&frame, layout.window, snapshot),
                    None if self.top.presets.is_open() => preset = self.top.presets.ui(&frame, layout.window, &snapshot.preset),
                    None => self.help.ui(&frame, layout.window, &keys::list(scene, snapshot.method)),
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

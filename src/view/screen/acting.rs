//! What keys do: first for what lies over the panes, then for every scene; what differs from scene to scene is in
//! [`scenes`].

use super::{Action, Direction, Request, Screen, scenes};
use crate::command::{Command, Gather, Switch, next_pace, next_share};
use crate::snapshot::Snapshot;
use crate::view::explain;
use crate::view::gathering::directed;
use crate::view::panels::overlay::{Answer, Question};

impl Screen {
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
        let shown = snapshot.past.as_ref().and_then(|past| past.shown);
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
            Action::Escape if shown.is_some() => commands.push(Command::Peek(None)),
            Action::Escape if snapshot.loading.is_some() => commands.push(Command::CancelLoad),
            Action::Escape if scenes::of(self.scene).shows_cloud(self) && self.centre.selects(snapshot) => {
                commands.push(Command::SelectImage(None))
            }
            Action::Escape if self.lessons.player().is_some() => {
                self.lessons.leave();
                self.say("The lesson is left, and the run goes on as it is. L opens the lessons.");
            }
            Action::Confirm if self.question.is_none() && self.top.presets.is_open() => {
                if let Some(command) = self.top.presets.start() {
                    self.submit(command, snapshot, commands);
                }
            }
            Action::Escape if scenes::of(self.scene).escape(self, snapshot) => {}
            Action::Escape | Action::Quit => self.ask(Question::Quit),
            Action::Confirm if self.question.is_none() && self.lessons.chosen.is_some() => self.start_chosen(snapshot),
            Action::Confirm if !self.is_covered() && shown.is_some() => commands.extend(shown.map(Command::Rewind)),
            Action::Confirm if !self.is_covered() => scenes::of(self.scene).confirm(self, snapshot, commands),
            Action::Confirm => self.answer(Answer::Option(self.marked), snapshot, commands, requests),
            Action::Arrow(direction) if self.question.is_some() => self.mark(direction),
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
            Action::Flip(switch) | Action::FlipAll(switch) if Switch::of(snapshot.method).contains(&switch) => {
                let command = Command::SetSwitch { switch, on: !self.undo.switch(switch, snapshot) };
                commands.push(directed(command, snapshot, matches!(action, Action::FlipAll(_))));
            }
            Action::Twin if snapshot.learners.len() < 2 => {
                commands.push(Command::Gather(Gather::Twin(None)));
                scenes::of(self.scene).twin(self);
            }
            Action::Twin | Action::Several => self.ask_who_trains(snapshot),
            Action::NextInFront if snapshot.learners.len() < 2 => {
                self.say("A brings the next of several learners to the front; T trains a twin.")
            }
            Action::NextInFront => {
                let next = (snapshot.front + 1) % snapshot.learners.len();
                commands.push(Command::BringToFront(next as u32));
            }
            Action::Flip(switch) | Action::FlipAll(switch) => self.say(&explain::no_such_switch(switch, snapshot.method)),
            Action::Scene(scene) => self.choose(scene, snapshot, commands),
            Action::Variant => scenes::of(self.scene).variant(self, snapshot, commands),
            Action::Export => scenes::of(self.scene).export(self, snapshot, requests),
            Action::Capture => requests.push(Request::Capture),
            Action::SaveLog => requests.push(Request::SaveLog),
            Action::CopyLine => requests.push(Request::CopyLine),
            Action::Scrub { later } => self.scrub(later, snapshot, commands),
            Action::OtherRoad => commands.push(Command::OtherRoad),
            Action::Tint => self.centre.next_tint(snapshot),
            Action::Images => self.centre.images = !self.centre.images,
            Action::Resample => scenes::of(self.scene).resample(self, commands),
            Action::Batch => commands.push(Command::ShowImage(None)),
            Action::Arrow(direction) => scenes::of(self.scene).arrow(self, direction, snapshot, commands),
            Action::Help | Action::Undo | Action::Redo => {}
            Action::Panels => self.panels_hidden = !self.panels_hidden,
            Action::Logarithmic => self.timeline.logarithmic = !self.timeline.logarithmic,
            Action::Theme => self.look.theme = self.look.theme.other(),
            Action::Present => self.look.presenting = !self.look.presenting,
        }
    }

    /// Looks at the kept state before the one that is shown, or after it; after the last comes the present.
    fn scrub(&mut self, later: bool, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let Some(past) = snapshot.past.as_ref().filter(|past| !past.marks.is_empty()) else {
            self.say("No earlier state of this run is kept.");
            return;
        };
        let at = past.shown.unwrap_or(past.now);
        if later {
            commands.push(Command::Peek(past.marks.iter().copied().find(|&mark| mark > at && past.shown.is_some())));
        } else if let Some(mark) = past.marks.iter().copied().rfind(|&mark| mark < at) {
            commands.push(Command::Peek(Some(mark)));
        }
    }

    /// The next page of the lesson, or the one before.
    pub(super) fn turn(&mut self, forward: bool, snapshot: &Snapshot) {
        match self.lessons.player_mut() {
            Some(player) if forward => player.forward(snapshot),
            Some(player) => player.back(snapshot),
            None => self.say("PageDown and PageUp walk a lesson; L opens the list of lessons."),
        }
    }
}

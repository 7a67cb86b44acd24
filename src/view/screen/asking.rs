//! What is asked before a long run is lost, and what the answer leads to.

use super::{Request, Screen};
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::panels::overlay::{Answer, Question};

/// A run of at least this many steps is not ended without asking.
pub const LONG_RUN: u64 = 500;

impl Screen {
    /// Starts the lesson that is chosen in the list; asks first if a long run would end.
    pub(super) fn start_chosen(&mut self, snapshot: &Snapshot) {
        let Some(lesson) = self.lessons.chosen_lesson() else { return };
        if snapshot.step >= LONG_RUN && snapshot.stopped.is_none() && self.lessons.player().is_none() {
            self.lessons.chosen = None;
            self.question = Some(Question::Lesson { lesson, steps: snapshot.step });
        } else {
            self.lessons.start(lesson, snapshot);
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

    pub(super) fn ask(&mut self, question: Question) {
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

    pub(super) fn answer(&mut self, answer: Answer, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match (self.question.take(), answer) {
            (Some(Question::Quit), Answer::Yes) => requests.push(Request::Quit),
            (Some(Question::Lose { command, .. }), Answer::Yes) => commands.push(command),
            (Some(Question::Lesson { lesson, .. }), Answer::Yes) => self.lessons.start(lesson, snapshot),
            (Some(_), Answer::No) => self.wanted = None,
            _ => {}
        }
    }
}

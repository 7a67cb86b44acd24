//! What is asked before a long run is lost, and what the answer leads to.

use super::{Direction, Request, Screen, scenes};
use crate::command::{Command, Gather};
use crate::snapshot::Snapshot;
use crate::view::gathering::{name, summary, twin};
use crate::view::panels::overlay::{Answer, Question, SEEDS};
use crate::view::scene::Scene;

/// A run of at least this many steps is not ended without asking.
pub const LONG_RUN: u64 = 500;

impl Screen {
    /// Starts the lesson that is chosen in the list; asks first if a long run would end.
    pub(super) fn start_chosen(&mut self, snapshot: &Snapshot) {
        let Some(lesson) = self.lessons.chosen_lesson() else { return };
        if snapshot.step >= LONG_RUN && snapshot.stopped.is_none() && self.lessons.player().is_none() {
            self.lessons.chosen = None;
            self.ask(Question::Lesson { lesson, steps: snapshot.step });
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

    /// Asks which learners are to train side by side; where several do, which of them goes on alone.
    pub(super) fn ask_who_trains(&mut self, snapshot: &Snapshot) {
        let keep = |learner: usize| (learner as u32, name(snapshot, learner), summary(snapshot, learner));
        if twin(snapshot).is_some() {
            self.ask(Question::Keep([0, 1].map(keep).to_vec()));
            self.marked = snapshot.front.min(1);
        } else if snapshot.learners.len() > 1 {
            self.ask(Question::Keep(vec![keep(snapshot.front)]));
        } else {
            self.ask(Question::Several { steps: snapshot.step });
        }
    }

    /// Marks another option of the question.
    pub(super) fn mark(&mut self, direction: Direction) {
        let last = self.question.as_ref().map_or(0, |question| question.options().len().saturating_sub(1));
        self.marked = match direction {
            Direction::Left | Direction::Up => self.marked.saturating_sub(1),
            Direction::Right | Direction::Down => (self.marked + 1).min(last),
        };
    }

    pub(super) fn ask(&mut self, question: Question) {
        self.help.close();
        self.images.close();
        self.marked = 0;
        self.question = Some(question);
    }

    /// Passes a command on, or asks first if it would end a long run.
    pub fn submit(&mut self, command: Command, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let ends_the_run = matches!(
            command,
            Command::Reset { .. }
                | Command::LoadData(_)
                | Command::LoadPreset(_)
                | Command::Replay(_)
                | Command::Gather(Gather::Map(_) | Gather::Seeds(_))
        );
        // Others than the chosen one end, however short the run was.
        let ends_others = matches!(command, Command::Gather(Gather::Alone(_))) && snapshot.learners.len() > 1 && snapshot.step > 0;
        if ends_others || ends_the_run && snapshot.step >= LONG_RUN && snapshot.stopped.is_none() {
            self.ask(Question::Lose { command, steps: snapshot.step });
        } else {
            self.pass_on(command, snapshot, commands);
        }
    }

    /// A learner that goes on alone is shown in the scene of its method: there is no map any longer.
    fn pass_on(&mut self, command: Command, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if self.scene == Scene::Map && matches!(command, Command::Gather(Gather::Alone(_))) {
            self.leave(snapshot);
        }
        commands.push(command);
    }

    pub(super) fn answer(&mut self, answer: Answer, snapshot: &Snapshot, commands: &mut Vec<Command>, requests: &mut Vec<Request>) {
        match (self.question.take(), answer) {
            (Some(Question::Quit), Answer::Option(_)) => requests.push(Request::Quit),
            (Some(Question::Lose { command, .. }), Answer::Option(_)) => self.pass_on(command, snapshot, commands),
            (Some(Question::Lesson { lesson, .. }), Answer::Option(_)) => self.lessons.start(lesson, snapshot),
            (Some(Question::Keep(learners)), Answer::Option(index)) => {
                if let Some((learner, ..)) = learners.get(index) {
                    self.pass_on(Command::Gather(Gather::Alone(*learner)), snapshot, commands);
                }
            }
            (Some(Question::Several { .. }), Answer::Option(0)) => {
                commands.push(Command::Gather(Gather::Twin(None)));
                scenes::of(self.scene).twin(self);
            }
            (Some(Question::Several { .. }), Answer::Option(index)) => {
                commands.extend(SEEDS.get(index - 1).map(|&count| Command::Gather(Gather::Seeds(count))));
            }
            (Some(_), Answer::No) => self.wanted = None,
            _ => {}
        }
    }
}

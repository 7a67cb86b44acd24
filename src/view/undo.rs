//! What was changed while this run trained, so that it can be taken back: switches, dials, local crops. Taking back is an ordinary
//! command, so the event log has it like any other.
//!
//! Contract: [`Undo::note`] sees every command that goes out; a drag of a dial, from pressing the button to letting it go, is one
//! entry. Subtlety: a command takes effect between two steps, so until the snapshot shows it, what it asked for counts
//! ([`Undo::switch`]): a key pressed twice within a step flips twice.

use crate::command::{Change, Command, Switch};
use crate::snapshot::Snapshot;

use super::gathering::letter;
use super::panels::dials::dial_text;

/// Changes kept at most.
const KEPT: usize = 200;
/// Frames after which a command that never showed is given up: it was refused.
const PATIENCE: u32 = 120;

/// A change, and whose: one learner's, or all learners'.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Set {
    learner: Option<u32>,
    change: Change,
}

impl Set {
    const fn of(command: &Command) -> Option<Self> {
        let (learner, change) = match *command {
            Command::SetSwitch { switch, on } => (None, Change::Switch(switch, on)),
            Command::SetDial { dial, value } => (None, Change::Dial(dial, value)),
            Command::SetLocalCrops(locals) => (None, Change::LocalCrops(locals)),
            Command::ChangeOne { learner, change } => (Some(learner), change),
            _ => return None,
        };
        Some(Self { learner, change })
    }

    const fn command(self) -> Command {
        match (self.learner, self.change) {
            (Some(learner), change) => Command::ChangeOne { learner, change },
            (None, Change::Switch(switch, on)) => Command::SetSwitch { switch, on },
            (None, Change::Dial(dial, value)) => Command::SetDial { dial, value },
            (None, Change::LocalCrops(locals)) => Command::SetLocalCrops(locals),
        }
    }

    /// Whether both turn the same thing of the same learners.
    fn turns_the_same(&self, other: &Self) -> bool {
        let same = match (self.change, other.change) {
            (Change::Switch(a, _), Change::Switch(b, _)) => a == b,
            (Change::Dial(a, _), Change::Dial(b, _)) => a == b,
            (Change::LocalCrops(_), Change::LocalCrops(_)) => true,
            _ => false,
        };
        same && self.learner == other.learner
    }

    /// What holds after it.
    fn state(&self) -> String {
        let whose = self.learner.map_or_else(String::new, |learner| format!("{}, ", letter(learner as usize)));
        whose
            + &match self.change {
                Change::Switch(switch, on) => format!("{} is {}", switch.title(), if on { "on" } else { "off" }),
                Change::Dial(dial, value) => format!("{} is {}", dial.title(), dial_text(dial, value)),
                Change::LocalCrops(1) => "1 local crop an image".to_owned(),
                Change::LocalCrops(locals) => format!("{locals} local crops an image"),
            }
    }
}

/// One change, there and back.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    back: Set,
    forth: Set,
}

/// Which run it is.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    preset: String,
    data: String,
    number: u64,
    step: u64,
}

/// A switch that was asked to be on or off, while the snapshot does not show it yet, and the frames since.
#[derive(Clone, Copy, Debug)]
struct Asked {
    learner: Option<u32>,
    switch: Switch,
    on: bool,
    frames: u32,
}

/// The changes of this run.
#[derive(Default)]
pub struct Undo {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// The newest entry's dial is still being dragged.
    dragging: bool,
    asked: Vec<Asked>,
    run: Option<Run>,
}

/// How a switch of a learner is shown to be; of the one in front where it is about all.
fn shown(snapshot: &Snapshot, learner: Option<u32>, switch: Switch) -> bool {
    let switches = learner.and_then(|learner| snapshot.learners.get(learner as usize)).map_or(&snapshot.switches, |view| &view.switches);
    switches.get(switch)
}

impl Undo {
    /// Once a frame: forgets the changes of a run that is over; `held` while the button of the mouse is down.
    pub fn follow(&mut self, snapshot: &Snapshot, held: bool) {
        // To look at an earlier step is not to be there.
        let step = snapshot.past.as_ref().map_or(snapshot.step, |past| past.now);
        let run = Run { preset: snapshot.preset.clone(), data: snapshot.data.clone(), number: snapshot.run, step };
        let anew = self.run.as_ref().is_some_and(|known| Run { step: run.step, ..known.clone() } != run || run.step < known.step);
        if anew {
            *self = Self::default();
        }
        self.run = Some(run);
        self.dragging &= held;
        self.asked.retain_mut(|asked| {
            asked.frames += 1;
            shown(snapshot, asked.learner, asked.switch) != asked.on && asked.frames < PATIENCE
        });
    }

    /// How a switch of the learner in front is, or was asked to be.
    pub fn switch(&self, switch: Switch, snapshot: &Snapshot) -> bool {
        self.switch_of(Some(snapshot.front as u32), switch, snapshot)
    }

    fn switch_of(&self, learner: Option<u32>, switch: Switch, snapshot: &Snapshot) -> bool {
        let whose = learner.unwrap_or(snapshot.front as u32);
        let concerns = |asked: &&Asked| asked.switch == switch && asked.learner.is_none_or(|only| only == whose);
        let asked = self.asked.iter().rev().find(concerns);
        asked.map_or_else(|| shown(snapshot, learner.filter(|_| snapshot.learners.len() > 1), switch), |asked| asked.on)
    }

    /// Remembers a command that goes out; `held` while the button of the mouse is down.
    pub fn note(&mut self, command: &Command, snapshot: &Snapshot, held: bool) {
        if matches!(command, Command::Reset { .. } | Command::Gather(_)) {
            let run = self.run.take();
            *self = Self { run, ..Self::default() };
            return;
        }
        let Some(forth) = Set::of(command) else { return };
        let view = forth.learner.and_then(|learner| snapshot.learners.get(learner as usize));
        let before = match forth.change {
            Change::Switch(switch, on) => {
                let before = self.switch_of(forth.learner, switch, snapshot);
                self.asked.push(Asked { learner: forth.learner, switch, on, frames: 0 });
                if before == on {
                    return;
                }
                Change::Switch(switch, before)
            }
            Change::Dial(dial, _) => {
                if let Some(last) = self.done.last_mut().filter(|last| self.dragging && last.forth.turns_the_same(&forth)) {
                    last.forth = forth;
                    return;
                }
                self.dragging = held;
                Change::Dial(dial, view.map_or(&snapshot.dials, |view| &view.dials).get(dial))
            }
            Change::LocalCrops(_) => Change::LocalCrops(snapshot.local_crops),
        };
        self.undone.clear();
        if self.done.len() == KEPT {
            self.done.remove(0);
        }
        self.done.push(Step { back: Set { change: before, ..forth }, forth });
    }

    /// Takes the newest change back: the command for it, and what to say.
    pub fn undo(&mut self) -> Result<(Command, String), &'static str> {
        let step = self.done.pop().ok_or("There is nothing to take back: no switch, dial or number of crops was changed in this run.")?;
        let back = step.back;
        self.undone.push(step);
        Ok(self.going(back, "Taken back"))
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self) -> Result<(Command, String), &'static str> {
        let step = self.undone.pop().ok_or("There is nothing to do again.")?;
        let forth = step.forth;
        self.done.push(step);
        Ok(self.going(forth, "Done again"))
    }

    fn going(&mut self, set: Set, what: &str) -> (Command, String) {
        self.dragging = false;
        if let Change::Switch(switch, on) = set.change {
            self.asked.push(Asked { learner: set.learner, switch, on, frames: 0 });
        }
        (set.command(), format!("{what}: {}.", set.state()))
    }
}

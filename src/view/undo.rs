//! What was changed while this run trained, so that it can be taken back: switches, dials, local crops. Taking back is an ordinary
//! command, so the event log has it like any other.
//!
//! Contract: [`Undo::note`] sees every command that goes out; a drag of a dial, from pressing the button to letting it go, is one
//! entry. Subtlety: a command takes effect between two steps, so until the snapshot shows it, what it asked for counts
//! ([`Undo::switch`]): a key pressed twice within a step flips twice.

use crate::command::{Command, Dial, Switch};
use crate::snapshot::Snapshot;

use super::panels::dials::dial_text;

/// Changes kept at most.
const KEPT: usize = 200;
/// Frames after which a command that never showed is given up: it was refused.
const PATIENCE: u32 = 120;

/// One change, there and back.
#[derive(Clone, Debug, PartialEq)]
struct Change {
    back: Command,
    forth: Command,
}

/// Which run it is.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    preset: String,
    data: String,
    seed: u64,
    step: u64,
}

/// The changes of this run.
#[derive(Default)]
pub struct Undo {
    done: Vec<Change>,
    undone: Vec<Change>,
    /// The newest entry's dial is still being dragged.
    dragging: bool,
    /// Switches and what they were asked to be, while the snapshot does not show it yet.
    asked: Vec<(Switch, bool, u32)>,
    run: Option<Run>,
}

impl Undo {
    /// Once a frame: forgets the changes of a run that is over; `held` while the button of the mouse is down.
    pub fn follow(&mut self, snapshot: &Snapshot, held: bool) {
        let run = Run { preset: snapshot.preset.clone(), data: snapshot.data.clone(), seed: snapshot.seed, step: snapshot.step };
        let anew = self.run.as_ref().is_some_and(|known| Run { step: run.step, ..known.clone() } != run || run.step < known.step);
        if anew {
            *self = Self::default();
        }
        self.run = Some(run);
        self.dragging &= held;
        self.asked.retain_mut(|(switch, on, frames)| {
            *frames += 1;
            snapshot.switches.get(*switch) != *on && *frames < PATIENCE
        });
    }

    /// How a switch is, or was asked to be.
    pub fn switch(&self, switch: Switch, snapshot: &Snapshot) -> bool {
        let asked = self.asked.iter().rev().find(|(asked, ..)| *asked == switch);
        asked.map_or_else(|| snapshot.switches.get(switch), |(_, on, _)| *on)
    }

    /// Remembers a command that goes out; `held` while the button of the mouse is down.
    pub fn note(&mut self, command: &Command, snapshot: &Snapshot, held: bool) {
        let change = match *command {
            Command::SetSwitch { switch, on } => {
                let before = self.switch(switch, snapshot);
                self.asked.push((switch, on, 0));
                if before == on {
                    return;
                }
                Change { back: Command::SetSwitch { switch, on: before }, forth: command.clone() }
            }
            Command::SetDial { dial, .. } => {
                if let Some(last) = self.done.last_mut().filter(|last| self.dragging && is_of(&last.forth, dial)) {
                    last.forth = command.clone();
                    return;
                }
                self.dragging = held;
                Change { back: Command::SetDial { dial, value: snapshot.dials.get(dial) }, forth: command.clone() }
            }
            Command::SetLocalCrops(_) => Change { back: Command::SetLocalCrops(snapshot.local_crops), forth: command.clone() },
            Command::Reset { .. } => {
                let run = self.run.take();
                *self = Self { run, ..Self::default() };
                return;
            }
            _ => return,
        };
        self.undone.clear();
        if self.done.len() == KEPT {
            self.done.remove(0);
        }
        self.done.push(change);
    }

    /// Takes the newest change back: the command for it, and what to say.
    pub fn undo(&mut self) -> Result<(Command, String), &'static str> {
        let change = self.done.pop().ok_or("There is nothing to take back: no switch, dial or number of crops was changed in this run.")?;
        let command = change.back.clone();
        self.undone.push(change);
        Ok(self.going(command, "Taken back"))
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self) -> Result<(Command, String), &'static str> {
        let change = self.undone.pop().ok_or("There is nothing to do again.")?;
        let command = change.forth.clone();
        self.done.push(change);
        Ok(self.going(command, "Done again"))
    }

    fn going(&mut self, command: Command, what: &str) -> (Command, String) {
        self.dragging = false;
        if let Command::SetSwitch { switch, on } = command {
            self.asked.push((switch, on, 0));
        }
        let text = format!("{what}: {}.", state(&command));
        (command, text)
    }
}

fn is_of(command: &Command, wanted: Dial) -> bool {
    matches!(command, Command::SetDial { dial, .. } if *dial == wanted)
}

/// What holds after a command.
fn state(command: &Command) -> String {
    match command {
        Command::SetSwitch { switch, on } => format!("{} is {}", switch.title(), if *on { "on" } else { "off" }),
        Command::SetDial { dial, value } => format!("{} is {}", dial.title(), dial_text(*dial, *value)),
        Command::SetLocalCrops(1) => "1 local crop an image".to_owned(),
        Command::SetLocalCrops(locals) => format!("{locals} local crops an image"),
        _ => String::new(),
    }
}

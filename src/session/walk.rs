//! Step mode: how far the walk through one training step has come and how far it may go.
//!
//! A walked step is the same program with the same dispatches as any other, only handed over stage by stage, so it ends in the same
//! bits. Between two sub-steps nothing else runs: what the step's tensors hold then is what the sub-step left in them.
//! While a step stands half done, whatever would change the training waits for its end ([`patience`]).

use std::collections::VecDeque;

use super::schedule::Job;
use super::{Session, SessionError};
use crate::command::Command;
use crate::config::{Gathering, Method};
use crate::event_log::Entry;
use crate::gpu::{GpuError, Program, Readback};
use crate::observe::moments::Moments;
use crate::snapshot::{Moment, SubStep, Walk};
use crate::train::Trainer;

/// How a command gets on while a step stands half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It asks for one sub-step more.
    Walks,
    /// It ends the walk: the step goes on to its end.
    Leaves,
    /// It does no harm at once.
    Harmless,
    /// It waits until the step is complete.
    Waits,
}

/// How a command gets on in mid-step.
pub(super) const fn patience(command: &Command) -> Patience {
    match command {
        Command::Walk => Patience::Walks,
        // The walk stands, so it is paused already.
        Command::Pause => Patience::Harmless,
        Command::Play | Command::PlayTo(_) | Command::Step => Patience::Leaves,
        // Nothing of the step hangs on them.
        Command::SetSpeed(_) | Command::Divide(_) | Command::ProfileSteps(_) | Command::CancelLoad | Command::SelectImage(_) => {
            Patience::Harmless
        }
        // They need the end of the step; nobody should have to walk there first.
        Command::Peek(_) | Command::Rewind(_) | Command::OtherRoad | Command::Replay(_) => Patience::Leaves,
        Command::Reset { .. } | Command::Gather(_) | Command::LoadData(_) | Command::LoadPreset(_) | Command::StartRun(_) => {
            Patience::Leaves
        }
        Command::SetSwitch { .. } | Command::SetDial { .. } | Command::SetLocalCrops(_) | Command::ChangeOne { .. } => Patience::Waits,
        Command::SetVariant { .. } | Command::BringToFront(_) => Patience::Waits,
        Command::Resample | Command::ShowImage(_) => Patience::Waits,
    }
}

/// Where each sub-step of a recorded step ends; what comes behind the last (meters, the step counter) belongs to it.
fn ends(program: &Program, method: Method) -> Vec<usize> {
    let end = |sub: &SubStep| program.stages().iter().rfind(|stage| stage.name == sub.scope()).map_or(0, |stage| stage.range.end);
    let mut ends: Vec<usize> = SubStep::of(method).iter().map(end).collect();
    if let Some(last) = ends.last_mut() {
        *last = program.len();
    }
    ends
}

/// A walk through one step.
pub(super) struct Walking {
    method: Method,
    /// The step that is walked: 1 for the first.
    pub(super) step: u64,
    /// Sub-steps that are done.
    pub(super) done: usize,
    /// Sub-steps that are asked for.
    wanted: usize,
    /// What is shown: the last sub-step whose tensors have come back, be it of the step before.
    shown: Option<Walk>,
}

impl Walking {
    /// A walk to the end of sub-step number `wanted` of `step`. Until its first tensors come, what the walk `before` it showed stays.
    pub(super) fn new(method: Method, step: u64, wanted: usize, before: Option<Self>) -> Self {
        Self { method, step, done: 0, wanted: wanted.min(SubStep::of(method).len()), shown: before.and_then(|before| before.shown) }
    }

    /// Asks for one more; false if the step has no more.
    pub(super) fn more(&mut self) -> bool {
        let more = self.wanted < SubStep::of(self.method).len();
        self.wanted += usize::from(more);
        more
    }

    /// There is something to do.
    pub(super) const fn wants(&self) -> bool {
        self.done < self.wanted
    }

    /// All of the step is done.
    pub(super) fn is_complete(&self) -> bool {
        self.done == SubStep::of(self.method).len()
    }

    /// The sub-step that is being done or comes next.
    fn next(&self) -> Option<SubStep> {
        SubStep::of(self.method).get(self.done).copied()
    }

    /// To be called when a sub-step's tensors have come back.
    fn show(&mut self, step: u64, place: usize, moment: Moment) {
        let all = SubStep::of(self.method);
        if let Some(&at) = all.get(place) {
            self.shown = Some(Walk { step, at, is_complete: place + 1 == all.len(), waiting: 0, moment: Some(moment) });
        }
    }

    /// What is shown.
    fn shown(&self, waiting: usize) -> Option<Walk> {
        self.shown.clone().map(|walk| Walk { waiting, ..walk })
    }
}

/// Copies of moments under way at most: those of a whole step.
const SLOTS: usize = 8;

/// What a walk needs of the GPU: made for the first walk, and anew when the step is recorded anew.
#[derive(Default)]
pub(super) struct Walks {
    ready: Option<Ready>,
}

struct Ready {
    moments: Moments,
    copies: Readback,
    ends: Vec<usize>,
}

impl Walks {
    fn ready(&mut self, trainer: &Trainer, learner: u32) -> Result<&Ready, GpuError> {
        if self.ready.is_none() {
            let moments = Moments::new(trainer, learner)?;
            let copies = Readback::new(&trainer.gpu, moments.most_bytes(trainer), SLOTS);
            let ends = ends(&trainer.recorded().program, trainer.config.method);
            self.ready = Some(Ready { moments, copies, ends });
        }
        Ok(self.ready.as_ref().expect("it was made above"))
    }

    /// To be called when the step was recorded anew, or another learner is to be walked with.
    pub(super) fn forget(&mut self) {
        self.ready = None;
    }

    pub(super) fn submitted(&mut self) {
        if let Some(ready) = &mut self.ready {
            ready.copies.submitted();
        }
    }

    /// Whether a moment could be copied.
    pub(super) fn has_room(&self) -> bool {
        self.ready.as_ref().is_none_or(|ready| ready.copies.has_room())
    }

    /// Whether moments are on their way.
    pub(super) fn is_waiting(&self) -> bool {
        self.ready.as_ref().is_some_and(|ready| ready.copies.is_waiting())
    }

    /// Takes in what has arrived; what belongs to no walk any more is dropped.
    pub(super) fn collect(&mut self, trainer: &Trainer, walk: Option<&mut Walking>) {
        let Some(Ready { moments, copies, .. }) = &mut self.ready else { return };
        let all = SubStep::of(trainer.config.method);
        let mut arrived = Vec::new();
        copies.collect(|tag, bytes| arrived.push((tag, bytes.to_vec())));
        let Some(walk) = walk else { return };
        for (tag, bytes) in arrived {
            let (step, place) = (tag / 16, (tag % 16) as usize);
            if let Some(&done) = all.get(place) {
                walk.show(step, place, moments.decode(trainer, done, &bytes));
            }
        }
    }
}

impl Session {
    /// Where the sub-step under way ends, if the step under way is walked.
    pub(super) fn walked_end(&self) -> Option<usize> {
        let walk = self.walk.as_ref()?;
        let walked = self.job == Some(Job::Step) && walk.step == self.trainer.step() + 1;
        walked.then(|| self.walks.ready.as_ref()?.ends.get(walk.done).copied())?
    }

    /// The walk stands in mid-step.
    pub(super) fn rests(&self) -> bool {
        self.walked_end().is_some() && !(self.walk.as_ref().is_some_and(Walking::wants) && self.walks.has_room())
    }

    /// Makes ready for the step that begins, if it is walked.
    pub(super) fn prepare_walk(&mut self) -> Result<(), SessionError> {
        if self.job == Some(Job::Step) && self.walk.as_ref().is_some_and(|walk| walk.step == self.trainer.step() + 1) {
            self.walks.ready(&self.trainer, self.front)?;
        }
        Ok(())
    }

    /// To be called before a slice of the job is encoded.
    pub(super) fn before_sub_step(&self, encoder: &mut wgpu::CommandEncoder) {
        let (Some(_), Some(walk), Some(ready)) = (self.walked_end(), &self.walk, &self.walks.ready) else { return };
        let first = walk.done.checked_sub(1).map_or(0, |before| ready.ends[before]);
        if let Some(next) = walk.next().filter(|_| self.cursor == first) {
            ready.moments.before(encoder, &self.trainer, next);
        }
    }

    /// To be called when a slice that goes to `end` has been encoded.
    pub(super) fn after_sub_step(&mut self, encoder: &mut wgpu::CommandEncoder, end: usize) {
        let at_end = self.walked_end() == Some(end);
        let (true, Some(walk), Some(ready)) = (at_end, &mut self.walk, &mut self.walks.ready) else { return };
        let Some(done) = walk.next() else { return };
        let parts = ready.moments.after(encoder, &self.trainer, done);
        let ranges: Vec<_> = parts.iter().map(|(buffer, first, bytes)| (buffer, *first, *bytes)).collect();
        ready.copies.record_ranges(encoder, &ranges, walk.step * 16 + walk.done as u64);
        walk.done += 1;
    }

    /// Takes the commands that a half-done step allows; the others keep their order and wait.
    pub(super) fn take_commands_in_mid_step(&mut self) -> Result<(), SessionError> {
        let mut waiting = VecDeque::new();
        while let Some(command) = self.queued.pop_front() {
            match patience(&command) {
                Patience::Harmless => {
                    self.taken += 1;
                    self.execute(command)?;
                }
                Patience::Walks if self.walk.as_mut().is_some_and(Walking::more) => self.taken += 1,
                Patience::Walks | Patience::Waits => waiting.push_back(command),
                Patience::Leaves => {
                    self.walk = None;
                    if matches!(command, Command::Play | Command::PlayTo(_) | Command::Step) {
                        self.taken += 1;
                        self.execute(command)?;
                    } else {
                        waiting.push_back(command);
                    }
                    break;
                }
            }
        }
        waiting.append(&mut self.queued);
        self.queued = waiting;
        Ok(())
    }

    /// Does the changes again that were made between steps that are done again, when their time comes.
    pub(super) fn redo_changes(&mut self) -> Result<(), SessionError> {
        let step = self.trainer.step();
        while self.redo.as_ref().and_then(|redo| redo.entries.front()).is_some_and(|dated| dated.step <= step) {
            let Some(dated) = self.redo.as_mut().and_then(|redo| redo.entries.pop_front()) else { break };
            match dated.entry {
                Entry::Change { learner, change } => self.set(learner, change)?,
                Entry::Variant { family, variant } => self.set_variant(&family, variant.as_deref())?,
                Entry::Twin(learner) => self.gather_again(&[learner, learner], Gathering::Twin)?,
                Entry::Alone(learner) => self.gather_again(&[learner], Gathering::Apart)?,
            }
        }
        if self.redo.as_ref().is_some_and(|redo| redo.until <= step) {
            self.redo = None;
            self.judge_replay()?;
        }
        Ok(())
    }

    /// What the picture shows of the walk.
    pub(super) fn shown_walk(&self) -> Option<Walk> {
        let waiting = self.queued.iter().filter(|command| patience(command) == Patience::Waits).count();
        self.walk.as_ref()?.shown(waiting)
    }
}

//! Going back in time: looking at an earlier step, going on from it, and returning to the road that was left.
//!
//! A step between two marks is reached from the one before it, by doing the steps between again with everything that was changed
//! then. Looking waits for nothing; going back waits for the GPU once, as starting a run does.

use std::collections::VecDeque;

use super::account::Account;
use super::cloud::Clouds;
use super::past::{self, Past, Peeked, Road, Then};
use super::runs::{Redo, Safe};
use super::schedule::Job;
use super::{Session, SessionError};
use crate::command::Command;
use crate::config::Learner;
use crate::event_log::Dated;
use crate::snapshot::{self, Event};
use crate::train::checkpoint::Checkpoint;

/// Steps between two marks, where no cloud says otherwise.
const EVERY: u64 = 5;

/// What is shown: the present, or a step that is looked at.
pub(super) struct Seen<'a> {
    pub(super) step: u64,
    pub(super) accounts: &'a [Account],
    pub(super) learners: &'a [Learner],
    pub(super) locals: u32,
    pub(super) events: &'a [Event],
    pub(super) seconds: f64,
    pub(super) is_past: bool,
}

/// Whether a command changes the run, so that it acts on the step that is looked at.
const fn changes(command: &Command) -> bool {
    use crate::command::Gather;
    matches!(
        command,
        Command::Play
            | Command::PlayTo(_)
            | Command::Step
            | Command::Walk
            | Command::SetSwitch { .. }
            | Command::SetDial { .. }
            | Command::SetLocalCrops(_)
            | Command::ChangeOne { .. }
            | Command::SetVariant { .. }
            | Command::Gather(Gather::Twin(_) | Gather::Alone(_))
    )
}

impl Session {
    /// Keeps the past from now on, as far as it fits into what suits the adapter.
    pub fn keep_past(&mut self) {
        self.keep_past_within(past::budget(&self.gpu));
    }

    /// Keeps the past from now on, as far as it fits into so many bytes.
    pub fn keep_past_within(&mut self, budget: u64) {
        let every = self.schedule.cadence().cloud_every.unwrap_or(EVERY);
        self.past = Some(Past::new(&self.trainer, &self.observers.probe, budget, every));
        if self.job != Some(Job::Step) {
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("first mark") });
            self.mark(&mut encoder);
            self.gpu.queue.submit([encoder.finish()]);
        }
    }

    /// How things stand, for a mark that is made now.
    fn then(&self) -> Then {
        Then {
            step: self.trainer.step(),
            learners: self.trainer.learners.clone(),
            views: self.trainer.config.views,
            choices: self.gpu.choices(),
            entries: self.journal.entries.len(),
            events: self.events.len(),
            seconds: self.time.seconds(),
        }
    }

    /// To be called when a step has been encoded to its end: makes a mark, if one is due.
    pub(super) fn mark(&mut self, encoder: &mut wgpu::CommandEncoder) {
        let then = self.then();
        if let Some(past) = self.past.as_mut().filter(|past| past.wants(then.step)) {
            past.make_room(then.step);
            let store = past.copy(&self.gpu, encoder, &self.trainer, &self.observers.probe);
            past.keep(then, store);
        }
    }

    /// The step that is looked at, if it is not the present.
    pub(super) fn peeked(&self) -> Option<&Peeked> {
        self.past.as_ref()?.peeked.as_ref()
    }

    /// What is shown.
    pub(super) fn seen(&self) -> Seen<'_> {
        match self.peeked() {
            Some(Peeked { then, accounts }) => Seen {
                step: then.step,
                accounts,
                learners: &then.learners,
                locals: then.views.locals,
                events: &self.events[..then.events.min(self.events.len())],
                seconds: then.seconds,
                is_past: true,
            },
            None => Seen {
                step: self.meters.step(),
                accounts: &self.meters.accounts,
                learners: &self.trainer.learners,
                locals: self.trainer.config.views.locals,
                events: &self.events,
                seconds: self.time.seconds(),
                is_past: false,
            },
        }
    }

    /// What the picture shows of the past.
    pub(super) fn told_past(&self) -> Option<snapshot::Past> {
        let again = self.redo.as_ref().map(|redo| redo.until);
        self.past.as_ref().map(|past| past.told(self.meters.step(), again))
    }

    /// Looks at the mark nearest to a step, or at the present.
    pub(super) fn peek(&mut self, step: Option<u64>) {
        let now = self.trainer.step();
        let Some(past) = &mut self.past else { return };
        let showing = &mut self.observers.showing;
        let mark = step.and_then(|step| past.nearest(step).filter(|mark| mark.then.step.abs_diff(step) < now.abs_diff(step)));
        let Some(mark) = mark else {
            past.peeked = None;
            showing.show_present(&self.gpu, &self.observers.probe);
            return;
        };
        if past.peeked.as_ref().is_some_and(|peeked| peeked.then.step == mark.then.step) {
            return;
        }
        let then = mark.then.clone();
        let known = mark.accounts.iter().flatten().zip(&self.meters.accounts);
        let accounts = known.map(|(known, present)| known.back_at(then.step, &present.history)).collect();
        showing.show_past(&self.gpu, &self.observers.probe, mark.clouds.as_ref().map(|clouds| &clouds.1));
        past.peeked = Some(Peeked { then, accounts });
    }

    /// What changes the run changes it from the step that is looked at.
    pub(super) fn go_where_it_is_looked(&mut self, command: &Command) -> Result<(), SessionError> {
        match self.peeked().map(|peeked| peeked.then.step) {
            Some(step) if changes(command) => self.rewind(step),
            _ => Ok(()),
        }
    }

    /// Waits until everything about the present step is known.
    fn catch_up(&mut self) -> Result<(), SessionError> {
        self.settle()?;
        if self.meters.step() < self.trainer.step() {
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("log") });
            self.meters.read_log(&mut encoder, &self.trainer, &self.observers);
            self.gpu.queue.submit([encoder.finish()]);
            self.meters.submitted();
        }
        self.settle()?;
        let now = self.trainer.step();
        let accounts = self.meters.without_histories();
        if let Some(past) = self.past.as_mut().filter(|past| past.unknown().contains(&now)) {
            past.know(now, accounts);
        }
        Ok(())
    }

    /// Goes on from exactly this step. Waits for the GPU.
    pub(super) fn rewind(&mut self, target: u64) -> Result<(), SessionError> {
        self.peek(None);
        if self.past.is_none() {
            self.notices.push("The past of this run is not kept, so there is no going back.".to_owned());
            return Ok(());
        }
        self.catch_up()?;
        let now = self.trainer.step();
        let found = self.past.as_ref().and_then(|past| past.before(target)).filter(|_| target <= now);
        let Some(mark) = found else {
            let first = self.past.as_ref().and_then(|past| past.before(u64::MAX)).map(|_| self.first_step());
            self.notices.push(match first {
                Some(first) => format!("There is no going to step {target}: the steps {first} to {now} are kept."),
                None => "A state of this run is larger than the memory for its past, so there is no going back.".to_owned(),
            });
            return Ok(());
        };
        let (then, store, clouds) = (mark.then.clone(), mark.store.clone(), mark.clouds.as_ref().map(|clouds| clouds.1.clone()));
        let known = mark.accounts.iter().flatten().zip(&self.meters.accounts);
        let accounts: Vec<Account> = known.map(|(known, present)| known.back_at(then.step, &present.history)).collect();
        let again: VecDeque<Dated> = self.journal.entries[then.entries..].iter().filter(|dated| dated.step < target).cloned().collect();
        if target == now && then.entries + again.len() == self.journal.entries.len() {
            // It is here already.
            return Ok(());
        }
        let parted_at = then.entries + again.len();
        self.leave_road(target, parted_at);
        self.go_to(&then, &store, accounts, clouds.as_ref())?;
        self.journal.entries.truncate(then.entries);
        self.events.truncate(then.events);
        if let Some(past) = &mut self.past {
            past.cut(then.step);
        }
        self.redo = (target > then.step).then_some(Redo { until: target, entries: again });
        self.keep_present_safe()
    }

    /// The first step that can be gone back to.
    fn first_step(&self) -> u64 {
        self.past.as_ref().map_or(0, |past| past.told(0, None).marks.first().copied().unwrap_or(0))
    }

    /// Remembers the present as the road that is left at `fork`. Where nothing has been done on it, the one that was left before
    /// stays the one to return to.
    fn leave_road(&mut self, fork: u64, parted_at: usize) {
        let end = self.then();
        let (entries, events) = (self.journal.entries.clone(), self.events.clone());
        let accounts = self.meters.accounts.clone();
        let clouds = self.observers.showing.newest().map(|clouds| (end.step, clouds));
        let Some(past) = &mut self.past else { return };
        if let Some(road) = &mut past.road
            && road.fork == end.step
            && road.parted_at == end.entries
        {
            (road.fork, road.parted_at) = (fork, parted_at);
            return;
        }
        if let Some(before) = past.road.take() {
            past.give_back(before.end.store);
        }
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("road") });
        let store = past.copy(&self.gpu, &mut encoder, &self.trainer, &self.observers.probe);
        self.gpu.queue.submit([encoder.finish()]);
        let end = past::Mark { then: end, store, accounts: Some(accounts), clouds };
        past.road = Some(Road { end, entries, events, fork, parted_at });
    }

    /// Returns to the road that was left last. Waits for the GPU.
    pub(super) fn take_other_road(&mut self) -> Result<(), SessionError> {
        self.peek(None);
        if self.past.as_ref().is_none_or(|past| past.road.is_none()) {
            self.notices.push("There is no other road: this run was never taken back.".to_owned());
            return Ok(());
        }
        self.catch_up()?;
        let Some(Road { end, entries, events, fork, parted_at }) = self.past.as_mut().and_then(|past| past.road.take()) else {
            return Ok(());
        };
        self.leave_road(fork, parted_at);
        let accounts = end.accounts.clone().unwrap_or_default();
        self.go_to(&end.then, &end.store, accounts, end.clouds.as_ref().map(|clouds| &clouds.1))?;
        (self.journal.entries, self.events) = (entries, events);
        let known = self.meters.without_histories();
        if let Some(past) = &mut self.past {
            // What was done since belongs to the road that is left now.
            past.cut(fork);
            if past.wants_end(end.then.step) {
                past.make_room(end.then.step);
                let step = end.then.step;
                past.keep(end.then, end.store);
                past.know(step, known);
                if let Some((step, clouds)) = &end.clouds {
                    past.projected(*step, clouds);
                }
            } else {
                past.give_back(end.store);
            }
        }
        self.keep_present_safe()
    }

    /// Puts a state in the place of the present one. Nothing may be under way.
    fn go_to(&mut self, then: &Then, store: &wgpu::Buffer, accounts: Vec<Account>, clouds: Option<&Clouds>) -> Result<(), SessionError> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("back") });
        let mut place = 0;
        for part in past::parts(&self.trainer, &self.observers.probe) {
            encoder.copy_buffer_to_buffer(store, place, &part.buffer, part.offset, part.bytes());
            place += part.bytes();
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.trainer.learners.clone_from(&then.learners);
        self.trainer.config.views = then.views;
        self.trainer.set_step(then.step);
        if self.gpu.choices() == then.choices {
            self.trainer.apply_hypers()?;
        } else {
            self.gpu.set_choices(then.choices.clone());
            self.trainer.apply_hypers()?;
            self.trainer.record_again()?;
        }
        self.recorded_again()?;
        self.schedule.went_back(then.step, accounts.iter().any(|account| account.judged.accuracy.is_some_and(|(at, _)| at == then.step)));
        self.meters.go_back(accounts, then.step);
        self.time.back_to(then.seconds);
        self.observers.showing.go_back(&self.gpu, &self.observers.probe, clouds);
        (self.walk, self.redo, self.target, self.play_to) = (None, None, None, None);
        Ok(())
    }

    /// Were the device lost now, the road that was left would be no place to go on from.
    fn keep_present_safe(&mut self) -> Result<(), SessionError> {
        self.safe = Safe::new(
            Checkpoint::capture(&self.trainer, self.meters.state())?,
            self.meters.accounts.clone(),
            self.journal.entries.len(),
            self.events.len(),
        );
        Ok(())
    }
}

//! One run after another in the same session: starting again, going on after a lost device.

use std::collections::VecDeque;
use std::sync::Arc;

use super::account::Account;

use super::profiling::Profiling;
use super::start::{self, LoadedData};
use super::walk::Walking;
use super::{Session, SessionError};
use crate::command::Gather;
use crate::config::{Gathering, Population};
use crate::event_log::{Dated, Entry};
use crate::gpu::Gpu;
use crate::snapshot::Event;
use crate::train::checkpoint::Checkpoint;

/// Steps to do again, with the changes that were made between them.
pub(super) struct Redo {
    pub(super) until: u64,
    pub(super) entries: VecDeque<Dated>,
}

/// The state to go back to if the device is lost.
pub(super) struct Safe {
    pub(super) checkpoint: Checkpoint,
    pub(super) accounts: Vec<Account>,
    /// Entries of the journal at that state.
    entries: usize,
    /// Events at that state.
    events: usize,
}

impl Safe {
    pub(super) const fn new(checkpoint: Checkpoint, accounts: Vec<Account>, entries: usize, events: usize) -> Self {
        Self { checkpoint, accounts, entries, events }
    }
}

impl Session {
    /// Puts `next` in the place of the run; what belongs to the session and not to a run passes on.
    fn succeed(&mut self, mut next: Self) {
        next.playing = self.playing;
        (next.speed, next.division, next.taken) = (self.speed, self.division, self.taken);
        (next.drawn, next.frame_goal) = (self.drawn, self.frame_goal);
        next.queued = std::mem::take(&mut self.queued);
        // Images on their way in outlive a new start.
        next.loading = self.loading.take();
        next.profiling = self.profiling.take();
        next.replayed = self.replayed.take();
        let budget = self.past.take().map(|past| past.budget());
        *self = next;
        if let Some(budget) = budget {
            self.keep_past_within(budget);
        }
    }

    /// Starts again from step 0. On failure the run that was going on stays.
    pub(super) fn restart(&mut self, population: Population, data: Arc<LoadedData>) -> Result<(), SessionError> {
        let (trainer, observers) = start::fresh(&self.gpu, population, &data)?;
        let origin = Some(trainer.population());
        let fresh = Self::assemble(self.gpu.clone(), trainer, observers, data, self.schedule.asked().clone(), origin)?;
        let runs = self.runs + 1;
        self.succeed(Self { runs, ..fresh });
        Ok(())
    }

    /// Trains others side by side, or fewer of them.
    pub(super) fn gather(&mut self, gather: Gather) -> Result<(), SessionError> {
        let front = self.front;
        let config = self.config();
        let gathered = match gather {
            Gather::Twin(change) => self.go_on_with(&[front, front], Gathering::Twin).and_then(|()| match change {
                Some(change) => self.set(Some(1), change),
                None => Ok(()),
            }),
            Gather::Alone(learner) if learner >= self.trainer.config.learners => Ok(()),
            Gather::Alone(learner) => self.go_on_with(&[learner], Gathering::Apart),
            Gather::Seeds(count) => {
                let seeds = Population::of_seeds(&config, count);
                seeds.map_err(SessionError::from).and_then(|population| self.restart(population, self.data.clone()))
            }
            Gather::Map(axes) => {
                let map = Population::of_map(&config, axes);
                map.map_err(SessionError::from).and_then(|population| self.restart(population, self.data.clone()))
            }
        };
        match gathered {
            Err(error) if !self.gpu.is_lost() => {
                self.notices.push(format!("{error}; the run goes on as it was"));
                Ok(())
            }
            other => other,
        }
    }

    /// Goes on with these learners, from where they are; one may come twice. Waits for the GPU.
    pub(super) fn go_on_with(&mut self, chosen: &[u32], gathering: Gathering) -> Result<(), SessionError> {
        self.settle()?;
        let places: Vec<usize> = chosen.iter().map(|&learner| learner as usize).collect();
        let checkpoint = Checkpoint::capture(&self.trainer, String::new())?.of_learners(&places, gathering.clone());
        let accounts: Vec<Account> = places.iter().map(|&place| self.meters.accounts[place].clone()).collect();
        let mut next = Self::resume_on(self.gpu.clone(), &checkpoint, self.data.clone(), self.schedule.asked().clone())?;
        next.safe.accounts.clone_from(&accounts);
        next.meters.go_on(accounts, checkpoint.step);
        // The cloud stays where it is.
        let axes = self.gpu.download::<f32>(&self.observers.probe.axes)?;
        let each = axes.len() / self.trainer.learners.len();
        let axes: Vec<f32> = places.iter().flat_map(|&place| axes[place * each..(place + 1) * each].iter().copied()).collect();
        self.gpu.upload(&next.observers.probe.axes, &axes);
        // What was changed before concerns those who are still there.
        let events = std::mem::take(&mut self.events).into_iter().filter_map(|event| match event.learner {
            Some(learner) if !chosen.contains(&learner) => None,
            Some(_) => Some(Event { learner: None, ..event }),
            None => Some(event),
        });
        next.events = events.collect();
        next.notices = std::mem::take(&mut self.notices);
        next.journal = std::mem::take(&mut self.journal);
        let entry = if gathering == Gathering::Twin { Entry::Twin(chosen[0]) } else { Entry::Alone(chosen[0]) };
        next.journal.entries.push(Dated { step: checkpoint.step, entry });
        (next.safe.entries, next.safe.events) = (next.journal.entries.len(), next.events.len());
        (next.time, next.opened, next.runs) = (self.time, self.opened, self.runs);
        (next.target, next.play_to) = (self.target, self.play_to);
        self.succeed(next);
        Ok(())
    }

    /// Puts the run on a new device after the old one was lost, from the last state that was read back.
    pub fn reopen(&mut self, gpu: Arc<Gpu>) -> Result<(), SessionError> {
        let safe = &self.safe;
        let (step, front) = (safe.checkpoint.step, self.front);
        let lost = self.trainer.step().saturating_sub(step);
        gpu.set_choices(self.gpu.choices());
        let mut revived = Self::resume_on(gpu, &safe.checkpoint, self.data.clone(), self.schedule.asked().clone())?;
        revived.safe.accounts.clone_from(&safe.accounts);
        revived.meters.go_on(safe.accounts.clone(), step);
        (revived.time, revived.opened, revived.front) = (self.time, self.opened, front);
        (revived.target, revived.play_to, revived.runs) = (self.target, self.play_to, self.runs);
        for (revived, account) in revived.meters.accounts.iter_mut().zip(&self.meters.accounts) {
            revived.flips = account.flips;
            revived.flips.back_to(step, self.time.seconds());
        }
        let (entries, events) = (safe.entries, safe.events);
        (revived.safe.entries, revived.safe.events) = (entries, events);
        (revived.journal, revived.events) = (std::mem::take(&mut self.journal), std::mem::take(&mut self.events));
        let again: VecDeque<Dated> = revived.journal.entries.drain(entries.min(revived.journal.entries.len())..).collect();
        revived.events.truncate(events);
        // What was under way to an earlier step goes on, too.
        let (until, rest) = self.redo.take().map_or((0, VecDeque::new()), |redo| (redo.until, redo.entries));
        revived.redo = Some(Redo { until: until.max(self.trainer.step()), entries: again.into_iter().chain(rest).collect() });
        revived.walk = self.walk.take().map(|walk| Walking::new(revived.trainer.config.method, walk.step, walk.done, None));
        revived.notices.push(format!("the graphics device was lost; {lost} steps are being done again from step {step}"));
        if self.past.is_some() && step > 0 {
            revived.notices.push(format!("the steps before {step} were lost with it; they can no longer be gone back to"));
        }
        let profiling = self.profiling.take().map(|_| Profiling::new(&revived.gpu));
        self.succeed(revived);
        self.profiling = profiling;
        Ok(())
    }

    /// Remembers the present state as the one to go back to if the device is lost; waits for the GPU.
    pub fn keep_safe(&mut self) -> Result<(), SessionError> {
        if self.job.is_none() {
            self.settle()?;
            let checkpoint = Checkpoint::capture(&self.trainer, self.meters.state())?;
            self.safe = Safe::new(checkpoint, self.meters.accounts.clone(), self.journal.entries.len(), self.events.len());
        }
        Ok(())
    }

    /// Steps done since [`Self::keep_safe`].
    pub const fn steps_at_risk(&self) -> u64 {
        self.trainer.step().saturating_sub(self.safe.checkpoint.step)
    }
}

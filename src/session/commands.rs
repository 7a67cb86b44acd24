//! What the commands do to a session, between two steps. One that cannot be done leaves a notice, and the run as it was.

use std::sync::Arc;

use super::loading::LoadingData;
use super::profiling::Profiling;
use super::walk::{Patience, Walking, patience};
use super::{Session, SessionError, read};
use crate::command::{Command, Division};
use crate::config::{Gathering, RunConfig};
use crate::event_log::Entry;
use crate::snapshot::{Change, Event};

impl Session {
    pub(super) fn take_commands(&mut self) -> Result<(), SessionError> {
        self.take_loaded();
        while let Some(command) = self.queued.pop_front() {
            self.taken += 1;
            self.execute(command)?;
        }
        Ok(())
    }

    pub(super) fn execute(&mut self, command: Command) -> Result<(), SessionError> {
        if patience(&command) == Patience::Leaves {
            self.walk = None;
        }
        self.go_where_it_is_looked(&command)?;
        match command {
            Command::Play => {
                self.playing = true;
                (self.target, self.play_to) = (None, None);
            }
            Command::PlayTo(step) => {
                self.playing = true;
                (self.target, self.play_to) = (None, Some(step));
            }
            Command::Pause => self.playing = false,
            Command::Walk => {
                self.playing = false;
                self.target = None;
                match &mut self.walk {
                    Some(walk) if !walk.is_complete() => {
                        let _ = walk.more();
                    }
                    walk => {
                        let before = walk.take();
                        *walk = Some(Walking::new(self.trainer.config.method, self.trainer.step() + 1, 1, before));
                    }
                }
            }
            Command::Step => {
                self.playing = true;
                self.play_to = None;
                self.speed.set(self.speed.limit);
                self.target = Some(self.trainer.step() + 1);
            }
            Command::SetSwitch { switch, on } => self.set(None, Change::Switch(switch, on))?,
            Command::SetDial { dial, value } => self.set(None, Change::Dial(dial, value))?,
            Command::SetLocalCrops(locals) => self.set(None, Change::LocalCrops(locals))?,
            Command::ChangeOne { learner, change } if learner < self.trainer.config.learners => self.set(Some(learner), change)?,
            // It has ended in the meantime.
            Command::ChangeOne { .. } => {}
            Command::Gather(gather) => self.gather(gather)?,
            Command::Peek(step) => self.peek(step),
            Command::Rewind(step) => self.rewind(step)?,
            Command::Replay(log) => self.replay(*log)?,
            Command::OtherRoad => self.take_other_road()?,
            Command::BringToFront(learner) => self.bring_to_front(learner),
            Command::ProfileSteps(true) => {
                self.profiling.get_or_insert_with(|| Profiling::new(&self.gpu));
            }
            Command::ProfileSteps(false) => self.profiling = None,
            Command::SetSpeed(limit) => self.speed.set(limit.map(|limit| limit.clamp(1, 1000))),
            Command::Divide(division) => {
                self.division = match division {
                    Division::Share(share) if share.is_finite() => Division::Share(share.clamp(0.05, 0.95)),
                    Division::Share(_) => Division::Smooth,
                    other => other,
                };
            }
            Command::SetVariant { family, variant } => self.set_variant(&family, variant.as_deref())?,
            Command::Resample => {
                self.observers.looking.resample();
                self.schedule.force_look();
            }
            Command::ShowImage(image) => {
                self.observers.looking.show(image);
                self.schedule.force_look();
            }
            Command::SelectImage(image) => {
                if self.observers.showing.select(&self.gpu, &self.observers.probe, image) {
                    self.schedule.want_nearest();
                }
            }
            Command::Reset { new_seed } => {
                let population = self.trainer.population();
                let population = if new_seed { population.reseeded() } else { population };
                let front = self.front;
                self.restart(population, self.data.clone())?;
                self.bring_to_front(front);
            }
            Command::CancelLoad => {
                if let Some(loading) = self.loading.take() {
                    self.notices.push(format!("{} was not loaded: cancelled; the run goes on as it was", loading.spec().short()));
                }
            }
            Command::LoadPreset(name) => self.load_preset(&name)?,
            Command::StartRun(config) => self.start_run(*config)?,
            Command::LoadData(spec) => {
                // One that was on its way is dropped, which stops it.
                self.loading = Some(LoadingData::start(spec));
            }
        }
        Ok(())
    }

    /// Another preset with its own procedural images, or with the user's images where those are trained on.
    fn load_preset(&mut self, name: &str) -> Result<(), SessionError> {
        let own = Some(&self.trainer.config.data).filter(|data| !data.is_synthetic()).map(ToString::to_string);
        match RunConfig::load(name, own.as_deref(), &[]) {
            Ok(config) => {
                let data = if own.is_some() { self.data.clone() } else { Arc::new(read(&config.data)?) };
                self.restart(RunConfig { seed: self.trainer.config.seed, ..config }.into(), data)
            }
            Err(error) => {
                self.notices.push(error.to_string());
                Ok(())
            }
        }
    }

    fn start_run(&mut self, config: RunConfig) -> Result<(), SessionError> {
        let started = match read(&config.data) {
            Ok(data) => self.restart(config.into(), Arc::new(data)),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = started {
            if self.gpu.is_lost() {
                return Err(error);
            }
            self.notices.push(format!("{error}; the run goes on as it was"));
        }
        Ok(())
    }

    pub(super) fn take_loaded(&mut self) {
        let Some(loading) = &self.loading else { return };
        let Some(result) = loading.poll() else { return };
        let spec = loading.spec().clone();
        self.loading = None;
        let restarted = result.map_err(SessionError::from).and_then(|data| {
            let mut population = self.trainer.population();
            population.config.set_from("data", "data", &spec.to_string())?;
            population.config.validate()?;
            self.restart(population, Arc::new(data))
        });
        if let Err(error) = restarted {
            self.notices.push(format!("{error}; the run goes on as it was"));
        }
    }

    /// Changes something, for one learner or for all. What is out of range leaves a notice, and everything as it was.
    pub(super) fn set(&mut self, learner: Option<u32>, change: Change) -> Result<(), SessionError> {
        let (key, text) = change.key_value();
        if let Gathering::Map(axes) = &self.trainer.config.gathering
            && let Some(axis) = axes.axis_moved_by(key)
        {
            self.notices.push(format!("{key} stays as it is: {axis} is an axis of the map, and each cell has its own"));
            return Ok(());
        }
        let mut learners = self.trainer.learners.clone();
        let mut views = self.trainer.config.views;
        for (index, changed) in learners.iter_mut().enumerate() {
            if learner.is_some_and(|only| only as usize != index) && !matches!(change, Change::LocalCrops(_)) {
                continue;
            }
            let mut config = RunConfig { hyper: changed.hyper, ..self.trainer.config.clone() };
            if let Err(error) = config.set_live(key, &text).and_then(|()| config.validate()) {
                self.notices.push(error.to_string());
                return Ok(());
            }
            (changed.hyper, views) = (config.hyper, config.views);
        }
        (self.trainer.learners, self.trainer.config.views) = (learners, views);
        self.changed(learner, change);
        self.trainer.apply_hypers()?;
        self.recorded_again()
    }

    /// Follows the trainer after its step may have been recorded anew.
    pub(super) fn recorded_again(&mut self) -> Result<(), SessionError> {
        self.walks.forget();
        self.variants = super::variants::of_step(&self.gpu, &self.trainer);
        Ok(self.observers.rebind(&self.trainer)?)
    }

    /// Notes what was changed, for whom, and when.
    fn changed(&mut self, learner: Option<u32>, change: Change) {
        let (step, seconds) = (self.trainer.step(), self.time.seconds());
        let (key, text) = change.key_value();
        match learner {
            Some(learner) => log::info!("event step={step} learner={learner} {key}={text}"),
            None => log::info!("event step={step} {key}={text}"),
        }
        if let Change::Switch(switch, on) = change {
            for (index, account) in self.meters.accounts.iter_mut().enumerate() {
                if learner.is_none_or(|only| only as usize == index) {
                    account.flips.flipped(switch, on, step, seconds);
                }
            }
        }
        self.note(Entry::Change { learner, change });
        self.events.push(Event { step, seconds, change, learner });
    }

    /// Shows another learner in the large.
    fn bring_to_front(&mut self, learner: u32) {
        if learner >= self.trainer.config.learners || learner == self.front {
            return;
        }
        self.front = learner;
        self.walks.forget();
        self.schedule.force_look();
        // Distributions and neighbours are read back with the cloud.
        self.schedule.want_cloud();
        if self.observers.showing.forget_neighbours() {
            self.schedule.want_nearest();
        }
    }
}

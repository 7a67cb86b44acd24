//! What a session says of itself: the snapshot.

use std::time::Instant;

use super::Session;
use super::cloud::Shown;
use super::loading::LoadingData;
use super::profiling::Profiling;
use crate::command::{Change, Command, Dial, Division, Switch};
use crate::snapshot::{AttentionReferences, Dials, LearnerView, Snapshot, Switches};

/// What the controls of the run show.
struct Asked {
    locals: u32,
    speed: Option<u32>,
    division: Division,
    playing: bool,
}

impl Session {
    fn attention_references(&self) -> Option<AttentionReferences> {
        let references = self.observers.evaluation.as_ref()?.attention_references?;
        let untrained = self.meters.accounts[self.front as usize].judged.attention_untrained;
        Some(AttentionReferences { untrained, ..references })
    }

    /// What was asked for and waits for the end of the step that is going on. In a walk through a step nothing of it shows: the
    /// controls show what that step is done with.
    fn asked_for(&self) -> impl Iterator<Item = &Command> {
        self.queued.iter().filter(|_| self.walk.is_none())
    }

    /// The controls as they are, or as they were asked to be: so a control answers at once.
    fn asked(&self) -> Asked {
        let mut asked = Asked { locals: self.seen().locals, speed: self.speed.limit, division: self.division, playing: self.plays() };
        for command in self.asked_for() {
            match *command {
                Command::SetLocalCrops(locals) => asked.locals = locals,
                Command::SetSpeed(limit) => asked.speed = limit,
                Command::Divide(division) => asked.division = division,
                Command::Play => asked.playing = self.meters.stopped().is_none(),
                Command::Pause => asked.playing = false,
                _ => {}
            }
        }
        asked
    }

    /// A learner's switches and dials as they were asked to be.
    fn asked_of(&self, learner: u32) -> (Switches, Dials) {
        let hyper = &self.seen().learners[learner as usize].hyper;
        let (mut switches, mut dials) = (Switches::from(hyper), Dials::from(hyper));
        for command in self.asked_for() {
            let change = match *command {
                Command::SetSwitch { switch, on } => Change::Switch(switch, on),
                Command::SetDial { dial, value } => Change::Dial(dial, value),
                Command::ChangeOne { learner: whose, change } if whose == learner => change,
                _ => continue,
            };
            match change {
                Change::Switch(switch, on) => switches.set(switch, on),
                Change::Dial(dial, value) => dials.set(dial, value),
                Change::LocalCrops(_) => {}
            }
        }
        (switches, dials)
    }

    fn view_of(&self, learner: u32) -> LearnerView {
        let seen = self.seen();
        let account = &seen.accounts[learner as usize];
        let (switches, dials) = self.asked_of(learner);
        let shown = Shown {
            dimensions: self.trainer.method.projection_size(),
            explained: self.meters.explained(learner).filter(|_| !seen.is_past),
            view_side: self.trainer.config.image_size,
            in_front: learner == self.front,
        };
        LearnerView {
            seed: account.seed,
            switches,
            dials,
            history: account.history.clone(),
            verdict: account.verdict(),
            collapsed_at: account.judged.collapsed_at.filter(|_| account.verdict().kind.is_collapse()),
            since_flip: account.flips.since(seen.step, seen.seconds),
            untrained_knn: account.judged.untrained,
            cloud: self.observers.showing.cloud(&self.observers.probe, learner, shown),
        }
    }

    /// How things stand, at the last completed step that was read back.
    pub fn snapshot(&self) -> Snapshot {
        let config = &self.trainer.config;
        let class_names = self.data.class_names();
        let (asked, seen) = (self.asked(), self.seen());
        let learners: Vec<LearnerView> = (0..config.learners).map(|learner| self.view_of(learner)).collect();
        let front = learners[self.front as usize].clone();
        Snapshot {
            preset: config.preset.clone(),
            data: config.data.to_string(),
            adapter: self.gpu.info.name.clone(),
            adapter_is_software: self.gpu.is_software(),
            method: config.method,
            seed: front.seed,
            run: self.runs,
            step: seen.step,
            playing: asked.playing,
            speed_limit: asked.speed,
            division: asked.division,
            shares: self.pacer.lane().shares(Instant::now()),
            frame_lane: self.pacer.lane().shown(self.frame_goal),
            steps_per_second: self.meters.steps_per_second(Instant::now()),
            gathering: config.gathering.clone(),
            learners,
            most_learners: config.most_learners(self.gpu.limits.max_storage_buffer_binding_size),
            front: self.front as usize,
            switches: front.switches,
            dials: front.dials,
            history: front.history,
            events: seen.events.to_vec(),
            verdict: front.verdict,
            since_flip: front.since_flip,
            chance: 1.0 / class_names.len().max(1) as f32,
            untrained_knn: front.untrained_knn,
            class_names,
            cloud: front.cloud,
            distributions: self.meters.distributions().filter(|_| !seen.is_past),
            inspection: self.observers.looking.inspection().filter(|_| !seen.is_past),
            images: self.observers.looking.images(),
            local_crops: asked.locals,
            attention_references: self.attention_references(),
            past: self.told_past(),
            notices: self.notices.clone(),
            walk: self.shown_walk(),
            loading: self.loading.as_ref().map(LoadingData::told),
            images_report: self.data.report().cloned(),
            variants: self.variants.clone(),
            stopped: self.meters.stopped().map(ToOwned::to_owned),
            kernels: self.profiling.as_ref().and_then(Profiling::times),
        }
    }

    /// The state of one switch of the learner in front.
    pub fn switch(&self, switch: Switch) -> bool {
        Switches::from(&self.trainer.learners[self.front as usize].hyper).get(switch)
    }

    /// The value of one dial of the learner in front.
    pub fn dial(&self, dial: Dial) -> f32 {
        Dials::from(&self.trainer.learners[self.front as usize].hyper).get(dial)
    }
}

//! The states that a run can be taken back to: copies on the GPU, with what the CPU knows of then.
//!
//! A mark is the state right after a step, before anything was changed between it and the next. It is copied by the encoder that
//! ends the step, so training neither waits nor comes back for it. Marks are made every few steps; when there is room for no more,
//! the one goes whose neighbours lie closest together for their age. So the first step always stays, the distances grow towards
//! it, and every step can be reached by training on from the mark before it.
//!
//! Subtlety: what the meters said at a mark is known only once the copies of its step have come back ([`Past::know`]); until then
//! it cannot be looked at.

use std::sync::Arc;

use super::account::Account;
use super::cloud::Clouds;
use crate::config::{Learner, ViewConfig};
use crate::event_log::Dated;
use crate::gpu::{Choices, Gpu, Tensor};
use crate::observe::probe::Probe;
use crate::snapshot::{self, Event};
use crate::train::Trainer;

/// Bytes of marks at most, on a GPU.
const BUDGET_GPU: u64 = 128 << 20;
/// On a software adapter, where they take the machine's own memory.
const BUDGET_SOFTWARE: u64 = 64 << 20;
/// Marks at most, however small they are.
const MOST_MARKS: u64 = 160;
/// Marks at least; where there is no room for so many there are none.
const LEAST_MARKS: u64 = 3;
/// Bytes that the CPU keeps of one image of a cloud.
const CLOUD_BYTES: u64 = 40;

/// Bytes of marks that suit an adapter.
pub(super) fn budget(gpu: &Gpu) -> u64 {
    if gpu.is_software() { BUDGET_SOFTWARE } else { BUDGET_GPU }
}

/// How things stood at a step.
#[derive(Clone)]
pub(super) struct Then {
    /// Completed steps.
    pub(super) step: u64,
    pub(super) learners: Vec<Learner>,
    pub(super) views: ViewConfig,
    pub(super) choices: Choices,
    /// Entries of the journal.
    pub(super) entries: usize,
    /// Events.
    pub(super) events: usize,
    /// Training time.
    pub(super) seconds: f64,
}

/// A state that can be gone back to.
pub(super) struct Mark {
    pub(super) then: Then,
    /// The tensors of [`parts`], one behind the other.
    pub(super) store: wgpu::Buffer,
    /// Without their meters over time, unless it is the end of a road; none until everything has come back.
    pub(super) accounts: Option<Vec<Account>>,
    /// The projection nearest to it, and its step.
    pub(super) clouds: Option<(u64, Clouds)>,
}

/// A road that was left, at its end.
pub(super) struct Road {
    pub(super) end: Mark,
    pub(super) entries: Vec<Dated>,
    pub(super) events: Vec<Event>,
    /// The last step that it has in common with the road that is taken.
    pub(super) fork: u64,
    /// Entries of the journal of the road that is taken, when the two parted.
    pub(super) parted_at: usize,
}

/// The mark that is looked at.
pub(super) struct Peeked {
    pub(super) then: Then,
    pub(super) accounts: Vec<Account>,
}

/// See the module.
pub(super) struct Past {
    budget: u64,
    each: u64,
    every: u64,
    most: usize,
    /// Ascending.
    marks: Vec<Mark>,
    /// Buffers of marks that went.
    spare: Vec<wgpu::Buffer>,
    /// The newest projection, and its step.
    clouds: Option<(u64, Clouds)>,
    pub(super) road: Option<Road>,
    pub(super) peeked: Option<Peeked>,
}

/// What makes up the state of a run, and where its cloud was left.
pub(super) fn parts<'a>(trainer: &'a Trainer, probe: &'a Probe) -> impl Iterator<Item = &'a Tensor> {
    let roles = trainer.roles.state().map(|(_, tensor)| tensor);
    roles.into_iter().chain(&trainer.roles.center).chain([&probe.axes, &probe.centroids])
}

/// Which mark goes when there is one too many: an index into `steps` (ascending), never the first, of those before `now`.
fn goes(steps: &[u64], now: u64) -> Option<usize> {
    let gap = |index: usize| {
        let next = steps.get(index + 1).copied().unwrap_or(now);
        (next - steps[index - 1]) as f64 / (now - steps[index]).max(1) as f64
    };
    (1..steps.len()).min_by(|&a, &b| gap(a).total_cmp(&gap(b)))
}

impl Past {
    /// An empty one, with room for `budget` bytes, for marks every so many steps.
    pub(super) fn new(trainer: &Trainer, probe: &Probe, budget: u64, every: u64) -> Self {
        let on_gpu: u64 = parts(trainer, probe).map(Tensor::bytes).sum();
        let each = on_gpu + u64::from(probe.points.learners) * u64::from(probe.count) * CLOUD_BYTES;
        // One is for the road that is left.
        let most = (budget / each).saturating_sub(1).min(MOST_MARKS);
        let most = if most < LEAST_MARKS { 0 } else { most as usize };
        let every = every.max(1);
        Self { budget, each, every, most, marks: Vec::new(), spare: Vec::new(), clouds: None, road: None, peeked: None }
    }

    /// Bytes that it may take.
    pub(super) const fn budget(&self) -> u64 {
        self.budget
    }

    /// Whether the state after `step` is to be kept.
    pub(super) fn wants(&self, step: u64) -> bool {
        let due = self.marks.last().is_none_or(|last| last.then.step < step && step.is_multiple_of(self.every));
        self.most > 0 && due
    }

    /// Whether a state after `step`, later than all marks, may be kept among them.
    pub(super) fn wants_end(&self, step: u64) -> bool {
        self.most > 0 && self.marks.last().is_none_or(|last| last.then.step < step)
    }

    /// Copies the state as it is when `encoder` has come here.
    pub(super) fn copy(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, trainer: &Trainer, probe: &Probe) -> wgpu::Buffer {
        let size = parts(trainer, probe).map(Tensor::bytes).sum();
        let store = self.spare.pop().unwrap_or_else(|| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("mark"),
                size,
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            })
        });
        let mut place = 0;
        for part in parts(trainer, probe) {
            encoder.copy_buffer_to_buffer(&part.buffer, part.offset, &store, place, part.bytes());
            place += part.bytes();
        }
        store
    }

    /// Takes a mark that is newer than all others.
    pub(super) fn keep(&mut self, then: Then, store: wgpu::Buffer) {
        let clouds = self.clouds.clone().filter(|(at, _)| at.abs_diff(then.step) < self.every);
        self.marks.push(Mark { then, store, accounts: None, clouds });
    }

    /// Makes room before a mark is made, so that its buffer can be used again.
    pub(super) fn make_room(&mut self, now: u64) {
        while self.marks.len() >= self.most.max(1) {
            let steps: Vec<u64> = self.marks.iter().map(|mark| mark.then.step).collect();
            let Some(index) = goes(&steps, now) else { break };
            self.spare.push(self.marks.remove(index).store);
        }
    }

    /// Steps of marks of which the accounts are not known yet, ascending.
    pub(super) fn unknown(&self) -> Vec<u64> {
        self.marks.iter().filter(|mark| mark.accounts.is_none()).map(|mark| mark.then.step).collect()
    }

    /// What the meters said after `step`.
    pub(super) fn know(&mut self, step: u64, accounts: Vec<Account>) {
        if let Some(mark) = self.marks.iter_mut().find(|mark| mark.then.step == step) {
            mark.accounts = Some(accounts);
        }
    }

    /// Where the images were projected to after `step`: goes to every mark that is near and knows of none nearer.
    pub(super) fn projected(&mut self, step: u64, clouds: &Clouds) {
        for Mark { then, clouds: known, .. } in &mut self.marks {
            let far = step.abs_diff(then.step);
            if far < self.every && known.as_ref().is_none_or(|(at, _)| at.abs_diff(then.step) > far) {
                *known = Some((step, clouds.clone()));
            }
        }
        self.clouds = Some((step, clouds.clone()));
    }

    /// The mark nearest to `step` that can be looked at.
    pub(super) fn nearest(&self, step: u64) -> Option<&Mark> {
        self.marks.iter().filter(|mark| mark.accounts.is_some()).min_by_key(|mark| mark.then.step.abs_diff(step))
    }

    /// The last mark at or before `step`.
    pub(super) fn before(&self, step: u64) -> Option<&Mark> {
        self.marks.iter().rfind(|mark| mark.then.step <= step && mark.accounts.is_some())
    }

    /// Forgets what is after `step`: it is about to be done otherwise.
    pub(super) fn cut(&mut self, step: u64) {
        let kept = self.marks.partition_point(|mark| mark.then.step <= step);
        self.spare.extend(self.marks.drain(kept..).map(|mark| mark.store));
        self.clouds = self.marks.last().and_then(|mark| mark.clouds.clone());
    }

    /// A buffer that is not needed any more.
    pub(super) fn give_back(&mut self, store: wgpu::Buffer) {
        self.spare.push(store);
    }

    /// What the picture shows of it, at the present step, while steps up to `again` are being done again.
    pub(super) fn told(&self, now: u64, again: Option<u64>) -> snapshot::Past {
        snapshot::Past {
            now,
            marks: self.marks.iter().filter(|mark| mark.accounts.is_some()).map(|mark| mark.then.step).collect(),
            shown: self.peeked.as_ref().map(|peeked| peeked.then.step),
            again,
            road: self.road.as_ref().map(|road| snapshot::Road {
                step: road.end.then.step,
                fork: road.fork,
                histories: road.end.accounts.iter().flatten().map(|account| account.history.clone()).collect::<Arc<[_]>>(),
            }),
            each: self.each,
            budget: self.budget,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stays_the_newest_are_dense_and_gaps_grow_with_age() {
        let (mut steps, most) = (vec![0], 24);
        for now in (5..=20_000).step_by(5) {
            if steps.len() >= most {
                let gone = goes(&steps, now).expect("there are several");
                assert!(gone > 0, "the first stays");
                steps.remove(gone);
            }
            steps.push(now);
            for pair in steps.windows(2) {
                assert!(pair[0] < pair[1]);
                // What is so old has no wider gap before the next than this share of its age.
                let age = now - pair[0];
                assert!(pair[1] - pair[0] <= 10 + age / 2, "{pair:?} at {now}");
            }
        }
        assert_eq!((steps[0], steps.len()), (0, most));
        assert!(steps.iter().filter(|&&step| step > 19_900).count() >= 5, "{steps:?}");
        assert_eq!(goes(&[7], 9), None);
    }
}

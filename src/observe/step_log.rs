//! The meters of every step, kept on the GPU in a ring of 256 rows until the CPU copies it: no step waits for its numbers, and
//! none is missed if a copy comes late.

use super::distribution::Distribution;
use crate::gpu::{Gpu, GpuError, Kernel, Tape, Tensor};

const STEP_LOG: Kernel = Kernel::new("observe/step_log.wgsl");

/// The meters of one step of one learner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepValues {
    /// 1-based step.
    pub step: u64,
    /// Mean loss of the batch.
    pub loss: f32,
    /// embedding_std of the student.
    pub student_std: f32,
    /// embedding_std of the teacher.
    pub teacher_std: f32,
    /// Global norm of the gradient before clipping.
    pub gradient_norm: f32,
    /// Of the teacher's distributions, where there are any.
    pub distribution: Option<DistributionValues>,
}

/// What was measured of the teacher's distributions, entropies in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistributionValues {
    /// Mean entropy.
    pub teacher_entropy: f32,
    /// Entropy of the mean.
    pub mean_teacher_entropy: f32,
    /// Share of the prototypes that are some row's likeliest.
    pub prototypes_used: f32,
}

impl StepValues {
    /// Whether every number is one.
    pub const fn is_finite(&self) -> bool {
        let distribution = match self.distribution {
            Some(values) => values.teacher_entropy.is_finite() && values.mean_teacher_entropy.is_finite(),
            None => true,
        };
        self.loss.is_finite()
            && self.student_std.is_finite()
            && self.teacher_std.is_finite()
            && self.gradient_norm.is_finite()
            && distribution
    }
}

/// The ring of the last [`StepLog::CAPACITY`] steps.
#[derive(Clone, Debug)]
pub struct StepLog {
    /// (L, 256, 4 or 8): row (step - 1) % 256 is loss, student std, teacher std, gradient norm; with distributions also the
    /// teacher's entropy, the entropy of its mean, prototypes used, and one to spare.
    pub ring: Tensor,
}

impl StepLog {
    /// Steps held.
    pub const CAPACITY: u64 = 256;

    /// An empty ring, with room for what is measured of distributions.
    pub fn new(gpu: &Gpu, learners: u32, distributions: bool) -> Result<Self, GpuError> {
        Ok(Self { ring: gpu.tensor("step_log", [learners, Self::CAPACITY as u32, if distributions { 8 } else { 4 }])? })
    }

    /// Whether there is room for what is measured of distributions.
    pub const fn has_distributions(&self) -> bool {
        self.ring.columns == 8
    }

    /// Records that loss, student std, teacher std and gradient norm are kept, each (L, 1, 1); `state` holds the `StepState` of
    /// shaders/shared/step.wgsl.
    pub fn record(&self, tape: &mut Tape<'_>, state: &Tensor, meters: [&Tensor; 4]) {
        self.record_at(tape, state, meters, 0);
    }

    /// Records that what was measured of distributions is kept.
    ///
    /// # Panics
    /// If there is no room for it.
    pub fn record_distribution(&self, tape: &mut Tape<'_>, state: &Tensor, measured: &Distribution) {
        assert!(self.has_distributions(), "a ring without distributions");
        let Distribution { teacher_entropy, mean_teacher_entropy, prototypes_used } = measured;
        self.record_at(tape, state, [teacher_entropy, mean_teacher_entropy, prototypes_used, prototypes_used], 1);
    }

    fn record_at(&self, tape: &mut Tape<'_>, state: &Tensor, [a, b, c, d]: [&Tensor; 4], place: u32) {
        tape.dispatch(&STEP_LOG)
            .set("learners", self.ring.learners)
            .set("capacity", Self::CAPACITY as u32)
            .set("width", self.ring.columns / 4)
            .set("place", place)
            .read("state", state)
            .read("a", a)
            .read("b", b)
            .read("c", c)
            .read("d", d)
            .read_write("ring", &self.ring)
            // Four numbers of each learner are written.
            .untouched(8 * self.ring.all_elements() - 16 * u64::from(self.ring.learners))
            .over([self.ring.learners, 1, 1]);
    }

    /// The steps after `seen` up to `last`, per learner, out of a copy of the ring taken when `last` was the last step done.
    /// Steps that have been overwritten (more than 256 back) are left out.
    ///
    /// # Panics
    /// If `bytes` is not a whole ring of `learners`.
    pub fn decode(bytes: &[u8], learners: usize, seen: u64, last: u64) -> Vec<Vec<StepValues>> {
        let rows = Self::CAPACITY as usize;
        let columns = bytes.len() / (4 * learners * rows);
        assert!([4, 8].contains(&columns) && bytes.len() == 4 * learners * rows * columns, "a ring of {learners} learners");
        let value = |learner: usize, row: usize, column: usize| {
            let first = ((learner * rows + row) * columns + column) * 4;
            f32::from_le_bytes([bytes[first], bytes[first + 1], bytes[first + 2], bytes[first + 3]])
        };
        let first = (seen + 1).max((last + 1).saturating_sub(Self::CAPACITY)).max(1);
        let read = |learner: usize, step: u64| {
            let row = ((step - 1) % Self::CAPACITY) as usize;
            let column = |column| value(learner, row, column);
            StepValues {
                step,
                loss: column(0),
                student_std: column(1),
                teacher_std: column(2),
                gradient_norm: column(3),
                distribution: (columns == 8).then(|| DistributionValues {
                    teacher_entropy: column(4),
                    mean_teacher_entropy: column(5),
                    prototypes_used: column(6),
                }),
            }
        };
        (0..learners).map(|learner| (first..=last).map(|step| read(learner, step)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_keeps_what_is_still_there() {
        let rows = StepLog::CAPACITY as usize;
        let mut ring = vec![0.0_f32; 2 * rows * 4];
        for learner in 0..2 {
            for step in 1..=300_u64 {
                let row = learner * rows + ((step - 1) % StepLog::CAPACITY) as usize;
                ring[row * 4..row * 4 + 4].copy_from_slice(&[step as f32, learner as f32, 2.0, 3.0]);
            }
        }
        let decode = |seen| StepLog::decode(bytemuck::cast_slice(&ring), 2, seen, 300);
        let all = decode(0);
        assert_eq!((all[0][0].step, all[0].len()), (45, 256));
        let new = decode(298);
        let steps: Vec<_> = new[1].iter().map(|values| (values.step, values.loss, values.student_std)).collect();
        assert_eq!(steps, [(299, 299.0, 1.0), (300, 300.0, 1.0)]);
        assert!(decode(300)[0].is_empty());
        assert!(StepLog::decode(bytemuck::cast_slice(&ring), 2, 0, 0)[1].is_empty());
    }
}

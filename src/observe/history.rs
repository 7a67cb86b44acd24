//! Decoded meters into the series that the charts draw.

use super::step_log::StepValues;
use crate::snapshot::History;

/// Adds the meters of finished steps, ascending.
pub fn push_steps(history: &mut History, steps: &[StepValues]) {
    for values in steps {
        history.loss.push(values.step, values.loss);
        history.embedding_std.push(values.step, values.student_std);
        history.teacher_std.push(values.step, values.teacher_std);
        if let Some(distribution) = values.distribution {
            history.teacher_entropy.push(values.step, distribution.teacher_entropy);
            history.mean_teacher_entropy.push(values.step, distribution.mean_teacher_entropy);
            history.kl.push(values.step, values.loss - distribution.teacher_entropy);
            history.prototypes_used.push(values.step, distribution.prototypes_used);
        }
    }
}

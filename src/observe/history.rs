//! Decoded meters into the series that the charts draw.

use super::step_log::StepValues;
use crate::snapshot::History;

/// Adds the meters of finished steps, ascending.
pub fn push_steps(history: &mut History, steps: &[StepValues]) {
    for values in steps {
        history.loss.push(values.step, values.loss);
        history.embedding_std.push(values.step, values.student_std);
        history.teacher_std.push(values.step, values.teacher_std);
    }
}

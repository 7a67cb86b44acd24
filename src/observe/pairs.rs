//! How well each of the student's crops agrees with the teacher's global crops of the same image.

use super::unit;
use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;

const PAIR_COSINES: Kernel = Kernel::new("observe/pair_cosines.wgsl");

/// Mean over the batch of cos(student's view v, teacher's global i), each x / max(|x|, 1e-6). student (L, V · B, d), teacher
/// (L, 2B, d), d a multiple of 4, rows (view, image) → (L, 2, V). Where v = i both saw the same crop.
pub fn pair_cosines(tape: &mut Tape<'_>, student: &Tensor, teacher: &Tensor) -> Tensor {
    let batch = teacher.rows / 2;
    let views = student.rows / batch;
    assert_eq!((student.rows, teacher.rows), (views * batch, 2 * batch), "{} beside {}", student.name, teacher.name);
    assert!(student.columns == teacher.columns && student.columns.is_multiple_of(4), "{} beside {}", student.name, teacher.name);
    let y = tape.tensor("pair_cosines", [student.learners, 2, views]);
    tape.dispatch(&PAIR_COSINES)
        .set("batch", batch)
        .set("views", views)
        .set("quads", student.columns / 4)
        .set("student_stride", student.learner_stride / 4)
        .set("teacher_stride", teacher.learner_stride / 4)
        .read("student", student)
        .read("teacher", teacher)
        .write("y", &y)
        // Two cosines of each crop; squares of both sides.
        .flops(6 * student.all_elements() + 2 * teacher.all_elements())
        .over([2 * views, 1, student.learners]);
    y
}

/// Naive.
pub fn reference(student: &Host, teacher: &Host) -> Host {
    let batch = teacher.shape[1] / 2;
    let (student, teacher) = (unit::reference(student), unit::reference(teacher));
    Host::from_fn([student.shape[0], 2, student.shape[1] / batch], |l, i, v| {
        let cosine =
            |b: usize| (0..student.shape[2]).map(|c| student.at(l, v * batch + b, c) * teacher.at(l, i * batch + b, c)).sum::<f64>();
        (0..batch).map(cosine).sum::<f64>() / batch as f64
    })
}

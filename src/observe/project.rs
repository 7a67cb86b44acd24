//! The cloud's three axes and its points.
//!
//! The axes are the first three eigenvectors of the *uncentred* second moment of the students' normalised projections: the
//! cloud keeps its place on the unit sphere, so that a collapsed one is a single point *on* the sphere, not in its middle. They
//! are turned within their span to fit the previous frame's axes (orthogonal Procrustes), so the cloud neither flips nor jumps.

use super::spectrum::{Eigen, eigen, second_moment};
use super::unit::normalise;
use crate::gpu::{Gpu, GpuError, Kernel, Tape, Tensor};

const AXES: Kernel = Kernel::new("observe/axes.wgsl");
const POINTS: Kernel = Kernel::new("observe/points.wgsl");

/// What the picture draws.
#[derive(Clone, Debug)]
pub struct Projection {
    /// (L, n, 8): student x, y, z, class or -1; teacher x, y, z, 2 − 2 cos between the two projections.
    pub points: Tensor,
    /// The share of the students' squared length that the three axes show, 0 to 1: (L, 1, 1).
    pub explained: Tensor,
    /// The students' rows at length 1, (L, n, d rounded up to a multiple of 4).
    pub student: Tensor,
}

/// Axes to be kept from frame to frame, (L, 3, d rounded up to a multiple of 4): zeros, which mean "none yet". Uploading zeros
/// starts afresh.
pub fn axes(gpu: &Gpu, learners: u32, dimensions: u32) -> Result<Tensor, GpuError> {
    gpu.tensor("axes", [learners, 3, dimensions.next_multiple_of(4)])
}

/// Rows (L, n, d) normalised and put on the axes as they are: (L, n, 8), x, y, z first.
pub fn place(tape: &mut Tape<'_>, axes: &Tensor, rows: &Tensor) -> Tensor {
    let [learners, count, columns] = rows.shape();
    assert_eq!(axes.shape(), [learners, 3, columns.next_multiple_of(4)], "axes for {}", rows.name);
    let unit = normalise(tape, rows);
    let labels = tape.gpu().tensor("no_labels", [1, count, 1]).expect("a few bytes fit");
    let points = tape.tensor("places", [learners, count, 8]);
    record_points(tape, [&unit, &unit], axes, &labels, &points);
    points
}

fn record_points(tape: &mut Tape<'_>, [student, teacher]: [&Tensor; 2], axes: &Tensor, labels: &Tensor, points: &Tensor) {
    tape.dispatch(&POINTS)
        .set("rows", points.rows)
        .set("quads", axes.columns / 4)
        .read("student", student)
        .read("teacher", teacher)
        .read("axes", axes)
        .read("labels", labels)
        .write("points", points)
        .flops(6 * (student.all_elements() + teacher.all_elements()))
        .over([points.rows, 1, points.learners]);
}

/// Updates `axes` to the students of this frame and projects both networks on them. student, teacher (L, n, d), d at most 128;
/// labels (1, n, 1) u32, 0xffffffff for none.
pub fn project(tape: &mut Tape<'_>, axes: &Tensor, student: &Tensor, teacher: &Tensor, labels: &Tensor) -> Projection {
    let [learners, rows, columns] = student.shape();
    assert_eq!(axes.shape(), [learners, 3, columns.next_multiple_of(4)], "axes for {}", student.name);
    assert_eq!(teacher.shape(), student.shape(), "teacher beside {}", student.name);
    assert_eq!(labels.elements(), rows, "labels of {}", student.name);
    let quads = columns.div_ceil(4);
    tape.scope("project", |tape| {
        let student = normalise(tape, student);
        let teacher = normalise(tape, teacher);
        let moment = second_moment(tape, &student, false);
        let Eigen { values, vectors } = eigen(tape, &moment);
        let basis = tape.tensor("basis", axes.shape());
        let explained = tape.tensor("explained", [learners, 1, 1]);
        let points = tape.tensor("points", [learners, rows, 8]);
        tape.dispatch(&AXES)
            .set("learners", learners)
            .set("quads", quads)
            .set("columns", columns)
            .read("values", &values)
            .read("vectors", &vectors)
            .write("basis", &basis)
            .read_write("axes", axes)
            .write("explained", &explained)
            .over([learners, 1, 1]);
        record_points(tape, [&student, &teacher], axes, labels, &points);
        Projection { points, explained, student }
    })
}

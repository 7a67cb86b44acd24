//! The first row of every image: its CLS token. Its gradient is zero in all other rows, so where it is added to another it touches
//! the first rows alone.

use super::case::{Case, Input};
use super::items::{fits_lines, items_over};
use super::reference::Host;
use super::sequences::{Sequences, SetSequences as _};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/first_rows_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/first_rows_backward.wgsl");
const ADD: Kernel = Kernel::new("ops/first_rows_add.wgsl");
const BACKWARD_QUADS: Kernel = Kernel::new("ops/first_rows_backward_quads.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "first_rows",
    kernels: &["first_rows_forward", "first_rows_add"],
    variants: &[
        Variant::software("quads", Needs::Pairs, &["first_rows_backward_quads"]),
        Variant::gpu("items", Needs::Nothing, &["first_rows_backward"]),
    ],
};

/// x (L, rows, C) of `sequences` → (L, images, C).
///
/// # Panics
/// If x has other rows.
pub fn first_rows(tape: &mut Tape<'_>, x: &Tensor, sequences: Sequences) -> Tensor {
    let [learners, rows, columns] = x.shape();
    assert_eq!(sequences.rows(), rows, "rows of {}", x.name);
    let images = sequences.images();
    let y = tape.tensor("first_rows", [learners, images, columns]);
    tape.dispatch(&FORWARD)
        .set("rows", rows)
        .set("images", images)
        .set("columns", columns)
        .sequences(sequences)
        .read("x", x)
        .write("y", &y)
        .untouched(4 * (x.all_elements() - y.all_elements()))
        .over(items_over(y.elements(), learners));
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        let elements = x.elements();
        let (kernel, over) = if dx.accumulate {
            (ADD, items_over(dy.elements(), learners))
        } else if tape.chooses(&FAMILY, "quads", columns.is_multiple_of(4) && fits_lines(elements / 4)) {
            (BACKWARD_QUADS, [elements / 4, 1, learners])
        } else {
            (BACKWARD, items_over(elements, learners))
        };
        let added = if dx.accumulate { dy.all_elements() } else { 0 };
        let untouched = if dx.accumulate { 8 * (x.all_elements() - dy.all_elements()) } else { 0 };
        tape.dispatch(&kernel)
            .set("rows", rows)
            .set("images", images)
            .set("columns", columns)
            .sequences(sequences)
            .read("dy", dy)
            .read_write_or_write("dx", &dx.tensor, dx.accumulate)
            .untouched(untouched)
            .flops(added)
            .over(over);
    });
    y
}

/// Naive forward of x.
pub fn reference(x: &Host, sequences: Sequences) -> Host {
    Host::from_fn([x.shape[0], sequences.images() as usize, x.shape[2]], |l, image, c| x.at(l, sequences.offset(image as u32) as usize, c))
}

/// Naive backward: dx.
pub fn reference_backward(x: &Host, dy: &Host, sequences: Sequences) -> Host {
    let mut dx = Host::zeros(x.shape);
    for image in 0..sequences.images() {
        for (l, c) in (0..x.shape[0]).flat_map(|l| (0..x.shape[2]).map(move |c| (l, c))) {
            *dx.at_mut(l, sequences.offset(image) as usize, c) = dy.at(l, image as usize, c);
        }
    }
    dx
}

/// Images of one row, of several, and of two lengths.
pub fn cases() -> Vec<Case> {
    let two = |counts, lengths| Sequences { counts, lengths };
    [(1, Sequences::uniform(1, 1), 1), (2, Sequences::uniform(3, 5), 7), (3, two([2, 3], [9, 4]), 12), (1, two([1, 67], [2, 1]), 5)]
        .into_iter()
        .map(|(learners, sequences, columns)| Case {
            name: format!("first_rows {learners}x{columns}, {:?} of {:?}", sequences.counts, sequences.lengths),
            inputs: vec![Input::new("x", [learners, sequences.rows() as usize, columns])],
            record: Box::new(move |tape, inputs| first_rows(tape, &inputs[0], sequences)),
            forward: Box::new(move |inputs| reference(&inputs[0], sequences)),
            backward: Box::new(move |inputs, dy| vec![reference_backward(&inputs[0], dy, sequences)]),
            tolerance: (1e-6, 1e-6),
            flops: (learners * columns) as u64 * u64::from(sequences.rows()),
        })
        .collect()
}

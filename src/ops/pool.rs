//! The mean of consecutive rows: what is left of an image's patches at the end of the pyramid.

use super::case::{Case, Input};
use super::items::{fits_lines, items_over};
use super::reference::Host;
use super::sequences::{Sequences, SetSequences as _};
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/mean_pool_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/mean_pool_backward.wgsl");
const FORWARD_ROWS: Kernel = Kernel::new("ops/mean_pool_forward_rows.wgsl");
const BACKWARD_ROWS: Kernel = Kernel::new("ops/mean_pool_backward_rows.wgsl");
const FORWARD_SEQUENCES: Kernel = Kernel::new("ops/mean_pool_sequences_forward.wgsl");
const BACKWARD_SEQUENCES: Kernel = Kernel::new("ops/mean_pool_sequences_backward.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "mean_pool",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Pairs, &["mean_pool_forward_rows", "mean_pool_backward_rows"]),
        Variant::gpu("items", Needs::Nothing, &["mean_pool_forward", "mean_pool_backward"]),
    ],
};

/// The mean of each `group` consecutive rows. x (L, R, C) → (L, R / group, C).
///
/// # Panics
/// If the groups do not fill the rows.
pub fn mean_pool(tape: &mut Tape<'_>, x: &Tensor, group: u32) -> Tensor {
    let [learners, rows_in, columns] = x.shape();
    assert!(rows_in.is_multiple_of(group), "{}: {rows_in} rows in groups of {group}", x.name);
    let rows = rows_in / group;
    let y = tape.tensor("mean_pool", [learners, rows, columns]);
    let by_rows = tape.chooses(&FAMILY, "rows", columns.is_multiple_of(4) && fits_lines(rows));
    let over = move |items: u32| if by_rows { [rows, 1, learners] } else { items_over(items, learners) };
    tape.dispatch(&if by_rows { FORWARD_ROWS } else { FORWARD })
        .set("rows", rows)
        .set("columns", columns)
        .set("group", group)
        .read("x", x)
        .write("y", &y)
        .flops(x.all_elements())
        .over(over(rows * columns));
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&if by_rows { BACKWARD_ROWS } else { BACKWARD })
            .set("rows", rows)
            .set("columns", columns)
            .set("group", group)
            .read("dy", dy)
            .gradient("dx", &dx)
            .flops(x.all_elements())
            .over(over(rows_in * columns));
    });
    y
}

/// The mean of each image's rows. x (L, rows, C) of `sequences` → (L, images, C).
///
/// # Panics
/// If x has other rows.
pub fn mean_pool_sequences(tape: &mut Tape<'_>, x: &Tensor, sequences: Sequences) -> Tensor {
    let [learners, rows, columns] = x.shape();
    assert_eq!(sequences.rows(), rows, "rows of {}", x.name);
    if sequences.counts[1] == 0 {
        return mean_pool(tape, x, sequences.lengths[0]);
    }
    let images = sequences.images();
    let y = tape.tensor("mean_pool", [learners, images, columns]);
    tape.dispatch(&FORWARD_SEQUENCES)
        .set("rows", rows)
        .set("images", images)
        .set("columns", columns)
        .sequences(sequences)
        .read("x", x)
        .write("y", &y)
        .flops(x.all_elements())
        .over(items_over(y.elements(), learners));
    let x = x.clone();
    tape.on_backward(&y, &[&x.clone()], move |tape, dy| {
        let dx = tape.gradient(&x);
        tape.dispatch(&BACKWARD_SEQUENCES)
            .set("rows", rows)
            .set("images", images)
            .set("columns", columns)
            .sequences(sequences)
            .read("dy", dy)
            .gradient("dx", &dx)
            .flops(x.all_elements())
            .over(items_over(x.elements(), learners));
    });
    y
}

/// Naive forward of x.
pub fn reference(x: &Host, group: usize) -> Host {
    let [learners, rows, columns] = x.shape;
    Host::from_fn([learners, rows / group, columns], |l, r, c| (0..group).map(|i| x.at(l, r * group + i, c)).sum::<f64>() / group as f64)
}

/// Naive backward: dx.
pub fn reference_backward(x: &Host, dy: &Host, group: usize) -> Host {
    Host::from_fn(x.shape, |l, r, c| dy.at(l, r / group, c) / group as f64)
}

/// Naive forward of [`mean_pool_sequences`].
pub fn reference_sequences(x: &Host, sequences: Sequences) -> Host {
    Host::from_fn([x.shape[0], sequences.images() as usize, x.shape[2]], |l, image, c| {
        let (first, length) = (sequences.offset(image as u32) as usize, sequences.length(image as u32) as usize);
        (first..first + length).map(|r| x.at(l, r, c)).sum::<f64>() / length as f64
    })
}

/// Naive backward of [`mean_pool_sequences`]: dx.
pub fn reference_sequences_backward(x: &Host, dy: &Host, sequences: Sequences) -> Host {
    let places: Vec<_> = sequences.places().collect();
    Host::from_fn(x.shape, |l, r, c| {
        let (image, _) = places[r];
        dy.at(l, image as usize, c) / f64::from(sequences.length(image))
    })
}

/// Groups of one, of all rows, and in between.
pub fn cases() -> Vec<Case> {
    let mut cases = uniform_cases();
    cases.extend([(1, [1, 1], [4, 1], 1), (2, [3, 5], [4, 1], 12), (3, [1, 2], [3, 7], 5)].into_iter().map(
        |(learners, counts, lengths, columns)| {
            let sequences = Sequences { counts, lengths };
            Case {
                name: format!("mean_pool_sequences {learners}x{columns}, {counts:?} of {lengths:?}"),
                inputs: vec![Input::new("x", [learners, sequences.rows() as usize, columns])],
                record: Box::new(move |tape, inputs| mean_pool_sequences(tape, &inputs[0], sequences)),
                forward: Box::new(move |inputs| reference_sequences(&inputs[0], sequences)),
                backward: Box::new(move |inputs, dy| vec![reference_sequences_backward(&inputs[0], dy, sequences)]),
                tolerance: (1e-6, 1e-6),
                flops: 2 * (learners * columns) as u64 * u64::from(sequences.rows()),
            }
        },
    ));
    cases
}

fn uniform_cases() -> Vec<Case> {
    [([1, 1, 1], 1), ([1, 5, 7], 1), ([1, 32, 96], 4), ([3, 15, 31], 5), ([2, 48, 65], 16), ([2, 27, 12], 3), ([1, 7, 129], 7)]
        .into_iter()
        .map(|(shape, group)| Case {
            name: format!("mean_pool {}x{}x{} by {group}", shape[0], shape[1], shape[2]),
            inputs: vec![Input::new("x", shape)],
            record: Box::new(move |tape, inputs| mean_pool(tape, &inputs[0], group as u32)),
            forward: Box::new(move |inputs| reference(&inputs[0], group)),
            backward: Box::new(move |inputs, dy| vec![reference_backward(&inputs[0], dy, group)]),
            tolerance: (1e-6, 1e-6),
            flops: 2 * shape.iter().product::<usize>() as u64,
        })
        .collect()
}

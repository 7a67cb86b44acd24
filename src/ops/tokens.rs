//! The tokens a ViT starts from: each image's CLS token and patches, with the positions added.

use super::case::{Case, Input};
use super::items::{fits_lines, items_over};
use super::reference::Host;
use super::sequences::{Sequences, SetSequences as _};
use crate::gpu::{Family, GradSlot, Kernel, Needs, Tape, Tensor, Variant};

const FORWARD: Kernel = Kernel::new("ops/tokens_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/tokens_backward.wgsl");
const FORWARD_QUADS: Kernel = Kernel::new("ops/tokens_forward_quads.wgsl");
const BACKWARD_QUADS: Kernel = Kernel::new("ops/tokens_backward_quads.wgsl");
const SUM_IMAGES: Kernel = Kernel::new("ops/sum_images.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "tokens",
    kernels: &["sum_images"],
    variants: &[
        Variant::software("quads", Needs::Pairs, &["tokens_forward_quads", "tokens_backward_quads"]),
        Variant::gpu("items", Needs::Nothing, &["tokens_forward", "tokens_backward"]),
    ],
};

/// Row 0 of each image is cls + its position, the others are x + theirs.
///
/// x (L, rows, C): patches of `sequences`; cls (L, 1, C); positions (L, 1 + patches, C), or all in one row, of images of the first
/// and of the second length (`None` where there are none) → (L, rows + images, C).
///
/// # Panics
/// If shapes do not fit.
pub fn tokens(tape: &mut Tape<'_>, x: &Tensor, cls: &Tensor, positions: [Option<&Tensor>; 2], sequences: Sequences) -> Tensor {
    let [learners, rows, columns] = x.shape();
    let (images, whole) = (sequences.images(), sequences.with_extra_row());
    let Sequences { counts, lengths } = whole;
    assert_eq!(sequences.rows(), rows, "rows of {}", x.name);
    assert_eq!(cls.shape(), [learners, 1, columns], "shape of {}", cls.name);
    for (index, positions) in positions.into_iter().enumerate().filter(|&(index, _)| counts[index] > 0) {
        let elements = positions.map(|positions| [positions.learners, positions.elements()]);
        assert_eq!(elements, Some([learners, lengths[index] * columns]), "positions of images of {} rows", lengths[index]);
    }
    let present = positions[0].or(positions[1]).expect("images have positions");
    let both = positions.map(|positions| positions.unwrap_or(present));
    let y = tape.tensor("tokens", [learners, whole.rows(), columns]);
    let aligned = [x, cls, both[0], both[1]].iter().all(|tensor| tensor.learner_stride.is_multiple_of(4));
    let quads = tape.chooses(&FAMILY, "quads", columns.is_multiple_of(4) && aligned && fits_lines(y.elements() / 4));
    let over = move |elements: u32| if quads { [elements / 4, 1, learners] } else { items_over(elements, learners) };
    tape.dispatch(&if quads { FORWARD_QUADS } else { FORWARD })
        .set("rows", whole.rows())
        .set("images", images)
        .set("columns", columns)
        .sequences(whole)
        .set("cls_stride", cls.learner_stride)
        .set("positions0_stride", both[0].learner_stride)
        .set("positions1_stride", both[1].learner_stride)
        .read("x", x)
        .read("cls", cls)
        .read("positions0", both[0])
        .read("positions1", both[1])
        .write("y", &y)
        .flops(y.all_elements())
        .over(over(y.elements()));
    let mut inputs = vec![x, cls];
    inputs.extend(positions.into_iter().flatten());
    let (x, cls, positions) = (x.clone(), cls.clone(), positions.map(|positions| positions.cloned()));
    tape.on_backward(&y, &inputs, move |tape, dy| {
        if tape.needs_gradient(&x) {
            let dx = tape.gradient(&x);
            tape.dispatch(&if quads { BACKWARD_QUADS } else { BACKWARD })
                .set("rows", rows)
                .set("images", images)
                .set("columns", columns)
                .sequences(sequences)
                .read("dy", dy)
                .gradient("dx", &dx)
                .over(over(x.elements()));
        }
        for (index, positions) in positions.iter().enumerate().filter(|&(index, _)| counts[index] > 0) {
            let positions = positions.as_ref().expect("images have positions");
            if tape.needs_gradient(&cls) || tape.needs_gradient(positions) {
                sum_images(tape, dy, whole, index, positions, &cls);
            }
        }
    });
    y
}

/// The gradients of the positions of all images of one length, and of what stands in their first rows.
fn sum_images(tape: &mut Tape<'_>, dy: &Tensor, sequences: Sequences, index: usize, positions: &Tensor, cls: &Tensor) {
    let mut slot = |parameter: &Tensor| {
        let unwanted = |tape: &mut Tape<'_>| tape.tensor("unwanted", [dy.learners, parameter.rows, parameter.columns]);
        if tape.needs_gradient(parameter) { tape.gradient(parameter) } else { GradSlot { tensor: unwanted(tape), accumulate: false } }
    };
    let (dx, dfirst) = (slot(positions), slot(cls));
    let length = sequences.lengths[index];
    let summed = u64::from(dy.learners) * u64::from(sequences.counts[index]) * u64::from(length * dy.columns);
    tape.dispatch(&SUM_IMAGES)
        .set("rows", dy.rows)
        .set("columns", dy.columns)
        .set("first", if index == 0 { 0 } else { sequences.offset(sequences.counts[0]) })
        .set("images", sequences.counts[index])
        .set("length", length)
        .set("stride", dx.tensor.learner_stride)
        .set("first_stride", dfirst.tensor.learner_stride)
        .set("accumulate_first", dfirst.accumulate)
        .read("dy", dy)
        .gradient("dx", &dx)
        .read_write_or_write("dfirst", &dfirst.tensor, dfirst.accumulate)
        .flops(summed + if dfirst.accumulate { dfirst.tensor.all_elements() } else { 0 })
        .untouched(4 * (dy.all_elements() - summed))
        .over([length * dy.columns, 1, dy.learners]);
}

/// Naive forward of x, cls, and the positions of both lengths.
pub fn reference(inputs: &[Host], sequences: Sequences) -> Host {
    let [learners, _, columns] = inputs[0].shape;
    let places: Vec<_> = sequences.with_extra_row().places().collect();
    Host::from_fn([learners, places.len(), columns], |l, r, c| {
        let (image, place) = places[r];
        let positions = &inputs[if image < sequences.counts[0] { 2 } else { 3 }];
        let token = match place.checked_sub(1) {
            None => inputs[1].at(l, 0, c),
            Some(patch) => inputs[0].at(l, (sequences.offset(image) + patch) as usize, c),
        };
        token + positions.at(l, place as usize, c)
    })
}

/// Naive backward: dx, dcls, and those of the positions.
pub fn reference_backward(inputs: &[Host], dy: &Host, sequences: Sequences) -> Vec<Host> {
    let mut gradients: Vec<Host> = inputs.iter().map(|input| Host::zeros(input.shape)).collect();
    for (r, (image, place)) in sequences.with_extra_row().places().enumerate() {
        for (l, c) in (0..dy.shape[0]).flat_map(|l| (0..dy.shape[2]).map(move |c| (l, c))) {
            let slope = dy.at(l, r, c);
            *gradients[if image < sequences.counts[0] { 2 } else { 3 }].at_mut(l, place as usize, c) += slope;
            match place.checked_sub(1) {
                None => *gradients[1].at_mut(l, 0, c) += slope,
                Some(patch) => *gradients[0].at_mut(l, (sequences.offset(image) + patch) as usize, c) += slope,
            }
        }
    }
    gradients
}

/// One length and two, one patch, one image.
pub fn cases() -> Vec<Case> {
    let two = |counts, lengths| Sequences { counts, lengths };
    [
        (1, Sequences::uniform(1, 1), 1),
        (2, Sequences::uniform(3, 4), 7),
        (3, two([2, 3], [9, 4]), 12),
        (1, two([1, 5], [4, 16]), 67),
        (2, two([2, 1], [5, 5]), 3),
    ]
    .into_iter()
    .map(|(learners, sequences, columns)| {
        let rows = |index: usize| sequences.lengths[index] as usize + 1;
        let mut inputs = vec![
            Input::new("x", [learners, sequences.rows() as usize, columns]),
            Input::new("cls", [learners, 1, columns]),
            Input::new("positions0", [learners, rows(0), columns]),
        ];
        if sequences.counts[1] > 0 {
            inputs.push(Input::new("positions1", [learners, rows(1), columns]));
        }
        Case {
            name: format!("tokens {learners}x{columns}, {:?} of {:?}", sequences.counts, sequences.lengths),
            inputs,
            record: Box::new(move |tape, inputs| tokens(tape, &inputs[0], &inputs[1], [Some(&inputs[2]), inputs.get(3)], sequences)),
            forward: Box::new(move |inputs| reference(inputs, sequences)),
            backward: Box::new(move |inputs, dy| reference_backward(inputs, dy, sequences)),
            tolerance: (1e-5, 1e-5),
            flops: 4 * (learners * columns) as u64 * u64::from(sequences.rows()),
        }
    })
    .collect()
}

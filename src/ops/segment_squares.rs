//! Sums of squares over pieces of flat buffers: norms of the layers of a gradient, of an update, of the distance of two networks.
//!
//! Pieces are short ([`PIECE`]), so that a layer is many of them: f32 sums stay exact enough, and whoever wants a layer adds its
//! pieces in f64.

use std::ops::Range;

use super::case::{Case, Input};
use super::reference::Host;
use crate::gpu::{Family, Kernel, Needs, Tape, Tensor, Variant};

const SUMS: Kernel = Kernel::new("ops/segment_squares.wgsl");
const SUMS_GROUP: Kernel = Kernel::new("ops/segment_squares_group.wgsl");

/// The ways to compute it.
pub const FAMILY: Family = Family {
    name: "segment_squares",
    kernels: &[],
    variants: &[
        Variant::software("rows", Needs::Nothing, &["segment_squares"]),
        Variant::gpu("group", Needs::Nothing, &["segment_squares_group"]),
    ],
};

/// Elements of a piece at most.
pub const PIECE: u32 = 2048;

/// A segment cut into pieces: first element and length of each.
pub fn pieces(segment: Range<u32>) -> impl Iterator<Item = [u32; 2]> {
    segment.clone().step_by(PIECE as usize).map(move |first| [first, PIECE.min(segment.end - first)])
}

/// Sum of (a - share · b)² over each piece, of the first learner. a, b (L, 1, P), pieces (1, S, 2) u32 → (1, 1, S).
///
/// # Panics
/// If a and b differ in size.
pub fn segment_squares(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, share: f32, pieces: &Tensor) -> Tensor {
    assert_eq!(a.elements(), b.elements(), "squares of {} and {}", a.name, b.name);
    let count = pieces.rows;
    let software = tape.chooses(&FAMILY, "rows", true);
    let sums = tape.tensor("segment_squares", [1, 1, count]);
    tape.dispatch(&if software { SUMS } else { SUMS_GROUP })
        .set("count", count)
        .set("share", share)
        .read("a", a)
        .read("b", b)
        .read("pieces", pieces)
        .write("sums", &sums)
        .flops(4 * u64::from(a.elements()))
        .untouched(4 * (a.all_elements() + b.all_elements() - 2 * u64::from(a.elements())))
        .over([if software { count } else { count * 64 }, 1, 1]);
    sums
}

/// Naive sums.
pub fn reference(a: &[f64], b: &[f64], share: f64, pieces: &[[u32; 2]]) -> Vec<f64> {
    let square = |index: usize| (a[index] - share * b[index]).powi(2);
    pieces.iter().map(|&[first, length]| (first as usize..(first + length) as usize).map(square).sum()).collect()
}

/// Buffers of one piece, of many, with gaps between, and of several learners (of which the first counts).
pub fn cases() -> Vec<Case> {
    let case = |learners: usize, segments: Vec<Range<u32>>, share: f32| {
        let pieces: Vec<[u32; 2]> = segments.into_iter().flat_map(pieces).collect();
        let elements = pieces.last().map_or(0, |piece| piece[0] + piece[1]) as usize;
        let of_reference = pieces.clone();
        Case {
            name: format!("segment squares {learners}x{elements}, {} pieces, share {share}", pieces.len()),
            inputs: vec![Input::new("a", [learners, 1, elements]).constant(), Input::new("b", [learners, 1, elements]).constant()],
            flops: 3 * elements as u64,
            record: Box::new(move |tape, inputs| {
                let table = tape.gpu().tensor("pieces", [1, pieces.len() as u32, 2]).expect("a small tensor");
                tape.gpu().upload(&table, &pieces.concat());
                segment_squares(tape, &inputs[0], &inputs[1], share, &table)
            }),
            forward: Box::new(move |inputs| {
                let [a, b] = [0, 1].map(|index| &inputs[index].values[..elements]);
                let sums = reference(a, b, f64::from(share), &of_reference);
                let shape = [1, 1, sums.len()];
                Host { shape, values: sums }
            }),
            backward: Box::new(|inputs, _| inputs.to_vec()),
            tolerance: (1e-6, 1e-5),
        }
    };
    vec![
        case(1, std::iter::once(0..1).collect(), 1.0),
        case(1, vec![0..96, 128..128 + 3 * PIECE + 5, 8192..8192 + 64], 1.0),
        case(3, vec![0..5000, 5056..5100], 0.0),
        case(2, (0..90).map(|index| index * 64..index * 64 + 33).collect(), 0.5),
    ]
}

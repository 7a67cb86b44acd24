//! The sums that waited ([`Tape::collect_sums`]): the parts of all weight gradients of a backward, summed in one dispatch. To the bit
//! what the folds of each operation give.

use super::items::rows_over;
use crate::gpu::{Kernel, Sum, Tape, Tensor};

const SUM_PARTS: Kernel = Kernel::new("ops/sum_parts.wgsl");

/// Sums that a workgroup makes.
const BLOCK: u32 = 64;
/// Words of a block (`struct Block`).
const WORDS: usize = 6;

/// What each workgroup sums.
fn blocks(sums: &[Sum]) -> Vec<[u32; WORDS]> {
    let of_sum = |sum: &Sum| {
        let Sum { from, stride, rows, to, elements, accumulate } = *sum;
        let block = move |at: u32| [from + at, stride, rows, to + at, BLOCK.min(elements - at), u32::from(accumulate)];
        (0..elements).step_by(BLOCK as usize).map(block)
    };
    let mut blocks: Vec<_> = sums.iter().flat_map(of_sum).collect();
    // The longest first, so that no core is left with one of them at the end.
    blocks.sort_by_key(|block| std::cmp::Reverse(block[2]));
    blocks
}

/// Sums parts (L, 1, n) to their places in gradients (L, 1, P); a [`RecordSums`](crate::gpu::RecordSums).
pub fn sum_parts(tape: &mut Tape<'_>, parts: &Tensor, gradients: &Tensor, sums: &[Sum]) {
    let learners = u64::from(gradients.learners);
    let total = |count: fn(&Sum) -> u32| learners * sums.iter().map(|sum| u64::from(count(sum))).sum::<u64>();
    let (read, written) = (total(|sum| sum.rows * sum.elements), total(|sum| sum.elements));
    let added = total(|sum| if sum.accumulate { sum.elements } else { 0 });
    let blocks = blocks(sums);
    let table = tape.table("sums", &blocks);
    tape.dispatch(&SUM_PARTS)
        .set("blocks", blocks.len() as u32)
        .set("parts_stride", parts.learner_stride)
        .set("gradients_stride", gradients.learner_stride)
        .read("blocks", &table)
        .read("parts", parts)
        .read_write("gradients", gradients)
        .flops(read + added)
        .untouched(4 * (parts.all_elements() - read + 2 * gradients.all_elements() - written - added))
        .over(rows_over(false, blocks.len() as u32, gradients.learners));
}

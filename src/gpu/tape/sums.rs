//! Sums of partial results that can wait: while [`Tape::collect_sums`] is on, operations leave the parts of a gradient in one common
//! buffer, and at the end of the backward all of them are summed at once, where each had a dispatch of its own for it.
//!
//! Subtlety: a gradient that waits has not been written. Whoever asks for its slot gets all sums first ([`Tape::gradient`]).

use super::{GradSlot, Tape};
use crate::gpu::memory::{ALIGNMENT, Tensor, aligned_elements};

/// A sum that waits.
#[derive(Clone, Debug)]
pub struct Sum {
    /// Where in a learner's part of the common buffer the first row of parts begins.
    pub from: u32,
    /// From a row to the next.
    pub stride: u32,
    /// Rows to be summed.
    pub rows: u32,
    /// Where in a learner's part of the gradients the sums begin: a multiple of 64.
    pub to: u32,
    /// Elements of a row.
    pub elements: u32,
    /// Add to what is there (true) or overwrite it (false).
    pub accumulate: bool,
}

/// Records the sums of parts (L, 1, n) to gradients (L, 1, P).
pub type RecordSums = fn(&mut Tape<'_>, &Tensor, &Tensor, &[Sum]);

pub(super) struct Collected {
    parts: Tensor,
    used: u32,
    gradients: Tensor,
    waiting: Vec<Sum>,
    record: RecordSums,
}

impl Collected {
    /// Where in a learner's part of the gradients a slot lies, if it does.
    fn place(&self, slot: &GradSlot) -> Option<u32> {
        (slot.tensor.id == self.gradients.id).then(|| ((slot.tensor.offset - self.gradients.offset) / 4) as u32)
    }
}

/// Room for parts, in sizes of the gradients.
const ROOM: u32 = 8;

impl<'g> Tape<'g> {
    /// From here on, sums that end up in `gradients` (L, 1, P) may wait until the end of the backward, when `record` records them.
    pub fn collect_sums(&mut self, gradients: &Tensor, record: RecordSums) {
        let limits = &self.gpu().limits;
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / (4 * u64::from(gradients.learners));
        let room = u64::from(gradients.elements()) * u64::from(ROOM);
        let parts = self.tensor("parts", [gradients.learners, 1, room.min(most) as u32 / ALIGNMENT * ALIGNMENT]);
        self.collected = Some(Collected { parts, used: 0, gradients: gradients.clone(), waiting: Vec::new(), record });
    }

    /// A place for parts (L, rows, columns) of sums that go to `slots`: in the common buffer if these sums may wait, else a tensor of
    /// its own. Its learners may lie further apart than it is long.
    pub fn parts(&mut self, name: &str, shape: [u32; 3], slots: &[&GradSlot]) -> Tensor {
        let [learners, rows, columns] = shape;
        if let Some(collected) = &mut self.collected
            && learners == collected.parts.learners
            && rows * columns <= collected.parts.elements() - collected.used
            && slots.iter().all(|slot| collected.place(slot).is_some())
        {
            let first = collected.used;
            collected.used = (first + aligned_elements(rows * columns)).min(collected.parts.elements());
            return collected.parts.slice(name, first, rows, columns);
        }
        self.tensor(name, shape)
    }

    /// Lets the sum over the rows of `parts`, of the columns from `first` on, wait for the others; false if it may not.
    pub fn sum_later(&mut self, parts: &Tensor, first: u32, into: &GradSlot) -> bool {
        let Some(collected) = self.collected.as_mut().filter(|collected| collected.parts.id == parts.id) else { return false };
        let Some(to) = collected.place(into) else { return false };
        let from = ((parts.offset - collected.parts.offset) / 4) as u32 + first;
        let elements = into.tensor.elements();
        collected.waiting.push(Sum { from, stride: parts.columns, rows: parts.rows, to, elements, accumulate: into.accumulate });
        true
    }

    /// Whether the sum for a gradient waits.
    pub(super) fn waits(&self, gradient: &Tensor) -> bool {
        self.collected.as_ref().is_some_and(|collected| {
            gradient.id == collected.gradients.id
                && collected.waiting.iter().any(|sum| u64::from(sum.to) * 4 == gradient.offset - collected.gradients.offset)
        })
    }

    /// Records all sums that wait.
    pub(super) fn sum_now(&mut self) {
        let Some(collected) = &mut self.collected else { return };
        let waiting = std::mem::take(&mut collected.waiting);
        if !waiting.is_empty() {
            let (parts, gradients, record) = (collected.parts.clone(), collected.gradients.clone(), collected.record);
            record(self, &parts, &gradients, &waiting);
        }
    }
}

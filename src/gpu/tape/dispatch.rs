//! A dispatch as it is recorded: a kernel, what is bound to it, its uniform's values, its size in items.

use std::collections::HashSet;

use super::{GradSlot, Tape};
use crate::gpu::kernel::{Kernel, Value};
use crate::gpu::memory::Tensor;
use crate::profile::Work;

pub(super) struct Bound {
    pub(super) name: &'static str,
    pub(super) tensor: Tensor,
    pub(super) access: Recorded,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Read,
    Write,
    ReadWrite,
}

pub(super) struct Dispatch {
    pub(super) label: String,
    /// The outermost scope it was recorded in; empty outside of scopes.
    pub(super) stage: String,
    pub(super) kernel: Kernel,
    pub(super) values: Vec<(&'static str, Value)>,
    pub(super) bound: Vec<Bound>,
    pub(super) items: [u32; 3],
    pub(super) flops: u64,
    untouched: u64,
}
impl Dispatch {
    /// Each tensor counts once if it is read and once if it is written, however often it is bound.
    pub(super) fn work(&self) -> Work {
        let traffic = |counts: fn(Recorded) -> bool| -> u64 {
            let mut seen = HashSet::new();
            let bound = self.bound.iter().filter(|bound| counts(bound.access) && seen.insert(bound.tensor.key()));
            bound.map(|bound| 4 * bound.tensor.all_elements()).sum()
        };
        let bytes = traffic(|access| access != Recorded::Write) + traffic(|access| access != Recorded::Read);
        Work { flops: self.flops, bytes: bytes.saturating_sub(self.untouched) }
    }

    /// Workgroups along x, y and z.
    pub(super) fn groups(&self, size: [u32; 3]) -> [u32; 3] {
        std::array::from_fn(|axis| self.items[axis].div_ceil(size[axis]))
    }
}

/// A dispatch being recorded: one expression, sized in items.
#[must_use = "a dispatch is recorded by `over`"]
pub struct Record<'t, 'g> {
    tape: &'t mut Tape<'g>,
    dispatch: Dispatch,
}

impl<'t, 'g> Record<'t, 'g> {
    pub(super) fn new(tape: &'t mut Tape<'g>, label: String, stage: String, kernel: &Kernel) -> Self {
        let kernel = kernel.clone();
        let (values, bound) = (Vec::new(), Vec::new());
        Self { tape, dispatch: Dispatch { label, stage, kernel, values, bound, items: [0; 3], flops: 0, untouched: 0 } }
    }

    /// Sets a field of the shader's uniform.
    pub fn set(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.dispatch.values.push((field, value.into()));
        self
    }

    fn bind(mut self, name: &'static str, tensor: &Tensor, access: Recorded) -> Self {
        self.dispatch.bound.push(Bound { name, tensor: tensor.clone(), access });
        self
    }

    /// Binds a tensor that is only read.
    pub fn read(self, name: &'static str, tensor: &Tensor) -> Self {
        self.bind(name, tensor, Recorded::Read)
    }

    /// Binds a tensor that is overwritten.
    pub fn write(self, name: &'static str, tensor: &Tensor) -> Self {
        self.bind(name, tensor, Recorded::Write)
    }

    /// Binds a tensor that is updated in place.
    pub fn read_write(self, name: &'static str, tensor: &Tensor) -> Self {
        self.bind(name, tensor, Recorded::ReadWrite)
    }

    /// Binds a tensor that is updated in place if `update`, overwritten if not.
    pub fn read_write_or_write(self, name: &'static str, tensor: &Tensor, update: bool) -> Self {
        self.bind(name, tensor, if update { Recorded::ReadWrite } else { Recorded::Write })
    }

    /// Binds a gradient: overwritten, or added to where the slot says so. The shader gets `accumulate` as a uniform field.
    pub fn gradient(self, name: &'static str, slot: &GradSlot) -> Self {
        self.flops(if slot.accumulate { slot.tensor.all_elements() } else { 0 }).set("accumulate", slot.accumulate).read_write_or_write(
            name,
            &slot.tensor,
            slot.accumulate,
        )
    }

    /// Adds to the floating-point operations that the dispatch needs, all learners together; [`crate::profile`] says what counts.
    pub const fn flops(mut self, count: u64) -> Self {
        self.dispatch.flops += count;
        self
    }

    /// So many bytes of the tensors that are bound are neither read nor written.
    pub const fn untouched(mut self, bytes: u64) -> Self {
        self.dispatch.untouched += bytes;
        self
    }

    /// Records the dispatch over so many items (invocations) along x, y and z.
    pub fn over(mut self, items: [u32; 3]) {
        self.dispatch.items = items;
        self.tape.dispatches.push(self.dispatch);
    }
}

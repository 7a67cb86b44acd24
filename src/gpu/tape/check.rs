//! What [`Tape::freeze`](super::Tape::freeze) refuses, by name: a dispatch that does not fit its shader, one that reads what it
//! writes or what nothing wrote, one beyond the adapter's limits.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::dispatch::{Dispatch, Recorded};
use crate::gpu::error::FreezeError;
use crate::gpu::kernel::{Access, CompiledKernel};
use crate::gpu::memory::Tensor;

/// What the dispatches so far have written: ranges of bytes by buffer.
#[derive(Default)]
pub(super) struct Written(HashMap<u64, Vec<Range<u64>>>);

impl Written {
    /// Checks that what a dispatch reads was written before, and counts what it writes.
    pub(super) fn pass(&mut self, dispatch: &Dispatch) -> Result<(), FreezeError> {
        for bound in dispatch.bound.iter().filter(|bound| bound.access != Recorded::Write) {
            let ranges = self.0.get(&bound.tensor.id).map_or(&[][..], Vec::as_slice);
            if !bound.tensor.persistent && !ranges.iter().any(|range| range.contains(&bound.tensor.offset)) {
                return Err(FreezeError::ReadBeforeWrite { dispatch: dispatch.label.clone(), tensor: bound.tensor.name.to_string() });
            }
        }
        for bound in dispatch.bound.iter().filter(|bound| bound.access != Recorded::Read) {
            let tensor = &bound.tensor;
            self.0.entry(tensor.id).or_default().push(tensor.offset..tensor.offset + tensor.bytes());
        }
        Ok(())
    }
}

/// Checks a dispatch against its shader and the limits.
pub(super) fn check(dispatch: &Dispatch, kernel: &CompiledKernel, limits: &wgpu::Limits) -> Result<(), FreezeError> {
    check_bindings(dispatch, kernel)?;
    check_ranges(dispatch)?;
    check_limits(dispatch, kernel, limits)
}

fn check_bindings(dispatch: &Dispatch, kernel: &CompiledKernel) -> Result<(), FreezeError> {
    let label = || dispatch.label.clone();
    let mut seen = HashSet::new();
    for bound in &dispatch.bound {
        let Some(declared) = kernel.bindings.iter().find(|binding| binding.name == bound.name) else {
            let known: Vec<_> = kernel.bindings.iter().map(|binding| binding.name.as_str()).collect();
            return Err(FreezeError::UnknownBinding { dispatch: label(), binding: bound.name.to_owned(), known: known.join(", ") });
        };
        if !seen.insert(bound.name) {
            return Err(FreezeError::BoundTwice { dispatch: label(), binding: bound.name.to_owned() });
        }
        let recorded = if bound.access == Recorded::Read { Access::Read } else { Access::ReadWrite };
        if recorded != declared.access {
            return Err(FreezeError::AccessMismatch {
                dispatch: label(),
                binding: bound.name.to_owned(),
                recorded: recorded.word(),
                declared: declared.access.word(),
            });
        }
    }
    match kernel.bindings.iter().find(|binding| !seen.contains(binding.name.as_str())) {
        Some(missing) => Err(FreezeError::MissingBinding { dispatch: label(), binding: missing.name.clone() }),
        None => Ok(()),
    }
}

fn check_ranges(dispatch: &Dispatch) -> Result<(), FreezeError> {
    for (index, one) in dispatch.bound.iter().enumerate() {
        for other in &dispatch.bound[index + 1..] {
            if one.tensor.id != other.tensor.id {
                continue;
            }
            let reads = [one, other].iter().filter(|bound| bound.access == Recorded::Read).count();
            if reads == 1 {
                return Err(FreezeError::ReadAndWritten { dispatch: dispatch.label.clone(), tensor: one.tensor.name.to_string() });
            }
            if reads == 0 && overlap(&one.tensor, &other.tensor) {
                return Err(FreezeError::OverlappingWrites { dispatch: dispatch.label.clone(), tensor: one.tensor.name.to_string() });
            }
        }
    }
    Ok(())
}

// Slices of one parameter buffer interleave: the second learner's weights lie behind the first one's bias.
fn overlap(one: &Tensor, other: &Tensor) -> bool {
    let range = |tensor: &Tensor| tensor.offset..tensor.offset + tensor.bytes();
    let (a, b) = (range(one), range(other));
    let stride = u64::from(one.learner_stride) * 4;
    if stride != 0 && one.learner_stride == other.learner_stride {
        let bytes = |tensor: &Tensor| u64::from(tensor.elements()) * 4;
        let ahead = (b.start + stride - a.start % stride) % stride;
        return ahead < bytes(one) || stride - ahead < bytes(other);
    }
    a.start < b.end && b.start < a.end
}

fn check_limits(dispatch: &Dispatch, kernel: &CompiledKernel, limits: &wgpu::Limits) -> Result<(), FreezeError> {
    let used = kernel.bindings.len() as u32;
    let limit = limits.max_storage_buffers_per_shader_stage;
    if used > limit {
        return Err(FreezeError::TooManyBuffers { dispatch: dispatch.label.clone(), used, limit });
    }
    if dispatch.items.contains(&0) {
        return Err(FreezeError::EmptyDispatch { dispatch: dispatch.label.clone(), items: dispatch.items });
    }
    let groups = dispatch.groups(kernel.group_size);
    let limit = limits.max_compute_workgroups_per_dimension;
    if groups.iter().any(|&count| count > limit) {
        return Err(FreezeError::TooManyGroups { dispatch: dispatch.label.clone(), groups, limit });
    }
    Ok(())
}
/// The bytes of a dispatch's uniform; none without one.
pub(super) fn uniform_block(dispatch: &Dispatch, kernel: &CompiledKernel) -> Result<Option<Vec<u8>>, FreezeError> {
    let refuse = |field: &str, problem: String| FreezeError::Uniform { dispatch: dispatch.label.clone(), field: field.to_owned(), problem };
    let Some(layout) = &kernel.uniform else {
        return match dispatch.values.first() {
            Some((field, _)) => Err(refuse(field, "the shader has no uniform".to_owned())),
            None => Ok(None),
        };
    };
    let mut block = vec![0; layout.size as usize];
    let mut seen = HashSet::new();
    for (name, value) in &dispatch.values {
        let Some(field) = layout.fields.iter().find(|field| field.name == *name) else {
            return Err(refuse(name, "the shader's uniform has no such field".to_owned()));
        };
        if !seen.insert(*name) {
            return Err(refuse(name, "set twice".to_owned()));
        }
        if field.type_name != value.type_name() {
            return Err(refuse(name, format!("set as {}, but the shader declares {}", value.type_name(), field.type_name)));
        }
        block[field.offset as usize..field.offset as usize + 4].copy_from_slice(&value.bytes());
    }
    match layout.fields.iter().find(|field| !seen.contains(field.name.as_str())) {
        Some(field) => Err(refuse(&field.name, "not set".to_owned())),
        None => Ok(Some(block)),
    }
}

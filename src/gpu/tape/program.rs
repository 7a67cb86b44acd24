//! The frozen tape: a program that replays with nothing left to decide.

use std::ops::Range;
use std::sync::Arc;

use super::check::{Written, check, uniform_block};
use super::dispatch::Dispatch;
use super::{Consulted, Tape};
use crate::gpu::context::Gpu;
use crate::gpu::error::GpuError;
use crate::gpu::kernel::CompiledKernel;
use crate::profile;

impl Tape<'_> {
    /// Checks everything and builds the bind groups.
    pub fn freeze(self) -> Result<Program, GpuError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let mut written = Written::default();
        let mut uniform_bytes = Vec::new();
        let mut prepared = Vec::new();
        for dispatch in &self.dispatches {
            let kernel = self.gpu.compiled(&dispatch.kernel)?;
            check(dispatch, &kernel, &self.gpu.limits)?;
            written.pass(dispatch)?;
            let uniform = uniform_block(dispatch, &kernel)?;
            let place = uniform.map(|block| {
                let start = uniform_bytes.len() as u64;
                uniform_bytes.extend_from_slice(&block);
                uniform_bytes.resize(uniform_bytes.len().next_multiple_of(256), 0);
                (start, block.len() as u64)
            });
            prepared.push((dispatch, kernel, place));
        }
        let uniforms = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("uniforms"),
            size: uniform_bytes.len().max(256) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.queue.write_buffer(&uniforms, 0, &uniform_bytes);
        let stages = stages(&self.dispatches);
        let consulted = self.consulted.into_values().collect();
        let dispatches = prepared.iter().map(|(dispatch, kernel, _)| described(dispatch, kernel)).collect();
        let steps = prepared.into_iter().map(|(dispatch, kernel, place)| build(self.gpu, dispatch, kernel, place, &uniforms)).collect();
        Ok(Program { steps, stages, dispatches, consulted })
    }
}
fn described(dispatch: &Dispatch, kernel: &CompiledKernel) -> profile::Dispatch {
    profile::Dispatch {
        label: dispatch.label.clone(),
        kernel: dispatch.kernel.name().to_owned(),
        work: dispatch.work(),
        groups: dispatch.groups(kernel.group_size),
    }
}
/// Runs of dispatches that were recorded under one outermost scope.
fn stages(dispatches: &[Dispatch]) -> Vec<Stage> {
    let mut first = 0;
    let runs = dispatches.chunk_by(|one, next| one.stage == next.stage);
    runs.map(|run| {
        let range = first..first + run.len();
        first = range.end;
        Stage { name: run[0].stage.clone(), range }
    })
    .collect()
}
fn build(gpu: &Gpu, dispatch: &Dispatch, kernel: Arc<CompiledKernel>, uniform: Option<(u64, u64)>, uniforms: &wgpu::Buffer) -> Step {
    let mut entries: Vec<_> = dispatch
        .bound
        .iter()
        .map(|bound| {
            let declared = kernel.bindings.iter().find(|binding| binding.name == bound.name).expect("checked by check_bindings");
            wgpu::BindGroupEntry { binding: declared.index, resource: bound.tensor.binding() }
        })
        .collect();
    if let (Some(layout), Some((offset, size))) = (&kernel.uniform, uniform) {
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: uniforms, offset, size: wgpu::BufferSize::new(size) });
        entries.push(wgpu::BindGroupEntry { binding: layout.index, resource });
    }
    let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(&dispatch.label),
        layout: &kernel.layout,
        entries: &entries,
    });
    let groups = dispatch.groups(kernel.group_size);
    Step { kernel, bind_group, groups }
}
struct Step {
    kernel: Arc<CompiledKernel>,
    bind_group: wgpu::BindGroup,
    groups: [u32; 3],
}

impl Step {
    fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.dispatch_workgroups(self.groups[0], self.groups[1], self.groups[2]);
    }
}

/// A run of dispatches recorded under one outermost scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The scope; empty for what was recorded outside of any.
    pub name: String,
    /// Its dispatches.
    pub range: Range<usize>,
}

/// A frozen tape: replays with nothing left to decide.
pub struct Program {
    steps: Vec<Step>,
    stages: Vec<Stage>,
    dispatches: Arc<[profile::Dispatch]>,
    consulted: Vec<Consulted>,
}

impl Program {
    /// Number of dispatches.
    pub const fn len(&self) -> usize {
        self.steps.len()
    }

    /// Nothing was recorded.
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The outermost scopes in the order in which they are run, one behind the other without gaps.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The kernel families that it was recorded with, and the variants taken.
    pub fn consulted(&self) -> &[Consulted] {
        &self.consulted
    }

    /// Scope and kernel of each dispatch.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.dispatches.iter().map(|dispatch| dispatch.label.as_str())
    }

    /// What there is to know of each dispatch.
    pub const fn dispatches(&self) -> &Arc<[profile::Dispatch]> {
        &self.dispatches
    }

    /// Encodes all of it in one pass.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        self.encode_range(encoder, 0..self.len(), None);
    }

    /// Encodes the dispatches of some kernels, named by the stem of their file, in one pass: for measuring them, not for their
    /// results.
    pub fn encode_kernels(&self, encoder: &mut wgpu::CommandEncoder, wanted: impl Fn(&str) -> bool) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("kernels"), timestamp_writes: None });
        let stem = |step: &Step| wanted(step.kernel.label.split('[').next().unwrap_or_default());
        self.steps.iter().filter(|step| stem(step)).for_each(|step| step.encode(&mut pass));
    }

    /// Encodes some of its dispatches in one pass, in which graphics debuggers see a group a stage.
    pub fn encode_range(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        range: Range<usize>,
        timestamps: Option<wgpu::ComputePassTimestampWrites<'_>>,
    ) {
        let label = if range.len() == 1 { self.dispatches[range.start].label.as_str() } else { "dispatches" };
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes: timestamps });
        for stage in &self.stages {
            let part = stage.range.start.max(range.start)..stage.range.end.min(range.end);
            if part.is_empty() {
                continue;
            }
            pass.push_debug_group(&stage.name);
            self.steps[part].iter().for_each(|step| step.encode(&mut pass));
            pass.pop_debug_group();
        }
    }
}

impl Gpu {
    /// Submits a whole program.
    pub fn run(&self, program: &Program) {
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("run") });
        program.encode(&mut encoder);
        self.queue.submit([encoder.finish()]);
    }
}

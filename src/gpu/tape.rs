//! The static tape: record dispatches once, run them every step.
//!
//! Recording an operation's forward also registers its local backward; [`Tape::backward`] unwinds these once, at record time.
//! [`Tape::freeze`] checks every dispatch against its shader and refuses, by name, what does not fit. The first operation that
//! writes a gradient overwrites it, later ones add: [`GradSlot::accumulate`] says which. What only hands its gradient on (a
//! residual) need not copy it: [`Tape::pass_gradient`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::context::Gpu;
use super::error::{FreezeError, GpuError};
use super::kernel::{Access, CompiledKernel, Kernel, Value};
use super::memory::Tensor;
use super::variant::{Choices, Family};
use crate::profile::{self, Work};

type Key = (u64, u64);
type Backward<'g> = Box<dyn FnOnce(&mut Tape<'g>, &Tensor) + 'g>;

/// Where an operation's backward puts a gradient.
#[derive(Clone, Debug)]
pub struct GradSlot {
    /// The gradient, shaped like its tensor.
    pub tensor: Tensor,
    /// Add to what is there (true) or overwrite it (false).
    pub accumulate: bool,
}

struct Bound {
    name: &'static str,
    tensor: Tensor,
    access: Recorded,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Read,
    Write,
    ReadWrite,
}

struct Dispatch {
    label: String,
    /// The outermost scope it was recorded in; empty outside of scopes.
    stage: String,
    kernel: Kernel,
    values: Vec<(&'static str, Value)>,
    bound: Vec<Bound>,
    items: [u32; 3],
    flops: u64,
    untouched: u64,
}

/// A backward that waits to be unwound.
struct Registered<'g> {
    output: Tensor,
    /// The scopes in which the forward was recorded: the backward's lie in the same ones, under those in which it is unwound.
    scope: Vec<String>,
    backward: Backward<'g>,
}

/// A family that was asked for a variant while a tape was recorded.
#[derive(Clone, Debug)]
pub struct Consulted {
    /// The family.
    pub family: &'static Family,
    /// The variants given, by the shapes that took them.
    pub chosen: BTreeSet<&'static str>,
}

/// Records dispatches and their backward; see the module's page.
pub struct Tape<'g> {
    gpu: &'g Gpu,
    dispatches: Vec<Dispatch>,
    scope: Vec<String>,
    backward: Vec<Registered<'g>>,
    gradients: HashMap<Key, Tensor>,
    written_gradients: HashSet<Key>,
    /// Gradients for which the tape made a tensor itself: nobody outside knows them.
    own_gradients: HashSet<Key>,
    tracked: HashSet<Key>,
    recording_gradients: bool,
    software: bool,
    choices: Choices,
    consulted: BTreeMap<&'static str, Consulted>,
    failure: Option<GpuError>,
}

impl<'g> Tape<'g> {
    /// An empty tape.
    pub fn new(gpu: &'g Gpu) -> Self {
        Self {
            gpu,
            dispatches: Vec::new(),
            scope: Vec::new(),
            backward: Vec::new(),
            gradients: HashMap::new(),
            written_gradients: HashSet::new(),
            own_gradients: HashSet::new(),
            tracked: HashSet::new(),
            recording_gradients: true,
            software: gpu.is_software(),
            choices: gpu.choices(),
            consulted: BTreeMap::new(),
            failure: None,
        }
    }

    /// Records the kernel variants of software adapters (true) or of GPUs (false), whatever the adapter is and whatever was asked
    /// of it: for tests.
    #[must_use]
    pub fn with_variants(mut self, software: bool) -> Self {
        self.software = software;
        self.choices = Choices::default();
        self
    }

    /// Records with these choices in place of the GPU's.
    #[must_use]
    pub fn with_choices(mut self, choices: Choices) -> Self {
        self.choices = choices;
        self
    }

    /// The name of the variant of `family` for one shape; `fits` says which names take the shape. See [`variant`](super::variant).
    pub fn choose(&mut self, family: &'static Family, fits: impl Fn(&'static str) -> bool) -> &'static str {
        let chosen = self.choices.choose(family, self.gpu, self.software, fits);
        let consulted = self.consulted.entry(family.name).or_insert_with(|| Consulted { family, chosen: BTreeSet::new() });
        consulted.chosen.insert(chosen.name);
        chosen.name
    }

    /// Whether [`Self::choose`] gives the variant `name`, which takes the shape if `fits`; the others take every shape.
    pub fn chooses(&mut self, family: &'static Family, name: &'static str, fits: bool) -> bool {
        self.choose(family, |variant| variant != name || fits) == name
    }

    /// The families asked so far, with the variants that were given.
    pub fn consulted(&self) -> impl Iterator<Item = &Consulted> {
        self.consulted.values()
    }

    /// The GPU it records for.
    pub const fn gpu(&self) -> &'g Gpu {
        self.gpu
    }

    /// A new zeroed tensor (L, R, C) that lives as long as the program. Must be written before it is read.
    ///
    /// A size beyond the adapter's limits is reported by [`Self::freeze`].
    pub fn tensor(&mut self, name: &str, shape: [u32; 3]) -> Tensor {
        let label = self.label(name);
        self.gpu.allocate(&label, shape).unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            self.gpu
                .allocate(&label, [1, 1, 1])
                .map(|small| Tensor { learners: shape[0], rows: shape[1], columns: shape[2], ..small })
                .expect("four bytes fit")
        })
    }

    fn label(&self, name: &str) -> String {
        let mut label = self.scope.join("/");
        if !label.is_empty() {
            label.push('/');
        }
        label + name
    }

    /// Starts a dispatch of `kernel`; finish it with [`Record::over`].
    pub fn dispatch(&mut self, kernel: &Kernel) -> Record<'_, 'g> {
        let label = self.label(&kernel.label());
        let stage = self.scope.first().cloned().unwrap_or_default();
        Record {
            dispatch: Dispatch {
                label,
                stage,
                kernel: kernel.clone(),
                values: Vec::new(),
                bound: Vec::new(),
                items: [0; 3],
                flops: 0,
                untouched: 0,
            },
            tape: self,
        }
    }

    /// Labels everything recorded inside with `name/`.
    pub fn scope<R>(&mut self, name: &str, record: impl FnOnce(&mut Self) -> R) -> R {
        self.scope.push(name.to_owned());
        let result = record(self);
        self.scope.pop();
        result
    }

    /// Records without registering any backward.
    pub fn no_grad<R>(&mut self, record: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.recording_gradients, false);
        let result = record(self);
        self.recording_gradients = before;
        result
    }

    /// Makes `gradient` the place where the gradient with respect to `parameter` goes. Several parameters may share a gradient
    /// (student and teacher, when the stop-gradient is off): the contributions add.
    pub fn bind_gradient(&mut self, parameter: &Tensor, gradient: &Tensor) {
        self.tracked.insert(parameter.key());
        self.gradients.insert(parameter.key(), gradient.clone());
    }

    /// Asks for the gradient with respect to an input.
    pub fn track(&mut self, input: &Tensor) {
        self.tracked.insert(input.key());
    }

    /// Whether a gradient with respect to `tensor` is wanted.
    pub fn needs_gradient(&self, tensor: &Tensor) -> bool {
        self.recording_gradients && self.tracked.contains(&tensor.key())
    }

    /// The slot for the gradient with respect to `of`: the first caller overwrites, later ones add.
    pub fn gradient(&mut self, of: &Tensor) -> GradSlot {
        let tensor = match self.gradients.get(&of.key()) {
            Some(tensor) => tensor.clone(),
            None => {
                let tensor = self.tensor(&format!("d{}", of.name), of.shape());
                self.gradients.insert(of.key(), tensor.clone());
                self.own_gradients.insert(tensor.key());
                tensor
            }
        };
        let accumulate = !self.written_gradients.insert(tensor.key());
        GradSlot { tensor: tensor.reshaped(of.rows, of.columns), accumulate }
    }

    /// Makes the gradient of `output` that of `input` too, without a copy: what comes later adds to it in place. Only within
    /// the backward of `output`, behind everything in it that reads the gradient; from then on `output` has none. That is safe
    /// because all who use `output` have been unwound before, and nobody reads its gradient again.
    ///
    /// Where it cannot be passed, the slot that it is to be added to: something has written the gradient of `input`, or that has
    /// a place of its own, or the gradient of `output` was given from outside.
    pub fn pass_gradient(&mut self, output: &Tensor, input: &Tensor) -> Option<GradSlot> {
        let gradient = self.gradients.get(&output.key()).filter(|gradient| self.own_gradients.contains(&gradient.key())).cloned();
        match gradient {
            Some(gradient) if !self.gradients.contains_key(&input.key()) => {
                self.gradients.remove(&output.key());
                self.gradients.insert(input.key(), gradient);
                None
            }
            _ => Some(self.gradient(input)),
        }
    }

    /// The gradient with respect to `of`, if some backward has written it.
    pub fn written_gradient(&self, of: &Tensor) -> Option<Tensor> {
        let tensor = self.gradients.get(&of.key())?;
        self.written_gradients.contains(&tensor.key()).then(|| tensor.reshaped(of.rows, of.columns))
    }

    /// Registers how `output`'s gradient flows back into `inputs`; does nothing where none of them wants one.
    pub fn on_backward(&mut self, output: &Tensor, inputs: &[&Tensor], backward: impl FnOnce(&mut Self, &Tensor) + 'g) {
        if inputs.iter().any(|input| self.needs_gradient(input)) {
            self.tracked.insert(output.key());
            self.backward.push(Registered { output: output.clone(), scope: self.scope.clone(), backward: Box::new(backward) });
        }
    }

    /// Unwinds every registered backward, the gradient of `loss` being 1 for each of its elements.
    pub fn backward(&mut self, loss: &Tensor) {
        match self.gpu.tensor("dloss", loss.shape()) {
            Ok(ones) => {
                self.gpu.upload(&ones, &vec![1.0_f32; (loss.learners * loss.elements()) as usize]);
                self.seed(loss, &ones);
                self.unwind();
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// Gives the gradient of an output, from which [`Self::unwind`] starts.
    pub fn seed(&mut self, output: &Tensor, gradient: &Tensor) {
        self.gradients.insert(output.key(), gradient.clone());
        self.written_gradients.insert(gradient.key());
    }

    /// Unwinds every registered backward, last first.
    pub fn unwind(&mut self) {
        let outer = self.scope.len();
        for Registered { output, scope, backward } in std::mem::take(&mut self.backward).into_iter().rev() {
            if let Some(gradient) = self.written_gradient(&output) {
                self.scope.extend(scope);
                backward(self, &gradient);
                self.scope.truncate(outer);
            }
        }
    }

    /// Checks everything and builds the bind groups.
    pub fn freeze(self) -> Result<Program, GpuError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let mut written: HashMap<u64, Vec<Range<u64>>> = HashMap::new();
        let mut uniform_bytes = Vec::new();
        let mut prepared = Vec::new();
        for dispatch in &self.dispatches {
            let kernel = self.gpu.compiled(&dispatch.kernel)?;
            check_bindings(dispatch, &kernel)?;
            check_ranges(dispatch)?;
            check_limits(dispatch, &kernel, &self.gpu.limits)?;
            for bound in dispatch.bound.iter().filter(|bound| bound.access != Recorded::Write) {
                let ranges = written.get(&bound.tensor.id).map_or(&[][..], Vec::as_slice);
                if !bound.tensor.persistent && !ranges.iter().any(|range| range.contains(&bound.tensor.offset)) {
                    return Err(
                        FreezeError::ReadBeforeWrite { dispatch: dispatch.label.clone(), tensor: bound.tensor.name.to_string() }.into()
                    );
                }
            }
            for Bound { tensor, .. } in dispatch.bound.iter().filter(|bound| bound.access != Recorded::Read) {
                written.entry(tensor.id).or_default().push(tensor.offset..tensor.offset + tensor.bytes());
            }
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
        work: work(dispatch),
        groups: groups(dispatch.items, kernel.group_size),
    }
}

/// Each tensor counts once if it is read and once if it is written, however often it is bound.
fn work(dispatch: &Dispatch) -> Work {
    let traffic = |counts: fn(Recorded) -> bool| -> u64 {
        let mut seen = HashSet::new();
        let bound = dispatch.bound.iter().filter(|bound| counts(bound.access) && seen.insert(bound.tensor.key()));
        bound.map(|bound| 4 * bound.tensor.all_elements()).sum()
    };
    let bytes = traffic(|access| access != Recorded::Write) + traffic(|access| access != Recorded::Read);
    Work { flops: dispatch.flops, bytes: bytes.saturating_sub(dispatch.untouched) }
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
    let groups = groups(dispatch.items, kernel.group_size);
    let limit = limits.max_compute_workgroups_per_dimension;
    if groups.iter().any(|&count| count > limit) {
        return Err(FreezeError::TooManyGroups { dispatch: dispatch.label.clone(), groups, limit });
    }
    Ok(())
}

fn groups(items: [u32; 3], size: [u32; 3]) -> [u32; 3] {
    std::array::from_fn(|axis| items[axis].div_ceil(size[axis]))
}

fn uniform_block(dispatch: &Dispatch, kernel: &CompiledKernel) -> Result<Option<Vec<u8>>, FreezeError> {
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
    let groups = groups(dispatch.items, kernel.group_size);
    Step { kernel, bind_group, groups }
}

/// A dispatch being recorded: one expression, sized in items.
#[must_use = "a dispatch is recorded by `over`"]
pub struct Record<'t, 'g> {
    tape: &'t mut Tape<'g>,
    dispatch: Dispatch,
}

impl Record<'_, '_> {
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

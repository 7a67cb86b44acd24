//! Tensors: cheap handles on ranges of GPU buffers.
//!
//! A handle keeps its buffer alive (the buffer is reference-counted), so a program that is dropped frees its activations and
//! nobody has to own an arena.

use std::sync::Arc;

use super::context::Gpu;
use super::error::GpuError;

/// Elements (of 4 bytes) that a slice is padded to, so that the next one starts where a binding may start.
pub const ALIGNMENT: u32 = 64;

/// `count` rounded up to the alignment of a binding.
pub const fn aligned_elements(count: u32) -> u32 {
    count.div_ceil(ALIGNMENT) * ALIGNMENT
}

/// A row-major array (L, R, C) of 32-bit elements: learners, rows, columns.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// The buffer it lies in.
    pub buffer: wgpu::Buffer,
    /// First byte.
    pub offset: u64,
    /// L; 1 if all learners share it.
    pub learners: u32,
    /// R
    pub rows: u32,
    /// C
    pub columns: u32,
    /// Elements from one learner to the next; 0 if all learners share it.
    pub learner_stride: u32,
    /// For labels and errors.
    pub name: Arc<str>,
    pub(super) id: u64,
    /// Written outside of tapes (parameters, uploads).
    pub(super) persistent: bool,
}

impl Tensor {
    /// (L, R, C)
    pub const fn shape(&self) -> [u32; 3] {
        [self.learners, self.rows, self.columns]
    }

    /// Elements of one learner.
    pub const fn elements(&self) -> u32 {
        self.rows * self.columns
    }

    /// Elements of all learners.
    pub const fn all_elements(&self) -> u64 {
        self.learners as u64 * self.elements() as u64
    }

    /// Elements from the first to the last of all learners, gaps included.
    pub const fn span(&self) -> u32 {
        (self.learners - 1) * self.learner_stride + self.elements()
    }

    /// Bytes of [`Self::span`].
    pub const fn bytes(&self) -> u64 {
        self.span() as u64 * 4
    }

    /// The same elements seen with another number of rows and columns.
    ///
    /// # Panics
    /// If the number of elements differs.
    #[must_use]
    pub fn reshaped(&self, rows: u32, columns: u32) -> Self {
        assert_eq!(rows * columns, self.elements(), "{}: {}x{} does not hold {}x{}", self.name, rows, columns, self.rows, self.columns);
        Self { rows, columns, ..self.clone() }
    }

    /// A slice of a flat (L, 1, n) tensor, from `first` (a multiple of 64), as (L, rows, columns).
    ///
    /// # Panics
    /// If the slice is not aligned or does not fit.
    #[must_use]
    pub fn slice(&self, name: &str, first: u32, rows: u32, columns: u32) -> Self {
        assert!(first.is_multiple_of(ALIGNMENT) && first + rows * columns <= self.elements(), "{name}: slice at {first} of {}", self.name);
        let learner_stride = self.learner_stride;
        Self { offset: self.offset + u64::from(first) * 4, rows, columns, learner_stride, name: name.into(), ..self.clone() }
    }

    /// From its first element to the last of `end`, if that lies behind it in the same buffer and has the same learners.
    pub fn through(&self, end: &Self) -> Option<Self> {
        let fits =
            self.id == end.id && self.offset < end.offset && (self.learners, self.learner_stride) == (end.learners, end.learner_stride);
        let columns = (end.offset.saturating_sub(self.offset) / 4) as u32 + end.elements();
        fits.then(|| Self { rows: 1, columns, ..self.clone() })
    }

    /// One learner's part alone, or the whole of what all share. To be bound to a kernel its place must be aligned; copies need
    /// not care.
    ///
    /// # Panics
    /// If there is no such learner.
    #[must_use]
    pub fn of_learner(&self, learner: u32) -> Self {
        assert!(learner < self.learners || self.learners == 1, "{}: learner {learner} of {}", self.name, self.learners);
        let first = if self.learners == 1 { 0 } else { u64::from(learner) * u64::from(self.learner_stride) };
        Self { offset: self.offset + first * 4, learners: 1, learner_stride: 0, ..self.clone() }
    }

    /// Its first rows, for readers that know of `learner_stride`.
    ///
    /// # Panics
    /// If there are fewer.
    #[must_use]
    pub fn first_rows(&self, rows: u32) -> Self {
        assert!(rows <= self.rows, "{}: {rows} of {} rows", self.name, self.rows);
        Self { rows, ..self.clone() }
    }

    /// The same tensor as another tape's input: written by a program that has run before.
    #[must_use]
    pub fn as_input(&self) -> Self {
        Self { persistent: true, ..self.clone() }
    }

    pub(super) fn key(&self) -> (u64, u64) {
        (self.id, self.offset)
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffer,
            offset: self.offset,
            size: wgpu::BufferSize::new(self.bytes()),
        })
    }
}

impl Gpu {
    /// A zeroed tensor (L, R, C) that is written from outside of tapes.
    pub fn tensor(&self, name: &str, shape: [u32; 3]) -> Result<Tensor, GpuError> {
        let mut tensor = self.allocate(name, shape)?;
        tensor.persistent = true;
        Ok(tensor)
    }

    pub(super) fn allocate(&self, name: &str, [learners, rows, columns]: [u32; 3]) -> Result<Tensor, GpuError> {
        let elements = u64::from(learners) * u64::from(rows) * u64::from(columns);
        let bytes = elements.max(1) * 4;
        for (limit, limit_name) in [
            (self.limits.max_buffer_size, "max_buffer_size"),
            (self.limits.max_storage_buffer_binding_size, "max_storage_buffer_binding_size"),
        ] {
            if bytes > limit {
                return Err(GpuError::TooLarge { name: name.to_owned(), bytes, limit, limit_name });
            }
        }
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(name),
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let learner_stride = if learners == 1 { 0 } else { rows * columns };
        Ok(Tensor {
            buffer,
            offset: 0,
            learners,
            rows,
            columns,
            learner_stride,
            name: name.into(),
            id: self.next_tensor_id(),
            persistent: false,
        })
    }

    /// Writes all elements of a contiguous tensor.
    ///
    /// # Panics
    /// If the number of elements differs.
    pub fn upload<T: bytemuck::NoUninit>(&self, tensor: &Tensor, elements: &[T]) {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        assert_eq!(bytes.len() as u64, tensor.bytes(), "upload to {}", tensor.name);
        self.queue.write_buffer(&tensor.buffer, tensor.offset, bytes);
    }

    /// Reads a tensor back (L·R·C elements, learner gaps left out), waiting for the GPU: for tests, dumps and checkpoints.
    pub fn download<T: bytemuck::AnyBitPattern>(&self, tensor: &Tensor) -> Result<Vec<T>, GpuError> {
        let bytes = tensor.bytes();
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("download"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("download") });
        encoder.copy_buffer_to_buffer(&tensor.buffer, tensor.offset, &staging, 0, bytes);
        self.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |_| ());
        self.wait()?;
        let view = staging.slice(..).get_mapped_range();
        let all: &[T] = bytemuck::cast_slice(&view);
        let stride = tensor.learner_stride as usize;
        let mut elements = Vec::with_capacity((tensor.learners * tensor.elements()) as usize);
        for learner in 0..tensor.learners as usize {
            elements.extend_from_slice(&all[learner * stride..learner * stride + tensor.elements() as usize]);
        }
        Ok(elements)
    }
}

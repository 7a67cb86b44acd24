//! Draws pictures where the panels want them: straight from the buffers that the networks were fed from, or from pixels that a
//! panel has coloured itself (heat maps). One quad a picture, so thousands of cells cost what a thumbnail costs.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Cloud;

use super::layout::Rect;

/// Where a picture's pixels are: RGBA8 packed in u32, red lowest, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// In a storage buffer, from this pixel on.
    Buffer(wgpu::Buffer, u32),
    /// Here; sent to the GPU with the frame.
    Words(Arc<[u32]>),
}

/// A picture on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Where, in logical pixels.
    pub rect: Rect,
    /// Its pixels.
    pub pixels: Pixels,
    /// Its width and height in its own pixels.
    pub size: [u32; 2],
    /// Interpolate between pixels (and do not show them as cells).
    pub smooth: bool,
    /// Let what lies below shine through where its alpha says so.
    pub alpha: bool,
}

impl Picture {
    /// View `view` (0 the student's, 1 the teacher's) of one of the cloud's images.
    pub fn of_cloud(cloud: &Cloud, view: u32, image: u32, rect: Rect) -> Self {
        let side = cloud.view_side;
        let first = (view * cloud.count + image.min(cloud.count.saturating_sub(1))) * side * side;
        Self { rect, pixels: Pixels::Buffer(cloud.views.clone(), first), size: [side, side], smooth: true, alpha: false }
    }

    /// Picture `index` of a buffer of square pictures.
    pub fn of_buffer(buffer: &wgpu::Buffer, side: u32, index: u32, rect: Rect) -> Self {
        Self { rect, pixels: Pixels::Buffer(buffer.clone(), index * side * side), size: [side, side], smooth: true, alpha: false }
    }

    /// Cells coloured by the panel, with their alpha.
    pub fn of_cells(words: Arc<[u32]>, size: [u32; 2], rect: Rect) -> Self {
        Self { rect, pixels: Pixels::Words(words), size, smooth: false, alpha: true }
    }
}

/// A colour as a pixel of [`Pixels::Words`].
pub fn packed(colour: super::theme::Rgba) -> u32 {
    u32::from_le_bytes(colour.map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8))
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Placed {
    rect: [f32; 4],
    first: u32,
    size: [u32; 2],
    flags: u32,
}

const SMOOTH: u32 = 1;
const ALPHA: u32 = 2;

/// The pictures' pipeline and buffers.
pub struct PicturesRenderer {
    pipeline: wgpu::RenderPipeline,
    target: wgpu::Buffer,
    placed: wgpu::Buffer,
    words: wgpu::Buffer,
    /// Bind groups by the buffer of their pixels; those of the last frame are kept.
    bound: Vec<(wgpu::Buffer, wgpu::BindGroup)>,
    /// What is to be drawn: bind group, first and last picture.
    runs: Vec<(usize, std::ops::Range<u32>)>,
}

fn storage(gpu: &Gpu, label: &str, size: u64) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: size.next_power_of_two(),
        usage,
        mapped_at_creation: false,
    })
}

impl PicturesRenderer {
    /// A pipeline for targets of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, ShaderError> {
        let source = gpu.shaders.resolve("view/pictures.wgsl")?;
        let module = gpu.shader_module("view/pictures.wgsl", &source.wgsl);
        let pipeline = gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("pictures"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex_picture"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment_picture"),
                compilation_options: Default::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format,
                    blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        let target = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("pictures' target"),
            size: 16,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let (placed, words) = (storage(gpu, "pictures", 32 * 64), storage(gpu, "pictures' cells", 1 << 14));
        Ok(Self { pipeline, target, placed, words, bound: Vec::new(), runs: Vec::new() })
    }

    /// Prepares `pictures` for a target of `size` pixels; the later ones lie over the earlier.
    pub fn prepare(&mut self, gpu: &Gpu, size: [u32; 2], scale: f32, pictures: &[Picture]) {
        self.runs.clear();
        let (mut placed, mut words) = (Vec::with_capacity(pictures.len()), Vec::new());
        for picture in pictures {
            let rect = [picture.rect.min[0], picture.rect.min[1], picture.rect.max[0], picture.rect.max[1]];
            let first = match &picture.pixels {
                Pixels::Buffer(_, first) => *first,
                Pixels::Words(cells) => {
                    let first = words.len() as u32;
                    words.extend_from_slice(cells);
                    first
                }
            };
            let flags = if picture.smooth { SMOOTH } else { 0 } | if picture.alpha { ALPHA } else { 0 };
            placed.push(Placed {
                rect: rect.map(|value| (value * scale).round()),
                first,
                size: picture.size.map(|side| side.max(1)),
                flags,
            });
        }
        if placed.is_empty() {
            return;
        }
        let fits = |buffer: &wgpu::Buffer, bytes: usize| bytes as u64 <= buffer.size();
        if !fits(&self.placed, placed.len() * size_of::<Placed>()) {
            self.placed = storage(gpu, "pictures", (placed.len() * size_of::<Placed>()) as u64);
            self.bound.clear();
        }
        if !fits(&self.words, words.len() * 4) {
            self.words = storage(gpu, "pictures' cells", words.len() as u64 * 4);
        }
        gpu.queue.write_buffer(&self.target, 0, bytemuck::bytes_of(&[size[0] as f32, size[1] as f32, 0.0, 0.0]));
        gpu.queue.write_buffer(&self.placed, 0, bytemuck::cast_slice(&placed));
        gpu.queue.write_buffer(&self.words, 0, bytemuck::cast_slice(&words));

        let known = std::mem::take(&mut self.bound);
        for (index, picture) in (0..).zip(pictures) {
            let buffer = match &picture.pixels {
                Pixels::Buffer(buffer, _) => buffer,
                Pixels::Words(_) => &self.words,
            };
            let group = match self.bound.iter().position(|(bound, _)| bound == buffer) {
                Some(group) => group,
                None => {
                    let group = match known.iter().find(|(bound, _)| bound == buffer) {
                        Some((_, group)) => group.clone(),
                        None => self.bind(gpu, buffer),
                    };
                    self.bound.push((buffer.clone(), group));
                    self.bound.len() - 1
                }
            };
            match self.runs.last_mut() {
                Some((last, range)) if *last == group => range.end = index + 1,
                _ => self.runs.push((group, index..index + 1)),
            }
        }
    }

    fn bind(&self, gpu: &Gpu, pixels: &wgpu::Buffer) -> wgpu::BindGroup {
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("pictures"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.target.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: self.placed.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 2, resource: pixels.as_entire_binding() },
            ],
        })
    }

    /// Draws what was prepared.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        if self.runs.is_empty() {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        for (group, range) in &self.runs {
            pass.set_bind_group(0, &self.bound[*group].1, &[]);
            pass.draw(0..6, range.clone());
        }
    }
}

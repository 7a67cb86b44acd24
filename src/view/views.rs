//! Draws the two views of one held-out image in the diagram, straight from the buffer that the networks were fed from.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Cloud;

use super::layout::Rect;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Pictures {
    target_size: [f32; 2],
    side: u32,
    count: u32,
    image: u32,
    padding: [u32; 3],
    rects: [[f32; 4]; 2],
}

/// The pictures' pipeline and buffer.
pub struct ViewsRenderer {
    pipeline: wgpu::RenderPipeline,
    uniform: wgpu::Buffer,
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

impl ViewsRenderer {
    /// A pipeline for targets of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, ShaderError> {
        let source = gpu.shaders.resolve("view/views.wgsl")?;
        let module = gpu.shader_module("view/views.wgsl", &source.wgsl);
        let pipeline = gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("views"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex_view"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment_view"),
                compilation_options: Default::default(),
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        let uniform = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("views"),
            size: size_of::<Pictures>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Ok(Self { pipeline, uniform, bound: None })
    }

    /// Prepares image `image` of the cloud for `rects` (student's, teacher's, in logical pixels) of a target of `size` pixels.
    pub fn prepare(&mut self, gpu: &Gpu, size: [u32; 2], scale: f32, rects: &[Rect; 2], image: u32, cloud: &Cloud) {
        let pixels = |rect: &Rect| [rect.min[0], rect.min[1], rect.max[0], rect.max[1]].map(|value| (value * scale).round());
        let pictures = Pictures {
            target_size: size.map(|side| side as f32),
            side: cloud.view_side,
            count: cloud.count,
            image: image.min(cloud.count.saturating_sub(1)),
            padding: [0; 3],
            rects: [pixels(&rects[0]), pixels(&rects[1])],
        };
        gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&pictures));
        if self.bound.as_ref().is_some_and(|(buffer, _)| *buffer == cloud.views) {
            return;
        }
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("views"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.uniform.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: cloud.views.as_entire_binding() },
            ],
        });
        self.bound = Some((cloud.views.clone(), group));
    }

    /// Draws what was prepared.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some((_, group)) = &self.bound {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..6, 0..2);
        }
    }
}

//! Draws the embedding cloud and the unit sphere with wgpu, straight from the buffer that the projection wrote: no readback, no
//! copy, and no fitting of the scale to the data.
//!
//! Subtlety: the cloud has its own pass with a depth buffer, before imgui's pass; the pass clears the target.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Cloud;

use super::camera::{Camera, EYE_DISTANCE};
use super::layout::Rect;
use super::theme::{self, Theme};

/// Circles of the wire sphere times segments, plus the outline; the shader's constants.
const SPHERE_SEGMENTS: u32 = (6 + 5 + 1) * 48;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct View {
    view_from_world: [[f32; 4]; 4],
    target_size: [f32; 2],
    centre: [f32; 2],
    focal: f32,
    eye_distance: f32,
    scale: f32,
    count: u32,
    ground: [f32; 4],
    wire: [f32; 4],
    classes: [[f32; 4]; 11],
}

/// The cloud's pipelines and small buffers.
pub struct CloudRenderer {
    layout: wgpu::BindGroupLayout,
    points: wgpu::RenderPipeline,
    links: wgpu::RenderPipeline,
    sphere: wgpu::RenderPipeline,
    uniform: wgpu::Buffer,
    /// Stands in for the points while there are none.
    empty: wgpu::Buffer,
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
    depth: Option<(wgpu::TextureView, [u32; 2])>,
}

/// Where and how large the sphere is drawn, in logical pixels.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The part of the window that the cloud may paint on.
    pub clip: Rect,
    /// The sphere's centre before panning.
    pub centre: [f32; 2],
    /// The radius of the sphere's outline at zoom 1.
    pub radius: f32,
}

impl Stage {
    /// The stage of a free area: 0.45 of its smaller side.
    pub fn new(clip: Rect, free: Rect) -> Self {
        Self { clip, centre: free.centre(), radius: 0.45 * free.width().min(free.height()) }
    }
}

const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

impl CloudRenderer {
    /// Pipelines for targets of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, ShaderError> {
        let source = gpu.shaders.resolve("view/cloud.wgsl")?;
        let module = gpu.shader_module("view/cloud.wgsl", &source.wgsl);
        let device = &gpu.device;
        let entry = |binding, visibility, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("cloud"),
            entries: &[
                entry(0, wgpu::ShaderStages::VERTEX, wgpu::BufferBindingType::Uniform),
                entry(1, wgpu::ShaderStages::VERTEX, wgpu::BufferBindingType::Storage { read_only: true }),
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("cloud"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |vertex: &str, fragment: &str, marks: bool| {
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(vertex),
                layout: Some(&pipeline_layout),
                vertex: wgpu::VertexState {
                    module: &module,
                    entry_point: Some(vertex),
                    compilation_options: Default::default(),
                    buffers: &[],
                },
                primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::TriangleStrip, ..Default::default() },
                depth_stencil: Some(wgpu::DepthStencilState {
                    format: DEPTH_FORMAT,
                    depth_write_enabled: Some(marks),
                    depth_compare: Some(if marks { wgpu::CompareFunction::LessEqual } else { wgpu::CompareFunction::Always }),
                    stencil: wgpu::StencilState::default(),
                    bias: wgpu::DepthBiasState::default(),
                }),
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some(fragment),
                    compilation_options: Default::default(),
                    targets: &[Some(wgpu::ColorTargetState {
                        format,
                        blend: Some(wgpu::BlendState {
                            color: wgpu::BlendComponent {
                                src_factor: wgpu::BlendFactor::SrcAlpha,
                                dst_factor: wgpu::BlendFactor::OneMinusSrcAlpha,
                                operation: wgpu::BlendOperation::Add,
                            },
                            alpha: wgpu::BlendComponent::OVER,
                        }),
                        write_mask: wgpu::ColorWrites::ALL,
                    })],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        Ok(Self {
            points: pipeline("vertex_points", "fragment_mark", true),
            links: pipeline("vertex_links", "fragment_line", false),
            sphere: pipeline("vertex_sphere", "fragment_line", false),
            uniform: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("cloud view"),
                size: size_of::<View>() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            empty: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("no points"),
                size: 32,
                usage: wgpu::BufferUsages::STORAGE,
                mapped_at_creation: false,
            }),
            layout,
            bound: None,
            depth: None,
        })
    }

    /// Clears `target` (of `size` pixels) to the ground and draws the sphere and the cloud on `stage`, if there is one.
    #[expect(clippy::too_many_arguments, reason = "one call a frame, each argument another fact")]
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        size: [u32; 2],
        scale: f32,
        stage: Option<&Stage>,
        camera: &Camera,
        cloud: Option<&Cloud>,
        theme: Theme,
    ) {
        let [stage_x, stage_y] = stage.map_or([0.0; 2], |stage| stage.centre);
        let radius = stage.map_or(1.0, |stage| stage.radius * scale);
        let view = View {
            view_from_world: glam::Mat4::from_mat3(camera.view_from_world()).to_cols_array_2d(),
            target_size: size.map(|side| side as f32),
            centre: [(stage_x + camera.pan.x) * scale, (stage_y + camera.pan.y) * scale],
            focal: camera.focal(radius),
            eye_distance: EYE_DISTANCE,
            scale,
            count: cloud.map_or(0, |cloud| cloud.count),
            ground: theme::GROUND.mark(theme),
            wire: theme::AXIS.mark(theme),
            classes: theme::CLASSES.map(|colour| colour.mark(theme)),
        };
        gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&view));
        self.bind(gpu, cloud.map_or(&self.empty, |cloud| &cloud.points).clone());
        if self.depth.as_ref().is_none_or(|(_, known)| *known != size) {
            let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("cloud depth"),
                size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: DEPTH_FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
                view_formats: &[],
            });
            self.depth = Some((texture.create_view(&wgpu::TextureViewDescriptor::default()), size));
        }
        let (Some((_, group)), Some((depth, _))) = (&self.bound, &self.depth) else { return };
        let [r, g, b, a] = theme::GROUND.mark(theme).map(f64::from);
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("cloud"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }), store: wgpu::StoreOp::Store },
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: depth,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                stencil_ops: None,
            }),
            ..Default::default()
        });
        let Some([x, y, width, height]) = stage.and_then(|stage| scissor(&stage.clip, scale, size)) else { return };
        pass.set_scissor_rect(x, y, width, height);
        pass.set_bind_group(0, group, &[]);
        pass.set_pipeline(&self.sphere);
        pass.draw(0..4, 0..SPHERE_SEGMENTS);
        if let Some(cloud) = cloud {
            pass.set_pipeline(&self.links);
            pass.draw(0..4, 0..cloud.count);
            pass.set_pipeline(&self.points);
            pass.draw(0..4, 0..2 * cloud.count);
        }
    }

    fn bind(&mut self, gpu: &Gpu, points: wgpu::Buffer) {
        if self.bound.as_ref().is_some_and(|(buffer, _)| *buffer == points) {
            return;
        }
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("cloud"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.uniform.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: points.as_entire_binding() },
            ],
        });
        self.bound = Some((points, group));
    }
}

/// A rectangle as whole pixels inside a target, or none where nothing of it is left.
fn scissor(rect: &Rect, scale: f32, size: [u32; 2]) -> Option<[u32; 4]> {
    let edge = |value: f32, limit: u32| ((value * scale).max(0.0).round() as u32).min(limit);
    let [left, top] = [edge(rect.min[0], size[0]), edge(rect.min[1], size[1])];
    let [right, bottom] = [edge(rect.max[0], size[0]), edge(rect.max[1], size[1])];
    (right > left && bottom > top).then(|| [left, top, right - left, bottom - top])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scissor_never_leaves_the_target() {
        for scale in [0.5, 1.0, 1.145_833_3, 3.0] {
            for size in [[1, 1], [641, 480], [1280, 800]] {
                let rect = Rect::new(-5.0, 10.3, 1e6, 1e6);
                if let Some([x, y, width, height]) = scissor(&rect, scale, size) {
                    assert!(x + width <= size[0] && y + height <= size[1]);
                    assert!(width > 0 && height > 0);
                }
            }
        }
        assert_eq!(scissor(&Rect::new(5.0, 5.0, 5.0, 9.0), 1.0, [100, 100]), None);
    }
}

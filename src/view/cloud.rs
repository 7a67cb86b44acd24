//! Draws the embedding cloud and the unit sphere with wgpu, straight from the buffer that the projection wrote: no readback, no
//! copy, and no fitting of the scale to the data. One instanced draw for each kind of mark, however many images there are.
//!
//! Several clouds of one run are drawn in one pass, each on a stage of its own; they share every buffer, and each reads its part of
//! it.
//!
//! Subtlety: clouds have their own pass with a depth buffer, before imgui's pass; the pass clears the target. Stages must not
//! overlap: depth is settled over the whole target.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Cloud;

use super::camera::{Camera, EYE_DISTANCE};
use super::layout::Rect;
use super::pictures::packed;
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
    ink: [f32; 4],
    older: u32,
    newer: u32,
    share: f32,
    dot: f32,
    slots: u32,
    chosen: u32,
    path: u32,
    thumb: f32,
    side: u32,
    thumbs: u32,
    learner: u32,
    learners: u32,
    first_tint: u32,
    first_listed: u32,
    spare: [u32; 2],
}

/// How a cloud is drawn: from where, between which projections, in which colours, and what is marked.
#[derive(Clone, Debug)]
pub struct Portrait {
    /// From where.
    pub camera: Camera,
    /// Number of the projection that dots come from, of the one they go to, and how far they are on the way.
    pub way: (u64, u64, f32),
    /// The colour of each image, [`packed`](super::pictures::packed).
    pub tints: Arc<[u32]>,
    /// Times the size of dots.
    pub dot: f32,
    /// Half the side of a thumbnail in front, in logical pixels.
    pub thumb: f32,
    /// All images are thumbnails: no dots.
    pub images: bool,
    /// What else is a thumbnail: image numbers with [`TEACHER`].
    pub thumbs: Vec<u32>,
    /// What has a ring around it: image numbers with [`TEACHER`], [`STRONG`], [`ABOUT_THUMB`].
    pub marks: Vec<u32>,
    /// The image whose path is drawn.
    pub chosen: Option<u32>,
}

impl Default for Portrait {
    fn default() -> Self {
        Self {
            camera: Camera::default(),
            way: (0, 0, 1.0),
            tints: Arc::default(),
            dot: 1.0,
            thumb: 14.0,
            images: false,
            thumbs: Vec::new(),
            marks: Vec::new(),
            chosen: None,
        }
    }
}

/// An entry of [`Portrait::thumbs`] and [`Portrait::marks`] that is about the teacher's place; else the student's.
pub const TEACHER: u32 = 0x8000_0000;
/// A mark that stands out.
pub const STRONG: u32 = 0x4000_0000;
/// A mark around a thumbnail; else around a dot.
pub const ABOUT_THUMB: u32 = 0x2000_0000;
/// Segments of a path at most: fewer than there are slots, for the next projections may be on their way into some.
const PATH: u64 = 54;

/// The cloud's pipelines and small buffers.
pub struct CloudRenderer {
    layout: wgpu::BindGroupLayout,
    points: wgpu::RenderPipeline,
    links: wgpu::RenderPipeline,
    sphere: wgpu::RenderPipeline,
    thumbs: wgpu::RenderPipeline,
    paths: wgpu::RenderPipeline,
    tips: wgpu::RenderPipeline,
    marks: wgpu::RenderPipeline,
    /// A view a cloud, `stride` bytes apart.
    views: wgpu::Buffer,
    stride: u32,
    /// Colours of the images, cloud by cloud, and whose they are.
    tints: wgpu::Buffer,
    tinted: Vec<Arc<[u32]>>,
    /// Thumbnails, then marks, cloud by cloud.
    listed: wgpu::Buffer,
    /// Stands in for the points while there are none.
    empty: wgpu::Buffer,
    /// The bind group, and what it was made of.
    bound: Option<([wgpu::Buffer; 5], wgpu::BindGroup)>,
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

/// A cloud on its stage; without one, the sphere alone.
#[derive(Clone, Debug)]
pub struct Exhibit<'a> {
    /// Where.
    pub stage: Stage,
    /// How.
    pub portrait: Portrait,
    /// What. All clouds of a frame are of one run: their points and their views lie in the same buffers.
    pub cloud: Option<&'a Cloud>,
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
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: ty == wgpu::BufferBindingType::Uniform, min_binding_size: None },
            count: None,
        };
        let read = wgpu::BufferBindingType::Storage { read_only: true };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("cloud"),
            entries: &[
                entry(0, wgpu::ShaderStages::VERTEX_FRAGMENT, wgpu::BufferBindingType::Uniform),
                entry(1, wgpu::ShaderStages::VERTEX, read),
                entry(2, wgpu::ShaderStages::VERTEX, read),
                entry(3, wgpu::ShaderStages::FRAGMENT, read),
                entry(4, wgpu::ShaderStages::VERTEX, read),
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
        let stride = (size_of::<View>() as u32).next_multiple_of(device.limits().min_uniform_buffer_offset_alignment.max(1));
        Ok(Self {
            points: pipeline("vertex_points", "fragment_mark", true),
            links: pipeline("vertex_links", "fragment_line", false),
            sphere: pipeline("vertex_sphere", "fragment_line", false),
            thumbs: pipeline("vertex_thumbs", "fragment_thumb", true),
            paths: pipeline("vertex_path", "fragment_line", false),
            tips: pipeline("vertex_tip", "fragment_line", false),
            marks: pipeline("vertex_marks", "fragment_mark", false),
            tints: storage(gpu, "cloud tints", 4096),
            tinted: Vec::new(),
            listed: storage(gpu, "cloud list", 4096),
            views: uniforms(gpu, u64::from(stride) * 2),
            stride,
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

    /// Clears `target` (of `size` pixels) to the ground and draws each exhibit's sphere and cloud on its stage.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        (size, scale): ([u32; 2], f32),
        exhibits: &[Exhibit<'_>],
        theme: Theme,
    ) {
        let drawn = self.upload(gpu, exhibits, (size, scale), theme);
        self.bind(gpu, exhibits.iter().find_map(|exhibit| exhibit.cloud));
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
        for ((number, exhibit), [thumbs, marks, path]) in (0..).zip(exhibits).zip(drawn) {
            let Some([x, y, width, height]) = scissor(&exhibit.stage.clip, scale, size) else { continue };
            pass.set_scissor_rect(x, y, width, height);
            pass.set_bind_group(0, group, &[number * self.stride]);
            pass.set_pipeline(&self.sphere);
            pass.draw(0..4, 0..SPHERE_SEGMENTS);
            let Some(cloud) = exhibit.cloud else { continue };
            pass.set_pipeline(&self.links);
            pass.draw(0..4, 0..cloud.count);
            if exhibit.chosen().is_some() {
                pass.set_pipeline(&self.paths);
                pass.draw(0..4, 0..path);
                pass.set_pipeline(&self.tips);
                pass.draw(0..4, 0..2);
            }
            if !exhibit.portrait.images {
                pass.set_pipeline(&self.points);
                pass.draw(0..4, 0..2 * cloud.count);
            }
            pass.set_pipeline(&self.thumbs);
            pass.draw(0..4, 0..thumbs);
            pass.set_pipeline(&self.marks);
            pass.draw(0..4, 0..marks);
        }
    }

    /// Brings views, colours and lists onto the GPU; gives each exhibit's thumbnails, marks and segments of a path. An image without a
    /// colour gets that of "no label".
    fn upload(&mut self, gpu: &Gpu, exhibits: &[Exhibit<'_>], (size, scale): ([u32; 2], f32), theme: Theme) -> Vec<[u32; 3]> {
        let (mut listed, mut views, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
        let mut first_tint = 0;
        for exhibit in exhibits {
            let first_listed = listed.len() as u32;
            let (view, counts) = exhibit.view((size, scale), [first_tint, first_listed], &mut listed, theme);
            first_tint += exhibit.count();
            drawn.push(counts);
            let words = bytemuck::bytes_of(&view);
            views.extend_from_slice(words);
            views.resize(views.len().next_multiple_of(self.stride as usize), 0);
        }
        if self.views.size() < views.len() as u64 {
            self.views = uniforms(gpu, views.len() as u64);
        }
        gpu.queue.write_buffer(&self.views, 0, &views);
        let room = |buffer: &wgpu::Buffer, words: u32| buffer.size() >= u64::from(words) * 4;
        if !room(&self.tints, first_tint) {
            self.tints = storage(gpu, "cloud tints", u64::from(first_tint) * 4);
            self.tinted.clear();
        }
        let same = |(known, exhibit): (&Arc<[u32]>, &Exhibit<'_>)| Arc::ptr_eq(known, &exhibit.portrait.tints);
        if self.tinted.len() != exhibits.len() || !self.tinted.iter().zip(exhibits).all(same) {
            let mut tints: Vec<u32> = Vec::with_capacity(first_tint as usize);
            for exhibit in exhibits {
                let end = tints.len() + exhibit.count() as usize;
                tints.extend(exhibit.portrait.tints.iter().take(exhibit.count() as usize));
                tints.resize(end, packed(theme::CLASSES[10].mark(theme)));
            }
            gpu.queue.write_buffer(&self.tints, 0, bytemuck::cast_slice(&tints));
            self.tinted = exhibits.iter().map(|exhibit| exhibit.portrait.tints.clone()).collect();
        }
        if !room(&self.listed, listed.len() as u32) {
            self.listed = storage(gpu, "cloud list", listed.len() as u64 * 4);
        }
        gpu.queue.write_buffer(&self.listed, 0, bytemuck::cast_slice(&listed));
        drawn
    }

    fn bind(&mut self, gpu: &Gpu, cloud: Option<&Cloud>) {
        let [points, pixels] = cloud.map_or([&self.empty; 2], |cloud| [&cloud.points, &cloud.views]);
        let buffers = [&self.views, points, &self.tints, pixels, &self.listed].map(Clone::clone);
        if self.bound.as_ref().is_some_and(|(bound, _)| *bound == buffers) {
            return;
        }
        let [view, storages @ ..] = &buffers;
        let one = wgpu::BufferBinding { buffer: view, offset: 0, size: wgpu::BufferSize::new(size_of::<View>() as u64) };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(one) }];
        entries.extend((1..).zip(storages).map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() }));
        let group =
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("cloud"), layout: &self.layout, entries: &entries });
        self.bound = Some((buffers, group));
    }
}

impl Exhibit<'_> {
    fn count(&self) -> u32 {
        self.cloud.map_or(0, |cloud| cloud.count)
    }

    fn chosen(&self) -> Option<u32> {
        self.portrait.chosen.filter(|&chosen| chosen < self.count())
    }

    /// Its view, with how many thumbnails, marks and segments of a path there are; adds the first two to the list.
    fn view(&self, (size, scale): ([u32; 2], f32), firsts: [u32; 2], listed: &mut Vec<u32>, theme: Theme) -> (View, [u32; 3]) {
        let Self { stage, portrait, cloud } = self;
        let (camera, count) = (&portrait.camera, self.count());
        let slots = cloud.map_or(1, |cloud| cloud.slots.max(1));
        let slot = |number: u64| (number % u64::from(slots)) as u32;
        let known = |entries: &[u32]| entries.iter().copied().filter(|entry| entry & 0xff_ffff < count).collect::<Vec<_>>();
        let (thumbs, marks) = (known(&portrait.thumbs), known(&portrait.marks));
        let path = portrait.way.0.min(PATH).min(u64::from(slots) - 1) as u32;
        let counts = [thumbs.len() as u32, marks.len() as u32, path];
        listed.extend(thumbs);
        listed.extend(marks);
        let view = View {
            view_from_world: glam::Mat4::from_mat3(camera.view_from_world()).to_cols_array_2d(),
            target_size: size.map(|side| side as f32),
            centre: [(stage.centre[0] + camera.pan.x) * scale, (stage.centre[1] + camera.pan.y) * scale],
            focal: camera.focal(stage.radius * scale),
            eye_distance: EYE_DISTANCE,
            scale,
            count,
            ground: theme::GROUND.mark(theme),
            wire: theme::AXIS.mark(theme),
            ink: theme::TEXT.mark(theme),
            older: slot(portrait.way.0),
            newer: slot(portrait.way.1),
            share: portrait.way.2,
            dot: portrait.dot,
            slots,
            chosen: self.chosen().unwrap_or(0),
            path,
            thumb: portrait.thumb * scale,
            side: cloud.map_or(1, |cloud| cloud.view_side),
            thumbs: counts[0],
            learner: cloud.map_or(0, |cloud| cloud.learner),
            learners: cloud.map_or(1, |cloud| cloud.learners),
            first_tint: firsts[0],
            first_listed: firsts[1],
            spare: [0; 2],
        };
        (view, counts)
    }
}

fn uniforms(gpu: &Gpu, bytes: u64) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("cloud views"),
        size: bytes,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn storage(gpu: &Gpu, label: &str, bytes: u64) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.next_power_of_two(),
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
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

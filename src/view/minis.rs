//! Draws many learners' clouds at once, small: straight from the ring of projections, with one draw for all outlines and one for all
//! dots, however many learners there are. The scale is fixed, as in the large cloud: collapse looks like collapse.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Cloud;

use super::camera::{Camera, EYE_DISTANCE};
use super::theme::{self, Colour, Theme};

/// One small cloud.
#[derive(Clone, Copy, Debug)]
pub struct Mini {
    /// Whose.
    pub learner: u32,
    /// Centre of its sphere, in logical pixels.
    pub centre: [f32; 2],
    /// Radius of its outline, in logical pixels.
    pub radius: f32,
    /// The colour of its dots.
    pub colour: Colour,
}

/// All small clouds of a frame.
#[derive(Clone, Debug, Default)]
pub struct Minis {
    /// One a learner that is shown.
    pub cells: Vec<Mini>,
    /// Radius of a dot in front, in logical pixels.
    pub dot: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct View {
    view_from_world: [[f32; 4]; 4],
    target_size: [f32; 2],
    focal: f32,
    eye_distance: f32,
    count: u32,
    older: u32,
    newer: u32,
    share: f32,
    ground: [f32; 4],
    wire: [f32; 4],
    learners: u32,
    dot: f32,
    line: f32,
    padding: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Cell {
    centre: [f32; 2],
    radius: f32,
    learner: u32,
    colour: [f32; 4],
}

/// The pipelines and buffers.
pub struct MinisRenderer {
    layout: wgpu::BindGroupLayout,
    outlines: wgpu::RenderPipeline,
    dots: wgpu::RenderPipeline,
    uniform: wgpu::Buffer,
    cells: wgpu::Buffer,
    /// The bind group, and the points it was made of.
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
    /// What is to be drawn: cells, and images in each.
    drawn: [u32; 2],
}

impl MinisRenderer {
    /// Pipelines for targets of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, ShaderError> {
        let source = gpu.shaders.resolve("view/minis.wgsl")?;
        let module = gpu.shader_module("view/minis.wgsl", &source.wgsl);
        let device = &gpu.device;
        let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::VERTEX,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let read = wgpu::BufferBindingType::Storage { read_only: true };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("small clouds"),
            entries: &[entry(0, wgpu::BufferBindingType::Uniform), entry(1, read), entry(2, read)],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("small clouds"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |vertex: &str| {
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
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some("fragment_mark"),
                    compilation_options: Default::default(),
                    targets: &[Some(wgpu::ColorTargetState {
                        format,
                        blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                        write_mask: wgpu::ColorWrites::ALL,
                    })],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        let buffer = |label, size, usage| {
            let usage = usage | wgpu::BufferUsages::COPY_DST;
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
        };
        Ok(Self {
            outlines: pipeline("vertex_outline"),
            dots: pipeline("vertex_dots"),
            uniform: buffer("small clouds' view", size_of::<View>() as u64, wgpu::BufferUsages::UNIFORM),
            cells: buffer("small clouds", (MOST * size_of::<Cell>()) as u64, wgpu::BufferUsages::STORAGE),
            layout,
            bound: None,
            drawn: [0, 0],
        })
    }

    /// Prepares small clouds for a target of `size` pixels, as `camera` sees them on their `way` between two projections.
    #[expect(clippy::too_many_arguments, reason = "one call a frame, each argument another fact")]
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        size: [u32; 2],
        scale: f32,
        minis: Option<&Minis>,
        cloud: Option<&Cloud>,
        camera: &Camera,
        way: (u64, u64, f32),
        theme: Theme,
    ) {
        self.drawn = [0, 0];
        let (Some(minis), Some(cloud)) = (minis, cloud) else { return };
        let place = |cell: &Mini| Cell {
            centre: cell.centre.map(|at| at * scale),
            radius: cell.radius * scale,
            learner: cell.learner,
            colour: cell.colour.mark(theme),
        };
        let cells: Vec<Cell> = minis.cells.iter().filter(|cell| cell.learner < cloud.learners).take(MOST).map(place).collect();
        let slot = |number: u64| (number % u64::from(cloud.slots.max(1))) as u32;
        let steady = Camera { yaw: camera.yaw, pitch: camera.pitch, ..Camera::default() };
        let view = View {
            view_from_world: glam::Mat4::from_mat3(steady.view_from_world()).to_cols_array_2d(),
            target_size: size.map(|side| side as f32),
            focal: steady.focal(1.0),
            eye_distance: EYE_DISTANCE,
            count: cloud.count,
            older: slot(way.0),
            newer: slot(way.1),
            share: way.2,
            ground: theme::GROUND.mark(theme),
            wire: theme::AXIS.mark(theme),
            learners: cloud.learners,
            dot: minis.dot * scale,
            line: scale.max(1.0),
            padding: 0.0,
        };
        gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&view));
        gpu.queue.write_buffer(&self.cells, 0, bytemuck::cast_slice(&cells));
        if self.bound.as_ref().is_none_or(|(points, _)| *points != cloud.points) {
            let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("small clouds"),
                layout: &self.layout,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: self.uniform.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 1, resource: cloud.points.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 2, resource: self.cells.as_entire_binding() },
                ],
            });
            self.bound = Some((cloud.points.clone(), group));
        }
        self.drawn = [cells.len() as u32, cloud.count];
    }

    /// Draws what was prepared.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        let [cells, images] = self.drawn;
        let Some((_, group)) = self.bound.as_ref().filter(|_| cells > 0) else { return };
        pass.set_bind_group(0, group, &[]);
        pass.set_pipeline(&self.outlines);
        pass.draw(0..4, 0..cells);
        pass.set_pipeline(&self.dots);
        pass.draw(0..4, 0..cells * images);
    }
}

/// Small clouds at most: as many as there may be learners.
const MOST: usize = 256;

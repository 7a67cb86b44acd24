//! Draws the pictures of the multi-crop scene straight from the buffers that the networks were fed from: the whole image, the
//! augmented crops, and the image under a veil in which attention leaves holes. Panels say what goes where ([`Tile`]); a frame
//! takes one draw call.
//!
//! Subtlety: a tile whose pixels its buffer does not hold is left out, so a half-filled snapshot draws less and never wrong pixels.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Inspection;

use super::layout::Rect;
use super::theme;

/// What a tile shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The whole image.
    Image,
    /// A crop as the networks get it, by its number in [`Inspection::crops`].
    Crop(usize),
}

/// One picture on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Where, in logical pixels.
    pub rect: Rect,
    /// What.
    pub source: Source,
    /// Opacities of the veil over it (side · side, rows from the top); none: no veil.
    pub veil: Option<Vec<f32>>,
}

/// The opacities of the design's veil over attention shares: the largest share is clear.
pub fn veil(shares: &[f32]) -> Vec<f32> {
    let largest = shares.iter().copied().filter(|share| share.is_finite()).fold(0.0, f32::max).max(1e-12);
    let opacity = |share: &f32| {
        let share = if share.is_finite() { (share / largest).clamp(0.0, 1.0) } else { 0.0 };
        VEIL * (1.0 - share.powf(0.7))
    };
    shares.iter().map(opacity).collect()
}

/// The veil where there is no attention. The notes' 0.62 leaves bright images too bright for a projector.
const VEIL: f32 = 0.8;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ScreenWords {
    target_size: [f32; 2],
    padding: [f32; 2],
    ground: [f32; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct TileWords {
    rect: [f32; 4],
    size: [u32; 2],
    source: u32,
    first: u32,
    veil: u32,
    veil_side: u32,
    padding: [u32; 2],
}

/// The tiles' pipeline and buffers.
pub struct TilesRenderer {
    pipeline: wgpu::RenderPipeline,
    uniform: wgpu::Buffer,
    tiles: wgpu::Buffer,
    veils: wgpu::Buffer,
    /// Stands in for pixels that there are none of.
    empty: wgpu::Buffer,
    group: Option<wgpu::BindGroup>,
    count: u32,
}

impl TilesRenderer {
    /// A pipeline for targets of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, ShaderError> {
        let source = gpu.shaders.resolve("view/tiles.wgsl")?;
        let module = gpu.shader_module("view/tiles.wgsl", &source.wgsl);
        let pipeline = gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("tiles"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex_tile"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment_tile"),
                compilation_options: Default::default(),
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        Ok(Self {
            pipeline,
            uniform: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("tiles screen"),
                size: size_of::<ScreenWords>() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            tiles: storage(gpu, "tiles", 64 * size_of::<TileWords>() as u64),
            veils: storage(gpu, "veils", 4096),
            empty: storage(gpu, "no pixels", 64),
            group: None,
            count: 0,
        })
    }

    /// Prepares `tiles` of `inspection` for a target of `size` pixels.
    pub fn prepare(&mut self, gpu: &Gpu, size: [u32; 2], scale: f32, tiles: &[Tile], inspection: Option<&Inspection>) {
        self.count = 0;
        let Some(inspection) = inspection else { return };
        let mut veils = Vec::new();
        let words: Vec<TileWords> = tiles.iter().filter_map(|tile| words(tile, scale, inspection, &mut veils)).collect();
        if words.is_empty() {
            return;
        }
        let screen = ScreenWords { target_size: size.map(|side| side as f32), padding: [0.0; 2], ground: theme::GROUND };
        gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&screen));
        for (buffer, bytes, label) in
            [(&mut self.tiles, bytemuck::cast_slice::<_, u8>(&words), "tiles"), (&mut self.veils, bytemuck::cast_slice(&veils), "veils")]
        {
            if buffer.size() < bytes.len() as u64 {
                *buffer = storage(gpu, label, (bytes.len() as u64).next_power_of_two());
            }
            gpu.queue.write_buffer(buffer, 0, bytes);
        }
        let local = inspection.local_pixels.as_ref().unwrap_or(&self.empty);
        let buffers = [&self.uniform, &self.tiles, &self.veils, &inspection.picture, &inspection.global_pixels, local];
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .iter()
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding: binding as u32, resource: buffer.as_entire_binding() })
            .collect();
        // Anew each frame: the inspection's buffers change whenever another image is shown.
        self.group = Some(gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("tiles"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        }));
        self.count = words.len() as u32;
    }

    /// Draws what was prepared.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(group) = self.group.as_ref().filter(|_| self.count > 0) {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..6, 0..self.count);
        }
    }
}

fn storage(gpu: &Gpu, label: &str, size: u64) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
}

/// A tile for the shader, its veil added to `veils`; none where its pixels are not there.
fn words(tile: &Tile, scale: f32, inspection: &Inspection, veils: &mut Vec<f32>) -> Option<TileWords> {
    let globals = inspection.globals as usize;
    let square = |side: u32, index: usize| Some(([side, side], (index as u64).checked_mul(u64::from(side) * u64::from(side))?));
    let (source, buffer, (size, first)) = match tile.source {
        Source::Image => (0, &inspection.picture, (inspection.picture_size, 0)),
        Source::Crop(index) if index < globals => (1, &inspection.global_pixels, square(inspection.global_side, index)?),
        Source::Crop(index) => (2, inspection.local_pixels.as_ref()?, square(inspection.local_side, index - globals)?),
    };
    let pixels = u64::from(size[0]) * u64::from(size[1]);
    if pixels == 0 || first.checked_add(pixels)? > buffer.size() / 4 {
        return None;
    }
    let edges = [tile.rect.min[0], tile.rect.min[1], tile.rect.max[0], tile.rect.max[1]].map(|value| (value * scale).round());
    if !edges.iter().all(|edge| edge.is_finite()) || edges[2] <= edges[0] || edges[3] <= edges[1] {
        return None;
    }
    let start = veils.len() as u32;
    let mut veil_side = 0;
    if let Some(veil) = &tile.veil {
        veil_side = (veil.len() as f64).sqrt() as u32;
        veils.extend(veil.iter().take((veil_side * veil_side) as usize));
    }
    Some(TileWords { rect: edges, size, source, first: u32::try_from(first).ok()?, veil: start, veil_side, padding: [0; 2] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_veil_is_clear_where_attention_is_largest() {
        let veil = veil(&[0.1, 0.4, 0.0, f32::NAN]);
        assert_eq!(veil[1], 0.0);
        assert!(veil[0] > 0.0 && veil[0] < veil[2]);
        assert_eq!([veil[2], veil[3]], [VEIL, VEIL]);
        assert!(super::veil(&[0.0; 4]).iter().all(|opacity| opacity.is_finite()));
    }
}

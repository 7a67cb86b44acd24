//! One whole frame, cloud and panels, into any texture: the window's surface and `render`'s picture get the same pixels.
//!
//! Contract: the target is a non-sRGB 8-bit format with `RENDER_ATTACHMENT`. Subtlety: imgui's display size is written from the
//! target's size right before each frame, and its frame-buffer scale stays 1: scaling is ours (fonts and lengths), because a
//! fractional display scale breaks imgui-wgpu's scissors.

use std::sync::Arc;
use std::time::Duration;

use imgui::{BackendFlags, Context};
use imgui_wgpu::{Renderer, RendererConfig, Texture, TextureConfig};

use crate::command::Command;
use crate::gpu::{Gpu, ShaderError};
use crate::snapshot::Snapshot;

use super::cloud::{CloudRenderer, Exhibit};
use super::layout::effective_scale;
use super::minis::MinisRenderer;
use super::pictures::PicturesRenderer;
use super::screen::{Request, Screen, Stages};
use super::theme::{self, Fonts, Look};

/// Draws frames. There can be one at a time in a process: imgui's context is global.
pub struct FrameRenderer {
    gpu: Arc<Gpu>,
    imgui: Context,
    renderer: Renderer,
    base_style: imgui::Style,
    fonts: Fonts,
    cloud: CloudRenderer,
    pictures: PicturesRenderer,
    minis: MinisRenderer,
    /// The UI scale that was asked for.
    requested_scale: f32,
    /// The UI scale that the fonts were rasterised for, and the look.
    scale: f32,
    look: Look,
}

/// What a frame was built from and what came of it.
pub struct Built {
    /// What the user asked of the training.
    pub commands: Vec<Command>,
    /// What the user asked of the window.
    pub requests: Vec<Request>,
}

impl FrameRenderer {
    /// A renderer for targets of `format` at a UI scale.
    pub fn new(gpu: Arc<Gpu>, format: wgpu::TextureFormat, ui_scale: f32) -> Result<Self, ShaderError> {
        let mut imgui = Context::create();
        imgui.set_ini_filename(None);
        imgui.set_log_filename(None);
        let io = imgui.io_mut();
        io.backend_flags.insert(BackendFlags::RENDERER_HAS_VTX_OFFSET);
        io.display_framebuffer_scale = [1.0, 1.0];
        let base_style = *imgui.style();
        let config = RendererConfig { texture_format: format, ..RendererConfig::new_srgb() };
        // It loads imgui's small built-in font, which is replaced at once.
        let mut renderer = Renderer::new(&mut imgui, &gpu.device, &gpu.queue, config);
        let look = Look::default();
        let fonts = Fonts::install(&mut imgui, ui_scale, look.presenting);
        theme::style(&mut imgui, &base_style, ui_scale, look.theme);
        load_atlas(&mut renderer, &mut imgui, &gpu);
        Ok(Self {
            cloud: CloudRenderer::new(&gpu, format)?,
            pictures: PicturesRenderer::new(&gpu, format)?,
            minis: MinisRenderer::new(&gpu, format)?,
            gpu,
            imgui,
            renderer,
            base_style,
            fonts,
            requested_scale: ui_scale,
            scale: ui_scale,
            look,
        })
    }

    /// imgui's context, for the window's input.
    pub fn imgui(&mut self) -> &mut Context {
        &mut self.imgui
    }

    /// The UI scale asked for.
    pub fn requested_scale(&self) -> f32 {
        self.requested_scale
    }

    /// The UI scale in use: less than asked for where the window is too small for it.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Asks for another UI scale, 0.5 to 4; it is in use from the next frame.
    pub fn request_scale(&mut self, scale: f32) {
        self.requested_scale = if scale.is_finite() { scale.clamp(0.5, 4.0) } else { 1.0 };
    }

    /// Builds and records one frame into `target` of `size` pixels; submitting `encoder` draws it. `delta` is the time since the
    /// frame before; `fps` is shown if given.
    #[expect(clippy::too_many_arguments, reason = "one call a frame, each argument another fact")]
    pub fn draw(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        size: [u32; 2],
        delta: Duration,
        fps: Option<f32>,
        screen: &mut Screen,
        snapshot: &Snapshot,
    ) -> Built {
        self.fit(size, screen.look);
        let mut built = Built { commands: Vec::new(), requests: Vec::new() };
        let io = self.imgui.io_mut();
        io.display_size = size.map(|side| side as f32);
        io.delta_time = delta.as_secs_f32().clamp(1e-4, 1.0);
        let ui = self.imgui.new_frame();
        let (commands, requests) = (&mut built.commands, &mut built.requests);
        let stages: Stages = screen.ui(ui, &self.fonts, size, self.scale, fps, snapshot, commands, requests);
        let data = self.imgui.render();

        let exhibits: Vec<Exhibit<'_>> =
            stages.clouds.iter().map(|&(learner, stage)| screen.centre.exhibit(snapshot, learner, stage, self.look)).collect();
        self.cloud.draw(&self.gpu, encoder, target, (size, self.scale), &exhibits, self.look.theme);
        let (minis, camera, way) = (stages.minis.as_ref(), &screen.centre.camera, screen.centre.way());
        self.minis.prepare(&self.gpu, size, self.scale, minis, snapshot.cloud.as_ref(), camera, way, self.look.theme);
        self.pictures.prepare(&self.gpu, size, self.scale, &stages.pictures);
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("panels"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        self.minis.draw(&mut pass);
        self.pictures.draw(&mut pass);
        if let Err(error) = self.renderer.render(data, &self.gpu.queue, &self.gpu.device, &mut pass) {
            // Only a bad texture id can end here, and no texture but the fonts' is used.
            log::error!("the panels could not be drawn: {error}");
        }
        built
    }

    /// Rebuilds fonts and style when the window or the user asks for another scale or look.
    fn fit(&mut self, size: [u32; 2], look: Look) {
        let wanted = effective_scale(self.requested_scale, size, look.presenting);
        let other_fonts = (wanted - self.scale).abs() >= 0.01 || look.presenting != self.look.presenting;
        if !other_fonts && look == self.look {
            return;
        }
        if other_fonts {
            self.scale = wanted;
            self.fonts = Fonts::install(&mut self.imgui, wanted, look.presenting);
            load_atlas(&mut self.renderer, &mut self.imgui, &self.gpu);
        }
        self.look = look;
        theme::style(&mut self.imgui, &self.base_style, self.scale, look.theme);
    }
}

/// Puts the font atlas on the GPU, in place of the one before. As imgui-wgpu's own loading, but without mip levels: a software
/// adapter would blend two of them for every pixel of every panel.
fn load_atlas(renderer: &mut Renderer, imgui: &mut Context, gpu: &Gpu) {
    let fonts = imgui.fonts();
    renderer.textures.remove(fonts.tex_id);
    let atlas = fonts.build_rgba32_texture();
    let (width, height) = (atlas.width, atlas.height);
    let config = TextureConfig {
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        label: Some("font atlas"),
        format: Some(wgpu::TextureFormat::Rgba8Unorm),
        sampler_desc: wgpu::SamplerDescriptor {
            label: Some("font atlas"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            mipmap_filter: wgpu::MipmapFilterMode::Nearest,
            lod_min_clamp: 0.0,
            lod_max_clamp: 0.0,
            ..Default::default()
        },
        ..Default::default()
    };
    let texture = Texture::new(&gpu.device, renderer, config);
    texture.write(&gpu.queue, atlas.data, width, height);
    fonts.tex_id = renderer.textures.insert(texture);
    fonts.clear_tex_data();
}

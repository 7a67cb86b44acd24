//! What exists while the device does: the surface, imgui and the renderer. Only one at a time, as imgui's context is global.

use std::sync::Arc;

use imgui_winit_support::{HiDpiMode, WinitPlatform};
use winit::window::Window;

use crate::app::WindowError;
use crate::app::clipboard::Clipboard;
use crate::app::surface::WindowSurface;
use crate::gpu::{Gpu, GpuError};
use crate::view::frame::FrameRenderer;

/// What exists while the device does. Only one at a time: imgui's context is global.
pub(super) struct Graphics {
    pub(super) gpu: Arc<Gpu>,
    pub(super) surface: WindowSurface,
    pub(super) platform: WinitPlatform,
    pub(super) renderer: FrameRenderer,
}

impl Graphics {
    pub(super) fn new(gpu: Arc<Gpu>, surface: wgpu::Surface<'static>, window: &Window, ui_scale: f32) -> Result<Self, WindowError> {
        let surface =
            WindowSurface::new(&gpu, surface).ok_or_else(|| WindowError::NoWindow(format!("'{}' cannot draw in it", gpu.info.name)))?;
        let mut renderer = FrameRenderer::new(gpu.clone(), surface.format(), ui_scale).map_err(GpuError::from)?;
        renderer.imgui().set_clipboard_backend(Clipboard::default());
        let mut platform = WinitPlatform::new(renderer.imgui());
        platform.attach_window(renderer.imgui().io_mut(), window, HiDpiMode::Locked(1.0));
        Ok(Self { gpu, surface, platform, renderer })
    }
}

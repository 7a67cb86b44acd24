//! The window's surface: its configuration, and what to do with each of the seven outcomes of asking for the next frame.
//!
//! Subtlety: `configure` waits for the GPU and must not run while a frame is held; so it happens only right before a frame is
//! asked for, once a drawn frame, however many resizes came in between.

use std::sync::Arc;

use wgpu::CurrentSurfaceTexture as Outcome;
use winit::window::Window;

use crate::gpu::Gpu;

/// What came of asking for a frame.
pub enum Acquired {
    /// Draw into this.
    Frame(wgpu::SurfaceTexture),
    /// Nothing to draw into at the moment; try again later.
    Skip,
    /// The surface is gone; make another one.
    SurfaceLost,
    /// Something is wrong below; the device may be lost.
    CheckDevice,
}

/// A configured surface.
pub struct WindowSurface {
    surface: wgpu::Surface<'static>,
    configuration: Option<wgpu::SurfaceConfiguration>,
    format: wgpu::TextureFormat,
    reconfigure: bool,
    /// Frames are to be copied from.
    copied: bool,
}

impl WindowSurface {
    /// A surface of `window` for `gpu`; none if the two do not fit together.
    pub fn new(gpu: &Gpu, surface: wgpu::Surface<'static>) -> Option<Self> {
        let capabilities = surface.get_capabilities(&gpu.adapter);
        // The colours of the theme are what goes to the screen: no sRGB conversion on the way.
        let wanted = [wgpu::TextureFormat::Bgra8Unorm, wgpu::TextureFormat::Rgba8Unorm];
        let format = wanted
            .into_iter()
            .find(|format| capabilities.formats.contains(format))
            .or_else(|| capabilities.formats.iter().copied().find(|format| !format.is_srgb()))
            .or_else(|| capabilities.formats.first().copied())?;
        Some(Self { surface, configuration: None, format, reconfigure: true, copied: false })
    }

    /// Whether frames may be copied from, from the next one on; false if the display does not let them be.
    pub fn set_copied(&mut self, gpu: &Gpu, copied: bool) -> bool {
        let possible = self.surface.get_capabilities(&gpu.adapter).usages.contains(wgpu::TextureUsages::COPY_SRC);
        self.reconfigure |= self.copied != (copied && possible);
        self.copied = copied && possible;
        possible
    }

    /// The texture format that frames have.
    pub fn format(&self) -> wgpu::TextureFormat {
        self.format
    }

    /// Puts a newly made surface of the same window in place.
    pub fn replace(&mut self, surface: wgpu::Surface<'static>) {
        self.surface = surface;
        self.configuration = None;
        self.reconfigure = true;
    }

    /// The size that frames of a window of `size` have: within the limits; none while the window has no area.
    pub fn frame_size(gpu: &Gpu, size: [u32; 2]) -> Option<[u32; 2]> {
        let limit = gpu.limits.max_texture_dimension_2d;
        (size[0] > 0 && size[1] > 0).then(|| size.map(|side| side.min(limit)))
    }

    /// Asks for the next frame of `size` (see [`Self::frame_size`]).
    pub fn acquire(&mut self, gpu: &Gpu, size: [u32; 2]) -> Acquired {
        let fits = self.configuration.as_ref().is_some_and(|known| [known.width, known.height] == size);
        if (self.reconfigure || !fits) && !self.configure(gpu, size) {
            return Acquired::SurfaceLost;
        }
        let mut outcome = self.surface.get_current_texture();
        if matches!(outcome, Outcome::Outdated) {
            if !self.configure(gpu, size) {
                return Acquired::SurfaceLost;
            }
            outcome = self.surface.get_current_texture();
        }
        match outcome {
            Outcome::Success(frame) => Acquired::Frame(frame),
            Outcome::Suboptimal(frame) => {
                self.reconfigure = true;
                Acquired::Frame(frame)
            }
            Outcome::Timeout | Outcome::Occluded => Acquired::Skip,
            Outcome::Outdated => {
                self.reconfigure = true;
                Acquired::Skip
            }
            Outcome::Lost => Acquired::SurfaceLost,
            Outcome::Validation => Acquired::CheckDevice,
        }
    }

    fn configure(&mut self, gpu: &Gpu, size: [u32; 2]) -> bool {
        let capabilities = self.surface.get_capabilities(&gpu.adapter);
        if gpu.is_lost() || !capabilities.formats.contains(&self.format) {
            return false;
        }
        // Our own clock paces the frames, so waiting for the display inside the driver would only hold up the training.
        let present_mode = if capabilities.present_modes.contains(&wgpu::PresentMode::Mailbox) {
            wgpu::PresentMode::Mailbox
        } else {
            wgpu::PresentMode::Fifo
        };
        let alpha_mode = [wgpu::CompositeAlphaMode::Opaque, wgpu::CompositeAlphaMode::Auto]
            .into_iter()
            .find(|mode| capabilities.alpha_modes.contains(mode))
            .or_else(|| capabilities.alpha_modes.first().copied())
            .unwrap_or(wgpu::CompositeAlphaMode::Auto);
        let copies = if self.copied { wgpu::TextureUsages::COPY_SRC } else { wgpu::TextureUsages::empty() };
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | copies;
        let configuration = wgpu::SurfaceConfiguration {
            usage,
            format: self.format,
            width: size[0],
            height: size[1],
            present_mode,
            desired_maximum_frame_latency: 2,
            alpha_mode,
            view_formats: Vec::new(),
        };
        self.surface.configure(&gpu.device, &configuration);
        self.configuration = Some(configuration);
        self.reconfigure = false;
        true
    }
}

/// A surface of a window.
pub fn of_window(instance: &wgpu::Instance, window: &Arc<Window>) -> Result<wgpu::Surface<'static>, wgpu::CreateSurfaceError> {
    instance.create_surface(window.clone())
}

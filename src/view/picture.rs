//! Frames into memory and files: an offscreen texture that can be read back, and pictures that are saved whole or not at all.

use std::io;
use std::path::Path;

use crate::gpu::Gpu;

/// The format of offscreen frames: RGBA, colours as they are.
pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// A texture to draw a frame into and to read it back from.
pub struct Canvas {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    staging: wgpu::Buffer,
    size: [u32; 2],
    row_bytes: u32,
    /// Blue comes first in memory.
    swapped: bool,
}

impl Canvas {
    /// A canvas of `size` pixels in [`FORMAT`].
    pub fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        Self::with_format(gpu, size, FORMAT)
    }

    /// A canvas of `size` pixels in a format of four bytes a pixel, for renderers made for a window's surface.
    pub fn with_format(gpu: &Gpu, size: [u32; 2], format: wgpu::TextureFormat) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let row_bytes = (size[0] * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let staging = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canvas readback"),
            size: u64::from(row_bytes) * u64::from(size[1]),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let swapped = matches!(format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb);
        Self { texture, view, staging, size, row_bytes, swapped }
    }

    /// What to draw into.
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        self.size
    }

    /// Submits `encoder` and gives the canvas's pixels (RGBA, rows from the top); waits for the GPU.
    pub fn read(&self, gpu: &Gpu, mut encoder: wgpu::CommandEncoder) -> Result<image::RgbaImage, crate::gpu::GpuError> {
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &self.staging,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(self.row_bytes), rows_per_image: None },
            },
            self.texture.size(),
        );
        gpu.queue.submit([encoder.finish()]);
        self.staging.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        gpu.wait()?;
        let mut pixels = Vec::with_capacity((self.size[0] * self.size[1] * 4) as usize);
        {
            let mapped = self.staging.slice(..).get_mapped_range();
            for row in mapped.chunks_exact(self.row_bytes as usize) {
                pixels.extend_from_slice(&row[..self.size[0] as usize * 4]);
            }
        }
        self.staging.unmap();
        // Alpha is what blending left there; a picture of a window is opaque.
        for pixel in pixels.chunks_exact_mut(4) {
            if self.swapped {
                pixel.swap(0, 2);
            }
            pixel[3] = 255;
        }
        Ok(image::RgbaImage::from_raw(self.size[0], self.size[1], pixels).expect("the pixels fill the size"))
    }
}

/// Saves a picture as PNG, whole or not at all.
pub fn save_png(path: &Path, picture: &image::RgbaImage) -> io::Result<()> {
    crate::save::atomically(path, |file| encode_png(file, picture))
}

/// Writes a picture as PNG to a file that is already aside, and flushes it.
pub fn write_png(path: &Path, picture: &image::RgbaImage) -> io::Result<()> {
    let mut file = io::BufWriter::new(std::fs::File::create(path)?);
    encode_png(&mut file, picture)?;
    io::Write::flush(&mut file)
}

fn encode_png(file: &mut io::BufWriter<std::fs::File>, picture: &image::RgbaImage) -> io::Result<()> {
    use image::ImageEncoder as _;
    let (width, height) = picture.dimensions();
    let encoder = image::codecs::png::PngEncoder::new(file);
    encoder.write_image(picture.as_raw(), width, height, image::ExtendedColorType::Rgba8).map_err(io::Error::other)
}

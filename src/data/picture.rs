//! One picture file: its header checked, then decoded upright and brought to a size.
//!
//! Contract: nothing is allocated for pixels before the header's size is within the limits; errors are reasons of one line.
//! Subtlety: transparency is laid on mid-grey, which the encoder sees as 0.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Mutex;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use super::source::LoadLimits;

const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp, ImageFormat::WebP];
/// Pictures that take more bytes than this decoded are decoded one at a time.
const LARGE_PICTURE_BYTES: u64 = 64 << 20;

/// A size brought to at most `side` on its longer side, aspect kept.
pub(super) fn reduced((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scale = |length: u32| ((f64::from(length) * f64::from(side) / f64::from(longest)).round() as u32).clamp(1, side);
    (scale(width), scale(height))
}

/// A decoder past the header, its size within the limits.
pub(super) fn decoder(path: &Path, limits: &LoadLimits) -> Result<impl ImageDecoder, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let found = file.metadata().map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("no regular file".into());
    }
    if found.len() == 0 {
        return Err("empty file".into());
    }
    if found.len() > limits.picture_file_bytes {
        return Err(format!("larger than {} MiB", limits.picture_file_bytes >> 20));
    }
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(|error| error.to_string())?;
    if let Some([width, height]) = png_size(start) {
        check_side(width, height, limits)?; // the decoder would read on to the pixels first
    }
    let mut reader = ImageReader::new(file).with_guessed_format().map_err(|error| error.to_string())?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return Err("not a png, jpeg, bmp or webp picture".into());
    }
    let mut memory = Limits::no_limits();
    memory.max_alloc = Some(limits.decoded_bytes);
    reader.limits(memory);
    let decoder = reader.into_decoder().map_err(|error| plain(&error))?;
    let (width, height) = decoder.dimensions();
    check_side(width, height, limits)?;
    if decoder.total_bytes() > limits.decoded_bytes {
        return Err(format!("{width}x{height} pixels take more than {} MiB decoded", limits.decoded_bytes >> 20));
    }
    Ok(decoder)
}

fn check_side(width: u32, height: u32, limits: &LoadLimits) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err(format!("announces {width}x{height} pixels"));
    }
    if width.max(height) > limits.decoded_side {
        return Err(format!("announces {width}x{height} pixels, more than {} a side", limits.decoded_side));
    }
    Ok(())
}

/// Width and height that a PNG's first chunk announces.
fn png_size(start: &[u8]) -> Option<[u32; 2]> {
    let numbers = start.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(8..16)?;
    let number = |from: usize| u32::from_be_bytes([numbers[from], numbers[from + 1], numbers[from + 2], numbers[from + 3]]);
    Some([number(0), number(4)])
}

/// Decodes a picture, upright, at most `side` pixels on its longer side.
pub(super) fn decode(path: &Path, side: u32, limits: &LoadLimits, one_large: &Mutex<()>) -> Result<RgbImage, String> {
    let mut decoder = decoder(path, limits)?;
    let large = decoder.total_bytes() > LARGE_PICTURE_BYTES;
    let _one = large.then(|| one_large.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| plain(&error))?;
    let opaque = if decoded.color().has_alpha() { on_grey(decoded) } else { decoded.into_rgb8() };
    let mut upright = DynamicImage::ImageRgb8(shrink(opaque, side));
    upright.apply_orientation(orientation);
    Ok(upright.into_rgb8())
}

fn on_grey(image: DynamicImage) -> RgbImage {
    const GREY: u32 = 128;
    let image = image.into_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let blend = |value: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(value) * alpha + GREY * (255 - alpha) + 127) / 255) as u8
        };
        to.0 = [red, green, blue].map(blend);
    }
    opaque
}

/// Area average to about twice the size, then a triangle filter.
fn shrink(image: RgbImage, side: u32) -> RgbImage {
    let size = image.dimensions();
    let (width, height) = reduced(size, side);
    if (width, height) == size {
        return image;
    }
    let image = match reduced(size, side.saturating_mul(2)) {
        twice if twice == size => image,
        (width, height) => imageops::thumbnail(&image, width, height),
    };
    imageops::resize(&image, width, height, FilterType::Triangle)
}

fn plain(error: &ImageError) -> String {
    let text = match error {
        ImageError::Decoding(_) | ImageError::IoError(_) => {
            format!("damaged or truncated ({error})")
        }
        _ => error.to_string(),
    };
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.chars().take(200).collect()
}

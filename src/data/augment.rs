//! What is drawn for a view: its crop box and its colour changes.
//!
//! Twin of `shaders/shared/draw.wgsl` and `shaders/data/crop_plan.wgsl` for the draws (boxes agree to 1e-6, so overlays are
//! computed here), and the naive f64 reference of `blur.wgsl` and `photometric.wgsl`, a pixel and a change at a time.

use super::rng::{random4, uniform, uniform4};
use crate::config::ViewConfig;

/// Least and largest deviation of the blur, in pixels of the view (for views of 32 pixels; it grows with the view).
pub const BLUR_PIXELS: [f32; 2] = [0.3, 1.0];

/// What a view is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewKey {
    /// The learner's crop seed, low and high word.
    pub seed: [u32; 2],
    /// Number of the step, from 1.
    pub step: u32,
    /// Number of the view: globals from 0, then locals.
    pub view: u32,
    /// Number of the image in the batch.
    pub image: u32,
}

/// Where a crop lies, as shares of the image's width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropBox {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Mirrored left to right.
    pub flip: bool,
}

/// The colour changes of a crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Photometric {
    /// Hue, saturation, contrast and brightness were changed.
    pub jittered: bool,
    /// Rotation in the plane of I and Q, in radians.
    pub hue: f32,
    /// Factor on chroma.
    pub saturation: f32,
    /// Factor on the distance from the crop's mean luma.
    pub contrast: f32,
    /// Added to every channel.
    pub brightness: f32,
    /// Without chroma.
    pub grey: bool,
    /// What is 0.5 or more becomes 1 minus itself.
    pub solarise: bool,
    /// Deviation of the blur in pixels of the view; 0 for none.
    pub blur: f32,
    /// Deviation of the noise.
    pub noise: f32,
    /// Key of the noise.
    pub noise_key: [u32; 2],
}

/// The key of everything drawn in a step.
pub const fn step_key(seed: [u32; 2], step: u32) -> [u32; 2] {
    let [_, _, z, w] = random4(seed, [step, 0]);
    [z, w]
}

/// The word that chooses a batch's image.
pub const fn image_word(seed: [u32; 2], step: u32, image: u32) -> u32 {
    random4(step_key(seed, step), [image, u32::MAX])[3]
}

const fn crop_words(key: ViewKey, k: u32) -> [u32; 4] {
    random4(step_key(key.seed, key.step), [key.image, key.view * 16 + k])
}

/// The crop of a view of an image of `source` = (width, height) pixels (1x1 for procedural images), with a share of its area
/// uniform in `area` and a side of at most the image's shorter one.
pub fn crop_box(key: ViewKey, config: &ViewConfig, area: [f32; 2], source: [u32; 2]) -> CropBox {
    let draw = uniform4(crop_words(key, 0));
    let [width, height] = source.map(|side| side as f32);
    let area = area[0] + (area[1] - area[0]) * draw[0];
    let side = (area * width * height).sqrt().min(width.min(height));
    let extent = [side / width, side / height];
    CropBox {
        left: draw[1] * (1.0 - extent[0]),
        top: draw[2] * (1.0 - extent[1]),
        width: extent[0],
        height: extent[1],
        flip: draw[3] < config.flip_probability,
    }
}

/// The colour changes of a view of `size` pixels a side.
pub fn photometric(key: ViewKey, config: &ViewConfig, size: u32) -> Photometric {
    let jitter = uniform4(crop_words(key, 1));
    let further = uniform4(crop_words(key, 2));
    let spare = crop_words(key, 3);
    let jittered = jitter[0] < config.jitter_probability;
    let strength = if jittered { 1.0 } else { 0.0 };
    let either_way = |uniform: f32| strength * (2.0 * uniform - 1.0);
    let [least, most] = blur_pixels(size);
    Photometric {
        jittered,
        hue: std::f32::consts::TAU * config.hue * either_way(jitter[1]),
        saturation: 1.0 + config.saturation * either_way(jitter[2]),
        contrast: 1.0 + config.contrast * either_way(jitter[3]),
        brightness: config.brightness * either_way(further[0]),
        grey: further[1] < config.grey_probability,
        solarise: further[2] < config.solarise_probability,
        blur: if further[3] < config.blur_probability { least + (most - least) * uniform(spare[0]) } else { 0.0 },
        noise: config.noise,
        noise_key: [spare[2], spare[3]],
    }
}

/// [`BLUR_PIXELS`] for views of `size` pixels a side.
pub fn blur_pixels(size: u32) -> [f32; 2] {
    BLUR_PIXELS.map(|pixels| pixels * size as f32 / 32.0)
}

impl CropBox {
    /// The position (u, v), as shares of the image, of the centre of pixel (x, y) of a view of `size` pixels a side.
    pub fn position(&self, x: u32, y: u32, size: u32) -> [f64; 2] {
        let along = |index: u32| (f64::from(index) + 0.5) / f64::from(size);
        let across = if self.flip { 1.0 - along(x) } else { along(x) };
        [f64::from(self.left) + f64::from(self.width) * across, f64::from(self.top) + f64::from(self.height) * along(y)]
    }
}

const YIQ: [[f64; 3]; 3] = [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]];
const RGB: [[f64; 3]; 3] = [[1.0, 0.9562957, 0.6210244], [1.0, -0.2721221, -0.6473806], [1.0, -1.106989, 1.704615]];

fn product(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// The view that the photometric changes make of a crop of `size` x `size` RGB pixels, blur included, as packed RGBA8.
pub fn reference_view(crop: &[[f64; 3]], size: usize, change: &Photometric) -> Vec<u32> {
    let crop = reference_blur(crop, size, f64::from(change.blur));
    let mean_luma = crop.iter().map(|&pixel| product(YIQ, pixel)[0]).sum::<f64>() / crop.len() as f64;
    let (sine, cosine) = f64::from(change.hue).sin_cos();
    let mut view = Vec::with_capacity(crop.len());
    for (index, &pixel) in (0..).zip(&crop) {
        let [luma, i, q] = product(YIQ, pixel);
        let turned = [luma, cosine * i - sine * q, sine * i + cosine * q];
        let saturation = f64::from(change.saturation);
        let saturated = product(RGB, [turned[0], saturation * turned[1], saturation * turned[2]]);
        let mut colour = saturated.map(|c| mean_luma + f64::from(change.contrast) * (c - mean_luma) + f64::from(change.brightness));
        if change.grey {
            colour = [product(YIQ, colour)[0]; 3];
        }
        if change.solarise {
            colour = colour.map(|c| if c >= 0.5 { 1.0 - c } else { c });
        }
        let noise = gaussian3(change.noise_key, index);
        let mut packed = 255 << 24;
        for channel in 0..3 {
            let value = (colour[channel] + f64::from(change.noise) * noise[channel]).clamp(0.0, 1.0);
            packed |= ((value * 255.0).round_ties_even() as u32) << (8 * channel);
        }
        view.push(packed);
    }
    view
}

fn gaussian3(key: [u32; 2], pixel: u32) -> [f64; 3] {
    let draw = uniform4(random4(key, [pixel, 0])).map(f64::from);
    let radius = [draw[0], draw[1]].map(|uniform| (-2.0 * (1.0 - uniform).ln()).sqrt());
    let (sine, cosine) = (std::f64::consts::TAU * draw[2]).sin_cos();
    [radius[0] * sine, radius[0] * cosine, radius[1] * (std::f64::consts::TAU * draw[3]).sin()]
}

fn reference_blur(crop: &[[f64; 3]], size: usize, deviation: f64) -> Vec<[f64; 3]> {
    if deviation == 0.0 {
        return crop.to_vec();
    }
    let clamped = |at: usize, by: i32| (at as i32 + by).clamp(0, size as i32 - 1) as usize;
    let mut blurred = Vec::with_capacity(crop.len());
    for y in 0..size {
        for x in 0..size {
            let mut sum = [0.0; 3];
            let mut weights = 0.0;
            for dy in -2..=2 {
                for dx in -2..=2 {
                    let weight = (-0.5 * f64::from(dx * dx + dy * dy) / (deviation * deviation)).exp();
                    let pixel = crop[clamped(y, dy) * size + clamped(x, dx)];
                    (0..3).for_each(|channel| sum[channel] += weight * pixel[channel]);
                    weights += weight;
                }
            }
            blurred.push(sum.map(|value| value / weights));
        }
    }
    blurred
}

/// Views as the encoder gets them: (rows, 3, size, size) f32 = (x/255 - 0.5) * 4, from packed RGBA8 rows.
pub fn encoder_input(views: &[u32], size: usize) -> Vec<f32> {
    let mut input = Vec::with_capacity(views.len() * 3);
    for view in views.chunks_exact(size * size) {
        for channel in 0..3 {
            input.extend(view.iter().map(|&pixel| ((pixel >> (8 * channel) & 255) as f32 / 255.0 - 0.5) * 4.0));
        }
    }
    input
}

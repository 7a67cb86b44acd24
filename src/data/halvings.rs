//! Smaller copies of a stored image, so that a view of a large picture reads few pixels and does not alias.
//!
//! Contract: behind an image's pixels lie its halvings, each the 2x2 means of the one before (an odd last row or column is
//! left out), as long as the shorter side keeps [`SMALLEST`] pixels. `shaders/data/sample_stored.wgsl` walks them by the same
//! rule from width and height alone; a 32x32 image has none.

/// Least side of a halving, in pixels; `SMALLEST_HALVING` in `sample_stored.wgsl`.
pub const SMALLEST: u32 = 32;

/// Appends an image (packed RGBA8, row by row) and its halvings to `pool`; returns where it begins.
///
/// # Panics
/// If `image` does not hold `width * height` pixels.
pub fn append(pool: &mut Vec<u32>, image: &[u32], width: u32, height: u32) -> u32 {
    assert_eq!(image.len(), width as usize * height as usize, "{width}x{height} image");
    let begin = pool.len();
    pool.extend_from_slice(image);
    let (mut width, mut height, mut level) = (width as usize, height as usize, begin);
    while width.min(height) >= 2 * SMALLEST as usize {
        let next = pool.len();
        for y in 0..height / 2 {
            for x in 0..width / 2 {
                let corner = level + 2 * y * width + 2 * x;
                let four = [pool[corner], pool[corner + 1], pool[corner + width], pool[corner + width + 1]];
                pool.push(mean(four));
            }
        }
        (width, height, level) = (width / 2, height / 2, next);
    }
    begin as u32
}

fn mean(pixels: [u32; 4]) -> u32 {
    let channel_mean = |shift: u32| (pixels.iter().map(|pixel| pixel >> shift & 255).sum::<u32>() + 2) / 4;
    [0, 8, 16, 24].map(|shift| channel_mean(shift) << shift).iter().sum()
}

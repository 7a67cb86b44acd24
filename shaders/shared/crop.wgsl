// A crop's plan: 5 vec4 of bits, floats as their bits. The importing shader declares `crops: array<vec4<u32>>`.
//   0  box: left, top, width, height as shares of the image; a flipped crop has left = its right edge and width < 0
//   1  red's row of the colour matrix, share of the crop's mean luma that is added
//   2  green's row, brightness added      3  blue's row, solarise (1 or 0)
//   4  noise deviation, blur deviation in pixels, noise key (two words)
// Twin: src/data/augment.rs.

const CROP_VECTORS = 5u;

// A crop laid over its view's pixels: where the first pixel's centre lies, and how far it is to the next, as shares of the image.
struct Window {
    first: vec2<f32>,
    step: vec2<f32>,
    size: f32,
    inverse_size: f32,
}

fn crop_window(row: u32, size: u32) -> Window {
    let box = bitcast<vec4<f32>>(crops[row * CROP_VECTORS]);
    let inverse_size = 1.0 / f32(size);
    let step = box.zw * inverse_size;
    return Window(box.xy + 0.5 * step, step, f32(size), inverse_size);
}

// Where the centre of a pixel lies. (Row and column by floats, exact below 2^22 pixels: x86 divides integers one by one.)
fn crop_position(window: Window, pixel: u32) -> vec2<f32> {
    let number = f32(i32(pixel));
    let y = floor((number + 0.5) * window.inverse_size);
    return window.first + window.step * vec2<f32>(number - y * window.size, y);
}

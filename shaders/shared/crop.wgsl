// A crop's plan: 5 vec4 of bits, floats as their bits. The importing shader declares `crops: array<vec4<u32>>`.
//   0  box: left, top, width, height as shares of the image; a flipped crop has left = its right edge and width < 0
//   1  red's row of the colour matrix, share of the crop's mean luma that is added
//   2  green's row, brightness added      3  blue's row, solarise (1 or 0)
//   4  noise deviation, blur deviation in pixels, noise key (two words)
// Twin: src/data/augment.rs.

const CROP_VECTORS = 5u;

fn crop_box(row: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(crops[row * CROP_VECTORS]);
}

// Where the centre of a pixel of the crop lies, as shares of the image.
fn crop_position(box: vec4<f32>, pixel: u32, size: u32) -> vec2<f32> {
    let y = pixel / size;
    let x = pixel - y * size;
    return box.xy + box.zw * ((vec2<f32>(f32(x), f32(y)) + 0.5) / f32(size));
}

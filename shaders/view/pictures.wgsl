// Pictures on the screen, straight from buffers of packed RGBA8 (row by row), smoothly enlarged or cell by cell.

struct Target {
    size: vec2<f32>,             // pixels
    padding: vec2<f32>,
}

struct Picture {
    rect: vec4<f32>,             // left, top, right, bottom in pixels
    first: u32,                  // its first pixel in the buffer
    width: u32,                  // pixels of the picture
    height: u32,
    flags: u32,                  // 1: smooth; 2: its alpha counts
}

const SMOOTH = 1u;
const ALPHA = 2u;

@group(0) @binding(0) var<uniform> surface: Target;
@group(0) @binding(1) var<storage, read> pictures: array<Picture>;
@group(0) @binding(2) var<storage, read> pixels: array<u32>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) place: vec2<f32>,                       // 0 to 1 over the picture
    @location(1) @interpolate(flat) shape: vec4<u32>,    // first, width, height, flags
}

@vertex fn vertex_picture(@builtin(vertex_index) vertex: u32, @builtin(instance_index) which: u32) -> Varying {
    let k = (3492u >> (2u * vertex)) & 3u;  // two triangles, 0 1 2 and 2 1 3
    let place = vec2<f32>(f32(k & 1u), f32(k >> 1u));
    let picture = pictures[which];
    let pixel = mix(picture.rect.xy, picture.rect.zw, place);
    var out: Varying;
    out.position = vec4<f32>(pixel / surface.size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0), 0.0, 1.0);
    out.place = place;
    out.shape = vec4<u32>(picture.first, picture.width, picture.height, picture.flags);
    return out;
}

fn pixel_at(shape: vec4<u32>, at: vec2<i32>) -> vec4<f32> {
    let p = vec2<u32>(clamp(at, vec2<i32>(0), vec2<i32>(shape.yz) - 1));
    let index = min(shape.x + p.y * shape.y + p.x, arrayLength(&pixels) - 1u);
    return unpack4x8unorm(pixels[index]);
}

@fragment fn fragment_picture(in: Varying) -> @location(0) vec4<f32> {
    let size = vec2<f32>(in.shape.yz);
    var colour: vec4<f32>;
    if (in.shape.w & SMOOTH) == 0u {
        colour = pixel_at(in.shape, vec2<i32>(floor(in.place * size)));
    } else {
        let at = in.place * size - 0.5;
        let corner = vec2<i32>(floor(at));
        let f = at - floor(at);
        let above = mix(pixel_at(in.shape, corner), pixel_at(in.shape, corner + vec2<i32>(1, 0)), f.x);
        let below = mix(pixel_at(in.shape, corner + vec2<i32>(0, 1)), pixel_at(in.shape, corner + vec2<i32>(1, 1)), f.x);
        colour = mix(above, below, f.y);
    }
    return vec4<f32>(colour.rgb, select(1.0, colour.a, (in.shape.w & ALPHA) != 0u));
}

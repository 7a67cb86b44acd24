// Pictures on the screen, straight from buffers of packed RGBA8 (row by row), smoothly enlarged or cell by cell.
// Reduced, a pixel is the mean of what it covers. Opaque cells have edges one screen pixel wide, so that uneven enlargements look
// even; cells with alpha (heat maps) end between two pixels.

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
    @location(2) @interpolate(flat) step: vec2<f32>,     // its pixels a screen pixel
}

@vertex fn vertex_picture(@builtin(vertex_index) vertex: u32, @builtin(instance_index) which: u32) -> Varying {
    let k = (3492u >> (2u * vertex)) & 3u;  // two triangles, 0 1 2 and 2 1 3
    let place = vec2<f32>(f32(k & 1u), f32(k >> 1u));
    let picture = pictures[which];
    let pixel = mix(picture.rect.xy, picture.rect.zw, place);
    var out: Varying;
    out.position = vec4<f32>(pixel / surface.size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0), 0.0, 1.0);
    out.place = place;
    out.step = vec2<f32>(f32(picture.width), f32(picture.height)) / max(picture.rect.zw - picture.rect.xy, vec2<f32>(1.0));
    out.shape = vec4<u32>(picture.first, picture.width, picture.height, picture.flags);
    return out;
}

fn pixel_at(shape: vec4<u32>, at: vec2<i32>) -> vec4<f32> {
    let p = vec2<u32>(clamp(at, vec2<i32>(0), vec2<i32>(shape.yz) - 1));
    let index = min(shape.x + p.y * shape.y + p.x, arrayLength(&pixels) - 1u);
    return unpack4x8unorm(pixels[index]);
}

const SAMPLES = 3;  // along a side, at most, of what a reduced pixel covers

// All kinds of picture are one loop over taps: software adapters run both sides of every branch, but only the turns that a loop takes.
@fragment fn fragment_picture(in: Varying) -> @location(0) vec4<f32> {
    let smoothed = (in.shape.w & SMOOTH) != 0u;
    let alpha = (in.shape.w & ALPHA) != 0u;
    let here = in.place * vec2<f32>(in.shape.yz);
    let reduced = (smoothed || !alpha) && max(in.step.x, in.step.y) > 1.0;
    // Between the four pixels around: how far to the right and lower ones.
    let between = fract(here - 0.5);
    let edges = clamp((between - 0.5) / in.step + 0.5, vec2<f32>(0.0), vec2<f32>(1.0));
    let far = select(select(edges, vec2<f32>(0.0), alpha), between, smoothed);
    let beyond = far >= vec2<f32>(1.0);
    // Where a tap has no weight there is only one.
    let single = (far <= vec2<f32>(0.0)) | beyond;
    let nearest = select(floor(here - 0.5) + select(vec2<f32>(0.5), vec2<f32>(1.5), beyond), here, vec2<bool>(alpha && !smoothed));

    let covered = clamp(vec2<i32>(ceil(in.step)), vec2<i32>(1), vec2<i32>(SAMPLES));
    let share = 1.0 / vec2<f32>(covered);
    let count = select(select(vec2<i32>(2), vec2<i32>(1), single), covered, vec2<bool>(reduced));
    let first = select(nearest, here + (0.5 * share - 0.5) * in.step, vec2<bool>(reduced));
    let stride = select(vec2<f32>(1.0), share * in.step, vec2<bool>(reduced));
    let weight = select(select(1.0 - far, vec2<f32>(1.0), single), share, vec2<bool>(reduced));
    let others = select(far, share, vec2<bool>(reduced));
    var colour = vec4<f32>(0.0);
    for (var y = 0; y < count.y; y++) {
        for (var x = 0; x < count.x; x++) {
            let tap = pixel_at(in.shape, vec2<i32>(floor(first + vec2<f32>(f32(x), f32(y)) * stride)));
            colour += tap * select(weight.x, others.x, x > 0) * select(weight.y, others.y, y > 0);
        }
    }
    return vec4<f32>(colour.rgb, select(1.0, colour.a, alpha));
}

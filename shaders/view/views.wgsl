// Two pictures in the diagram: one image's student view and teacher view, exactly as the networks get them, smoothly enlarged.
// Pixels: (2 * count, side, side) of packed RGBA8, view 0 of every image first.

struct Pictures {
    target_size: vec2<f32>,      // pixels
    side: u32,
    count: u32,                  // images
    image: u32,                  // which one
    padding0: u32,
    padding1: u32,
    padding2: u32,
    rects: array<vec4<f32>, 2>,  // left, top, right, bottom in pixels
}

@group(0) @binding(0) var<uniform> pictures: Pictures;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) place: vec2<f32>,                       // 0 to 1 over the picture
    @location(1) @interpolate(flat) picture: u32,        // first pixel
}

@vertex fn vertex_view(@builtin(vertex_index) vertex: u32, @builtin(instance_index) which: u32) -> Varying {
    let k = (3492u >> (2u * vertex)) & 3u;  // two triangles, 0 1 2 and 2 1 3
    let place = vec2<f32>(f32(k & 1u), f32(k >> 1u));
    let rect = pictures.rects[which];
    let pixel = mix(rect.xy, rect.zw, place);
    var out: Varying;
    out.position = vec4<f32>(pixel / pictures.target_size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0), 0.0, 1.0);
    out.place = place;
    out.picture = (which * pictures.count + pictures.image) * pictures.side * pictures.side;
    return out;
}

fn pixel_at(picture: u32, at: vec2<i32>) -> vec3<f32> {
    let last = i32(pictures.side) - 1;
    let p = clamp(at, vec2<i32>(0), vec2<i32>(last));
    return unpack4x8unorm(pixels[picture + u32(p.y) * pictures.side + u32(p.x)]).rgb;
}

@fragment fn fragment_view(in: Varying) -> @location(0) vec4<f32> {
    let at = in.place * f32(pictures.side) - 0.5;
    let corner = vec2<i32>(floor(at));
    let f = at - floor(at);
    let above = mix(pixel_at(in.picture, corner), pixel_at(in.picture, corner + vec2<i32>(1, 0)), f.x);
    let below = mix(pixel_at(in.picture, corner + vec2<i32>(0, 1)), pixel_at(in.picture, corner + vec2<i32>(1, 1)), f.x);
    return vec4<f32>(mix(above, below, f.y), 1.0);
}

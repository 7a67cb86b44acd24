// Pictures of the multi-crop scene, one instance each: the whole image, or one of the crops as the networks get it, fitted into a
// rectangle; over it, where wanted, a veil in which attention leaves holes, one flat quad a patch.
// Enlarged, a source pixel stays a square with smooth edges; reduced, a pixel is the mean of what it covers.
// Pixels: packed RGBA8, rows from the top. Veils: (side, side) opacities.

struct Screen {
    target_size: vec2<f32>,  // pixels
    padding: vec2<f32>,
    ground: vec4<f32>,
}

struct Tile {
    rect: vec4<f32>,         // left, top, right, bottom in pixels
    width: u32,              // of the source, in its pixels
    height: u32,
    source: u32,             // 0 the whole image, 1 globals, 2 locals
    first: u32,              // the source's first pixel
    veil: u32,               // the veil's first opacity
    veil_side: u32,          // 0: no veil
    padding0: u32,
    padding1: u32,
}

@group(0) @binding(0) var<uniform> screen: Screen;
@group(0) @binding(1) var<storage, read> tiles: array<Tile>;
@group(0) @binding(2) var<storage, read> veils: array<f32>;
@group(0) @binding(3) var<storage, read> whole: array<u32>;
@group(0) @binding(4) var<storage, read> globals: array<u32>;
@group(0) @binding(5) var<storage, read> locals: array<u32>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) place: vec2<f32>,                          // in source pixels
    @location(1) @interpolate(flat) tile: u32,
    @location(2) @interpolate(flat) footprint: vec2<f32>,   // source pixels a screen pixel
}

@vertex fn vertex_tile(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Varying {
    let k = (3492u >> (2u * vertex)) & 3u;  // two triangles, 0 1 2 and 2 1 3
    let place = vec2<f32>(f32(k & 1u), f32(k >> 1u));
    let tile = tiles[index];
    let pixel = mix(tile.rect.xy, tile.rect.zw, place);
    let size = vec2<f32>(f32(tile.width), f32(tile.height));
    var out: Varying;
    out.position = vec4<f32>(pixel / screen.target_size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0), 0.0, 1.0);
    out.place = place * size;
    out.tile = index;
    out.footprint = size / max(tile.rect.zw - tile.rect.xy, vec2<f32>(1.0));
    return out;
}

fn colour_at(tile: u32, at: vec2<i32>) -> vec3<f32> {
    let last = vec2<i32>(i32(tiles[tile].width), i32(tiles[tile].height)) - 1;
    let p = clamp(at, vec2<i32>(0), last);
    let index = tiles[tile].first + u32(p.y) * tiles[tile].width + u32(p.x);
    var packed: u32;
    switch tiles[tile].source {
        case 0u: { packed = whole[index]; }
        case 1u: { packed = globals[index]; }
        default: { packed = locals[index]; }
    }
    return unpack4x8unorm(packed).rgb;
}

const SAMPLES = 6;  // along a side, at most

// Squares whose edges are one screen pixel wide.
fn enlarged(in: Varying) -> vec3<f32> {
    let at = in.place - 0.5;
    let corner = vec2<i32>(floor(at));
    let f = clamp((at - floor(at) - 0.5) / in.footprint + 0.5, vec2<f32>(0.0), vec2<f32>(1.0));
    let above = mix(colour_at(in.tile, corner), colour_at(in.tile, corner + vec2<i32>(1, 0)), f.x);
    let below = mix(colour_at(in.tile, corner + vec2<i32>(0, 1)), colour_at(in.tile, corner + vec2<i32>(1, 1)), f.x);
    return mix(above, below, f.y);
}

fn reduced(in: Varying) -> vec3<f32> {
    let count = clamp(vec2<i32>(ceil(in.footprint)), vec2<i32>(1), vec2<i32>(SAMPLES));
    var sum = vec3<f32>(0.0);
    for (var y = 0; y < count.y; y++) {
        for (var x = 0; x < count.x; x++) {
            let shift = (vec2<f32>(f32(x), f32(y)) + 0.5) / vec2<f32>(count) - 0.5;
            sum += colour_at(in.tile, vec2<i32>(floor(in.place + shift * in.footprint)));
        }
    }
    return sum / f32(count.x * count.y);
}

@fragment fn fragment_tile(in: Varying) -> @location(0) vec4<f32> {
    var colour: vec3<f32>;
    if max(in.footprint.x, in.footprint.y) <= 1.0 {
        colour = enlarged(in);
    } else {
        colour = reduced(in);
    }
    let side = tiles[in.tile].veil_side;
    if side > 0u {
        let size = vec2<f32>(f32(tiles[in.tile].width), f32(tiles[in.tile].height));
        let patch_at = min(vec2<u32>(in.place / size * f32(side)), vec2<u32>(side - 1u));
        colour = mix(colour, screen.ground.rgb, veils[tiles[in.tile].veil + patch_at.y * side + patch_at.x]);
    }
    return vec4<f32>(colour, 1.0);
}

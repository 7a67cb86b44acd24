// Colour changes, solarise, noise, clip: views (L, V*B, H*W) u32 = packed RGBA8 (alpha 255), overwrites, from
// raw (L, V*B, 3*H*W) f32, means (L, 1, V*B) f32 and the crops' plans. A thread does every `lanes`-th pixel of a crop.

#import "shared/rng.wgsl"
#import "shared/sine.wgsl"
#import "shared/crop.wgsl"

struct Params {
    rows: u32,
    size: u32,
    lanes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> raw: array<f32>;
@group(0) @binding(2) var<storage, read> means: array<f32>;
@group(0) @binding(3) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> views: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.lanes {
        return;
    }
    let row = gid.z * params.rows + gid.y;
    let plan = row * CROP_VECTORS;
    let red = bitcast<vec4<f32>>(crops[plan + 1u]);
    let green = bitcast<vec4<f32>>(crops[plan + 2u]);
    let blue = bitcast<vec4<f32>>(crops[plan + 3u]);
    let last = crops[plan + 4u];
    let deviation = bitcast<f32>(last.x);
    let added = red.w * means[row] + green.w;
    let threshold = select(1e9, 0.5, blue.w > 0.5); // of the solarising
    let pixels = params.size * params.size;
    let start = row * 3u * pixels;
    for (var pixel = gid.x; pixel < pixels; pixel += params.lanes) {
        let source = vec3<f32>(raw[start + pixel], raw[start + pixels + pixel], raw[start + 2u * pixels + pixel]);
        var colour = vec3<f32>(dot(red.xyz, source), dot(green.xyz, source), dot(blue.xyz, source)) + added;
        colour = select(colour, 1.0 - colour, colour >= vec3<f32>(threshold));
        // Box and Muller: two radii, three of the four numbers
        let draw = uniform4(random4(last.zw, vec2<u32>(pixel, 0u)));
        let radius = deviation * sqrt(-2.0 * log(1.0 - draw.xy));
        let wave = sine4_of_turns(vec4<f32>(draw.z, draw.z + 0.25, draw.w, 0.0));
        // Levels by hand: rounded half to even, as packing would, and converted as signed integers
        let level = vec3<u32>(vec3<i32>(round(255.0 * saturate(colour + radius.xxy * wave.xyz))));
        views[row * pixels + pixel] = level.x | (level.y << 8u) | (level.z << 16u) | 0xFF000000u;
    }
}

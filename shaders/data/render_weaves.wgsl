// Crops of `weaves` scenes before any photometric change: raw (L, V*B, 3*H*W) f32, channel planes, and the pixels' luma summed in
// parts (L, V*B, lanes) f32; overwrites both. A thread does every `lanes`-th pixel of a crop, so that the 80 parameters of scene
// and crop are loaded once for many pixels: on llvmpipe, where each lane loads for itself, one pixel a thread took 25 times as long.

#import "shared/weaves.wgsl"
#import "shared/crop.wgsl"
#import "shared/colour.wgsl"

struct Params {
    rows: u32,
    batch: u32,
    size: u32,
    lanes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scenes: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> raw: array<f32>;
@group(0) @binding(4) var<storage, read_write> luma_sums: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.lanes {
        return;
    }
    let row = gid.z * params.rows + gid.y;
    let window = crop_window(row, params.size);
    let scene = load_scene((gid.z * params.batch + gid.y % params.batch) * SCENE_VECTORS);
    let sharpness = 1.0 / window.step.y;
    let pixels = params.size * params.size;
    let start = row * 3u * pixels;
    var sum = vec3<f32>(0.0);
    for (var pixel = gid.x; pixel < pixels; pixel += params.lanes) {
        let at = crop_position(window, pixel);
        let colour = scene_colour(scene, at.x, at.y, sharpness).xyz;
        raw[start + pixel] = colour.x;
        raw[start + pixels + pixel] = colour.y;
        raw[start + 2u * pixels + pixel] = colour.z;
        sum += colour;
    }
    luma_sums[row * params.lanes + gid.x] = dot(sum, LUMA_WEIGHTS);
}

// Crops of `weaves` scenes before any photometric change: raw (L, V*B, 3*H*W) f32, channel planes; overwrites.
// One thread a pixel; the row is the workgroup's y, so the scene's and the crop's parameters are loaded once for all lanes.

#import "shared/weaves.wgsl"
#import "shared/crop.wgsl"

struct Params {
    rows: u32,
    batch: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scenes: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> raw: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pixels = params.size * params.size;
    let pixel = gid.x;
    if pixel >= pixels {
        return;
    }
    let row = group.z * params.rows + group.y;
    let box = crop_box(row);
    let base = (group.z * params.batch + group.y % params.batch) * SCENE_VECTORS;
    let at = crop_position(box, pixel, params.size);
    let colour = scene_colour(base, at.x, at.y, box.w / f32(params.size));
    let start = row * 3u * pixels + pixel;
    raw[start] = colour.x;
    raw[start + pixels] = colour.y;
    raw[start + 2u * pixels] = colour.z;
}

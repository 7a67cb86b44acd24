// Mean luma of each crop before any photometric change: means (L, 1, V*B) f32 from raw (L, V*B, 3*H*W) f32; overwrites.
// One thread a crop, in index order: eight partial sums, then their sum.

#import "shared/colour.wgsl"

struct Params {
    rows: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> raw: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let row = gid.z * params.rows + gid.x;
    let pixels = params.size * params.size;
    let start = row * 3u * pixels;
    var sums = vec3<f32>(0.0);
    for (var i = 0u; i < pixels; i++) {
        sums += vec3<f32>(raw[start + i], raw[start + pixels + i], raw[start + 2u * pixels + i]);
    }
    means[row] = dot(sums, LUMA_WEIGHTS) / f32(pixels);
}

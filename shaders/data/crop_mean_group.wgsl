// As crop_mean.wgsl for real GPUs: one workgroup a crop, 64 strided partial sums, then a tree; a fixed order, another one.

#import "shared/colour.wgsl"

struct Params {
    rows: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> raw: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;

var<workgroup> partial: array<vec3<f32>, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.z * params.rows + group.y;
    let pixels = params.size * params.size;
    let start = row * 3u * pixels;
    var sums = vec3<f32>(0.0);
    for (var i = lane; i < pixels; i += 64u) {
        sums += vec3<f32>(raw[start + i], raw[start + pixels + i], raw[start + 2u * pixels + i]);
    }
    partial[lane] = sums;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial[lane] += partial[lane + half];
        }
    }
    if lane == 0u {
        means[row] = dot(partial[0], LUMA_WEIGHTS) / f32(pixels);
    }
}

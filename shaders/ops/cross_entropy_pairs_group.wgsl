// The mean over the images of each pair's cross-entropy, in a fixed order; one pair a workgroup (GPUs).
// losses (L, V B, 2), row view * B + image; pairs (L, 2, V). Overwrites pairs.
#import "shared/reduce.wgsl"

struct Params { batch: u32, views: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let first = 2u * (group.z * params.views + group.x % params.views) * params.batch + group.x / params.views;
    var sum = 0.0;
    for (var image = lane; image < params.batch; image += 64u) { sum += losses[first + 2u * image]; }
    sum = group_sum(lane, sum);
    if (lane == 0u) { pairs[group.z * 2u * params.views + group.x] = sum / f32(params.batch); }
}

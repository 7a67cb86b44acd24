// The mean over the images of each pair's cross-entropy, and the mean over the pairs of different views, in a fixed order; one
// learner a workgroup (GPUs).
// losses (L, V B, 2), row view * B + image; pairs (L, 2, V), 0 for the same view; mean (L, 1, 1). Overwrites pairs and mean.
#import "shared/reduce.wgsl"

struct Params { batch: u32, views: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var total = 0.0;
    for (var pair = 0u; pair < 2u * params.views; pair++) {
        let first = 2u * (group.z * params.views + pair % params.views) * params.batch + pair / params.views;
        var sum = 0.0;
        for (var image = lane; image < params.batch; image += 64u) { sum += losses[first + 2u * image]; }
        let of_pair = group_sum(lane, sum) / f32(params.batch);
        if (lane == 0u) { pairs[group.z * 2u * params.views + pair] = of_pair; }
        total += of_pair;
    }
    if (lane == 0u) { mean[group.z] = total / f32(2u * params.views - 2u); }
}

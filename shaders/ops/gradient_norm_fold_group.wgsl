// The root of the sum of a learner's partials, in a fixed order; one learner a workgroup (GPUs).
// partials (L, 1, chunks); norm (L, 1, 1). Overwrites norm.
#import "shared/reduce.wgsl"

struct Params { chunks: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = min(group.x, params.learners - 1u);
    var sum = 0.0;
    for (var i = lane; i < params.chunks; i += 64u) { sum += partials[learner * params.chunks + i]; }
    sum = group_sum(lane, sum);
    if (lane == 0u && group.x < params.learners) { norm[learner] = sqrt(sum); }
}

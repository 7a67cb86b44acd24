// The mean BYOL loss of a learner's pairs of different views, in a fixed order; one learner a workgroup (GPUs).
// losses (L, R, 1), of which the first `globals` are of one pair and the others the mean of two; mean (L, 1, 1). Overwrites mean.
#import "shared/reduce.wgsl"

struct Params { rows: u32, globals: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = min(group.x, params.learners - 1u);
    var sum = 0.0;
    for (var r = lane; r < params.rows; r += 64u) { sum += select(2.0, 1.0, r < params.globals) * losses[learner * params.rows + r]; }
    sum = group_sum(lane, sum);
    if (lane == 0u && group.x < params.learners) { mean[learner] = sum / f32(2u * params.rows - params.globals); }
}

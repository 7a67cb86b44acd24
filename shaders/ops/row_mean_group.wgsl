// The mean of a learner's rows, in a fixed order; one learner a workgroup (GPUs).
// x (L, R, 1); mean (L, 1, 1). Overwrites mean.
#import "shared/reduce.wgsl"

struct Params { rows: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = min(group.x, params.learners - 1u);
    var sum = 0.0;
    for (var r = lane; r < params.rows; r += 64u) { sum += x[learner * params.rows + r]; }
    sum = group_sum(lane, sum);
    if (lane == 0u && group.x < params.learners) { mean[learner] = sum / f32(params.rows); }
}

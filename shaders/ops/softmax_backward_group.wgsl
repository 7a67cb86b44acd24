// The gradient of softmax_forward with respect to x; one row a workgroup (GPUs).
// p, dp, dx (L, R, K). dx is overwritten, or added to if `accumulate`; it is multiplied by the learner's teacher_gradient, and an
// exact 0 where that is 0.
#import "shared/learner.wgsl"
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> dp: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let first = (group.z * params.rows + min(r, params.rows - 1u)) * params.columns;
    let factor = learners[group.z].teacher_gradient;
    let weight = factor / learners[group.z].teacher_temperature;
    var mean = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { mean += p[first + c] * dp[first + c]; }
    mean = group_sum(lane, mean);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let value = select(weight * p[first + c] * (dp[first + c] - mean), 0.0, factor == 0.0);
        if (params.accumulate != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

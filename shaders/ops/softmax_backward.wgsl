// The gradient of softmax_forward with respect to x; one row a thread (software adapters).
// p, dp, dx (L, R, K). dx is overwritten, or added to if `accumulate`; it is multiplied by the learner's teacher_gradient, and an
// exact 0 where that is 0.
#import "shared/learner.wgsl"

struct Params { rows: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> dp: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let accumulate = params.accumulate + gid.y != 0u;
    let first = (gid.z * params.rows + gid.x) * columns;
    let factor = learners[gid.z].teacher_gradient;
    let weight = factor / learners[gid.z].teacher_temperature;
    var mean = 0.0;
    for (var c = 0u; c < columns; c++) { mean += p[first + c] * dp[first + c]; }
    for (var c = 0u; c < columns; c++) {
        let value = select(weight * p[first + c] * (dp[first + c] - mean), 0.0, factor == 0.0);
        if (accumulate) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

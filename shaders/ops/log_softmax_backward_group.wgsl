// The gradient of log_softmax_forward; one row a workgroup (GPUs).
// y, dy, dx (L, R, K). dx is overwritten, or added to if `accumulate`.
#import "shared/learner.wgsl"
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let first = (group.z * params.rows + min(r, params.rows - 1u)) * params.columns;
    let sharpness = 1.0 / learners[group.z].student_temperature;
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { sum += dy[first + c]; }
    sum = group_sum(lane, sum);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let value = sharpness * (dy[first + c] - exp(y[first + c]) * sum);
        if (params.accumulate != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

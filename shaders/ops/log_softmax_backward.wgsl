// The gradient of log_softmax_forward; one row a thread (software adapters).
// y, dy, dx (L, R, K). dx is overwritten, or added to if `accumulate`.
#import "shared/learner.wgsl"

struct Params { rows: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let accumulate = params.accumulate + gid.y != 0u;
    let first = (gid.z * params.rows + gid.x) * columns;
    let sharpness = 1.0 / learners[gid.z].student_temperature;
    var sum = 0.0;
    for (var c = 0u; c < columns; c++) { sum += dy[first + c]; }
    for (var c = 0u; c < columns; c++) {
        let value = sharpness * (dy[first + c] - exp(y[first + c]) * sum);
        if (accumulate) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

// The gradient of the mean cross-entropy with respect to the teacher's distributions: minus the sum of the student's log_q of the
// same image in other views, over the number of terms; one row a thread (software adapters).
// dp (L, 2B, K), overwritten, or added to if `accumulate`; log_q (L, V B, K), rows view * B + image; dloss (L, 1, 1). p itself is
// not needed: the loss is linear in it.
struct Params { batch: u32, views: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> log_q: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> dp: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= 2u * params.batch) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let views = params.views + gid.y;
    let accumulate = params.accumulate + gid.y != 0u;
    let view = gid.x / params.batch;
    let first = (gid.z * views * params.batch + gid.x % params.batch) * columns;
    let out = (gid.z * 2u * params.batch + gid.x) * columns;
    let weight = -dloss[gid.z] / f32(params.batch * (2u * views - 2u));
    for (var c = 0u; c < columns; c++) {
        var sum = 0.0;
        for (var v = 0u; v < views; v++) {
            if (v != view) { sum += log_q[first + v * params.batch * columns + c]; }
        }
        if (accumulate) { dp[out + c] += weight * sum; } else { dp[out + c] = weight * sum; }
    }
}

// The gradient of the mean cross-entropy with respect to the teacher's distributions: minus the sum of the student's log_q of the
// same image in other views, over the number of terms; one element a thread (GPUs).
// dp (L, 2B, K), overwritten, or added to if `accumulate`; log_q (L, V B, K), rows view * B + image; dloss (L, 1, 1). p itself is
// not needed: the loss is linear in it.
#import "shared/item.wgsl"

struct Params { batch: u32, views: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> log_q: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> dp: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let view_elements = params.batch * params.columns;
    if (item >= 2u * view_elements) { return; }
    let view = item / view_elements;
    let first = gid.z * params.views * view_elements + item % view_elements;
    var sum = 0.0;
    for (var v = 0u; v < params.views; v++) {
        if (v != view) { sum += log_q[first + v * view_elements]; }
    }
    let value = -dloss[gid.z] / f32(params.batch * (2u * params.views - 2u)) * sum;
    let out = gid.z * 2u * view_elements + item;
    if (params.accumulate != 0u) { dp[out] += value; } else { dp[out] = value; }
}

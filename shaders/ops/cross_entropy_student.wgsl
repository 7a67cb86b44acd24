// The gradient of the mean cross-entropy with respect to the student's logits; one row a thread (software adapters).
// p (L, 2B, K), log_q and dlogits (L, V B, K), rows view * B + image; dloss (L, 1, 1). T is the student's temperature. dlogits is
// overwritten, or added to if `accumulate`.
#import "shared/learner.wgsl"

struct Params { batch: u32, views: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> log_q: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read> learners: array<Learner>;
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;

// What the row of a view learns from, at a prototype: the sum of the teacher's rows of the same image in other views.
fn taught(view: u32, first: u32, second: u32) -> f32 {
    return select(p[first], 0.0, view == 0u) + select(p[second], 0.0, view == 1u);
}

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = params.views * params.batch;
    if (gid.x >= rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let accumulate = params.accumulate + gid.y != 0u;
    let view = gid.x / params.batch;
    let out = (gid.z * rows + gid.x) * columns;
    let first = (gid.z * 2u * params.batch + gid.x % params.batch) * columns;
    let second = first + params.batch * columns;
    let weight = dloss[gid.z] / f32(params.batch * (2u * params.views - 2u)) / learners[gid.z].student_temperature;
    var sum = 0.0;
    for (var c = 0u; c < columns; c++) { sum += taught(view, first + c, second + c); }
    for (var c = 0u; c < columns; c++) {
        let value = weight * (exp(log_q[out + c]) * sum - taught(view, first + c, second + c));
        if (accumulate) { dlogits[out + c] += value; } else { dlogits[out + c] = value; }
    }
}

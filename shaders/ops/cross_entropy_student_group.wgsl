// The gradient of the mean cross-entropy with respect to the student's logits; one row a workgroup (GPUs).
// p (L, 2B, K), log_q and dlogits (L, V B, K), rows view * B + image; dloss (L, 1, 1). T is the student's temperature. dlogits is
// overwritten, or added to if `accumulate`.
#import "shared/learner.wgsl"
#import "shared/reduce.wgsl"

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

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let rows = params.views * params.batch;
    let inside = group.y * 32768u + group.x < rows;
    let r = min(group.y * 32768u + group.x, rows - 1u);
    let view = r / params.batch;
    let out = (group.z * rows + r) * params.columns;
    let first = (group.z * 2u * params.batch + r % params.batch) * params.columns;
    let second = first + params.batch * params.columns;
    let weight = dloss[group.z] / f32(params.batch * (2u * params.views - 2u)) / learners[group.z].student_temperature;
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { sum += taught(view, first + c, second + c); }
    sum = group_sum(lane, sum);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let value = weight * (exp(log_q[out + c]) * sum - taught(view, first + c, second + c));
        if (params.accumulate != 0u) { dlogits[out + c] += value; } else { dlogits[out + c] = value; }
    }
}

// log_q = log softmax(logits / T) of each student row, and its cross-entropy with the teacher's rows of the same image; one row a
// workgroup (GPUs).
// p (L, 2B, K), logits and log_q (L, V B, K), rows view * B + image; losses (L, V B, 2), 0 where both are the same view. T is the
// student's temperature. Overwrites log_q and losses.
#import "shared/learner.wgsl"
#import "shared/reduce_max.wgsl"

struct Params { batch: u32, views: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> log_q: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let rows = params.views * params.batch;
    let inside = group.y * 32768u + group.x < rows;
    let r = min(group.y * 32768u + group.x, rows - 1u);
    let view = r / params.batch;
    let row = group.z * rows + r;
    let first_q = row * params.columns;
    let first_p = (group.z * 2u * params.batch + r % params.batch) * params.columns;
    let second_p = first_p + params.batch * params.columns;
    let sharpness = 1.0 / learners[group.z].student_temperature;
    var largest = -3.40282346e38;
    for (var c = lane; c < params.columns; c += 64u) { largest = max(largest, logits[first_q + c]); }
    largest = group_max(lane, largest);
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { sum += exp((logits[first_q + c] - largest) * sharpness); }
    let shift = log(group_sum(lane, sum));
    var sums = vec2<f32>();
    for (var c = lane; c < params.columns; c += 64u) {
        let value = (logits[first_q + c] - largest) * sharpness - shift;
        if (inside) { log_q[first_q + c] = value; }
        sums -= value * vec2<f32>(p[first_p + c], p[second_p + c]);
    }
    let first = group_sum(lane, sums.x);
    let second = group_sum(lane, sums.y);
    if (!inside || lane != 0u) { return; }
    losses[2u * row] = select(first, 0.0, view == 0u);
    losses[2u * row + 1u] = select(second, 0.0, view == 1u);
}

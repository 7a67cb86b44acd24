// log_q = log softmax(logits / T) of each student row, and its cross-entropy with the teacher's rows of the same image; one row a
// thread (software adapters).
// p (L, 2B, K), logits and log_q (L, V B, K), rows view * B + image; losses (L, V B, 2), 0 where both are the same view. T is the
// student's temperature. Overwrites log_q and losses.
#import "shared/learner.wgsl"

struct Params { batch: u32, views: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> log_q: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = params.views * params.batch;
    if (gid.x >= rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let view = gid.x / params.batch;
    let row = gid.z * rows + gid.x;
    let first_q = row * columns;
    let first_p = (gid.z * 2u * params.batch + gid.x % params.batch) * columns;
    let second_p = first_p + params.batch * columns;
    let sharpness = 1.0 / learners[gid.z].student_temperature;
    var largest = -3.40282346e38;
    for (var c = 0u; c < columns; c++) { largest = max(largest, logits[first_q + c]); }
    var sum = 0.0;
    for (var c = 0u; c < columns; c++) { sum += exp((logits[first_q + c] - largest) * sharpness); }
    let shift = log(sum);
    var sums = vec2<f32>();
    for (var c = 0u; c < columns; c++) {
        let value = (logits[first_q + c] - largest) * sharpness - shift;
        log_q[first_q + c] = value;
        sums -= value * vec2<f32>(p[first_p + c], p[second_p + c]);
    }
    losses[2u * row] = select(sums.x, 0.0, view == 0u);
    losses[2u * row + 1u] = select(sums.y, 0.0, view == 1u);
}

// y = log softmax(x / T) along each row, T the student's temperature; one row a workgroup (GPUs).
// x, y (L, R, K). Overwrites y.
#import "shared/learner.wgsl"
#import "shared/reduce_max.wgsl"

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> learners: array<Learner>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let first = (group.z * params.rows + min(r, params.rows - 1u)) * params.columns;
    let sharpness = 1.0 / learners[group.z].student_temperature;
    var largest = -3.40282346e38;
    for (var c = lane; c < params.columns; c += 64u) { largest = max(largest, x[first + c]); }
    largest = group_max(lane, largest);
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { sum += exp((x[first + c] - largest) * sharpness); }
    let shift = log(group_sum(lane, sum));
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) { y[first + c] = (x[first + c] - largest) * sharpness - shift; }
}

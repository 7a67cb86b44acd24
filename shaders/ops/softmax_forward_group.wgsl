// p = softmax((x - centering * center) / T) along each row, T the teacher's temperature; one row a workgroup (GPUs).
// x, p (L, R, K); center (L, 1, K). Overwrites p.
#import "shared/learner.wgsl"
#import "shared/reduce_max.wgsl"

struct Params { rows: u32, columns: u32, center_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> center: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> p: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let first = (group.z * params.rows + min(r, params.rows - 1u)) * params.columns;
    let first_center = group.z * params.center_stride;
    let centering = learners[group.z].centering;
    let sharpness = 1.0 / learners[group.z].teacher_temperature;
    var largest = -3.40282346e38;
    for (var c = lane; c < params.columns; c += 64u) {
        largest = max(largest, x[first + c] - centering * center[first_center + c]);
    }
    largest = group_max(lane, largest);
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) {
        sum += exp((x[first + c] - centering * center[first_center + c] - largest) * sharpness);
    }
    sum = group_sum(lane, sum);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        p[first + c] = exp((x[first + c] - centering * center[first_center + c] - largest) * sharpness) / sum;
    }
}

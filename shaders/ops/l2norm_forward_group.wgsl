// y = x / max(|x|, least) along each row; one row a workgroup (GPUs).
// x, y (L, R, C), x_stride elements from one learner's x to the next. Overwrites y.
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, x_stride: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let row = min(r, params.rows - 1u) * params.columns;
    let first = group.z * params.x_stride + row;
    let out = group.z * params.rows * params.columns + row;
    var squares = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { squares += x[first + c] * x[first + c]; }
    let length = max(sqrt(group_sum(lane, squares)), params.least);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) { y[out + c] = x[first + c] / length; }
}

// The gradient of l2norm_forward; one row a workgroup (GPUs). Below `least` the length is a constant.
// x, dy, dx (L, R, C), x_stride and dx_stride elements from one learner to the next. dx is overwritten, or added to if `accumulate`.
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, x_stride: u32, dx_stride: u32, least: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let row = min(r, params.rows - 1u) * params.columns;
    let first = group.z * params.x_stride + row;
    let first_dy = group.z * params.rows * params.columns + row;
    let out = group.z * params.dx_stride + row;
    var squares = 0.0;
    var along = 0.0;
    for (var c = lane; c < params.columns; c += 64u) {
        squares += x[first + c] * x[first + c];
        along += x[first + c] * dy[first_dy + c];
    }
    squares = group_sum(lane, squares);
    along = group_sum(lane, along);
    let free = sqrt(squares) > params.least;
    let length = max(sqrt(squares), params.least);
    let radial = select(0.0, along / length / length, free);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let value = (dy[first_dy + c] - x[first + c] * radial) / length;
        if (params.accumulate != 0u) { dx[out + c] += value; } else { dx[out + c] = value; }
    }
}

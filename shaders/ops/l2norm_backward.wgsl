// The gradient of l2norm_forward; one row a thread (software adapters). Below `least` the length is a constant.
// x, dy, dx (L, R, C), x_stride and dx_stride elements from one learner to the next. dx is overwritten, or added to if `accumulate`.
struct Params { rows: u32, columns: u32, x_stride: u32, dx_stride: u32, least: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let first = gid.z * params.x_stride + gid.x * columns;
    let first_dy = (gid.z * params.rows + gid.x) * columns;
    let out = gid.z * params.dx_stride + gid.x * columns;
    var squares = 0.0;
    var along = 0.0;
    for (var c = 0u; c < columns; c++) {
        squares += x[first + c] * x[first + c];
        along += x[first + c] * dy[first_dy + c];
    }
    let free = sqrt(squares) > params.least;
    let length = max(sqrt(squares), params.least);
    let radial = select(0.0, along / length / length, free);
    for (var c = 0u; c < columns; c++) {
        let value = (dy[first_dy + c] - x[first + c] * radial) / length;
        if (params.accumulate + gid.y != 0u) { dx[out + c] += value; } else { dx[out + c] = value; }
    }
}

// y = x / max(|x|, least) along each row; one row a thread (software adapters).
// x, y (L, R, C), x_stride elements from one learner's x to the next. Overwrites y.
struct Params { rows: u32, columns: u32, x_stride: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let first = gid.z * params.x_stride + gid.x * columns;
    let out = (gid.z * params.rows + gid.x) * columns;
    var squares = 0.0;
    for (var c = 0u; c < columns; c++) { squares += x[first + c] * x[first + c]; }
    let length = max(sqrt(squares), params.least);
    for (var c = 0u; c < columns; c++) { y[out + c] = x[first + c] / length; }
}

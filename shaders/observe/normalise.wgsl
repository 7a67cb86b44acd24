// y = x / max(|x|, 1e-6) along each row, padded with zeros to a larger size; one row a thread.
// x (L, R, C), learners `stride` apart; y (L, y_rows, y_columns). Overwrites y.
#import "shared/unit.wgsl"

struct Params { rows: u32, columns: u32, y_rows: u32, y_columns: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.y_rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let y_columns = params.y_columns + gid.y;
    let out = (gid.z * params.y_rows + gid.x) * y_columns;
    var filled = 0u;
    if (gid.x < params.rows) {
        filled = columns;
        let first = gid.z * params.stride + gid.x * columns;
        let scale = inverse_length(first, columns);
        for (var c = 0u; c < filled; c++) { y[out + c] = x[first + c] * scale; }
    }
    for (var c = filled; c < y_columns; c++) { y[out + c] = 0.0; }
}

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
    let out = (gid.z * params.y_rows + gid.x) * params.y_columns;
    var filled = 0u;
    if (gid.x < params.rows) {
        filled = params.columns;
        let first = gid.z * params.stride + gid.x * params.columns;
        let scale = inverse_length(first, params.columns);
        for (var c = 0u; c < filled; c++) { y[out + c] = x[first + c] * scale; }
    }
    for (var c = filled; c < params.y_columns; c++) { y[out + c] = 0.0; }
}

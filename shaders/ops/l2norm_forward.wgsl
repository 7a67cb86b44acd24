// y = x / max(|x|, least) along each row; one row a thread (software adapters).
// x, y (L, R, C). Overwrites y.
struct Params { rows: u32, columns: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let first = (gid.z * params.rows + gid.x) * params.columns;
    var squares = 0.0;
    for (var c = 0u; c < params.columns; c++) { squares += x[first + c] * x[first + c]; }
    let length = max(sqrt(squares), params.least);
    for (var c = 0u; c < params.columns; c++) { y[first + c] = x[first + c] / length; }
}

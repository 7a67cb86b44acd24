// y = x / max(|x|, 1e-6) along each row, padded with zeros to a multiple of four columns; one row a thread.
// x (L, R, C); y (L, R, padded). Overwrites y.
#import "shared/unit.wgsl"

struct Params { rows: u32, columns: u32, padded: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let first = row * params.columns;
    let scale = inverse_length(first, params.columns);
    for (var c = 0u; c < params.columns; c++) { y[row * params.padded + c] = x[first + c] * scale; }
    for (var c = params.columns; c < params.padded; c++) { y[row * params.padded + c] = 0.0; }
}

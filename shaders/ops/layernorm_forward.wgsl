// y = activate(gain * (x - mean) / sqrt(variance + eps) + shift) along each row; one row a thread (software adapters).
// x, y (L, R, C); gain, shift (L, 1, C); statistics (L, R, 2) = mean, 1 / standard deviation. Overwrites y and statistics.
#import "shared/activation.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let first = row * params.columns;
    let parameters = gid.z * params.parameter_stride;
    var sum = 0.0;
    for (var c = 0u; c < params.columns; c++) { sum += x[first + c]; }
    let mean = sum / f32(params.columns);
    var squares = 0.0;
    for (var c = 0u; c < params.columns; c++) {
        let centred = x[first + c] - mean;
        squares += centred * centred;
    }
    let scale = 1.0 / sqrt(squares / f32(params.columns) + params.eps);
    for (var c = 0u; c < params.columns; c++) {
        let normal = (x[first + c] - mean) * scale;
        y[first + c] = activate(gain[parameters + c] * normal + shift[parameters + c]);
    }
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = scale;
}

// y = activate(gain * (x - mean) / sqrt(variance + eps) + shift) along each row; one row a workgroup (GPUs).
// x, y (L, R, C); gain, shift (L, 1, C); statistics (L, R, 2) = mean, 1 / standard deviation. Overwrites y and statistics.
#import "shared/activation.wgsl"
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // Every group has a row to do; y counts 32,768 rows each so that any number of rows fits the dispatch limits.
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let row = group.z * params.rows + min(r, params.rows - 1u);
    let first = row * params.columns;
    let parameters = group.z * params.parameter_stride;
    var sum = 0.0;
    for (var c = lane; c < params.columns; c += 64u) { sum += x[first + c]; }
    let mean = group_sum(lane, sum) / f32(params.columns);
    var squares = 0.0;
    for (var c = lane; c < params.columns; c += 64u) {
        let centred = x[first + c] - mean;
        squares += centred * centred;
    }
    let scale = 1.0 / sqrt(group_sum(lane, squares) / f32(params.columns) + params.eps);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let normal = (x[first + c] - mean) * scale;
        y[first + c] = activate(gain[parameters + c] * normal + shift[parameters + c]);
    }
    if (lane == 0u) {
        statistics[2u * row] = mean;
        statistics[2u * row + 1u] = scale;
    }
}

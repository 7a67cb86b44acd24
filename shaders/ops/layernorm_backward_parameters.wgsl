// Partial sums of the gradients with respect to gain and shift; one (chunk of rows, column) a thread.
// x, dy (L, R, C); statistics (L, R, 2); partials (L, chunks, 2 C) = gain's C, then shift's C. Overwrites partials.
#import "shared/activation.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, chunk_rows: u32, chunks: u32, partials_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let column = gid.x % params.columns;
    let chunk = gid.x / params.columns;
    if (chunk >= params.chunks) { return; }
    let g = gain[gid.z * params.parameter_stride + column];
    let s = shift[gid.z * params.parameter_stride + column];
    var sum_gain = 0.0;
    var sum_shift = 0.0;
    let end = min((chunk + 1u) * params.chunk_rows, params.rows);
    for (var r = chunk * params.chunk_rows; r < end; r++) {
        let row = gid.z * params.rows + r;
        let index = row * params.columns + column;
        let normal = (x[index] - statistics[2u * row]) * statistics[2u * row + 1u];
        let d = dy[index] * activation_derivative(g * normal + s);
        sum_gain += d * normal;
        sum_shift += d;
    }
    let out = gid.z * params.partials_stride + chunk * 2u * params.columns + column;
    partials[out] = sum_gain;
    partials[out + params.columns] = sum_shift;
}

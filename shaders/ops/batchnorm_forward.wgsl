// y = activate(gain * (x - mean) / sqrt(variance + eps) + shift), mean and variance down each column of a group of
// consecutive rows; one (group, column) a thread (software adapters).
// x, y (L, groups * group_rows, C); gain, shift (L, 1, C); statistics (L, groups, 2 C) = C means, then C times
// 1 / standard deviation. Overwrites y and statistics.
#import "shared/activation.wgsl"

struct Params { group_rows: u32, groups: u32, columns: u32, parameter_stride: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let column = gid.x % params.columns;
    let group = gid.x / params.columns;
    if (group >= params.groups) { return; }
    let block = gid.z * params.groups + group;
    let first = block * params.group_rows * params.columns + column;
    let end = first + params.group_rows * params.columns;
    var sum = 0.0;
    for (var i = first; i < end; i += params.columns) { sum += x[i]; }
    let mean = sum / f32(params.group_rows);
    var squares = 0.0;
    for (var i = first; i < end; i += params.columns) {
        let centred = x[i] - mean;
        squares += centred * centred;
    }
    let scale = 1.0 / sqrt(squares / f32(params.group_rows) + params.eps);
    let g = gain[gid.z * params.parameter_stride + column];
    let s = shift[gid.z * params.parameter_stride + column];
    for (var i = first; i < end; i += params.columns) { y[i] = activate(g * ((x[i] - mean) * scale) + s); }
    statistics[block * 2u * params.columns + column] = mean;
    statistics[(block * 2u + 1u) * params.columns + column] = scale;
}

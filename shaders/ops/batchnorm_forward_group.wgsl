// y = activate(gain * (x - mean) / sqrt(variance + eps) + shift), mean and variance down each column of a group of
// consecutive rows; 32 columns of a group a workgroup, 8 rows at a time (GPUs).
// x, y (L, groups * group_rows, C); gain, shift (L, 1, C); statistics (L, groups, 2 C) = C means, then C times
// 1 / standard deviation. Overwrites y and statistics.
#import "shared/activation.wgsl"
#import "shared/reduce_columns.wgsl"

struct Params { group_rows: u32, groups: u32, columns: u32, parameter_stride: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let inside = group.x * 32u + lane % 32u < params.columns;
    let column = min(group.x * 32u + lane % 32u, params.columns - 1u);
    let block = group.z * params.groups + group.y;
    let first = block * params.group_rows * params.columns + column;
    var sum = 0.0;
    for (var r = lane / 32u; r < params.group_rows; r += 8u) { sum += x[first + r * params.columns]; }
    let mean = column_total(lane, sum) / f32(params.group_rows);
    var squares = 0.0;
    for (var r = lane / 32u; r < params.group_rows; r += 8u) {
        let centred = x[first + r * params.columns] - mean;
        squares += centred * centred;
    }
    let scale = 1.0 / sqrt(column_total(lane, squares) / f32(params.group_rows) + params.eps);
    if (!inside) { return; }
    let g = gain[group.z * params.parameter_stride + column];
    let s = shift[group.z * params.parameter_stride + column];
    for (var r = lane / 32u; r < params.group_rows; r += 8u) {
        let i = first + r * params.columns;
        y[i] = activate(g * ((x[i] - mean) * scale) + s);
    }
    if (lane < 32u) {
        statistics[block * 2u * params.columns + column] = mean;
        statistics[(block * 2u + 1u) * params.columns + column] = scale;
    }
}

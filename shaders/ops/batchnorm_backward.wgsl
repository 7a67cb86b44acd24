// The gradients of batchnorm_forward: with respect to x, and each group's share of those with respect to gain and shift;
// one (group, column) a thread (software adapters).
// x, dy, dx (L, groups * group_rows, C); statistics (L, groups, 2 C); partials (L, groups, 2 C) = gain's C, then shift's C.
// dx is overwritten, or added to if `accumulate`; overwrites partials.
#import "shared/activation.wgsl"

struct Params { group_rows: u32, groups: u32, columns: u32, parameter_stride: u32, partials_stride: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;
@group(0) @binding(7) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let column = gid.x % params.columns;
    let group = gid.x / params.columns;
    if (group >= params.groups) { return; }
    let block = gid.z * params.groups + group;
    let first = block * params.group_rows * params.columns + column;
    let end = first + params.group_rows * params.columns;
    let mean = statistics[block * 2u * params.columns + column];
    let scale = statistics[(block * 2u + 1u) * params.columns + column];
    let g = gain[gid.z * params.parameter_stride + column];
    let s = shift[gid.z * params.parameter_stride + column];
    var sum_gain = 0.0;
    var sum_shift = 0.0;
    for (var i = first; i < end; i += params.columns) {
        let normal = (x[i] - mean) * scale;
        let d = dy[i] * activation_derivative(g * normal + s);
        sum_gain += d * normal;
        sum_shift += d;
    }
    let out = gid.z * params.partials_stride + group * 2u * params.columns + column;
    partials[out] = sum_gain;
    partials[out + params.columns] = sum_shift;
    let mean_gain = sum_gain / f32(params.group_rows);
    let mean_shift = sum_shift / f32(params.group_rows);
    for (var i = first; i < end; i += params.columns) {
        let normal = (x[i] - mean) * scale;
        let d = dy[i] * activation_derivative(g * normal + s);
        let value = scale * g * (d - mean_shift - normal * mean_gain);
        if (params.accumulate != 0u) { dx[i] += value; } else { dx[i] = value; }
    }
}

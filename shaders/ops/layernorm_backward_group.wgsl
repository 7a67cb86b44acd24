// The gradient of layernorm_forward with respect to x; one row a workgroup (GPUs).
// x, dy, dx (L, R, C); statistics (L, R, 2). dx is overwritten, or added to if `accumulate`.
#import "shared/activation.wgsl"
#import "shared/reduce.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.y * 32768u + group.x;
    let inside = r < params.rows;
    let row = group.z * params.rows + min(r, params.rows - 1u);
    let first = row * params.columns;
    let parameters = group.z * params.parameter_stride;
    let mean = statistics[2u * row];
    let scale = statistics[2u * row + 1u];
    var sum = 0.0;
    var sum_normal = 0.0;
    for (var c = lane; c < params.columns; c += 64u) {
        let normal = (x[first + c] - mean) * scale;
        let g = gain[parameters + c];
        let d = dy[first + c] * activation_derivative(g * normal + shift[parameters + c]) * g;
        sum += d;
        sum_normal += d * normal;
    }
    sum = group_sum(lane, sum) / f32(params.columns);
    sum_normal = group_sum(lane, sum_normal) / f32(params.columns);
    if (!inside) { return; }
    for (var c = lane; c < params.columns; c += 64u) {
        let normal = (x[first + c] - mean) * scale;
        let g = gain[parameters + c];
        let d = dy[first + c] * activation_derivative(g * normal + shift[parameters + c]) * g;
        let value = scale * (d - sum - normal * sum_normal);
        if (params.accumulate != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

// The gradient of layernorm_forward with respect to x; one row a thread (software adapters).
// x, dy, dx (L, R, C); statistics (L, R, 2). dx is overwritten, or added to if `accumulate`.
#import "shared/activation.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let first = row * params.columns;
    let parameters = gid.z * params.parameter_stride;
    let mean = statistics[2u * row];
    let scale = statistics[2u * row + 1u];
    var sum = 0.0;
    var sum_normal = 0.0;
    for (var c = 0u; c < params.columns; c++) {
        let normal = (x[first + c] - mean) * scale;
        let g = gain[parameters + c];
        let d = dy[first + c] * activation_derivative(g * normal + shift[parameters + c]) * g;
        sum += d;
        sum_normal += d * normal;
    }
    sum /= f32(params.columns);
    sum_normal /= f32(params.columns);
    for (var c = 0u; c < params.columns; c++) {
        let normal = (x[first + c] - mean) * scale;
        let g = gain[parameters + c];
        let d = dy[first + c] * activation_derivative(g * normal + shift[parameters + c]) * g;
        let value = scale * (d - sum - normal * sum_normal);
        // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
        if (params.accumulate + gid.y != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}

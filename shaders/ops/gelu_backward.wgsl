// The gradient of gelu_forward; one element a thread.
// x, dy, dx (L, R, C). dx is overwritten, or added to if `accumulate`.
#import "shared/activation.wgsl"
#import "shared/item.wgsl"

struct Params { elements: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.elements) { return; }
    let i = gid.z * params.elements + item;
    let value = dy[i] * activation_derivative(x[i]);
    if (params.accumulate != 0u) { dx[i] += value; } else { dx[i] = value; }
}

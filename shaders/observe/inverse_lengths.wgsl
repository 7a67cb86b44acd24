// y = 1 / max(|x|, 1e-6) along each row; one row a thread.
// x (L, R, C), learners `stride` apart; y (L, R, 1). Overwrites y.
#import "shared/unit.wgsl"

struct Params { rows: u32, columns: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    y[gid.z * params.rows + gid.x] = inverse_length(gid.z * params.stride + gid.x * params.columns, params.columns);
}

// The gradient of mean_pool_forward; one element of dx a thread.
// dy (L, rows, C); dx (L, rows * group, C), overwritten, or added to if `accumulate`.
#import "shared/item.wgsl"

struct Params { rows: u32, columns: u32, group: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let elements = params.rows * params.group * params.columns;
    if (item >= elements) { return; }
    let row = gid.z * params.rows + item / params.columns / params.group;
    let value = dy[row * params.columns + item % params.columns] / f32(params.group);
    let out = gid.z * elements + item;
    if (params.accumulate != 0u) { dx[out] += value; } else { dx[out] = value; }
}

// dx (+)= dy; one element a thread. dx, dy (L, R, C). Overwrites dx, or adds to it if `accumulate`.
#import "shared/item.wgsl"

struct Params { elements: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.elements) { return; }
    let i = gid.z * params.elements + item;
    if (params.accumulate != 0u) { dx[i] += dy[i]; } else { dx[i] = dy[i]; }
}

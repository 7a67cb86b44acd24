// y = a + b; one element a thread. a, b, y (L, R, C). Overwrites y.
#import "shared/item.wgsl"

struct Params { elements: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.elements) { return; }
    let i = gid.z * params.elements + item;
    y[i] = a[i] + b[i];
}

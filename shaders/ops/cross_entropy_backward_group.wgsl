// The gradient of the cross-entropy with respect to one of its two sides: minus the sum of the other side's rows of the same
// image in other views, over the number of terms; one element a thread (GPUs).
// dx (L, views B, K), overwritten, or added to if `accumulate`; other (L, other_views B, K); dloss (L, 1, 1). x itself is not
// needed: the loss is linear in either side.
#import "shared/item.wgsl"

struct Params { batch: u32, views: u32, other_views: u32, columns: u32, terms: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> other: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let view_elements = params.batch * params.columns;
    if (item >= params.views * view_elements) { return; }
    let view = item / view_elements;
    let first = gid.z * params.other_views * view_elements + item % view_elements;
    var sum = 0.0;
    for (var v = 0u; v < params.other_views; v++) {
        if (v != view) { sum += other[first + v * view_elements]; }
    }
    let value = -dloss[gid.z] / f32(params.terms) * sum;
    let out = gid.z * params.views * view_elements + item;
    if (params.accumulate != 0u) { dx[out] += value; } else { dx[out] = value; }
}

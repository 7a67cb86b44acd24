// The gradient of the cross-entropy with respect to one of its two sides: minus the sum of the other side's rows of the same
// image in other views, over the number of terms; one row of dx a thread (software adapters).
// dx (L, views B, K), overwritten, or added to if `accumulate`; other (L, other_views B, K); dloss (L, 1, 1). x itself is not
// needed: the loss is linear in either side.
struct Params { batch: u32, views: u32, other_views: u32, columns: u32, terms: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> other: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.views * params.batch) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let other_views = params.other_views + gid.y;
    let accumulate = params.accumulate + gid.y != 0u;
    let view = gid.x / params.batch;
    let first = (gid.z * other_views * params.batch + gid.x % params.batch) * columns;
    let out = (gid.z * params.views * params.batch + gid.x) * columns;
    let weight = -dloss[gid.z] / f32(params.terms);
    for (var c = 0u; c < columns; c++) {
        var sum = 0.0;
        for (var v = 0u; v < other_views; v++) {
            if (v != view) { sum += other[first + v * params.batch * columns + c]; }
        }
        if (accumulate) { dx[out + c] += weight * sum; } else { dx[out + c] = weight * sum; }
    }
}

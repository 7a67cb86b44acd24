// The mean of a learner's pairs of different views (those of equal views are 0), in order; one learner a thread.
// pairs (L, 2, V); mean (L, 1, 1). Overwrites mean.
struct Params { learners: u32, views: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let views = params.views + gid.y;
    var sum = 0.0;
    for (var pair = 0u; pair < 2u * views; pair++) { sum += pairs[gid.x * 2u * views + pair]; }
    mean[gid.x] = sum / f32(2u * views - 2u);
}

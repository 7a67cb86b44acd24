// The mean over the images of each pair's cross-entropy, and the mean over the pairs of different views, in order; one learner a
// thread (software adapters).
// losses (L, V B, 2), row view * B + image; pairs (L, 2, V), 0 for the same view; mean (L, 1, 1). Overwrites pairs and mean.
struct Params { learners: u32, batch: u32, views: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let views = params.views + gid.y;
    let batch = params.batch + gid.y;
    let of_learner = gid.x * 2u * views;
    var total = vec2<f32>();
    for (var view = 0u; view < views; view++) {
        var sum = vec2<f32>();
        for (var image = 0u; image < batch; image++) {
            let row = (gid.x * views + view) * batch + image;
            sum += vec2<f32>(losses[2u * row], losses[2u * row + 1u]);
        }
        sum /= f32(batch);
        pairs[of_learner + view] = sum.x;
        pairs[of_learner + views + view] = sum.y;
        total += sum;
    }
    mean[gid.x] = (total.x + total.y) / f32(2u * views - 2u);
}

// The mean over the images of each pair's cross-entropy, in order; one pair a thread (software adapters).
// losses (L, V B, 2), row view * B + image; pairs (L, 2, V). Overwrites pairs.
struct Params { batch: u32, views: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= 2u * params.views) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let batch = params.batch + gid.y;
    let first = 2u * (gid.z * params.views + gid.x % params.views) * batch + gid.x / params.views;
    var sum = 0.0;
    for (var image = 0u; image < batch; image++) { sum += losses[first + 2u * image]; }
    pairs[gid.z * 2u * params.views + gid.x] = sum / f32(batch);
}

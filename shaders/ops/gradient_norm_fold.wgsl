// The root of the sum of a learner's partials, in order; one learner a thread (software adapters).
// partials (L, 1, chunks); norm (L, 1, 1). Overwrites norm.
struct Params { chunks: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    var sum = 0.0;
    for (var i = 0u; i < params.chunks; i++) { sum += partials[gid.x * params.chunks + i]; }
    norm[gid.x] = sqrt(sum);
}

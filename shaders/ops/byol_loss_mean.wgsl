// The mean BYOL loss of a learner's pairs of different views, in order; one learner a thread (software adapters).
// losses (L, R, 1), of which the first `globals` are of one pair and the others the mean of two; mean (L, 1, 1). Overwrites mean.
struct Params { rows: u32, globals: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    var sum = 0.0;
    for (var r = 0u; r < params.rows; r++) { sum += select(2.0, 1.0, r < params.globals) * losses[gid.x * params.rows + r]; }
    mean[gid.x] = sum / f32(2u * params.rows - params.globals);
}

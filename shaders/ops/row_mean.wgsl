// The mean of a learner's rows, in order; one learner a thread (software adapters).
// x (L, R, 1); mean (L, 1, 1). Overwrites mean.
struct Params { rows: u32, learners: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    var sum = 0.0;
    for (var r = 0u; r < params.rows; r++) { sum += x[gid.x * params.rows + r]; }
    mean[gid.x] = sum / f32(params.rows);
}

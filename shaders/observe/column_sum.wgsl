// y = scale * sum over the columns of x, in order; a learner a thread.
// x (L, 1, C); y (L, 1, 1). Overwrites y.
struct Params { learners: u32, columns: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    var sum = 0.0;
    for (var c = 0u; c < params.columns; c++) { sum += x[gid.x * params.columns + c]; }
    y[gid.x] = params.scale * sum;
}

// y = scale * sum over the rows of x, in order; four columns a thread. (scale = 1 / R: the mean; 0: no centring.)
// x (L, R, 4 quads); y (L, 1, 4 quads). Overwrites y.
struct Params { rows: u32, quads: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.quads) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    var sum = vec4(0.0);
    for (var r = 0u; r < rows; r++) { sum += x[(gid.z * params.rows + r) * params.quads + gid.x]; }
    y[gid.z * params.quads + gid.x] = sum * params.scale;
}

// The cosine of each row with one of them, the chosen one; -2 for that row itself and where it is not a number; a row a thread.
// x (L, n, 4 quads), rows of length 1; chosen (1, 1, 1) u32, n or more for none; cosines (L, n, 1). Overwrites cosines.
struct Params { rows: u32, quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> cosines: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let other = gid.z * params.rows + min(chosen[0], params.rows - 1u);
    var cosine = 0.0;
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let quads = params.quads + gid.y;
    for (var j = 0u; j < quads; j++) { cosine += dot(x[row * params.quads + j], x[other * params.quads + j]); }
    cosines[row] = select(-2.0, cosine, row != other && chosen[0] < params.rows && cosine > -2.0);
}

// The place of the largest value of each row, of equals the first; a row a thread.
// x (L, n, 4 quads); y (L, n, 1) u32. Overwrites y.
struct Params { rows: u32, quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let quads = params.quads + gid.y;
    var place = 0u;
    var largest = -3.4e38;
    for (var j = 0u; j < quads; j++) {
        let four = x[row * params.quads + j];
        for (var lane = 0u; lane < 4u; lane++) {
            if (four[lane] > largest) {
                largest = four[lane];
                place = 4u * j + lane;
            }
        }
    }
    y[row] = place;
}

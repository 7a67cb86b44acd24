// y = (x - mean)' (x - mean) / R: the second moment about `mean`; a tile of 4 x 4 entries and its mirror image a thread.
// x (L, R, 4 quads); mean (L, 1, 4 quads); y (L, 4 quads, 4 quads). Overwrites y.
struct Params { rows: u32, quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let quads = params.quads;
    let i = gid.x / quads;
    let j = gid.x % quads;
    if (i >= quads || j < i) { return; }
    let mean_i = mean[gid.z * quads + i];
    let mean_j = mean[gid.z * quads + j];
    var sum0 = vec4(0.0);
    var sum1 = vec4(0.0);
    var sum2 = vec4(0.0);
    var sum3 = vec4(0.0);
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    for (var r = 0u; r < rows; r++) {
        let row = (gid.z * params.rows + r) * quads;
        let a = x[row + i] - mean_i;
        let b = x[row + j] - mean_j;
        sum0 += a.x * b;
        sum1 += a.y * b;
        sum2 += a.z * b;
        sum3 += a.w * b;
    }
    let scale = 1.0 / f32(params.rows);
    let tile = mat4x4<f32>(sum0, sum1, sum2, sum3) * scale;
    let mirror = transpose(tile);
    for (var k = 0u; k < 4u; k++) {
        y[(gid.z * 4u * quads + 4u * i + k) * quads + j] = tile[k];
        y[(gid.z * 4u * quads + 4u * j + k) * quads + i] = mirror[k];
    }
}

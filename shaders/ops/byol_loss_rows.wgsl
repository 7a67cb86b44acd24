// The BYOL loss of each row, 2 - 2 cos(q, z of the other view); one row a thread (software adapters).
// q, z (L, 2B, d), row = view * B + image; losses (L, 2B, 1). Overwrites losses.
struct Params { batch: u32, columns: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = 2u * params.batch;
    if (gid.x >= rows) { return; }
    let row = gid.z * rows + gid.x;
    let first_q = row * params.columns;
    let first_z = (gid.z * rows + (gid.x + params.batch) % rows) * params.columns;
    var squares_q = 0.0;
    var squares_z = 0.0;
    var product = 0.0;
    for (var c = 0u; c < params.columns; c++) {
        squares_q += q[first_q + c] * q[first_q + c];
        squares_z += z[first_z + c] * z[first_z + c];
        product += q[first_q + c] * z[first_z + c];
    }
    let cosine = product / max(sqrt(squares_q), params.least) / max(sqrt(squares_z), params.least);
    losses[row] = 2.0 - 2.0 * cosine;
}

// The BYOL loss of each student row, 2 - 2 cos(q, z), the mean over the teacher's other views; one row a thread (software
// adapters). q (L, V B, d), z (L, 2B, d), rows view * B + image; losses (L, V B, 1). Overwrites losses.
struct Params { batch: u32, views: u32, columns: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = params.views * params.batch;
    if (gid.x >= rows) { return; }
    let row = gid.z * rows + gid.x;
    let view = gid.x / params.batch;
    let first_q = row * params.columns;
    // A global view has one other view at the teacher, a local view two.
    let pairs = 1u + u32(view >= 2u);
    var sum = 0.0;
    for (var pair = 0u; pair < pairs; pair++) {
        let teacher_view = pair + u32(pair >= view);
        let first_z = ((gid.z * 2u + teacher_view) * params.batch + gid.x % params.batch) * params.columns;
        var squares_q = 0.0;
        var squares_z = 0.0;
        var product = 0.0;
        for (var c = 0u; c < params.columns; c++) {
            squares_q += q[first_q + c] * q[first_q + c];
            squares_z += z[first_z + c] * z[first_z + c];
            product += q[first_q + c] * z[first_z + c];
        }
        let cosine = product / max(sqrt(squares_q), params.least) / max(sqrt(squares_z), params.least);
        sum += 2.0 - 2.0 * cosine;
    }
    losses[row] = sum / f32(pairs);
}

// The BYOL loss of each student row, 2 - 2 cos(q, z), the mean over the teacher's other views; one row a workgroup (GPUs).
// q (L, V B, d), z (L, 2B, d), rows view * B + image; losses (L, V B, 1). Overwrites losses.
#import "shared/reduce.wgsl"

struct Params { batch: u32, views: u32, columns: u32, least: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let rows = params.views * params.batch;
    let inside = group.y * 32768u + group.x < rows;
    let r = min(group.y * 32768u + group.x, rows - 1u);
    let row = group.z * rows + r;
    let view = r / params.batch;
    let first_q = row * params.columns;
    // A global view has one other view at the teacher, a local view two.
    let pairs = 1u + u32(view >= 2u);
    var sum = 0.0;
    for (var pair = 0u; pair < pairs; pair++) {
        let teacher_view = pair + u32(pair >= view);
        let first_z = ((group.z * 2u + teacher_view) * params.batch + r % params.batch) * params.columns;
        var squares_q = 0.0;
        var squares_z = 0.0;
        var product = 0.0;
        for (var c = lane; c < params.columns; c += 64u) {
            squares_q += q[first_q + c] * q[first_q + c];
            squares_z += z[first_z + c] * z[first_z + c];
            product += q[first_q + c] * z[first_z + c];
        }
        squares_q = group_sum(lane, squares_q);
        squares_z = group_sum(lane, squares_z);
        product = group_sum(lane, product);
        let cosine = product / max(sqrt(squares_q), params.least) / max(sqrt(squares_z), params.least);
        sum += 2.0 - 2.0 * cosine;
    }
    if (inside && lane == 0u) { losses[row] = sum / f32(pairs); }
}

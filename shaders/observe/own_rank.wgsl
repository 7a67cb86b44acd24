// The place of a row's own column among all: 1 + the number of columns that are larger than the diagonal; a row a thread.
// similarities (L, n, n); ranks (L, n, 1) f32. Overwrites ranks.
struct Params { rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> similarities: array<f32>;
@group(0) @binding(2) var<storage, read_write> ranks: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let own = similarities[row * params.rows + gid.x];
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    var rank = 1.0;
    for (var j = 0u; j < rows; j++) {
        rank += select(0.0, 1.0, similarities[row * params.rows + j] > own);
    }
    ranks[row] = rank;
}

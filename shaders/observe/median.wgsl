// The lower median of x: the element that comes (n - 1) / 2 -th in ascending order, equal ones by their index; an element a thread.
// x (L, n, 1); y (L, 1, 1). Overwrites y.
struct Params { rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let first = gid.z * params.rows;
    let own = x[first + gid.x];
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    var before = 0u;
    for (var j = 0u; j < rows; j++) {
        let other = x[first + j];
        before += select(0u, 1u, other < own || (other == own && j < gid.x));
    }
    if (before == (params.rows - 1u) / 2u) { y[gid.z] = own; }
}

// The places of the `most` largest values, largest first, of equals the first: each counts those before it and writes itself
// where it belongs; a value a thread. values (L, n, 1), all numbers; found (L, most, 2): place (u32 bits), value.
// Overwrites the first min(n, most) rows of found.
struct Params { rows: u32, most: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> found: array<vec2<u32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let first = gid.z * params.rows;
    let own = values[first + gid.x];
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    var before = 0u;
    for (var j = 0u; j < rows; j++) {
        let other = values[first + j];
        before += select(0u, 1u, other > own || (other == own && j < gid.x));
    }
    if (before < params.most) { found[gid.z * params.most + before] = vec2(gid.x, bitcast<u32>(own)); }
}

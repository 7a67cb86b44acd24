// Eigenvalues in descending order, and unit eigenvectors in rows, from what the eigen kernels leave; a row a thread.
// matrix, rotated, vectors (L, n, n); squared_lengths, values (L, 1, n); n = 4 quads. Overwrites values, and vectors: zeros
// where the value is 0.
#import "shared/jacobi.wgsl"

struct Params { quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> rotated: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> squared_lengths: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> vectors: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let quads = params.quads + gid.y;
    let n = 4u * quads;
    let row = gid.x;
    if (row >= n) { return; }
    let first = gid.z * n;
    var trace = 0.0;
    var place = 0u;
    let mine = squared_lengths[first + row];
    for (var i = 0u; i < n; i++) {
        trace += matrix[(first + i) * quads + i / 4u][i % 4u];
        let theirs = squared_lengths[first + i];
        if (theirs > mine || (theirs == mine && i < row)) { place += 1u; }
    }
    let length = sqrt(mine);
    values[first + place] = length * trace;
    let unit = select(0.0, 1.0 / length, mine > ZERO_SQUARED);
    for (var j = 0u; j < quads; j++) { vectors[(first + place) * quads + j] = rotated[(first + row) * quads + j] * unit; }
}

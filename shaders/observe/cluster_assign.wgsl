// The cluster of each row: the centroid with the largest cosine, of equals the first; a row a thread.
// x (L, n, 4 quads), rows of length 1; centroids (L, k, 4 quads) of any length, of length 0 while unborn: then no row is theirs.
// clusters (L, n, 1) u32; cosines (L, n, 1) with the own centroid, -2 where none is born. Overwrites clusters and cosines.
struct Params { rows: u32, quads: u32, clusters: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> centroids: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> clusters: array<u32>;
@group(0) @binding(4) var<storage, read_write> cosines: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let quads = params.quads + gid.y;
    let count = params.clusters + gid.y;
    var best = 0u;
    var best_cosine = -2.0;
    for (var c = 0u; c < count; c++) {
        let first = (gid.z * count + c) * quads;
        var along = 0.0;
        var squares = 0.0;
        for (var j = 0u; j < quads; j++) {
            let centroid = centroids[first + j];
            along += dot(x[row * quads + j], centroid);
            squares += dot(centroid, centroid);
        }
        let cosine = along * inverseSqrt(max(squares, 1e-12));
        if (squares > 1e-12 && cosine > best_cosine) {
            best = c;
            best_cosine = cosine;
        }
    }
    clusters[row] = best;
    cosines[row] = best_cosine;
}

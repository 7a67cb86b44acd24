// Moves each centroid to the sum of its rows. Of centroids without rows the first takes the row that is worst off (the least
// cosine with its own centroid, of equals the first); the others stay. Four columns of a centroid a thread.
// x (L, n, 4 quads); clusters (L, n, 1) u32, under 32; cosines (L, n, 1); centroids (L, k, 4 quads). Updates centroids.
struct Params { rows: u32, quads: u32, clusters: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> clusters: array<u32>;
@group(0) @binding(3) var<storage, read> cosines: array<f32>;
@group(0) @binding(4) var<storage, read_write> centroids: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.clusters * params.quads) { return; }
    let cluster = gid.x / params.quads;
    let j = gid.x % params.quads;
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    let first = gid.z * params.rows;
    var sum = vec4(0.0);
    var inhabited = 0u;
    var worst = 0u;
    var least = 3.0;
    for (var r = 0u; r < rows; r++) {
        let own = clusters[first + r];
        inhabited |= 1u << (own & 31u);
        if (own == cluster) { sum += x[(first + r) * params.quads + j]; }
        let cosine = cosines[first + r];
        if (cosine < least) {
            least = cosine;
            worst = r;
        }
    }
    let place = (gid.z * params.clusters + cluster) * params.quads + j;
    if ((inhabited & (1u << cluster)) != 0u) {
        centroids[place] = sum;
    } else if (firstTrailingBit(~inhabited) == cluster) {
        centroids[place] = x[(first + worst) * params.quads + j];
    }
}

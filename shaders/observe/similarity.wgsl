// similarities = queries bank', for a block of queries; a tile of 8 x 8 a thread in registers, no workgroup memory.
// queries (L, m, 4 quads); bank (L, n, 4 quads); similarities (L, block, stride), stride = n rounded up to a multiple of 8,
// the columns from n on being -4, under every cosine. Overwrites similarities.
struct Params { first: u32, block: u32, queries: u32, bank: u32, quads: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bank: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> similarities: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let column = gid.x * 8u;
    let row = gid.y * 8u;
    if (column >= params.stride || row >= params.block) { return; }
    let quads = params.quads;
    // Rows beyond the end repeat the last one; they are masked or not stored.
    let last = params.bank - 1u;
    let low = gid.z * params.bank + min(vec4(column) + vec4(0u, 1u, 2u, 3u), vec4(last));
    let high = gid.z * params.bank + min(vec4(column) + vec4(4u, 5u, 6u, 7u), vec4(last));
    var near: array<vec4<f32>, 8>;
    var far: array<vec4<f32>, 8>;
    for (var j = 0u; j < quads; j++) {
        let b0 = bank[low.x * quads + j];
        let b1 = bank[low.y * quads + j];
        let b2 = bank[low.z * quads + j];
        let b3 = bank[low.w * quads + j];
        let b4 = bank[high.x * quads + j];
        let b5 = bank[high.y * quads + j];
        let b6 = bank[high.z * quads + j];
        let b7 = bank[high.w * quads + j];
        for (var i = 0u; i < 8u; i++) {
            let q = min(params.first + row + i, params.queries - 1u);
            let a = queries[(gid.z * params.queries + q) * quads + j];
            near[i] += vec4(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3));
            far[i] += vec4(dot(a, b4), dot(a, b5), dot(a, b6), dot(a, b7));
        }
    }
    let near_inside = vec4(column) + vec4(0u, 1u, 2u, 3u) <= vec4(last);
    let far_inside = vec4(column) + vec4(4u, 5u, 6u, 7u) <= vec4(last);
    for (var i = 0u; i < 8u; i++) {
        if (row + i >= params.block) { break; }
        let out = ((gid.z * params.block + row + i) * params.stride + column) / 4u;
        similarities[out] = select(vec4(-4.0), near[i], near_inside);
        similarities[out + 1u] = select(vec4(-4.0), far[i], far_inside);
    }
}

// C (+)= A^T B, or partial sums of it over chunks of k: A (L, k, m), B (L, k, n), C (L, splits, m, n) and in each block, where
// wanted, the m sums of A over k (the bias gradient); for subgroups of 8 without workgroup memory (llvmpipe). m, n and all strides
// multiples of 4; k any. Overwrites C or adds to it.
// Measured on llvmpipe, two shared cores, by CPU time, 2048x128x64 with its fold: 9 GFLOP/s; plain kernel 0.3, workgroup kernel 0.5.
#import "shared/matmul.wgsl"
#import "shared/matmul_tile.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> b: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = group.z / params.splits;
    let split = group.z % params.splits;
    let column = group.y * 32u + 4u * lane;
    let row = group.x * 32u;
    let quads_a = params.m / 4u;
    let quads_b = params.n / 4u;
    // Rows and columns past the edge repeat the last ones and are not stored.
    let a0 = (learner * params.a_stride + min(row + 4u * lane, params.m - 4u)) / 4u;
    let b0 = (learner * params.b_stride + min(column, params.n - 4u)) / 4u;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.k);
    // This lane's A holds rows 4 lane .. 4 lane + 3, so rows0 holds the tile's rows 0, 4, 8 ... and so on.
    var rows0 = array<vec4<f32>, 8>();
    var rows1 = array<vec4<f32>, 8>();
    var rows2 = array<vec4<f32>, 8>();
    var rows3 = array<vec4<f32>, 8>();
    var sums = vec4<f32>();
    for (var k = first; k < end; k += 2u) {
        // After an odd number of rows, the row past the end counts as zero.
        let next = min(k + 1u, params.k - 1u);
        let whole = f32(u32(k + 1u < end));
        let even = unpack(b[b0 + k * quads_b]);
        let odd = unpack(b[b0 + next * quads_b]);
        let q0 = unpack(a[a0 + k * quads_a]);
        let q1 = unpack(a[a0 + next * quads_a]) * whole;
        sums += q0 + q1;
        multiply(&rows0, vec2<f32>(q0.x, q1.x), even, odd);
        multiply(&rows1, vec2<f32>(q0.y, q1.y), even, odd);
        multiply(&rows2, vec2<f32>(q0.z, q1.z), even, odd);
        multiply(&rows3, vec2<f32>(q0.w, q1.w), even, odd);
    }
    let block = (learner * params.c_stride + split * params.block) / 4u;
    if (params.sums_at != 0u && group.y == 0u && row + 4u * lane < params.m) {
        let at = block + (params.sums_at + row) / 4u + lane;
        if (params.accumulate != 0u) { sums += unpack(c[at]); }
        c[at] = pack(sums);
    }
    if (column >= params.n) { return; }
    // The bound is no constant, so that the compiler keeps the loop: code for 32 stores takes 300 ms to compile.
    for (var r = 0u; r < min(8u, (params.m - row) / 4u); r++) {
        for (var i = 0u; i < 4u; i++) {
            let to = row + 4u * r + i;
            if (to < params.m) {
                var value = pick(i, rows0[0], rows1[0], rows2[0], rows3[0]);
                let at = block + to * quads_b + column / 4u;
                if (params.accumulate != 0u) { value += unpack(c[at]); }
                c[at] = pack(value);
            }
        }
        advance(&rows0);
        advance(&rows1);
        advance(&rows2);
        advance(&rows3);
    }
}

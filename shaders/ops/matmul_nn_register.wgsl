// C (+)= A B (* extra): A (L, m, k), B (L, k, n), extra and C (L, m, n); for subgroups of 8 without workgroup memory (llvmpipe). k
// a multiple of 2; n and all strides multiples of 4; m any. Overwrites C or adds to it.
// Measured on llvmpipe, two shared cores, by CPU time, 2048x128x64: 9 to 10 GFLOP/s; plain kernel 0.2, workgroup kernel 0.5.
#import "shared/matmul.wgsl"
#import "shared/matmul_tile.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<u64>;
@group(0) @binding(2) var<storage, read> b: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> extra: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read_write> c: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.x * 32u;
    let column = group.y * 32u + 4u * lane;
    // Rows and columns past the edge repeat the last one and are not stored.
    let safe_column = min(column, params.n - 4u);
    let last = params.m - 1u;
    let pairs = params.k / 2u;
    let quads = params.n / 4u;
    let from_a = group.z * params.a_stride / 2u;
    let a0 = from_a + min(row + lane, last) * pairs;
    let a1 = from_a + min(row + lane + 8u, last) * pairs;
    let a2 = from_a + min(row + lane + 16u, last) * pairs;
    let a3 = from_a + min(row + lane + 24u, last) * pairs;
    let b0 = (group.z * params.b_stride + safe_column) / 4u;
    var rows0 = array<vec4<f32>, 8>();
    var rows1 = array<vec4<f32>, 8>();
    var rows2 = array<vec4<f32>, 8>();
    var rows3 = array<vec4<f32>, 8>();
    for (var k = 0u; k < pairs; k++) {
        let even = unpack(b[b0 + 2u * k * quads]);
        let odd = unpack(b[b0 + (2u * k + 1u) * quads]);
        let q0 = a[a0 + k];
        multiply(&rows0, vec2<f32>(low(q0), high(q0)), even, odd);
        let q1 = a[a1 + k];
        multiply(&rows1, vec2<f32>(low(q1), high(q1)), even, odd);
        let q2 = a[a2 + k];
        multiply(&rows2, vec2<f32>(low(q2), high(q2)), even, odd);
        let q3 = a[a3 + k];
        multiply(&rows3, vec2<f32>(low(q3), high(q3)), even, odd);
    }
    if (column >= params.n) { return; }
    // The bound is no constant, so that the compiler keeps the loop: code for 32 stores takes 300 ms to compile.
    for (var r = 0u; r < min(8u, params.m - row); r++) {
        for (var i = 0u; i < 4u; i++) {
            let to = row + 8u * i + r;
            if (to < params.m) {
                var value = pick(i, rows0[0], rows1[0], rows2[0], rows3[0]);
                let item = to * params.n + column;
                if (params.scaled != 0u) { value *= unpack(extra[(group.z * params.extra_stride + item) / 4u]); }
                let at = (group.z * params.c_stride + item) / 4u;
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

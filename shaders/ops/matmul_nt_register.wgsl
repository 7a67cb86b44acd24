// C = activation(A B^T (+ bias) (+ extra)): A (L, m, k), B (L, n, k), bias (L, 1, n), extra and C (L, m, n); for subgroups of 8
// without workgroup memory (llvmpipe). k a multiple of 2; n and all strides multiples of 4; m any. Overwrites C, and the
// activation's slopes behind it where they are wanted.
// Measured on llvmpipe, two shared cores, by CPU time, 2048x128x64: 11 GFLOP/s; plain kernel 0.2, workgroup kernel 0.6.
#import "shared/activation_quads.wgsl"
#import "shared/matmul.wgsl"
#import "shared/matmul_tile.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<u64>;
@group(0) @binding(2) var<storage, read> b: array<u64>;
@group(0) @binding(3) var<storage, read> bias: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> extra: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read_write> c: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.x * 32u;
    let column = group.y * 32u + 4u * lane;
    // Rows and columns past the edge repeat the last one and are not stored.
    let safe_column = min(column, params.n - 4u);
    let last = params.m - 1u;
    let pairs = params.k / 2u;
    let from_a = group.z * params.a_stride / 2u;
    let a0 = from_a + min(row + lane, last) * pairs;
    let a1 = from_a + min(row + lane + 8u, last) * pairs;
    let a2 = from_a + min(row + lane + 16u, last) * pairs;
    let a3 = from_a + min(row + lane + 24u, last) * pairs;
    let b0 = group.z * params.b_stride / 2u + safe_column * pairs;
    var rows0 = array<vec4<f32>, 8>();
    var rows1 = array<vec4<f32>, 8>();
    var rows2 = array<vec4<f32>, 8>();
    var rows3 = array<vec4<f32>, 8>();
    for (var k = 0u; k < pairs; k++) {
        let p0 = b[b0 + k];
        let p1 = b[b0 + k + pairs];
        let p2 = b[b0 + k + 2u * pairs];
        let p3 = b[b0 + k + 3u * pairs];
        let even = vec4<f32>(low(p0), low(p1), low(p2), low(p3));
        let odd = vec4<f32>(high(p0), high(p1), high(p2), high(p3));
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
    var shift = vec4<f32>();
    if (params.biased != 0u) { shift = unpack(bias[(group.z * params.bias_stride + column) / 4u]); }
    // The bound is no constant, so that the compiler keeps the loop: code for 32 stores takes 300 ms to compile.
    // So with an activation, which is long. (Not by the uniform alone: Mesa would compile anew at every dispatch.)
    let four = select(4u, min(4u, params.m - row), ACTIVATION != 0u);
    for (var r = 0u; r < min(8u, params.m - row); r++) {
        for (var i = 0u; i < four; i++) {
            let to = row + 8u * i + r;
            if (to < params.m) {
                var value = pick(i, rows0[0], rows1[0], rows2[0], rows3[0]) + shift;
                let item = to * params.n + column;
                if (params.added != 0u) { value += unpack(extra[(group.z * params.extra_stride + item) / 4u]); }
                let at = group.z * params.c_stride + item;
                if (ACTIVATION != 0u) {
                    let activated = activate_quad(value);
                    if (params.slopes_at != 0u) { c[(at + params.slopes_at) / 4u] = pack(activated.slopes); }
                    value = activated.values;
                }
                c[at / 4u] = pack(value);
            }
        }
        advance(&rows0);
        advance(&rows1);
        advance(&rows2);
        advance(&rows3);
    }
}

// C (+)= A B with its epilogue in any layout, for GPUs and large products: a workgroup of 256 has a 128 x 64 tile of C, 8 x 4
// elements a thread, and passes A and B through workgroup memory 16 k at a time. Everything is loaded and stored four at a time,
// neighbouring threads at neighbouring addresses: rows of C, the contiguous dimension of A and B as the overrides say; where that
// is k, blocks of 4 x 4 are transposed on the way. A, B by the strides in Params; C (L, splits, m, n); all strides, n and the
// contiguous dimensions of A and B multiples of 4. Overwrites C or adds to it.
// For products with tiles enough to fill a GPU, where matmul_workgroup loads twice as much for each multiplication. Not measured on a
// GPU yet; its results are checked on llvmpipe, where it is slow (barriers).
#import "shared/activation_quads.wgsl"
#import "shared/matmul.wgsl"

// A is (m, k) and not (k, m).
override A_ALONG_K: u32 = 0u;
// B is (n, k) and not (k, n).
override B_ALONG_K: u32 = 0u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> extra: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> c: array<vec4<f32>>;

// Four rows of A (columns of B) for one k; lines of 32 and 16, and one more, so that neighbours in k fall into different banks.
const LINE_A: u32 = 33u;
const LINE_B: u32 = 17u;
var<workgroup> tile_a: array<vec4<f32>, 528>;
var<workgroup> tile_b: array<vec4<f32>, 272>;

// Element (row, 4 quad .. 4 quad + 3) of a matrix of so many rows with rows of `width` elements; 0 beyond `rows` and `end`.
fn quad_a(base: u32, row: u32, rows: u32, quad: u32, end: u32, width: u32) -> vec4<f32> {
    if (row >= rows || 4u * quad >= end) { return vec4<f32>(); }
    return a[(base + row * width) / 4u + quad];
}

fn quad_b(base: u32, row: u32, rows: u32, quad: u32, end: u32, width: u32) -> vec4<f32> {
    if (row >= rows || 4u * quad >= end) { return vec4<f32>(); }
    return b[(base + row * width) / 4u + quad];
}

fn store_quad(product: vec4<f32>, row: u32, column: u32, learner: u32, block: u32) {
    if (row >= params.m || column >= params.n) { return; }
    let item = row * params.n + column;
    let other = (learner * params.extra_stride + item) / 4u;
    var value = product;
    if (params.biased != 0u) { value += bias[(learner * params.bias_stride + column) / 4u]; }
    if (params.added != 0u) { value += extra[other]; }
    if (params.scaled != 0u) { value *= extra[other]; }
    if (ACTIVATION != 0u) {
        let activated = activate_quad(value);
        if (params.slopes_at != 0u) { c[(block + params.slopes_at + item) / 4u] = activated.slopes; }
        value = activated.values;
    }
    let to = (block + item) / 4u;
    if (params.accumulate != 0u) { value += c[to]; }
    c[to] = value;
}

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = group.z / params.splits;
    let split = group.z % params.splits;
    let row = group.x * 128u;
    let column = group.y * 64u;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.k);
    let from_a = learner * params.a_stride;
    let from_b = learner * params.b_stride;
    // This thread's rows are 4 y + j and 64 + 4 y + j of the tile, its columns 4 x + j.
    let x = lane % 16u;
    let y = lane / 16u;
    var row0 = vec4<f32>();
    var row1 = vec4<f32>();
    var row2 = vec4<f32>();
    var row3 = vec4<f32>();
    var row4 = vec4<f32>();
    var row5 = vec4<f32>();
    var row6 = vec4<f32>();
    var row7 = vec4<f32>();
    var sums = vec4<f32>();
    for (var k0 = first; k0 < end; k0 += 16u) {
        if (A_ALONG_K != 0u) {
            if (lane < 128u) {
                let q = lane % 4u;
                let i = lane / 4u;
                let r = row + 4u * i;
                let k = k0 / 4u + q;
                let v0 = quad_a(from_a, r, params.m, k, end, params.k);
                let v1 = quad_a(from_a, r + 1u, params.m, k, end, params.k);
                let v2 = quad_a(from_a, r + 2u, params.m, k, end, params.k);
                let v3 = quad_a(from_a, r + 3u, params.m, k, end, params.k);
                let to = 4u * q * LINE_A + i;
                tile_a[to] = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
                tile_a[to + LINE_A] = vec4<f32>(v0.y, v1.y, v2.y, v3.y);
                tile_a[to + 2u * LINE_A] = vec4<f32>(v0.z, v1.z, v2.z, v3.z);
                tile_a[to + 3u * LINE_A] = vec4<f32>(v0.w, v1.w, v2.w, v3.w);
            }
        } else {
            for (var e = lane; e < 512u; e += 256u) {
                let k = e / 32u;
                let i = e % 32u;
                tile_a[k * LINE_A + i] = quad_a(from_a, k0 + k, end, row / 4u + i, params.m, params.m);
            }
        }
        if (B_ALONG_K != 0u) {
            if (lane >= 128u && lane < 192u) {
                let q = lane % 4u;
                let i = (lane - 128u) / 4u;
                let r = column + 4u * i;
                let k = k0 / 4u + q;
                let v0 = quad_b(from_b, r, params.n, k, end, params.k);
                let v1 = quad_b(from_b, r + 1u, params.n, k, end, params.k);
                let v2 = quad_b(from_b, r + 2u, params.n, k, end, params.k);
                let v3 = quad_b(from_b, r + 3u, params.n, k, end, params.k);
                let to = 4u * q * LINE_B + i;
                tile_b[to] = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
                tile_b[to + LINE_B] = vec4<f32>(v0.y, v1.y, v2.y, v3.y);
                tile_b[to + 2u * LINE_B] = vec4<f32>(v0.z, v1.z, v2.z, v3.z);
                tile_b[to + 3u * LINE_B] = vec4<f32>(v0.w, v1.w, v2.w, v3.w);
            }
        } else {
            tile_b[y * LINE_B + x] = quad_b(from_b, k0 + y, end, column / 4u + x, params.n, params.n);
        }
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) {
            let upper = tile_a[k * LINE_A + y];
            let lower = tile_a[k * LINE_A + 16u + y];
            let factors = tile_b[k * LINE_B + x];
            row0 += upper.x * factors;
            row1 += upper.y * factors;
            row2 += upper.z * factors;
            row3 += upper.w * factors;
            row4 += lower.x * factors;
            row5 += lower.y * factors;
            row6 += lower.z * factors;
            row7 += lower.w * factors;
            if (lane < 32u) { sums += tile_a[k * LINE_A + lane]; }
        }
        workgroupBarrier();
    }
    let block = learner * params.c_stride + split * params.block;
    let to = row + 4u * y;
    store_quad(row0, to, column + 4u * x, learner, block);
    store_quad(row1, to + 1u, column + 4u * x, learner, block);
    store_quad(row2, to + 2u, column + 4u * x, learner, block);
    store_quad(row3, to + 3u, column + 4u * x, learner, block);
    store_quad(row4, to + 64u, column + 4u * x, learner, block);
    store_quad(row5, to + 65u, column + 4u * x, learner, block);
    store_quad(row6, to + 66u, column + 4u * x, learner, block);
    store_quad(row7, to + 67u, column + 4u * x, learner, block);
    if (params.sums_at != 0u && group.y == 0u && lane < 32u && row + 4u * lane < params.m) {
        let at = (block + params.sums_at + row) / 4u + lane;
        if (params.accumulate != 0u) { sums += c[at]; }
        c[at] = sums;
    }
}

// C (+)= A^T B, or partial sums of it over chunks of k: A (L, k, m), B (L, k, n), C (L, splits, m, n) and in each block, where
// wanted, the m sums of A over k (the bias gradient); for subgroups of 8 without workgroup memory (llvmpipe). m, n and all strides
// multiples of 4; k any. Overwrites C or adds to it.
// Measured on llvmpipe, two shared cores, by CPU time, 2048x128x64 with its fold: 9 GFLOP/s; plain kernel 0.3, workgroup kernel 0.5.
#import "shared/matmul.wgsl"
#import "shared/matmul_tn_tile.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> b: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec2<u64>>;

fn tn_rows(learner: u32, i: u32) -> vec4<f32> { return unpack(a[learner * params.a_stride / 4u + i]); }

fn tn_columns(learner: u32, i: u32) -> vec4<f32> { return unpack(b[learner * params.b_stride / 4u + i]); }

fn tn_store(block: u32, item: u32, computed: vec4<f32>) {
    var value = computed;
    let at = (block + item) / 4u;
    if (params.accumulate != 0u) { value += unpack(c[at]); }
    c[at] = pack(value);
}

fn tn_store_sums(block: u32, item: u32, value: vec4<f32>) { tn_store(block, params.sums_at + item, value); }

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = group.z / params.splits;
    let split = group.z % params.splits;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.k);
    let block = learner * params.c_stride + split * params.block;
    tn_tile(learner, block, group.xy, lane, first, end, params.m, params.k, params.n, params.sums_at != 0u);
}

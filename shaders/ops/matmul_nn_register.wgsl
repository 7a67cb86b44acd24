// C (+)= A B (* extra): A (L, m, k), B (L, k, n), extra and C (L, m, n); for subgroups of 8 without workgroup memory (llvmpipe). k
// a multiple of 2; n and all strides multiples of 4; m any. Overwrites C or adds to it.
// Measured on llvmpipe, two shared cores, by CPU time, 2048x128x64: 9 to 10 GFLOP/s; plain kernel 0.2, workgroup kernel 0.5.
#import "shared/matmul.wgsl"
#import "shared/matmul_nn_tile.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<u64>;
@group(0) @binding(2) var<storage, read> b: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> extra: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read_write> c: array<vec2<u64>>;

fn nn_pair(learner: u32, i: u32) -> vec2<f32> {
    let pair = a[learner * params.a_stride / 2u + i];
    return vec2<f32>(low(pair), high(pair));
}

fn nn_quad(learner: u32, i: u32) -> vec4<f32> { return unpack(b[learner * params.b_stride / 4u + i]); }

fn nn_store(learner: u32, item: u32, computed: vec4<f32>) {
    var value = computed;
    if (params.scaled != 0u) { value *= unpack(extra[(learner * params.extra_stride + item) / 4u]); }
    let at = (learner * params.c_stride + item) / 4u;
    if (params.accumulate != 0u) { value += unpack(c[at]); }
    c[at] = pack(value);
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    nn_tile(group.z, group.xy, lane, params.m, params.k, params.n);
}

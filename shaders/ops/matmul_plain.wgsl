// C (+)= A B (+ bias) in any layout, one element of C a thread: any shape; the reference for the faster kernels.
// A, B by the strides in Params; C (L, splits, m, n). Overwrites C or adds to it.
#import "shared/matmul.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.m) { return; }
    let learner = gid.z / params.splits;
    let split = gid.z % params.splits;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.k);
    let from_a = learner * params.a_stride + gid.x * params.a_row;
    let from_b = learner * params.b_stride + gid.y * params.b_column;
    var value = 0.0;
    var sum = 0.0;
    for (var k = first; k < end; k++) {
        let factor = a[from_a + k * params.a_step];
        value += factor * b[from_b + k * params.b_step];
        sum += factor;
    }
    if (params.biased != 0u) { value += bias[learner * params.bias_stride + gid.y]; }
    let block = learner * params.c_stride + split * params.block;
    let to = block + gid.x * params.n + gid.y;
    if (params.accumulate != 0u) { value += c[to]; }
    c[to] = value;
    if (params.sums != 0u && gid.y == 0u) { c[block + params.m * params.n + gid.x] = sum; }
}

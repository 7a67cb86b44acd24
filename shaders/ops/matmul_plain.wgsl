// C (+)= A B with its epilogue in any layout, one element of C a thread: any shape; the reference for the faster kernels.
// A, B by the strides in Params; C (L, splits, m, n). Overwrites C or adds to it.
#import "shared/matmul_items.wgsl"

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
    let block = learner * params.c_stride + split * params.block;
    store(value, gid.x, gid.y, learner, block);
    if (params.sums_at != 0u && gid.y == 0u) { store_sum(sum, gid.x, block); }
}

// C (+)= A B with its epilogue in any layout and shape, for GPUs: a workgroup of 128 has a 64 x 32 tile of C, 4 x 4 elements a
// thread, and passes A and B through workgroup memory 16 k at a time. A, B by the strides in Params; C (L, splits, m, n).
// Overwrites C or adds to it. Not yet measured on a GPU; on llvmpipe it does 0.5 GFLOP/s (barriers), so software adapters get
// the register kernels.
#import "shared/matmul_items.wgsl"

// One more than 64 and 32, so that neighbours in k fall into different banks.
const ROW_A: u32 = 65u;
const ROW_B: u32 = 33u;
var<workgroup> tile_a: array<f32, 1040>;
var<workgroup> tile_b: array<f32, 528>;

fn store_row(values: vec4<f32>, row: u32, column: u32, learner: u32, block: u32) {
    store(values.x, row, column, learner, block);
    store(values.y, row, column + 8u, learner, block);
    store(values.z, row, column + 16u, learner, block);
    store(values.w, row, column + 24u, learner, block);
}

@compute @workgroup_size(128, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let learner = group.z / params.splits;
    let split = group.z % params.splits;
    let row = group.x * 64u;
    let column = group.y * 32u;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.k);
    // This thread's rows are y + 16 i of the tile, its columns x + 8 j.
    let x = lane % 8u;
    let y = lane / 8u;
    var row0 = vec4<f32>();
    var row1 = vec4<f32>();
    var row2 = vec4<f32>();
    var row3 = vec4<f32>();
    var sum = 0.0;
    for (var k0 = first; k0 < end; k0 += 16u) {
        // Neighbouring threads load neighbouring addresses: along k, or along the other dimension.
        for (var e = lane; e < 1024u; e += 128u) {
            let along = params.a_step == 1u;
            let k = select(e / 64u, e % 16u, along);
            let r = select(e % 64u, e / 16u, along);
            var value = 0.0;
            if (k0 + k < end && row + r < params.m) {
                value = a[learner * params.a_stride + (row + r) * params.a_row + (k0 + k) * params.a_step];
            }
            tile_a[k * ROW_A + r] = value;
        }
        for (var e = lane; e < 512u; e += 128u) {
            let along = params.b_step == 1u;
            let k = select(e / 32u, e % 16u, along);
            let r = select(e % 32u, e / 16u, along);
            var value = 0.0;
            if (k0 + k < end && column + r < params.n) {
                value = b[learner * params.b_stride + (k0 + k) * params.b_step + (column + r) * params.b_column];
            }
            tile_b[k * ROW_B + r] = value;
        }
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) {
            let from_a = k * ROW_A + y;
            let from_b = k * ROW_B + x;
            let factors = vec4<f32>(tile_b[from_b], tile_b[from_b + 8u], tile_b[from_b + 16u], tile_b[from_b + 24u]);
            row0 += tile_a[from_a] * factors;
            row1 += tile_a[from_a + 16u] * factors;
            row2 += tile_a[from_a + 32u] * factors;
            row3 += tile_a[from_a + 48u] * factors;
            if (lane < 64u) { sum += tile_a[k * ROW_A + lane]; }
        }
        workgroupBarrier();
    }
    let block = learner * params.c_stride + split * params.block;
    store_row(row0, row + y, column + x, learner, block);
    store_row(row1, row + y + 16u, column + x, learner, block);
    store_row(row2, row + y + 32u, column + x, learner, block);
    store_row(row3, row + y + 48u, column + x, learner, block);
    if (params.sums_at != 0u && group.y == 0u && lane < 64u) { store_sum(sum, row + lane, block); }
}

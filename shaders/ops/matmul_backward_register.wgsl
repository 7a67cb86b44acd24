// Both products of a linear layer's backward in one dispatch, for subgroups of 8 without workgroup memory (llvmpipe):
// dx (+)= dy weight (* slopes), and dweight (+)= dy^T x, or partial sums of it over chunks of the rows, with the sums of dy over the
// rows (the bias gradient) where wanted. dy (L, R, O), weight (L, O, I), x, slopes and dx (L, R, I), dweight (L, splits, O, I).
// O, I and all strides multiples of 4. Overwrites dx and dweight, or adds to each where its flag says so.
//
// Workgroups x: for each split the tiles of O, then the tiles of R; y: the tiles of I; z: learners. To the bit the results of
// matmul_nn_register and matmul_tn_register.
#import "shared/matmul_nn_tile.wgsl"
#import "shared/matmul_tn_tile.wgsl"

struct Params {
    rows: u32, outs: u32, ins: u32,
    splits: u32, chunk: u32, block: u32,
    dy_stride: u32, weight_stride: u32, x_stride: u32, slopes_stride: u32, dx_stride: u32, dweight_stride: u32,
    // Multiplies dx with slopes.
    scaled: u32,
    accumulate_dx: u32,
    accumulate_dweight: u32,
    // Where in a block of dweight the sums of dy are written too; 0: nowhere.
    sums_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<u64>;
@group(0) @binding(2) var<storage, read> weight: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> slopes: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec2<u64>>;
@group(0) @binding(6) var<storage, read_write> dweight: array<vec2<u64>>;

fn nn_pair(learner: u32, i: u32) -> vec2<f32> {
    let pair = dy[learner * params.dy_stride / 2u + i];
    return vec2<f32>(low(pair), high(pair));
}

fn nn_quad(learner: u32, i: u32) -> vec4<f32> { return unpack(weight[learner * params.weight_stride / 4u + i]); }

fn nn_store(learner: u32, item: u32, computed: vec4<f32>) {
    var value = computed;
    if (params.scaled != 0u) { value *= unpack(slopes[(learner * params.slopes_stride + item) / 4u]); }
    let at = (learner * params.dx_stride + item) / 4u;
    if (params.accumulate_dx != 0u) { value += unpack(dx[at]); }
    dx[at] = pack(value);
}

fn tn_rows(learner: u32, i: u32) -> vec4<f32> {
    let first = learner * params.dy_stride / 2u + 2u * i;
    return unpack(vec2<u64>(dy[first], dy[first + 1u]));
}

fn tn_columns(learner: u32, i: u32) -> vec4<f32> { return unpack(x[learner * params.x_stride / 4u + i]); }

fn tn_store(block: u32, item: u32, computed: vec4<f32>) {
    var value = computed;
    let at = (block + item) / 4u;
    if (params.accumulate_dweight != 0u) { value += unpack(dweight[at]); }
    dweight[at] = pack(value);
}

fn tn_store_sums(block: u32, item: u32, value: vec4<f32>) { tn_store(block, params.sums_at + item, value); }

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let tiles = (params.outs + 31u) / 32u;
    let of_weight = tiles * params.splits;
    if (group.x >= of_weight) {
        nn_tile(group.z, vec2<u32>(group.x - of_weight, group.y), lane, params.rows, params.outs, params.ins);
        return;
    }
    let split = group.x / tiles;
    let first = split * params.chunk;
    let end = min(first + params.chunk, params.rows);
    let block = group.z * params.dweight_stride + split * params.block;
    let tile = vec2<u32>(group.x - split * tiles, group.y);
    tn_tile(group.z, block, tile, lane, first, end, params.outs, params.rows, params.ins, params.sums_at != 0u);
}

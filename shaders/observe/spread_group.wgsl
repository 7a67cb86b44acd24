// embedding_std: sqrt(d) x mean over columns of the population standard deviation over rows of x / max(|x|, 1e-6).
// One workgroup a learner (GPUs): a row a thread, then 32 columns by 8 slices of rows a round.
// x (L, R, C), learners `stride` apart; inverse_lengths (L, R, 1); y (L, 1, 1). Overwrites inverse_lengths and y.
#import "shared/unit.wgsl"

struct Params { rows: u32, columns: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse_lengths: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 256>;

// The sum over the slices of one column, in order.
fn over_slices(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    sums[lane] = value;
    workgroupBarrier();
    var total = 0.0;
    for (var i = lane % 32u; i < 256u; i += 32u) { total += sums[i]; }
    return total;
}

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let scales = group.z * params.rows;
    let begin = group.z * params.stride;
    for (var r = lane; r < params.rows; r += 256u) {
        inverse_lengths[scales + r] = inverse_length(begin + r * params.columns, params.columns);
    }
    storageBarrier();
    let slice = lane / 32u;
    var sum = 0.0;
    for (var tile = 0u; tile < params.columns; tile += 32u) {
        let inside = tile + lane % 32u < params.columns;
        let c = min(tile + lane % 32u, params.columns - 1u);
        var partial = 0.0;
        for (var r = slice; r < params.rows; r += 8u) { partial += x[begin + r * params.columns + c] * inverse_lengths[scales + r]; }
        let mean = over_slices(lane, partial) / f32(params.rows);
        partial = 0.0;
        for (var r = slice; r < params.rows; r += 8u) {
            let centred = x[begin + r * params.columns + c] * inverse_lengths[scales + r] - mean;
            partial += centred * centred;
        }
        let deviation = sqrt(over_slices(lane, partial) / f32(params.rows));
        sum += select(0.0, deviation, inside);
    }
    workgroupBarrier();
    sums[lane] = sum;
    workgroupBarrier();
    if (lane == 0u) {
        var total = 0.0;
        for (var i = 0u; i < 32u; i++) { total += sums[i]; }
        y[group.z] = total / sqrt(f32(params.columns));
    }
}

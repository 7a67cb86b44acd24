// dweight (L, m, n) and dbias (L, 1, m) from the partial sums of a TN product: partials (L, splits, m n + m), added in the order
// of the splits. One element a thread. Overwrites each gradient or adds to it.
struct Params {
    weights: u32,
    block: u32,
    count: u32,
    splits: u32,
    weight_stride: u32,
    bias_stride: u32,
    accumulate_weight: u32,
    accumulate_bias: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dbias: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.count) { return; }
    let first = gid.z * params.splits * params.block + gid.x;
    var sum = 0.0;
    for (var split = 0u; split < params.splits; split++) { sum += partials[first + split * params.block]; }
    if (gid.x < params.weights) {
        let to = gid.z * params.weight_stride + gid.x;
        if (params.accumulate_weight != 0u) { sum += dweight[to]; }
        dweight[to] = sum;
    } else {
        let to = gid.z * params.bias_stride + gid.x - params.weights;
        if (params.accumulate_bias != 0u) { sum += dbias[to]; }
        dbias[to] = sum;
    }
}

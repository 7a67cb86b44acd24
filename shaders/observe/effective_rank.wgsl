// y = exp(-sum p ln p) with p = value / sum of values, negative values counting as 0; all zero: 1. A learner a thread.
// values (L, 1, n); y (L, 1, 1). Overwrites y.
struct Params { learners: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let count = params.count + gid.y;
    let first = gid.x * count;
    var total = 0.0;
    for (var i = 0u; i < count; i++) { total += max(values[first + i], 0.0); }
    var entropy = 0.0;
    if (total > 0.0) {
        for (var i = 0u; i < count; i++) {
            let p = max(values[first + i], 0.0) / total;
            if (p > 0.0) { entropy -= p * log(p); }
        }
    }
    y[gid.x] = exp(entropy);
}

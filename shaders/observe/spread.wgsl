// embedding_std: sqrt(d) x mean over columns of the population standard deviation over rows of x / max(|x|, 1e-6).
// One workgroup a learner (software adapters): a row a thread, then a column a thread, with two barriers in all.
// x (L, R, C); inverse_lengths (L, R, 1); y (L, 1, 1). Overwrites inverse_lengths and y.
#import "shared/unit.wgsl"

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse_lengths: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // group.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let columns = params.columns + group.y;
    let begin = group.z * params.rows;
    let end = begin + params.rows;
    for (var r = begin + lane; r < end; r += 64u) {
        inverse_lengths[r] = inverse_length(r * columns, columns);
    }
    storageBarrier();
    var sum = 0.0;
    for (var c = lane; c < columns; c += 64u) {
        var total = 0.0;
        for (var r = begin; r < end; r++) { total += x[r * columns + c] * inverse_lengths[r]; }
        let mean = total / f32(params.rows);
        // Mean first: a collapsed projection spreads 1e-3 around 0.18, which the difference of squares cannot hold in f32.
        var squares = 0.0;
        for (var r = begin; r < end; r++) {
            let centred = x[r * columns + c] * inverse_lengths[r] - mean;
            squares += centred * centred;
        }
        sum += sqrt(squares / f32(params.rows));
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane == 0u) {
        var total = 0.0;
        for (var i = 0u; i < 64u; i++) { total += sums[i]; }
        y[group.z] = total / sqrt(f32(params.columns));
    }
}

// scale * sum over the columns of the population standard deviation over the rows of x / |x|; a subgroup of 8 lanes a learner
// (llvmpipe), each row loaded once. By Welford's recurrence, as exact as two passes: a collapsed projection spreads 1e-3 around
// 0.18, which the difference of squares cannot hold in f32.
// x (L, R, C), learners `stride` apart, C and the stride as in row_lanes.wgsl; y (L, 1, 1). Overwrites y.
#import "shared/row_lanes.wgsl"

struct Params { rows: u32, columns: u32, stride: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // group.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let quads = params.columns / 4u + group.y;
    let rows = params.rows + group.y;
    let count = (quads + 7u) / 8u;
    var means = array<vec4<f32>, 4>();
    var squares = array<vec4<f32>, 4>();
    for (var r = 0u; r < rows; r++) {
        let first = group.z * params.stride / 4u + r * quads;
        var row = array<vec4<f32>, 4>();
        for (var q = 0u; q < count; q++) { push(&row, unpack(x[first + min(lane + 8u * q, quads - 1u)])); }
        var most = vec4<f32>();
        for (var q = 0u; q < QUADS; q++) {
            row[q] = f32(u32(lane + 8u * q < quads)) * row[q];
            most = max(most, abs(row[q]));
        }
        // Rows whose squares would overflow are scaled by their largest element first, as in unit.wgsl.
        let largest = lanes_largest(max(max(most.x, most.y), max(most.z, most.w)));
        let unit = select(largest, 1.0, largest < 1e17);
        var sum = vec4<f32>();
        for (var q = 0u; q < QUADS; q++) {
            row[q] = row[q] / unit;
            sum += row[q] * row[q];
        }
        let inverse = 1.0 / max(sqrt(lanes_sum(sum)), 1e-6);
        for (var q = 0u; q < QUADS; q++) {
            let value = inverse * row[q];
            let ahead = value - means[q];
            means[q] = means[q] + ahead / f32(r + 1u);
            squares[q] = squares[q] + ahead * (value - means[q]);
        }
    }
    var deviations = vec4<f32>();
    for (var q = 0u; q < QUADS; q++) { deviations += sqrt(squares[q] / f32(rows)); }
    let sum = lanes_sum(deviations);
    if (lane == 0u) { y[group.z] = params.scale * sum; }
}

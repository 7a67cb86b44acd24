// The population standard deviation over the rows of x * scale, of each column; one column a thread (software adapters).
// By Welford's recurrence, as exact as two passes: a collapsed projection spreads 1e-3 around 0.18, which the difference of
// squares cannot hold in f32.
// x (L, R, C), learners `stride` apart; scales (L, R, 1); y (L, 1, C). Overwrites y.
struct Params { rows: u32, columns: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.columns) { return; }
    let first = gid.z * params.rows;
    let begin = gid.z * params.stride + gid.x;
    var mean = 0.0;
    var squares = 0.0;
    for (var r = 0u; r < params.rows; r++) {
        let value = x[begin + r * params.columns] * scales[first + r];
        let ahead = value - mean;
        mean += ahead / f32(r + 1u);
        squares += ahead * (value - mean);
    }
    y[gid.z * params.columns + gid.x] = sqrt(squares / f32(params.rows));
}

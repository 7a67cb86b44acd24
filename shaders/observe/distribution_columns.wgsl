// What each column adds to the entropy (nats) of the mean row of p, and whether it is some row's largest; one column a thread
// (software adapters).
// p (L, R, K); rows (L, R, 2) of distribution_rows; columns (L, K, 2) = -m ln m of the mean m, 1 or 0. Overwrites columns.
struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> columns: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.columns) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let count = params.rows + gid.y;
    let first = gid.z * count;
    var sum = 0.0;
    var used = 0.0;
    for (var r = first; r < first + count; r++) {
        sum += p[r * params.columns + gid.x];
        used = select(used, 1.0, rows[2u * r + 1u] == f32(gid.x));
    }
    let mean = sum / f32(count);
    let column = gid.z * params.columns + gid.x;
    columns[2u * column] = -mean * log(max(mean, 1e-37));
    columns[2u * column + 1u] = used;
}

// The entropy (nats) and the first largest entry of each row of p; one row a thread (software adapters).
// p (L, R, K); rows (L, R, 2) = entropy, column of the largest. Overwrites rows.
struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let row = gid.z * params.rows + gid.x;
    var entropy = 0.0;
    var largest = -1.0;
    var place = 0u;
    for (var c = 0u; c < columns; c++) {
        let value = p[row * columns + c];
        entropy -= value * log(max(value, 1e-37)); // 0 for 0; what is not a number stays
        if (value > largest) {
            largest = value;
            place = c;
        }
    }
    rows[2u * row] = entropy;
    rows[2u * row + 1u] = f32(place);
}

// y = log softmax(x / T) along each row, T the student's temperature; one row a thread (software adapters).
// x, y (L, R, K). Overwrites y.
#import "shared/learner.wgsl"

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> learners: array<Learner>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let first = (gid.z * params.rows + gid.x) * columns;
    let sharpness = 1.0 / learners[gid.z].student_temperature;
    var largest = -3.40282346e38;
    for (var c = 0u; c < columns; c++) { largest = max(largest, x[first + c]); }
    var sum = 0.0;
    for (var c = 0u; c < columns; c++) { sum += exp((x[first + c] - largest) * sharpness); }
    let shift = log(sum);
    for (var c = 0u; c < columns; c++) { y[first + c] = (x[first + c] - largest) * sharpness - shift; }
}

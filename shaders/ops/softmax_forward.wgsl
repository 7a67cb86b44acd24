// p = softmax((x - centering * center) / T) along each row, T the teacher's temperature; one row a thread (software adapters).
// x, p (L, R, K); center (L, 1, K). Overwrites p.
#import "shared/learner.wgsl"

struct Params { rows: u32, columns: u32, center_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> center: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> p: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let columns = params.columns + gid.y;
    let first = (gid.z * params.rows + gid.x) * columns;
    let first_center = gid.z * params.center_stride;
    let centering = learners[gid.z].centering;
    let sharpness = 1.0 / learners[gid.z].teacher_temperature;
    var largest = -3.40282346e38;
    for (var c = 0u; c < columns; c++) {
        let centred = x[first + c] - centering * center[first_center + c];
        p[first + c] = centred;
        largest = max(largest, centred);
    }
    var sum = 0.0;
    for (var c = 0u; c < columns; c++) {
        let value = exp((p[first + c] - largest) * sharpness);
        p[first + c] = value;
        sum += value;
    }
    for (var c = 0u; c < columns; c++) { p[first + c] /= sum; }
}

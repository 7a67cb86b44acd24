// center = m * center + (1 - m) * mean over the rows of the logits, m the learner's; one column a thread (software adapters).
// logits (L, R, K); center (L, 1, K), updated in place.
#import "shared/learner.wgsl"

struct Params { rows: u32, columns: u32, center_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> learners: array<Learner>;
@group(0) @binding(3) var<storage, read_write> center: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.columns) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let rows = params.rows + gid.y;
    let first = gid.z * rows * params.columns + gid.x;
    var sum = 0.0;
    for (var r = 0u; r < rows; r++) { sum += logits[first + r * params.columns]; }
    let momentum = learners[gid.z].center_momentum;
    let place = gid.z * params.center_stride + gid.x;
    center[place] = momentum * center[place] + (1.0 - momentum) * (sum / f32(rows));
}

// center = m * center + (1 - m) * mean over the rows of the logits, m the learner's; 32 columns by 8 slices of rows a workgroup
// (GPUs). logits (L, R, K); center (L, 1, K), updated in place.
#import "shared/learner.wgsl"
#import "shared/reduce_columns.wgsl"

struct Params { rows: u32, columns: u32, center_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> learners: array<Learner>;
@group(0) @binding(3) var<storage, read_write> center: array<f32>;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let column = group.x * 32u + lane % 32u;
    let c = min(column, params.columns - 1u);
    let first = group.z * params.rows * params.columns + c;
    var sum = 0.0;
    for (var r = lane / 32u; r < params.rows; r += 8u) { sum += logits[first + r * params.columns]; }
    sum = column_total(lane, sum);
    if (lane >= 32u || column >= params.columns) { return; }
    let momentum = learners[group.z].center_momentum;
    let place = group.z * params.center_stride + c;
    center[place] = momentum * center[place] + (1.0 - momentum) * (sum / f32(params.rows));
}

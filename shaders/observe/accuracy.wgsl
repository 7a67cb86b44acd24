// The share of labelled queries whose prediction is their label; 0 if none is labelled. One workgroup a learner.
// predictions (L, m, 1) u32; labels (1, m, 1) u32, 0xffffffff: none; y (L, 1, 1). Overwrites y.
#import "shared/reduce.wgsl"

struct Params { queries: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> predictions: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var counted = 0.0;
    var right = 0.0;
    for (var i = lane; i < params.queries; i += 64u) {
        if (labels[i] == 0xffffffffu) { continue; }
        counted += 1.0;
        if (predictions[group.z * params.queries + i] == labels[i]) { right += 1.0; }
    }
    counted = group_sum(lane, counted);
    right = group_sum(lane, right);
    if (lane == 0u) { y[group.z] = right / max(counted, 1.0); }
}

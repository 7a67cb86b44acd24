// The gradients of blend_forward; one element a thread. A weight of 0 gives an exact 0, whatever dq holds.
// dq, dpredicted, dz (L, R, C); each gradient is overwritten, or added to as its flag says.
#import "shared/item.wgsl"
#import "shared/learner.wgsl"

struct Params { elements: u32, accumulate_predicted: u32, accumulate_z: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dq: array<f32>;
@group(0) @binding(2) var<storage, read> learners: array<Learner>;
@group(0) @binding(3) var<storage, read_write> dpredicted: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.elements) { return; }
    let i = gid.z * params.elements + item;
    let p = learners[gid.z].predictor;
    let to_predicted = select(p * dq[i], 0.0, p == 0.0);
    let to_z = select((1.0 - p) * dq[i], 0.0, p == 1.0);
    if (params.accumulate_predicted != 0u) { dpredicted[i] += to_predicted; } else { dpredicted[i] = to_predicted; }
    if (params.accumulate_z != 0u) { dz[i] += to_z; } else { dz[i] = to_z; }
}

// q = p * predicted + (1 - p) * z with the learner's p; one element a thread.
// predicted, z, q (L, R, C). Overwrites q. p = 1 copies predicted and p = 0 copies z, bit for bit.
#import "shared/item.wgsl"
#import "shared/learner.wgsl"

struct Params { elements: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> predicted: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> learners: array<Learner>;
@group(0) @binding(4) var<storage, read_write> q: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.elements) { return; }
    let i = gid.z * params.elements + item;
    let p = learners[gid.z].predictor;
    if (p == 1.0) {
        q[i] = predicted[i];
    } else if (p == 0.0) {
        q[i] = z[i];
    } else {
        q[i] = p * predicted[i] + (1.0 - p) * z[i];
    }
}

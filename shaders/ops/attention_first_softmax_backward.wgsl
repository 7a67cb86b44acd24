// The gradient of attention_first_softmax with respect to the scores, in place; one (image, head) a thread.
// probabilities, slopes (L, images heads, longest); slopes: gradient of the probabilities in, of the scores out.
#import "shared/sequences.wgsl"

struct Params { images: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probabilities: array<f32>;
@group(0) @binding(2) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.images * params.heads) { return; }
    let length = sequence_of(gid.x / params.heads, params.count0, params.length0, params.length1).length;
    let first = (gid.z * params.images * params.heads + gid.x) * params.longest;
    var along = 0.0;
    for (var j = 0u; j < length; j++) { along += probabilities[first + j] * slopes[first + j]; }
    for (var j = 0u; j < length; j++) { slopes[first + j] = probabilities[first + j] * (slopes[first + j] - along); }
}

// The softmax of each line's scores, in place, as far as its image reaches; one (image, head) a thread.
// probabilities (L, images heads, longest): scores in, probabilities out.
#import "shared/sequences.wgsl"

struct Params { images: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> probabilities: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.images * params.heads) { return; }
    let length = sequence_of(gid.x / params.heads, params.count0, params.length0, params.length1).length;
    let first = (gid.z * params.images * params.heads + gid.x) * params.longest;
    var maximum = -3.0e38;
    for (var j = 0u; j < length; j++) { maximum = max(maximum, probabilities[first + j]); }
    var total = 0.0;
    for (var j = 0u; j < length; j++) {
        let p = exp(probabilities[first + j] - maximum);
        probabilities[first + j] = p;
        total += p;
    }
    let share = 1.0 / total;
    for (var j = 0u; j < length; j++) { probabilities[first + j] *= share; }
}

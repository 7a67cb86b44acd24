// Sums of squares over chunks of the flat gradient; one chunk a workgroup (GPUs).
// gradient (L, 1, P) as quads of 4; partials (L, 1, chunks). Overwrites partials.
#import "shared/reduce.wgsl"

struct Params { quads: u32, chunk_quads: u32, chunks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let end = min((group.x + 1u) * params.chunk_quads, params.quads);
    var sum = vec4<f32>();
    for (var i = group.x * params.chunk_quads + lane; i < end; i += 64u) {
        let g = gradient[group.z * params.quads + i];
        sum += g * g;
    }
    let total = group_sum(lane, (sum.x + sum.y) + (sum.z + sum.w));
    if (lane == 0u && group.x < params.chunks) { partials[group.z * params.chunks + group.x] = total; }
}

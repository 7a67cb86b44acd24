// Sum of (a - share b)^2 over pieces of flat buffers, first learner; one piece a workgroup (GPUs).
// a, b (L, 1, P); pieces (1, S, 2): first element and length; sums (1, 1, S). Overwrites sums.
#import "shared/reduce.wgsl"

struct Params { count: u32, share: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> pieces: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let index = min(group.x, params.count - 1u);
    let piece = pieces[index];
    var sum = 0.0;
    for (var i = lane; i < piece.y; i += 64u) {
        let d = a[piece.x + i] - params.share * b[piece.x + i];
        sum += d * d;
    }
    let total = group_sum(lane, sum);
    if (lane == 0u && group.x < params.count) { sums[group.x] = total; }
}

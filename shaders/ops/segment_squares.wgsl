// Sum of (a - share b)^2 over pieces of flat buffers, first learner; one piece a thread (software adapters).
// a, b (L, 1, P); pieces (1, S, 2): first element and length; sums (1, 1, S). Overwrites sums.
struct Params { count: u32, share: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> pieces: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.count) { return; }
    let piece = pieces[gid.x];
    // Sixteen at a time: small sums are added to small sums.
    var sum = 0.0;
    var i = 0u;
    while (i < piece.y) {
        var part = 0.0;
        let end = min(i + 16u, piece.y);
        for (; i < end; i++) {
            let d = a[piece.x + i] - params.share * b[piece.x + i];
            part += d * d;
        }
        sum += part;
    }
    sums[gid.x] = sum;
}

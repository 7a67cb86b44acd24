// Sums of squares over chunks of the flat gradient; one chunk a thread (software adapters).
// gradient (L, 1, P) as quads of 4; partials (L, 1, chunks). Overwrites partials.
struct Params { quads: u32, chunk_quads: u32, chunks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.chunks) { return; }
    let end = min((gid.x + 1u) * params.chunk_quads, params.quads);
    var sum = vec4<f32>();
    for (var i = gid.x * params.chunk_quads; i < end; i++) {
        let g = gradient[gid.z * params.quads + i];
        sum += g * g;
    }
    partials[gid.z * params.chunks + gid.x] = (sum.x + sum.y) + (sum.z + sum.w);
}

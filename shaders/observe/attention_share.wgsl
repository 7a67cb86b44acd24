// The share of the CLS token's attention to patches that lies on a mask, mean over heads; an image a thread.
// attention (L, images * heads, columns): token 0 is CLS itself and is left out; mask (1, images, patches); y (L, images, 1).
// Overwrites y.
struct Params { images: u32, heads: u32, columns: u32, patches: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> attention: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.images) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let heads = params.heads + gid.y;
    let patches = params.patches + gid.y;
    var share = 0.0;
    for (var head = 0u; head < heads; head++) {
        let row = ((gid.z * params.images + gid.x) * params.heads + head) * params.columns + 1u;
        var inside = 0.0;
        var all = 0.0;
        for (var p = 0u; p < patches; p++) {
            let weight = attention[row + p];
            all += weight;
            inside += weight * mask[gid.x * params.patches + p];
        }
        share += inside / max(all, 1e-12);
    }
    y[gid.z * params.images + gid.x] = share / f32(params.heads);
}

// attention_first_dots for llvmpipe: two elements a load. HEAD a multiple of 4; shapes as there. Overwrites dots.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, first_column: u32, factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> kv: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read_write> dots: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

// One key of one image a thread, head after head, so that a workgroup reads whole rows.
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let image_number = gid.x / params.longest;
    if (image_number >= params.images) { return; }
    let key = gid.x - image_number * params.longest;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let heads = params.heads + gid.y;
    let quads = HEAD / 4u;
    let inside = key < image.length;
    let from_x = (gid.z * params.images + image_number) * heads * quads;
    let row = gid.z * params.rows + image.first + key;
    let from_kv = row * 2u * heads * quads + params.first_column / 4u;
    for (var head = 0u; head < heads; head++) {
        var sum = vec4<f32>();
        // Where a whole subgroup lies beyond its image, it loads nothing.
        let end = select(0u, (head + 1u) * quads, inside);
        for (var c = head * quads; c < end; c++) { sum += unpack(x[from_x + c]) * unpack(kv[from_kv + c]); }
        let to = ((gid.z * params.images + image_number) * heads + head) * params.longest + key;
        dots[to] = params.factor * ((sum.x + sum.y) + (sum.z + sum.w));
    }
}

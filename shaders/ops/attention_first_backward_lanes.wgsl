// The gradients of attention_first_forward_lanes; a subgroup of 8 lanes an image and head, each lane with every eighth key
// (llvmpipe). HEAD a multiple of 4.
// q, dy, dq (L, images, D); kv, dkv (L, rows, 2 D); probabilities, slopes (L, images heads, longest). slopes, those of the scores, are
// overwritten as far as an image reaches; dq and dkv too, or added to where their flags say so.
#import "shared/lanes.wgsl"
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, scale: f32,
    accumulate_dq: u32, accumulate_dkv: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> kv: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(6) var<storage, read_write> dq: array<vec2<u64>>;
@group(0) @binding(7) var<storage, read_write> dkv: array<vec2<u64>>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // group.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let heads = params.heads + group.y;
    let add_dq = params.accumulate_dq + group.y != 0u;
    let add_dkv = params.accumulate_dkv + group.y != 0u;
    let quads = HEAD / 4u;
    let image_number = group.x / heads;
    let head = group.x - image_number * heads;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let of_query = ((group.z * params.images + image_number) * heads + head) * quads;
    let width = 2u * heads * quads;
    let keys = (group.z * params.rows + image.first) * width + head * quads;
    let values = keys + heads * quads;
    let line = (group.z * params.images * heads + group.x) * params.longest;
    var along = 0.0;
    for (var j = lane; j < image.length; j += 8u) {
        var sum = vec4<f32>();
        for (var c = 0u; c < quads; c++) { sum += unpack(dy[of_query + c]) * unpack(kv[values + j * width + c]); }
        let slope = (sum.x + sum.y) + (sum.z + sum.w);
        slopes[line + j] = slope;
        along += probabilities[line + j] * slope;
    }
    along = lanes_total(along);
    for (var j = lane; j < image.length; j += 8u) {
        let p = probabilities[line + j];
        let slope = params.scale * (p * (slopes[line + j] - along));
        slopes[line + j] = slope;
        for (var c = 0u; c < quads; c++) {
            let key = keys + j * width + c;
            let value = values + j * width + c;
            var dk = slope * unpack(q[of_query + c]);
            var dv = p * unpack(dy[of_query + c]);
            if (add_dkv) {
                dk += unpack(dkv[key]);
                dv += unpack(dkv[value]);
            }
            dkv[key] = pack(dk);
            dkv[value] = pack(dv);
        }
    }
    for (var c = 0u; c < quads; c++) {
        var sum = vec4<f32>();
        for (var j = lane; j < image.length; j += 8u) { sum += slopes[line + j] * unpack(kv[keys + j * width + c]); }
        var mixed = lanes_totals(sum);
        if (lane == 0u) {
            if (add_dq) { mixed += unpack(dq[of_query + c]); }
            dq[of_query + c] = pack(mixed);
        }
    }
}

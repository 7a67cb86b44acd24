// The gradients of attention_first_forward_group; a workgroup an image and head, one key a thread, then one dimension a thread
// (GPUs).
// q, dy, dq (L, images, D); kv, dkv (L, rows, 2 D); probabilities, slopes (L, images heads, longest). slopes, those of the scores, are
// overwritten as far as an image reaches; dq and dkv too, or added to where their flags say so.
#import "shared/reduce.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, scale: f32,
    accumulate_dq: u32, accumulate_dkv: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(6) var<storage, read_write> dq: array<f32>;
@group(0) @binding(7) var<storage, read_write> dkv: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let number = group.y * 32768u + group.x;
    let lines = params.images * params.heads;
    if (number >= lines) { return; }
    let image_number = number / params.heads;
    let head = number - image_number * params.heads;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let of_query = ((group.z * params.images + image_number) * params.heads + head) * HEAD;
    let width = 2u * params.heads * HEAD;
    let keys = (group.z * params.rows + image.first) * width + head * HEAD;
    let values = keys + params.heads * HEAD;
    let line = (group.z * lines + number) * params.longest;
    var along = 0.0;
    for (var j = lane; j < image.length; j += 64u) {
        var slope = 0.0;
        for (var c = 0u; c < HEAD; c++) { slope += dy[of_query + c] * kv[values + j * width + c]; }
        slopes[line + j] = slope;
        along += probabilities[line + j] * slope;
    }
    along = group_sum(lane, along);
    for (var j = lane; j < image.length; j += 64u) {
        let p = probabilities[line + j];
        slopes[line + j] = params.scale * (p * (slopes[line + j] - along));
    }
    storageBarrier();
    for (var item = lane; item < image.length * HEAD; item += 64u) {
        let j = item / HEAD;
        let c = item - j * HEAD;
        let key = keys + j * width + c;
        let value = values + j * width + c;
        var dk = slopes[line + j] * q[of_query + c];
        var dv = probabilities[line + j] * dy[of_query + c];
        if (params.accumulate_dkv != 0u) {
            dk += dkv[key];
            dv += dkv[value];
        }
        dkv[key] = dk;
        dkv[value] = dv;
    }
    for (var c = lane; c < HEAD; c += 64u) {
        var sum = 0.0;
        for (var j = 0u; j < image.length; j++) { sum += slopes[line + j] * kv[keys + j * width + c]; }
        if (params.accumulate_dq != 0u) { sum += dq[of_query + c]; }
        dq[of_query + c] = sum;
    }
}

// dq of attention_forward_group, and what attention_backward_keys_group needs; laid out as the forward. With p = 2^(score -
// logarithm) and slope = dy.v - dy.y: dq = scale sum p slope k.
// q, y, dy, dq (L, rows, D); kv (L, rows, 2 D); terms (L, rows, 2 heads) = (logarithm, dy.y) of each head.
// Overwrites terms, and dq or adds to it.
#import "shared/attention_group.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32, factor: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read> logarithms: array<f32>;
@group(0) @binding(6) var<storage, read_write> dq: array<f32>;
@group(0) @binding(7) var<storage, read_write> terms: array<vec2<f32>>;

@compute @workgroup_size(32, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x % params.heads;
    let place = image_and_thing(group.x / params.heads, params.count0, (params.length0 + TILE - 1u) / TILE, (params.length1 + TILE - 1u) / TILE);
    let image = sequence_of(place.x, params.count0, params.length0, params.length1);
    let base = group.z * params.rows + image.first;
    let row = place.y * TILE + lane;
    let item = (base + min(row, image.length - 1u)) * params.heads + head;
    var mine: array<f32, 64>;
    var slopes: array<f32, 64>;
    var sum: array<f32, 64>;
    var along = 0.0;
    for (var c = 0u; c < HEAD; c++) {
        mine[c] = q[item * HEAD + c] * params.scale;
        slopes[c] = dy[item * HEAD + c];
        along += slopes[c] * y[item * HEAD + c];
    }
    let logarithm = logarithms[item];
    for (var start = 0u; start < image.length; start += chunk_rows()) {
        let count = min(chunk_rows(), image.length - start);
        workgroupBarrier();
        for (var i = lane; i < count * HEAD; i += TILE) {
            let source = ((base + start + i / HEAD) * 2u * params.heads + head) * HEAD + i % HEAD;
            front[i] = kv[source];
            back[i] = kv[source + params.heads * HEAD];
        }
        workgroupBarrier();
        for (var j = 0u; j < count; j++) {
            var score = -logarithm;
            var slope = -along;
            for (var c = 0u; c < HEAD; c++) {
                score += mine[c] * front[j * HEAD + c];
                slope += slopes[c] * back[j * HEAD + c];
            }
            slope *= exp2(score);
            for (var c = 0u; c < HEAD; c++) { sum[c] += slope * front[j * HEAD + c]; }
        }
    }
    if (row >= image.length) { return; }
    for (var c = 0u; c < HEAD; c++) {
        var value = sum[c] * params.factor;
        if (params.accumulate != 0u) { value += dq[item * HEAD + c]; }
        dq[item * HEAD + c] = value;
    }
    terms[item] = vec2<f32>(logarithm, along);
}

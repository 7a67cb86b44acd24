// The gradient of attention_forward_group with respect to keys and values; a workgroup has 32 keys of one (image, head), the
// queries pass in chunks. dv = sum p dy; dk = scale sum p slope q, p and slope as in attention_backward_queries_group.
// q, dy (L, rows, D); kv, dkv (L, rows, 2 D); terms (L, rows, 2 heads). Overwrites dkv or adds to it.
#import "shared/attention_group.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32, factor: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> terms: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> dkv: array<f32>;

fn store(to: u32, value: f32) {
    if (params.accumulate != 0u) { dkv[to] += value; } else { dkv[to] = value; }
}

@compute @workgroup_size(32, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x % params.heads;
    let place = image_and_thing(group.x / params.heads, params.count0, (params.length0 + TILE - 1u) / TILE, (params.length1 + TILE - 1u) / TILE);
    let image = sequence_of(place.x, params.count0, params.length0, params.length1);
    let base = group.z * params.rows + image.first;
    let row = place.y * TILE + lane;
    let to_k = ((base + min(row, image.length - 1u)) * 2u * params.heads + head) * HEAD;
    let to_v = to_k + params.heads * HEAD;
    var k: array<f32, 64>;
    var v: array<f32, 64>;
    var dk: array<f32, 64>;
    var dv: array<f32, 64>;
    for (var c = 0u; c < HEAD; c++) {
        k[c] = kv[to_k + c] * params.scale;
        v[c] = kv[to_v + c];
    }
    for (var start = 0u; start < image.length; start += chunk_rows()) {
        let count = min(chunk_rows(), image.length - start);
        workgroupBarrier();
        for (var i = lane; i < count * HEAD; i += TILE) {
            let source = ((base + start + i / HEAD) * params.heads + head) * HEAD + i % HEAD;
            front[i] = q[source];
            back[i] = dy[source];
        }
        workgroupBarrier();
        for (var i = 0u; i < count; i++) {
            let term = terms[(base + start + i) * params.heads + head];
            var score = -term.x;
            var slope = -term.y;
            for (var c = 0u; c < HEAD; c++) {
                score += k[c] * front[i * HEAD + c];
                slope += v[c] * back[i * HEAD + c];
            }
            let p = exp2(score);
            slope *= p;
            for (var c = 0u; c < HEAD; c++) {
                dk[c] += slope * front[i * HEAD + c];
                dv[c] += p * back[i * HEAD + c];
            }
        }
    }
    if (row >= image.length) { return; }
    for (var c = 0u; c < HEAD; c++) {
        store(to_k + c, dk[c] * params.factor);
        store(to_v + c, dv[c]);
    }
}

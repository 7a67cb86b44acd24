// The gradient of attention_forward_lanes with respect to keys and values; a workgroup has 24 keys of one (image, head), the
// queries pass one by one. dv = sum p dy; dk = scale sum p slope q, p and slope as in attention_backward_queries_lanes.
// q, dy (L, rows, D); kv, dkv (L, rows, 2 D); terms (L, rows, 2 heads). Overwrites dkv or adds to it.
#import "shared/attention_lanes.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32, factor: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<u64>;
@group(0) @binding(2) var<storage, read> kv: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> dy: array<u64>;
@group(0) @binding(4) var<storage, read> terms: array<u64>;
@group(0) @binding(5) var<storage, read_write> dkv: array<vec2<u64>>;

struct Key { k: Sixteen, v: Sixteen, dk: Sixteen, dv: Sixteen }

fn begin(row: u32, head: u32) -> Key {
    let k = row * params.heads * 8u + head * 4u;
    let v = k + params.heads * 4u;
    return Key(
        scaled(Sixteen(unpack(kv[k]), unpack(kv[k + 1u]), unpack(kv[k + 2u]), unpack(kv[k + 3u])), params.scale),
        Sixteen(unpack(kv[v]), unpack(kv[v + 1u]), unpack(kv[v + 2u]), unpack(kv[v + 3u])),
        Sixteen(),
        Sixteen(),
    );
}

fn attend(key: ptr<function, Key>, q: Sixteen, dy: Sixteen, logarithm: f32, along: f32) {
    let p = exp2(product(q, (*key).k) - logarithm);
    let slope = p * (product(dy, (*key).v) - along);
    (*key).dv = plus((*key).dv, dy, p);
    (*key).dk = plus((*key).dk, q, slope);
}

fn store(first: u32, values: Sixteen, add: bool) {
    var out = values;
    if (add) {
        out = plus(Sixteen(unpack(dkv[first]), unpack(dkv[first + 1u]), unpack(dkv[first + 2u]), unpack(dkv[first + 3u])), values, 1.0);
    }
    dkv[first] = pack(out.a);
    dkv[first + 1u] = pack(out.b);
    dkv[first + 2u] = pack(out.c);
    dkv[first + 3u] = pack(out.d);
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x % params.heads;
    let place = image_and_thing(group.x / params.heads, params.count0, (params.length0 + TILE - 1u) / TILE, (params.length1 + TILE - 1u) / TILE);
    let image = sequence_of(place.x, params.count0, params.length0, params.length1);
    let base = group.z * params.rows + image.first;
    let start = place.y * TILE + lane;
    let last = image.length - 1u;
    var key0 = begin(base + min(start, last), head);
    var key1 = begin(base + min(start + 8u, last), head);
    var key2 = begin(base + min(start + 16u, last), head);
    let first = (base * params.heads + head) * 8u + lane;
    for (var i = 0u; i < image.length; i++) {
        let at = first + i * params.heads * 8u;
        let query = gathered(q[at]);
        let slope = gathered(dy[at]);
        let term = terms[(base + i) * params.heads + head];
        attend(&key0, query, slope, low(term), high(term));
        attend(&key1, query, slope, low(term), high(term));
        attend(&key2, query, slope, low(term), high(term));
    }
    // The bound is no constant, so that the compiler keeps the loop: code for many stores takes long to compile.
    for (var i = 0u; i < min(3u, (image.length - place.y * TILE + 7u) / 8u); i++) {
        let row = start + 8u * i;
        if (row <= last) {
            let k = (base + row) * params.heads * 8u + head * 4u;
            let add = params.accumulate + group.y != 0u;
            store(k, scaled(key0.dk, params.factor), add);
            store(k + params.heads * 4u, key0.dv, add);
        }
        key0 = key1;
        key1 = key2;
    }
}

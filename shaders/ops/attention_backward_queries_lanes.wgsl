// dq of attention_forward_lanes, and what attention_backward_keys_lanes needs; laid out as the forward. With p = 2^(score -
// logarithm) and slope = dy.v - dy.y: dq = scale sum p slope k.
// q, y, dy, dq (L, rows, D); kv (L, rows, 2 D); terms (L, rows, 2 heads) = (logarithm, dy.y) of each head.
// Overwrites terms, and dq or adds to it.
#import "shared/attention_lanes.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32, factor: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> kv: array<u64>;
@group(0) @binding(3) var<storage, read> y: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read> logarithms: array<f32>;
@group(0) @binding(6) var<storage, read_write> dq: array<vec2<u64>>;
@group(0) @binding(7) var<storage, read_write> terms: array<u64>;

struct Query { q: Sixteen, dy: Sixteen, sum: Sixteen, logarithm: f32, along: f32 }

fn begin(row: u32, head: u32) -> Query {
    let item = row * params.heads + head;
    let first = item * 4u;
    let x = Sixteen(unpack(q[first]), unpack(q[first + 1u]), unpack(q[first + 2u]), unpack(q[first + 3u]));
    let slope = Sixteen(unpack(dy[first]), unpack(dy[first + 1u]), unpack(dy[first + 2u]), unpack(dy[first + 3u]));
    let out = Sixteen(unpack(y[first]), unpack(y[first + 1u]), unpack(y[first + 2u]), unpack(y[first + 3u]));
    return Query(scaled(x, params.scale), slope, Sixteen(), logarithms[item], product(slope, out));
}

fn attend(query: ptr<function, Query>, k: Sixteen, v: Sixteen) {
    let p = exp2(product((*query).q, k) - (*query).logarithm);
    let slope = p * (product((*query).dy, v) - (*query).along);
    (*query).sum = plus((*query).sum, k, slope);
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x % params.heads;
    let place = image_and_thing(group.x / params.heads, params.count0, (params.length0 + TILE - 1u) / TILE, (params.length1 + TILE - 1u) / TILE);
    let image = sequence_of(place.x, params.count0, params.length0, params.length1);
    let base = group.z * params.rows + image.first;
    let start = place.y * TILE + lane;
    let last = image.length - 1u;
    var query0 = begin(base + min(start, last), head);
    var query1 = begin(base + min(start + 8u, last), head);
    var query2 = begin(base + min(start + 16u, last), head);
    let row_pairs = params.heads * 16u;
    let k_first = base * row_pairs + head * 8u + lane;
    let v_first = k_first + params.heads * 8u;
    for (var j = 0u; j < image.length; j++) {
        let k = gathered(kv[k_first + j * row_pairs]);
        let v = gathered(kv[v_first + j * row_pairs]);
        attend(&query0, k, v);
        attend(&query1, k, v);
        attend(&query2, k, v);
    }
    // The bound is no constant, so that the compiler keeps the loop: code for many stores takes long to compile.
    for (var i = 0u; i < min(3u, (image.length - place.y * TILE + 7u) / 8u); i++) {
        let row = start + 8u * i;
        if (row <= last) {
            let to = (base + row) * params.heads + head;
            var out = scaled(query0.sum, params.factor);
            if (params.accumulate + group.y != 0u) {
                out = plus(Sixteen(unpack(dq[to * 4u]), unpack(dq[to * 4u + 1u]), unpack(dq[to * 4u + 2u]), unpack(dq[to * 4u + 3u])), out, 1.0);
            }
            dq[to * 4u] = pack(out.a);
            dq[to * 4u + 1u] = pack(out.b);
            dq[to * 4u + 2u] = pack(out.c);
            dq[to * 4u + 3u] = pack(out.d);
            terms[to] = pack_pair(query0.logarithm, query0.along);
        }
        query0 = query1;
        query1 = query2;
    }
}

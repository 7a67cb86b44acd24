// y = softmax(scale q k') v for every query of an image and a head; a workgroup has 24 queries of one (image, head), in subgroups
// of exactly 8 lanes (llvmpipe); heads of 16 dimensions. One pass over the keys, two at a time, with a running maximum.
// q, y (L, rows, D); kv (L, rows, 2 D), k then v; logarithms (L, rows, heads) = log2 of the sum of 2^score. Overwrites both.
#import "shared/attention_lanes.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> kv: array<u64>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read_write> logarithms: array<f32>;

// One query under way.
struct Query { q: Sixteen, sum: Sixteen, maximum: f32, total: f32 }

fn begin(row: u32, head: u32) -> Query {
    let first = (row * params.heads + head) * 4u;
    let x = Sixteen(unpack(q[first]), unpack(q[first + 1u]), unpack(q[first + 2u]), unpack(q[first + 3u]));
    return Query(scaled(x, params.scale), Sixteen(), -3.0e38, 0.0);
}

// Two keys more; the second counts only where `both`.
fn attend(query: ptr<function, Query>, k0: Sixteen, k1: Sixteen, v0: Sixteen, v1: Sixteen, both: bool) {
    let s0 = product((*query).q, k0);
    let s1 = select(-3.0e38, product((*query).q, k1), both);
    let maximum = max((*query).maximum, max(s0, s1));
    let shrink = exp2((*query).maximum - maximum);
    let p0 = exp2(s0 - maximum);
    let p1 = exp2(s1 - maximum);
    (*query).maximum = maximum;
    (*query).total = (*query).total * shrink + (p0 + p1);
    (*query).sum = plus(plus(scaled((*query).sum, shrink), v0, p0), v1, p1);
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
    for (var j = 0u; j < image.length; j += 2u) {
        let next = min(j + 1u, last);
        let both = j < last;
        let k0 = gathered(kv[k_first + j * row_pairs]);
        let k1 = gathered(kv[k_first + next * row_pairs]);
        let v0 = gathered(kv[v_first + j * row_pairs]);
        let v1 = gathered(kv[v_first + next * row_pairs]);
        attend(&query0, k0, k1, v0, v1, both);
        attend(&query1, k0, k1, v0, v1, both);
        attend(&query2, k0, k1, v0, v1, both);
    }
    // The bound is no constant, so that the compiler keeps the loop: code for many stores takes long to compile.
    for (var i = 0u; i < min(3u, (image.length - place.y * TILE + 7u) / 8u); i++) {
        let row = start + 8u * i;
        if (row <= last) {
            let out = scaled(query0.sum, 1.0 / query0.total);
            let to = (base + row) * params.heads + head;
            y[to * 4u] = pack(out.a);
            y[to * 4u + 1u] = pack(out.b);
            y[to * 4u + 2u] = pack(out.c);
            y[to * 4u + 3u] = pack(out.d);
            logarithms[to] = query0.maximum + log2(query0.total);
        }
        query0 = query1;
        query1 = query2;
    }
}

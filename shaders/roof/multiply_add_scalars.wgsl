// As multiply_add.wgsl with 12 chains of f32, which fit the registers of software adapters: they give each lane's scalar a place in one.
// A thread does 128 x 8 x 12 product-sums.

@group(0) @binding(0) var<storage, read_write> y: array<f32>;

struct Chains {
    a: f32,
    b: f32,
    c: f32,
    d: f32,
    e: f32,
    f: f32,
    g: f32,
    h: f32,
    i: f32,
    j: f32,
    k: f32,
    l: f32,
}

fn turn(x: Chains, factor: f32, term: f32) -> Chains {
    return Chains(
        fma(x.a, factor, term),
        fma(x.b, factor, term),
        fma(x.c, factor, term),
        fma(x.d, factor, term),
        fma(x.e, factor, term),
        fma(x.f, factor, term),
        fma(x.g, factor, term),
        fma(x.h, factor, term),
        fma(x.i, factor, term),
        fma(x.j, factor, term),
        fma(x.k, factor, term),
        fma(x.l, factor, term),
    );
}

fn four_turns(x: Chains, factor: f32, term: f32) -> Chains {
    return turn(turn(turn(turn(x, factor, term), factor, term), factor, term), factor, term);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let start = f32(gid.x & 1023u) * 1e-3;
    let factor = 0.9 + start * 1e-3;
    var x = Chains(
        start,
        start + 1.0,
        start + 2.0,
        start + 3.0,
        start + 4.0,
        start + 5.0,
        start + 6.0,
        start + 7.0,
        start + 8.0,
        start + 9.0,
        start + 10.0,
        start + 11.0,
    );
    for (var i = 0u; i < 128u; i++) {
        x = four_turns(four_turns(x, factor, start), factor, start);
    }
    y[gid.x] = x.a + x.b + x.c + x.d + x.e + x.f + x.g + x.h + x.i + x.j + x.k + x.l;
}

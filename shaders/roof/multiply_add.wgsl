// The most product-sums that the adapter does: 8 chains of vec4 that hang on nothing but registers and not on each other.
// y (1, 1, invocations) f32, the chains' sum, so that none can be left out; overwrites.
// A thread does 64 x 4 x 8 x 4 of them, 2 operations each: FLOPS in src/gpu/roof.rs.

@group(0) @binding(0) var<storage, read_write> y: array<f32>;

struct Chains {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
    f: vec4<f32>,
    g: vec4<f32>,
    h: vec4<f32>,
}

fn turn(x: Chains, factor: vec4<f32>, term: vec4<f32>) -> Chains {
    return Chains(
        fma(x.a, factor, term),
        fma(x.b, factor, term),
        fma(x.c, factor, term),
        fma(x.d, factor, term),
        fma(x.e, factor, term),
        fma(x.f, factor, term),
        fma(x.g, factor, term),
        fma(x.h, factor, term),
    );
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let start = vec4<f32>(0.0, 0.25, 0.5, 0.75) + f32(gid.x & 1023u) * 1e-3;
    let factor = 0.9 + start * 1e-3;
    var x = Chains(start, start + 1.0, start + 2.0, start + 3.0, start + 4.0, start + 5.0, start + 6.0, start + 7.0);
    for (var i = 0u; i < 64u; i++) {
        x = turn(turn(turn(turn(x, factor, start), factor, start), factor, start), factor, start);
    }
    y[gid.x] = dot(x.a + x.b + x.c + x.d + x.e + x.f + x.g + x.h, vec4<f32>(1.0));
}

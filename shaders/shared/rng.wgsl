// Counter-based random numbers: bits are a pure function of (key, counter), so any draw can be recomputed anywhere.
// Twin: src/data/rng.rs, equal bit for bit, integers and uniforms alike.

// pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020.
fn hash4(value: vec4<u32>) -> vec4<u32> {
    var v = value * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4<u32>(16u);
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

// Four words for a counter under a key. The counter comes first: what varies in x reaches every word through two rounds, where
// a hash that varies in z or w alone has an x whose low bits are those of one product, and far from uniform.
fn random4(key: vec2<u32>, counter: vec2<u32>) -> vec4<u32> {
    return hash4(vec4<u32>(counter, key));
}

// Uniform in [0, 1): the upper 24 bits, exact in f32. (The signed conversion is one instruction on x86, the unsigned is not.)
fn uniform4(bits: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(vec4<i32>(bits >> vec4<u32>(8u))) * 5.9604644775390625e-8;
}

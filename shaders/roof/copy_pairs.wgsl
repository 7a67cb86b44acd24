// y = x, both (1, 1, 16 n) f32: each thread has 8 pairs in a row, loaded as u64: a load costs llvmpipe as much however wide. Overwrites y.

@group(0) @binding(0) var<storage, read> x: array<u64>;
@group(0) @binding(1) var<storage, read_write> y: array<u64>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let first = gid.x * 8u;
    y[first] = x[first];
    y[first + 1u] = x[first + 1u];
    y[first + 2u] = x[first + 2u];
    y[first + 3u] = x[first + 3u];
    y[first + 4u] = x[first + 4u];
    y[first + 5u] = x[first + 5u];
    y[first + 6u] = x[first + 6u];
    y[first + 7u] = x[first + 7u];
}

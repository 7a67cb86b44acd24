// y = x, both (1, 1, 4 n) f32: neighbouring threads load neighbouring vec4, as GPUs like it. Overwrites y.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let first = group.x * 256u + lane;
    y[first] = x[first];
    y[first + 64u] = x[first + 64u];
    y[first + 128u] = x[first + 128u];
    y[first + 192u] = x[first + 192u];
}

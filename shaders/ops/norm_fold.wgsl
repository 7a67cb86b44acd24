// Sums partials over their chunks, in order; one column a thread.
// partials (L, chunks, 2 C) = gain's C, then shift's C; dgain, dshift (L, 1, C), each overwritten, or added to as its flag says.
struct Params { columns: u32, chunks: u32, gradient_stride: u32, accumulate_gain: u32, accumulate_shift: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> dgain: array<f32>;
@group(0) @binding(3) var<storage, read_write> dshift: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= 2u * params.columns) { return; }
    var sum = 0.0;
    for (var chunk = 0u; chunk < params.chunks; chunk++) {
        sum += partials[(gid.z * params.chunks + chunk) * 2u * params.columns + gid.x];
    }
    let base = gid.z * params.gradient_stride;
    if (gid.x < params.columns) {
        let out = base + gid.x;
        if (params.accumulate_gain != 0u) { dgain[out] += sum; } else { dgain[out] = sum; }
    } else {
        let out = base + gid.x - params.columns;
        if (params.accumulate_shift != 0u) { dshift[out] += sum; } else { dshift[out] = sum; }
    }
}

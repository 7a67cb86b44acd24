// Mean luma of each crop: means (L, 1, V*B) f32 from its parts luma_sums (L, V*B, lanes) f32, added in order; overwrites.

struct Params {
    rows: u32,
    lanes: u32,
    pixels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> luma_sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let row = gid.z * params.rows + gid.x;
    var sum = 0.0;
    for (var lane = 0u; lane < params.lanes; lane++) {
        sum += luma_sums[row * params.lanes + lane];
    }
    means[row] = sum / f32(params.pixels);
}

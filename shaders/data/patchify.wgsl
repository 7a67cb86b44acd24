// Views to the encoder's input: patches (L, V*B*P, patch*patch*3) f32 = (x/255 - 0.5) * 4, overwrites, from views
// (L, R, H*W) u32, of which rows first = counter * counter_scale + counter_offset onwards are taken. A patch vector runs
// (row, column, channel). Patches are in Morton order (four consecutive rows are 2x2 neighbours), or row by row.

struct Params {
    rows: u32,
    view_rows: u32,
    size: u32,
    patch_side: u32,
    morton: u32,
    counter_scale: u32,
    counter_offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counter: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<u32>;
@group(0) @binding(3) var<storage, read_write> patches: array<f32>;

// The even bits of a Morton number, packed.
fn even_bits(number: u32) -> u32 {
    var bits = number & 0x55555555u;
    bits = (bits | (bits >> 1u)) & 0x33333333u;
    bits = (bits | (bits >> 2u)) & 0x0F0F0F0Fu;
    bits = (bits | (bits >> 4u)) & 0x00FF00FFu;
    return (bits | (bits >> 8u)) & 0x0000FFFFu;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pixels = params.size * params.size;
    let item = gid.x; // pixels in the order of the output
    if item >= pixels {
        return;
    }
    let area = params.patch_side * params.patch_side;
    let grid = params.size / params.patch_side;
    let number = item / area;
    let within = item - number * area;
    var x = number % grid;
    var y = number / grid;
    if params.morton != 0u {
        x = even_bits(number);
        y = even_bits(number >> 1u);
    }
    let dy = within / params.patch_side;
    let pixel = (y * params.patch_side + dy) * params.size + x * params.patch_side + (within - dy * params.patch_side);
    let view = group.z * params.view_rows + counter[0] * params.counter_scale + params.counter_offset + group.y;
    let value = (unpack4x8unorm(views[view * pixels + pixel]) - 0.5) * 4.0;
    let start = ((group.z * params.rows + group.y) * pixels + item) * 3u;
    patches[start] = value.x;
    patches[start + 1u] = value.y;
    patches[start + 2u] = value.z;
}

// Views to the encoder's input: patches (L, rows, patch*patch*3) f32 = (x/255 - 0.5) * 4, written from pixel first_pixel of a
// learner's on, from views (L, R, H*W) u32, of which rows first = counter * counter_scale + counter_offset onwards are taken.
// A patch vector runs (row, column, channel). Patches are in Morton order (four consecutive rows are 2x2 neighbours), or row by row.

#import "shared/patch.wgsl"

struct Params {
    first_pixel: u32,    // of the output, where these views begin
    learner_pixels: u32, // of the output, for one learner
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

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pixels = params.size * params.size;
    let item = gid.x; // pixels in the order of the output
    if item >= pixels {
        return;
    }
    let area = params.patch_side * params.patch_side;
    let grid = params.size / params.patch_side;
    let number = quotient(item, area);
    let within = item - number * area;
    let place = patch_place(number, grid, params.morton != 0u);
    let dy = quotient(within, params.patch_side);
    let pixel = (place.y * params.patch_side + dy) * params.size + place.x * params.patch_side + (within - dy * params.patch_side);
    let view = group.z * params.view_rows + counter[0] * params.counter_scale + params.counter_offset + group.y;
    let value = encoder_input(views[view * pixels + pixel]);
    let start = (group.z * params.learner_pixels + params.first_pixel + group.y * pixels + item) * 3u;
    patches[start] = value.x;
    patches[start + 1u] = value.y;
    patches[start + 2u] = value.z;
}

// As patchify.wgsl for patches whose side is a multiple of 4: four pixels a thread, loaded and stored as vec4, several a thread.

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
    lanes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counter: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> patches: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.lanes {
        return;
    }
    let quads = params.size * params.size / 4u;
    let quads_across = params.size / 4u;
    let patch_across = params.patch_side / 4u; // quads in a patch's side
    let area = patch_across * params.patch_side;
    let grid = params.size / params.patch_side;
    let view = gid.z * params.view_rows + counter[0] * params.counter_scale + params.counter_offset + gid.y;
    let begin = (gid.z * params.learner_pixels + params.first_pixel) / 4u + gid.y * quads;
    for (var item = gid.x; item < quads; item += params.lanes) {
        let number = quotient(item, area);
        let within = item - number * area;
        let place = patch_place(number, grid, params.morton != 0u);
        let dy = quotient(within, patch_across);
        let quad = (place.y * params.patch_side + dy) * quads_across + place.x * patch_across + (within - dy * patch_across);
        let bits = views[view * quads + quad];
        let a = encoder_input(bits.x);
        let b = encoder_input(bits.y);
        let c = encoder_input(bits.z);
        let d = encoder_input(bits.w);
        let start = (begin + item) * 3u;
        patches[start] = vec4<f32>(a, b.x);
        patches[start + 1u] = vec4<f32>(b.yz, c.xy);
        patches[start + 2u] = vec4<f32>(c.z, d);
    }
}

// How much of each patch of whole images the object of `shapes` scenes covers: mask (L, B, P) f32, 0 to 1, patches row by row;
// overwrites. A patch a thread, its pixels at their centres.

#import "shared/shapes.wgsl"

struct Params {
    images: u32,
    grid: u32,       // patches along a side
    patch_side: u32, // pixels along a patch's side
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scenes: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> mask: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let patches = params.grid * params.grid;
    if gid.x >= patches {
        return;
    }
    let image = gid.z * params.images + gid.y;
    let scene = load_scene(image * SCENE_VECTORS);
    let size = f32(params.grid * params.patch_side);
    let first = vec2<f32>(f32(gid.x % params.grid), f32(gid.x / params.grid)) * f32(params.patch_side) + 0.5;
    // There are not that many learners; Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let side = params.patch_side + (gid.z >> 16u);
    var covered = 0.0;
    for (var y = 0u; y < side; y++) {
        for (var x = 0u; x < side; x++) {
            let at = (first + vec2<f32>(f32(x), f32(y))) / size;
            covered += scene_colour(scene, at.x, at.y, size).w;
        }
    }
    mask[image * patches + gid.x] = covered / f32(params.patch_side * params.patch_side);
}

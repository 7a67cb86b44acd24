// first_rows_backward for llvmpipe: four elements a thread, two a load. C a multiple of 4; shapes as there. Overwrites dx.
#import "shared/sequences.wgsl"

struct Params { rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let width = params.columns / 4u;
    let row = gid.x / width;
    if (row >= params.rows) { return; }
    let quad = gid.x - row * width;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    var value = vec2<u64>();
    if (place.y == 0u) { value = dy[(gid.z * params.images + place.x) * width + quad]; }
    dx[gid.z * params.rows * width + gid.x] = value;
}

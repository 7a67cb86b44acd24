// first_rows_backward for llvmpipe: four elements a thread, two a load. C a multiple of 4; shapes as there. Overwrites dx, or adds to
// it if `accumulate`.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params { rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32, accumulate: u32 }

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
    let to = gid.z * params.rows * width + gid.x;
    if (place.y == 0u) {
        var value = dy[(gid.z * params.images + place.x) * width + quad];
        // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
        if (params.accumulate + gid.y != 0u) { value = pack(unpack(value) + unpack(dx[to])); }
        dx[to] = value;
    } else if (params.accumulate + gid.y == 0u) {
        dx[to] = vec2<u64>();
    }
}

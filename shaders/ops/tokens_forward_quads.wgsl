// tokens_forward for llvmpipe: four elements a thread, two a load. C and the strides multiples of 4; shapes as there. Overwrites y.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32,
    cls_stride: u32, positions0_stride: u32, positions1_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> cls: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> positions0: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> positions1: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let width = params.columns / 4u;
    let row = gid.x / width;
    if (row >= params.rows) { return; }
    let quad = gid.x - row * width;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    let in_image = place.y * width + quad;
    var value = vec2<u64>();
    if (place.x < params.count0) {
        value = positions0[gid.z * params.positions0_stride / 4u + in_image];
    } else {
        value = positions1[gid.z * params.positions1_stride / 4u + in_image];
    }
    var token = vec2<u64>();
    if (place.y == 0u) {
        token = cls[gid.z * params.cls_stride / 4u + quad];
    } else {
        token = x[(gid.z * (params.rows - params.images) + row - place.x - 1u) * width + quad];
    }
    y[gid.z * params.rows * width + gid.x] = pack(unpack(value) + unpack(token));
}

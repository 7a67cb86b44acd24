// The tokens of every image: first cls, then its patches, each with its position added; one element a thread.
// x (L, rows - images, C); cls (L, 1, C), positions0 (L, length0, C) and positions1 (L, length1, C) with strides of their own;
// y (L, rows, C), laid out by count0, length0, length1. Overwrites y.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32,
    cls_stride: u32, positions0_stride: u32, positions1_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> cls: array<f32>;
@group(0) @binding(3) var<storage, read> positions0: array<f32>;
@group(0) @binding(4) var<storage, read> positions1: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let row = item / params.columns;
    if (row >= params.rows) { return; }
    let column = item - row * params.columns;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    let in_image = place.y * params.columns + column;
    var value = 0.0;
    if (place.x < params.count0) {
        value = positions0[gid.z * params.positions0_stride + in_image];
    } else {
        value = positions1[gid.z * params.positions1_stride + in_image];
    }
    if (place.y == 0u) {
        value += cls[gid.z * params.cls_stride + column];
    } else {
        value += x[(gid.z * (params.rows - params.images) + row - place.x - 1u) * params.columns + column];
    }
    y[gid.z * params.rows * params.columns + item] = value;
}

// y = the first row of every image; one element a thread.
// x (L, rows, C), laid out by count0, length0, length1; y (L, images, C). Overwrites y.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params { rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let image = item / params.columns;
    if (image >= params.images) { return; }
    let column = item - image * params.columns;
    let row = sequence_of(image, params.count0, params.length0, params.length1).first;
    y[gid.z * params.images * params.columns + item] = x[(gid.z * params.rows + row) * params.columns + column];
}

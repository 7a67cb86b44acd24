// factor times the product of a row of x and one of kv, for every key of an image and every head; one (key, head) a thread.
// x (L, images, D); kv (L, rows, 2 D), of which D columns from `first_column` are read; dots (L, images heads, longest). Overwrites
// dots as far as an image reaches, with zeros beyond.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, first_column: u32, factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read_write> dots: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let line = item / params.longest;
    if (line >= params.images * params.heads) { return; }
    let key = item - line * params.longest;
    let image_number = line / params.heads;
    let head = line - image_number * params.heads;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    var sum = 0.0;
    if (key < image.length) {
        let from_x = ((gid.z * params.images + image_number) * params.heads + head) * HEAD;
        let from_kv = ((gid.z * params.rows + image.first + key) * 2u * params.heads + head) * HEAD + params.first_column;
        for (var c = 0u; c < HEAD; c++) { sum += x[from_x + c] * kv[from_kv + c]; }
    }
    dots[gid.z * params.images * params.heads * params.longest + item] = params.factor * sum;
}

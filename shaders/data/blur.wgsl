// Gaussian blur of crops of stored images: blurred (L, V*B, 3*H*W) f32 from raw of the same shape, and the pixels' luma summed in
// parts (L, V*B, lanes) f32; overwrites both. 5x5 taps, clamped at the crop's edge, normalised; a crop whose plan says
// deviation 0 is copied. A thread does every `lanes`-th pixel of a crop.

#import "shared/crop.wgsl"
#import "shared/colour.wgsl"

struct Params {
    rows: u32,
    size: u32,
    lanes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> raw: array<f32>;
@group(0) @binding(2) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> blurred: array<f32>;
@group(0) @binding(4) var<storage, read_write> luma_sums: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.lanes {
        return;
    }
    let row = gid.z * params.rows + gid.y;
    let pixels = params.size * params.size;
    let start = row * 3u * pixels;
    let deviation = bitcast<f32>(crops[row * CROP_VECTORS + 4u].y);
    let reach = select(0, 2, deviation > 0.0);
    let falloff = -0.5 / max(deviation * deviation, 1e-6);
    let last = i32(params.size) - 1;
    var total = vec3<f32>(0.0);
    for (var pixel = gid.x; pixel < pixels; pixel += params.lanes) {
        let y = i32(pixel / params.size);
        let x = i32(pixel % params.size);
        var sum = vec3<f32>(0.0);
        var weights = 0.0;
        for (var dy = -reach; dy <= reach; dy++) {
            for (var dx = -reach; dx <= reach; dx++) {
                let weight = exp(falloff * f32(dx * dx + dy * dy));
                let at = start + u32(clamp(y + dy, 0, last) * (last + 1) + clamp(x + dx, 0, last));
                sum += weight * vec3<f32>(raw[at], raw[at + pixels], raw[at + 2u * pixels]);
                weights += weight;
            }
        }
        let colour = sum / weights;
        blurred[start + pixel] = colour.x;
        blurred[start + pixels + pixel] = colour.y;
        blurred[start + 2u * pixels + pixel] = colour.z;
        total += colour;
    }
    luma_sums[row * params.lanes + gid.x] = dot(total, LUMA_WEIGHTS);
}

// Crops of stored images before any photometric change: raw (L, V*B, 3*H*W) f32, channel planes; overwrites.
// An image lies in `pixels` (packed RGBA8) with its halvings (2x2 means) behind it, as src/data/halvings.rs lays them out.
// The halving nearest above the pixel's footprint is taken, then n x n bilinear samples, n = ceil(footprint) <= 4: no texel
// under a pixel is skipped, so nothing aliases; the filter is a tent over a box, not an exact area mean.

#import "shared/crop.wgsl"

struct Params {
    rows: u32,
    batch: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> table: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> pixels: array<u32>;
@group(0) @binding(4) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> raw: array<f32>;

const SMALLEST_HALVING = 32u;

fn texel(index: u32) -> vec3<f32> {
    return unpack4x8unorm(pixels[index]).xyz;
}

fn bilinear(offset: u32, extent: vec2<u32>, at: vec2<f32>) -> vec3<f32> {
    let limit = vec2<f32>(extent - 1u);
    let place = clamp(at - 0.5, vec2<f32>(0.0), limit);
    let low = floor(place);
    let share = place - low;
    let x0 = u32(low.x);
    let x1 = min(x0 + 1u, extent.x - 1u);
    let top = offset + u32(low.y) * extent.x;
    let bottom = offset + min(u32(low.y) + 1u, extent.y - 1u) * extent.x;
    return mix(mix(texel(top + x0), texel(top + x1), share.x), mix(texel(bottom + x0), texel(bottom + x1), share.x), share.y);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let count = params.size * params.size;
    let pixel = gid.x;
    if pixel >= count {
        return;
    }
    let row = group.z * params.rows + group.y;
    let image = images[group.z * params.batch + group.y % params.batch];
    let box = crop_box(row);
    var offset = table[image.x].x;
    var extent = image.zw;
    var scale = vec2<f32>(extent); // texels for the whole image; exact where an odd row or column was left out
    var footprint = box.w * scale.y / f32(params.size);
    while footprint > 2.0 && min(extent.x, extent.y) >= 2u * SMALLEST_HALVING {
        offset += extent.x * extent.y;
        extent = extent / 2u;
        scale *= 0.5;
        footprint *= 0.5;
    }
    let samples = u32(clamp(ceil(footprint - 1e-3), 1.0, 4.0));
    let centre = crop_position(box, pixel, params.size);
    let step = box.zw / f32(params.size * samples);
    let first = centre - 0.5 * f32(samples - 1u) * step;
    var sum = vec3<f32>(0.0);
    for (var y = 0u; y < samples; y++) {
        for (var x = 0u; x < samples; x++) {
            sum += bilinear(offset, extent, (first + vec2<f32>(f32(x), f32(y)) * step) * scale);
        }
    }
    let colour = sum / f32(samples * samples);
    let start = row * 3u * count + pixel;
    raw[start] = colour.x;
    raw[start + count] = colour.y;
    raw[start + 2u * count] = colour.z;
}

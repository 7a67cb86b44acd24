// Crops of stored images before any photometric change: raw (L, V*B, 3*H*W) f32, channel planes, and the pixels'
// luma summed in parts (L, V*B, lanes) f32; overwrites both. A thread does every `lanes`-th pixel of a crop.
// An image lies in `pixels` (packed RGBA8) with its halvings (2x2 means) behind it, as src/data/halvings.rs lays them out.
// The halving nearest above the pixel's footprint is taken, then n x n bilinear samples, n = ceil(footprint) <= 4: no texel
// under a pixel is skipped, so nothing aliases; the filter is a tent over a box, not an exact area mean.

#import "shared/crop.wgsl"
#import "shared/colour.wgsl"

struct Params {
    rows: u32,
    batch: u32,
    size: u32,
    lanes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> table: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> pixels: array<u32>;
@group(0) @binding(4) var<storage, read> crops: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> raw: array<f32>;
@group(0) @binding(6) var<storage, read_write> luma_sums: array<f32>;

const SMALLEST_HALVING = 32u;

// Levels, 0 to 255.
fn texel(index: i32) -> vec3<f32> {
    let bits = pixels[index];
    return vec3<f32>(vec3<i32>(vec3<u32>(bits, bits >> 8u, bits >> 16u) & vec3<u32>(255u)));
}

fn bilinear(offset: u32, extent: vec2<u32>, at: vec2<f32>) -> vec3<f32> {
    let last = vec2<i32>(extent) - 1;
    let place = clamp(at - 0.5, vec2<f32>(0.0), vec2<f32>(last));
    let low = vec2<i32>(place);
    let high = min(low + 1, last);
    let share = place - vec2<f32>(low);
    let top = i32(offset) + low.y * i32(extent.x);
    let bottom = i32(offset) + high.y * i32(extent.x);
    return mix(
        mix(texel(top + low.x), texel(top + high.x), share.x),
        mix(texel(bottom + low.x), texel(bottom + high.x), share.x),
        share.y,
    );
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.lanes {
        return;
    }
    let row = gid.z * params.rows + gid.y;
    let image = images[gid.z * params.batch + gid.y % params.batch];
    var window = crop_window(row, params.size);
    var offset = table[image.x].x;
    var extent = image.zw;
    var scale = vec2<f32>(extent); // texels for the whole image; exact where an odd row or column was left out
    var footprint = max(abs(window.step.x) * scale.x, window.step.y * scale.y);
    while footprint > 2.0 && min(extent.x, extent.y) >= 2u * SMALLEST_HALVING {
        offset += extent.x * extent.y;
        extent = extent / 2u;
        scale *= 0.5;
        footprint *= 0.5;
    }
    let samples = i32(clamp(ceil(footprint - 1e-3), 1.0, 4.0));
    window.first *= scale;
    window.step *= scale;
    let between_samples = window.step / f32(samples);
    let back = 0.5 * f32(samples - 1) * between_samples;
    let share = 1.0 / f32(255 * samples * samples);
    let count = params.size * params.size;
    let start = row * 3u * count;
    var total = vec3<f32>(0.0);
    for (var pixel = gid.x; pixel < count; pixel += params.lanes) {
        let first = crop_position(window, pixel) - back;
        var sum = vec3<f32>(0.0);
        for (var y = 0; y < samples; y++) {
            for (var x = 0; x < samples; x++) {
                sum += bilinear(offset, extent, first + vec2<f32>(f32(x), f32(y)) * between_samples);
            }
        }
        let colour = sum * share;
        raw[start + pixel] = colour.x;
        raw[start + count + pixel] = colour.y;
        raw[start + 2u * count + pixel] = colour.z;
        total += colour;
    }
    luma_sums[row * params.lanes + gid.x] = dot(total, LUMA_WEIGHTS);
}

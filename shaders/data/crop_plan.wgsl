// Plans the crops of a step: crops (L, V*B, 5 vec4) u32 (see shared/crop.wgsl) from images (L, B, 4) u32; overwrites.
// Everything is hashed from (seed, step, view, image). The colour changes are linear up to the mean: hue, saturation,
// greyscale and contrast become one matrix by sending the three unit colours through them.

#import "shared/draw.wgsl"
#import "shared/colour.wgsl"
#import "shared/crop.wgsl"

struct Params {
    rows: u32,
    batch: u32,
    first_view: u32,
    counter_scale: u32,
    counter_offset: u32,
    least_area: f32,
    most_area: f32,
    flip_probability: f32,
    jitter_probability: f32,
    hue: f32,
    saturation: f32,
    contrast: f32,
    brightness: f32,
    grey_probability: f32,
    solarise_probability: f32,
    noise: f32,
    blur_probability: f32,
    least_blur: f32,
    most_blur: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> counter: array<u32>;
@group(0) @binding(3) var<storage, read> images: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> crops: array<vec4<u32>>;

fn recolour(colour: vec3<f32>, turned: mat2x2<f32>, chroma_factor: f32, contrast: f32) -> vec3<f32> {
    return contrast * from_luma_chroma(dot(colour, LUMA_WEIGHTS), chroma_factor * (turned * chroma(colour)));
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let image = gid.x % params.batch;
    let view = params.first_view + gid.x / params.batch;
    let key = step_key(vec2<u32>(seeds[2u * gid.z], seeds[2u * gid.z + 1u]), counter[0] * params.counter_scale + params.counter_offset);
    let base = (gid.z * params.rows + gid.x) * CROP_VECTORS;

    // a square in the image's pixels
    let draw = uniform4(crop_words(key, view, image, 0u));
    let source = vec2<f32>(images[gid.z * params.batch + image].zw);
    let area = params.least_area + (params.most_area - params.least_area) * draw.x;
    let side = min(sqrt(area * source.x * source.y), min(source.x, source.y));
    let extent = side / source;
    let corner = draw.yz * (vec2<f32>(1.0) - extent);
    let flip = draw.w < params.flip_probability;
    let left = select(corner.x, corner.x + extent.x, flip);
    let width = select(extent.x, -extent.x, flip);
    crops[base] = bitcast<vec4<u32>>(vec4<f32>(left, corner.y, width, extent.y));

    let jitter = uniform4(crop_words(key, view, image, 1u));
    let further = uniform4(crop_words(key, view, image, 2u));
    let spare = crop_words(key, view, image, 3u);
    let strength = select(0.0, 1.0, jitter.x < params.jitter_probability);
    let angle = 6.283185307 * params.hue * strength * (2.0 * jitter.y - 1.0);
    let saturation = 1.0 + params.saturation * strength * (2.0 * jitter.z - 1.0);
    let contrast = 1.0 + params.contrast * strength * (2.0 * jitter.w - 1.0);
    let brightness = params.brightness * strength * (2.0 * further.x - 1.0);
    let chroma_factor = select(saturation, 0.0, further.y < params.grey_probability);
    let solarise = select(0.0, 1.0, further.z < params.solarise_probability);
    let spread = params.least_blur + (params.most_blur - params.least_blur) * uniform4(spare).x;
    let blur = select(0.0, spread, further.w < params.blur_probability);

    let turned = mat2x2<f32>(cos(angle), sin(angle), -sin(angle), cos(angle));
    let red = recolour(vec3<f32>(1.0, 0.0, 0.0), turned, chroma_factor, contrast);
    let green = recolour(vec3<f32>(0.0, 1.0, 0.0), turned, chroma_factor, contrast);
    let blue = recolour(vec3<f32>(0.0, 0.0, 1.0), turned, chroma_factor, contrast);
    crops[base + 1u] = bitcast<vec4<u32>>(vec4<f32>(red.x, green.x, blue.x, 1.0 - contrast));
    crops[base + 2u] = bitcast<vec4<u32>>(vec4<f32>(red.y, green.y, blue.y, brightness));
    crops[base + 3u] = bitcast<vec4<u32>>(vec4<f32>(red.z, green.z, blue.z, solarise));
    crops[base + 4u] = vec4<u32>(bitcast<u32>(params.noise), bitcast<u32>(blur), spare.z, spare.w);
}

// Plans whole images as they are: crops (L, B, 5 vec4) u32 (see shared/crop.wgsl) from images (L, B, 4) u32; overwrites.
// Of an image that is not square, the square in its middle, or all of it if `stretched`.

#import "shared/crop.wgsl"

struct Params {
    rows: u32,
    stretched: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> crops: array<vec4<u32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let image = gid.z * params.rows + gid.x;
    let source = vec2<f32>(images[image].zw);
    let extent = select(min(source.x, source.y) / source, vec2<f32>(1.0), params.stretched != 0u);
    let base = image * CROP_VECTORS;
    crops[base] = bitcast<vec4<u32>>(vec4<f32>(0.5 - 0.5 * extent, extent));
    crops[base + 1u] = bitcast<vec4<u32>>(vec4<f32>(1.0, 0.0, 0.0, 0.0));
    crops[base + 2u] = bitcast<vec4<u32>>(vec4<f32>(0.0, 1.0, 0.0, 0.0));
    crops[base + 3u] = bitcast<vec4<u32>>(vec4<f32>(0.0, 0.0, 1.0, 0.0));
    crops[base + 4u] = vec4<u32>(0u);
}

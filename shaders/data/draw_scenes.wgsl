// Which procedural images are used: images (L, B, 4) u32 = (identifier, class, 1, 1), labels (L, 1, B) u32; overwrites both.
// A training image's identifier is hashed from seed and step, its top bit 0; held-out image i is 0x80000000 + i, so the two
// never meet. `held_out`: i = the first index (counter * counter_scale + counter_offset) + row; else that number is the step.

#import "shared/rng.wgsl"
#import "shared/draw.wgsl"

struct Params {
    rows: u32,
    classes: u32,
    held_out: u32,
    counter_scale: u32,
    counter_offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> counter: array<u32>;
@group(0) @binding(3) var<storage, read_write> images: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let index = gid.z * params.rows + gid.x;
    let number = counter[0] * params.counter_scale + params.counter_offset;
    let training = image_word(step_key(vec2<u32>(seeds[2u * gid.z], seeds[2u * gid.z + 1u]), number), gid.x) & 0x7FFFFFFFu;
    let identifier = select(training, 0x80000000u + number + gid.x, params.held_out != 0u);
    let category = identifier % params.classes;
    images[index] = vec4<u32>(identifier, category, 1u, 1u);
    labels[index] = category;
}

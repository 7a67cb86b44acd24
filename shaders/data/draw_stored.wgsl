// Which stored images are used: images (L, B, 4) u32 = (index in the table, label, width, height), labels (L, 1, B) u32;
// overwrites both. `chosen` lists the table rows that may be drawn (training) or are walked in order, round and round
// (held out). See draw_scenes.wgsl for the counter.

#import "shared/rng.wgsl"
#import "shared/draw.wgsl"

struct Params {
    rows: u32,
    choices: u32,
    held_out: u32,
    counter_scale: u32,
    counter_offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> counter: array<u32>;
@group(0) @binding(3) var<storage, read> chosen: array<u32>;
@group(0) @binding(4) var<storage, read> table: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> images: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let index = gid.z * params.rows + gid.x;
    let number = counter[0] * params.counter_scale + params.counter_offset;
    let training = image_word(step_key(vec2<u32>(seeds[2u * gid.z], seeds[2u * gid.z + 1u]), number), gid.x);
    let choice = select(training, number + gid.x, params.held_out != 0u) % params.choices;
    let row = chosen[choice];
    let entry = table[row];
    images[index] = vec4<u32>(row, entry.w, entry.y, entry.z);
    labels[index] = entry.w;
}

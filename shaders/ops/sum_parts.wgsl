// Sums of parts over their rows, in order, to their places in the flat gradients; a block of up to 64 neighbouring sums a workgroup.
// parts (L, 1, n) and gradients (L, 1, P), with strides of their own; blocks: what to sum. Overwrites the gradients of a block, or
// adds to them.
struct Params { blocks: u32, parts_stride: u32, gradients_stride: u32 }

struct Block {
    start: u32,       // the first part of the first row
    stride: u32,      // from a row to the next
    rows: u32,
    to: u32,          // the first sum
    elements: u32,    // at most 64
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<Block>;
@group(0) @binding(2) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let number = group.y * 32768u + group.x;
    if (number >= params.blocks) { return; }
    let block = blocks[number];
    if (lane >= block.elements) { return; }
    let first = group.z * params.parts_stride + block.start + lane;
    var sum = 0.0;
    for (var row = 0u; row < block.rows; row++) { sum += parts[first + row * block.stride]; }
    let to = group.z * params.gradients_stride + block.to + lane;
    if (block.accumulate != 0u) { sum += gradients[to]; }
    gradients[to] = sum;
}

// counter += 1. counter (1, 1, 1) u32, updated in place.
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;

@compute @workgroup_size(1, 1, 1)
fn main() {
    counter[0] += 1u;
}

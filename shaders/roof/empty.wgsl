// Nothing: what a dispatch costs by itself.

@compute @workgroup_size(64, 1, 1)
fn main() {}

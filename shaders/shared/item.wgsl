// The item of a thread where items are spread over x and y (ops/items.rs): y counts 2,097,152 items each.
fn item_index(gid: vec3<u32>) -> u32 {
    return gid.y * 2097152u + gid.x;
}

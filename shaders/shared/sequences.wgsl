// Images of up to two lengths in one row matrix: `count0` images of `length0` rows, then images of `length1` rows.
// Twin: src/ops/sequences.rs.
struct Sequence {
    first: u32,   // its first row
    length: u32,  // its rows
}

// The image whose things are counted by `number`, and which of its things it is, where the first `count0` images have `size0`
// things each and the others `size1`.
fn image_and_thing(number: u32, count0: u32, size0: u32, size1: u32) -> vec2<u32> {
    let before = count0 * size0;
    let later = number >= before;
    let left = select(number, number - before, later);
    let size = max(select(size0, size1, later), 1u);
    let image = left / size;
    return vec2<u32>(select(image, count0 + image, later), left - image * size);
}

fn sequence_of(image: u32, count0: u32, length0: u32, length1: u32) -> Sequence {
    if (image < count0) { return Sequence(image * length0, length0); }
    return Sequence(count0 * length0 + (image - count0) * length1, length1);
}

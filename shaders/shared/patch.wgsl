// Where the patches of a view lie.

// The even bits of a Morton number, packed.
fn even_bits(number: u32) -> u32 {
    var bits = number & 0x55555555u;
    bits = (bits | (bits >> 1u)) & 0x33333333u;
    bits = (bits | (bits >> 2u)) & 0x0F0F0F0Fu;
    bits = (bits | (bits >> 4u)) & 0x00FF00FFu;
    return (bits | (bits >> 8u)) & 0x0000FFFFu;
}

// a / b for a below 2^22, by floats: x86 divides integers one by one.
fn quotient(a: u32, b: u32) -> u32 {
    return u32(i32((f32(i32(a)) + 0.5) / f32(i32(b))));
}

// Column and row of a view's patch in its grid, in Morton order (else row by row).
fn patch_place(number: u32, grid: u32, morton: bool) -> vec2<u32> {
    if morton {
        return vec2<u32>(even_bits(number), even_bits(number >> 1u));
    }
    let y = quotient(number, grid);
    return vec2<u32>(number - y * grid, y);
}

// The encoder's input for a pixel: (x/255 - 0.5) * 4 of red, green and blue.
fn encoder_input(pixel: u32) -> vec3<f32> {
    return vec3<f32>(vec3<i32>(vec3<u32>(pixel, pixel >> 8u, pixel >> 16u) & vec3<u32>(255u))) * (4.0 / 255.0) - 2.0;
}

// What is drawn in a step: a key of (seed, step), then words of (key, image, view, k). Twin: src/data/augment.rs.

#import "shared/rng.wgsl"

// The key of everything drawn in a step.
fn step_key(seed: vec2<u32>, step: u32) -> vec2<u32> {
    return random4(seed, vec2<u32>(step, 0u)).zw;
}

// The word that chooses a batch's i-th image.
fn image_word(key: vec2<u32>, image: u32) -> u32 {
    return random4(key, vec2<u32>(image, 0xFFFFFFFFu)).w;
}

// The k-th four words of a crop (k < 16).
fn crop_words(key: vec2<u32>, view: u32, image: u32, k: u32) -> vec4<u32> {
    return random4(key, vec2<u32>(image, view * 16u + k));
}

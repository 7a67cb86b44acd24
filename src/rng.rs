//! Counter-based random numbers: bits are a pure function of (key, counter).
//!
//! Twin of `shaders/shared/rng.wgsl`, equal bit for bit, so that what the GPU drew is computed here and never read back.

/// pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020.
pub const fn hash4(value: [u32; 4]) -> [u32; 4] {
    const fn step(value: u32) -> u32 {
        value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
    }
    const fn cross([x, y, z, w]: [u32; 4]) -> [u32; 4] {
        let x = x.wrapping_add(y.wrapping_mul(w));
        let y = y.wrapping_add(z.wrapping_mul(x));
        let z = z.wrapping_add(x.wrapping_mul(y));
        let w = w.wrapping_add(y.wrapping_mul(z));
        [x, y, z, w]
    }
    let [x, y, z, w] = cross([step(value[0]), step(value[1]), step(value[2]), step(value[3])]);
    cross([x ^ x >> 16, y ^ y >> 16, z ^ z >> 16, w ^ w >> 16])
}

/// Four words for a counter under a key. The counter comes first: what varies in x reaches every word through two rounds, where
/// a hash that varies in z or w alone has an x whose low bits are those of one product, and far from uniform.
pub const fn random4(key: [u32; 2], counter: [u32; 2]) -> [u32; 4] {
    hash4([counter[0], counter[1], key[0], key[1]])
}

/// Uniform in [0, 1): the upper 24 bits, exact in `f32`.
pub const fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// [`uniform`] of each word.
pub const fn uniform4(words: [u32; 4]) -> [f32; 4] {
    [uniform(words[0]), uniform(words[1]), uniform(words[2]), uniform(words[3])]
}

/// A 64-bit seed as the two words (low, high) that the GPU reads.
pub const fn seed_words(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// A standard normal draw (Box-Muller) in f64, for initial weights.
pub fn normal(seed: u64, stream: u32, index: u32) -> f64 {
    let [a, b, c, d] = random4(seed_words(seed), [stream, index]);
    let unit = |high: u32, low: u32| ((u64::from(high) << 21 | u64::from(low >> 11)) as f64 + 0.5) / (1_u64 << 53) as f64;
    (-2.0 * unit(a, b).ln()).sqrt() * (std::f64::consts::TAU * unit(c, d)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let draws: Vec<f64> = (0..20_000).map(|index| normal(7, 3, index)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "mean {mean}, variance {variance}");
    }
}

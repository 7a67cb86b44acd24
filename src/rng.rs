//! Counter-based random numbers: bits are a pure function of (key, counter), so any draw can be recomputed anywhere, in any
//! order. Twin of `shaders/shared/rng.wgsl`, equal bit for bit.

/// pcg4d (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020).
pub const fn hash4(value: [u32; 4]) -> [u32; 4] {
    const fn mix(v: [u32; 4]) -> [u32; 4] {
        let [mut x, mut y, mut z, mut w] = v;
        x = x.wrapping_add(y.wrapping_mul(w));
        y = y.wrapping_add(z.wrapping_mul(x));
        z = z.wrapping_add(x.wrapping_mul(y));
        w = w.wrapping_add(y.wrapping_mul(z));
        [x, y, z, w]
    }
    const fn congruence(v: u32) -> u32 {
        v.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
    }
    let [x, y, z, w] = mix([congruence(value[0]), congruence(value[1]), congruence(value[2]), congruence(value[3])]);
    mix([x ^ x >> 16, y ^ y >> 16, z ^ z >> 16, w ^ w >> 16])
}

/// Four words for a counter under a key.
pub const fn random4(key: [u32; 2], counter: [u32; 2]) -> [u32; 4] {
    hash4([key[0], key[1], counter[0], counter[1]])
}

/// A uniform in [0, 1) from the upper 24 bits, exact in f32.
pub fn uniform(bits: u32) -> f32 {
    (bits >> 8) as f32 * 5.960_464_5e-8
}

/// A 64-bit seed as a key.
pub const fn key(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// A standard normal draw (Box-Muller) in f64, for initial weights.
pub fn normal(seed: u64, stream: u32, index: u32) -> f64 {
    let [a, b, c, d] = random4(key(seed), [stream, index]);
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

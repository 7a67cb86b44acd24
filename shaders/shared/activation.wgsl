// Pointwise non-linearities by the override ACTIVATION: 0 none, 1 GELU (tanh form), 2 ReLU.
override ACTIVATION: u32 = 0u;

const GELU_SCALE: f32 = 0.7978845608;  // sqrt(2 / pi)
const GELU_CUBIC: f32 = 0.044715;

// tanh by one exponential, exact to f32 rounding at both ends.
fn gelu_tanh(u: f32) -> f32 {
    let argument = clamp(GELU_SCALE * u * (1.0 + GELU_CUBIC * u * u), -10.0, 10.0);
    return 1.0 - 2.0 / (exp(2.0 * argument) + 1.0);
}

fn activate(u: f32) -> f32 {
    if (ACTIVATION == 1u) {
        return 0.5 * u * (1.0 + gelu_tanh(u));
    }
    if (ACTIVATION == 2u) {
        return max(u, 0.0);
    }
    return u;
}

fn activation_derivative(u: f32) -> f32 {
    if (ACTIVATION == 1u) {
        let t = gelu_tanh(u);
        return 0.5 * (1.0 + t) + 0.5 * u * (1.0 - t * t) * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * u * u);
    }
    if (ACTIVATION == 2u) {
        return select(0.0, 1.0, u > 0.0);
    }
    return 1.0;
}

// activate(u) and activation_derivative(u), which share the exponential.
fn activate_with_slope(u: f32) -> vec2<f32> {
    if (ACTIVATION == 1u) {
        let t = gelu_tanh(u);
        let half = 0.5 * (1.0 + t);
        return vec2<f32>(u * half, half + 0.5 * u * (1.0 - t * t) * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * u * u));
    }
    return vec2<f32>(activate(u), activation_derivative(u));
}

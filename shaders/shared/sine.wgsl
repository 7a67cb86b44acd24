// Sine of an angle in turns: the same polynomial on every adapter, so pictures do not hang on a driver's sine.
// Absolute error 1.3e-6 for angles of a few turns. Four at a time, for adapters that run scalars as slowly as vectors.

fn sine4_of_turns(turns: vec4<f32>) -> vec4<f32> {
    let w = abs(fract(turns - 0.25) - 0.5) - 0.25; // the same sine, in a quarter turn around 0
    let w2 = w * w;
    return w * (6.283180513 + w2 * (-41.33924614 + w2 * (81.40800692 - 71.60768011 * w2)));
}

fn sine_of_turns(turns: f32) -> f32 {
    let w = abs(fract(turns - 0.25) - 0.5) - 0.25;
    let w2 = w * w;
    return w * (6.283180513 + w2 * (-41.33924614 + w2 * (81.40800692 - 71.60768011 * w2)));
}

// Colour: HSV to RGB, and luma and chroma as NTSC's YIQ. Components in [0, 1]; hue in turns, any real number.

const LUMA_WEIGHTS = vec3<f32>(0.299, 0.587, 0.114);

fn hsv_to_rgb(hue: f32, saturation: f32, value: f32) -> vec3<f32> {
    let ramp = abs(fract(vec3<f32>(hue, hue + 2.0 / 3.0, hue + 1.0 / 3.0)) * 6.0 - 3.0) - 1.0;
    return value * mix(vec3<f32>(1.0), clamp(ramp, vec3<f32>(0.0), vec3<f32>(1.0)), saturation);
}

// (I, Q): zero for grey.
fn chroma(rgb: vec3<f32>) -> vec2<f32> {
    return vec2<f32>(
        dot(rgb, vec3<f32>(0.595716, -0.274453, -0.321263)),
        dot(rgb, vec3<f32>(0.211456, -0.522591, 0.311135)),
    );
}

// The colour with this luma and chroma.
fn from_luma_chroma(luma: f32, iq: vec2<f32>) -> vec3<f32> {
    return luma + vec3<f32>(0.9562957, -0.2721221, -1.106989) * iq.x + vec3<f32>(0.6210244, -0.6473806, 1.704615) * iq.y;
}

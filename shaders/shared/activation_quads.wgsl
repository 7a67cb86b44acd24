// activate_with_slope of four at once: their values, and their slopes.
#import "shared/activation.wgsl"

struct Activated { values: vec4<f32>, slopes: vec4<f32> }

fn activate_quad(u: vec4<f32>) -> Activated {
    let x = activate_with_slope(u.x);
    let y = activate_with_slope(u.y);
    let z = activate_with_slope(u.z);
    let w = activate_with_slope(u.w);
    return Activated(vec4<f32>(x.x, y.x, z.x, w.x), vec4<f32>(x.y, y.y, z.y, w.y));
}

// The embedding cloud: student dots, teacher rings, the links between them, and the wire sphere of radius 1, as quads placed by the
// vertex shader straight from the projection's buffer. Points: per image (student x, y, z, class, teacher x, y, z, loss).
// Overlap is settled by the depth buffer; edges are smoothed by coverage, and fully clear pixels are discarded.

struct View {
    view_from_world: mat4x4<f32>,
    target_size: vec2<f32>,   // pixels
    centre: vec2<f32>,        // pixels, where the sphere's centre lands
    focal: f32,               // pixels a tangent
    eye_distance: f32,        // sphere radii
    scale: f32,               // pixels a logical pixel
    count: u32,               // images
    ground: vec4<f32>,
    wire: vec4<f32>,
    classes: array<vec4<f32>, 11>,  // ten colours and "no label"
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) offset: vec2<f32>,                        // pixels from the mark's centre; for lines: along, across
    @location(1) @interpolate(flat) colour: vec4<f32>,
    @location(2) @interpolate(flat) radius: f32,           // outer radius, or half the line's width
    @location(3) @interpolate(flat) stroke: f32,           // ring stroke; 0 for discs and lines
}

const DEPTH_MIX = 0.62;         // how far the farthest mark fades towards the ground
const RADIUS_FRONT = 3.9;
const RADIUS_BACK = 2.0;

// x, y: pixels; z: towards the eye, -1 to 1 on the sphere.
fn project(world: vec3<f32>) -> vec3<f32> {
    let v = (view.view_from_world * vec4<f32>(world, 0.0)).xyz;
    let perspective = view.focal / (view.eye_distance - v.z);
    return vec3<f32>(view.centre + vec2<f32>(v.x, -v.y) * perspective, v.z);
}

fn nearness(z: f32) -> f32 { return clamp(z * 0.5 + 0.5, 0.0, 1.0); }

fn clip(pixel: vec2<f32>, z: f32) -> vec4<f32> {
    let ndc = vec2<f32>(pixel.x / view.target_size.x * 2.0 - 1.0, 1.0 - pixel.y / view.target_size.y * 2.0);
    return vec4<f32>(ndc, clamp(0.5 - z * 0.4, 0.0, 1.0), 1.0);
}

// Of a strip of two triangles.
fn corner(index: u32) -> vec2<f32> {
    return vec2<f32>(f32(index & 1u) * 2.0 - 1.0, f32(index >> 1u) * 2.0 - 1.0);
}

fn faded(colour: vec3<f32>, z: f32) -> vec3<f32> {
    return mix(view.ground.rgb, colour, 1.0 - DEPTH_MIX * (1.0 - nearness(z)));
}

fn class_colour(class_id: f32) -> vec3<f32> {
    if class_id < 0.0 { return view.classes[10].rgb; }
    return view.classes[u32(class_id) % 10u].rgb;
}

// A line's quad between two projected points, `width` pixels wide.
fn line(a: vec3<f32>, b: vec3<f32>, index: u32, width: f32, colour: vec4<f32>) -> Varying {
    let c = corner(index);
    let along = b.xy - a.xy;
    let direction = along / max(length(along), 1e-4);
    let normal = vec2<f32>(-direction.y, direction.x);
    let end = select(a, b, c.x > 0.0);
    let half_width = 0.5 * width;
    let across = c.y * (half_width + 0.75);
    var out: Varying;
    out.position = clip(end.xy + normal * across, end.z);
    out.offset = vec2<f32>(0.0, across);
    out.colour = colour;
    out.radius = half_width;
    out.stroke = 0.0;
    return out;
}

// Instance = image for students, then images again for teachers.
@vertex fn vertex_points(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let teacher = instance >= view.count;
    let image = select(instance, instance - view.count, teacher);
    let student_at = points[2u * image];
    let teacher_at = points[2u * image + 1u];
    let p = project(select(student_at.xyz, teacher_at.xyz, teacher));
    let base = mix(RADIUS_BACK, RADIUS_FRONT, nearness(p.z)) * view.scale;
    let stroke = 1.25 * view.scale;
    let radius = select(base, base + 0.9 * view.scale + 0.5 * stroke, teacher);
    let offset = corner(vertex) * (radius + 1.0);
    var out: Varying;
    out.position = clip(p.xy + offset, p.z);
    out.offset = offset;
    out.colour = vec4<f32>(faded(class_colour(student_at.w), p.z), 1.0);
    out.radius = radius;
    out.stroke = select(0.0, stroke, teacher);
    return out;
}

// Instance = image.
@vertex fn vertex_links(@builtin(vertex_index) vertex: u32, @builtin(instance_index) image: u32) -> Varying {
    let student_at = points[2u * image];
    let a = project(student_at.xyz);
    let b = project(points[2u * image + 1u].xyz);
    let colour = vec4<f32>(faded(class_colour(student_at.w), 0.5 * (a.z + b.z)), 0.5);
    return line(a, b, vertex, view.scale, colour);
}

const SEGMENTS = 48u;           // a circle
const MERIDIANS = 6u;           // full circles through the poles
const PARALLELS = 5u;

fn on_circle(circle: u32, segment: u32) -> vec3<f32> {
    let t = f32(segment) / f32(SEGMENTS) * 6.2831853;
    if circle < MERIDIANS {
        let turn = f32(circle) / f32(MERIDIANS) * 3.14159265;
        return vec3<f32>(cos(t) * cos(turn), sin(t), cos(t) * sin(turn));
    }
    let latitude = (f32(circle - MERIDIANS + 1u) / f32(PARALLELS + 1u) - 0.5) * 3.14159265;
    return vec3<f32>(cos(latitude) * cos(t), sin(latitude), cos(latitude) * sin(t));
}

// Instance = segment of a circle; the last SEGMENTS instances are the outline.
@vertex fn vertex_sphere(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let circle = instance / SEGMENTS;
    let segment = instance % SEGMENTS;
    if circle == MERIDIANS + PARALLELS {
        let radius = view.focal / sqrt(view.eye_distance * view.eye_distance - 1.0);
        let t0 = f32(segment) / f32(SEGMENTS) * 6.2831853;
        let t1 = f32(segment + 1u) / f32(SEGMENTS) * 6.2831853;
        let a = vec3<f32>(view.centre + radius * vec2<f32>(cos(t0), sin(t0)), 0.0);
        let b = vec3<f32>(view.centre + radius * vec2<f32>(cos(t1), sin(t1)), 0.0);
        return line(a, b, vertex, view.scale, vec4<f32>(view.wire.rgb, 0.8));
    }
    let a = project(on_circle(circle, segment));
    let b = project(on_circle(circle, segment + 1u));
    let near = nearness(0.5 * (a.z + b.z));
    return line(a, b, vertex, view.scale, vec4<f32>(view.wire.rgb, mix(0.16, 0.62, near)));
}

// Lines are the longest part of the picture, so they are kept cheap: no distance, no discard, no depth.
@fragment fn fragment_line(in: Varying) -> @location(0) vec4<f32> {
    let coverage = clamp(in.radius - abs(in.offset.y) + 0.5, 0.0, 1.0);
    return vec4<f32>(in.colour.rgb, coverage * in.colour.a);
}

@fragment fn fragment_mark(in: Varying) -> @location(0) vec4<f32> {
    let d = length(in.offset);
    var coverage = clamp(in.radius - d + 0.5, 0.0, 1.0);
    if in.stroke > 0.0 {
        coverage = clamp(0.5 * in.stroke - abs(d - (in.radius - 0.5 * in.stroke)) + 0.5, 0.0, 1.0);
    }
    let alpha = coverage * in.colour.a;
    if alpha < 0.03 { discard; }
    return vec4<f32>(in.colour.rgb, alpha);
}

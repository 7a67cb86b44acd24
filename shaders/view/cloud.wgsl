// The embedding cloud: student dots, teacher rings, the links between them, thumbnails, the path of one image, and the wire sphere
// of radius 1, as quads placed by the vertex shader straight from the projections' buffer. Points: per image (student x, y, z,
// class, teacher x, y, z, loss), a projection a slot; what is drawn lies between two of them. Overlap is settled by the depth
// buffer; edges are smoothed by coverage, and fully clear pixels are discarded.

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
    ink: vec4<f32>,           // of the marks around chosen images
    older: u32,               // slot that dots come from
    newer: u32,               // slot that they go to
    share: f32,               // how far they are: 0 to 1
    dot: f32,                 // times the size of dots
    slots: u32,
    chosen: u32,              // the image with the path
    path: u32,                // segments of it
    thumb: f32,               // half the side of a thumbnail in front, pixels
    side: u32,                // of a view, its pixels
    thumbs: u32,              // entries of `listed` that are thumbnails; marks follow them
    learner: u32,             // whose dots they are, of so many in a slot
    learners: u32,
    first_tint: u32,          // where this cloud's colours begin
    first_listed: u32,        // where its thumbnails and marks begin
    spare0: u32,
    spare1: u32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> tints: array<u32>;       // an image, packed; one cloud after another
@group(0) @binding(3) var<storage, read> pixels: array<u32>;      // views, packed
@group(0) @binding(4) var<storage, read> listed: array<u32>;      // image, and what is drawn of it: the bits below

const IMAGE = 0xffffffu;
const TEACHER = 0x80000000u;
const STRONG = 0x40000000u;
const ABOUT_THUMB = 0x20000000u;

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

// Where a slot says that something is: 2 · image for a student, one more for a teacher.
fn at(slot: u32, which: u32) -> vec3<f32> {
    return points[(slot * view.learners + view.learner) * 2u * view.count + which].xyz;
}

// An image's place now: xyz.
fn place(image: u32, teacher: bool) -> vec3<f32> {
    let which = 2u * image + select(0u, 1u, teacher);
    return mix(at(view.older, which), at(view.newer, which), view.share);
}

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

fn tint(image: u32) -> vec3<f32> { return unpack4x8unorm(tints[view.first_tint + image]).rgb; }

fn base_radius(z: f32) -> f32 { return mix(RADIUS_BACK, RADIUS_FRONT, nearness(z)) * view.scale * view.dot; }

fn thumb_half(z: f32, teacher: bool) -> f32 { return view.thumb * mix(0.55, 1.0, nearness(z)) * select(1.0, 0.8, teacher); }

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
    let p = project(place(image, teacher));
    let base = base_radius(p.z);
    let stroke = 1.25 * view.scale * max(1.0, 0.8 * view.dot);
    let radius = select(base, base + 0.9 * view.scale + 0.5 * stroke, teacher);
    let offset = corner(vertex) * (radius + 1.0);
    var out: Varying;
    out.position = clip(p.xy + offset, p.z);
    out.offset = offset;
    out.colour = vec4<f32>(faded(tint(image), p.z), 1.0);
    out.radius = radius;
    out.stroke = select(0.0, stroke, teacher);
    return out;
}

// Instance = image.
@vertex fn vertex_links(@builtin(vertex_index) vertex: u32, @builtin(instance_index) image: u32) -> Varying {
    let a = project(place(image, false));
    let b = project(place(image, true));
    let colour = vec4<f32>(faded(tint(image), 0.5 * (a.z + b.z)), 0.5);
    return line(a, b, vertex, view.scale, colour);
}

// Instance = segment of the chosen student's path, newest first. The first one ends where the dot is now.
@vertex fn vertex_path(@builtin(vertex_index) vertex: u32, @builtin(instance_index) segment: u32) -> Varying {
    let slot = (view.older + 2u * view.slots - segment) % view.slots;
    let earlier = (slot + view.slots - 1u) % view.slots;
    let start = at(earlier, 2u * view.chosen);
    var end = at(slot, 2u * view.chosen);
    let a = project(start);
    let b = project(end);
    let age = f32(segment) / f32(max(view.path, 1u));
    return line(a, b, vertex, 2.0 * view.scale, vec4<f32>(mix(view.ink.rgb, tint(view.chosen), 0.5), 0.9 * (1.0 - age) * (1.0 - age) + 0.06));
}

// The way from the last slot to where the dot is now, and the chosen image's link to its teacher.
@vertex fn vertex_tip(@builtin(vertex_index) vertex: u32, @builtin(instance_index) which: u32) -> Varying {
    let now = project(place(view.chosen, false));
    let last = project(at(view.older, 2u * view.chosen));
    let other = project(place(view.chosen, true));
    let colour = vec4<f32>(mix(view.ink.rgb, tint(view.chosen), 0.5), 0.96);
    if which == 0u { return line(last, now, vertex, 2.0 * view.scale, colour); }
    return line(now, other, vertex, 1.5 * view.scale, vec4<f32>(view.ink.rgb, 0.8));
}

// Instance = a mark around an image's student or teacher.
@vertex fn vertex_marks(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let entry = listed[view.first_listed + view.thumbs + instance];
    let teacher = (entry & TEACHER) != 0u;
    let strong = (entry & STRONG) != 0u;
    let p = project(place(entry & IMAGE, teacher));
    let stroke = select(1.25, 2.25, strong) * view.scale;
    let about = select(base_radius(p.z) + 2.5 * view.scale, 1.3 * thumb_half(p.z, teacher), (entry & ABOUT_THUMB) != 0u);
    let radius = about + select(1.5, 3.0, strong) * view.scale + stroke;
    let offset = corner(vertex) * (radius + 1.0);
    var out: Varying;
    out.position = clip(p.xy + offset, p.z);
    out.offset = offset;
    out.colour = vec4<f32>(view.ink.rgb, select(0.75, 1.0, strong));
    out.radius = radius;
    out.stroke = stroke;
    return out;
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

struct Thumb {
    @builtin(position) position: vec4<f32>,
    @location(0) offset: vec2<f32>,                        // pixels from its centre
    @location(1) @interpolate(flat) colour: vec4<f32>,     // of the frame; alpha: how much of the picture is kept from the ground
    @location(2) @interpolate(flat) shape: vec3<f32>,      // half its side, frame, 1 for a round one
    @location(3) @interpolate(flat) first: u32,            // its first pixel
}

// Instance = a thumbnail: the student's view square, the teacher's round.
@vertex fn vertex_thumbs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Thumb {
    let entry = listed[view.first_listed + instance];
    let teacher = (entry & TEACHER) != 0u;
    let image = entry & IMAGE;
    let p = project(place(image, teacher));
    let extent = thumb_half(p.z, teacher);
    let offset = corner(vertex) * (extent + 1.0);
    var out: Thumb;
    out.position = clip(p.xy + offset, p.z);
    out.offset = offset;
    out.colour = vec4<f32>(faded(tint(image), p.z), 1.0 - 0.8 * DEPTH_MIX * (1.0 - nearness(p.z)));
    out.shape = vec3<f32>(extent, clamp(0.1 * extent, view.scale, 2.0 * view.scale), select(0.0, 1.0, teacher));
    out.first = (image + select(0u, view.count, teacher)) * view.side * view.side;
    return out;
}

fn pixel_at(first: u32, at: vec2<i32>) -> vec3<f32> {
    let p = vec2<u32>(clamp(at, vec2<i32>(0), vec2<i32>(i32(view.side) - 1)));
    return unpack4x8unorm(pixels[min(first + p.y * view.side + p.x, arrayLength(&pixels) - 1u)]).rgb;
}

@fragment fn fragment_thumb(in: Thumb) -> @location(0) vec4<f32> {
    let square = max(abs(in.offset.x), abs(in.offset.y));
    let d = select(square, length(in.offset), in.shape.z > 0.5) - in.shape.x;
    let coverage = clamp(0.5 - d, 0.0, 1.0);
    if coverage < 0.03 { discard; }
    let framed = clamp(d + in.shape.y + 0.5, 0.0, 1.0);
    let inner = in.shape.x - in.shape.y;
    let at = (in.offset / max(inner, 1.0) * 0.5 + 0.5) * f32(view.side) - 0.5;
    let low = floor(at);
    let share = at - low;
    let corner = vec2<i32>(low);
    let top = mix(pixel_at(in.first, corner), pixel_at(in.first, corner + vec2<i32>(1, 0)), share.x);
    let bottom = mix(pixel_at(in.first, corner + vec2<i32>(0, 1)), pixel_at(in.first, corner + vec2<i32>(1, 1)), share.x);
    let picture = mix(view.ground.rgb, mix(top, bottom, share.y), in.colour.a);
    return vec4<f32>(mix(picture, in.colour.rgb, framed), coverage);
}

// The clouds of many learners at once, each in a small sphere: dots and outlines as quads placed straight from the ring of
// projections that the large cloud is drawn from (see cloud.wgsl). An instance is a cell, or a dot of a cell; what lies beyond the
// outline of its cell is not drawn, whatever the numbers are.

struct View {
    view_from_world: mat4x4<f32>,
    target_size: vec2<f32>,   // pixels
    focal: f32,               // pixels a tangent, for an outline of one pixel
    eye_distance: f32,        // sphere radii
    count: u32,               // images
    older: u32,               // slot that dots come from
    newer: u32,               // slot that they go to
    share: f32,               // how far they are: 0 to 1
    ground: vec4<f32>,
    wire: vec4<f32>,
    learners: u32,            // that a slot holds
    dot: f32,                 // radius of a dot in front, pixels
    line: f32,                // width of the outline, pixels
    padding: f32,
}

struct Cell {
    centre: vec2<f32>,        // pixels
    radius: f32,              // of the outline, pixels
    learner: u32,
    colour: vec4<f32>,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> cells: array<Cell>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) offset: vec2<f32>,                        // pixels from the mark's centre
    @location(1) @interpolate(flat) colour: vec4<f32>,
    @location(2) @interpolate(flat) radius: f32,
    @location(3) @interpolate(flat) stroke: f32,           // ring stroke; 0 for discs
}

const DEPTH_MIX = 0.55;         // how far the farthest dot fades towards the ground

fn at(slot: u32, learner: u32, image: u32) -> vec3<f32> {
    return points[((slot * view.learners + learner) * view.count + image) * 2u].xyz;
}

fn corner(index: u32) -> vec2<f32> {
    return vec2<f32>(f32(index & 1u) * 2.0 - 1.0, f32(index >> 1u) * 2.0 - 1.0);
}

fn clip(pixel: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(pixel.x / view.target_size.x * 2.0 - 1.0, 1.0 - pixel.y / view.target_size.y * 2.0, 0.0, 1.0);
}

// Instance = cell.
@vertex fn vertex_outline(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let cell = cells[instance];
    let offset = corner(vertex) * (cell.radius + 1.0);
    var out: Varying;
    out.position = clip(cell.centre + offset);
    out.offset = offset;
    out.colour = view.wire;
    out.radius = cell.radius;
    out.stroke = view.line;
    return out;
}

// Instance = image of a cell: those of the first cell come first.
@vertex fn vertex_dots(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let cell = cells[instance / view.count];
    let image = instance % view.count;
    let world = mix(at(view.older, cell.learner, image), at(view.newer, cell.learner, image), view.share);
    let v = (view.view_from_world * vec4<f32>(world, 0.0)).xyz;
    let place = vec2<f32>(v.x, -v.y) * (cell.radius * view.focal / (view.eye_distance - v.z));
    let near = clamp(v.z * 0.5 + 0.5, 0.0, 1.0);
    // Numbers that are none fail the comparison: such a dot is nowhere.
    let radius = select(0.0, view.dot * mix(0.6, 1.0, near), length(place) <= cell.radius + 1.0);
    let offset = corner(vertex) * select(0.0, radius + 1.0, radius > 0.0);
    var out: Varying;
    out.position = clip(cell.centre + select(vec2<f32>(0.0), place, radius > 0.0) + offset);
    out.offset = offset;
    out.colour = vec4<f32>(mix(view.ground.rgb, cell.colour.rgb, 1.0 - DEPTH_MIX * (1.0 - near)), 1.0);
    out.radius = radius;
    out.stroke = 0.0;
    return out;
}

@fragment fn fragment_mark(in: Varying) -> @location(0) vec4<f32> {
    let d = length(in.offset);
    var coverage = clamp(in.radius - d + 0.5, 0.0, 1.0);
    if in.stroke > 0.0 {
        coverage = clamp(0.5 * in.stroke - abs(d - (in.radius - 0.5 * in.stroke)) + 0.5, 0.0, 1.0);
    }
    return vec4<f32>(in.colour.rgb, coverage * in.colour.a);
}

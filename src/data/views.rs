//! Views on the GPU: which images, which crops of them, their colours, and the encoder's patches.
//!
//! Contract: everything is a function of (seed, step) read from GPU buffers, so a recorded program replays without the CPU;
//! rows are view * B + image; pixels are packed RGBA8. Subtlety: a view's pixels hang on its learner's seed alone, so the
//! views of learner 0 of N are those of learner 0 of 1.

use super::augment::blur_pixels;
use super::halvings;
use super::synthetic::{class_names, weaves_strength};
use crate::config::{EncoderKind, Scene, ViewConfig};
use crate::gpu::{Family, Gpu, GpuError, Kernel, Needs, Tape, Tensor, Variant};
use crate::nn::Patches;
use crate::ops::sequences::Sequences;

/// vec4 of bits in a crop's plan, see `shaders/shared/crop.wgsl`.
pub const CROP_COLUMNS: u32 = 20;
/// f32 in a scene's parameters, see `shaders/shared/scene.wgsl`.
pub const SCENE_COLUMNS: u32 = 64;

const DRAW_SCENES: Kernel = Kernel::new("data/draw_scenes.wgsl");
const DRAW_STORED: Kernel = Kernel::new("data/draw_stored.wgsl");
const WEAVES: Kernel = Kernel::new("data/weaves.wgsl");
const SHAPES: Kernel = Kernel::new("data/shapes.wgsl");
const CROP_PLAN: Kernel = Kernel::new("data/crop_plan.wgsl");
const WHOLE_PLAN: Kernel = Kernel::new("data/whole_plan.wgsl");
const RENDER_WEAVES: Kernel = Kernel::new("data/render_weaves.wgsl");
const RENDER_SHAPES: Kernel = Kernel::new("data/render_shapes.wgsl");
const SAMPLE_STORED: Kernel = Kernel::new("data/sample_stored.wgsl");
const BLUR: Kernel = Kernel::new("data/blur.wgsl");
const CROP_MEAN: Kernel = Kernel::new("data/crop_mean.wgsl");
const PHOTOMETRIC: Kernel = Kernel::new("data/photometric.wgsl");
const OBJECT_MASK: Kernel = Kernel::new("data/object_mask.wgsl");
const PATCHIFY: Kernel = Kernel::new("data/patchify.wgsl");
const PATCHIFY_QUADS: Kernel = Kernel::new("data/patchify_quads.wgsl");

// Floating-point operations a pixel, counted from the shaders. Draws of parameters (a scene, a crop's plan) are not counted: there
// are a few hundred an image.
/// Place 9, seven waves 104, their mixture 14, two colours 9, three discs 63, light 12.
const WEAVES_FLOPS: u64 = 211;
/// Place 9, five waves 89, distance to four outlines 29, two discs 40, colours and edges 45.
const SHAPES_FLOPS: u64 = 212;
/// Place 9, and one bilinear sample: place 9, three mixes of three channels 27.
const SAMPLE_FLOPS: u64 = 45;
/// 25 taps of a weight and three product-sums, one quotient of three channels.
const BLUR_FLOPS: u64 = 178;
/// Colour matrix 18, solarising 6, noise 73, levels 12.
const PHOTOMETRIC_FLOPS: u64 = 109;

/// How many threads draw and colour a crop.
pub const FAMILY: Family = Family {
    name: "crops",
    kernels: &["render_weaves", "render_shapes", "sample_stored", "blur", "photometric", "patchify_quads"],
    variants: &[Variant::software("64_threads", Needs::Nothing, &[]), Variant::gpu("256_threads", Needs::Nothing, &[])],
};

/// Where images come from.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one in a run")]
pub enum Images {
    /// Rendered.
    Synthetic(Scene),
    /// Stored on the GPU.
    Stored(StoredImages),
}

/// Images from files, all u32 tensors.
#[derive(Clone, Debug)]
pub struct StoredImages {
    /// (1, 1, n) packed RGBA8, each image followed by its halvings ([`super::halvings::append`]).
    pub pixels: Tensor,
    /// (1, images, 4): first pixel, width, height, label.
    pub table: Tensor,
    /// (1, 1, n): rows of the table used for training.
    pub training: Tensor,
    /// (1, 1, n): rows of the table held out.
    pub held_out: Tensor,
}

/// An image to store: packed RGBA8 row by row, width, height, label ([`UNLABELLED`] for none).
pub type StoredImage<'a> = (&'a [u32], u32, u32, u32);

/// The label of an image that has none.
pub const UNLABELLED: u32 = u32::MAX;

impl StoredImages {
    /// Uploads images, each with its halvings; `training` and `held_out` number them, neither is empty.
    pub fn upload<'a>(
        gpu: &Gpu,
        images: impl IntoIterator<Item = StoredImage<'a>>,
        training: &[u32],
        held_out: &[u32],
    ) -> Result<Self, GpuError> {
        let (mut pool, mut rows) = (Vec::new(), Vec::new());
        for (pixels, width, height, label) in images {
            rows.extend([halvings::append(&mut pool, pixels, width, height), width, height, label]);
        }
        let upload = |name: &str, elements: &[u32], columns: u32| -> Result<Tensor, GpuError> {
            let tensor = gpu.tensor(name, [1, elements.len() as u32 / columns, columns])?;
            gpu.upload(&tensor, elements);
            Ok(tensor)
        };
        Ok(Self {
            pixels: upload("stored_pixels", &pool, pool.len() as u32)?,
            table: upload("stored_table", &rows, 4)?,
            training: upload("training", training, training.len() as u32)?,
            held_out: upload("held_out", held_out, held_out.len() as u32)?,
        })
    }
}

/// A number that the GPU computes: first word of `buffer` * `scale` + `offset`.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Any u32 buffer (the step state, a chunk counter).
    pub buffer: Tensor,
    /// Factor on its first word.
    pub scale: u32,
    /// Added.
    pub offset: u32,
}

impl Counter {
    /// The first word as it is.
    pub fn of(buffer: &Tensor) -> Self {
        Self { buffer: buffer.clone(), scale: 1, offset: 0 }
    }

    /// Always `number`; `buffer` is bound and not used.
    pub fn fixed(buffer: &Tensor, number: u32) -> Self {
        Self { buffer: buffer.clone(), scale: 0, offset: number }
    }
}

/// What draws are made from.
#[derive(Clone, Debug)]
pub struct SeedSource {
    /// (L, 1, 2) u32: each learner's crop seed, low and high word. Its L is the L of the views.
    pub seeds: Tensor,
    /// Number of the step.
    pub step: Counter,
}

/// A group of views of the same size and range of area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewPlan {
    /// Number of its first view: 0 for globals; locals begin behind them.
    pub first_view: u32,
    /// V
    pub views: u32,
    /// Side of a view in pixels.
    pub size: u32,
    /// Least and largest share of the image's area.
    pub area: [f32; 2],
}

/// The images of a batch.
#[derive(Clone, Debug)]
pub struct DrawnImages {
    /// (L, B, 4) u32: identifier, class, width, height.
    pub images: Tensor,
    /// (L, 1, B) u32.
    pub labels: Tensor,
    scenes: Option<Tensor>,
}

impl DrawnImages {
    /// Each learner's first images, as another tape's input.
    #[must_use]
    pub fn firsts(&self, count: u32) -> Self {
        let firsts = |tensor: &Tensor| tensor.as_input().first_rows(count.min(tensor.rows));
        Self { images: firsts(&self.images), labels: self.labels.as_input(), scenes: self.scenes.as_ref().map(firsts) }
    }
}

/// Views of a batch.
#[derive(Clone, Debug)]
pub struct ViewTensors {
    /// (L, V*B, H*W) u32, packed RGBA8.
    pub pixels: Tensor,
    /// (L, V*B, 20) u32, see `shaders/shared/crop.wgsl`.
    pub crops: Tensor,
    /// What they are views of.
    pub drawn: DrawnImages,
}

/// Draws the images of a training step: `batch` of them for each learner.
pub fn record_images(tape: &mut Tape<'_>, images: &Images, batch: u32, source: &SeedSource) -> DrawnImages {
    draw_images(tape, images, batch, &source.seeds, &source.step, false)
}

/// Held-out images, in order from number `first`: (1, count, ..).
pub fn record_held_out(tape: &mut Tape<'_>, images: &Images, count: u32, first: &Counter) -> DrawnImages {
    let unused_seeds = tape.gpu().tensor("no_seeds", [1, 1, 2]).expect("eight bytes fit");
    draw_images(tape, images, count, &unused_seeds, first, true)
}

fn draw_images(tape: &mut Tape<'_>, images: &Images, batch: u32, seeds: &Tensor, number: &Counter, held_out: bool) -> DrawnImages {
    let learners = seeds.learners;
    let drawn = tape.tensor("images", [learners, batch, 4]);
    let labels = tape.tensor("labels", [learners, 1, batch]);
    let over = [batch, 1, learners];
    let scenes = match images {
        Images::Synthetic(family) => {
            tape.dispatch(&DRAW_SCENES)
                .set("rows", batch)
                .set("classes", class_names(*family).len() as u32)
                .set("held_out", held_out)
                .set("counter_scale", number.scale)
                .set("counter_offset", number.offset)
                .read("seeds", seeds)
                .read("counter", &number.buffer)
                .write("images", &drawn)
                .write("labels", &labels)
                .over(over);
            Some(record_scenes(tape, *family, &drawn))
        }
        Images::Stored(stored) => {
            let chosen = if held_out { &stored.held_out } else { &stored.training };
            tape.dispatch(&DRAW_STORED)
                .set("rows", batch)
                .set("choices", chosen.columns)
                .set("held_out", held_out)
                .set("counter_scale", number.scale)
                .set("counter_offset", number.offset)
                .read("seeds", seeds)
                .read("counter", &number.buffer)
                .read("chosen", chosen)
                .read("table", &stored.table)
                .write("images", &drawn)
                .write("labels", &labels)
                .over(over);
            None
        }
    };
    DrawnImages { images: drawn, labels, scenes }
}

fn record_scenes(tape: &mut Tape<'_>, family: Scene, images: &Tensor) -> Tensor {
    let scenes = tape.tensor("scenes", [images.learners, images.rows, SCENE_COLUMNS]);
    let record = match family {
        Scene::Weaves | Scene::WeavesHard => {
            let [opacity, illumination] = weaves_strength(family);
            tape.dispatch(&WEAVES).set("clutter_opacity", opacity).set("illumination", illumination)
        }
        Scene::Shapes | Scene::ShapesGrey => tape.dispatch(&SHAPES).set("grey", family == Scene::ShapesGrey),
    };
    record.set("rows", images.rows).read("images", images).write("scenes", &scenes).over([images.rows, 1, images.learners]);
    scenes
}

/// Crops of images that were drawn, with their colour changes. Globals and locals of a step are two calls on the same images.
pub fn record_crops(
    tape: &mut Tape<'_>,
    images: &Images,
    drawn: &DrawnImages,
    config: &ViewConfig,
    plan: &ViewPlan,
    source: &SeedSource,
) -> ViewTensors {
    let [learners, batch, _] = drawn.images.shape();
    let rows = plan.views * batch;
    let crops = tape.tensor("crops", [learners, rows, CROP_COLUMNS]);
    let stored = matches!(images, Images::Stored(_));
    let [least_blur, most_blur] = blur_pixels(plan.size);
    let blur_probability = if stored { config.blur_probability } else { 0.0 };
    tape.dispatch(&CROP_PLAN)
        .set("rows", rows)
        .set("batch", batch)
        .set("first_view", plan.first_view)
        .set("counter_scale", source.step.scale)
        .set("counter_offset", source.step.offset)
        .set("least_area", plan.area[0])
        .set("most_area", plan.area[1])
        .set("flip_probability", config.flip_probability)
        .set("jitter_probability", config.jitter_probability)
        .set("hue", config.hue)
        .set("saturation", config.saturation)
        .set("contrast", config.contrast)
        .set("brightness", config.brightness)
        .set("grey_probability", config.grey_probability)
        .set("solarise_probability", config.solarise_probability)
        .set("noise", config.noise)
        .set("blur_probability", blur_probability)
        .set("least_blur", least_blur)
        .set("most_blur", most_blur)
        .read("seeds", &source.seeds)
        .read("counter", &source.step.buffer)
        .read("images", &drawn.images)
        .write("crops", &crops)
        .over([rows, 1, learners]);
    let mut raw = record_raw(tape, images, drawn, &crops, plan.size);
    if blur_probability > 0.0 {
        raw = record_blur(tape, &raw, &crops, plan.size, blur_probability);
    }
    let pixels = record_photometric(tape, &raw, &crops, plan.size);
    ViewTensors { pixels, crops, drawn: drawn.clone() }
}

/// The views of a training step, or of a fixed probe set where the step is fixed.
pub fn record_views(
    tape: &mut Tape<'_>,
    images: &Images,
    config: &ViewConfig,
    batch: u32,
    plan: &ViewPlan,
    source: &SeedSource,
) -> ViewTensors {
    let drawn = record_images(tape, images, batch, source);
    record_crops(tape, images, &drawn, config, plan, source)
}

/// Held-out images as they are, one view each, `size` pixels a side: rows in order from number `first`.
pub fn record_whole(tape: &mut Tape<'_>, images: &Images, size: u32, count: u32, first: &Counter) -> ViewTensors {
    let drawn = record_held_out(tape, images, count, first);
    whole_views(tape, images, &drawn, size, false)
}

/// Drawn images whole, stretched to squares of `size` pixels a side.
pub fn record_stretched(tape: &mut Tape<'_>, images: &Images, drawn: &DrawnImages, size: u32) -> ViewTensors {
    whole_views(tape, images, drawn, size, true)
}

fn whole_views(tape: &mut Tape<'_>, images: &Images, drawn: &DrawnImages, size: u32, stretched: bool) -> ViewTensors {
    let [learners, count, _] = drawn.images.shape();
    let crops = tape.tensor("crops", [learners, count, CROP_COLUMNS]);
    tape.dispatch(&WHOLE_PLAN)
        .set("rows", count)
        .set("stretched", stretched)
        .read("images", &drawn.images)
        .write("crops", &crops)
        .over([count, 1, learners]);
    let raw = record_raw(tape, images, drawn, &crops, size);
    let pixels = record_photometric(tape, &raw, &crops, size);
    ViewTensors { pixels, crops, drawn: drawn.clone() }
}

/// Crops before their colour changes.
struct Raw {
    /// (L, V*B, 3*H*W) f32, channel planes.
    pixels: Tensor,
    /// (L, V*B, lanes) f32: parts of the sum of luma.
    luma_sums: Tensor,
}

impl Raw {
    fn new(tape: &mut Tape<'_>, name: &str, [learners, rows, _]: [u32; 3], size: u32) -> Self {
        // few on software adapters, where loading a crop's parameters is what costs
        let lanes = if tape.chooses(&FAMILY, "64_threads", true) { 64 } else { 256 };
        let pixels = tape.tensor(name, [learners, rows, 3 * size * size]);
        Self { pixels, luma_sums: tape.tensor("luma_sums", [learners, rows, lanes]) }
    }

    fn lanes(&self) -> u32 {
        self.luma_sums.columns
    }

    fn over(&self) -> [u32; 3] {
        [self.lanes(), self.pixels.rows, self.pixels.learners]
    }
}

fn record_raw(tape: &mut Tape<'_>, images: &Images, drawn: &DrawnImages, crops: &Tensor, size: u32) -> Raw {
    let raw = Raw::new(tape, "raw", crops.shape(), size);
    let (kernel, flops) = match images {
        Images::Synthetic(Scene::Weaves | Scene::WeavesHard) => (&RENDER_WEAVES, WEAVES_FLOPS),
        Images::Synthetic(Scene::Shapes | Scene::ShapesGrey) => (&RENDER_SHAPES, SHAPES_FLOPS),
        Images::Stored(_) => (&SAMPLE_STORED, SAMPLE_FLOPS),
    };
    let pixels = raw.pixels.all_elements() / 3;
    let mut record = tape
        .dispatch(kernel)
        .set("rows", crops.rows)
        .set("batch", drawn.images.rows)
        .set("size", size)
        .set("lanes", raw.lanes())
        .read("crops", crops)
        .write("raw", &raw.pixels)
        .write("luma_sums", &raw.luma_sums)
        .flops(flops * pixels);
    if let Some(scenes) = &drawn.scenes {
        record = record.read("scenes", scenes);
    }
    if let Images::Stored(stored) = images {
        record = record.read("images", &drawn.images).read("table", &stored.table).read("pixels", &stored.pixels);
        // Each crop reads its own image alone, about a texel a pixel.
        record = record.untouched((4 * stored.pixels.all_elements()).saturating_sub(4 * pixels));
    }
    record.over(raw.over());
    raw
}

fn record_blur(tape: &mut Tape<'_>, raw: &Raw, crops: &Tensor, size: u32, probability: f32) -> Raw {
    // What is not blurred is copied.
    let blurred_pixels = f64::from(probability) * (raw.pixels.all_elements() / 3) as f64;
    let blurred = Raw::new(tape, "blurred", crops.shape(), size);
    tape.dispatch(&BLUR)
        .set("rows", crops.rows)
        .set("size", size)
        .set("lanes", blurred.lanes())
        .read("raw", &raw.pixels)
        .read("crops", crops)
        .write("blurred", &blurred.pixels)
        .write("luma_sums", &blurred.luma_sums)
        .flops(BLUR_FLOPS * blurred_pixels as u64)
        .over(blurred.over());
    blurred
}

fn record_photometric(tape: &mut Tape<'_>, raw: &Raw, crops: &Tensor, size: u32) -> Tensor {
    let [learners, rows, _] = crops.shape();
    let means = tape.tensor("means", [learners, 1, rows]);
    tape.dispatch(&CROP_MEAN)
        .set("rows", rows)
        .set("lanes", raw.lanes())
        .set("pixels", size * size)
        .read("luma_sums", &raw.luma_sums)
        .write("means", &means)
        .flops(raw.luma_sums.all_elements())
        .over([rows, 1, learners]);
    let views = tape.tensor("views", [learners, rows, size * size]);
    tape.dispatch(&PHOTOMETRIC)
        .set("rows", rows)
        .set("size", size)
        .set("lanes", raw.lanes())
        .read("raw", &raw.pixels)
        .read("means", &means)
        .read("crops", crops)
        .write("views", &views)
        .flops(PHOTOMETRIC_FLOPS * views.all_elements())
        .over(raw.over());
    views
}

/// How much of each patch of whole images the object covers, 0 to 1: (L, B, patches), row by row; none where images have no
/// object that is known.
pub fn record_object_masks(tape: &mut Tape<'_>, images: &Images, drawn: &DrawnImages, size: u32, patch: u32) -> Option<Tensor> {
    let (Images::Synthetic(Scene::Shapes | Scene::ShapesGrey), Some(scenes)) = (images, &drawn.scenes) else { return None };
    let grid = size / patch;
    let [learners, batch, _] = drawn.images.shape();
    let masks = tape.tensor("object_masks", [learners, batch, grid * grid]);
    tape.dispatch(&OBJECT_MASK)
        .set("images", batch)
        .set("grid", grid)
        .set("patch_side", patch)
        .read("scenes", scenes)
        .write("mask", &masks)
        .flops(SHAPES_FLOPS * masks.all_elements() * u64::from(patch * patch))
        .over([grid * grid, batch, learners]);
    Some(masks)
}

/// Left, top, width and height of a crop as shares of its image, out of its plan, and whether the crop is mirrored (then its plan runs
/// from right to left).
pub fn crop_box(plan: &[f32]) -> ([f32; 4], bool) {
    let [left, top, width, height] = [plan[0], plan[1], plan[2], plan[3]];
    if width < 0.0 { ([left + width, top, -width, height], true) } else { ([left, top, width, height], false) }
}

/// Order of a view's patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchOrder {
    /// Z order: four consecutive rows are 2x2 neighbours, (0,0), (0,1), (1,0), (1,1). The grid's side must be a power of two.
    Morton,
    /// Row by row.
    Raster,
}

impl PatchOrder {
    /// The order in which an encoder takes patches.
    pub const fn of(kind: EncoderKind) -> Self {
        match kind {
            EncoderKind::Pyramid => Self::Morton,
            EncoderKind::Vit => Self::Raster,
        }
    }
}

/// Some rows of a group of views.
#[derive(Clone, Debug)]
pub struct ViewRows<'a> {
    /// (L, R, H*W) u32.
    pub views: &'a Tensor,
    /// The first row taken.
    pub first: Counter,
    /// How many are taken.
    pub rows: u32,
}

impl<'a> ViewRows<'a> {
    /// All of them.
    pub fn all(views: &'a Tensor) -> Self {
        Self { views, first: Counter::fixed(views, 0), rows: views.rows }
    }
}

/// Patches of one group of views or of two (globals, locals).
///
/// # Panics
/// If there are more groups, the views are not square, are not cut evenly by `patch`, or the order does not fit the grid.
pub fn record_patches(tape: &mut Tape<'_>, groups: &[ViewRows<'_>], patch: u32, order: PatchOrder) -> Patches {
    assert!((1..=2).contains(&groups.len()), "{} groups of views", groups.len());
    let grid = |views: &Tensor| {
        let size = views.columns.isqrt();
        let grid = size / patch;
        assert!(size * size == views.columns && grid * patch == size, "{}: no patches of {patch} in {} pixels", views.name, views.columns);
        assert!(order == PatchOrder::Raster || grid.is_power_of_two(), "Morton order needs a power of two, not {grid} patches a side");
        grid
    };
    let mut sequences = Sequences { counts: [0, 0], lengths: [1, 1] };
    for (index, group) in groups.iter().enumerate() {
        sequences.counts[index] = group.rows;
        sequences.lengths[index] = grid(group.views).pow(2);
    }
    let learners = groups[0].views.learners;
    let patches = tape.tensor("patches", [learners, sequences.rows(), patch * patch * 3]);
    for (index, group) in groups.iter().enumerate() {
        let views = group.views;
        let size = views.columns.isqrt();
        let before = if index == 0 { 0 } else { sequences.counts[0] * sequences.lengths[0] };
        let quads = patch.is_multiple_of(4);
        let lanes = if tape.chooses(&FAMILY, "64_threads", true) { 64 } else { size * size / 4 };
        let (kernel, items) = if quads { (&PATCHIFY_QUADS, lanes) } else { (&PATCHIFY, size * size) };
        let pixels = u64::from(views.learners) * u64::from(group.rows) * u64::from(views.columns);
        // Of what is bound, these rows of the views are read and their patches written.
        let bound = 4 * views.all_elements() + if index > 0 { 8 } else { 4 } * patches.all_elements();
        let mut record = tape.dispatch(kernel).flops(6 * pixels).untouched(bound - 16 * pixels);
        if quads {
            record = record.set("lanes", lanes);
        }
        record
            .set("first_pixel", before * patch * patch)
            .set("learner_pixels", sequences.rows() * patch * patch)
            .set("view_rows", views.rows)
            .set("size", size)
            .set("patch_side", patch)
            .set("morton", order == PatchOrder::Morton)
            .set("counter_scale", group.first.scale)
            .set("counter_offset", group.first.offset)
            .read("counter", &group.first.buffer)
            .read("views", views)
            .read_write_or_write("patches", &patches, index > 0)
            .over([items, group.rows, views.learners]);
    }
    Patches { rows: patches, sequences }
}

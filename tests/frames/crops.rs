//! Scene 3, multi-crop, drawn offscreen from made-up snapshots: every number of local crops, images of any shape, with and without
//! attention, and hostile data.

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbaImage;
use twinlens::command::{Command, Switch};
use twinlens::config::Method;
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::snapshot::{AttentionReferences, Change, Cloud, Distributions, Event, History, Inspection, Snapshot, Verdict, VerdictKind};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Screen};

use crate::harness::{buffer, build, draw, gpu, keep, of_points, one_at_a_time};

/// A point of the unit sphere, spread evenly over the numbers.
fn spread(index: u32, count: u32) -> [f32; 3] {
    let y = 1.0 - 2.0 * (index as f32 + 0.5) / count as f32;
    let turn = index as f32 * 2.399_963;
    let ring = (1.0 - y * y).sqrt();
    [ring * turn.cos(), y, ring * turn.sin()]
}

/// A striped balloon over hills, wherever it is asked for.
fn scene([u, v]: [f32; 2], aspect: f32) -> [f32; 3] {
    let [x, y] = [(u - 0.5) * aspect.max(1.0), (v - 0.42) / aspect.min(1.0)];
    let (radius, turn) = (x.hypot(y), x / (0.09 - 0.16 * y * y).max(0.01).sqrt());
    if radius < 0.3 {
        return if y.abs() < 0.03 {
            [0.15, 0.2, 0.5]
        } else if (turn * 9.0).sin() > 0.0 {
            [0.86, 0.22, 0.2]
        } else {
            [0.95, 0.85, 0.4]
        };
    }
    if x.abs() < 0.04 && (0.38..0.45).contains(&y) {
        return [0.55, 0.38, 0.2];
    }
    let hill = 0.78 + 0.06 * (u * 9.0).sin() + 0.03 * (u * 23.0).cos();
    if v > hill { [0.2, 0.42 - 0.2 * (v - hill), 0.25] } else { [0.35 + 0.4 * v, 0.5 + 0.3 * v, 0.75] }
}

fn pack(colour: [f32; 3]) -> u32 {
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0) as u32;
    byte(colour[0]) | byte(colour[1]) << 8 | byte(colour[2]) << 16 | 0xff00_0000
}

fn render(width: u32, height: u32, colour: impl Fn([f32; 2]) -> [f32; 3]) -> Vec<u32> {
    let place = |index: u32| [((index % width) as f32 + 0.5) / width as f32, ((index / width) as f32 + 0.5) / height as f32];
    (0..width * height).map(|index| pack(colour(place(index)))).collect()
}

/// Crop `index` as shares of an image: square in its pixels, every third mirrored.
fn crop(index: u32, globals: u32, aspect: f32) -> ([f32; 4], bool) {
    let random = |salt: u32| {
        let mixed = (index * 7 + salt).wrapping_mul(2_654_435_761) ^ 0x9e37_79b9;
        f32::from((mixed.wrapping_mul(0x85eb_ca6b) >> 16) as u16) / 65_536.0
    };
    let side = if index < globals { 0.68 + 0.2 * random(1) } else { 0.18 + 0.15 * random(1) };
    let [width, height] = if aspect > 1.0 { [side / aspect, side] } else { [side, side * aspect] };
    ([(1.0 - width) * random(2), (1.0 - height) * random(3), width, height], index % 3 == 2)
}

/// An image of a shape, its picture as a square of its longer side.
pub fn inspection(gpu: &Gpu, shape: [u32; 2], locals: u32, heads: u32) -> Inspection {
    let globals = 2;
    let count = globals + locals;
    let aspect = shape[0] as f32 / shape[1] as f32;
    let side_of_picture = shape[0].max(shape[1]);
    let crops: Vec<([f32; 4], bool)> = (0..count).map(|index| crop(index, globals, aspect)).collect();
    let view = |index: u32, side: u32| {
        let ([left, top, width, height], mirrored) = crops[index as usize];
        let tint = [[1.0, 1.0, 1.0], [0.7, 1.0, 1.2], [1.1, 0.8, 0.9]][index as usize % 3];
        render(side, side, |[u, v]| {
            let u = if mirrored { 1.0 - u } else { u };
            let colour = scene([left + u * width, top + v * height], aspect);
            std::array::from_fn(|channel| colour[channel] * tint[channel])
        })
    };
    let agreement: Vec<f32> = (0..count).map(|index| if index < globals { 0.93 } else { 0.85 - 0.13 * (index - globals) as f32 }).collect();
    let near = |index: u32| {
        let away = 0.15 + 0.9 * (1.0 - agreement[index as usize]);
        let turn = index as f32 * 2.4;
        let point = glam::Vec3::new(0.3 + away * turn.cos(), 0.4 + away * turn.sin(), 0.8).normalize();
        (point * 0.92).to_array()
    };
    let side = 8;
    let attention = (0..heads).flat_map(|head| {
        let middle = [3.5 + (head as f32 * 2.1).sin() * 2.0, 3.0 + (head as f32 * 1.3).cos()];
        let share = move |patch: u32| {
            let [x, y] = [(patch % side) as f32 - middle[0], (patch / side) as f32 - middle[1]];
            0.002 + 0.07 * (-(x * x + y * y) / (2.0 + head as f32 * 2.0)).exp()
        };
        (0..side * side).map(share)
    });
    let k = 64;
    let distribution: Vec<f32> = (0..k).map(|index| if index == 29 { 0.55 } else { 0.45 / (k - 1) as f32 }).collect();
    Inspection {
        of_batch: true,
        image: None,
        draw: 4860,
        class: Some(3),
        picture: buffer(gpu, &render(side_of_picture, side_of_picture, |place| scene(place, aspect))),
        picture_side: side_of_picture,
        shape,
        globals,
        global_pixels: buffer(gpu, &(0..globals).flat_map(|index| view(index, 32)).collect::<Vec<u32>>()),
        global_side: 32,
        local_pixels: (locals > 0).then(|| buffer(gpu, &(globals..count).flat_map(|index| view(index, 16)).collect::<Vec<u32>>())),
        local_side: 16,
        losses: (0..globals)
            .map(|teacher| (0..count).map(|student| (student != teacher).then(|| 1.2 + 0.21 * (student + teacher) as f32)).collect())
            .collect(),
        student_dots: (0..count).map(near).collect(),
        teacher_dots: (0..globals).map(|index| near(index).map(|value| value * 0.96 + 0.02)).collect(),
        agreement,
        attention: attention.collect(),
        attention_heads: heads,
        attention_side: if heads > 0 { side } else { 0 },
        teacher_logits: vec![0.1; k],
        teacher_distribution: distribution.clone(),
        student_distribution: distribution,
        crops,
    }
}

pub fn snapshot(gpu: &Gpu, inspection: Option<Inspection>) -> Snapshot {
    let locals = inspection.as_ref().map_or(4, |inspection| inspection.crops.len() as u32 - inspection.globals);
    let attention = inspection.as_ref().is_some_and(|inspection| inspection.attention_heads > 0);
    let mut history = History::default();
    for step in (20..=4860_u64).step_by(20) {
        let t = 1.0 - (-(step as f32) / 1500.0).exp();
        let wobble = 0.02 * (step as f32 * 0.11).sin();
        history.loss.push(step, 4.1 - 2.0 * t + wobble);
        history.embedding_std.push(step, 0.95 - 0.2 * t + wobble);
        history.teacher_std.push(step, 0.97 - 0.16 * t);
        history.knn_accuracy.push(step, 0.36 + 0.58 * t + wobble);
        history.fragment_to_whole.push(step, 0.2 + 0.52 * t + wobble);
        history.fragment_to_fragment.push(step, 0.25 + 0.55 * t - wobble);
        if attention {
            history.attention_in_object.push(step, 0.25 + 0.4 * t + wobble);
        }
    }
    let points = (0..256).flat_map(|image| {
        let [x, y, z] = spread(image, 256);
        [x, y, z, (image % 8) as f32, x * 0.97, y * 0.97, z * 0.97, 0.1]
    });
    let cloud = Cloud {
        explained: Some(0.62),
        views: buffer(gpu, &vec![0xff20_80c0; 2 * 256 * 64]),
        view_side: 8,
        ..of_points(gpu, points.collect())
    };
    Snapshot {
        preset: "multicrop".to_owned(),
        data: "synthetic:weaves-hard".to_owned(),
        adapter: "llvmpipe (LLVM 15.0.6, 256 bits)".to_owned(),
        method: Method::Dino,
        step: 4860,
        steps_per_second: 2.3,
        history: Arc::new(history),
        events: vec![
            Event { step: 1000, seconds: 0.0, change: Change::Switch(Switch::Centering, false), learner: None },
            Event { step: 1040, seconds: 0.0, change: Change::Switch(Switch::Centering, true), learner: None },
        ],
        verdict: Verdict {
            kind: VerdictKind::Healthy,
            meter: "mutual information",
            value: 1.92,
            reason: "it is above 0.21".to_owned(),
            wanting: 0,
        },
        class_names: ["stripes", "bars", "checks", "diagonal", "dots", "zigzag", "upright", "lattice"].map(str::to_owned).to_vec(),
        distributions: Some(Distributions { prototypes: 64, center: Arc::from([0.0; 64]), batch: Arc::from([]), cloud: Arc::from([]) }),
        inspection,
        images: 512,
        local_crops: locals,
        attention_references: attention.then_some(AttentionReferences { untrained: Some(0.252), area: 0.223, center_prior: 0.44 }),
        ..crate::harness::snapshot(Some(cloud))
    }
}

fn count(picture: &RgbaImage, [left, top, right, bottom]: [u32; 4], colour: [u8; 3]) -> usize {
    let close = |pixel: &image::Rgba<u8>| (0..3).all(|channel| pixel[channel].abs_diff(colour[channel]) < 12);
    (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| close(picture.get_pixel(x, y))).count()
}

const GLOBAL: [u8; 3] = [0x56, 0xB4, 0xE9];
const LOCAL: [u8; 3] = [0x2B, 0xB6, 0x73];
const STUDENT: [u8; 3] = [0xE6, 0x9F, 0x00];
const TEACHER: [u8; 3] = [0xB1, 0x8C, 0xFF];

#[test]
fn the_scene_is_complete() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for (name, size, image, locals, heads) in [
        ("plain", [1280, 800], [256, 256], 4, 3),
        ("many", [1280, 800], [256, 256], 8, 3),
        ("none", [1280, 800], [32, 32], 0, 3),
        ("pyramid", [1280, 800], [256, 256], 4, 0),
        ("portrait", [1280, 800], [240, 400], 6, 6),
        ("panorama", [1280, 800], [900, 300], 8, 3),
        ("large", [1920, 1080], [256, 256], 8, 3),
        ("large-panorama", [1920, 1080], [900, 300], 4, 6),
        ("small", [1024, 768], [256, 256], 8, 3),
        ("hd", [1280, 720], [256, 256], 8, 3),
    ] {
        let mut screen = Screen::new(Scene::Multicrop);
        let mut data = snapshot(&gpu, Some(inspection(&gpu, image, locals, heads)));
        if let Some(shown) = data.inspection.as_mut().filter(|_| image[0] != image[1]) {
            (shown.of_batch, shown.image, shown.draw) = (false, Some(41), 3);
        }
        let picture = draw(&gpu, &mut renderer, &mut screen, size, &data);
        keep(&picture, &format!("crops-{name}.png"));
        let whole = [0, 48, size[0], size[1] - 64];
        assert!(count(&picture, whole, GLOBAL) > 1500, "{name}: the globals' frames");
        let (least, most) = if locals > 0 { (2500, usize::MAX) } else { (0, 1500) };
        let green = count(&picture, [0, 48, size[0] * 7 / 10, size[1] - 64], LOCAL);
        assert!((least..=most).contains(&green), "{name}: {green} green pixels");
        assert!(count(&picture, whole, STUDENT) > 1000 && count(&picture, whole, TEACHER) > 300, "{name}: student and teacher");
    }
}

#[test]
fn the_crop_under_the_pointer_stands_out_everywhere() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = Snapshot { playing: false, ..snapshot(&gpu, Some(inspection(&gpu, [256, 256], 6, 3))) };
    let size = [1280, 800];
    let mut screen = Screen::new(Scene::Multicrop);
    let rest = draw(&gpu, &mut renderer, &mut screen, size, &data);
    // The fifth row of the matrix is L3's; somewhere in the left pane it must be met.
    let mut outlined = 0;
    for y in (230..560).step_by(12) {
        renderer.imgui().io_mut().mouse_pos = [200.0, y as f32];
        draw(&gpu, &mut renderer, &mut screen, size, &data);
        let pointed = draw(&gpu, &mut renderer, &mut screen, size, &data);
        let changed = |area: [u32; 4]| {
            let [left, top, right, bottom] = area;
            (top..bottom)
                .flat_map(|y| (left..right).map(move |x| (x, y)))
                .filter(|&(x, y)| rest.get_pixel(x, y) != pointed.get_pixel(x, y))
                .count()
        };
        if [[0, 48, 352, 660], [352, 80, 928, 500], [352, 500, 928, 736], [930, 60, 1280, 380]].into_iter().all(|area| changed(area) > 60) {
            outlined += 1;
            keep(&pointed, "crops-pointed.png");
        }
    }
    assert!(outlined > 15, "the rows of the matrix light up in all panes: {outlined}");
    renderer.imgui().io_mut().mouse_pos = [-f32::MAX; 2];
    draw(&gpu, &mut renderer, &mut screen, size, &data);
    let back = draw(&gpu, &mut renderer, &mut screen, size, &data);
    assert!(back == rest, "with the pointer away, all is as it was");
}

#[test]
fn a_head_of_attention_goes_over_the_image() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = Snapshot { playing: false, method: Method::Byol, ..snapshot(&gpu, Some(inspection(&gpu, [256, 256], 4, 3))) };
    let size = [1280, 800];
    let mut screen = Screen::new(Scene::Multicrop);
    let light = |picture: &RgbaImage| -> u64 {
        let place = |x, y| picture.get_pixel(x, y).0[..3].iter().map(|&value| u64::from(value)).sum::<u64>();
        (150..540).step_by(3).flat_map(|y| (500..900).step_by(3).map(move |x| (x, y))).map(|(x, y)| place(x, y)).sum()
    };
    let rest = light(&draw(&gpu, &mut renderer, &mut screen, size, &data));
    renderer.imgui().io_mut().mouse_pos = [410.0, 290.0];
    draw(&gpu, &mut renderer, &mut screen, size, &data);
    let veiled = draw(&gpu, &mut renderer, &mut screen, size, &data);
    keep(&veiled, "crops-head.png");
    assert!(light(&veiled) * 4 < rest * 3, "{} of {rest}", light(&veiled));
    renderer.imgui().io_mut().mouse_pos = [-f32::MAX; 2];
    screen.act(Action::Panels, &data, &mut Vec::new(), &mut Vec::new());
    draw(&gpu, &mut renderer, &mut screen, size, &data);
    keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), "crops-panels-hidden.png");
}

#[test]
fn keys_turn_images_and_draw_crops() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut data = snapshot(&gpu, Some(inspection(&gpu, [64, 64], 4, 0)));
    let press = |action: Action, data: &Snapshot| {
        let mut screen = Screen::new(Scene::Multicrop);
        let (mut commands, mut requests) = (Vec::new(), Vec::new());
        screen.act(action, data, &mut commands, &mut requests);
        assert!(requests.is_empty());
        commands
    };
    assert_eq!(press(Action::Resample, &data), [Command::Resample]);
    assert_eq!(press(Action::Batch, &data), [Command::ShowImage(None)]);
    assert_eq!(press(Action::Arrow(Direction::Right), &data), [Command::ShowImage(Some(0))]);
    assert_eq!(press(Action::Arrow(Direction::Left), &data), [Command::ShowImage(Some(511))]);
    assert_eq!(press(Action::Arrow(Direction::Up), &data), []);
    if let Some(inspection) = &mut data.inspection {
        inspection.of_batch = false;
        inspection.image = Some(511);
    }
    assert_eq!(press(Action::Arrow(Direction::Right), &data), [Command::ShowImage(Some(0))]);
    assert_eq!(press(Action::Arrow(Direction::Left), &data), [Command::ShowImage(Some(510))]);
    data.images = 0;
    assert_eq!(press(Action::Arrow(Direction::Right), &data), []);
}

#[test]
fn a_click_asks_for_more_local_crops() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot(&gpu, Some(inspection(&gpu, [64, 64], 0, 0)));
    let mut screen = Screen::new(Scene::Multicrop);
    let mut asked = Vec::new();
    // Along the row of numbers, wherever it is.
    'found: for y in (600..736).step_by(8) {
        for down in [false, true, false] {
            let io = renderer.imgui().io_mut();
            io.mouse_pos = [326.0, y as f32];
            io.mouse_down[0] = down;
            let (_, built) = build(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
            asked.extend(built.commands);
            if asked.iter().any(|command| matches!(command, Command::SetLocalCrops(_))) {
                break 'found;
            }
        }
    }
    assert!(asked.contains(&Command::SetLocalCrops(8)), "{asked:?}");
}

#[test]
fn hostile_data_are_drawn_all_the_same() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let nothing = snapshot(&gpu, None);
    let mut broken = snapshot(&gpu, Some(inspection(&gpu, [256, 256], 8, 3)));
    if let Some(inspection) = &mut broken.inspection {
        inspection.crops[2].0 = [f32::NAN, 0.1, f32::INFINITY, 0.2];
        inspection.crops[3].0 = [-1e30, 0.1, 1e38, 0.2];
        inspection.crops[4].0 = [0.5, 0.5, 0.0, -1.0];
        inspection.losses = vec![vec![Some(f32::NAN), Some(f32::INFINITY)], Vec::new(), vec![None; 99]];
        inspection.student_dots.truncate(5);
        inspection.student_dots[1] = [f32::NAN; 3];
        inspection.student_dots[2] = [1e30; 3];
        inspection.teacher_dots[0] = [f32::INFINITY, 0.0, 0.0];
        inspection.agreement = vec![f32::NAN, -0.4, 1e9];
        inspection.attention[7] = f32::NAN;
        inspection.attention.truncate(100);
        inspection.picture_side = 100_000;
        inspection.shape = [100_000, 3];
        inspection.global_side = 1000;
    }
    broken.chance = f32::NAN;
    broken.attention_references = Some(AttentionReferences { untrained: Some(f32::NAN), area: f32::INFINITY, center_prior: -3.0 });
    let mut odd = snapshot(&gpu, Some(inspection(&gpu, [1, 500], 8, 3)));
    if let Some(inspection) = &mut odd.inspection {
        inspection.globals = 77;
        inspection.of_batch = false;
        inspection.image = Some(u32::MAX);
        inspection.class = Some(u32::MAX);
        inspection.draw = u64::MAX;
        inspection.attention_heads = u32::MAX;
        inspection.attention_side = u32::MAX;
    }
    odd.class_names.clear();
    odd.local_crops = 99;
    odd.cloud = None;
    odd.images = 0;
    let mut empty = snapshot(&gpu, Some(inspection(&gpu, [64, 64], 0, 0)));
    if let Some(inspection) = &mut empty.inspection {
        inspection.crops.clear();
        inspection.losses.clear();
        inspection.student_dots.clear();
        inspection.teacher_dots.clear();
        inspection.agreement.clear();
        inspection.picture_side = 0;
        inspection.shape = [0, 0];
    }
    empty.history = Arc::default();
    for (size, scale) in
        [([1280, 800], 1.0), ([1920, 1080], 2.0), ([640, 480], 1.0), ([333, 241], 3.0), ([1, 1], 1.0), ([2000, 40], 0.7), ([17, 1200], 4.0)]
    {
        renderer.request_scale(scale);
        for (name, data) in [("nothing", &nothing), ("broken", &broken), ("odd", &odd), ("empty", &empty)] {
            let mut screen = Screen::new(Scene::Multicrop);
            let picture = draw(&gpu, &mut renderer, &mut screen, size, data);
            if size == [1280, 800] || size == [640, 480] {
                keep(&picture, &format!("crops-hostile-{name}-{}.png", size[0]));
            }
            screen.act(Action::Panels, data, &mut Vec::new(), &mut Vec::new());
            draw(&gpu, &mut renderer, &mut screen, size, data);
        }
    }
}

/// How long a frame takes on this machine; `cargo test --test frames crops -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn time_of_a_frame() {
    let _guard = one_at_a_time();
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields: Vec<f32> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2).filter_map(|v| v.parse().ok()).collect();
        fields.iter().sum::<f32>() * 10.0
    };
    for (name, size, side, locals, heads) in [
        ("all", [1280, 800], 256, 8, 3),
        ("all", [1280, 800], 512, 8, 3),
        ("no locals, no attention", [1280, 800], 512, 0, 0),
        ("all", [1920, 1080], 512, 8, 3),
    ] {
        let data = snapshot(&gpu, Some(inspection(&gpu, [side, side], locals, heads)));
        let mut screen = Screen::new(Scene::Multicrop);
        let canvas = Canvas::new(&gpu, size);
        for _ in 0..2 {
            let (began, mut built, cpu_began) = (Instant::now(), Duration::ZERO, cpu());
            for _ in 0..30 {
                let at = Instant::now();
                let mut encoder = gpu.device.create_command_encoder(&Default::default());
                renderer.draw(&mut encoder, canvas.view(), size, Duration::from_millis(16), Some(60.0), &mut screen, &data);
                gpu.queue.submit([encoder.finish()]);
                built += at.elapsed();
                gpu.wait().expect("the device");
            }
            let millis = |time: Duration| time.as_secs_f32() * 1000.0 / 30.0;
            println!(
                "{name}, {size:?}, picture {side}: {:.1} ms a frame, {:.1} ms of it built on the CPU; {:.1} ms of CPU time",
                millis(began.elapsed()),
                millis(built),
                (cpu() - cpu_began) / 30.0
            );
        }
    }
}

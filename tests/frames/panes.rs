//! The panes of every scene: every size and scale, the hostile ones included, and what the pixels must show whatever the data are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbaImage;
use twinlens::command::{Command, Switch};
use twinlens::config::Method;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Change, Dials, Distributions, Event, History, Inspection, Snapshot, Switches, Verdict, VerdictKind};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Screen};

use crate::harness::*;

/// How a made-up DINO run is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Balance {
    Healthy,
    Dominant,
    Uniform,
    Constant,
}

/// A number between 0 and 1 that is always the same.
fn chance(a: u32, b: u32) -> f32 {
    let mut x = a.wrapping_mul(0x9E37_79B9) ^ b.wrapping_mul(0x85EB_CA6B) ^ 0x27D4_EB2F;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    x = x.wrapping_mul(0x297A_2D39);
    ((x ^ (x >> 15)) >> 8) as f32 / (1 << 24) as f32
}

fn softmax(values: &[f32]) -> Vec<f32> {
    let most = values.iter().copied().fold(f32::MIN, f32::max);
    let total: f32 = values.iter().map(|value| (value - most).exp()).sum();
    values.iter().map(|value| (value - most).exp() / total).collect()
}

/// Striped pictures, one kind a class.
fn striped(side: u32, image: u32, x: u32, y: u32) -> u32 {
    let class = image % 8;
    let hue = chance(image, 5) * 6.0;
    let wave = match class % 4 {
        0 => x,
        1 => y,
        2 => x + y,
        _ => x + side - y,
    };
    let on = (wave / (2 + class / 4)).is_multiple_of(2);
    let channel = |shift: f32| {
        let part = ((hue + shift) % 6.0 - 3.0).abs() - 1.0;
        (part.clamp(0.0, 1.0) * if on { 200.0 } else { 80.0 }) as u32 + 30
    };
    0xff00_0000 | (channel(0.0) << 16) | (channel(2.0) << 8) | channel(4.0)
}

/// A made-up DINO run with `prototypes` prototypes, 256 held-out images and batches of 48.
pub fn dino_snapshot(gpu: &Gpu, prototypes: u32, balance: Balance) -> Snapshot {
    let side = 32;
    let center: Vec<f32> = (0..prototypes).map(|p| 0.5 * (chance(p, 1) - 0.5) + 0.2 * chance(p / 5, 2)).collect();
    let logits = |image: u32, view: u32| -> Vec<f32> {
        let class = image % 8;
        (0..prototypes)
            .map(|p| {
                let noise = 0.10 * (chance(p + 97 * image, 3 + view) - 0.5);
                let own = match balance {
                    Balance::Healthy if p % 8 == class && p / 8 % 4 == image / 8 % 2 => 0.30 * (1.0 - 0.3 * chance(image, 9)),
                    Balance::Dominant if p == prototypes / 3 => 0.8,
                    Balance::Constant => 0.12 * chance(p, 77),
                    _ => 0.0,
                };
                let quiet = if balance == Balance::Healthy { 1.0 } else { 0.08 };
                center[p as usize] + own + noise * quiet
            })
            .collect()
    };
    let distribution = |image: u32, view: u32, temperature: f32| {
        let raw = logits(image, view);
        softmax(&raw.iter().zip(&center).map(|(t, c)| (t - c) / temperature).collect::<Vec<_>>())
    };
    let (count, batch) = (256, 48);
    let held_out: Vec<f32> = (0..count).flat_map(|image| distribution(image, 0, 0.04)).collect();
    let of_batch: Vec<f32> = (0..batch).flat_map(|image| distribution(image * 5 + 3, 1, 0.04)).collect();
    let pixels = |images: u32| -> Vec<u32> {
        (0..images * side * side).map(|i| striped(side, i / (side * side), i % side, i / side % side)).collect()
    };
    let mut cloud = cloud(gpu, count, |image| {
        let turn = (image % 8) as f32 * 0.785 + 0.5 * (chance(image, 1) - 0.5);
        let height = chance(image, 2) * 1.2 - 0.6;
        let spread = if balance == Balance::Healthy { 1.0 } else { 0.05 };
        [turn.cos() * 0.8 * spread, height * spread, turn.sin() * 0.8 * spread]
    });
    cloud.views = buffer(gpu, &[pixels(count), pixels(count)].concat());
    cloud.view_side = side;
    let inspection = Inspection {
        of_batch: true,
        image: None,
        draw: 1,
        class: Some(3),
        picture: buffer(gpu, &pixels(1)),
        picture_side: side,
        shape: [1, 1],
        crops: vec![([0.1, 0.1, 0.8, 0.8], false), ([0.0, 0.2, 0.7, 0.7], true)],
        globals: 2,
        global_pixels: buffer(gpu, &pixels(2)),
        global_side: side,
        local_pixels: None,
        local_side: 16,
        losses: vec![vec![None, Some(1.4)], vec![Some(1.5), None]],
        student_dots: vec![[0.1, 0.2, 0.3]; 2],
        teacher_dots: vec![[0.1, 0.2, 0.3]; 2],
        agreement: vec![0.9, 0.8],
        attention: Vec::new(),
        attention_heads: 0,
        attention_side: 0,
        teacher_logits: logits(3, 1),
        teacher_distribution: distribution(3, 1, 0.04),
        student_distribution: distribution(3, 2, 0.1),
    };
    let ln_k = (prototypes as f32).ln();
    let mut history = History::default();
    for step in 1..=1500_u64 {
        let t = step as f32 / 1500.0;
        let fallen = (1.0 / (1.0 + (-14.0 * (t - 0.45)).exp())).clamp(0.0, 1.0);
        let wobble = 0.06 * (chance(step as u32, 4) - 0.5);
        let (mean, image) = match balance {
            Balance::Healthy => (ln_k - 1.9 * fallen, ln_k - 3.6 * fallen),
            Balance::Dominant => (ln_k * (1.0 - t.powf(0.2)), ln_k * (1.0 - t.powf(0.19))),
            Balance::Uniform => (ln_k - 0.005, ln_k - 0.01),
            Balance::Constant => (3.1, 3.08),
        };
        history.mean_teacher_entropy.push(step, (mean + wobble * 0.5).clamp(0.0, ln_k));
        history.teacher_entropy.push(step, (image + wobble).clamp(0.0, ln_k));
        history.kl.push(step, 0.2 + 0.6 * fallen * (1.0 - t) + wobble.abs());
        history.loss.push(step, image + 0.2);
        history.embedding_std.push(step, 0.3 + 0.5 * t);
        history.knn_accuracy.push(step, 0.35 + 0.5 * fallen);
        history.prototypes_used.push(step, if balance == Balance::Healthy { 0.42 } else { 0.02 });
    }
    let (kind, meter, value) = match balance {
        Balance::Healthy => (VerdictKind::Healthy, "mutual information", 1.7),
        Balance::Dominant => (VerdictKind::Dominant, "mean teacher entropy", 0.01),
        Balance::Uniform => (VerdictKind::Uniform, "teacher entropy", 4.15),
        Balance::Constant => (VerdictKind::Constant, "mutual information", 0.02),
    };
    let flip = |step, switch, on| Event { step, seconds: 0.0, change: Change::Switch(switch, on), learner: None };
    let mut snapshot = Snapshot {
        preset: "dino".to_owned(),
        method: Method::Dino,
        step: 1500,
        history: Arc::new(history),
        events: vec![flip(400, Switch::Centering, false), flip(450, Switch::Centering, true), flip(800, Switch::Sharpening, false)],
        verdict: Verdict { kind, meter, value, reason: "it is above 0.21".to_owned(), wanting: 0 },
        distributions: Some(Distributions { prototypes, center: center.into(), batch: of_batch.into(), cloud: held_out.into() }),
        inspection: Some(inspection),
        ..snapshot(Some(cloud))
    };
    match balance {
        Balance::Healthy => snapshot.events.push(flip(900, Switch::Sharpening, true)),
        Balance::Dominant => snapshot.switches.centering = false,
        Balance::Uniform => snapshot.switches.sharpening = false,
        Balance::Constant => (snapshot.switches.ema, snapshot.switches.stop_gradient) = (false, false),
    }
    snapshot
}

/// Pixels in a rectangle that are clearly coloured: marks of the classes, not greys of wires and text.
fn coloured(picture: &RgbaImage, [left, top, right, bottom]: [u32; 4]) -> Vec<[u32; 2]> {
    let vivid = |pixel: &image::Rgba<u8>| {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]];
        r.max(g).max(b) - r.min(g).min(b) > 40
    };
    (top..bottom).flat_map(|y| (left..right).map(move |x| [x, y])).filter(|&[x, y]| vivid(picture.get_pixel(x, y))).collect()
}

/// The part of the middle pane at 1280x800 that only the sphere and the cloud use.
const SPHERE: [u32; 4] = [360, 130, 920, 655];

#[test]
fn collapse_looks_like_collapse() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut screen = Screen::default();
    let spread = |image: u32| {
        let y = 1.0 - 2.0 * (image as f32 + 0.5) / 400.0;
        let turn = image as f32 * 2.399_963;
        let ring = (1.0 - y * y).sqrt();
        [ring * turn.cos(), y, ring * turn.sin()]
    };
    let extent = |picture: &RgbaImage| {
        let marks = coloured(picture, SPHERE);
        let side = |axis: usize| {
            let values = marks.iter().map(|mark| mark[axis]);
            values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
        };
        [side(0), side(1)]
    };
    let wide = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &snapshot(Some(cloud(&gpu, 400, spread))));
    let small = |image: u32| spread(image).map(|value| 0.02 * value + 0.3);
    let narrow = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &snapshot(Some(cloud(&gpu, 400, small))));
    let ([wide_x, wide_y], [narrow_x, narrow_y]) = (extent(&wide), extent(&narrow));
    // The sphere is 0.45 of the free middle's smaller side: some 500 pixels across.
    assert!((470..540).contains(&wide_x) && (470..540).contains(&wide_y), "spread over {wide_x}x{wide_y}");
    assert!(narrow_x < 40 && narrow_y < 40, "a collapsed cloud covers {narrow_x}x{narrow_y}: the scale followed the data");
}

#[test]
fn any_size_scale_and_data_are_drawn() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let ordinary = snapshot(Some(cloud(&gpu, 64, |image| [(image as f32 * 0.1).sin(), 0.0, 0.5])));
    let mut hostile = snapshot(Some(cloud(&gpu, 3, |_| [f32::NAN, f32::INFINITY, 1e30])));
    hostile.data = "folder:/".to_owned() + &"very/long/".repeat(300);
    hostile.adapter = "GPU ".repeat(100);
    hostile.class_names = (0..1000).map(|index| format!("クラス {index} {}", "x".repeat(index % 90))).collect();
    hostile.notices = vec!["100 % of %s and %n\nare broken ".repeat(40)];
    hostile.verdict =
        Verdict { kind: VerdictKind::Dimensional, meter: "effective rank", value: f32::NAN, reason: "%s %d".repeat(50), wanting: 0 };
    hostile.events = (0..500)
        .map(|step| Event { step, seconds: 0.0, change: Change::Switch(Switch::ALL[step as usize % 3], step % 2 == 0), learner: None })
        .collect();
    hostile.step = u64::MAX / 2;
    hostile.steps_per_second = f32::INFINITY;
    hostile.dials = Dials {
        tau: 1.0,
        predictor_multiplier: 0.0,
        teacher_temperature: 0.0,
        student_temperature: 0.0,
        center_momentum: 1.0,
        learning_rate: 0.0,
    };
    hostile.switches = Switches { ema: false, stop_gradient: false, predictor: false, centering: false, sharpening: false };
    hostile.chance = f32::NAN;
    let history = Arc::make_mut(&mut hostile.history);
    history.loss.push(301, f32::NAN);
    history.embedding_std.push(301, f32::INFINITY);
    history.teacher_std.push(301, -5.0);
    let mut empty = snapshot(None);
    empty.history = Arc::default();
    empty.class_names.clear();
    empty.events.clear();
    empty.stopped = Some("numbers became non-finite at step 7".to_owned());
    let no_points = snapshot(Some(cloud(&gpu, 0, |_| [0.0; 3])));

    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for (size, scale) in [
        ([1280, 800], 1.0),
        ([1024, 768], 1.0),
        ([1920, 1080], 2.0),
        ([1467, 917], 1.145_833_3),
        ([333, 241], 3.0),
        ([1, 1], 1.0),
        ([2000, 40], 0.7),
        ([17, 1200], 4.0),
    ] {
        renderer.request_scale(scale);
        for (name, data) in [("ordinary", &ordinary), ("hostile", &hostile), ("empty", &empty), ("no points", &no_points)] {
            let mut screen = Screen::default();
            let picture = draw(&gpu, &mut renderer, &mut screen, size, data);
            let (mut commands, mut requests) = (Vec::new(), Vec::new());
            for action in [Action::Help, Action::Help, Action::Panels, Action::Escape] {
                screen.act(action, data, &mut commands, &mut requests);
                draw(&gpu, &mut renderer, &mut screen, size, data);
            }
            assert!(commands.is_empty() && requests.is_empty());
            if size[0] > 300 && size[1] > 200 {
                let first = *picture.get_pixel(0, 0);
                assert!(picture.pixels().any(|pixel| *pixel != first), "{name} at {size:?} is blank");
            }
        }
    }
}

#[test]
fn questions_come_before_a_long_run_is_lost() {
    let long = Snapshot { step: 5000, ..snapshot(None) };
    let mut screen = Screen::default();
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    screen.act(Action::Reset { new_seed: false }, &long, &mut commands, &mut requests);
    assert!(commands.is_empty() && screen.is_covered(), "R on a long run asks first");
    screen.act(Action::Flip(Switch::Ema), &long, &mut commands, &mut requests);
    assert!(commands.is_empty(), "keys do nothing under a question");
    screen.act(Action::Escape, &long, &mut commands, &mut requests);
    assert!(commands.is_empty() && !screen.is_covered(), "Escape leaves everything as it is");
    screen.act(Action::Reset { new_seed: true }, &long, &mut commands, &mut requests);
    screen.act(Action::Confirm, &long, &mut commands, &mut requests);
    assert_eq!(commands.len(), 1);
    screen.close(&long, &mut requests);
    assert!(requests.is_empty(), "closing the window asks, too");
    screen.close(&long, &mut requests);
    assert_eq!(requests.len(), 1, "asked twice, it leaves");
}

#[test]
fn scenes_come_with_a_run_of_their_method() {
    let byol = snapshot(None);
    let dino = Snapshot { method: Method::Dino, ..snapshot(None) };
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut screen = Screen::new(Scene::Byol);
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    screen.act(Action::Scene(Scene::Dino), &byol, &mut commands, &mut requests);
    assert_eq!(commands, [Command::LoadPreset("dino".to_owned())]);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &byol);
    assert_eq!(screen.scene(), Scene::Byol, "BYOL trains until the preset is there");
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &dino);
    assert_eq!(screen.scene(), Scene::Dino);

    // Any method's crops are shown without ado; a long run is not lost without a question, and a no leaves the scene.
    commands.clear();
    screen.act(Action::Scene(Scene::Multicrop), &dino, &mut commands, &mut requests);
    assert!(commands.is_empty() && screen.scene() == Scene::Multicrop);
    let long = Snapshot { step: 5000, ..dino };
    screen.act(Action::Scene(Scene::Byol), &long, &mut commands, &mut requests);
    assert!(commands.is_empty() && screen.is_covered());
    screen.act(Action::Escape, &long, &mut commands, &mut requests);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &long);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &byol);
    assert_eq!(screen.scene(), Scene::Multicrop);
}

#[test]
fn the_dino_scene_shows_the_balance() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for balance in [Balance::Healthy, Balance::Dominant, Balance::Uniform, Balance::Constant] {
        let data = dino_snapshot(&gpu, 64, balance);
        let mut screen = Screen::new(Scene::Dino);
        let picture = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
        keep(&picture, &format!("dino-{balance:?}-1280x800.png"));
        assert!(coloured(&picture, [470, 100, 912, 640]).len() > 500, "{balance:?}: the strip has its colours");
    }
    let healthy = dino_snapshot(&gpu, 64, Balance::Healthy);
    for size in [[1920, 1080], [1024, 768], [1280, 720], [800, 600], [960, 540], [640, 480]] {
        let mut screen = Screen::new(Scene::Dino);
        let picture = draw(&gpu, &mut renderer, &mut screen, size, &healthy);
        keep(&picture, &format!("dino-{}x{}.png", size[0], size[1]));
    }
    let mut screen = Screen::new(Scene::Dino);
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    let before = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &healthy);
    screen.act(Action::Arrow(Direction::Right), &healthy, &mut commands, &mut requests);
    let after = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &healthy);
    assert_ne!(before, after, "the right arrow moves the band");
    screen.act(Action::Variant, &healthy, &mut commands, &mut requests);
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &healthy), "dino-cloud.png");
    screen.act(Action::Help, &healthy, &mut commands, &mut requests);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &healthy);
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &healthy), "dino-help.png");
    let many = dino_snapshot(&gpu, 1024, Balance::Healthy);
    let mut screen = Screen::new(Scene::Dino);
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &many), "dino-1024-prototypes.png");
    let few = dino_snapshot(&gpu, 8, Balance::Healthy);
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &few), "dino-8-prototypes.png");
    let waiting = Snapshot { distributions: None, inspection: None, step: 0, history: Arc::default(), ..healthy.clone() };
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &waiting), "dino-waiting.png");
    assert!(commands.is_empty() && requests.is_empty());
}

#[test]
fn columns_and_tabs_answer_to_the_mouse() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = dino_snapshot(&gpu, 64, Balance::Healthy);
    let mut screen = Screen::new(Scene::Dino);
    let size = [1280, 800];
    let canvas = Canvas::new(&gpu, size);
    let mut click = |screen: &mut Screen, at: [f32; 2], name: &str| {
        let mut commands = Vec::new();
        for down in [false, true, true, false, false] {
            let io = renderer.imgui().io_mut();
            io.add_mouse_pos_event(at);
            io.add_mouse_button_event(imgui::MouseButton::Left, down);
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            let delta = Duration::from_millis(16);
            commands.extend(renderer.draw(&mut encoder, canvas.view(), size, delta, None, screen, &data).commands);
            keep(&canvas.read(&gpu, encoder).expect("the frame is read back"), name);
        }
        commands
    };
    assert_eq!(screen.dino.chosen(), None);
    // The columns are 7 pixels wide and end at 912.
    assert!(click(&mut screen, [912.0 - 7.0 * 10.0 - 3.0, 500.0], "dino-clicked.png").is_empty());
    assert_eq!(screen.dino.chosen(), Some(53));
    assert_eq!(click(&mut screen, [560.0, 700.0], "dino-elsewhere.png"), []);
    assert_eq!(screen.dino.chosen(), Some(53));
    assert!(click(&mut screen, [130.0, 25.0], "dino-tab.png").is_empty(), "a long run is not lost without a question");
    assert!(screen.is_covered());
}

#[test]
fn broken_distributions_do_no_harm() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let healthy = dino_snapshot(&gpu, 16, Balance::Healthy);
    let of = |prototypes: u32, center: usize, batch: usize, cloud: usize, value: f32| {
        let values = |count: usize| Arc::<[f32]>::from(vec![value; count]);
        Distributions { prototypes, center: values(center), batch: values(batch), cloud: values(cloud) }
    };
    for distributions in [
        of(0, 0, 0, 0, 0.0),
        of(1, 1, 5, 5, 1.0),
        of(16, 0, 0, 0, 0.1),
        of(16, 3, 17, 33, f32::NAN),
        of(5000, 5000, 50_000, 50_000, f32::INFINITY),
    ] {
        let mut data = Snapshot { distributions: Some(distributions), ..healthy.clone() };
        data.dials.teacher_temperature = 0.0;
        data.dials.student_temperature = f32::NAN;
        let mut screen = Screen::new(Scene::Dino);
        let (mut commands, mut requests) = (Vec::new(), Vec::new());
        for size in [[1280, 800], [1920, 1080], [333, 241], [1, 1], [17, 1200]] {
            draw(&gpu, &mut renderer, &mut screen, size, &data);
            for direction in [Direction::Left, Direction::Down, Direction::Right, Direction::Up] {
                screen.act(Action::Arrow(direction), &data, &mut commands, &mut requests);
                draw(&gpu, &mut renderer, &mut screen, size, &data);
            }
        }
    }
}

#[test]
fn a_switch_that_the_method_lacks_is_left_alone() {
    let mut screen = Screen::default();
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    let byol = snapshot(None);
    for switch in Switch::ALL {
        screen.act(Action::Flip(switch), &byol, &mut commands, &mut requests);
    }
    assert_eq!(commands.len(), 3, "{commands:?}");
}

/// How long a frame takes on this machine; `cargo test --test frames panes -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn time_of_a_frame() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let byol = snapshot(Some(cloud(&gpu, 256, |image| {
        [(image as f32 * 0.7).sin() * 0.6, (image as f32 * 0.3).cos() * 0.6, (image as f32).sin() * 0.5]
    })));
    for data in [byol, dino_snapshot(&gpu, 64, Balance::Healthy)] {
        println!("{:?}", data.method);
        time_frames(&gpu, &mut renderer, &data);
    }
}

fn time_frames(gpu: &Arc<Gpu>, renderer: &mut FrameRenderer, data: &Snapshot) {
    let mut screen = Screen::default();
    let canvas = Canvas::new(gpu, [1280, 800]);
    for round in 0..4 {
        let began = Instant::now();
        let mut built = Duration::ZERO;
        for _ in 0..50 {
            let at = Instant::now();
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            renderer.draw(&mut encoder, canvas.view(), [1280, 800], Duration::from_millis(16), Some(60.0), &mut screen, data);
            gpu.queue.submit([encoder.finish()]);
            built += at.elapsed();
            gpu.wait().expect("the device");
        }
        println!(
            "round {round}: {:.1} ms a frame, {:.1} ms of it built on the CPU",
            began.elapsed().as_secs_f32() * 20.0,
            built.as_secs_f32() * 20.0
        );
        if round == 1 {
            screen.act(Action::Panels, data, &mut Vec::new(), &mut Vec::new());
            println!("panels hidden:");
        }
    }
}

//! Scene 4, kernels, drawn offscreen from made-up times: every size and look, what keys and the pointer do, and hostile data.

use std::collections::VecDeque;
use std::sync::Arc;

use twinlens::command::Command;
use twinlens::profile::{Clock, CopySpeed, Dispatch, Measured, Roof, StepTimes, Work};
use twinlens::snapshot::{FrameLane, KernelChoice, LaneSpan, Shares, Snapshot, SpanKind};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Request, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{build, draw, gpu, keep, one_at_a_time};

/// A part of a step: its scopes, its kernel, how often, and each time microseconds, thousand operations and bytes.
type Part = (&'static str, &'static str, usize, f64, u64, u64);

/// A step as a ViT's might be on two cores.
const STEP: [Part; 41] = [
    ("views", "draw_scenes", 1, 1310.0, 2400, 800),
    ("views", "crop_plan", 1, 24.0, 10, 20),
    ("views", "photometric", 2, 640.0, 1900, 790),
    ("views", "blur", 2, 410.0, 2500, 790),
    ("views", "patchify_quads", 1, 180.0, 0, 1570),
    ("student/encoder/tokens", "matmul_nn_register", 1, 720.0, 6300, 2300),
    ("student/encoder/tokens", "tokens_forward", 1, 90.0, 400, 1600),
    ("student/encoder/block0", "layernorm_forward_lanes", 2, 160.0, 1600, 1600),
    ("student/encoder/block0", "matmul_nn_register", 4, 900.0, 9400, 2400),
    ("student/encoder/block0", "attention_forward_lanes", 1, 3400.0, 6500, 3200),
    ("student/encoder/block0", "gelu_forward_quads", 1, 240.0, 3100, 3100),
    ("student/encoder/block0", "add_forward_quads", 2, 70.0, 400, 2400),
    ("student/encoder/block1", "layernorm_forward_lanes", 2, 150.0, 1600, 1600),
    ("student/encoder/block1", "matmul_nn_register", 4, 300.0, 3100, 900),
    ("student/encoder/block1", "attention_first_softmax", 1, 110.0, 200, 300),
    ("student/encoder/block1", "attention_first_mix_quads", 1, 140.0, 400, 1600),
    ("student/head", "matmul_nn_register", 3, 220.0, 1600, 700),
    ("student/head", "gelu_forward_quads", 2, 30.0, 200, 200),
    ("student/head", "l2norm_forward", 1, 20.0, 30, 60),
    ("teacher/encoder/tokens", "matmul_nn_register", 1, 700.0, 6300, 2300),
    ("teacher/encoder/tokens", "tokens_forward", 1, 90.0, 400, 1600),
    ("teacher/encoder/block0", "layernorm_forward_lanes", 2, 160.0, 1600, 1600),
    ("teacher/encoder/block0", "matmul_nn_register", 4, 890.0, 9400, 2400),
    ("teacher/encoder/block0", "attention_forward_lanes", 1, 3380.0, 6500, 3200),
    ("teacher/encoder/block0", "gelu_forward_quads", 1, 240.0, 3100, 3100),
    ("teacher/head", "matmul_nn_register", 3, 220.0, 1600, 700),
    ("teacher/head", "l2norm_forward", 1, 20.0, 30, 60),
    ("loss", "cross_entropy_pairs", 1, 95.0, 90, 200),
    ("loss", "cross_entropy_mean", 1, 18.0, 1, 2),
    ("backward/loss", "cross_entropy_backward", 1, 120.0, 120, 260),
    ("backward/student/head", "matmul_nt_register", 3, 260.0, 1600, 700),
    ("backward/student/head", "matmul_tn_register", 3, 340.0, 1600, 700),
    ("backward/student/encoder/block1", "matmul_tn_register", 4, 420.0, 3100, 900),
    ("backward/student/encoder/block0", "attention_backward_queries_lanes", 1, 3900.0, 9800, 4800),
    ("backward/student/encoder/block0", "attention_backward_keys_lanes", 1, 4600.0, 9800, 4800),
    ("backward/student/encoder/block0", "matmul_nt_register", 4, 940.0, 9400, 2400),
    ("backward/student/encoder/block0", "matmul_tn_register", 4, 1180.0, 9400, 2400),
    ("backward/student/encoder/block0", "layernorm_backward_lanes", 2, 420.0, 2700, 3200),
    ("update", "adamw_words", 1, 190.0, 1100, 1500),
    ("ema", "ema_words", 1, 60.0, 180, 700),
    ("meters", "step_log", 1, 12.0, 0, 1),
];

fn dispatches() -> Vec<(Dispatch, f64)> {
    let all = STEP.iter().flat_map(|&(scopes, kernel, count, micros, flops, bytes)| {
        let work = Work { flops: flops * 1000, bytes: bytes * 1000 };
        let dispatch = Dispatch { label: format!("{scopes}/{kernel}"), kernel: kernel.to_owned(), work, groups: [64, 1, 1] };
        std::iter::repeat_n((dispatch, micros), count)
    });
    all.collect()
}

fn roof() -> Roof {
    let copy = |bytes, gbps| CopySpeed { bytes, gbps };
    Roof {
        adapter: "made up".to_owned(),
        driver: "made up".to_owned(),
        peak_gflops: 80.0,
        copy: vec![copy(1 << 16, 18.0), copy(1 << 22, 9.0), copy(1 << 28, 4.4)],
        dispatch_micros: 20.0,
        submit_micros: 90.0,
        readback_micros: 120.0,
    }
}

/// Times of a dozen steps; products take `factor` times as long as in [`STEP`].
fn times(clock: Clock, roof: Option<Roof>, factor: f64) -> StepTimes {
    let (dispatches, micros): (Vec<Dispatch>, Vec<f64>) = dispatches().into_iter().unzip();
    let steps: VecDeque<Measured> = (1..=12_u64)
        .map(|step| {
            let noise = |index: usize| 1.0 + 0.01 * ((index as u64 * 7 + step * 5) % 9) as f64;
            let factor = |index: usize| if dispatches[index].kernel.starts_with("matmul") { factor } else { 1.0 };
            let micros: Vec<f64> = micros.iter().enumerate().map(|(index, micros)| micros * noise(index) * factor(index)).collect();
            let span_micros = micros.iter().sum::<f64>() * 1.04;
            Measured { step, micros, span_micros }
        })
        .collect();
    StepTimes::of(clock, dispatches.into(), &steps, roof.map(Arc::new))
}

/// The families that leave a choice.
fn variants() -> Vec<KernelChoice> {
    let choice = |family, kernels: &[&'static str], offered: &[&'static str]| KernelChoice {
        family,
        kernels: kernels.to_vec(),
        offered: offered.to_vec(),
        chosen: vec![offered[0]],
        asked: None,
    };
    vec![
        choice(
            "matmul",
            &["matmul_nn_register", "matmul_nt_register", "matmul_tn_register", "matmul_nt_workgroup", "matmul_nt_plain"],
            &["register", "workgroup", "plain"],
        ),
        choice("attention", &["attention_forward_lanes", "attention_forward_group"], &["lanes", "group"]),
    ]
}

/// 25 frames a second, one of them late.
fn lane() -> FrameLane {
    let mut spans = Vec::new();
    let mut at = 0.0;
    let mut push = |kind, millis: f32, job| {
        spans.push(LaneSpan { kind, start: at, end: at + millis, job });
        at += millis;
    };
    for frame in 0..30 {
        push(SpanKind::Training, 9.0, "step");
        push(SpanKind::Training, if frame == 26 { 40.0 } else { 14.0 }, "step");
        push(SpanKind::Idle, 5.0 + (frame % 3) as f32, "idle");
        push(SpanKind::Drawing, 11.0, "frame");
    }
    FrameLane { spans, goal: 40.0 }
}

/// A run whose steps are timed.
pub fn snapshot() -> Snapshot {
    Snapshot {
        frame_lane: Some(Arc::new(lane())),
        shares: Shares { training: 0.58, drawing: 0.27, idle: 0.15 },
        preset: "dino-vit".to_owned(),
        adapter: "llvmpipe (LLVM 15.0.6, 256 bits)".to_owned(),
        kernels: Some(Arc::new(times(Clock::Valid, Some(roof()), 1.0))),
        variants: Arc::new(variants()),
        ..crate::harness::snapshot(None)
    }
}

/// The same after another variant was taken; its first steps have been timed, or not yet.
pub fn changed(timed: bool) -> Snapshot {
    let mut data = snapshot();
    let mut changed = variants();
    (changed[0].chosen, changed[0].asked) = (vec!["workgroup"], Some("workgroup"));
    let mut slower = times(Clock::Valid, Some(roof()), 2.0);
    slower.last_step = data.step + 3;
    (data.variants, data.kernels) = (Arc::new(changed), timed.then(|| Arc::new(slower)));
    data
}

/// A run on an adapter whose clock runs backwards and whose roof is unknown.
pub fn without_roof() -> Snapshot {
    Snapshot { kernels: Some(Arc::new(times(Clock::Negative, None, 1.0))), ..snapshot() }
}

fn texts(screen: &Screen) -> Vec<&str> {
    screen.written.iter().map(|written| written.text.as_str()).collect()
}

fn says(screen: &Screen, words: &str) -> bool {
    texts(screen).iter().any(|text| text.contains(words))
}

#[test]
fn the_scene_is_complete() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot();
    for (name, size, look) in [
        ("1280", [1280, 800], Look::default()),
        ("720", [1280, 720], Look::default()),
        ("1024", [1024, 768], Look::default()),
        ("1920", [1920, 1080], Look::default()),
        ("640", [640, 480], Look::default()),
        ("light", [1280, 800], Look { theme: Theme::Light, presenting: false }),
        ("presenting", [1280, 720], Look { presenting: true, ..Look::default() }),
        ("presenting-light", [1920, 1080], Look { theme: Theme::Light, presenting: true }),
    ] {
        let mut screen = Screen::new(Scene::Kernels).with_look(look);
        screen.audit = true;
        let picture = draw(&gpu, &mut renderer, &mut screen, size, &data);
        keep(&picture, &format!("kernels-{name}.png"));
        for words in ["One training step", "student", "teacher", "backward", "matmul_nn_register", "share of step", "of roof"] {
            assert!(says(&screen, words), "{name}: {words:?} is missing");
        }
    }
}

#[test]
fn without_times_it_says_what_it_waits_for() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let waiting = Snapshot { kernels: None, ..snapshot() };
    for (name, data, words) in [
        ("playing", waiting.clone(), "under way is timed"),
        ("paused", Snapshot { playing: false, ..waiting.clone() }, "Training is paused: Space goes on"),
        ("stopped", Snapshot { stopped: Some("the loss is not finite".to_owned()), ..waiting }, "Training has stopped"),
    ] {
        let mut screen = Screen::new(Scene::Kernels);
        screen.audit = true;
        keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), &format!("kernels-{name}.png"));
        assert!(says(&screen, words), "{name}: {:?}", texts(&screen));
    }
    // Without a roof, everything else is there; with a clock that is worth nothing, the scene says so.
    let data = without_roof();
    let mut screen = Screen::new(Scene::Kernels);
    screen.audit = true;
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "kernels-no-roof.png");
    assert!(says(&screen, "timestamps run backwards: wall clock") && says(&screen, "has not been measured yet"), "{:?}", texts(&screen));
}

#[test]
fn profiling_goes_on_only_while_the_scene_is_open() {
    let data = snapshot();
    let mut screen = Screen::new(Scene::Byol);
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    let mut seen = Vec::new();
    for scene in [Scene::Byol, Scene::Kernels, Scene::Kernels, Scene::Multicrop, Scene::Kernels, Scene::Byol] {
        screen.act(Action::Scene(scene), &data, &mut commands, &mut requests);
        screen.tick(&data, 0.1, &mut commands);
        seen.append(&mut commands);
    }
    let profile = Command::ProfileSteps;
    assert_eq!(seen, [profile(true), profile(false), profile(true), profile(false)]);
}

#[test]
fn keys_choose_sort_change_and_export() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot();
    let mut screen = Screen::new(Scene::Kernels);
    screen.audit = true;
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    let caption = |screen: &Screen, kernel: &str| says(screen, &format!("{kernel} takes "));
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "matmul_nn_register"), "the largest is chosen first: {:?}", texts(&screen));
    screen.act(Action::Arrow(Direction::Down), &data, &mut commands, &mut requests);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "matmul_tn_register"));
    // By name: the first row is the first of the alphabet, and the chosen one stays chosen.
    screen.act(Action::Confirm, &data, &mut commands, &mut requests);
    screen.act(Action::Confirm, &data, &mut commands, &mut requests);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "matmul_tn_register"));
    for _ in 0..60 {
        screen.act(Action::Arrow(Direction::Up), &data, &mut commands, &mut requests);
    }
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "adamw_words"), "{:?}", texts(&screen));
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "kernels-by-name.png");
    // The last row comes into sight.
    for _ in 0..60 {
        screen.act(Action::Arrow(Direction::Down), &data, &mut commands, &mut requests);
    }
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "tokens_forward") && texts(&screen).iter().filter(|text| **text == "tokens_forward").count() >= 2);
    // Along the step: the dispatch after the first tokens_forward is a layernorm.
    for _ in 0..2 {
        screen.act(Action::Arrow(Direction::Right), &data, &mut commands, &mut requests);
    }
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(caption(&screen, "layernorm_forward_lanes"), "{:?}", texts(&screen));
    assert!(commands.is_empty() && requests.is_empty());

    screen.act(Action::Variant, &data, &mut commands, &mut requests);
    assert!(commands.is_empty(), "layernorm has no other variant in this snapshot");
    let mut screen = Screen::new(Scene::Kernels);
    screen.act(Action::Variant, &data, &mut commands, &mut requests);
    assert_eq!(commands, [Command::SetVariant { family: "matmul".to_owned(), variant: Some("workgroup".to_owned()) }]);
    screen.act(Action::Export, &data, &mut commands, &mut requests);
    screen.act(Action::Capture, &data, &mut commands, &mut requests);
    assert_eq!(requests, [Request::Export, Request::Capture]);
    requests.clear();
    screen.act(Action::Export, &Snapshot { kernels: None, ..data.clone() }, &mut commands, &mut requests);
    Screen::new(Scene::Byol).act(Action::Export, &data, &mut commands, &mut requests);
    assert!(requests.is_empty(), "nothing to export");
}

#[test]
fn another_variant_stands_beside_the_one_before() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut screen = Screen::new(Scene::Kernels);
    screen.audit = true;
    let mut data = snapshot();
    let mut show = |screen: &mut Screen, data: &Snapshot, name: &str| {
        let picture = draw(&gpu, &mut renderer, screen, [1280, 800], data);
        keep(&picture, &format!("kernels-variant-{name}.png"));
    };
    show(&mut screen, &data, "before");
    assert!(says(&screen, "not timed yet"), "the other variants: {:?}", texts(&screen));
    // The change has been taken, the first step with it has not been timed.
    let before = data.kernels.take();
    data = changed(false);
    show(&mut screen, &data, "waiting");
    assert!(says(&screen, "as it was timed last") && says(&screen, "is being timed"), "{:?}", texts(&screen));
    // A step of before that comes back late says nothing of the variant now.
    data.kernels = before;
    show(&mut screen, &data, "late");
    assert!(!says(&screen, " now"), "{:?}", texts(&screen));
    data = changed(true);
    show(&mut screen, &data, "after");
    assert!(says(&screen, "with register before") && says(&screen, "with workgroup now: 100 % more"), "{:?}", texts(&screen));
    // In another run the comparison means nothing.
    data.run += 1;
    show(&mut screen, &data, "other-run");
    assert!(!says(&screen, "with register"), "{:?}", texts(&screen));
}

#[test]
fn the_pointer_chooses_sorts_zooms_and_reads_out() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = Snapshot { playing: false, ..snapshot() };
    let size = [1280, 800];
    let mut screen = Screen::new(Scene::Kernels);
    screen.audit = true;
    let mut click = |screen: &mut Screen, at: [f32; 2]| {
        let mut commands = Vec::new();
        for down in [false, true, false, false] {
            let io = renderer.imgui().io_mut();
            (io.mouse_pos, io.mouse_down[0]) = (at, down);
            commands.extend(build(&gpu, &mut renderer, screen, size, &data).1.commands);
        }
        renderer.imgui().io_mut().mouse_pos = [-f32::MAX; 2];
        let (picture, _) = build(&gpu, &mut renderer, screen, size, &data);
        (picture, commands)
    };
    let (first, _) = click(&mut screen, [-10.0, -10.0]);
    let place = |screen: &Screen, words: &str| {
        let found = screen.written.iter().find(|text| text.text == words).unwrap_or_else(|| panic!("{words:?} is not written"));
        found.rect.centre()
    };
    let blur = place(&screen, "blur");
    click(&mut screen, blur);
    assert!(says(&screen, "blur takes "), "{:?}", texts(&screen));
    let head = place(&screen, "kernel");
    click(&mut screen, head);
    assert!(place(&screen, "blur")[1] < blur[1] - 40.0, "by name blur stands higher: {:?}", place(&screen, "blur"));
    // A variant's tile.
    let mut screen = Screen::new(Scene::Kernels);
    screen.audit = true;
    click(&mut screen, [-10.0, -10.0]);
    let tile = place(&screen, "plain");
    let (_, commands) = click(&mut screen, tile);
    assert_eq!(commands, [Command::SetVariant { family: "matmul".to_owned(), variant: Some("plain".to_owned()) }]);
    // The largest dispatch of the timeline.
    let bar = [936.0, 222.0];
    click(&mut screen, bar);
    assert!(says(&screen, "attention_backward_keys_lanes takes"), "{:?}", texts(&screen));

    // The wheel zooms, a double click shows everything again.
    let renderer = &mut renderer;
    renderer.imgui().io_mut().mouse_pos = bar;
    build(&gpu, renderer, &mut screen, size, &data);
    let (whole, _) = build(&gpu, renderer, &mut screen, size, &data);
    keep(&whole, "kernels-hover.png");
    screen.wheel(4.0);
    let (zoomed, _) = build(&gpu, renderer, &mut screen, size, &data);
    keep(&zoomed, "kernels-zoomed.png");
    let changed = |a: &image::RgbaImage, b: &image::RgbaImage| {
        (120..240).flat_map(|y| (16..1264).map(move |x| (x, y))).filter(|&(x, y)| a.get_pixel(x, y) != b.get_pixel(x, y)).count()
    };
    assert!(changed(&whole, &zoomed) > 5_000, "{}", changed(&whole, &zoomed));
    for _ in 0..2 {
        for down in [true, false] {
            renderer.imgui().io_mut().mouse_down[0] = down;
            build(&gpu, renderer, &mut screen, size, &data);
        }
    }
    renderer.imgui().io_mut().mouse_pos = [-f32::MAX; 2];
    build(&gpu, renderer, &mut screen, size, &data);
    let texts = texts(&screen);
    assert!(texts.contains(&"0") && texts.contains(&"40 ms"), "all of the step is shown again: {texts:?}");
    drop(first);
}

#[test]
fn hostile_times_are_drawn_all_the_same() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let with = |change: &dyn Fn(&mut StepTimes)| {
        let mut all = times(Clock::Zero, Some(roof()), 1.0);
        change(&mut all);
        Snapshot { kernels: Some(Arc::new(all)), ..snapshot() }
    };
    let broken = with(&|all| {
        all.median_micros[3] = f64::NAN;
        all.median_micros[4] = f64::INFINITY;
        all.median_micros[5] = -1e30;
        all.start_micros[7] = f64::NAN;
        all.start_micros.truncate(30);
        all.p95_micros.clear();
        all.span_micros = f64::NAN;
        all.kernels[0].share = f64::NAN;
        all.kernels[1].median_micros = f64::INFINITY;
        all.kernels[2].dispatches = vec![0, 1, 40];
        all.roof = Some(Arc::new(Roof { peak_gflops: f64::NAN, ..roof() }));
    });
    let zero = with(&|all| {
        all.median_micros.iter_mut().chain(&mut all.start_micros).for_each(|micros| *micros = 0.0);
        all.span_micros = 0.0;
        all.roof = Some(Arc::new(Roof { peak_gflops: 1e-9, copy: vec![CopySpeed { bytes: 1, gbps: 1e9 }], ..roof() }));
    });
    let one = with(&|all| {
        all.dispatches = all.dispatches[..1].into();
        all.kernels.truncate(1);
        all.kernels[0].dispatches = vec![0];
    });
    let deep = with(&|all| {
        let mut dispatches = all.dispatches.to_vec();
        for (index, dispatch) in dispatches.iter_mut().enumerate() {
            dispatch.label = format!("{}{}", "very_long_scope_name/".repeat(index % 30), dispatch.kernel);
        }
        all.dispatches = dispatches.into();
    });
    let empty = with(&|all| {
        all.dispatches = Arc::new([]);
        all.kernels.clear();
    });
    for (size, scale) in [([1280, 800], 1.0), ([640, 480], 1.0), ([333, 241], 3.0), ([1, 1], 1.0), ([2000, 40], 0.7), ([17, 1200], 4.0)] {
        renderer.request_scale(scale);
        for (name, data) in [("broken", &broken), ("zero", &zero), ("one", &one), ("deep", &deep), ("empty", &empty)] {
            let mut screen = Screen::new(Scene::Kernels);
            let picture = draw(&gpu, &mut renderer, &mut screen, size, data);
            if size == [1280, 800] {
                keep(&picture, &format!("kernels-hostile-{name}.png"));
            }
            let (mut commands, mut requests) = (Vec::new(), Vec::new());
            for action in
                [Action::Panels, Action::Arrow(Direction::Down), Action::Arrow(Direction::Right), Action::Confirm, Action::Present]
            {
                screen.act(action, data, &mut commands, &mut requests);
                draw(&gpu, &mut renderer, &mut screen, size, data);
            }
        }
    }
}

//! The pictures of a walked step, from made-up tensors: every sub-step at many sizes, every word in its place, and hostile numbers.

use std::sync::Arc;

use twinlens::command::Command;
use twinlens::config::Method;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{BatchPictures, Excerpt, Layer, Moment, OfOne, Snapshot, SubStep, Tensors, Walk};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::layout::Rect;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{buffer, cloud, draw, gpu, keep, one_at_a_time, snapshot};
use crate::layout::{problems, written};

const IMAGES: u32 = 16;

fn pictures(gpu: &Gpu, locals: u32) -> BatchPictures {
    let pixels = |count: u32, side: u32| {
        let word = |index: u32| {
            let (x, y, image) = (index % side, index / side % side, index / (side * side));
            0xff00_0000 | (x * 255 / side) << 16 | (y * 255 / side) << 8 | (image * 37 % 256)
        };
        buffer(gpu, &(0..count * side * side).map(word).collect::<Vec<u32>>())
    };
    let frame = |index: u32| ([0.05 * index as f32, 0.04 * index as f32, 0.4, 0.5], index.is_multiple_of(2));
    BatchPictures {
        images: IMAGES,
        batch: 64,
        whole: pixels(IMAGES, 16),
        whole_side: 16,
        shapes: (0..IMAGES).map(|image| [3 + image % 3, 4]).collect(),
        globals: pixels(128, 8),
        global_side: 8,
        locals: (locals > 0).then(|| pixels(64 * locals, 4)),
        local_side: 4,
        frames: (0..IMAGES).map(|_| (0..2 + locals).map(frame).collect()).collect(),
    }
}

fn excerpt(name: &'static str, columns: usize, value: impl Fn(usize, usize) -> f32) -> Excerpt {
    let rows = IMAGES as usize;
    let values = (0..rows * columns).map(|index| value(index / columns, index % columns)).collect();
    Excerpt { name, shape: [128, columns as u32], rows, columns, values }
}

fn waves(name: &'static str, columns: usize) -> Excerpt {
    excerpt(name, columns, |row, column| ((row * 7 + column * 3) as f32 * 0.37).sin() * 1.7)
}

fn layers(size: f64) -> Vec<Layer> {
    let names =
        ["encoder.stages.0.linear", "encoder.stages.0.norm", "encoder.stages.1.linear", "projector.0", "projector.3", "predictor.3"];
    let layer = |(index, name): (usize, &&str)| Layer {
        name: (*name).to_owned(),
        parameters: 4096,
        squares: [size * 10.0_f64.powi(index as i32 - 3), size * 8.0 * 10.0_f64.powi(index as i32 - 3)],
    };
    names.iter().enumerate().map(layer).collect()
}

/// A vision transformer's many layers.
fn many_layers() -> Vec<Layer> {
    let parts = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"];
    let names = (0..12).flat_map(|block| parts.map(|part| format!("encoder.blocks.{block}.{part}")));
    names.map(|name| Layer { name, parameters: 9, squares: [1e-4, 2e-4] }).collect()
}

fn walked(data: &Snapshot, at: SubStep, pictures: &BatchPictures, tensors: Tensors) -> Snapshot {
    let is_complete = SubStep::of(data.method).last() == Some(&at);
    let moment = Some(Moment { pictures: pictures.clone(), tensors, of_one: None });
    Snapshot { playing: false, walk: Some(Walk { step: 301, at, is_complete, waiting: 0, moment }), ..data.clone() }
}

fn softmax(columns: usize, sharpness: f32) -> Excerpt {
    let weight = |row: usize, column: usize| (sharpness * ((row * 5 + column * 11) as f32 * 0.71).sin()).exp();
    excerpt("distribution", columns, |row, column| weight(row, column) / (0..columns).map(|other| weight(row, other)).sum::<f32>())
}

/// A step walked in scene 3: what is of one image has its crops as rows.
fn of_crops(mut data: Snapshot, tensors: Tensors, losses: Vec<Vec<Option<f32>>>) -> Snapshot {
    if let Some(moment) = data.walk.as_mut().and_then(|walk| walk.moment.as_mut()) {
        moment.of_one = Some(OfOne { tensors, losses });
    }
    Snapshot { local_crops: 4, ..data }
}

/// The first rows of a matrix.
fn first_rows(excerpt: Excerpt, rows: usize) -> Excerpt {
    let values = excerpt.values[..rows * excerpt.columns].into();
    Excerpt { rows, values, ..excerpt }
}

/// The same in scene 3, with four local crops.
fn moments_of_crops(gpu: &Gpu) -> Vec<(&'static str, Scene, Snapshot)> {
    let data = crate::crops::snapshot(gpu, Some(crate::crops::inspection(gpu, [640, 480], 4, 3)));
    let byol = Snapshot { method: Method::Byol, ..data.clone() };
    let dino = Snapshot { method: Method::Dino, ..data };
    let shown = pictures(gpu, 4);
    let forward = |view, columns: &[(&'static str, usize)], rows| {
        let matrices = columns.iter().map(|(name, columns)| first_rows(waves(name, *columns), rows)).collect();
        Tensors::Forward { view, matrices }
    };
    let head = [("embedding", 48), ("bottleneck", 32), ("logits", 64)];
    let mlp = [("embedding", 96), ("projection z", 32), ("prediction q", 32)];
    let losses = |size: f32| {
        let loss = |global: usize, crop: usize| (crop != global).then_some(size * (1.0 + 0.2 * crop as f32));
        (0..2).map(|global| (0..6).map(|crop| loss(global, crop)).collect()).collect::<Vec<Vec<_>>>()
    };
    let compared = Tensors::Cosines {
        mean: 0.6,
        student: first_rows(waves("q", 32), 6),
        teacher: first_rows(waves("z", 32), 6),
        cosines: vec![0.9, 0.7, 0.3, 0.1, -0.2, 0.5],
    };
    let distributions = Tensors::Distributions {
        mean: 2.2,
        student: first_rows(softmax(64, 1.0), 6),
        teacher: first_rows(softmax(64, 4.0), 6),
        losses: vec![Some(2.2); 6],
    };
    let gradients = |teacher: Option<Excerpt>| Tensors::Gradients {
        layers: layers(1e-3),
        student: Some(first_rows(waves("student", 32), 6)),
        teacher: teacher.map(|teacher| first_rows(teacher, 2)),
        clip: 3.0,
    };
    let at = |data: &Snapshot, at, tensors: Tensors, losses| of_crops(walked(data, at, &shown, tensors.clone()), tensors, losses);
    let crops = Scene::Multicrop;
    vec![
        ("crops-views", crops, walked(&dino, SubStep::Views, &shown, Tensors::Views)),
        ("crops-student", crops, at(&dino, SubStep::Student, forward(1, &head, 6), Vec::new())),
        ("crops-teacher", crops, at(&dino, SubStep::Teacher, forward(2, &head, 2), Vec::new())),
        ("crops-loss", crops, at(&dino, SubStep::Loss, distributions, losses(1.7))),
        ("crops-byol-student", crops, at(&byol, SubStep::Student, forward(1, &mlp, 6), Vec::new())),
        ("crops-byol-loss", crops, at(&byol, SubStep::Loss, compared, losses(0.4))),
        ("crops-backward", crops, at(&dino, SubStep::Backward, gradients(Some(waves("teacher", 32))), Vec::new())),
        ("crops-ema", crops, walked(&dino, SubStep::Ema, &shown, Tensors::Ema { layers: layers(0.1) })),
    ]
}

/// Every sub-step of both methods, and of scene 3.
pub fn moments(gpu: &Gpu) -> Vec<(&'static str, Scene, Snapshot)> {
    let byol = snapshot(Some(cloud(gpu, 16, |_| [0.0, 0.0, 1.0])));
    let dino = Snapshot { method: Method::Dino, ..byol.clone() };
    let shown = pictures(gpu, 0);
    let with_locals = pictures(gpu, 6);
    let byol = |at, tensors| walked(&byol, at, &shown, tensors);
    let of_dino = |at, tensors| walked(&dino, at, &shown, tensors);
    let cosines = (0..16).map(|row| (row as f32 * 0.4).cos()).collect();
    let matrices = vec![waves("embedding", 96), waves("projection z", 32), waves("prediction q", 32)];
    let of_head = vec![waves("embedding", 96), waves("bottleneck", 32), waves("logits", 64)];
    let compared = Tensors::Cosines { mean: 0.412, student: waves("q", 32), teacher: waves("z", 32), cosines };
    let gradients = |teacher| Tensors::Gradients { layers: layers(1e-3), student: Some(waves("student", 32)), teacher, clip: 3.0 };
    let center = |size: f32| (0..64).map(|index| (index as f32 * 0.9).sin() * size).collect::<Arc<[f32]>>();
    vec![
        ("views", Scene::Byol, byol(SubStep::Views, Tensors::Views)),
        ("student", Scene::Byol, byol(SubStep::Student, Tensors::Forward { view: 1, matrices: matrices.clone() })),
        ("teacher", Scene::Byol, byol(SubStep::Teacher, Tensors::Forward { view: 2, matrices: matrices[..2].to_vec() })),
        ("loss", Scene::Byol, byol(SubStep::Loss, compared)),
        ("backward", Scene::Byol, byol(SubStep::Backward, gradients(None))),
        ("backward-through", Scene::Byol, byol(SubStep::Backward, gradients(Some(waves("teacher", 32))))),
        ("update", Scene::Byol, byol(SubStep::Update, Tensors::Update { layers: many_layers() })),
        ("ema", Scene::Byol, byol(SubStep::Ema, Tensors::Ema { layers: layers(0.1) })),
        ("dino-views", Scene::Dino, walked(&Snapshot { local_crops: 6, ..dino.clone() }, SubStep::Views, &with_locals, Tensors::Views)),
        ("dino-student", Scene::Dino, of_dino(SubStep::Student, Tensors::Forward { view: 1, matrices: of_head })),
        (
            "dino-loss",
            Scene::Dino,
            of_dino(
                SubStep::Loss,
                Tensors::Distributions { mean: 3.1, student: softmax(64, 1.0), teacher: softmax(64, 4.0), losses: vec![Some(2.9); 16] },
            ),
        ),
        ("dino-centre", Scene::Dino, of_dino(SubStep::Center, Tensors::Center { before: center(0.2), after: center(0.3) })),
    ]
    .into_iter()
    .chain(moments_of_crops(gpu))
    .collect()
}

#[test]
fn every_sub_step_has_its_picture() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let all = moments(&gpu);
    let size = [1280, 800];
    let unwalked = Snapshot { walk: None, ..all[0].2.clone() };
    let cloud = draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), size, &unwalked);
    for (name, scene, data) in &all {
        for theme in [Theme::Dark, Theme::Light] {
            let mut screen = Screen::new(*scene).with_look(Look { theme, ..Look::default() });
            let frame = draw(&gpu, &mut renderer, &mut screen, size, data);
            let differing = frame.pixels().zip(cloud.pixels()).filter(|(a, b)| a != b).count();
            assert!(differing > 20_000, "{name}: {differing} pixels differ from the cloud's picture");
            keep(&frame, &format!("walk-{name}{}.png", if theme == Theme::Light { "-light" } else { "" }));
        }
    }
}

#[test]
fn every_word_of_a_walk_has_its_place() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let all = moments(&gpu);
    let mut found = Vec::new();
    for (size, scale, presenting) in [
        ([1024, 768], 1.0, false),
        ([1280, 720], 1.0, false),
        ([1280, 800], 1.25, false),
        ([1920, 1080], 1.0, false),
        ([1920, 1080], 2.0, false),
        ([3840, 2160], 3.0, false),
        ([1280, 720], 1.0, true),
    ] {
        renderer.request_scale(scale);
        let canvas = Canvas::new(&gpu, size);
        for (name, scene, data) in &all {
            let mut screen = Screen::new(*scene).with_look(Look { presenting, ..Look::default() });
            let texts = written(&gpu, &mut renderer, &mut screen, &canvas, data);
            let window = Rect::new(0.0, 0.0, size[0] as f32 / renderer.scale(), size[1] as f32 / renderer.scale());
            // The other panes have tests of their own.
            let pane = texts.iter().find(|text| text.text.contains("301,")).map(|text| text.pane);
            let pane = pane.unwrap_or_else(|| panic!("{name} at {size:?}: where the walk stands is not said"));
            let of_pane: Vec<_> = texts.into_iter().filter(|text| text.pane == pane).collect();
            assert!(of_pane.iter().any(|text| text.text == "W"), "{name} at {size:?}: W is not shown");
            found.extend(
                problems(&of_pane, window).into_iter().map(|problem| format!("{name} at {size:?} x{scale} {presenting}: {problem}")),
            );
            if size == [1920, 1080] && scale == 1.0 || presenting || size == [1024, 768] {
                let frame = draw(&gpu, &mut renderer, &mut screen, size, data);
                keep(&frame, &format!("walk-{name}-{}{}.png", size[0], if presenting { "-room" } else { "" }));
            }
        }
    }
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));
}

#[test]
fn hostile_tensors_are_drawn_all_the_same() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot(None);
    let shown = pictures(&gpu, 0);
    let empty = Excerpt { name: "empty", shape: [0, 0], rows: 0, columns: 0, values: Arc::from([]) };
    let torn = Excerpt { name: "torn", shape: [128, 4096], rows: 16, columns: 4096, values: Arc::from([f32::NAN, 1.0]) };
    let odd = excerpt("odd", 40, |row, column| [f32::NAN, f32::INFINITY, -f32::INFINITY, 1e38, -1e-38, 0.0][(row + column) % 6]);
    let odd_layers: Vec<Layer> = [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e-300, 1e300]
        .map(|square| Layer {
            name: "a.very.long.name.of.a.layer.that.never.ends.at.all.weight_v".to_owned(),
            parameters: 0,
            squares: [square; 2],
        })
        .into();
    let center: Arc<[f32]> = Arc::from([f32::NAN, f32::INFINITY, -1e38, 0.0]);
    let mut hostile =
        vec![Tensors::Forward { view: 1, matrices: Vec::new() }, Tensors::Center { before: Arc::from([]), after: center.clone() }];
    for one in [&empty, &torn, &odd] {
        hostile.push(Tensors::Forward { view: 2, matrices: vec![one.clone(), one.clone()] });
        hostile.push(Tensors::Cosines { mean: f32::NAN, student: one.clone(), teacher: odd.clone(), cosines: vec![f32::NAN, 9.0, -9.0] });
        let losses = vec![None, Some(f32::INFINITY)];
        hostile.push(Tensors::Distributions { mean: f32::INFINITY, student: one.clone(), teacher: odd.clone(), losses });
        let outputs = [Some(one.clone()), Some(odd.clone())];
        let [student, teacher] = outputs;
        hostile.push(Tensors::Gradients { layers: odd_layers.clone(), student, teacher, clip: f32::NAN });
    }
    for layers in [Vec::new(), odd_layers, many_layers()] {
        hostile.push(Tensors::Update { layers: layers.clone() });
        hostile.push(Tensors::Ema { layers });
    }
    hostile.push(Tensors::Center { before: center.clone(), after: center });
    for size in [[320, 240], [560, 400], [1280, 800]] {
        for tensors in &hostile {
            let walked = walked(&data, SubStep::Loss, &shown, tensors.clone());
            draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), size, &walked);
            let crops = of_crops(walked, tensors.clone(), vec![vec![Some(f32::NAN), None], Vec::new(), vec![Some(1.0)]]);
            draw(&gpu, &mut renderer, &mut Screen::new(Scene::Multicrop), size, &crops);
        }
    }
    let mut broken = shown.clone();
    (broken.shapes, broken.frames) = (Vec::new(), vec![vec![([f32::NAN, -9.0, f32::INFINITY, 0.0], true)]]);
    for scene in [Scene::Byol, Scene::Multicrop] {
        draw(&gpu, &mut renderer, &mut Screen::new(scene), [1280, 800], &walked(&data, SubStep::Views, &broken, Tensors::Views));
    }
}

#[test]
fn w_walks_and_space_goes_on() {
    let gpu = gpu();
    let data = walked(&snapshot(None), SubStep::Views, &pictures(&gpu, 0), Tensors::Views);
    let mut screen = Screen::new(Scene::Byol);
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    for action in [Action::Walk, Action::PlayPause, Action::Step] {
        screen.act(action, &data, &mut commands, &mut requests);
    }
    assert_eq!(commands, [Command::Walk, Command::Play, Command::Step]);
}

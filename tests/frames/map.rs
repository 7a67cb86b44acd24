//! Scene 5, the map of collapse: a made-up grid of learners, and the proposal of one.

use std::sync::Arc;

use twinlens::command::{Command, Gather};
use twinlens::config::{Gathering, MapAxes, Method};
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Cloud, LearnerView, Snapshot, Verdict, VerdictKind};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Request, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{self, alone, draw, gpu, keep, of_points, one_at_a_time};

/// Images of each cell's cloud.
const IMAGES: u32 = 64;

/// A grid whose left columns have collapsed, the last cell not judged yet.
pub fn snapshot(gpu: &Gpu, method: Method, columns: usize, rows: usize) -> Snapshot {
    let axes = MapAxes::default_of(method, columns, rows);
    let count = columns * rows;
    let collapsed = |learner: usize| 3 * axes.cell(learner)[0] < columns;
    let points = (0..count).flat_map(|learner| {
        (0..IMAGES).flat_map(move |image| {
            let spread = if collapsed(learner) { 0.05 } else { 2.5 };
            let (turn, tilt) = (spread * (image as f32 * 0.61).sin(), 0.5 * spread * (image as f32 * 0.37).cos());
            let [x, y, z] = [turn.cos() * tilt.cos(), tilt.sin(), turn.sin() * tilt.cos()];
            [x, y, z, -1.0, x, y, z, 0.1]
        })
    });
    let points: Vec<f32> = points.collect();
    let places: Arc<[f32]> = points[..IMAGES as usize * 8].into();
    let cloud = Cloud { count: IMAGES, learners: count as u32, places, ..of_points(gpu, points) };
    let mut data = harness::snapshot(Some(cloud));
    data.method = method;
    let verdict = |kind, reason: &str| Verdict { kind, meter: "embedding std", value: 0.1, reason: reason.to_owned(), wanting: 0 };
    let learner = |learner: usize| {
        let kind = match learner {
            last if last + 1 == count => VerdictKind::Unknown,
            learner if collapsed(learner) && method == Method::Dino => VerdictKind::Dominant,
            learner if collapsed(learner) => VerdictKind::Complete,
            _ => VerdictKind::Healthy,
        };
        LearnerView { verdict: verdict(kind, "a made-up reason of more than a few words"), ..alone(&data) }
    };
    data.learners = (0..count).map(learner).collect();
    data.gathering = Gathering::Map(axes);
    data
}

fn act(screen: &mut Screen, action: Action, data: &Snapshot) -> (Vec<Command>, Vec<Request>) {
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    screen.act(action, data, &mut commands, &mut requests);
    (commands, requests)
}

#[test]
fn a_map_is_drawn_in_every_look() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let alarm = |picture: &image::RgbaImage| picture.pixels().filter(|pixel| pixel.0[..3] == [0xD5, 0x5E, 0x00]).count();
    for (side, method) in [(4, Method::Byol), (16, Method::Byol), (3, Method::Dino)] {
        let data = snapshot(&gpu, method, side, side);
        for (theme, presenting, size) in [
            (Theme::Dark, false, [1280, 800]),
            (Theme::Light, false, [1024, 640]),
            (Theme::Dark, true, [1280, 800]),
            (Theme::Dark, false, [640, 480]),
        ] {
            let mut screen = Screen::new(Scene::Map).with_look(Look { theme, presenting });
            let picture = draw(&gpu, &mut renderer, &mut screen, size, &data);
            keep(&picture, &format!("map-{}-{side}-{}x{}-{theme:?}-{presenting}.png", method.name(), size[0], size[1]));
            // Dots of collapsed cells, their frames and their marks.
            assert!(alarm(&picture) > 300, "{method:?} {side} {size:?}: {}", alarm(&picture));
        }
    }
    renderer.request_scale(2.0);
    let data = snapshot(&gpu, Method::Byol, 4, 4);
    let mut screen = Screen::new(Scene::Map);
    keep(&draw(&gpu, &mut renderer, &mut screen, [2560, 1600], &data), "map-scale-2.png");
}

#[test]
fn numbers_that_are_none_draw_nothing() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut data = snapshot(&gpu, Method::Byol, 2, 2);
    let mut picture_of = |value: f32| {
        let points = vec![value; 4 * IMAGES as usize * 8];
        data.cloud = Some(Cloud { count: IMAGES, learners: 4, ..of_points(&gpu, points) });
        draw(&gpu, &mut renderer, &mut Screen::new(Scene::Map), [640, 480], &data)
    };
    let nothing = picture_of(f32::NAN);
    assert_eq!(picture_of(1e30), nothing, "nor does what lies far beyond the sphere");
    assert_ne!(picture_of(0.3), nothing);
}

#[test]
fn keys_choose_a_cell_and_have_it_go_on_alone() {
    let gpu = gpu();
    let mut data = snapshot(&gpu, Method::Byol, 4, 3);
    let mut screen = Screen::new(Scene::Map);
    let bring = |cell| (vec![Command::BringToFront(cell)], vec![]);
    assert_eq!(act(&mut screen, Action::Arrow(Direction::Right), &data), bring(1));
    assert_eq!(act(&mut screen, Action::Arrow(Direction::Down), &data), bring(4));
    assert!(act(&mut screen, Action::Arrow(Direction::Left), &data).0.is_empty(), "at the edge");
    data.front = 11;
    assert_eq!(act(&mut screen, Action::Arrow(Direction::Up), &data), bring(7));
    assert_eq!(act(&mut screen, Action::Export, &data).1, [Request::ExportMap]);
    assert!(act(&mut screen, Action::Escape, &data).0.is_empty() && !screen.is_asking());
    assert_eq!(screen.scene(), Scene::Byol, "Escape leaves the scene, not the program");
    let mut screen = Screen::new(Scene::Map);
    assert!(act(&mut screen, Action::Confirm, &data).0.is_empty() && screen.is_asking(), "the others end: it asks");
    assert_eq!(act(&mut screen, Action::Confirm, &data).0, [Command::Gather(Gather::Alone(11))]);
    assert_eq!(screen.scene(), Scene::Byol, "it is shown in the scene of its method");
}

#[test]
fn a_map_is_proposed_by_what_this_adapter_can_do() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let side_at = |renderer: &mut FrameRenderer, speed: f32, most: u32| {
        let mut data = harness::snapshot(None);
        (data.steps_per_second, data.most_learners) = (speed, most);
        let mut screen = Screen::new(Scene::Map);
        draw(&gpu, renderer, &mut screen, [1280, 800], &data);
        match act(&mut screen, Action::Confirm, &data).0.as_slice() {
            [Command::Gather(Gather::Map(axes))] => axes.size(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(side_at(&mut renderer, 5.0, 256), [3, 3], "a slow adapter");
    assert_eq!(side_at(&mut renderer, 60.0, 256), [5, 5]);
    assert_eq!(side_at(&mut renderer, 4000.0, 256), [16, 16], "a fast one");
    assert_eq!(side_at(&mut renderer, 4000.0, 121), [11, 11], "and its memory");
    assert_eq!(side_at(&mut renderer, 0.0, 256), [4, 4], "nothing is known");

    // The arrow keys change the size; what does not fit cannot be started.
    let mut data = harness::snapshot(None);
    data.most_learners = 4;
    let mut screen = Screen::new(Scene::Map);
    screen.audit = true;
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "map-proposal.png");
    for direction in [Direction::Right, Direction::Right, Direction::Down] {
        act(&mut screen, Action::Arrow(direction), &data);
    }
    let picture = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    keep(&picture, "map-does-not-fit.png");
    assert!(screen.written.iter().any(|text| text.text.contains("12 learners do not fit")), "{:?}", screen.written);
    assert!(act(&mut screen, Action::Confirm, &data).0.is_empty());

    // While a map trains, another one may be proposed; a long run is not lost unasked.
    let mut data = snapshot(&gpu, Method::Byol, 3, 3);
    data.step = 900;
    let mut screen = Screen::new(Scene::Map);
    act(&mut screen, Action::Variant, &data);
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "map-another.png");
    assert!(act(&mut screen, Action::Confirm, &data).0.is_empty() && screen.is_asking());
    act(&mut screen, Action::Escape, &data);
    act(&mut screen, Action::Escape, &data);
    assert_eq!(screen.scene(), Scene::Map, "the first Escape goes back to the map that trains");
}

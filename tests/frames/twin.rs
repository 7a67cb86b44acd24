//! Several learners on the screen: the two of a twin side by side, seeds with their spread, what keys, clicks and questions do with
//! them.

use std::sync::Arc;

use image::RgbaImage;
use twinlens::command::{Change, Command, Dial, Gather, Switch};
use twinlens::config::Gathering;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Event, Snapshot, Verdict, VerdictKind};
use twinlens::view::explain::measured::off_alone;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::gathering;
use twinlens::view::layout::Rect;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{alone, bring_to_front, build, draw, gpu, keep, one_at_a_time, several, snapshot};
use crate::layout::{problems, written};
use crate::{crops, panes};

const SIZE: [u32; 2] = [1280, 800];

fn around(image: u32) -> [f32; 3] {
    let (turn, height) = (image as f32 * 2.4, 1.0 - 2.0 * (image as f32 + 0.5) / 64.0);
    let ring = (1.0 - height * height).sqrt();
    [ring * turn.cos(), height, ring * turn.sin()]
}

fn at_one_place(image: u32) -> [f32; 3] {
    [0.0, 0.01 * (image % 3) as f32, 0.99]
}

/// A twin: B without predictor, collapsed at step 340 of 400.
pub fn twin(gpu: &Gpu) -> Snapshot {
    let data = Snapshot { step: 400, ..snapshot(None) };
    let mut data = several(gpu, data, Gathering::Twin, &[&around, &at_one_place]);
    let other = &mut data.learners[1];
    other.switches.predictor = false;
    other.verdict = Verdict { kind: VerdictKind::Complete, value: 0.02, ..other.verdict.clone() };
    other.collapsed_at = Some(340);
    let history = Arc::make_mut(&mut other.history);
    for (_, value) in history.embedding_std.points.iter_mut().skip(100) {
        *value = 0.02;
    }
    data.events = vec![
        Event { step: 100, seconds: 1.0, change: Change::Switch(Switch::Predictor, false), learner: Some(1) },
        Event { step: 104, seconds: 1.1, change: Change::Switch(Switch::Ema, false), learner: None },
        Event { step: 180, seconds: 1.1, change: Change::Switch(Switch::Ema, true), learner: None },
    ];
    data
}

/// Seeds 0, 1, ..., of which seed 1 has collapsed.
pub fn seeds(gpu: &Gpu, count: usize) -> Snapshot {
    let place: &dyn Fn(u32) -> [f32; 3] = &around;
    let mut data = several(gpu, snapshot(None), Gathering::Seeds, &vec![place; count]);
    for (seed, learner) in data.learners.iter_mut().enumerate() {
        let history = Arc::make_mut(&mut learner.history);
        history.embedding_std.points.iter_mut().for_each(|point| point.1 -= 0.05 * seed as f32);
    }
    data.learners[1].verdict.kind = VerdictKind::Complete;
    data
}

/// Pixels that are neither ground nor nearly so, in a part of the picture.
fn painted(picture: &RgbaImage, area: Rect) -> usize {
    let [left, top, right, bottom] = [area.min[0], area.min[1], area.max[0], area.max[1]].map(|edge| edge as u32);
    let bright = |x, y| picture.get_pixel(x, y).0[..3].iter().any(|&value| value > 0x60);
    (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))).filter(|&(x, y)| bright(x, y)).count()
}

#[test]
fn both_clouds_are_drawn_each_with_its_own_dots() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = twin(&gpu);
    let [left, right] = [Rect::new(380.0, 280.0, 620.0, 520.0), Rect::new(665.0, 280.0, 905.0, 520.0)];
    let picture = draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), SIZE, &data);
    keep(&picture, "twin.png");
    let [spread, collapsed] = [left, right].map(|area| painted(&picture, area));
    assert!(spread > collapsed + 500, "A is spread out, B is at one place: {spread} and {collapsed} pixels");
    // The other in front: the pictures of the two stay where they are.
    let front = draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), SIZE, &bring_to_front(&data, 1));
    keep(&front, "twin-b.png");
    let again = [left, right].map(|area| painted(&front, area));
    assert!(again[0].abs_diff(spread) < 50 && again[1].abs_diff(collapsed) < 50, "{again:?} after {spread} and {collapsed}");
    for (theme, presenting) in [(Theme::Light, false), (Theme::Dark, true)] {
        let mut screen = Screen::new(Scene::Byol).with_look(Look { theme, presenting });
        keep(&draw(&gpu, &mut renderer, &mut screen, SIZE, &data), &format!("twin-{theme:?}-{presenting}.png"));
    }
    for count in [3, 5, 9] {
        let data = bring_to_front(&seeds(&gpu, count), 2);
        keep(&draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), SIZE, &data), &format!("seeds-{count}.png"));
    }
}

#[test]
fn the_words_say_in_what_they_differ_and_how_they_are_doing() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut data = twin(&gpu);
    let sentence = |data: &Snapshot| gathering::headline(data).expect("there are several").sentence;
    assert_eq!(sentence(&data), "B without predictor: collapsed at step 340; A healthy.");
    assert_eq!(gathering::described(&data, 0), "with predictor");
    data.learners[1].verdict.kind = VerdictKind::Healthy;
    data.learners[1].collapsed_at = None;
    assert_eq!(sentence(&data), "B without predictor: no collapse so far; A healthy.");
    data.learners[1].dials.tau = 0.5;
    assert_eq!(gathering::described(&data, 1), "without predictor, τ 0.500");
    data.learners[1].switches.predictor = true;
    assert_eq!(sentence(&data), "B with τ 0.500: no collapse so far; A healthy.");
    data.learners[1] = alone(&data);
    assert_eq!(sentence(&data), "A and B are still the same: flip a switch of A.");
    let mut data = seeds(&gpu, 5);
    assert_eq!(gathering::tally(&data.learners), "4 of 5 healthy, seed 1 complete collapse");
    data.learners[3].verdict.kind = VerdictKind::Complete;
    assert_eq!(gathering::tally(&data.learners), "3 of 5 healthy, 2 complete collapse");
    data.learners.iter_mut().for_each(|learner| learner.verdict.kind = VerdictKind::Healthy);
    assert_eq!(sentence(&data), "5 of 5 healthy.");
    assert!(gathering::headline(&snapshot(None)).is_none());
}

#[test]
fn what_is_flipped_is_flipped_in_front_and_taken_back_there() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let data = bring_to_front(&twin(&gpu), 1);
    let mut screen = Screen::new(Scene::Byol);
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    for action in [Action::Flip(Switch::Predictor), Action::Undo, Action::FlipAll(Switch::Ema), Action::Undo, Action::NextInFront] {
        screen.act(action, &data, &mut commands, &mut requests);
    }
    let one = |on| Command::ChangeOne { learner: 1, change: Change::Switch(Switch::Predictor, on) };
    let both = |on| Command::SetSwitch { switch: Switch::Ema, on };
    assert_eq!(commands, [one(true), one(false), both(false), both(true), Command::BringToFront(0)]);
    // What was tried on one side is not told of the other.
    let tried = |front| off_alone(Switch::Predictor, &bring_to_front(&data, front)).is_some();
    assert_eq!([tried(0), tried(1)], [false, true]);
    let dial = Command::SetDial { dial: Dial::Tau, value: 0.5 };
    let expected = Command::ChangeOne { learner: 1, change: Change::Dial(Dial::Tau, 0.5) };
    assert_eq!(gathering::directed(dial.clone(), &data, false), expected);
    assert_eq!(gathering::directed(dial.clone(), &data, true), dial);
    assert_eq!(gathering::directed(dial.clone(), &seeds(&gpu, 3), false), dial, "seeds are changed together");
}

#[test]
fn who_trains_is_asked_where_something_would_be_lost() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let press = |data: &Snapshot, actions: &[Action]| {
        let mut screen = Screen::new(Scene::Byol);
        let (mut commands, mut requests) = (Vec::new(), Vec::new());
        actions.iter().for_each(|&action| screen.act(action, data, &mut commands, &mut requests));
        (commands, screen.is_asking())
    };
    let right = Action::Arrow(Direction::Right);
    let single = snapshot(None);
    assert_eq!(press(&single, &[Action::Twin]), (vec![Command::Gather(Gather::Twin(None))], false), "nothing is lost");
    assert_eq!(press(&single, &[Action::Several]), (vec![], true));
    assert_eq!(press(&single, &[Action::Several, Action::Escape]), (vec![], false));
    assert_eq!(press(&single, &[Action::Several, Action::Confirm]).0, [Command::Gather(Gather::Twin(None))]);
    for (rights, count) in [(1, 3), (2, 5), (3, 9), (7, 9)] {
        let actions = [vec![Action::Several], vec![right; rights], vec![Action::Confirm]].concat();
        assert_eq!(press(&single, &actions).0, [Command::Gather(Gather::Seeds(count))]);
    }
    let two = twin(&gpu);
    assert_eq!(press(&two, &[Action::Twin]), (vec![], true));
    assert_eq!(press(&two, &[Action::Twin, Action::Confirm]).0, [Command::Gather(Gather::Alone(0))]);
    assert_eq!(press(&two, &[Action::Twin, right, Action::Confirm]).0, [Command::Gather(Gather::Alone(1))]);
    assert_eq!(press(&bring_to_front(&two, 1), &[Action::Twin, Action::Confirm]).0, [Command::Gather(Gather::Alone(1))]);
    let five = bring_to_front(&seeds(&gpu, 5), 3);
    assert_eq!(press(&five, &[Action::Twin, Action::Confirm]).0, [Command::Gather(Gather::Alone(3))]);
    assert_eq!(press(&five, &[Action::NextInFront]).0, [Command::BringToFront(4)]);
}

#[test]
fn a_click_brings_the_other_to_the_front() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for (data, ids) in [(twin(&gpu), vec!["side B", "other cloud", "learner 1"]), (seeds(&gpu, 9), vec!["learner 1"])] {
        for id in ids {
            let mut screen = Screen::new(Scene::Byol);
            screen.audit = true;
            draw(&gpu, &mut renderer, &mut screen, SIZE, &data);
            let touched = screen.pointing.touched.take();
            let at = touched.iter().find(|(other, _)| other == id).unwrap_or_else(|| panic!("{id} may be touched")).1.centre();
            let mut asked = Vec::new();
            for down in [None, Some(true), Some(false)] {
                let io = renderer.imgui().io_mut();
                io.add_mouse_pos_event(at);
                if let Some(down) = down {
                    io.add_mouse_button_event(imgui::MouseButton::Left, down);
                }
                asked.extend(build(&gpu, &mut renderer, &mut screen, SIZE, &data).1.commands);
            }
            assert_eq!(asked, [Command::BringToFront(1)], "{id}");
            // A drag over it turns both, and asks for nothing.
            if id == "other cloud" {
                let before = screen.centre.camera;
                for (x, down) in [(0.0, Some(true)), (30.0, None), (60.0, Some(false)), (60.0, None)] {
                    let io = renderer.imgui().io_mut();
                    io.add_mouse_pos_event([at[0] + x, at[1]]);
                    if let Some(down) = down {
                        io.add_mouse_button_event(imgui::MouseButton::Left, down);
                    }
                    assert!(build(&gpu, &mut renderer, &mut screen, SIZE, &data).1.commands.is_empty());
                }
                assert_ne!(screen.centre.camera, before);
            }
            renderer.imgui().io_mut().add_mouse_pos_event([-1e3, -1e3]);
        }
    }
}

#[test]
fn several_learners_leave_every_text_its_place() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let dino = panes::dino_snapshot(&gpu, 64, panes::Balance::Healthy);
    let of_dino = |gathering, count: usize| {
        let place: &dyn Fn(u32) -> [f32; 3] = &around;
        let all = several(&gpu, dino.clone(), gathering, &vec![place; count]);
        Snapshot { cloud: dino.cloud.clone(), ..all }
    };
    let crops = crops::snapshot(&gpu, Some(crops::inspection(&gpu, [640, 480], 4, 3)));
    let place: &dyn Fn(u32) -> [f32; 3] = &around;
    let crops = Snapshot { cloud: crops.cloud.clone(), ..several(&gpu, crops, Gathering::Twin, &[place, place]) };
    let cases = [
        ("twin", Scene::Byol, twin(&gpu)),
        ("seeds", Scene::Byol, seeds(&gpu, 5)),
        ("nine seeds", Scene::Byol, bring_to_front(&seeds(&gpu, 9), 8)),
        ("twin of DINO", Scene::Dino, of_dino(Gathering::Twin, 2)),
        ("seeds of DINO", Scene::Dino, of_dino(Gathering::Seeds, 5)),
        ("crops", Scene::Multicrop, crops),
    ];
    let mut found = Vec::new();
    for size in [[1024, 640], [1280, 800], [1920, 1080]] {
        let canvas = Canvas::new(&gpu, size);
        for (scale, presenting) in [(1.0, false), (2.0, false), (1.0, true)] {
            renderer.request_scale(scale);
            for (name, scene, data) in &cases {
                for asks in [false, true] {
                    let mut screen = Screen::new(*scene).with_look(Look { presenting, ..Look::default() });
                    if asks {
                        screen.act(Action::Twin, data, &mut Vec::new(), &mut Vec::new());
                        assert!(screen.is_asking(), "{name}");
                    }
                    let texts = written(&gpu, &mut renderer, &mut screen, &canvas, data);
                    let window = Rect::new(0.0, 0.0, size[0] as f32 / renderer.scale(), size[1] as f32 / renderer.scale());
                    let place = format!("{name} {}x{} at {scale} presenting {presenting} asks {asks}", size[0], size[1]);
                    found.extend(problems(&texts, window).into_iter().map(|problem| format!("{place}: {problem}")));
                }
            }
        }
    }
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));
}

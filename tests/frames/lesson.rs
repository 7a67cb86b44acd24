//! The band of a lesson and the list of lessons: at every size and scale, in both modes, and what keys and pointer do there.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::Command;
use twinlens::gpu::Gpu;
use twinlens::lesson::{Lesson, shipped_names};
use twinlens::snapshot::{Snapshot, Verdict, VerdictKind};
use twinlens::view::charts::{reading, short};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::paint::Written;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};
use twinlens::view::theme::Look;
use twinlens::view::tint::Tint;

use crate::harness::*;
use crate::layout::{SCALES, SIZES, problems_of};

fn lesson(name: &str) -> Lesson {
    Lesson::load(name, &[]).expect("it is shipped")
}

fn press(screen: &mut Screen, action: Action, snapshot: &Snapshot) -> Vec<Command> {
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    screen.act(action, snapshot, &mut commands, &mut requests);
    screen.tick(snapshot, 0.1, &mut commands);
    commands
}

/// Brings the screen to page `page` of a lesson (a question is a page of its own), with made-up runs that reach what they want.
fn play(screen: &mut Screen, name: &str, page: usize, snapshot: &mut Snapshot) {
    let lesson = screen.lessons.add(lesson(name));
    screen.lessons.start(lesson, snapshot);
    let mut turned = 0;
    for _ in 0..200 {
        let mut commands = Vec::new();
        screen.tick(snapshot, 0.1, &mut commands);
        for command in commands {
            match command {
                Command::StartRun(config) => {
                    (snapshot.run, snapshot.step, snapshot.method) = (snapshot.run + 1, 0, config.method);
                    (snapshot.switches, snapshot.dials) = ((&config.hyper).into(), (&config.hyper).into());
                }
                Command::PlayTo(step) => {
                    snapshot.step = step;
                    let wanted = screen.lessons.player().and_then(|player| player.step().expect.as_ref()?.verdict);
                    snapshot.verdict = Verdict {
                        kind: wanted.unwrap_or_default(),
                        meter: "embedding std",
                        value: 0.04,
                        reason: "made up".to_owned(),
                        wanting: 0,
                    };
                }
                Command::Walk => walk_on(snapshot),
                Command::SetSwitch { switch: twinlens::command::Switch::Predictor, on } => snapshot.switches.predictor = on,
                _ => {}
            }
        }
        if screen.lessons.player().is_some_and(|player| !player.is_busy()) {
            if turned == page {
                return;
            }
            turned += 1;
            screen.act(Action::NextPage, snapshot, &mut Vec::new(), &mut Vec::new());
        }
    }
    panic!("page {page} of {name} is not reached");
}

fn written(gpu: &Arc<Gpu>, renderer: &mut FrameRenderer, screen: &mut Screen, canvas: &Canvas, snapshot: &Snapshot) -> Vec<Written> {
    screen.audit = true;
    for _ in 0..2 {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        renderer.draw(&mut encoder, canvas.view(), canvas.size(), Duration::from_millis(16), Some(60.0), screen, snapshot);
    }
    std::mem::take(&mut screen.written)
}

/// The longest texts that a lesson may have.
fn longest() -> Lesson {
    let words = |length: usize| "every word of it ".repeat(20)[..length].trim_end().to_owned() + "!";
    let text = format!(
        "title = \"{}\"\nsummary = \"{}\"\n[[step]]\ncaption = \"{}\"\ndetail = \"{}\"\npreset = \"byol-fast\"\n\
         [[step]]\ncaption = \"c\"\nask = {{ question = \"{}\", choices = [\"{c}\", \"{c}\", \"{c}\", \"{c}\"] }}\n\
         published = {{ value = \"{}\", what = \"{c}\", source = \"{c}\" }}\n",
        words(60),
        words(238),
        words(98),
        words(238),
        words(98),
        words(14),
        c = words(58),
    );
    Lesson::parse("longest", "lesson longest", &text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_band_holds_its_texts_at_every_size_and_scale() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut found = Vec::new();
    let mut checked = 0;
    for size in SIZES {
        let canvas = Canvas::new(&gpu, size);
        for presenting in [false, true] {
            for scale in SCALES.into_iter().take(if presenting { 1 } else { SCALES.len() }) {
                renderer.request_scale(scale);
                // The longest words, a question, what was measured with a published figure, the last page.
                for (name, page) in
                    [("longest", 0), ("longest", 1), ("longest", 2), ("asymmetries", 2), ("asymmetries", 3), ("one-step", 8)]
                {
                    let mut data = snapshot(None);
                    (data.playing, data.step) = (false, 0);
                    let mut screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
                    if name == "longest" {
                        let lesson = screen.lessons.add(longest());
                        screen.lessons.start(lesson, &data);
                        (0..page).for_each(|_| drop(press(&mut screen, Action::NextPage, &data)));
                    } else {
                        play(&mut screen, name, page, &mut data);
                    }
                    let written = written(&gpu, &mut renderer, &mut screen, &canvas, &data);
                    let height = size[1] as f32 / renderer.scale();
                    let band = |text: &Written| text.pane.max[1] >= height - 1.0 && text.pane.min[0] < 1.0 && text.pane.min[1] > 100.0;
                    let count = written.iter().filter(|text| band(text)).count();
                    checked += count;
                    assert!(count > 3, "{name} page {page} at {size:?}, {scale}: {count} texts in the band");
                    found.extend(problems_of(&written, band).into_iter().map(|problem| {
                        format!(
                            "{name} page {page}, {}x{} at {scale}{}: {problem}",
                            size[0],
                            size[1],
                            if presenting { ", presenting" } else { "" }
                        )
                    }));
                }
            }
        }
    }
    assert!(checked > 1000, "only {checked} texts");
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));
}

#[test]
fn pictures_to_look_at() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let cases = [
        ("asymmetries", 1, [1280, 800], 1.0, false),
        ("asymmetries", 2, [1280, 800], 1.0, false),
        ("asymmetries", 3, [1280, 800], 1.0, false),
        ("asymmetries", 3, [1024, 768], 1.0, false),
        ("asymmetries", 3, [1920, 1080], 1.0, false),
        ("asymmetries", 2, [1280, 720], 1.0, true),
        ("asymmetries", 3, [1280, 720], 1.0, true),
        ("asymmetries", 3, [1280, 720], 2.0, false),
    ];
    for (name, page, size, scale, presenting) in cases {
        renderer.request_scale(scale);
        let mut data = snapshot(Some(cloud(&gpu, 64, |image| [0.1 * (image % 5) as f32, 0.2, 0.3])));
        (data.playing, data.step) = (false, 0);
        let mut screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
        play(&mut screen, name, page, &mut data);
        let shown = draw(&gpu, &mut renderer, &mut screen, size, &data);
        let mode = if presenting { "-presenting" } else { "" };
        keep(&shown, &format!("lesson-{name}-{page}-{}x{}-{scale}{mode}.png", size[0], size[1]));
    }
}

#[test]
fn the_list_opens_chooses_and_starts() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut data = snapshot(Some(cloud(&gpu, 64, |_| [0.0, 0.0, 1.0])));
    (data.playing, data.step) = (false, 20);
    let mut found = Vec::new();
    for (size, presenting) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        let canvas = Canvas::new(&gpu, size);
        for scale in SCALES.into_iter().take(if presenting { 1 } else { SCALES.len() }) {
            renderer.request_scale(scale);
            let mut screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
            press(&mut screen, Action::Lessons, &data);
            assert!(screen.is_covered());
            let written = written(&gpu, &mut renderer, &mut screen, &canvas, &data);
            assert!(written.iter().any(|text| text.text.starts_with("BYOL's three")), "{size:?} {scale}");
            found
                .extend(problems_of(&written, |_| true).into_iter().map(|problem| format!("{size:?} at {scale}, {presenting}: {problem}")));
            if scale == 1.0 {
                keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), &format!("lessons-{}x{}-{presenting}.png", size[0], size[1]));
            }
        }
    }
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));

    let mut screen = Screen::new(Scene::Byol);
    press(&mut screen, Action::Lessons, &data);
    (0..2).for_each(|_| drop(press(&mut screen, Action::NextPage, &data)));
    press(&mut screen, Action::PreviousPage, &data);
    let commands = press(&mut screen, Action::Confirm, &data);
    let player = screen.lessons.player().expect("the second lesson is played");
    assert_eq!(player.lesson().name, shipped_names()[1]);
    assert!(commands.iter().any(|command| matches!(command, Command::StartRun(config) if config.preset == "dino-fast")), "{commands:?}");
    // Escape leaves the lesson, not the program.
    press(&mut screen, Action::Escape, &data);
    assert!(screen.lessons.player().is_none() && !screen.is_covered());

    // A long run is not ended without asking.
    data.step = 800;
    press(&mut screen, Action::Lessons, &data);
    assert!(press(&mut screen, Action::Confirm, &data).is_empty());
    assert!(screen.is_asking() && screen.lessons.player().is_none());
    assert!(!press(&mut screen, Action::Confirm, &data).is_empty() && screen.lessons.player().is_some());
}

#[test]
fn a_page_colours_the_cloud_as_its_lesson_says() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let text = "title = \"T\"\nsummary = \"S\"\n[[step]]\ncaption = \"C\"\npreset = \"byol-fast\"\ncolour = \"loss\"\n\
                [[step]]\ncaption = \"D\"\ncolour = \"cluster\"\n[[step]]\ncaption = \"E\"\n";
    let coloured = Lesson::parse("coloured", "lesson coloured", text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let data = snapshot(Some(cloud(&gpu, 64, |image| [0.01 * image as f32, 0.2, 0.3])));
    let mut screen = Screen::new(Scene::Byol);
    let before = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert_eq!(screen.centre.tint(), Some(Tint::Class));
    let lesson = screen.lessons.add(coloured);
    screen.lessons.start(lesson, &data);
    screen.tick(&data, 0.1, &mut Vec::new());
    let loss = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert_eq!(screen.centre.tint(), Some(Tint::Loss));
    press(&mut screen, Action::NextPage, &data);
    let cluster = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert_eq!(screen.centre.tint(), Some(Tint::Cluster));
    for (one, other) in [(&before, &loss), (&loss, &cluster)] {
        let cloud = |picture: &image::RgbaImage| image::imageops::crop_imm(picture, 400, 130, 480, 330).to_image();
        let changed = cloud(one).pixels().zip(cloud(other).pixels()).filter(|(a, b)| a != b).count();
        assert!(changed > 50, "{changed} pixels of the cloud have another colour");
    }
    // What the user chooses stays on a page that says nothing.
    press(&mut screen, Action::Tint, &data);
    let chosen = screen.centre.tint();
    press(&mut screen, Action::NextPage, &data);
    draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    assert!(screen.centre.tint() != Some(Tint::Cluster), "{chosen:?}");
}

#[test]
fn what_is_measured_otherwise_is_shown() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut data = snapshot(None);
    (data.playing, data.step) = (false, 0);
    let mut screen = Screen::new(Scene::Byol);
    play(&mut screen, "asymmetries", 2, &mut data);
    press(&mut screen, Action::NextPage, &data);
    data.switches.predictor = false;
    data.step += 60;
    data.verdict = Verdict { kind: VerdictKind::Healthy, meter: "embedding std", value: 0.5, reason: "made up".to_owned(), wanting: 0 };
    press(&mut screen, Action::Resample, &data);
    let canvas = Canvas::new(&gpu, [1280, 800]);
    let written = written(&gpu, &mut renderer, &mut screen, &canvas, &data);
    let all: String = written.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join(" ");
    assert!(all.contains("Measured otherwise than the lesson expects"), "{all}");
    let reads = short(reading(&data.history.embedding_std, data.step).expect("it was measured"));
    assert!(all.contains(&format!("healthy (embedding std {reads}")), "{all}");
    assert!(!all.contains("nothing is learned"), "an outcome that was not measured: {all}");
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "lesson-missed.png");
}

#[test]
fn the_first_start_offers_a_lesson_once() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot(Some(cloud(&gpu, 64, |_| [0.0, 0.0, 1.0])));
    let canvas = Canvas::new(&gpu, [1280, 800]);
    let mut screen = Screen::new(Scene::Byol);
    let offers = |screen: &mut Screen, renderer: &mut FrameRenderer| {
        written(&gpu, renderer, screen, &canvas, &data).iter().any(|text| text.text.contains("New here?"))
    };
    assert!(!offers(&mut screen, &mut renderer));
    screen.lessons.make_offer();
    assert!(offers(&mut screen, &mut renderer));
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), "first-start.png");
    (0..59).for_each(|_| screen.tick(&data, 1.0, &mut Vec::new()));
    assert!(offers(&mut screen, &mut renderer) && !screen.lessons.take_settled());
    (0..2).for_each(|_| screen.tick(&data, 1.0, &mut Vec::new()));
    assert!(!offers(&mut screen, &mut renderer), "it goes after the first minute");
    assert!(screen.lessons.take_settled() && !screen.lessons.take_settled());
    // A lesson that is started is all that it asked for.
    let mut screen = Screen::new(Scene::Byol);
    screen.lessons.make_offer();
    press(&mut screen, Action::Lessons, &data);
    press(&mut screen, Action::Confirm, &data);
    assert!(screen.lessons.take_settled() && !offers(&mut screen, &mut renderer));
}

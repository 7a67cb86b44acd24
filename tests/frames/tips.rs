//! Everything explains itself: whatever may be touched and every number that is written answer the pointer with a sentence, a
//! tooltip or the pane's own words. The frames are built and recorded, but not drawn.

use std::sync::Arc;
use std::time::Duration;

use twinlens::config::Method;
use twinlens::gpu::Gpu;
use twinlens::lesson::Lesson;
use twinlens::snapshot::{ImagesReport, Loading, Snapshot};
use twinlens::view::explain::parts::Part;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Recording, Screen};
use twinlens::view::theme::Look;

use crate::harness::{bring_to_front, cloud, gpu, one_at_a_time, snapshot};
use crate::{crops, kernels, map, panes, scrubber, twin, walk};

const AWAY: [f32; 2] = [-1e3, -1e3];

/// A pointer that is moved over frames.
struct Pointer {
    gpu: Arc<Gpu>,
    renderer: FrameRenderer,
    canvas: Canvas,
    frames: u32,
}

impl Pointer {
    fn new(gpu: &Arc<Gpu>) -> Self {
        let renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
        Self { gpu: gpu.clone(), renderer, canvas: Canvas::new(gpu, [1280, 800]), frames: 0 }
    }

    fn frame(&mut self, screen: &mut Screen, data: &Snapshot, at: [f32; 2]) {
        let scale = self.renderer.scale();
        self.renderer.imgui().io_mut().add_mouse_pos_event(at.map(|value| value * scale));
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let (view, size) = (self.canvas.view(), self.canvas.size());
        let built = self.renderer.draw(&mut encoder, view, size, Duration::from_millis(16), Some(60.0), screen, data);
        assert!(built.commands.is_empty() && built.requests.is_empty(), "to point is to ask for nothing");
        self.frames += 1;
        if self.frames.is_multiple_of(64) {
            // What was written to buffers goes.
            self.gpu.queue.submit([]);
        }
    }

    /// What answers nothing, or not in a sentence.
    fn silent(&mut self, screen: &mut Screen, data: &Snapshot) -> Vec<String> {
        screen.audit = true;
        (0..3).for_each(|_| self.frame(screen, data, AWAY));
        let areas = screen.pointing.touched.take();
        assert!(!areas.is_empty(), "nothing may be touched");
        // The cloud answers where its images are; another test points at them.
        let areas = areas.iter().filter(|(id, _)| id != "cloud").map(|(id, area)| (format!("area {id}"), area.centre()));
        // The key list and what a card says are explanations themselves.
        let numbers = if screen.is_covered() { Vec::new() } else { std::mem::take(&mut screen.written) };
        let has_digit = |text: &str| text.chars().any(|letter| letter.is_ascii_digit());
        let numbers =
            numbers.iter().filter(|written| has_digit(&written.text)).map(|text| (format!("{:?}", text.text), text.rect.centre()));
        let mut silent = Vec::new();
        for (name, at) in areas.chain(numbers).collect::<Vec<_>>() {
            self.frame(screen, data, at);
            let told = screen.pointing.told.take();
            if !told.iter().any(|text| text.split_whitespace().count() >= 3) {
                silent.push(format!("{name} at {at:?}: {told:?}"));
            }
        }
        silent
    }
}

/// A name, what is on the screen, and what trains.
type Case = (String, Screen, Snapshot);

fn report() -> ImagesReport {
    let skipped = (0..3).map(|index| (format!("/pictures/{index}.png"), "no picture".to_owned())).collect();
    ImagesReport { name: "/pictures".to_owned(), images: 300, sizes: [[32, 32]; 2], skipped, ..Default::default() }
}

fn cases(gpu: &Arc<Gpu>) -> Vec<Case> {
    let mut byol = snapshot(Some(cloud(gpu, 64, |image| [(image as f32 * 0.4).sin() * 0.9, (image as f32 * 0.7).cos() * 0.4, 0.1])));
    byol.inspection = Some(crops::inspection(gpu, [256, 256], 0, 0));
    let dino = panes::dino_snapshot(gpu, 64, panes::Balance::Healthy);
    let multicrop = crops::snapshot(gpu, Some(crops::inspection(gpu, [640, 480], 4, 3)));
    let mut without_locals = crops::snapshot(gpu, Some(crops::inspection(gpu, [32, 32], 0, 0)));
    without_locals.local_crops = 0;
    let scenes = [(Scene::Byol, &byol), (Scene::Dino, &dino), (Scene::Multicrop, &multicrop), (Scene::Multicrop, &without_locals)];
    let mut cases: Vec<Case> = Vec::new();
    for (scene, data) in scenes {
        for presenting in [false, true] {
            let screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
            cases.push((format!("{} presenting {presenting}", scene.name()), screen, data.clone()));
        }
    }
    // The kernels: timed, not timed yet, and in presenting mode; a dispatch chosen; the variant changed, before and after it is timed.
    let timed = kernels::snapshot();
    let untimed = Snapshot { kernels: None, ..timed.clone() };
    for (name, data) in [("kernels", &timed), ("untimed kernels", &untimed)] {
        for presenting in [false, true] {
            let screen = Screen::new(Scene::Kernels).with_look(Look { presenting, ..Look::default() });
            cases.push((format!("{name} presenting {presenting}"), screen, data.clone()));
        }
    }
    let act = |screen: &mut Screen, action: Action, data: &Snapshot| screen.act(action, data, &mut Vec::new(), &mut Vec::new());
    let mut screen = Screen::new(Scene::Kernels);
    act(&mut screen, Action::Arrow(Direction::Right), &timed);
    act(&mut screen, Action::Confirm, &timed);
    cases.push(("a dispatch".to_owned(), screen, timed));
    cases.push(("kernels without a roof".to_owned(), Screen::new(Scene::Kernels), kernels::without_roof()));
    for timed in [false, true] {
        cases.push((format!("another variant, timed {timed}"), Screen::new(Scene::Kernels), kernels::changed(timed)));
    }
    // The cloud in place of the prototypes, with pictures; everything switched off; images on their way in; a film; the offer.
    let mut screen = Screen::new(Scene::Dino);
    act(&mut screen, Action::Variant, &dino);
    cases.push(("the cloud of DINO".to_owned(), screen, dino.clone()));
    for (scene, data) in [(Scene::Byol, &byol), (Scene::Dino, &dino)] {
        let mut data = data.clone();
        for switch in twinlens::command::Switch::ALL {
            data.switches.set(switch, false);
        }
        data.loading = Some(Loading { name: "/pictures".to_owned(), doing: "reading", done: 3, total: 10 });
        data.notices = vec!["3 files were skipped".to_owned()];
        data.images_report = Some(Arc::new(report()));
        let mut screen = Screen::new(scene);
        screen.recording = Some(Recording { seconds: 12.3, frames: 298 });
        screen.lessons.make_offer();
        cases.push((format!("{} busy", scene.name()), screen, data));
    }
    // Several learners, and the questions about them.
    let [two, seeds] = [twin::twin(gpu), twin::seeds(gpu, 5)];
    for (name, data) in [("twin", &two), ("twin with B in front", &bring_to_front(&two, 1)), ("seeds", &seeds)] {
        for presenting in [false, true] {
            let screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
            cases.push((format!("{name} presenting {presenting}"), screen, data.clone()));
        }
    }
    for (name, data) in [("one", &byol), ("two", &two), ("seeds", &seeds)] {
        let mut screen = Screen::new(Scene::Byol);
        act(&mut screen, Action::Several, data);
        cases.push((format!("who trains, {name}"), screen, data.clone()));
    }
    // The past: now, an earlier step, steps that are done again, none for lack of room.
    for (name, mut data) in [("byol", byol.clone()), ("dino", dino.clone())] {
        for (state, past) in scrubber::pasts() {
            data.past = Some(past);
            let scene = if name == "byol" { Scene::Byol } else { Scene::Dino };
            for presenting in [false, true] {
                let screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
                cases.push((format!("{name}, past {state}, presenting {presenting}"), screen, data.clone()));
            }
        }
    }
    // Zoomed charts, a chosen image.
    let mut screen = Screen::new(Scene::Byol);
    screen.timeline.run_at(byol.step);
    let axis = screen.timeline.axis(byol.step);
    screen.timeline.zoom(&axis, 4.0, 0.5);
    let mut chosen = byol.clone();
    if let Some(cloud) = &mut chosen.cloud {
        let neighbours = (1..7).map(|image| (image, 0.9)).collect();
        cloud.selection = Some(twinlens::snapshot::Selection { image: 0, neighbours });
    }
    cases.push(("zoomed, an image chosen".to_owned(), screen, chosen));
    // A step that is walked, in every sub-step, with changes that wait.
    for (name, scene, mut data) in walk::moments(gpu) {
        if let Some(walk) = &mut data.walk {
            walk.waiting = 2;
        }
        cases.push((format!("walk {name}"), Screen::new(scene), data));
    }
    // The map, and the proposal of one.
    for (name, data) in [
        ("a map", map::snapshot(gpu, Method::Byol, 4, 4)),
        ("a map of DINO", map::snapshot(gpu, Method::Dino, 3, 3)),
        ("no map", byol.clone()),
    ] {
        for presenting in [false, true] {
            let screen = Screen::new(Scene::Map).with_look(Look { presenting, ..Look::default() });
            cases.push((format!("{name}, presenting {presenting}"), screen, data.clone()));
        }
    }
    // Lessons: their pages.
    for (name, pages) in [("asymmetries", 3), ("one-step", 1)] {
        let mut screen = Screen::new(Scene::Byol);
        let lesson = screen.lessons.add(Lesson::load(name, &[]).expect("it is shipped"));
        screen.lessons.start(lesson, &byol);
        for page in 0..=pages {
            screen.tick(&byol, 0.1, &mut Vec::new());
            let mut copy = Screen::new(Scene::Byol);
            let lesson = copy.lessons.add(Lesson::load(name, &[]).expect("it is shipped"));
            copy.lessons.start(lesson, &byol);
            (0..page).for_each(|_| act(&mut copy, Action::NextPage, &byol));
            cases.push((format!("lesson {name} page {page}"), copy, byol.clone()));
        }
    }
    // What lies over the panes.
    for (name, action) in [("lessons", Action::Lessons), ("own images", Action::OwnImages), ("question", Action::Quit)].into_iter() {
        let mut data = byol.clone();
        data.images_report = Some(Arc::new(report()));
        let mut screen = Screen::new(Scene::Byol);
        act(&mut screen, action, &data);
        cases.push((name.to_owned(), screen, data));
    }
    // Cards: every leaf has its buttons.
    for leaf in [0, 1] {
        let mut screen = Screen::new(Scene::Byol);
        screen.card.ask(Part::StopGradient, 0);
        cases.push((format!("card, leaf {leaf}"), screen, byol.clone()));
    }
    cases
}

#[test]
fn whatever_may_be_touched_and_every_number_explains_itself() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut pointer = Pointer::new(&gpu);
    let mut silent = Vec::new();
    let mut checked = 0;
    for size in [[1280, 800], [1024, 768], [1920, 1080]] {
        pointer.canvas = Canvas::new(&gpu, size);
        for (name, mut screen, data) in cases(&gpu) {
            // Sizes other than the first show other wordings of the panes, not of what lies over them.
            if size != [1280, 800] && !name.contains("presenting") && !name.contains("busy") {
                continue;
            }
            if let Some(leaf) = name.strip_prefix("card, leaf ") {
                pointer.frame(&mut screen, &data, AWAY);
                screen.card.turn(leaf.parse().expect("a number"));
            }
            if name.starts_with("another variant") {
                pointer.frame(&mut screen, &kernels::snapshot(), AWAY);
                pointer.frame(&mut screen, &kernels::changed(false), AWAY);
            }
            let found = pointer.silent(&mut screen, &data);
            checked += 1;
            silent.extend(found.into_iter().map(|what| format!("{}x{} {name}: {what}", size[0], size[1])));
        }
    }
    println!("{checked} screens, {} frames", pointer.frames);
    assert!(silent.is_empty(), "{} say nothing:\n{}", silent.len(), silent.join("\n"));
}

#[test]
fn a_preset_tells_what_it_shows() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut pointer = Pointer::new(&gpu);
    let data = snapshot(None);
    let mut screen = Screen::new(Scene::Byol);
    screen.audit = true;
    (0..2).for_each(|_| pointer.frame(&mut screen, &data, AWAY));
    let areas = screen.pointing.touched.take();
    let preset = areas.iter().find(|(id, _)| id == "preset").expect("the preset's name may be touched").1.centre();
    for down in [false, true, false] {
        pointer.renderer.imgui().io_mut().add_mouse_button_event(imgui::MouseButton::Left, down);
        pointer.frame(&mut screen, &data, preset);
    }
    assert!(screen.is_covered());
    let silent = pointer.silent(&mut screen, &data);
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_images_of_the_cloud_answer_the_pointer() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut pointer = Pointer::new(&gpu);
    for presenting in [false, true] {
        let data = snapshot(Some(cloud(&gpu, 64, |_| [0.0, 0.0, 0.0])));
        let mut screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
        screen.audit = true;
        (0..2).for_each(|_| pointer.frame(&mut screen, &data, AWAY));
        let areas = screen.pointing.touched.take();
        let cloud = areas.iter().find(|(id, _)| id == "cloud").expect("the cloud may be touched").1;
        let middle = twinlens::view::panels::centre::stage(&cloud, presenting).centre;
        (0..2).for_each(|_| pointer.frame(&mut screen, &data, middle));
        let told = screen.pointing.told.take();
        assert!(told.iter().any(|text| text.contains("cos")), "presenting {presenting}: {told:?}");
    }
}

/// Words that say in what a meter is counted.
const UNITS: [&str; 9] = ["nats", "0 to 4", "1 to d", "Share", "0 one point", "0 is one point", "osine", "place", "how often"];

#[test]
fn every_meter_says_in_what_it_is_counted() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut pointer = Pointer::new(&gpu);
    pointer.canvas = Canvas::new(&gpu, [1920, 1600]);
    let byol = snapshot(None);
    let dino = panes::dino_snapshot(&gpu, 64, panes::Balance::Healthy);
    let multicrop = crops::snapshot(&gpu, Some(crops::inspection(&gpu, [640, 480], 4, 3)));
    let mut meters = 0;
    for (scene, data) in [(Scene::Byol, &byol), (Scene::Dino, &dino), (Scene::Multicrop, &multicrop)] {
        let mut screen = Screen::new(scene);
        screen.audit = true;
        (0..2).for_each(|_| pointer.frame(&mut screen, data, AWAY));
        let areas = screen.pointing.touched.take();
        for (id, area) in areas.iter().filter(|(id, _)| id.starts_with("beside ")) {
            let title = format!("about {}", &id["beside ".len()..]);
            let title = areas.iter().find(|(other, _)| *other == title).expect("a chart has a title").1;
            for at in [area.centre(), title.centre()] {
                pointer.frame(&mut screen, data, at);
                let told = screen.pointing.told.take().join(" ");
                let counted = UNITS.iter().any(|unit| told.contains(unit));
                // A word beside the plot may lie over its middle.
                assert!(counted || told.contains("ogarithmic"), "{id}: {told}");
                meters += usize::from(counted);
            }
        }
    }
    assert!(meters >= 24, "only {meters} answers");
}

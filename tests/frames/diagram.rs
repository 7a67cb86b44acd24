//! The mechanism diagram: what is off is gone, what flows moves with steps only, parts explain themselves on cards that never cover
//! what they explain, and a click on a sub-step walks to it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use image::RgbaImage;
use twinlens::command::{Command, Switch};
use twinlens::config::Method;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Change, Dials, Event, History, Snapshot, SubStep, Switches, Walk};
use twinlens::view::explain::measured::off_alone;
use twinlens::view::explain::parts::Part;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::layout::Rect;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{build, cloud, draw, gpu, keep, one_at_a_time, snapshot};
use crate::{crops, panes};

const SIZE: [u32; 2] = [1280, 800];
const STUDENT: [u8; 3] = [0xE6, 0x9F, 0x00];
const TEACHER: [u8; 3] = [0xB1, 0x8C, 0xFF];
const TEXT: [u8; 3] = [0xF2, 0xF4, 0xF7];

/// Pixels of a colour in [left, top, right, bottom].
fn count(picture: &RgbaImage, [left, top, right, bottom]: [u32; 4], colour: [u8; 3]) -> usize {
    let near = |x: u32, y: u32| picture.get_pixel(x, y).0[..3].iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 12);
    (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| near(x, y)).count()
}

fn byol(gpu: &Gpu) -> Snapshot {
    let mut data = snapshot(Some(cloud(gpu, 64, |image| [(image as f32 * 0.1).sin(), 0.3, 0.5])));
    data.inspection = Some(crops::inspection(gpu, [256, 256], 0, 0));
    data
}

fn dino(gpu: &Gpu) -> Snapshot {
    panes::dino_snapshot(gpu, 64, panes::Balance::Healthy)
}

fn without(data: &Snapshot, switch: Switch) -> Snapshot {
    let mut switches = data.switches;
    match switch {
        Switch::Ema => switches.ema = false,
        Switch::StopGradient => switches.stop_gradient = false,
        Switch::Predictor => switches.predictor = false,
        Switch::Centering => switches.centering = false,
        Switch::Sharpening => switches.sharpening = false,
    }
    Snapshot { switches, ..data.clone() }
}

/// Where a text stands in the left pane, of those that were written in the last frame, in pixels at scale 1.
fn written(screen: &Screen, text: &str) -> Rect {
    // Sub-steps have the names of parts, and stand above them.
    let found = screen.written.iter().rfind(|written| written.text == text && written.rect.min[0] < 352.0);
    found.unwrap_or_else(|| panic!("{text:?} is not written")).rect
}

struct Mouse {
    gpu: Arc<Gpu>,
    renderer: FrameRenderer,
    canvas: Canvas,
}

impl Mouse {
    fn new(gpu: &Arc<Gpu>) -> Self {
        let renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
        Self { gpu: gpu.clone(), renderer, canvas: Canvas::new(gpu, SIZE) }
    }

    /// Frames with the pointer at a place; gives what they asked for.
    fn frames(&mut self, screen: &mut Screen, data: &Snapshot, at: [f32; 2], buttons: &[bool]) -> Vec<Command> {
        let mut commands = Vec::new();
        for &down in buttons {
            let io = self.renderer.imgui().io_mut();
            io.add_mouse_pos_event(at);
            io.add_mouse_button_event(imgui::MouseButton::Left, down);
            let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
            let delta = Duration::from_millis(16);
            commands.extend(self.renderer.draw(&mut encoder, self.canvas.view(), SIZE, delta, None, screen, data).commands);
            self.gpu.queue.submit([encoder.finish()]);
        }
        commands
    }

    fn click(&mut self, screen: &mut Screen, data: &Snapshot, at: [f32; 2]) -> Vec<Command> {
        self.frames(screen, data, at, &[false, true, true, false, false])
    }

    fn keep(&mut self, screen: &mut Screen, data: &Snapshot, name: &str) -> RgbaImage {
        let picture = build(&self.gpu, &mut self.renderer, screen, SIZE, data).0;
        keep(&picture, name);
        picture
    }
}

#[test]
fn what_is_off_is_gone() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut shot = |scene: Scene, data: &Snapshot, name: &str| {
        let mut screen = Screen::new(scene);
        screen.audit = true;
        let picture = draw(&gpu, &mut renderer, &mut screen, SIZE, data);
        keep(&picture, name);
        (picture, screen)
    };
    let data = byol(&gpu);
    let (on, screen) = shot(Scene::Byol, &data, "byol.png");
    let name = written(&screen, "predictor");
    let predictor = [20, name.min[1] as u32 - 6, 124, name.max[1] as u32 + 6];
    let (off, _) = shot(Scene::Byol, &without(&data, Switch::Predictor), "byol-no-predictor.png");
    let filled = count(&on, predictor, STUDENT);
    assert!(filled > 1500, "the predictor is a filled box: {filled}");
    assert!(count(&off, predictor, STUDENT) < filled / 4, "and gone when it is off, but for the wire through its place");

    // The bars across the teacher's wire, and what comes back up beside it.
    let bars = |picture: &RgbaImage| count(picture, [257, 200, 303, 600], TEXT);
    // Chevrons are smoothed, so violet is whatever is far more blue than green.
    let above = |picture: &RgbaImage| {
        let beside = image::imageops::crop_imm(picture, 289, name.min[1] as u32, 10, name.height() as u32).to_image();
        beside.pixels().filter(|pixel| pixel.0[2] > 90 && pixel.0[2] - 30 > pixel.0[1]).count()
    };
    let (off, _) = shot(Scene::Byol, &without(&data, Switch::StopGradient), "byol-no-stop-gradient.png");
    assert!(bars(&on) >= 2 * 4 * 44, "{} pixels of the bars", bars(&on));
    assert!(bars(&off) < bars(&on) / 3, "{} pixels of the bars are left", bars(&off));
    assert_eq!(above(&on), 0, "the backward flow ends at the bars");
    assert!(above(&off) > 20, "without them it runs on to the teacher");
    let (off, _) = shot(Scene::Byol, &without(&data, Switch::Ema), "byol-no-ema.png");
    assert_ne!(on, off);

    let data = dino(&gpu);
    let (on, screen) = shot(Scene::Dino, &data, "dino.png");
    let name = written(&screen, "− centre");
    let centre = [224, name.min[1] as u32 - 12, 336, name.max[1] as u32 + 12];
    let (off, _) = shot(Scene::Dino, &without(&data, Switch::Centering), "dino-no-centering.png");
    assert!(count(&off, centre, TEACHER) < count(&on, centre, TEACHER) / 2, "the centre's box is gone");
    let (off, screen) = shot(Scene::Dino, &without(&data, Switch::Sharpening), "dino-no-sharpening.png");
    assert_ne!(on, off);
    let temperatures = screen.written.iter().filter(|written| written.text == "÷ 0.1" && written.rect.min[0] < 352.0).count();
    assert_eq!(temperatures, 2, "without sharpening the teacher divides by the student's temperature");
}

#[test]
fn what_flows_moves_with_steps_only() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for (scene, data) in [(Scene::Byol, byol(&gpu)), (Scene::Dino, dino(&gpu))] {
        let mut screen = Screen::new(scene);
        let mut frame = |data: &Snapshot| draw(&gpu, &mut renderer, &mut screen, SIZE, data);
        let first = frame(&data);
        assert!((0..5).all(|_| frame(&data) == first), "it says that it plays, but no step is done: nothing moves");
        let later = Snapshot { step: data.step + 3, ..data.clone() };
        let moved = frame(&later);
        // The student's wire below the last box, and the chevrons beside it.
        let part = |picture: &RgbaImage| image::imageops::crop_imm(picture, 50, 120, 30, 460).to_image();
        assert_ne!(part(&first), part(&moved), "three steps move it");
        let settled = (0..150).fold(moved, |_, _| frame(&later));
        assert_eq!(frame(&later), settled, "then it rests");
    }
}

#[test]
fn parts_explain_themselves() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut mouse = Mouse::new(&gpu);
    for (scene, data, parts) in [
        (
            Scene::Byol,
            byol(&gpu),
            &[("encoder", Part::Encoder), ("projector", Part::Projector), ("predictor", Part::Predictor), ("loss", Part::Loss)][..],
        ),
        (
            Scene::Dino,
            dino(&gpu),
            &[
                ("head", Part::Head),
                ("− centre", Part::Center),
                ("÷ 0.04", Part::TeacherTemperature),
                ("÷ 0.1", Part::StudentTemperature),
                ("softmax", Part::Softmax),
                ("loss", Part::Loss),
            ][..],
        ),
    ] {
        let mut screen = Screen::new(scene);
        screen.audit = true;
        mouse.frames(&mut screen, &data, [700.0, 790.0], &[false, false]);
        for &(text, part) in parts {
            let at = written(&screen, text).centre();
            let commands = mouse.click(&mut screen, &data, at);
            assert!(commands.is_empty());
            assert_eq!(screen.card.part(), Some(part), "a click on {text}");
            if std::env::var_os("TWINLENS_PICTURES").is_some() {
                mouse.frames(&mut screen, &data, [700.0, 790.0], &[false]);
                mouse.keep(&mut screen, &data, &format!("card-{part:?}-{}.png", scene.name()));
            }
            let (mut commands, mut requests) = (Vec::new(), Vec::new());
            screen.act(Action::Escape, &data, &mut commands, &mut requests);
            assert_eq!(screen.card.part(), None, "Escape closes the card");
            assert!(!screen.is_covered() && commands.is_empty() && requests.is_empty(), "and nothing else");
        }
        // The EMA: its name is on the arrow, its switch below is touched apart from it.
        let name = written(&screen, "EMA");
        mouse.click(&mut screen, &data, name.centre());
        assert_eq!(screen.card.part(), Some(Part::Ema));
        let (rect, _) = screen.card.place().expect("the card is open");
        let knob = [176.0, name.centre()[1] + 30.0];
        assert!(!rect.contains(knob), "the card does not cover the switch");
        let commands = mouse.click(&mut screen, &data, knob);
        assert_eq!(commands, [Command::SetSwitch { switch: Switch::Ema, on: false }]);
        assert_eq!(screen.card.part(), Some(Part::Ema), "what answers leaves the card open");

        // Deeper, and back by itself when another part is asked.
        let (_, leaves) = screen.card.leaf();
        assert!(leaves > 1, "there is something to go deeper into");
        let button = screen.card.written.iter().find(|written| written.text.starts_with("go deeper")).expect("a button").rect;
        mouse.click(&mut screen, &data, button.centre());
        assert_eq!(screen.card.leaf().0, 1);
        mouse.frames(&mut screen, &data, [700.0, 790.0], &[false]);
        mouse.keep(&mut screen, &data, &format!("card-deeper-{}.png", scene.name()));
        let loss = written(&screen, "loss").centre();
        mouse.click(&mut screen, &data, loss);
        assert_eq!((screen.card.part(), screen.card.leaf().0), (Some(Part::Loss), 0));
        mouse.click(&mut screen, &data, [880.0, 710.0]);
        assert_eq!(screen.card.part(), None, "a click elsewhere closes it");
    }
}

#[test]
fn cards_fit_and_cover_nothing_they_explain() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let scenes = [
        (Scene::Byol, byol(&gpu)),
        (Scene::Dino, dino(&gpu)),
        (Scene::Multicrop, crops::snapshot(&gpu, Some(crops::inspection(&gpu, [640, 480], 4, 3)))),
    ];
    let mut seen = BTreeSet::new();
    for (size, scale, presenting) in [
        ([1024, 768], 1.0, false),
        ([1280, 720], 1.0, false),
        ([1280, 800], 1.25, false),
        ([1920, 1080], 1.0, false),
        ([1280, 720], 3.0, false),
        ([3840, 2160], 2.0, false),
        ([1280, 720], 1.0, true),
        ([1024, 768], 1.0, true),
    ] {
        renderer.request_scale(scale);
        let canvas = Canvas::new(&gpu, size);
        for (scene, data) in &scenes {
            let mut screen = Screen::new(*scene).with_look(Look { presenting, ..Look::default() });
            screen.audit = true;
            let mut frame = |screen: &mut Screen| {
                let mut encoder = gpu.device.create_command_encoder(&Default::default());
                renderer.draw(&mut encoder, canvas.view(), size, Duration::from_millis(16), None, screen, data);
                renderer.scale()
            };
            frame(&mut screen);
            for part in Part::ALL {
                for spot in 0..3 {
                    screen.card.ask(part, spot);
                    let scale = frame(&mut screen);
                    if screen.card.part() != Some(part) {
                        continue;
                    }
                    seen.insert(format!("{part:?}"));
                    let what = format!("{part:?} in {scene:?} at {size:?} x{scale}");
                    let window = [size[0] as f32 / scale, size[1] as f32 / scale];
                    let (_, leaves) = screen.card.leaf();
                    for leaf in 0..leaves {
                        assert_eq!(screen.card.leaf(), (leaf, leaves), "{what}");
                        let (rect, anchor) = screen.card.place().expect("it is open");
                        assert!(rect.min[0] >= 0.0 && rect.min[1] >= 0.0, "{what}: {rect:?}");
                        assert!(rect.max[0] <= window[0] && rect.max[1] <= window[1], "{what}: {rect:?} in {window:?}");
                        assert!(anchor.max[0] <= rect.min[0] + 1.0, "{what}: {rect:?} covers {anchor:?}");
                        assert!(screen.card.written.len() > 2, "{what}");
                        for text in &screen.card.written {
                            let inside = rect.inset(-0.5);
                            let within = inside.contains(text.rect.min) && inside.contains(text.rect.max);
                            assert!(within && text.whole, "{what}, leaf {leaf}: {:?} at {:?} of {rect:?}", text.text, text.rect);
                        }
                        screen.card.turn(1);
                        frame(&mut screen);
                    }
                    screen.card.close();
                }
            }
        }
    }
    assert_eq!(seen.len(), Part::ALL.len(), "every part is in some diagram: {seen:?}");
}

#[test]
fn a_click_on_a_sub_step_walks_to_it() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut mouse = Mouse::new(&gpu);
    for (scene, data) in [(Scene::Byol, byol(&gpu)), (Scene::Dino, dino(&gpu))] {
        let mut screen = Screen::new(scene);
        screen.audit = true;
        mouse.frames(&mut screen, &data, [700.0, 790.0], &[false, false]);
        let steps = SubStep::of(data.method);
        let titles = |screen: &Screen, title: &str| {
            // A row that is too narrow for "backward" says "back".
            let said = |text: &str| text == title || (title == "backward" && text == "back");
            let found = screen.written.iter().filter(|written| said(&written.text) && written.rect.min[0] < 352.0);
            found.min_by(|a, b| a.rect.min[1].total_cmp(&b.rect.min[1])).expect("its name").rect.centre()
        };
        for (index, step) in steps.iter().enumerate() {
            let at = titles(&screen, step.title());
            let walked = mouse.click(&mut screen, &data, at);
            assert_eq!(walked, vec![Command::Walk; index + 1], "{step:?} from a standing start");
        }
        let still = mouse.keep(&mut screen, &data, "walk-none.png");
        let mut pictures = vec![still];
        for step in steps {
            let walk = Walk { step: 301, at: *step, is_complete: step == steps.last().expect("steps"), waiting: 0, moment: None };
            let walking = Snapshot { playing: false, walk: Some(walk), ..data.clone() };
            mouse.frames(&mut screen, &walking, [700.0, 790.0], &[false]);
            let picture = mouse.keep(&mut screen, &walking, &format!("walk-{}-{step:?}.png", scene.name()));
            assert!(!pictures.contains(&picture), "{step:?} looks like no other");
            pictures.push(picture);
            let to = titles(&screen, steps[1].title());
            let walked = mouse.click(&mut screen, &walking, to);
            let place = step.place(data.method).expect("its place");
            assert_eq!(walked.len(), (1 + steps.len() - place) % steps.len(), "from {step:?} round to the student");
        }
    }
}

#[test]
fn every_size_look_and_state_is_drawn() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let (byol, dino) = (byol(&gpu), dino(&gpu));
    let mut hostile = byol.clone();
    hostile.steps_per_second = f32::NAN;
    hostile.step = u64::MAX;
    hostile.seed = u64::MAX;
    hostile.dials = Dials {
        tau: f32::NAN,
        predictor_multiplier: f32::INFINITY,
        teacher_temperature: f32::NAN,
        student_temperature: f32::NEG_INFINITY,
        center_momentum: f32::NAN,
        learning_rate: f32::NAN,
    };
    if let Some(inspection) = &mut hostile.inspection {
        inspection.crops = vec![([f32::NAN, f32::INFINITY, -1.0, 1e30], true); 2];
        inspection.globals = 0;
    }
    let history = Arc::make_mut(&mut hostile.history);
    for series in [&mut history.loss, &mut history.embedding_std, &mut history.teacher_entropy, &mut history.kl] {
        series.push(301, f32::NAN);
    }
    hostile.events = (0..500)
        .map(|step| Event { step, seconds: 0.0, change: Change::Switch(Switch::ALL[step as usize % 5], step % 2 == 0), learner: None })
        .collect();
    hostile.switches = Switches { ema: true, stop_gradient: true, predictor: false, centering: false, sharpening: true };
    let hostile_dino = Snapshot { method: Method::Dino, ..hostile.clone() };
    let mut empty = Snapshot { inspection: None, cloud: None, history: Arc::new(History::default()), ..byol.clone() };
    empty.step = 0;
    let looks = [Look::default(), Look { presenting: true, ..Look::default() }, Look { theme: Theme::Light, presenting: false }];
    let looking = std::env::var_os("TWINLENS_PICTURES").is_some();
    for (size, scale) in [
        ([1280, 800], 1.0),
        ([1024, 768], 1.0),
        ([1280, 720], 1.0),
        ([1920, 1080], 1.0),
        ([3840, 2160], 3.0),
        ([1280, 720], 3.0),
        ([333, 241], 3.0),
        ([1, 1], 1.0),
        ([17, 1200], 4.0),
    ] {
        renderer.request_scale(scale);
        let canvas = Canvas::new(&gpu, size);
        for (name, data) in [("byol", &byol), ("dino", &dino), ("hostile", &hostile), ("hostile-dino", &hostile_dino), ("empty", &empty)] {
            for look in looks {
                let mut screen = Screen::default().with_look(look);
                for part in [Part::Ema, Part::Loss] {
                    let mut encoder = gpu.device.create_command_encoder(&Default::default());
                    let built = renderer.draw(&mut encoder, canvas.view(), size, Duration::from_millis(16), None, &mut screen, data);
                    assert!(built.commands.is_empty(), "{name} at {size:?} asks for nothing");
                    screen.card.ask(part, 0);
                }
                if looking && size[0] > 1000 && !name.contains("hostile") {
                    let mode = if look.presenting { "-presenting" } else { "" };
                    let ground = if look.theme == Theme::Light { "-light" } else { "" };
                    screen.card.close();
                    let picture = draw(&gpu, &mut renderer, &mut screen, size, data);
                    keep(&picture, &format!("size-{name}-{}x{}-{scale}{mode}{ground}.png", size[0], size[1]));
                }
            }
        }
    }
}

#[test]
fn a_stretch_alone_is_what_the_events_say() {
    let flip = |step: u64, switch: Switch, on: bool| Event { step, seconds: 0.0, change: Change::Switch(switch, on), learner: None };
    let mut data = snapshot(None);
    data.events = vec![
        flip(50, Switch::Predictor, false),
        flip(100, Switch::Predictor, true),
        flip(150, Switch::Ema, false),
        flip(160, Switch::StopGradient, false),
        flip(200, Switch::Ema, true),
    ];
    data.switches.stop_gradient = false;
    let alone = |switch: Switch| off_alone(switch, &data).map(|alone| (alone.from, alone.to, alone.goes_on));
    assert_eq!(alone(Switch::Predictor), Some((50, 100, false)));
    assert_eq!(alone(Switch::Ema), Some((150, 160, false)), "off with another one does not count");
    assert_eq!(alone(Switch::StopGradient), Some((200, 300, true)));
    let predictor = off_alone(Switch::Predictor, &data).expect("a stretch");
    // In a run of 300 steps, lines are means of 5; this one is straight, so its mean lags by 2.
    let at = |step: f32| 1.0 - 0.2 * (step - 2.0) / 300.0;
    assert!((predictor.before.expect("before") - at(50.0)).abs() < 1e-5 && (predictor.after.expect("after") - at(100.0)).abs() < 1e-5);
    data.events.clear();
    assert_eq!(off_alone(Switch::StopGradient, &data).map(|alone| alone.from), Some(0), "off from the start");
    data.switches.stop_gradient = true;
    assert_eq!(off_alone(Switch::StopGradient, &data), None);
}

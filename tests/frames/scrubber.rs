//! The scrubber under the charts, the banner over an earlier step, and their keys.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::Command;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Past, Road, Snapshot};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};

use crate::harness::{cloud, draw, gpu, keep, one_at_a_time, snapshot};

fn past(shown: Option<u64>) -> Past {
    let marks: Vec<u64> = (0..=60).map(|mark| mark * 5).collect();
    Past { now: 300, marks: marks.into(), shown, again: None, road: None, each: 970_752, budget: 64 << 20 }
}

/// Pasts to be shown, by names.
pub fn pasts() -> Vec<(&'static str, Past)> {
    let road = Some(Road { step: 420, fork: 150, histories: Arc::from([]) });
    vec![
        ("now", past(None)),
        ("earlier", past(Some(145))),
        ("with a road", Past { road, ..past(None) }),
        ("again", Past { again: Some(340), ..past(None) }),
        ("of a large run", Past { marks: Arc::from([]), each: 40 << 20, ..past(None) }),
    ]
}

fn with(gpu: &Gpu, past: Past) -> Snapshot {
    Snapshot { past: Some(past), ..snapshot(Some(cloud(gpu, 16, |image| [image as f32 * 0.05, 0.1, 0.2]))) }
}

fn acted(action: Action, data: &Snapshot) -> Vec<Command> {
    let mut commands = Vec::new();
    Screen::new(Scene::Byol).act(action, data, &mut commands, &mut Vec::new());
    commands
}

#[test]
fn keys_go_from_state_to_state_and_back() {
    let gpu = gpu();
    let (now, earlier) = (with(&gpu, past(None)), with(&gpu, past(Some(145))));
    let scrub = |later| Action::Scrub { later };
    assert_eq!(acted(scrub(false), &now), [Command::Peek(Some(295))]);
    assert_eq!(acted(scrub(true), &now), [Command::Peek(None)]);
    assert_eq!(acted(scrub(false), &earlier), [Command::Peek(Some(140))]);
    assert_eq!(acted(scrub(true), &earlier), [Command::Peek(Some(150))]);
    assert_eq!(acted(scrub(false), &with(&gpu, past(Some(0)))), [], "there is nothing before the first");
    assert_eq!(acted(Action::Confirm, &earlier), [Command::Rewind(145)]);
    assert_eq!(acted(Action::Escape, &earlier), [Command::Peek(None)]);
    assert_eq!(acted(Action::OtherRoad, &now), [Command::OtherRoad]);
    assert_eq!(acted(scrub(false), &Snapshot { past: None, ..now }), []);
}

#[test]
fn a_drag_looks_at_the_nearest_state_and_words_can_be_pressed() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let canvas = Canvas::new(&gpu, [1280, 800]);
    let mut screen = Screen::new(Scene::Byol);
    screen.audit = true;
    let mut frame = |screen: &mut Screen, data: &Snapshot, at: [f32; 2], down: bool| {
        let io = renderer.imgui().io_mut();
        io.add_mouse_pos_event(at);
        io.add_mouse_button_event(imgui::MouseButton::Left, down);
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let built = renderer.draw(&mut encoder, canvas.view(), [1280, 800], Duration::from_millis(16), None, screen, data);
        (built.commands, screen.pointing.touched.take())
    };
    let away = [-1e3, -1e3];
    let now = with(&gpu, past(None));
    let (_, areas) = frame(&mut screen, &now, away, false);
    let (_, area) = areas.iter().find(|(id, _)| id == "scrubber").expect("it is there");
    let at = |share: f32| [area.min[0] + 6.0 + (area.width() - 12.0) * share, area.centre()[1]];
    frame(&mut screen, &now, at(0.5), false);
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.extend(frame(&mut screen, &now, at(0.5), true).0);
    }
    assert!(!asked.is_empty() && asked.iter().all(|command| *command == Command::Peek(Some(150))), "{asked:?}");
    let earlier = with(&gpu, past(Some(150)));
    let (to_now, _) = frame(&mut screen, &earlier, at(1.0), true);
    let (_, areas) = frame(&mut screen, &earlier, away, false);
    assert!(to_now.iter().all(|command| *command == Command::Peek(None) || *command == Command::Peek(Some(300))), "{to_now:?}");
    for (id, wanted) in [("from here", Command::Rewind(150)), ("now", Command::Peek(None))] {
        let (_, area) = areas.iter().find(|(known, _)| known == id).expect("it is there");
        let mut pressed = Vec::new();
        for down in [false, false, true, true, false, false] {
            pressed.extend(frame(&mut screen, &earlier, area.centre(), down).0);
        }
        assert_eq!(pressed, [wanted], "{id}");
    }
}

#[test]
fn every_state_of_the_past_is_drawn() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut pictures = Vec::new();
    for (name, past) in pasts() {
        let data = with(&gpu, past);
        for size in [[1280, 800], [640, 480]] {
            let picture = draw(&gpu, &mut renderer, &mut Screen::new(Scene::Byol), size, &data);
            keep(&picture, &format!("past-{}-{}.png", name.replace(' ', "-"), size[0]));
            // A small window has no charts, and no scrubber under them.
            if size[0] == 1280 {
                pictures.push(picture);
            }
        }
    }
    assert!(pictures.iter().enumerate().all(|(index, picture)| !pictures[..index].contains(picture)), "each looks otherwise");
}

//! Every switch of every scene, by a click where the diagram has it: what the event log says, and how the switch looks then.

#[allow(dead_code, reason = "shared with the frames' tests, which use all of it")]
#[path = "../frames/harness.rs"]
mod frames;

use std::time::Duration;

use twinlens::command::Switch;
use twinlens::snapshot::Snapshot;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::Screen;

use crate::harness::{App, Display, one_at_a_time};

/// Where the switches of a scene are at 1280x800 and scale 1, from a frame that nobody sees.
fn places(scene: Scene) -> Vec<(Switch, [usize; 2])> {
    let gpu = frames::gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let method = scene.method().expect("a scene of a method");
    let data = Snapshot { method, ..frames::snapshot(None) };
    let mut screen = Screen::new(scene);
    screen.audit = true;
    frames::draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    let touched = screen.pointing.touched.take();
    let place = |switch: &Switch| {
        let area = touched.iter().find(|(id, _)| id == switch.key()).unwrap_or_else(|| panic!("{} has no switch", switch.key()));
        (*switch, area.1.centre().map(|value| value.round() as usize))
    };
    Switch::of(method).iter().map(place).collect()
}

#[test]
fn window_every_switch_is_flipped_by_a_click() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let mut flipped = Vec::new();
    for (scene, preset) in [(Scene::Byol, "byol-fast"), (Scene::Dino, "dino-fast")] {
        let places = places(scene);
        let app = App::start(&display, &["--preset", preset, "--paused"], &[]);
        app.wait("window open");
        app.focus(&display);
        std::thread::sleep(Duration::from_secs(1));
        let white = [0xF2, 0xF4, 0xF7];
        let away = ["mousemove", "700", "20", "sleep", "0.6"];
        for (switch, [x, y]) in places {
            let around = [x - 24, y - 14, x + 24, y + 14];
            display.xdotool(&away);
            let filled = || display.screen().count(white, around);
            let on = filled();
            let mut seen = vec![on];
            for state in ["off", "on"] {
                let from = app.lines().len();
                let [x, y] = [x.to_string(), y.to_string()];
                display.xdotool(&["mousemove", &x, &y, "sleep", "0.2", "mousedown", "1", "sleep", "0.2", "mouseup", "1"]);
                let expected = format!("switch {} {state} at step", switch.key());
                app.wait_from(from, &expected, |line| line.contains(&expected));
                display.xdotool(&away);
                seen.push(filled());
            }
            let [on, off, again] = seen[..] else { panic!("three looks") };
            assert!(on > 2 * off && again > 2 * off, "{}: filled with {on} pixels when on, {off} when off, {again} on again", switch.key());
            flipped.push(switch);
        }
        app.assert_calm();
    }
    assert!(Switch::ALL.iter().all(|switch| flipped.contains(switch)), "{flipped:?}");
}

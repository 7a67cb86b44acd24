//! What a lecturer leans on: undo, the key list, the question before something is lost, presenting.

use twinlens::command::{Command, Dial, Division, Switch};
use twinlens::config::Method;
use twinlens::snapshot::Snapshot;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Recording, Screen};
use twinlens::view::theme::Look;
use twinlens::view::undo::Undo;

use crate::harness::*;

fn dial(value: f32) -> Command {
    Command::SetDial { dial: Dial::Tau, value }
}

fn flip(on: bool) -> Command {
    Command::SetSwitch { switch: Switch::Ema, on }
}

fn at(step: u64, run: u64) -> Snapshot {
    let mut snapshot = Snapshot { step, run, ..snapshot(None) };
    snapshot.dials.tau = 0.9;
    snapshot
}

#[test]
fn a_drag_is_one_entry_and_goes_back_to_where_it_began() {
    let mut undo = Undo::default();
    let snapshot = at(10, 0);
    undo.follow(&snapshot, true);
    for value in [0.91, 0.92, 0.93] {
        undo.note(&dial(value), &snapshot, true);
        undo.follow(&snapshot, true);
    }
    undo.follow(&snapshot, false);
    undo.note(&dial(0.95), &snapshot, true);
    assert_eq!(undo.undo().map(|(command, _)| command), Ok(dial(0.9)));
    assert_eq!(undo.undo().map(|(command, _)| command), Ok(dial(0.9)));
    assert!(undo.undo().is_err());
    assert_eq!(undo.redo().map(|(command, _)| command), Ok(dial(0.93)));
    undo.note(&Command::SetLocalCrops(4), &snapshot, false);
    assert!(undo.redo().is_err(), "a new change ends what could be done again");
    assert_eq!(undo.undo().map(|(command, _)| command), Ok(Command::SetLocalCrops(0)));
}

#[test]
fn switches_count_before_the_snapshot_shows_them() {
    let mut undo = Undo::default();
    let snapshot = at(10, 0);
    undo.follow(&snapshot, false);
    undo.note(&flip(false), &snapshot, false);
    assert!(!undo.switch(Switch::Ema, &snapshot));
    undo.note(&flip(true), &snapshot, false);
    assert!(undo.switch(Switch::Ema, &snapshot));
    assert_eq!(undo.undo(), Ok((flip(false), "Taken back: EMA is off.".to_owned())));
    assert_eq!(undo.undo(), Ok((flip(true), "Taken back: EMA is on.".to_owned())));
    assert_eq!(undo.redo(), Ok((flip(false), "Done again: EMA is off.".to_owned())));
}

#[test]
fn another_run_has_nothing_to_take_back() {
    for next in [at(3, 0), at(0, 1), at(20, 1)] {
        let mut undo = Undo::default();
        undo.follow(&at(10, 0), false);
        undo.note(&flip(false), &at(10, 0), false);
        undo.follow(&at(11, 0), false);
        undo.follow(&next, false);
        assert!(undo.undo().is_err(), "step {} run {}", next.step, next.run);
    }
}

/// The sizes and scales at which everything has to fit.
const SIZES: [([u32; 2], f32); 8] = [
    ([1024, 768], 1.0),
    ([1280, 720], 1.0),
    ([1280, 800], 1.0),
    ([1280, 800], 1.25),
    ([1467, 917], 1.145_833_3),
    ([1920, 1080], 1.5),
    ([1920, 1080], 3.0),
    ([640, 480], 1.0),
];

/// Every text of the last frame is whole, inside its pane, and over no other.
fn assert_in_place(screen: &Screen, what: &str) {
    assert!(!screen.written.is_empty(), "{what}: nothing is written");
    for (index, text) in screen.written.iter().enumerate() {
        let (rect, pane) = (text.rect, text.pane);
        assert!(text.whole, "{what}: {:?} is cut off", text.text);
        let inside = rect.min[0] >= pane.min[0] && rect.max[0] <= pane.max[0] && rect.min[1] >= pane.min[1] && rect.max[1] <= pane.max[1];
        assert!(inside, "{what}: {:?} at {rect:?} leaves {pane:?}", text.text);
        for other in &screen.written[..index] {
            let apart = |axis: usize| rect.max[axis] <= other.rect.min[axis] + 0.5 || other.rect.max[axis] <= rect.min[axis] + 0.5;
            assert!(apart(0) || apart(1), "{what}: {:?} lies over {:?}", text.text, other.text);
        }
    }
}

#[test]
fn the_key_list_and_questions_fit_everywhere() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for (scene, method) in
        [(Scene::Byol, Method::Byol), (Scene::Dino, Method::Dino), (Scene::Multicrop, Method::Dino), (Scene::Kernels, Method::Byol)]
    {
        let data = Snapshot { method, step: 1234, ..snapshot(None) };
        for (size, scale) in SIZES {
            for presenting in [false, true] {
                // Every scene in the ordinary size, the longest list in all; presenting is the same picture in every size.
                if (scene != Scene::Dino && (size != [1280, 800] || scale != 1.0)) || (presenting && size[1] > 800) {
                    continue;
                }
                let what = format!("{}-{}x{}-{scale:.2}{}", scene.name(), size[0], size[1], if presenting { "-presenting" } else { "" });
                renderer.request_scale(scale);
                let mut screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
                screen.audit = true;
                let (mut commands, mut requests) = (Vec::new(), Vec::new());
                screen.act(Action::Help, &data, &mut commands, &mut requests);
                keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), &format!("keys-{what}.png"));
                assert_in_place(&screen, &format!("keys {what}"));
                // However far it is scrolled, the last key comes and stays.
                for _ in 0..80 {
                    screen.act(Action::Arrow(Direction::Down), &data, &mut commands, &mut requests);
                }
                draw(&gpu, &mut renderer, &mut screen, size, &data);
                assert_in_place(&screen, &format!("scrolled keys {what}"));
                assert!(screen.written.iter().any(|text| text.text.contains("trains on those images")), "{what}: the end of the list");
                screen.act(Action::Escape, &data, &mut commands, &mut requests);
                assert!(!screen.is_covered(), "Escape closes the list and asks nothing");
                screen.act(Action::Escape, &data, &mut commands, &mut requests);
                keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), &format!("leave-{what}.png"));
                assert_in_place(&screen, &format!("question {what}"));
                assert!(commands.is_empty() && requests.is_empty());
            }
        }
    }
}

#[test]
fn keys_take_back_what_keys_and_mouse_did() {
    let data = snapshot(None);
    let mut screen = Screen::default();
    let (mut commands, mut requests) = (Vec::new(), Vec::new());
    for action in [Action::Flip(Switch::Predictor), Action::Undo, Action::Undo, Action::Redo, Action::Redo] {
        screen.act(action, &data, &mut commands, &mut requests);
    }
    let flip = |on| Command::SetSwitch { switch: Switch::Predictor, on };
    assert_eq!(commands, [flip(false), flip(true), flip(false)]);
    commands.clear();
    for faster in [false, true] {
        screen.act(Action::Speed { faster }, &data, &mut commands, &mut requests);
    }
    assert_eq!(commands, [Command::SetSpeed(Some(20)), Command::Divide(Division::Turbo)]);
}

#[test]
fn the_band_says_what_was_measured_and_that_the_window_is_recorded() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut collapsed = snapshot(None);
    collapsed.verdict.kind = twinlens::snapshot::VerdictKind::Complete;
    collapsed.switches.predictor = false;
    let mut long = snapshot(None);
    (long.switches.ema, long.switches.stop_gradient) = (false, false);
    for (name, data, sentence) in [
        ("collapsed", collapsed, "Every image gets nearly the same answer."),
        ("start", Snapshot { step: 0, ..snapshot(None) }, "Random weights: nothing is learned yet."),
        ("healthy", snapshot(None), "Different images get different answers."),
        ("without", long, "Without EMA and stop-gradient, and no collapse so far."),
    ] {
        for presenting in [false, true] {
            let mut screen = Screen::new(Scene::Byol).with_look(Look { presenting, ..Look::default() });
            (screen.audit, screen.recording) = (true, Some(Recording { seconds: 12.3, frames: 298 }));
            keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data), &format!("band-{name}-{presenting}.png"));
            let written: Vec<_> = screen.written.iter().map(|text| text.text.as_str()).collect();
            assert!(written.contains(&"recording 12 s, 298 frames"), "{name}: {written:?}");
            assert_eq!(written.contains(&sentence), presenting, "{name}: {written:?}");
            let band: Vec<_> = screen.written.iter().filter(|text| text.rect.min[1] >= 640.0).cloned().collect();
            assert!(band.iter().all(|text| text.whole || !presenting), "{name}: {band:?}");
        }
    }
}

//! Every key does what its label says: what the event log has to show for it, and where the window changes.

use std::time::{Duration, Instant};

use twinlens::config::Method;
use twinlens::view::keys::KEYS;
use twinlens::view::scene::Scene;

use crate::CLOUD;
use crate::harness::{App, Display, one_at_a_time};

pub const LEFT: [usize; 4] = [0, 50, 350, 730];
pub const RIGHT: [usize; 4] = [930, 50, 1280, 730];
pub const WHOLE: [usize; 4] = [0, 0, 1280, 800];
pub const BOTTOM: [usize; 4] = [0, 740, 1280, 800];
const TOP: [usize; 4] = [0, 0, 1280, 48];
const MIDDLE: [usize; 4] = [352, 48, 928, 736];

/// Key, what is logged, where it shows, pixels that change there at least.
pub type Row = (&'static str, &'static str, [usize; 4], usize);

/// Presses keys in their order; gives what did not show.
pub fn drive(app: &App, display: &Display, rows: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (key, logged, place, least) in rows {
        let (before, from) = (display.screen(), app.lines().len());
        display.xdotool(&["key", key]);
        app.wait_from(from, &format!("{logged} (after {key})"), |line| line.contains(logged));
        // It is drawn within a second, on a machine that does other things within a few.
        let mut changed = 0;
        for _ in 0..80 {
            std::thread::sleep(Duration::from_millis(100));
            changed = display.screen().difference(&before, *place);
            if changed >= *least {
                break;
            }
        }
        if changed < *least {
            wrong.push(format!("{key}: {changed} pixels of {place:?} changed, not {least}"));
        }
        // What it leads to is drawn before the next key.
        std::thread::sleep(Duration::from_millis(250));
    }
    wrong
}

/// Keys of the scene BYOL and those of every scene, while the training stands still.
const OF_BYOL: [Row; 77] = [
    ("d", "key Theme", WHOLE, 500_000), // light
    ("d", "key Theme", WHOLE, 500_000),
    ("F5", "key Present", WHOLE, 20_000),
    ("F5", "key Present", WHOLE, 20_000),
    ("Tab", "key Panels", LEFT, 5_000), // hidden
    ("Tab", "key Panels", LEFT, 5_000),
    ("k", "key Tint", CLOUD, 50),    // another colouring
    ("i", "key Images", CLOUD, 200), // pictures for dots
    ("i", "key Images", CLOUD, 200),
    ("y", "key Logarithmic", RIGHT, 50),
    ("y", "key Logarithmic", RIGHT, 50),
    ("Left", "key Arrow(Left)", CLOUD, 500), // the cloud turns
    ("Right", "key Arrow(Right)", CLOUD, 500),
    ("Up", "key Arrow(Up)", CLOUD, 500),
    ("Down", "key Arrow(Down)", CLOUD, 500),
    ("question", "key Help", CLOUD, 10_000),
    ("Escape", "key Escape", CLOUD, 10_000),
    ("F1", "key Help", CLOUD, 10_000),
    ("F1", "key Help", CLOUD, 10_000),
    ("ctrl+q", "key Quit", CLOUD, 5_000), // asks
    ("n", "key Escape", CLOUD, 5_000),    // no
    ("l", "key Lessons", CLOUD, 5_000),   // the list, with the first lesson chosen
    ("Next", "key NextPage", CLOUD, 500),
    ("Prior", "key PreviousPage", CLOUD, 500),
    ("l", "key Lessons", CLOUD, 5_000),
    ("e", "switch ema off", LEFT, 50),
    ("ctrl+z", "switch ema on", LEFT, 50),
    ("ctrl+y", "switch ema off", LEFT, 50),
    ("ctrl+z", "switch ema on", LEFT, 50),
    ("ctrl+shift+z", "switch ema off", LEFT, 50),
    ("e", "switch ema on", LEFT, 50),
    ("g", "switch stop_gradient off", LEFT, 50),
    ("g", "switch stop_gradient on", LEFT, 50),
    ("p", "switch predictor off", LEFT, 50),
    ("p", "switch predictor on", LEFT, 50),
    ("n", "notice N: BYOL has no centering", CLOUD, 500),
    ("h", "notice H: BYOL has no sharpening", CLOUD, 50),
    ("c", "notice C draws other crops", CLOUD, 50),
    ("ctrl+plus", "ui scale 1.10", WHOLE, 20_000),
    ("ctrl+plus", "ui scale 1.21", WHOLE, 20_000),
    ("ctrl+minus", "ui scale 1.10", WHOLE, 20_000),
    ("ctrl+0", "ui scale 1.00", WHOLE, 20_000),
    ("bracketleft", "command SetSpeed(Some(20))", TOP, 20),
    ("bracketright", "command SetSpeed(None)", TOP, 20),
    ("braceright", "command Divide(Share(", TOP, 20),
    ("braceleft", "command Divide(Smooth)", TOP, 20),
    ("bracketright", "command Divide(Turbo)", TOP, 20),
    ("bracketleft", "command Divide(Smooth)", TOP, 20),
    ("t", "command Gather(Twin(None))", CLOUD, 5_000), // two clouds
    ("a", "command BringToFront(1)", CLOUD, 200),
    ("p", "switch predictor off at step", LEFT, 50), // of B alone
    ("shift+e", "switch ema off", LEFT, 50),         // of both
    ("shift+e", "switch ema on", LEFT, 50),
    ("shift+g", "switch stop_gradient off", LEFT, 50),
    ("shift+g", "switch stop_gradient on", LEFT, 50),
    ("shift+p", "switch predictor on", LEFT, 50),
    ("shift+t", "key Several", CLOUD, 5_000), // asks which one goes on
    ("Escape", "key Escape", CLOUD, 5_000),
    ("t", "key Twin", CLOUD, 5_000),
    ("Return", "command Gather(Alone(1))", CLOUD, 5_000),
    ("w", "command Walk", CLOUD, 5_000), // the tensors of the moment
    ("s", "command Step", CLOUD, 5_000),
    ("F12", "screenshot", CLOUD, 500), // it says where
    ("F10", "notice Recording", BOTTOM, 100),
    ("F10", "notice Saved", BOTTOM, 100),
    ("space", "command Play", TOP, 20),
    ("space", "command Pause", TOP, 20),
    ("comma", "command Peek(Some(", RIGHT, 20), // an earlier step
    ("period", "command Peek(", RIGHT, 20),
    ("comma", "command Peek(Some(", RIGHT, 20),
    ("Return", "command Rewind(", CLOUD, 50), // the banner goes
    ("u", "command OtherRoad", RIGHT, 20),
    ("ctrl+s", "event log /", CLOUD, 500), // it says where
    ("ctrl+c", "notice Twins and kernels do not fit", CLOUD, 50),
    ("shift+r", "command Reset { new_seed: true }", BOTTOM, 20),
    ("r", "command Reset { new_seed: false }", WHOLE, 0),
    ("o", "key OwnImages", CLOUD, 10_000),
];

/// Keys of the scene DINO.
const OF_DINO: [Row; 16] = [
    ("v", "key Variant", CLOUD, 5_000), // the cloud
    ("v", "key Variant", CLOUD, 5_000),
    ("Right", "key Arrow(Right)", CLOUD, 50), // another prototype
    ("Left", "key Arrow(Left)", CLOUD, 50),
    ("Up", "key Arrow(Up)", CLOUD, 0), // the most used one, which may be this
    ("Down", "key Arrow(Down)", CLOUD, 0),
    ("n", "switch centering off", LEFT, 50),
    ("n", "switch centering on", LEFT, 50),
    ("h", "switch sharpening off", LEFT, 50),
    ("h", "switch sharpening on", LEFT, 50),
    ("shift+n", "switch centering off", LEFT, 50),
    ("shift+n", "switch centering on", LEFT, 50),
    ("shift+h", "switch sharpening off", LEFT, 50),
    ("shift+h", "switch sharpening on", LEFT, 50),
    ("p", "notice P: DINO has no predictor", MIDDLE, 500),
    ("c", "command Resample", CLOUD, 20),
];

/// Keys of the multi-crop scene.
const OF_CROPS: [Row; 4] = [
    ("c", "command Resample", CLOUD, 500),
    ("Right", "command ShowImage(Some(", CLOUD, 5_000), // a held-out image
    ("Left", "command ShowImage(Some(", CLOUD, 5_000),
    ("b", "command ShowImage(None)", CLOUD, 5_000), // the batch's again
];

/// Keys of the kernels' scene, once a step has been timed.
const OF_KERNELS: [Row; 8] = [
    ("Down", "key Arrow(Down)", MIDDLE, 500),
    ("Up", "key Arrow(Up)", MIDDLE, 500),
    ("Right", "key Arrow(Right)", MIDDLE, 20),
    ("Left", "key Arrow(Left)", MIDDLE, 20),
    ("Return", "key Confirm", MIDDLE, 500), // sorted otherwise
    ("x", "exported", WHOLE, 500),
    ("F9", "notice No graphics debugger", WHOLE, 500),
    ("v", "key Variant", WHOLE, 20),
];

/// Keys of the map: first of its proposal, then of the map of 2 by 2 that Enter starts.
const OF_MAP: [Row; 17] = [
    ("x", "notice There is no map", MIDDLE, 500),
    ("v", "key Variant", MIDDLE, 0), // there is no map to go back to
    ("Right", "key Arrow(Right)", MIDDLE, 20),
    ("Left", "key Arrow(Left)", MIDDLE, 20),
    ("Left", "key Arrow(Left)", MIDDLE, 20),
    ("Left", "key Arrow(Left)", MIDDLE, 20),
    ("Down", "key Arrow(Down)", MIDDLE, 20),
    ("Up", "key Arrow(Up)", MIDDLE, 20),
    ("Up", "key Arrow(Up)", MIDDLE, 20),
    ("Up", "key Arrow(Up)", MIDDLE, 20),
    ("Return", "command Gather(Map(", WHOLE, 20_000),
    ("Right", "command BringToFront(1)", WHOLE, 200),
    ("Down", "command BringToFront(", WHOLE, 200),
    ("v", "key Variant", WHOLE, 20_000), // another one is proposed
    ("Escape", "key Escape", WHOLE, 20_000),
    ("x", "map exported", WHOLE, 500),
    ("e", "key Flip(Ema)", WHOLE, 0),
];

/// Chords that other tests press: the first five in [`window_every_key_does_what_its_label_says`], between the scenes.
const ELSEWHERE: [&str; 7] = ["1", "2", "3", "4", "5", "F11", "Ctrl V"];

/// A chord of the program's table as xdotool takes it.
pub fn spelled(chord: &str) -> String {
    let one = |key: &str| match key {
        "Space" => "space".to_owned(),
        "Esc" => "Escape".to_owned(),
        "Enter" => "Return".to_owned(),
        "PageDown" => "Next".to_owned(),
        "PageUp" => "Prior".to_owned(),
        "←" => "Left".to_owned(),
        "→" => "Right".to_owned(),
        "↑" => "Up".to_owned(),
        "↓" => "Down".to_owned(),
        "[" => "bracketleft".to_owned(),
        "]" => "bracketright".to_owned(),
        "{" => "braceleft".to_owned(),
        "}" => "braceright".to_owned(),
        "+" => "plus".to_owned(),
        "−" => "minus".to_owned(),
        "?" => "question".to_owned(),
        "," => "comma".to_owned(),
        "." => "period".to_owned(),
        "Ctrl" | "Shift" => key.to_ascii_lowercase(),
        letter if letter.len() == 1 => letter.to_ascii_lowercase(),
        named => named.to_owned(),
    };
    chord.split(' ').map(one).collect::<Vec<_>>().join("+")
}

#[test]
fn every_row_of_the_programs_table_is_pressed() {
    let tables = [
        (Scene::Byol, Method::Byol, &OF_BYOL[..]),
        (Scene::Dino, Method::Dino, &OF_DINO),
        (Scene::Multicrop, Method::Dino, &OF_CROPS),
        (Scene::Kernels, Method::Dino, &OF_KERNELS),
        (Scene::Map, Method::Dino, &OF_MAP),
    ];
    let mut missing = Vec::new();
    for key in KEYS {
        for (chord, _) in key.chords.iter().filter(|(chord, _)| !ELSEWHERE.contains(chord)) {
            let spelled = spelled(chord);
            let mut shown = tables.iter().filter(|(scene, method, _)| key.is_shown(*scene, *method));
            if !shown.any(|(_, _, rows)| rows.iter().any(|(pressed, ..)| *pressed == spelled)) {
                missing.push(format!("{chord} ({spelled}): {}", key.what));
            }
        }
    }
    assert!(missing.is_empty(), "no test presses\n{}", missing.join("\n"));
}

#[test]
fn window_every_key_does_what_its_label_says() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let saved = tempfile::tempdir().expect("a folder");
    // Films are GIFs.
    let app = App::start(&display, &["--preset", "byol-fast", "--save-to", &saved.path().to_string_lossy()], &[("PATH", "/nowhere")]);
    app.wait("first trained step shown");
    app.focus(&display);
    while app.shown().0 < 8 {}
    display.xdotool(&["mousemove", "700", "20"]);
    app.press(&display, "space", "command Pause");
    std::thread::sleep(Duration::from_millis(1000));
    let mut wrong = drive(&app, &display, &OF_BYOL);
    // The field has the keyboard, so this Escape is its own.
    let before = display.screen();
    display.xdotool(&["key", "Escape", "sleep", "1"]);
    assert!(display.screen().difference(&before, CLOUD) > 10_000, "the card of the images stays");
    // Scenes 1 and 2 come with a run of their method; scene 3 shows the crops of any, scene 4 its kernels, which are timed only there, scene 5 a map or the
    // proposal of one.
    for (key, logged, rows) in [
        ("2", "command LoadPreset(\"dino", &OF_DINO[..]),
        ("3", "key Scene(Multicrop)", &OF_CROPS),
        ("4", "command ProfileSteps(true)", &OF_KERNELS),
        ("5", "key Scene(Map)", &OF_MAP),
        ("1", "command LoadPreset(\"byol", &[]),
    ] {
        let before = display.screen();
        app.press(&display, key, logged);
        // A few steps, so that every pane has something to show; then it stands still.
        if !rows.is_empty() && logged.contains("LoadPreset") {
            app.press(&display, "space", "command Play");
            while app.shown().0 < 4 {}
            app.press(&display, "space", "command Pause");
        }
        let limit = Instant::now() + Duration::from_secs(30);
        while display.screen().difference(&before, LEFT) < 5_000 {
            assert!(Instant::now() < limit, "scene {key} does not show");
            app.shown_after_input(&display);
        }
        std::thread::sleep(Duration::from_millis(1500));
        if key == "4" {
            let before = display.screen();
            app.press(&display, "s", "command Step");
            let limit = Instant::now() + Duration::from_secs(30);
            while display.screen().difference(&before, MIDDLE) < 20_000 {
                assert!(Instant::now() < limit, "the step is not timed");
                app.shown_after_input(&display);
            }
        }
        wrong.extend(drive(&app, &display, rows));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.assert_calm();
}

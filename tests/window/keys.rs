//! Every key does what its label says: what the event log has to show for it, and where the window changes.

use std::time::Duration;

use crate::CLOUD;
use crate::harness::{App, Display, one_at_a_time};

const LEFT: [usize; 4] = [0, 50, 350, 730];
const RIGHT: [usize; 4] = [930, 50, 1280, 730];
const WHOLE: [usize; 4] = [0, 0, 1280, 800];
const BOTTOM: [usize; 4] = [0, 740, 1280, 800];

/// Key, what is logged ("": nothing need be), where it shows, pixels that change there at least.
const KEYS: [(&str, &str, [usize; 4], usize); 29] = [
    ("d", "", WHOLE, 500_000), // light
    ("d", "", WHOLE, 500_000),
    ("F5", "", WHOLE, 20_000), // presenting
    ("F5", "", WHOLE, 20_000),
    ("Tab", "", LEFT, 5_000), // panels hidden
    ("Tab", "", LEFT, 5_000),
    ("k", "", CLOUD, 50),  // another colouring
    ("i", "", CLOUD, 200), // pictures for dots
    ("i", "", CLOUD, 200),
    ("y", "", RIGHT, 50), // logarithmic
    ("y", "", RIGHT, 50),
    ("Left", "", CLOUD, 500), // the cloud turns
    ("question", "", CLOUD, 10_000),
    ("Escape", "", CLOUD, 10_000),
    ("o", "", CLOUD, 10_000), // own images
    ("Escape", "", CLOUD, 10_000),
    ("e", "switch ema off", LEFT, 50),
    ("ctrl+z", "switch ema on", LEFT, 50),
    ("ctrl+y", "switch ema off", LEFT, 50),
    ("ctrl+z", "switch ema on", LEFT, 50),
    ("g", "switch stop_gradient off", LEFT, 50),
    ("g", "switch stop_gradient on", LEFT, 50),
    ("n", "notice N: BYOL has no centering", CLOUD, 500),
    ("bracketleft", "command SetSpeed", WHOLE, 0),
    ("bracketright", "command SetSpeed", WHOLE, 0),
    ("w", "command Walk", WHOLE, 20),
    ("s", "command Step", WHOLE, 20),
    ("F12", "screenshot", WHOLE, 0),
    ("shift+r", "command Reset { new_seed: true }", BOTTOM, 20),
];

#[test]
fn window_every_key_does_what_its_label_says() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let saved = tempfile::tempdir().expect("a folder");
    let app = App::start(&display, &["--preset", "byol-fast", "--save-to", &saved.path().to_string_lossy()], &[]);
    app.wait("first trained step shown");
    app.focus(&display);
    while app.shown().0 < 8 {}
    display.xdotool(&["mousemove", "700", "20"]);
    app.press(&display, "space", "command Pause");
    std::thread::sleep(Duration::from_millis(1000));
    let mut wrong = Vec::new();
    for (key, logged, place, least) in KEYS {
        let (before, from) = (display.screen(), app.lines().len());
        display.xdotool(&["key", key]);
        std::thread::sleep(Duration::from_millis(500));
        if !logged.is_empty() {
            app.wait_from(from, &format!("{logged} (after {key})"), |line| line.contains(logged));
            std::thread::sleep(Duration::from_millis(150));
        }
        let changed = display.screen().difference(&before, place);
        if changed < least {
            wrong.push(format!("{key}: {changed} pixels of {place:?} changed, not {least}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Scenes 1 and 2 come with a run of their method; scene 3 shows the crops of any, scene 4 its kernels, which are timed only there.
    for (key, loads) in
        [("2", "command LoadPreset(\"dino"), ("3", ""), ("4", "command ProfileSteps(true)"), ("1", "command LoadPreset(\"byol")]
    {
        let before = display.screen();
        match loads {
            "" => drop(display.xdotool(&["key", key])),
            loads => drop(app.press(&display, key, loads)),
        }
        app.shown_after_input(&display);
        std::thread::sleep(Duration::from_millis(800));
        let changed = display.screen().difference(&before, LEFT);
        assert!(changed > 5_000, "scene {key}: only {changed} pixels changed");
        if key == "4" {
            app.press(&display, "s", "command Step");
            let exported = |app: &App| app.lines().iter().any(|line| line.contains("exported "));
            for _ in 0..40 {
                display.xdotool(&["key", "x"]);
                std::thread::sleep(Duration::from_millis(500));
                if exported(&app) {
                    break;
                }
            }
            assert!(exported(&app), "a step that was timed is exported");
            app.press(&display, "v", "command SetVariant");
            app.press(&display, "F9", "notice No graphics debugger");
        }
    }
    app.assert_calm();
}

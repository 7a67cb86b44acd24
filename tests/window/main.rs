//! The window, driven like a user does: a virtual display (Xvfb), real key presses and clicks (xdotool), the event log and the
//! pixels as witnesses. Everything that is started here is ended here.
//!
//! Where Xvfb or xdotool is not installed, the tests say so and pass; `cargo xtask test` installs both.

mod drops;
mod fuzz;
mod harness;
mod keys;
mod lessons;
mod manager;
mod pacing;
mod paste;
mod present;
mod switches;
mod xdnd;

use std::process::Command;
use std::time::{Duration, Instant};

use harness::{App, Display, one_at_a_time};

/// The centre of the predictor's switch at 1280x800 and scale 1, and a rectangle around it.
const PREDICTOR_SWITCH: [usize; 2] = [163, 362];
/// The embedding cloud's part of the window.
const CLOUD: [usize; 4] = [360, 130, 920, 640];

#[test]
fn window_keys_and_switches_do_what_they_say() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let mut app = App::start(&display, &["--preset", "byol"], &[]);
    app.wait("window open");
    app.focus(&display);
    app.wait("first trained step shown");
    let (step, playing) = app.shown();
    assert!(playing && step > 0);

    // The cloud moves while it trains.
    let before = display.screen();
    let (first, _) = app.shown();
    let later = loop {
        let (step, _) = app.shown();
        if step >= first + 8 {
            break step;
        }
    };
    assert!(later > first);
    let moved = display.screen().difference(&before, CLOUD);
    assert!(moved > 200, "only {moved} pixels of the cloud changed in {} steps", later - first);

    // Space stops it, S does exactly one step, Space goes on.
    app.press(&display, "space", "command Pause");
    let (resting, _) = loop {
        let shown = app.shown_after_input(&display);
        if !shown.1 {
            break shown;
        }
    };
    app.press(&display, "s", "command Step");
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let (step, playing) = app.shown_after_input(&display);
        assert!(step <= resting + 2, "one step was asked for, {} were done", step - resting);
        if step > resting && !playing {
            break;
        }
        assert!(Instant::now() < limit, "S did no step");
    }
    app.press(&display, "space", "command Play");

    // The letters flip the switches, and the event log says at which step.
    for (key, name) in [("e", "ema"), ("g", "stop_gradient"), ("p", "predictor")] {
        app.press(&display, key, &format!("switch {name} off at step"));
        app.press(&display, key, &format!("switch {name} on at step"));
    }

    // A click on the diagram's switch does the same, and the picture shows it.
    let [x, y] = PREDICTOR_SWITCH;
    let around = [x - 24, y - 14, x + 24, y + 14];
    let white = [0xF2, 0xF4, 0xF7];
    display.xdotool(&["mousemove", "700", "20"]);
    std::thread::sleep(Duration::from_millis(400));
    let on = display.screen().count(white, around);
    let from = app.lines().len();
    display.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "sleep", "0.2", "mousedown", "1", "sleep", "0.2", "mouseup", "1"]);
    app.wait_from(from, "the click", |line| line.contains("switch predictor off"));
    display.xdotool(&["mousemove", "700", "20"]);
    std::thread::sleep(Duration::from_millis(600));
    let off = display.screen().count(white, around);
    assert!(on > 2 * off, "the switch is filled with {on} pixels when on, {off} when off");
    app.press(&display, "p", "switch predictor on");

    // Dragging turns the cloud.
    app.press(&display, "space", "command Pause");
    std::thread::sleep(Duration::from_millis(500));
    let before = display.screen();
    display.xdotool(&[
        "mousemove",
        "640",
        "400",
        "mousedown",
        "1",
        "mousemove",
        "700",
        "430",
        "sleep",
        "0.3",
        "mouseup",
        "1",
        "mousemove",
        "700",
        "20",
    ]);
    std::thread::sleep(Duration::from_millis(600));
    let turned = display.screen().difference(&before, CLOUD);
    assert!(turned > 1000, "the drag changed only {turned} pixels");

    // Larger text, the key list, and back.
    app.press(&display, "ctrl+plus", "ui scale 1.10");
    app.press(&display, "ctrl+minus", "ui scale 1.00");
    std::thread::sleep(Duration::from_millis(500));
    let before = display.screen();
    display.xdotool(&["key", "question"]);
    std::thread::sleep(Duration::from_millis(600));
    let covered = display.screen().difference(&before, CLOUD);
    assert!(covered > 10_000, "the key list covers only {covered} pixels");
    display.xdotool(&["key", "Escape"]);

    // R starts again from step 0.
    app.press(&display, "r", "command Reset");
    app.press(&display, "space", "command Play");
    let limit = Instant::now() + Duration::from_secs(20);
    while app.shown().0 > resting {
        assert!(Instant::now() < limit, "R did not start again");
    }

    // Escape asks; Escape again stays; Enter leaves.
    display.xdotool(&["key", "Escape", "sleep", "0.5", "key", "Escape", "sleep", "0.5"]);
    app.shown();
    display.xdotool(&["key", "Escape", "sleep", "0.5", "key", "Return"]);
    assert_eq!(app.end(), 0);
    let report = app.wait("frames while training");
    println!("{report}");
    app.assert_calm();
}

#[test]
fn window_at_a_fractional_display_scale() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1600x1000x24") else { return };
    let app = App::start(&display, &[], &[("WINIT_X11_SCALE_FACTOR", "1.1458333")]);
    app.wait("first trained step shown");
    app.focus(&display);
    for key in ["ctrl+plus", "ctrl+plus", "ctrl+minus", "Tab", "Tab", "ctrl+0"] {
        display.xdotool(&["key", key]);
        app.shown();
    }
    let screen = display.screen();
    let ground = [0x0E, 0x11, 0x16];
    // 1280x800 logical pixels are 1467x917; the window fills them to the edges, and nothing else is drawn beyond.
    let inside = screen.count(ground, [600, 200, 1060, 700]);
    assert!(inside > 50_000, "the ground shows on {inside} pixels");
    let [edge, beyond] = [[1440, 880, 1466, 916], [1470, 920, 1590, 990]].map(|area| screen.count([0, 0, 0], area));
    assert_eq!(edge, 0, "the window is drawn up to its corner");
    assert_eq!(beyond, 120 * 70, "nothing is drawn outside the window");
    app.assert_calm();
}

#[test]
fn window_loads_a_folder_by_its_path() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (class, shade) in [("dark", 40_u8), ("light", 200)] {
        std::fs::create_dir(folder.path().join(class)).expect("a class folder");
        for index in 0..60_u8 {
            let picture = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb([shade, (x as u8).wrapping_mul(index), (y as u8) * 5]));
            picture.save(folder.path().join(class).join(format!("{index}.png"))).expect("a picture is written");
        }
    }
    std::fs::write(folder.path().join("dark").join("broken.png"), b"not a picture").expect("a broken file is written");
    let app = App::start(&display, &[], &[]);
    app.wait("first trained step shown");
    app.focus(&display);
    let enter_path = |path: &str| {
        display.xdotool(&["key", "o", "sleep", "1"]);
        display.xdotool(&["type", "--delay", "40", path]);
        display.xdotool(&["sleep", "1", "key", "Return", "sleep", "1"]);
    };
    // Letters that are keys elsewhere are letters here, and a path that leads nowhere changes nothing.
    enter_path("/nowhere/at/all/egps");
    let (step, playing) = app.shown();
    assert!(playing && step > 0);
    let pressed: Vec<String> = app.lines().into_iter().filter(|line| line.contains("command ")).collect();
    assert!(pressed.is_empty(), "typing a path gave {pressed:?}");
    // The card keeps a path that failed, says why, and selects it, so that typing replaces it. One Escape closes the card.
    display.xdotool(&["key", "Escape", "sleep", "0.5"]);
    enter_path(&folder.path().to_string_lossy());
    app.wait("command LoadData");
    app.wait("broken.png");
    let limit = Instant::now() + Duration::from_secs(60);
    let mut smallest = step;
    loop {
        let (shown, _) = app.shown();
        smallest = smallest.min(shown);
        if smallest < step && shown > smallest {
            break;
        }
        assert!(Instant::now() < limit, "the folder was not trained on:\n{}", app.lines().join("\n"));
    }
    app.assert_calm();
}

#[test]
fn window_survives_a_lost_device() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let app = App::start(&display, &["--lose-device-at", "3"], &[]);
    app.wait("device lost at step");
    let (_, after) = app.wait_from(0, "the loss", |line| line.contains("device lost at step"));
    app.wait_from(after, "training after the loss", |line| {
        line.split("shown step ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok()).is_some_and(|step| step >= 5)
    });
    assert!(app.lines().iter().all(|line| !line.contains("panicked")));
}

#[test]
fn window_in_a_storm_of_resizes() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1600x1000x24") else { return };
    let app = App::start(&display, &[], &[]);
    app.wait("first trained step shown");
    app.focus(&display);
    let window = display.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]);
    let window = window.lines().next().expect("the window").to_owned();
    for round in 0..60_u32 {
        let (width, height) = (1 + round * 7919 % 1500, 1 + round * 104_729 % 950);
        display.xdotool(&["windowsize", &window, &width.to_string(), &height.to_string()]);
        if round % 10 == 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    display.xdotool(&["windowunmap", &window, "sleep", "0.5", "windowmap", &window]);
    display.xdotool(&["windowsize", "--sync", &window, "1200", "760"]);
    let (first, _) = app.shown();
    let limit = Instant::now() + Duration::from_secs(30);
    while app.shown().0 <= first {
        assert!(Instant::now() < limit, "training stopped in the storm");
    }
    app.assert_calm();
}

#[test]
fn window_without_a_display_one_line_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_twinlens"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .env_remove("RUST_LOG")
        .output()
        .expect("twinlens starts");
    let text = String::from_utf8_lossy(&output.stderr);
    if cfg!(target_os = "linux") {
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert_eq!(text.trim().lines().count(), 1, "{text}");
        assert!(text.contains("display") && text.contains("twinlens render"), "{text}");
    }
}

//! Training and drawing share one queue: every input is answered in every scene, turbo gives the time to the training, and a window
//! that nobody sees trains on.

use std::time::{Duration, Instant};

use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, WindowClass};

use crate::harness::{App, Display, one_at_a_time};

/// The number that stands before the last `unit` in a log line.
fn number_before(line: &str, unit: &str) -> f32 {
    let before = line.rsplit_once(unit).map_or("", |(before, _)| before);
    before.split_whitespace().last().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no number before '{unit}' in {line}"))
}

#[test]
fn window_answers_every_key_while_each_scene_trains() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    for preset in ["byol", "dino", "multicrop"] {
        let mut app = App::start(&display, &["--preset", preset], &[]);
        app.wait("first trained step shown");
        app.focus(&display);
        let first = app.shown().0;
        for _ in 0..4 {
            app.press(&display, "e", "command SetSwitch");
            app.shown();
        }
        let limit = Instant::now() + Duration::from_secs(60);
        while app.shown().0 <= first {
            assert!(Instant::now() < limit, "{preset} does not train");
        }
        display.xdotool(&["key", "Escape", "sleep", "0.5", "key", "Return"]);
        assert_eq!(app.end(), 0);
        let report = app.wait("frames while training");
        println!("{preset}: {report}");
        assert!(number_before(&report, " inputs shown") >= 5.0, "{report}");
        app.assert_calm();
    }
}

#[test]
fn window_in_turbo_draws_less_and_trains_on() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let app = App::start(&display, &["--preset", "byol"], &[]);
    app.wait("first trained step shown");
    app.focus(&display);
    let reports = |from: usize| {
        let mut from = from;
        let mut lines = Vec::new();
        for _ in 0..6 {
            let (line, next) = app.wait_from(from, "shown step", |line| line.contains("shown step "));
            from = next;
            lines.push(line);
        }
        // The first ones are still of the second before.
        lines.split_off(3)
    };
    let mean = |lines: &[String], unit: &str| lines.iter().map(|line| number_before(line, unit)).sum::<f32>() / lines.len() as f32;
    let smooth = reports(app.lines().len());
    app.press(&display, "bracketright", "command Divide(Turbo)");
    let turbo = reports(app.lines().len());
    app.press(&display, "bracketleft", "command Divide(Smooth)");
    let (before, during) = (mean(&smooth, " fps"), mean(&turbo, " fps"));
    assert!(during < 0.7 * before, "{during} frames/s in turbo, {before} before");
    let [drawing, in_turbo] = [&smooth, &turbo].map(|lines| lines.iter().map(|line| number_before(line, " %")).sum::<f32>());
    assert!(in_turbo < drawing, "{turbo:#?} in turbo, {smooth:#?} before");
    let step = |line: &String| number_before(line, if line.contains("playing") { " playing" } else { " paused" });
    assert!(step(&turbo[2]) > step(&turbo[0]), "it trains on: {turbo:#?}");
    app.assert_calm();
}

#[test]
fn window_that_nobody_sees_trains_on() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let app = App::start(&display, &["--preset", "byol"], &[]);
    app.wait("first trained step shown");
    app.focus(&display);
    // Another window in front of all of it.
    let (connection, screen) = x11rb::connect(Some(&display.name)).expect("the display answers");
    let root = connection.setup().roots[screen].root;
    let cover = connection.generate_id().expect("an id");
    let looks = CreateWindowAux::new().override_redirect(1).background_pixel(0x00_33_66_99);
    connection
        .create_window(COPY_DEPTH_FROM_PARENT, cover, root, 0, 0, 1280, 800, 0, WindowClass::INPUT_OUTPUT, 0, &looks)
        .expect("a window");
    let change = |shown: bool| {
        let from = app.lines().len();
        if shown {
            connection.map_window(cover).expect("it is shown");
        } else {
            connection.unmap_window(cover).expect("it is put away");
        }
        connection.flush().expect("the display listens");
        let what = if shown { "hidden at step" } else { "visible at step" };
        let (line, _) = app.wait_from(from, what, |line| line.contains(what));
        number_before(&line, " steps in") / number_before(&line, " s before")
    };
    let rest = || std::thread::sleep(Duration::from_secs(5));
    change(true);
    rest();
    let hidden = change(false);
    rest();
    let visible = change(true);
    // Others may be busy on this machine, now more, now less.
    assert!(hidden > 0.8 * visible, "{hidden} steps/s while hidden, {visible} while visible");
    app.assert_calm();
}

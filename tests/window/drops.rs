//! Files and folders dropped on the window.

use std::time::Duration;

use crate::CLOUD;
use crate::harness::{App, Display, one_at_a_time};
use crate::xdnd::Drag;

#[test]
fn window_takes_folders_that_are_dropped_on_it() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    for class in ["my cats", "dogs"] {
        std::fs::create_dir(at(class)).expect("a class folder");
        for index in 0..30_u8 {
            let picture = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb([index, x as u8, (y as u8) * 5]));
            picture.save(at(class).join(format!("{index}.png"))).expect("a picture is written");
        }
    }
    let app = App::start(&display, &["--paused"], &[]);
    app.wait("window open");
    app.focus(&display);
    let window: u32 =
        display.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]).lines().next().expect("it").parse().expect("an id");
    std::thread::sleep(Duration::from_secs(1));

    // While they are dragged, the window says what it would do; taken away, it is as before.
    let before = display.screen();
    let drag = Drag::begin(&display.name, window, &[&at("my cats")], [600, 400]);
    std::thread::sleep(Duration::from_millis(700));
    let covered = display.screen().difference(&before, CLOUD);
    assert!(covered > 2_000, "only {covered} pixels say that it may be dropped");
    drag.leave();
    std::thread::sleep(Duration::from_millis(700));
    let left = display.screen().difference(&before, CLOUD);
    assert!(left < covered / 10, "{left} pixels of the drop target stay");
    assert!(!app.lines().iter().any(|line| line.contains("command LoadData")));

    Drag::begin(&display.name, window, &[&at("my cats")], [600, 400]).release();
    let line = app.wait("command LoadData");
    assert!(line.contains("Folder(") && line.contains("my cats"), "{line}");
    app.wait("notice 30 images");

    // Two folders together are one set, each a class.
    let from = app.lines().len();
    Drag::begin(&display.name, window, &[&at("dogs"), &at("my cats")], [600, 400]).release();
    let (line, _) = app.wait_from(from, "the second load", |line| line.contains("command LoadData"));
    assert!(line.contains("Several("), "{line}");
    app.wait("notice 60 images");

    // What is not there is said, and changes nothing.
    let from = app.lines().len();
    let text = at("notes.txt");
    std::fs::write(&text, "no picture").expect("a file is written");
    Drag::begin(&display.name, window, &[&text], [600, 400]).release();
    app.wait_from(from, "why not", |line| line.contains("notice") && line.contains("the run goes on as it was"));
    app.assert_calm();
}

//! The keys of lessons, as a presentation remote sends them.

use std::time::Duration;

use crate::harness::{App, Display, one_at_a_time};
use crate::keys::{BOTTOM, WHOLE, drive};

#[test]
fn window_lesson_keys_do_what_they_say() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let app = App::start(&display, &["--preset", "byol-fast", "--paused"], &[]);
    app.wait("window open");
    app.focus(&display);
    display.xdotool(&["mousemove", "700", "20"]);
    std::thread::sleep(Duration::from_secs(1));
    let wrong = drive(
        &app,
        &display,
        &[
            ("l", "key Lessons", WHOLE, 20_000),
            ("Down", "key Arrow(Down)", WHOLE, 1_000),
            ("Up", "key Arrow(Up)", WHOLE, 1_000),
            ("Next", "key NextPage", WHOLE, 1_000),
            ("Prior", "key PreviousPage", WHOLE, 1_000),
            ("Escape", "key Escape", WHOLE, 20_000),
            ("l", "key Lessons", WHOLE, 20_000),
            ("Return", "lesson asymmetries starts", BOTTOM, 1_000),
            // The first page starts a run and stands still; the second trains.
            ("Next", "command PlayTo(100)", BOTTOM, 200),
            ("Prior", "key PreviousPage", BOTTOM, 200),
            ("Escape", "lesson asymmetries left", BOTTOM, 1_000),
            ("Next", "notice PageDown and PageUp walk a lesson", WHOLE, 500),
        ],
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.assert_calm();
}

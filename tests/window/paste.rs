//! The clipboard and the path field: another program owns it, Ctrl+V pastes, and Enter loads what was pasted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::CLOUD;
use crate::harness::{App, Display, one_at_a_time};
use crate::xdnd::{hand_over, owner};

/// A program that holds a text on the clipboard until it is dropped.
struct Copied {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<usize>>,
}

impl Copied {
    fn new(display: &str, text: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).expect("the display answers");
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).expect("a request").reply().expect("an atom").atom;
        let (clipboard, plain) = (atom("CLIPBOARD"), atom("UTF8_STRING"));
        connection.set_selection_owner(owner(&connection, screen), clipboard, x11rb::CURRENT_TIME).expect("the clipboard");
        connection.flush().expect("the display answers");
        let ends = Arc::new(AtomicBool::new(false));
        let (told, text) = (ends.clone(), text.to_owned());
        let thread = std::thread::spawn(move || {
            let mut handed_over = 0;
            while !told.load(Ordering::Relaxed) {
                match connection.poll_for_event().expect("the display answers") {
                    Some(Event::SelectionRequest(asked)) => {
                        let bytes = (asked.target == plain).then_some(text.as_bytes());
                        handed_over += usize::from(bytes.is_some());
                        hand_over(&connection, &asked, bytes);
                    }
                    _ => std::thread::sleep(Duration::from_millis(10)),
                }
            }
            handed_over
        });
        Self { ends, thread: Some(thread) }
    }

    /// Lets the clipboard go; gives how often the text was taken.
    fn end(mut self) -> usize {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok()).expect("it ended in peace")
    }
}

#[test]
fn window_pastes_a_path_from_the_clipboard() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("Bilder für α");
    std::fs::create_dir(&path).expect("a folder");
    for index in 0..20_u8 {
        let picture = image::RgbImage::from_fn(32, 32, |x, y| image::Rgb([index * 9, x as u8 * 7, y as u8 * 5]));
        picture.save(path.join(format!("{index}.png"))).expect("a picture is written");
    }
    let app = App::start(&display, &["--paused"], &[]);
    app.wait("window open");
    app.focus(&display);
    std::thread::sleep(Duration::from_secs(1));
    let panes = display.screen();
    display.xdotool(&["key", "o"]);
    let limit = Instant::now() + Duration::from_secs(20);
    while display.screen().difference(&panes, CLOUD) < 20_000 {
        assert!(Instant::now() < limit, "the card with the field does not show");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(1));

    // Nothing on the clipboard: nothing is pasted, and nothing breaks.
    let before = display.screen();
    display.xdotool(&["key", "ctrl+v", "sleep", "1"]);
    let changed = display.screen().difference(&before, CLOUD);
    assert!(changed < 60, "{changed} pixels changed by pasting nothing");

    let copied = Copied::new(&display.name, &path.to_string_lossy());
    display.xdotool(&["key", "ctrl+v", "sleep", "1"]);
    let changed = display.screen().difference(&before, CLOUD);
    assert!(changed > 200, "only {changed} pixels of the field changed");
    let from = app.lines().len();
    display.xdotool(&["key", "Return"]);
    let (line, _) = app.wait_from(from, "the load", |line| line.contains("command LoadData"));
    assert!(line.contains("Bilder für α"), "{line}");
    app.wait_from(from, "the images", |line| line.contains("notice 20 images"));
    assert!(copied.end() > 0, "the text was never taken");
    app.assert_calm();
}

//! What a lecturer leans on, in a real window: pictures, films, undo, speed, and no way out without a question.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::harness::{App, Display, one_at_a_time};

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|own| own == extension)).collect()
}

#[test]
fn window_pictures_films_undo_speed_and_leaving() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1280x800x24") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let save_to = folder.path().to_str().expect("a plain name").to_owned();
    // Without ffmpeg on the path, films are GIFs.
    let mut app = App::start(&display, &["--preset", "byol-fast", "--save-to", &save_to], &[("PATH", "/nowhere")]);
    app.wait("first trained step shown");
    app.focus(&display);

    app.press(&display, "F10", "notice Recording twinlens-");
    app.press(&display, "p", "command SetSwitch { switch: Predictor, on: false }");
    app.press(&display, "ctrl+z", "command SetSwitch { switch: Predictor, on: true }");
    app.press(&display, "ctrl+shift+z", "command SetSwitch { switch: Predictor, on: false }");
    app.press(&display, "ctrl+z", "Taken back: predictor is on.");
    app.wait("switch predictor on at step");
    app.press(&display, "ctrl+z", "There is nothing to take back");
    app.press(&display, "bracketleft", "command SetSpeed(Some(20))");
    app.press(&display, "bracketright", "command SetSpeed(None)");

    // Two pictures of one step do not take each other's name.
    app.press(&display, "space", "command Pause");
    std::thread::sleep(Duration::from_millis(800));
    app.press(&display, "F12", "screenshot");
    app.press(&display, "F12", "screenshot");
    let pictures = files(folder.path(), "png");
    assert_eq!(pictures.len(), 2, "{pictures:?}");
    let picture = image::open(&pictures[0]).expect("a picture").to_rgb8();
    assert_eq!(picture.dimensions(), (1280, 800));
    // In the margin, where no text stands.
    assert_eq!(picture.get_pixel(4, 780).0, [0x13, 0x17, 0x1D], "the bar below");

    let said = app.press(&display, "F10", "notice Saved");
    assert!(said.contains(".gif"), "{said}");
    let films = files(folder.path(), "gif");
    assert_eq!(films.len(), 1, "{films:?}");
    let film = std::fs::File::open(&films[0]).expect("the film");
    let decoder = image::codecs::gif::GifDecoder::new(std::io::BufReader::new(film)).expect("a GIF");
    let frames = image::AnimationDecoder::into_frames(decoder).collect_frames().expect("frames");
    assert!(frames.len() > 2, "{} frames", frames.len());

    // Another film is cut short by a change of size, and another by leaving.
    app.press(&display, "F10", "notice Recording twinlens-");
    std::thread::sleep(Duration::from_millis(600));
    let window = display.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]);
    let from = app.lines().len();
    display.xdotool(&["windowsize", window.lines().next().expect("the window"), "1100", "700"]);
    app.wait_from(from, "the film's end", |line| line.contains("changed its size"));
    app.press(&display, "F10", "notice Recording twinlens-");
    std::thread::sleep(Duration::from_millis(600));

    // Ctrl+Q asks; N and Escape stay, Y leaves, and the film is finished first.
    for stay in ["n", "Escape"] {
        display.xdotool(&["key", "ctrl+q", "sleep", "0.5", "key", stay, "sleep", "0.5"]);
    }
    let from = app.lines().len();
    app.press(&display, "space", "command Play");
    assert!(app.lines()[from..].iter().all(|line| !line.contains("Centering")), "the N was an answer");
    display.xdotool(&["key", "ctrl+q", "sleep", "0.5", "key", "y"]);
    let limit = Instant::now() + Duration::from_secs(30);
    while files(folder.path(), "gif").len() < 3 {
        assert!(Instant::now() < limit, "the last film was not finished");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(app.end(), 0);
    println!("{}", app.wait("inputs shown after"));
    assert!(files(folder.path(), "part").is_empty());
    app.assert_calm();
}

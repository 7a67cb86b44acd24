//! The window, driven like a user does: a virtual display (Xvfb), real key presses and clicks (xdotool), the event log and the
//! pixels as witnesses. Everything that is started here is ended here.
//!
//! Where Xvfb or xdotool is not installed, the tests say so and pass; `cargo xtask test` installs both.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// One window at a time: two cores are shared by the display, the window and its training.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A process that does not outlive its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual display whose pixels lie in a file.
struct Display {
    name: String,
    pixels: PathBuf,
    _folder: tempfile::TempDir,
    _server: Owned,
}

impl Display {
    /// None where Xvfb or xdotool is missing; says so.
    fn start(size: &str) -> Option<Self> {
        for program in ["Xvfb", "xdotool"] {
            if !is_installed(program) {
                eprintln!("SKIPPED: {program} is not installed, so the window was not tested (apt-get install xvfb xdotool)");
                return None;
            }
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-fbdir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map(Owned)
            .expect("Xvfb starts");
        let mut number = String::new();
        let output = server.0.stdout.take().expect("Xvfb's output is piped");
        BufReader::new(output).read_line(&mut number).expect("Xvfb tells its display number");
        let number = number.trim();
        assert!(!number.is_empty(), "Xvfb ended without opening a display");
        let pixels = folder.path().join("Xvfb_screen0");
        Some(Self { name: format!(":{number}"), pixels, _folder: folder, _server: server })
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        let output = Command::new("xdotool").env("DISPLAY", &self.name).args(arguments).output().expect("xdotool runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The screen as it is: width, height and the bytes of each pixel (blue, green, red, unused).
    fn screen(&self) -> Screen {
        Screen::read(&self.pixels)
    }
}

/// The X window dump that Xvfb keeps.
struct Screen {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
    first: usize,
    row: usize,
}

impl Screen {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).expect("Xvfb keeps its screen in a file");
        let word = |index: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| bytes[4 * index + i])) as usize;
        let (header, width, height, bits, row, colours) = (word(0), word(4), word(5), word(11), word(12), word(19));
        assert_eq!(bits, 32, "the display has 32 bits a pixel");
        Self { width, height, first: header + 12 * colours, row, bytes }
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = self.first + y * self.row + 4 * x;
        [self.bytes[at + 2], self.bytes[at + 1], self.bytes[at]]
    }

    /// Pixels of a rectangle (left, top, right, bottom) that differ between two screens.
    fn difference(&self, other: &Self, [left, top, right, bottom]: [usize; 4]) -> usize {
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| self.pixel(x, y) != other.pixel(x, y)).count()
    }

    /// Pixels of a rectangle that have a colour.
    fn count(&self, colour: [u8; 3], [left, top, right, bottom]: [usize; 4]) -> usize {
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| self.pixel(x, y) == colour).count()
    }
}

/// A running window and what it logs.
struct App {
    process: Owned,
    log: Arc<Mutex<Vec<String>>>,
}

impl App {
    fn start(display: &Display, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinlens"));
        command
            .args(arguments)
            .args(["--software", "--exit-after", "400"])
            .env("DISPLAY", &display.name)
            .env("RUST_LOG", "warn,twinlens=info")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("WINIT_X11_SCALE_FACTOR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut process = command.spawn().map(Owned).expect("twinlens starts");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = BufReader::new(process.0.stderr.take().expect("the log is piped"));
        let sink = log.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                sink.lock().expect("the log").push(line);
            }
        });
        Self { process, log }
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().expect("the log").clone()
    }

    /// Waits for a log line from number `from` on that `matches`; gives it and the number after it.
    fn wait_from(&self, from: usize, what: &str, matches: impl Fn(&str) -> bool) -> (String, usize) {
        let limit = Instant::now() + Duration::from_secs(60);
        while Instant::now() < limit {
            let lines = self.lines();
            if let Some(index) = lines.iter().skip(from).position(|line| matches(line)) {
                return (lines[from + index].clone(), from + index + 1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("never logged: {what}. The log:\n{}", self.lines().join("\n"));
    }

    fn wait(&self, text: &str) -> String {
        self.wait_from(0, text, |line| line.contains(text)).0
    }

    /// Presses a key and waits for a line that comes after it.
    fn press(&self, display: &Display, key: &str, expected: &str) -> String {
        let from = self.lines().len();
        display.xdotool(&["key", key]);
        self.wait_from(from, &format!("{expected} (after {key})"), |line| line.contains(expected)).0
    }

    /// The next report of what is shown: step and whether it plays.
    fn shown(&self) -> (u64, bool) {
        let from = self.lines().len();
        let (line, _) = self.wait_from(from, "shown step", |line| line.contains("shown step "));
        let rest = line.split("shown step ").nth(1).expect("the line was chosen by it");
        let step = rest.split(' ').next().and_then(|word| word.parse().ok()).expect("a step number");
        (step, rest.contains("playing"))
    }

    fn focus(&self, display: &Display) {
        let limit = Instant::now() + Duration::from_secs(30);
        while Instant::now() < limit {
            let found = display.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]);
            if let Some(window) = found.lines().next() {
                // Without a window manager nobody gives the keyboard to the window, or puts it in the corner.
                display.xdotool(&["windowmove", window, "0", "0"]);
                display.xdotool(&["windowfocus", "--sync", window]);
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the window never appeared. The log:\n{}", self.lines().join("\n"));
    }

    /// Waits for the end; gives the exit code.
    fn end(&mut self) -> i32 {
        let limit = Instant::now() + Duration::from_secs(30);
        while Instant::now() < limit {
            if let Some(status) = self.process.0.try_wait().expect("the process can be asked") {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not end. The log:\n{}", self.lines().join("\n"));
    }

    fn assert_calm(&self) {
        let lines = self.lines();
        let bad: Vec<&String> = lines.iter().filter(|line| line.contains("panicked") || line.contains("ERROR")).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

/// The centre of the predictor's switch at 1280x800 and scale 1, and a rectangle around it.
const PREDICTOR_SWITCH: [usize; 2] = [166, 319];
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

impl App {
    /// As [`App::shown`], while paused too: a moving pointer has frames drawn.
    fn shown_after_input(&self, display: &Display) -> (u64, bool) {
        let from = self.lines().len();
        let limit = Instant::now() + Duration::from_secs(20);
        let mut wiggle = 0;
        loop {
            wiggle = (wiggle + 1) % 10;
            display.xdotool(&["mousemove", &(700 + wiggle).to_string(), "20"]);
            std::thread::sleep(Duration::from_millis(120));
            let lines = self.lines();
            let Some(line) = lines.iter().skip(from).find(|line| line.contains("shown step ")) else {
                assert!(Instant::now() < limit, "nothing was drawn:\n{}", lines.join("\n"));
                continue;
            };
            let rest = line.split("shown step ").nth(1).expect("the line was chosen by it");
            let step = rest.split(' ').next().and_then(|word| word.parse().ok()).expect("a step number");
            return (step, rest.contains("playing"));
        }
    }
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
        display.xdotool(&["mousemove", "200", "702", "sleep", "0.5", "click", "1", "sleep", "1"]);
        display.xdotool(&["type", "--delay", "40", path]);
        display.xdotool(&["sleep", "1", "key", "Return", "sleep", "1"]);
    };
    // Letters that are keys elsewhere are letters here, and a path that leads nowhere changes nothing.
    enter_path("/nowhere/at/all/egps");
    let (step, playing) = app.shown();
    assert!(playing && step > 0);
    let pressed: Vec<String> = app.lines().into_iter().filter(|line| line.contains("command ")).collect();
    assert!(pressed.is_empty(), "typing a path gave {pressed:?}");
    // The field keeps a path that failed; a click selects it, so that typing replaces it.
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

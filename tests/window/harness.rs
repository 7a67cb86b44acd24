//! A virtual display, a window in it, and what both have to tell.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// One window at a time: two cores are shared by the display, the window and its training.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A process that does not outlive its owner.
pub struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual display whose pixels lie in a file.
pub struct Display {
    pub name: String,
    pixels: PathBuf,
    _folder: tempfile::TempDir,
    _server: Owned,
}

impl Display {
    /// None where Xvfb or xdotool is missing; says so.
    pub fn start(size: &str) -> Option<Self> {
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

    pub fn xdotool(&self, arguments: &[&str]) -> String {
        let output = Command::new("xdotool").env("DISPLAY", &self.name).args(arguments).output().expect("xdotool runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The screen as it is: width, height and the bytes of each pixel (blue, green, red, unused).
    pub fn screen(&self) -> Screen {
        Screen::read(&self.pixels)
    }
}

/// The X window dump that Xvfb keeps.
pub struct Screen {
    pub width: usize,
    pub height: usize,
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

    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = self.first + y * self.row + 4 * x;
        [self.bytes[at + 2], self.bytes[at + 1], self.bytes[at]]
    }

    /// Pixels of a rectangle (left, top, right, bottom) that differ between two screens.
    pub fn difference(&self, other: &Self, [left, top, right, bottom]: [usize; 4]) -> usize {
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| self.pixel(x, y) != other.pixel(x, y)).count()
    }

    /// Pixels of a rectangle that have a colour.
    pub fn count(&self, colour: [u8; 3], [left, top, right, bottom]: [usize; 4]) -> usize {
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))).filter(|&(x, y)| self.pixel(x, y) == colour).count()
    }
}

/// A running window and what it logs.
pub struct App {
    process: Owned,
    log: Arc<Mutex<Vec<String>>>,
}

impl App {
    pub fn start(display: &Display, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinlens"));
        command
            .args(arguments)
            .args(["--software", "--exit-after", "400"])
            // Pictures and films are saved where the program runs.
            .current_dir(display.pixels.parent().expect("a folder"))
            .env("DISPLAY", &display.name)
            .env("TWINLENS_KERNELS", "default")
            .env("RUST_LOG", "warn,twinlens=info")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("WINIT_X11_SCALE_FACTOR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Not the first start: nothing is offered.
        let state = display.pixels.with_file_name("state");
        std::fs::create_dir_all(state.join("twinlens")).expect("a folder");
        std::fs::write(state.join("twinlens/started-before"), "").expect("a mark");
        command.env("XDG_STATE_HOME", state);
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

    pub fn lines(&self) -> Vec<String> {
        self.log.lock().expect("the log").clone()
    }

    /// Waits for a log line from number `from` on that `matches`; gives it and the number after it.
    pub fn wait_from(&self, from: usize, what: &str, matches: impl Fn(&str) -> bool) -> (String, usize) {
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

    pub fn wait(&self, text: &str) -> String {
        self.wait_from(0, text, |line| line.contains(text)).0
    }

    /// Presses a key and waits for a line that comes after it.
    pub fn press(&self, display: &Display, key: &str, expected: &str) -> String {
        let from = self.lines().len();
        display.xdotool(&["key", key]);
        self.wait_from(from, &format!("{expected} (after {key})"), |line| line.contains(expected)).0
    }

    /// The next report of what is shown: step and whether it plays.
    pub fn shown(&self) -> (u64, bool) {
        let from = self.lines().len();
        let (line, _) = self.wait_from(from, "shown step", |line| line.contains("shown step "));
        let rest = line.split("shown step ").nth(1).expect("the line was chosen by it");
        let step = rest.split(' ').next().and_then(|word| word.parse().ok()).expect("a step number");
        (step, rest.contains("playing"))
    }

    pub fn focus(&self, display: &Display) {
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
    pub fn end(&mut self) -> i32 {
        let limit = Instant::now() + Duration::from_secs(30);
        while Instant::now() < limit {
            if let Some(status) = self.process.0.try_wait().expect("the process can be asked") {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not end. The log:\n{}", self.lines().join("\n"));
    }

    /// The exit code, if it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.process.0.try_wait().expect("the process can be asked").map(|status| status.code().unwrap_or(-1))
    }

    /// The last lines of the log.
    pub fn tail(&self) -> String {
        let lines = self.lines();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Nothing panicked, and wgpu complained of nothing; says after what it did.
    pub fn assert_calm_after(&self, what: &str) {
        let bad = |line: &String| ["panicked", "ERROR", "Validation Error", "validation error"].iter().any(|word| line.contains(word));
        assert!(!self.lines().iter().any(bad), "{what}\n{}", self.tail());
    }

    pub fn assert_calm(&self) {
        let lines = self.lines();
        let bad: Vec<&String> = lines.iter().filter(|line| line.contains("panicked") || line.contains("ERROR")).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

impl App {
    /// As [`App::shown`], while paused too: a moving pointer has frames drawn.
    pub fn shown_after_input(&self, display: &Display) -> (u64, bool) {
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

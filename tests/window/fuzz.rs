//! Random input, the same for the same seed: keys, clicks, drags, the wheel, sizes, typed text. Nothing may panic, and wgpu may find
//! nothing to complain about.

use std::time::{Duration, Instant};

use twinlens::view::keys::KEYS;

use crate::harness::{App, Display, one_at_a_time};
use crate::keys::spelled;

const TEXTS: [&str; 4] = ["/tmp/no such folder", "~/%%|'\"", "synthetic:shapes", "egp4tx"];
pub const SCALES: [&str; 6] = ["1", "1.1458333", "1.25", "1.5", "2", "3"];

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Some actions as xdotool takes them.
fn actions(random: &mut Random, window: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let chords: Vec<&str> = KEYS.iter().flat_map(|key| key.chords).map(|&(chord, _)| chord).collect();
    for _ in 0..12 {
        let [x, y] = [random.below(1280).to_string(), random.below(800).to_string()];
        let spoken = match random.below(12) {
            0..=5 => vec!["key".to_owned(), spelled(random.of(&chords))],
            6 | 7 => vec!["mousemove".to_owned(), x, y, "click".to_owned(), random.of(&["1", "1", "1", "3"]).to_owned()],
            8 => {
                let [to_x, to_y] = [random.below(1280).to_string(), random.below(800).to_string()];
                let button = random.of(&["1", "3"]).to_owned();
                let words = ["mousemove", &x, &y, "mousedown", &button, "mousemove", &to_x, &to_y, "sleep", "0.05", "mouseup", &button];
                words.map(str::to_owned).to_vec()
            }
            9 => vec!["click".to_owned(), "--repeat".to_owned(), "3".to_owned(), random.of(&["4", "5"]).to_owned()],
            10 => vec!["type".to_owned(), "--delay".to_owned(), "5".to_owned(), random.of(&TEXTS).to_owned()],
            _ => {
                let [width, height] = [(200 + random.below(1400)).to_string(), (150 + random.below(850)).to_string()];
                vec!["windowsize".to_owned(), window.to_owned(), width, height]
            }
        };
        // `type` takes all that follows as text.
        let ends = spoken[0] == "type";
        words.extend(spoken);
        if ends {
            break;
        }
        words.extend(["sleep".to_owned(), "0.03".to_owned()]);
    }
    words
}

/// Random input for so long; gives the number of rounds.
fn storm(seed: u64, scale: &str, time: Duration) -> u32 {
    let Some(display) = Display::start("1600x1000x24") else { return 0 };
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < time {
        let mut app = App::start(&display, &["--preset", "byol-fast"], &[("WINIT_X11_SCALE_FACTOR", scale)]);
        app.wait("window open");
        app.focus(&display);
        let window = display.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]);
        let window = window.lines().next().unwrap_or_default().to_owned();
        while began.elapsed() < time {
            let words = actions(&mut random, &window);
            display.xdotool(&words.iter().map(String::as_str).collect::<Vec<_>>());
            rounds += 1;
            if let Some(code) = app.ended() {
                // Escape and Enter leave, as they should.
                assert_eq!(code, 0, "seed {seed}, scale {scale}, round {rounds}: {words:?}\n{}", app.tail());
                break;
            }
            app.assert_calm_after(&format!("seed {seed}, scale {scale}, round {rounds}: {words:?}"));
        }
        app.assert_calm_after(&format!("seed {seed}, scale {scale}, round {rounds}"));
        if app.ended().is_none() {
            // It still answers.
            display.xdotool(&["windowsize", &window, "1280", "800", "sleep", "0.3"]);
            app.shown_after_input(&display);
        }
    }
    rounds
}

#[test]
fn window_in_a_storm_of_random_input() {
    let _guard = one_at_a_time();
    for (seed, scale) in [(1, "1"), (2, "1.1458333")] {
        let rounds = storm(seed, scale, Duration::from_secs(9));
        println!("seed {seed}, scale {scale}: {rounds} rounds");
    }
}

/// `cargo xtask fuzz`: TWINLENS_FUZZ_MINUTES over all scales, from TWINLENS_FUZZ_SEED.
#[test]
#[ignore = "takes as long as it is told to"]
fn window_in_a_long_storm_of_random_input() {
    let _guard = one_at_a_time();
    let number = |name: &str, otherwise: f64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let each = Duration::from_secs_f64(number("TWINLENS_FUZZ_MINUTES", 10.0) * 60.0 / SCALES.len() as f64);
    for (index, scale) in SCALES.into_iter().enumerate() {
        let seed = number("TWINLENS_FUZZ_SEED", 1.0) as u64 + index as u64;
        let rounds = storm(seed, scale, each);
        println!("seed {seed}, scale {scale}: {rounds} rounds, calm");
    }
}

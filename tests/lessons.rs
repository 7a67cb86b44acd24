//! Lessons: what their files may say, the walk through their pages whatever the user does in between, and the shipped ones for real.

#[allow(dead_code, reason = "shared with the frames' tests, which use all of it")]
#[path = "frames/harness.rs"]
mod harness;

use std::process::Command as Process;
use std::sync::Arc;

use proptest::prelude::*;
use twinlens::command::{Command, Switch};
use twinlens::config::RunConfig;
use twinlens::lesson::{COLOURS, Lesson, SCENES, shipped_names};
use twinlens::snapshot::{Snapshot, Verdict, VerdictKind};
use twinlens::view::lesson_player::{Finding, Player};
use twinlens::view::scene::Scene;
use twinlens::view::tint::Tint;

const FIRST: &str = "title = \"T\"\nsummary = \"S\"\n[[step]]\ncaption = \"C\"\npreset = \"byol-fast\"\n";

fn read(text: &str) -> Result<Lesson, String> {
    Lesson::parse("test", "lesson test", text, &[]).map_err(|error| error.to_string())
}

fn refused(text: &str, words: &[&str]) {
    let error = read(text).expect_err(text);
    assert!(!error.contains('\n') && error.starts_with("lesson test"), "{error}");
    for word in words {
        assert!(error.contains(word), "'{error}' does not say '{word}'");
    }
}

#[test]
fn shipped_lessons_are_whole() {
    assert_eq!(shipped_names(), ["asymmetries", "balance", "local-global", "one-step", "kernels"]);
    assert_eq!(SCENES, Scene::ALL.map(Scene::name));
    assert_eq!(COLOURS, Tint::ALL.map(Tint::title));
    for name in shipped_names() {
        let lesson = Lesson::load(name, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert!(lesson.steps.len() > 4, "{name}");
        for (index, step) in lesson.steps.iter().enumerate() {
            // A number of the room's that nobody measured would be staged.
            assert!(step.outcome.is_none() || step.expect.is_some(), "{name} {index}");
        }
    }
}

#[test]
fn wrong_lessons_are_refused_with_file_step_and_key() {
    assert!(read(FIRST).is_ok());
    let with = |more: &str| format!("{FIRST}{more}");
    refused("", &["line 1", "title"]);
    refused("title = \"T\"\nsummary = \"S\"\nstep = []\n", &["step"]);
    refused(&with("captoin = \"x\"\n"), &["line 6", "step 1", "captoin"]);
    refused(&with("[[step]]\ndetail = \"x\"\n"), &["step 2", "caption"]);
    refused(&with("[[step]]\ncaption = \"\"\n"), &["step 2", "caption", "empty"]);
    refused(&with("[[step]]\ncaption = \"a\\nb\"\n"), &["step 2", "caption", "line"]);
    refused(&with(&format!("[[step]]\ncaption = \"{}\"\n", "x".repeat(500))), &["step 2", "caption", "500"]);
    refused(&with("[[step]]\ncaption = \"c\"\nset = { tauu = 0.5 }\n"), &["step 2", "tauu", "did you mean `tau`"]);
    refused(&with("[[step]]\ncaption = \"c\"\nset = { tau = 2.0 }\n"), &["step 2", "tau", "2"]);
    refused(&with("[[step]]\ncaption = \"c\"\nset = { centering = false }\n"), &["step 2", "centering", "byol"]);
    refused(&with("[[step]]\ncaption = \"c\"\nset = { batch = 8 }\n"), &["step 2", "batch"]);
    refused(&with("[[step]]\ncaption = \"c\"\nset = { tau = { a = 1 } }\n"), &["step 2", "tau"]);
    refused(&with("[[step]]\ncaption = \"c\"\npreset = \"byol-fats\"\n"), &["step 2", "preset", "byol-fast"]);
    refused(&with("[[step]]\ncaption = \"c\"\npreset = \"dino-fast\"\nscene = \"byol\"\n"), &["step 2", "scene", "dino"]);
    refused(&with("[[step]]\ncaption = \"c\"\nscene = \"opera\"\n"), &["step 2", "scene", "opera"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 0\n"), &["step 2", "run"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 99999999\n"), &["step 2", "run"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = -1\n"), &["line 8", "step 2"]);
    refused(&with("[[step]]\ncaption = \"c\"\nexpect = { verdict = \"healthy\" }\n"), &["step 2", "expect", "run"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 5\nexpect = { verdict = \"dominant\" }\n"), &["step 2", "expect.verdict", "dominant"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 5\nexpect = { verdict = \"healthy\", within_steps = 6 }\n"), &["within_steps", "6"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 5\nexpect = { loss = [2, 1] }\n"), &["expect.loss"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 5\nexpect = { loss = [nan, 1.0] }\n"), &["expect.loss"]);
    refused(&with("[[step]]\ncaption = \"c\"\nrun = 5\nexpect = { kl = [0.0, 1.0] }\n"), &["expect.kl", "DINO"]);
    refused(&with("[[step]]\ncaption = \"c\"\nask = { question = \"q\", choices = [\"a\"] }\n"), &["ask.choices"]);
    refused(&with("[[step]]\ncaption = \"c\"\nask = { question = \"q\", choices = [\"a\", \"b\"], answer = 3 }\n"), &["ask.answer", "3"]);
    refused(&with("[[step]]\ncaption = \"c\"\noutcome = { caption = \"o\" }\n"), &["outcome", "expect"]);
    refused(&with("[[step]]\ncaption = \"c\"\nwalk = \"center\"\n"), &["walk", "center"]);
    refused(&with("ask = { question = \"q\", choices = [\"a\", \"b\"] }\n"), &["step 1", "ask"]);
    refused(&FIRST.replace("preset = \"byol-fast\"\n", ""), &["step 1", "preset"]);
    refused(&FIRST.replace("preset = \"byol-fast\"", "preset = \"byol-fast\"\ndata = \"folder:/etc\""), &["step 1", "data"]);
    refused(&with(&"[[step]]\ncaption = \"c\"\n".repeat(60)), &["step", "61"]);
    assert!(Lesson::load("asymetries", &[]).unwrap_err().to_string().contains("did you mean `asymmetries`"));
    assert!(Lesson::load("/does/not/exist.toml", &[]).unwrap_err().to_string().contains("/does/not/exist.toml"));
    assert!(Lesson::load("/dev/zero.toml", &[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,400}") {
        let _ = read(&text);
    }

    #[test]
    fn no_damage_to_a_lesson_makes_it_panic(which in 0..4_usize, from in 0..4000_usize, length in 0..60_usize, junk in "[\\x00-\\x7f]{0,12}") {
        let path = format!("{}/assets/lessons/{}.toml", env!("CARGO_MANIFEST_DIR"), shipped_names()[which]);
        let text: Vec<char> = std::fs::read_to_string(path).expect("it is there").chars().collect();
        let from = from.min(text.len());
        let damaged: String = text[..from].iter().copied().chain(junk.chars()).chain(text.iter().copied().skip(from + length)).collect();
        if let Err(error) = read(&damaged) {
            prop_assert!(!error.contains('\n') && error.len() < 2000, "{}", error);
        }
    }
}

/// A session without a GPU: it takes the same commands, and its steps cost nothing.
struct Pretended {
    snapshot: Snapshot,
    play_to: Option<u64>,
    /// The verdict of a run with these settings.
    verdict: fn(&Snapshot) -> VerdictKind,
}

impl Pretended {
    fn new(verdict: fn(&Snapshot) -> VerdictKind) -> Self {
        let mut snapshot = harness::snapshot(None);
        (snapshot.playing, snapshot.events) = (false, Vec::new());
        Self { snapshot, play_to: None, verdict }
    }

    fn start(&mut self, config: &RunConfig) {
        let snapshot = &mut self.snapshot;
        (snapshot.run, snapshot.step, self.play_to) = (snapshot.run + 1, 0, None);
        (snapshot.method, snapshot.seed) = (config.method, config.seed);
        snapshot.preset.clone_from(&config.preset);
        (snapshot.switches, snapshot.dials) = ((&config.hyper).into(), (&config.hyper).into());
        snapshot.local_crops = config.views.locals;
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Play => (self.snapshot.playing, self.play_to) = (true, None),
            Command::PlayTo(step) => (self.snapshot.playing, self.play_to) = (self.snapshot.step < step, Some(step)),
            Command::Pause => self.snapshot.playing = false,
            Command::StartRun(config) => self.start(&config),
            Command::LoadPreset(name) => self.start(&RunConfig::load(&name, None, &[]).expect("a preset")),
            Command::Reset { .. } => (self.snapshot.run, self.snapshot.step) = (self.snapshot.run + 1, 0),
            Command::SetSwitch { switch, on } => {
                let switches = &mut self.snapshot.switches;
                match switch {
                    Switch::Ema => switches.ema = on,
                    Switch::StopGradient => switches.stop_gradient = on,
                    Switch::Predictor => switches.predictor = on,
                    Switch::Centering => switches.centering = on,
                    Switch::Sharpening => switches.sharpening = on,
                }
            }
            Command::SetLocalCrops(locals) => self.snapshot.local_crops = locals,
            Command::Walk => harness::walk_on(&mut self.snapshot),
            _ => {}
        }
    }

    /// A frame: the player's turn, then `steps` of training.
    fn frame(&mut self, player: &mut Player, steps: u64) {
        let mut commands = Vec::new();
        player.tick(&self.snapshot, 0.1, &mut commands);
        commands.into_iter().for_each(|command| self.take(command));
        if self.snapshot.playing {
            let to = self.snapshot.step + steps;
            self.snapshot.step = self.play_to.map_or(to, |stop| to.min(stop.max(self.snapshot.step)));
            self.snapshot.playing = self.play_to.is_none_or(|stop| self.snapshot.step < stop);
            self.snapshot.verdict =
                Verdict { kind: (self.verdict)(&self.snapshot), meter: "embedding std", value: 0.1, reason: String::new(), wanting: 0 };
        }
    }

    fn settle(&mut self, player: &mut Player) {
        for _ in 0..400 {
            self.frame(player, 7);
            if !player.is_busy() {
                return;
            }
        }
        panic!("step {} waits for ever: {:?}", player.index() + 1, player.progress(&self.snapshot));
    }
}

fn textbook(snapshot: &Snapshot) -> VerdictKind {
    let switches = &snapshot.switches;
    match () {
        () if snapshot.preset.starts_with("byol") && !(switches.stop_gradient && switches.predictor) => VerdictKind::Complete,
        () if snapshot.preset == "byol-fast" && !switches.ema => VerdictKind::Complete,
        () if !switches.centering && !switches.sharpening => VerdictKind::Constant,
        () if !switches.centering => VerdictKind::Dominant,
        () if !switches.sharpening => VerdictKind::Uniform,
        () => VerdictKind::Healthy,
    }
}

/// Steps of training that the lesson has done by the end of page `index`.
fn scripted_step(lesson: &Lesson, index: usize) -> u64 {
    let first = (0..=index).rev().find(|&index| lesson.steps[index].starts).unwrap_or(0);
    lesson.steps[first..=index].iter().filter_map(|step| step.run).sum()
}

fn assert_stands(lesson: &Lesson, player: &Player, pretended: &Pretended, place: &str) {
    let (index, snapshot) = (player.index(), &pretended.snapshot);
    let shown = if player.is_asking() { index - 1 } else { index };
    let page = &lesson.steps[shown];
    assert_eq!(snapshot.preset, page.config.preset, "{place}, page {}", index + 1);
    assert_eq!(snapshot.switches, (&page.config.hyper).into(), "{place}, page {}", index + 1);
    assert_eq!(snapshot.local_crops, page.config.views.locals, "{place}, page {}", index + 1);
    let first = (0..=shown).rev().find(|&index| lesson.steps[index].starts).unwrap_or(0);
    if lesson.steps[first..=shown].iter().any(|page| page.play == Some(true)) {
        // How far a run that plays by itself gets is the room's affair; it loses nothing.
        assert!(snapshot.step >= scripted_step(lesson, shown), "{place}, page {}", index + 1);
    } else if page.play.is_none() && page.walk.is_none() {
        assert_eq!(snapshot.step, scripted_step(lesson, shown), "{place}, page {}", index + 1);
    }
}

#[test]
fn every_page_stands_where_the_lesson_says_forwards_and_back() {
    for name in shipped_names() {
        let lesson = Arc::new(Lesson::load(name, &[]).expect("it is shipped"));
        let mut pretended = Pretended::new(textbook);
        let mut player = Player::new(lesson.clone(), &pretended.snapshot);
        pretended.settle(&mut player);
        let mut pages = 1;
        while !player.is_last() {
            assert_stands(&lesson, &player, &pretended, name);
            player.forward(&pretended.snapshot);
            pretended.settle(&mut player);
            pages += 1;
            assert!(player.is_asking() || !matches!(player.finding(), Finding::Measuring), "{name} page {}", player.index() + 1);
        }
        player.forward(&pretended.snapshot);
        assert!(player.is_last());
        while !player.is_first() {
            player.back(&pretended.snapshot);
            pretended.settle(&mut player);
            pages -= 1;
            assert_stands(&lesson, &player, &pretended, &format!("{name}, back"));
        }
        assert_eq!((pages, player.index()), (1, 0));
        player.back(&pretended.snapshot);
        assert!(player.is_first());
    }
}

#[test]
fn a_page_says_its_scene_and_its_colour_once() {
    let page = |colour: &str| format!("[[step]]\ncaption = \"C\"\ncolour = \"{colour}\"\n");
    let lesson = read(&format!("{FIRST}scene = \"multicrop\"\n{}{}", page("loss"), page("prototype"))).expect("a lesson");
    assert!(read(&format!("{FIRST}{}", page("mood"))).is_err_and(|error| error.contains("mood") && error.contains("cluster")));
    let mut pretended = Pretended::new(textbook);
    let mut player = Player::new(Arc::new(lesson), &pretended.snapshot);
    pretended.settle(&mut player);
    assert_eq!((player.take_scene(), player.take_scene()), (Some(Scene::Multicrop), None));
    assert_eq!(player.take_colour(), None);
    for colour in ["loss", "prototype"] {
        player.forward(&pretended.snapshot);
        assert_eq!((player.take_colour().as_deref(), player.take_colour()), (Some(colour), None));
    }
    player.back(&pretended.snapshot);
    assert_eq!(player.take_colour().as_deref(), Some("loss"));
}

#[test]
fn what_is_measured_otherwise_is_said() {
    let lesson = Arc::new(Lesson::load("asymmetries", &[]).expect("it is shipped"));
    let walk = |verdict: fn(&Snapshot) -> VerdictKind| {
        let mut pretended = Pretended::new(verdict);
        let mut player = Player::new(lesson.clone(), &pretended.snapshot);
        for _ in 0..3 {
            pretended.settle(&mut player);
            player.forward(&pretended.snapshot);
        }
        assert!(!player.is_asking() && player.index() == 2, "page 3, revealed");
        pretended.settle(&mut player);
        player.finding().clone()
    };
    let Finding::Met(Some(effect)) = walk(textbook) else { panic!("it was met") };
    assert!(effect.steps > 0 && effect.steps <= 60 && effect.seconds > 0.0, "{effect:?}");
    let Finding::Missed(what) = walk(|_| VerdictKind::Healthy) else { panic!("it was missed") };
    assert!(what.contains("complete collapse within 60 steps") && what.contains("healthy"), "{what}");
    // A collapse that comes later than the lesson says is another outcome, too.
    let late = walk(|snapshot| if snapshot.step > 200 { VerdictKind::Complete } else { VerdictKind::Healthy });
    assert!(matches!(late, Finding::Missed(_)), "{late:?}");
}

#[test]
fn a_pause_in_between_does_not_move_the_end_of_a_run() {
    let lesson = Arc::new(Lesson::load("asymmetries", &[]).expect("it is shipped"));
    let mut pretended = Pretended::new(textbook);
    let mut player = Player::new(lesson, &pretended.snapshot);
    pretended.settle(&mut player);
    player.forward(&pretended.snapshot);
    for _ in 0..4 {
        pretended.frame(&mut player, 7);
    }
    pretended.take(Command::Pause);
    for _ in 0..10 {
        pretended.frame(&mut player, 7);
    }
    assert!(player.is_busy() && pretended.snapshot.step < 100);
    pretended.take(Command::Play);
    pretended.settle(&mut player);
    assert_eq!(pretended.snapshot.step, 100);
}

#[test]
fn whatever_the_user_does_the_lesson_goes_on() {
    for (round, name) in (0..200_u32).zip(shipped_names().into_iter().cycle()) {
        let mut dice = twinlens_dice(round);
        let lesson = Arc::new(Lesson::load(name, &[]).expect("it is shipped"));
        let mut pretended = Pretended::new(textbook);
        let mut player = Player::new(lesson.clone(), &pretended.snapshot);
        for _ in 0..120 {
            match dice() % 12 {
                0 | 1 => player.forward(&pretended.snapshot),
                2 => player.back(&pretended.snapshot),
                3 => pretended.take(Command::Reset { new_seed: dice().is_multiple_of(2) }),
                4 => pretended.take(Command::LoadPreset(["byol", "dino", "multicrop"][dice() as usize % 3].to_owned())),
                5 => pretended.take(Command::SetSwitch { switch: Switch::ALL[dice() as usize % 5], on: dice().is_multiple_of(2) }),
                6 => pretended.take([Command::Pause, Command::Play][dice() as usize % 2].clone()),
                _ => {}
            }
            pretended.frame(&mut player, u64::from(dice() % 30));
        }
        // From wherever that has led, one page further everything stands as the lesson says.
        player.forward(&pretended.snapshot);
        pretended.take(Command::Play);
        pretended.settle(&mut player);
        if !player.is_asking() && !player.is_disturbed(&pretended.snapshot) {
            let page = player.step();
            assert_eq!(pretended.snapshot.preset, page.config.preset, "round {round}");
        }
        while !player.is_last() {
            player.forward(&pretended.snapshot);
            pretended.settle(&mut player);
        }
    }
}

/// Numbers that are always the same.
fn twinlens_dice(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    }
}

fn played(arguments: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let mut command = Process::new(env!("CARGO_BIN_EXE_twinlens"));
    let output = command.env("TWINLENS_KERNELS", "default").arg("lesson").args(arguments).arg("--json").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code(), json, said)
}

/// For real: the predictor off, in the preset and at the size that the lesson shows.
#[test]
fn without_the_predictor_it_collapses_in_the_lesson_too() {
    let (code, json, said) = played(&["asymmetries", "--until", "3", "--fast"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(json["met"], true);
    assert_eq!(json["steps"][1]["verdict"], "healthy");
    let collapse = &json["steps"][2];
    assert_eq!((&collapse["verdict"], &collapse["met"]), (&"complete".into(), &true.into()), "{collapse}");
    assert!(collapse["effect_steps"].as_u64().is_some_and(|steps| steps <= 60), "{collapse}");
}

/// For real, in short: every page of every shipped lesson runs on the GPU, its starts, switches, crops and walks included.
#[test]
fn every_shipped_lesson_runs_headless() {
    for name in shipped_names() {
        let (code, json, said) = played(&[name, "--limit-steps", "2", "--set", "batch=4"]);
        assert_eq!(code, Some(0), "{name}: {said}");
        let lesson = Lesson::load(name, &[]).expect("it is shipped");
        let pages = json["steps"].as_array().expect("pages");
        assert_eq!(pages.len(), lesson.steps.len());
        for (page, step) in pages.iter().zip(&lesson.steps) {
            assert_eq!(page["preset"], step.config.preset, "{name}");
            // What was cut short is not judged.
            assert!(page["met"].is_null(), "{name}: {page}");
        }
    }
}

#[test]
fn an_expectation_that_is_missed_ends_with_4() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.toml");
    let text =
        FIRST.replace("preset = \"byol-fast\"", "preset = \"byol-fast\"\nset = { batch = 4 }\nrun = 2\nexpect = { loss = [3.9, 4.0] }");
    std::fs::write(&path, text).expect("written");
    let (code, json, said) = played(&[path.to_str().expect("utf-8")]);
    assert_eq!(code, Some(4), "{said}");
    assert_eq!((&json["met"], &json["steps"][0]["met"]), (&false.into(), &false.into()));
    assert!(json["steps"][0]["finding"].as_str().is_some_and(|what| what.contains("loss 3.90 to 4.00")), "{json}");
}

#[test]
fn a_lesson_starts_from_an_event_log_beside_it() {
    use twinlens::command::Change;
    use twinlens::event_log::{Dated, Entry, EventLog, Origin};
    let folder = tempfile::tempdir().expect("a folder");
    let config = RunConfig::load("byol-fast", None, &["seed=7".to_owned()]).expect("a configuration");
    let change = |step, change| Dated { step, entry: Entry::Change { learner: None, change } };
    let log = EventLog {
        version: "0.1.0".to_owned(),
        adapter: "made up".to_owned(),
        driver: String::new(),
        origin: Origin { population: config.clone().into(), kernels: Default::default() },
        entries: vec![change(3, Change::Switch(Switch::Predictor, false)), change(5, Change::Switch(Switch::Predictor, true))],
        steps: 9,
        weights: "0".repeat(64),
    };
    log.write(&folder.path().join("log.toml")).expect("written");
    let path = folder.path().join("lesson.toml");
    let load = |text: &str| {
        std::fs::write(&path, text).expect("written");
        Lesson::load(path.to_str().expect("UTF-8"), &[]).map_err(|error| error.to_string())
    };
    let text = FIRST.replace("preset = \"byol-fast\"", "start = \"log.toml\"\nrun = 4");
    let lesson = load(&text).expect("a lesson");
    assert_eq!((lesson.steps[0].starts, &lesson.steps[0].config), (true, &config));
    // Played without an adapter: what is sent, while the steps come as they are asked for.
    let mut data = harness::snapshot(None);
    data.step = 0;
    let (mut player, mut sent) = (Player::new(Arc::new(lesson), &data), Vec::new());
    for _ in 0..40 {
        let mut commands = Vec::new();
        player.tick(&data, 0.1, &mut commands);
        for command in &commands {
            match command {
                Command::StartRun(_) => (data.run, data.step) = (data.run + 1, 0),
                Command::PlayTo(step) => data.step = *step,
                _ => {}
            }
        }
        sent.extend(commands);
    }
    let flip = |on| Command::SetSwitch { switch: Switch::Predictor, on };
    let expected = [
        Command::Pause,
        Command::StartRun(Box::new(config)),
        Command::PlayTo(3),
        flip(false),
        Command::PlayTo(5),
        flip(true),
        Command::PlayTo(9),
        Command::PlayTo(13),
    ];
    assert_eq!(sent, expected);
    for (new, words) in [
        ("start = \"nowhere.toml\"", "does not load"),
        ("start = \"../log.toml\"", "beside the lesson"),
        ("start = \"lesson.toml\"", "checksum"),
        ("start = \"log.toml\"\nseed = 3", "excludes"),
    ] {
        let error = load(&FIRST.replace("preset = \"byol-fast\"", new)).expect_err(new);
        assert!(error.contains(words) && error.contains("step 1: start") && !error.contains('\n'), "{error}");
    }
    refused(&FIRST.replace("preset = \"byol-fast\"", "start = \"log.toml\""), &["step 1", "start", "beside it"]);
}

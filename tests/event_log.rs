//! The event log: a run done again from its file is the same to the bit, and a file that is not whole is refused.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use twinlens::command::{Change, Command, Dial, Gather, Switch};
use twinlens::config::{Population, RunConfig, preset_names};
use twinlens::event_log::{Entry, EventLog, Origin, parse_at};
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::session::{Cadence, Pace, Session, choices_of};

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn config(preset: &str, overrides: &[&str]) -> RunConfig {
    let all: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    RunConfig::load(preset, None, &all).expect("a valid configuration")
}

fn steps(session: &mut Session, count: u32) {
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

fn log_of(session: &mut Session) -> EventLog {
    session.event_log().expect("a living device").expect("it began at step 0")
}

fn read(text: &str) -> EventLog {
    EventLog::parse("it", text.as_bytes()).expect("a whole file")
}

/// Does a log's run again.
fn replay(log: &EventLog) -> EventLog {
    let gpu = gpu();
    gpu.set_choices(choices_of(log, &gpu).expect("the same adapter"));
    let mut session = Session::open(gpu, config("byol", &[]), Cadence::headless(10, None)).expect("a session");
    session = Session::open_on(
        session.trainer().gpu.clone(),
        log.origin.population.clone(),
        Arc::new(
            twinlens::session::LoadedData::load(&log.origin.population.config.data, &mut |_| std::ops::ControlFlow::Continue(()))
                .expect("procedural"),
        ),
        Cadence::headless(10, None),
    )
    .expect("a session");
    for dated in &log.entries {
        let left = dated.step - session.step();
        steps(&mut session, left as u32);
        dated.entry.commands().into_iter().for_each(|command| session.apply(command));
    }
    let left = log.steps - session.step();
    steps(&mut session, left as u32);
    log_of(&mut session)
}

/// The file with another text in it, and a checksum that fits.
fn forged(text: &str, old: &str, new: &str) -> String {
    let (_, rest) = text.split_once('\n').expect("a first line");
    assert!(rest.contains(old), "{old}");
    let rest = rest.replacen(old, new, 1);
    let hex: String = Sha256::digest(rest.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("checksum = \"{hex}\"\n{rest}")
}

fn flip(switch: Switch, on: bool) -> Command {
    Command::SetSwitch { switch, on }
}

#[test]
fn a_run_with_five_flips_is_done_again_from_its_file() {
    let mut session =
        Session::open(gpu(), config("byol", &["batch=8", "seed=18446744073709551615"]), Cadence::headless(1, None)).expect("one");
    session.keep_past();
    let flips = [
        (3, Switch::Predictor, false),
        (5, Switch::StopGradient, false),
        (8, Switch::Predictor, true),
        (8, Switch::Ema, false),
        (11, Switch::StopGradient, true),
    ];
    for (step, switch, on) in flips {
        let left = step - session.step();
        steps(&mut session, left as u32);
        session.apply(flip(switch, on));
    }
    steps(&mut session, 3);
    let log = log_of(&mut session);
    assert_eq!((log.entries.len(), log.steps, log.weights.len()), (5, 14, 64));
    let back = read(&log.text());
    assert_eq!(back, log);
    assert_eq!(replay(&back), log, "the weights' checksum is the same");
    assert!(log.one_line().expect("one learner").ends_with("--at 8:ema=off --at 11:stop_gradient=on"), "{:?}", log.one_line());
    // What was taken back is no part of the run.
    session.apply(Command::Rewind(6));
    session.apply(Command::SetDial { dial: Dial::Tau, value: 0.3 });
    steps(&mut session, 2);
    let fork = log_of(&mut session);
    assert_eq!((fork.entries.len(), fork.steps), (3, 8));
    assert_eq!(replay(&read(&fork.text())), fork);
    assert!(fork.weights != log.weights);
}

#[test]
fn populations_twins_and_kernels_are_done_again() {
    let mut session = Session::open(gpu(), config("dino", &["batch=8", "local_crops=2"]), Cadence::headless(1, None)).expect("one");
    session.apply(Command::Gather(Gather::Seeds(3)));
    steps(&mut session, 2);
    session.apply(Command::ChangeOne { learner: 1, change: Change::Switch(Switch::Centering, false) });
    session.apply(Command::Gather(Gather::Alone(1)));
    steps(&mut session, 1);
    let choice = session.snapshot().variants.iter().find(|choice| choice.family == "layernorm").expect("it has one").clone();
    session.apply(Command::SetVariant { family: "layernorm".to_owned(), variant: choice.next().map(ToOwned::to_owned) });
    session.apply(Command::SetLocalCrops(1));
    steps(&mut session, 1);
    session.apply(Command::Gather(Gather::Twin(Some(Change::Dial(Dial::TeacherTemperature, 0.07)))));
    session.apply(Command::BringToFront(1));
    steps(&mut session, 2);
    let log = log_of(&mut session);
    let entries: Vec<_> = log.entries.iter().map(|dated| (dated.step, std::mem::discriminant(&dated.entry))).collect();
    assert_eq!((entries.len(), entries[1].0), (6, 2), "{:?}", log.entries);
    assert!(matches!(log.entries[1].entry, Entry::Alone(1)) && matches!(log.entries[4].entry, Entry::Twin(0)));
    let back = read(&log.text());
    assert_eq!(back, log);
    let again = replay(&back);
    assert_eq!((again.weights, again.entries), (log.weights.clone(), log.entries.clone()));
    assert!(log.one_line().is_err(), "a twin does not fit on one line");
}

/// A log that needs no adapter.
fn made_up(population: Population) -> EventLog {
    EventLog {
        version: "0.1.0".to_owned(),
        adapter: "made up, with \"quotes\" and µ".to_owned(),
        driver: String::new(),
        origin: Origin { population, kernels: [("layernorm".to_owned(), "rows".to_owned())].into() },
        entries: vec![
            twinlens::event_log::Dated { step: 2, entry: Entry::Change { learner: None, change: Change::Switch(Switch::Ema, false) } },
            twinlens::event_log::Dated { step: 7, entry: Entry::Change { learner: Some(0), change: Change::Dial(Dial::Tau, 0.1) } },
        ],
        steps: 9,
        weights: "0123456789abcdef".repeat(4),
    }
}

#[test]
fn every_preset_keeps_every_bit_of_its_configuration() {
    for name in preset_names() {
        let log = made_up(config(name, &["learning_rate=0.00123456789", "seed=12345678901234567890"]).into());
        assert_eq!(read(&log.text()), log, "{name}");
    }
    let axes = twinlens::config::MapAxes::default_of(twinlens::config::Method::Byol, 3, 2);
    for population in [
        Population::of_map(&RunConfig::default(), axes),
        Population::twin(&RunConfig::default(), "predictor", "off"),
        Population::of_seeds(&RunConfig::default(), 4),
    ] {
        let log = made_up(population.expect("a population"));
        assert_eq!(read(&log.text()), log);
    }
}

#[test]
fn a_file_with_any_byte_changed_is_refused_in_one_line() {
    let text = made_up(RunConfig::default().into()).text();
    let bytes = text.as_bytes();
    for place in 0..bytes.len() {
        for change in [bytes[place] ^ 1, bytes[place] ^ 0x20, bytes[place].wrapping_add(1), b'\n', 0] {
            let mut changed = bytes.to_vec();
            changed[place] = change;
            let outcome = EventLog::parse("it", &changed);
            assert_eq!(outcome.is_ok(), changed == bytes, "byte {place}");
            if let Err(error) = outcome {
                assert!(!error.to_string().contains('\n') && error.to_string().starts_with("event log it: "), "{error}");
            }
        }
        let (mut shorter, mut longer) = (bytes.to_vec(), bytes.to_vec());
        shorter.remove(place);
        longer.insert(place, b'7');
        assert!(EventLog::parse("it", &shorter).is_err() && EventLog::parse("it", &longer).is_err(), "byte {place}");
        assert!(EventLog::parse("it", &bytes[..place]).is_err());
    }
}

#[test]
fn a_file_that_someone_signed_anew_is_still_checked() {
    let text = made_up(RunConfig::default().into()).text();
    assert!(EventLog::parse("it", forged(&text, "made up", "another").as_bytes()).is_ok(), "the checksum is right");
    for (old, new, said) in [
        ("steps = 9", "steps = 1000000001", "too long"),
        ("steps = 9", "steps = 9\nunknown = 1", "unknown"),
        ("tau = \"0.985\"", "tau = \"7\"", "tau"),
        ("tau = \"0.985\"", "tao = \"0.985\"", "tau"),
        ("learners = \"1\"", "learners = \"200\"", "learner"),
        ("batch = \"64\"", "batch = \"1024\"\n\"learners \" = \"1\"", "learners"),
        ("gathering = \"apart\"", "gathering = \"twin\"", "learner"),
        ("gathering = \"apart\"", "gathering = \"apart\"\nmap = [\"tau=0\"]", "gathering"),
        ("set = \"ema=off\"", "set = \"batch=8\"", "batch"),
        ("set = \"ema=off\"", "set = \"ema=perhaps\"", "ema"),
        ("set = \"ema=off\"", "twin = 1", "learner 1 of 1"),
        ("set = \"ema=off\"", "set = \"ema=off\"\nalone = 0", "none or several"),
        ("step = 2", "step = 8", "out of order"),
        ("step = 7", "step = 70", "out of order"),
        ("learner = 0", "learner = 3", "learner 3 of 1"),
        ("format = 1", "format = 2", "format 2"),
        ("weights = \"0123", "weights = \"xyz!", "hexadecimal"),
        ("preset = \"byol\"", "preset = \"by\\nol\"", "preset"),
    ] {
        let error = EventLog::parse("it", forged(&text, old, new).as_bytes()).expect_err(new).to_string();
        assert!(error.contains(said) && !error.contains('\n') && error.len() < 600, "{new}: {error}");
    }
    for bytes in [&b""[..], b"checksum = ", b"\xff\xfe", b"checksum = \"\"\n", b"[[step]]\n"] {
        assert!(EventLog::parse("it", bytes).is_err());
    }
    assert!(EventLog::read(std::path::Path::new("/")).is_err() && EventLog::read(std::path::Path::new("/nowhere")).is_err());
}

#[test]
fn one_line_says_the_run_and_at_flags_are_checked() {
    let mut config = config("byol", &["tau=0.5", "seed=3", "data=synthetic:shapes"]);
    config.views.noise = 0.5;
    let line = made_up(config.into()).one_line().expect("one learner");
    assert_eq!(
        line,
        "twinlens train --preset byol --data synthetic:shapes --seed 3 --set tau=0.5 --set noise=0.5 --steps 9 --at 2:ema=off --at 7:tau=0.1"
    );
    assert_eq!(parse_at("300:predictor=off"), Ok((300, Change::Switch(Switch::Predictor, false))));
    assert_eq!(parse_at(" 4 : local_crops = 3 "), Ok((4, Change::LocalCrops(3))));
    for bad in [
        "",
        "predictor=off",
        "x:predictor=off",
        "3:predictor",
        "3:batch=8",
        "3:tau=7",
        "-1:ema=off",
        "3:predctor=off",
        "99999999999:ema=on",
    ] {
        let error = parse_at(bad).expect_err(bad).to_string();
        assert!((error.contains("--at") || bad.contains("batch")) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_session_replays_a_log_and_says_whether_the_weights_are_its() {
    let mut session = Session::open(gpu(), config("byol", &["batch=8", "seed=3"]), Cadence::headless(1, None)).expect("one");
    session.keep_past();
    steps(&mut session, 3);
    session.apply(Command::Gather(Gather::Twin(Some(Change::Switch(Switch::StopGradient, false)))));
    steps(&mut session, 2);
    session.apply(Command::Gather(Gather::Alone(1)));
    steps(&mut session, 2);
    let log = log_of(&mut session);
    for (wanted, said) in [(log.weights.clone(), "to the bit"), ("0".repeat(64), "differ from the event log's")] {
        session.apply(Command::Replay(Box::new(EventLog { weights: wanted, ..log.clone() })));
        steps(&mut session, 0);
        let shown = session.snapshot();
        assert_eq!((shown.step, shown.playing, shown.learners.len()), (7, false, 1));
        assert!(shown.notices.iter().any(|notice| notice.contains(said)), "{:?}", shown.notices);
        assert_eq!(log_of(&mut session), log);
    }
}

//! The core that window and commands share: replays, resuming, learners, switches. Small batches; the adapter is the software one
//! in CI.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::{Change, Command, Dial, Gather, Switch};
use twinlens::config::{Gathering, MapAxes, MapAxis, RunConfig};
use twinlens::gpu::{AdapterChoice, Choices, Gpu};
use twinlens::session::{Cadence, Pace, Session, tuning};
use twinlens::train::checkpoint::Checkpoint;

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn config(overrides: &[&str]) -> RunConfig {
    let mut all = vec!["batch=8".to_owned(), "seed=3".to_owned()];
    all.extend(overrides.iter().map(|&text| text.to_owned()));
    RunConfig::load("byol", None, &all).expect("a valid configuration")
}

fn open(gpu: &Arc<Gpu>, overrides: &[&str]) -> Session {
    Session::open(gpu.clone(), config(overrides), Cadence::headless(1, None)).expect("a session")
}

fn steps(session: &mut Session, count: u32) {
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

/// Bits of the whole state of one learner.
fn bits(session: &Session, learner: usize) -> Vec<u32> {
    let trainer = session.trainer();
    let total = trainer.method.layout().total() as usize;
    let part = |values: Vec<u32>| values[learner * total..][..total].to_vec();
    trainer.roles.state().into_iter().flat_map(|(_, tensor)| part(trainer.gpu.download::<u32>(tensor).expect("a download"))).collect()
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    let gpu = gpu();
    let run = |seed: &str| {
        let mut session = open(&gpu, &[seed]);
        steps(&mut session, 3);
        (bits(&session, 0), session.record())
    };
    let (first, second, other) = (run("seed=3"), run("seed=3"), run("seed=4"));
    assert_eq!(first, second);
    assert_ne!(first.0, other.0);
    assert!(first.1.learners[0].loss.is_some_and(f32::is_finite));
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_bit_for_bit() {
    let gpu = gpu();
    let mut straight = open(&gpu, &["stop_gradient=off"]);
    steps(&mut straight, 6);
    let mut first = open(&gpu, &["stop_gradient=off"]);
    steps(&mut first, 3);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.safetensors");
    first.checkpoint().expect("a checkpoint").write(&path).expect("saved");
    let checkpoint = Checkpoint::read(&path).expect("read back");
    assert_eq!(checkpoint, first.checkpoint().expect("a checkpoint"));
    let mut resumed = Session::resume(gpu, &checkpoint, Cadence::headless(1, None)).expect("resumed");
    steps(&mut resumed, 3);
    assert_eq!(resumed.step(), 6);
    assert_eq!(bits(&resumed, 0), bits(&straight, 0));
    assert_eq!(resumed.record_of_this_step(), straight.record_of_this_step());
    assert_eq!(resumed.snapshot().verdict, straight.snapshot().verdict);
}

#[test]
fn learner_0_of_3_is_the_run_alone_bit_for_bit() {
    let gpu = gpu();
    for crops in ["own_crops=off", "own_crops=on"] {
        let mut alone = open(&gpu, &[crops]);
        let mut several = open(&gpu, &[crops, "learners=3"]);
        steps(&mut alone, 4);
        steps(&mut several, 4);
        assert_eq!(bits(&several, 0), bits(&alone, 0), "{crops}");
        assert_ne!(bits(&several, 1), bits(&several, 0), "{crops}: learners must differ in their seeds");
        // Learner 1 with its own crops is the run alone with the next seed.
        if crops == "own_crops=on" {
            let mut next = open(&gpu, &[crops, "seed=4"]);
            steps(&mut next, 4);
            assert_eq!(bits(&several, 1), bits(&next, 0));
        }
    }
}

#[test]
fn a_switch_takes_effect_between_steps_and_comes_back() {
    let gpu = gpu();
    let mut session = open(&gpu, &[]);
    let mut untouched = open(&gpu, &[]);
    steps(&mut session, 2);
    session.apply(Command::SetSwitch { switch: Switch::StopGradient, on: false });
    session.apply(Command::SetSwitch { switch: Switch::StopGradient, on: true });
    steps(&mut session, 1);
    steps(&mut untouched, 3);
    assert_eq!(bits(&session, 0), bits(&untouched, 0), "off and on again before a step changes nothing");
    for &switch in Switch::of(twinlens::config::Method::Byol) {
        let mut flipped = open(&gpu, &[]);
        steps(&mut flipped, 2);
        flipped.apply(Command::SetSwitch { switch, on: false });
        steps(&mut flipped, 1);
        assert!(!flipped.switch(switch));
        assert_ne!(bits(&flipped, 0), bits(&untouched, 0), "{switch:?} off must change the step");
        assert_eq!(flipped.snapshot().events.len(), 1);
        assert_eq!(flipped.snapshot().events[0].step, 2);
    }
}

#[test]
fn with_the_ema_off_the_teacher_is_the_student_after_each_step() {
    let gpu = gpu();
    let mut session = open(&gpu, &["ema=off"]);
    steps(&mut session, 2);
    let trainer = session.trainer();
    let [student, teacher] = [&trainer.roles.student, &trainer.roles.teacher].map(|flat| gpu.download::<u32>(flat).expect("a download"));
    for spec in trainer.method.layout().specs().iter().filter(|spec| !spec.name.starts_with("predictor")) {
        let range = spec.first as usize..(spec.first + spec.elements()) as usize;
        assert_eq!(student[range.clone()], teacher[range], "{}", spec.name);
    }
}

#[test]
fn slices_give_the_same_bits_as_whole_steps() {
    let gpu = gpu();
    let mut whole = open(&gpu, &[]);
    steps(&mut whole, 3);
    let mut sliced = open(&gpu, &[]);
    for _ in 0..100_000 {
        if sliced.step() == 3 {
            break;
        }
        sliced.advance(Pace::Budget(Duration::from_millis(2))).expect("a slice");
        gpu.wait().expect("a living device");
    }
    assert_eq!(sliced.step(), 3);
    assert_eq!(bits(&sliced, 0), bits(&whole, 0));
}

#[test]
fn a_lost_device_loses_no_more_than_the_steps_since_the_last_safe_state() {
    let first = gpu();
    let mut session = open(&first, &[]);
    steps(&mut session, 2);
    session.keep_safe().expect("kept");
    steps(&mut session, 1);
    first.device.destroy();
    assert!(session.advance(Pace::Steps(1)).is_err() || session.settle().is_err(), "a lost device must be noticed");
    session.reopen(gpu()).expect("reopened");
    assert_eq!(session.step(), 2);
    // What was lost is done again, and does not count as asked for.
    steps(&mut session, 0);
    assert_eq!(session.step(), 3);
    let mut straight = open(&gpu(), &[]);
    steps(&mut straight, 3);
    assert!(bits(&session, 0) == bits(&straight, 0));
}

/// BYOL as SCIENCE.md section 7 has it, in short: which switch kills it, and by when. Seed 0; the README's table has five seeds.
fn embedding_std_of(overrides: &[&str], count: u32) -> (f32, f32) {
    let all: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let config = RunConfig::load("byol-fast", None, &all).expect("a valid configuration");
    let mut session = Session::open(gpu(), config, Cadence::headless(20, None)).expect("a session");
    steps(&mut session, count);
    session.settle().expect("a living device");
    let history = session.snapshot().history;
    let least = history.embedding_std.points.iter().map(|point| point.1).fold(f32::INFINITY, f32::min);
    (least, history.embedding_std.last().expect("it was measured"))
}

#[test]
fn learning_all_on_stays_alive() {
    let (least, last) = embedding_std_of(&[], 80);
    assert!(least > 0.1 && last > 0.2, "least {least}, last {last}");
}

#[test]
fn learning_without_stop_gradient_collapses() {
    let (least, last) = embedding_std_of(&["stop_gradient=off"], 40);
    assert!(last < 0.15, "least {least}, last {last}");
}

#[test]
fn learning_without_predictor_collapses() {
    let (least, last) = embedding_std_of(&["predictor=off"], 80);
    assert!(last < 0.15, "least {least}, last {last}");
}

#[test]
fn learning_without_ema_collapses() {
    let (least, last) = embedding_std_of(&["ema=off"], 60);
    assert!(last < 0.15, "least {least}, last {last}");
}

#[test]
fn a_flip_is_timed_until_its_collapse() {
    let gpu = gpu();
    let config = RunConfig::load("byol-fast", None, &[]).expect("a valid configuration");
    let mut session = Session::open(gpu, config, Cadence::headless(1, None)).expect("a session");
    steps(&mut session, 19);
    assert_eq!(session.snapshot().verdict.wanting, 1, "19 steps are too few for a verdict");
    assert_eq!(session.snapshot().since_flip, None);
    session.apply(Command::SetLocalCrops(0));
    session.apply(Command::SetSwitch { switch: Switch::StopGradient, on: false });
    steps(&mut session, 1);
    let snapshot = session.snapshot();
    assert_eq!(snapshot.events.len(), 2, "{:?}", snapshot.events);
    assert!(snapshot.events[1].step == 19 && snapshot.events[1].seconds > 0.0);
    std::thread::sleep(Duration::from_millis(300));
    session.settle().expect("a living device");
    let before = session.snapshot().since_flip.expect("it was flipped").since;
    assert_eq!(Some(before), snapshot.since_flip.map(|since| since.since), "pauses do not count");
    steps(&mut session, 40);
    let since = session.snapshot().since_flip.expect("it was flipped");
    let span = since.to_collapse.expect("it collapses");
    assert_eq!((since.since.steps, since.on, since.switch), (41, false, Switch::StopGradient));
    assert!((1..=41).contains(&span.steps), "{span:?}");
    assert_eq!(session.snapshot().learners[0].collapsed_at, Some(19 + span.steps), "and it stays collapsed");
    assert!(span.seconds > 0.0 && span.seconds <= since.since.seconds, "{since:?}");
    assert!(before.steps == 1 && before.seconds < since.since.seconds);
}

#[test]
fn another_kernel_variant_is_taken_between_two_steps() {
    let gpu = gpu();
    let mut straight = open(&gpu, &[]);
    steps(&mut straight, 4);
    let mut changed = open(&gpu, &[]);
    steps(&mut changed, 2);
    let chosen = |session: &Session, family: &str| {
        let snapshot = session.snapshot();
        snapshot.variants.iter().find(|choice| choice.family == family).expect("the step has it").clone()
    };
    let before = chosen(&changed, "layernorm");
    let wanted = before.next().expect("another one");
    assert!(!before.chosen.contains(&wanted));
    changed.apply(Command::SetVariant { family: "layernorm".to_owned(), variant: Some(wanted.to_owned()) });
    changed.apply(Command::SetVariant { family: "layernorm".to_owned(), variant: Some("none such".to_owned()) });
    steps(&mut changed, 2);
    assert_eq!(chosen(&changed, "layernorm").chosen, [wanted]);
    assert!(changed.snapshot().notices.iter().any(|notice| notice.contains("none such")));
    // Other kernels, other last bits; the same training.
    let losses = [&straight, &changed].map(|session| session.record().learners[0].loss.expect("measured"));
    assert!(losses[0].is_finite() && (losses[0] - losses[1]).abs() <= 1e-4 * losses[0].abs(), "{losses:?}");
    assert_ne!(bits(&straight, 0), bits(&changed, 0));
    changed.apply(Command::SetVariant { family: "layernorm".to_owned(), variant: None });
    steps(&mut changed, 1);
    assert_eq!(chosen(&changed, "layernorm").chosen, before.chosen);
}

#[test]
fn kernels_are_measured_once_and_what_won_is_remembered() {
    let gpu = gpu();
    let measured = tuning::measure(&gpu, &config(&[]), Duration::from_secs(30)).expect("a measurement");
    assert_eq!(gpu.choices(), Choices::default(), "measuring leaves the choice alone");
    assert!(measured.len() >= 3, "{measured:?}");
    for row in &measured {
        assert!(row.micros.values().all(|micros| micros.is_finite() && *micros > 0.0), "{row:?}");
        if let Some(taken) = row.taken {
            let fastest = row.micros.values().copied().fold(f64::INFINITY, f64::min);
            assert!(row.micros[taken] <= fastest, "{row:?}");
        }
    }
    assert!(measured.iter().any(|row| row.micros.len() >= 2), "nothing was compared: {measured:?}");
}

/// A command taken, and so many steps done.
fn gathered(session: &mut Session, gather: Gather, count: u32) {
    session.apply(Command::Gather(gather));
    steps(session, count);
    assert!(session.snapshot().notices.is_empty(), "{:?}", session.snapshot().notices);
}

#[test]
fn a_twin_goes_on_in_lock_step_and_either_may_be_kept() {
    let gpu = gpu();
    for kept in 0..2 {
        let mut alone = open(&gpu, &[]);
        steps(&mut alone, 6);
        let mut without = open(&gpu, &[]);
        steps(&mut without, 3);
        without.apply(Command::SetSwitch { switch: Switch::Predictor, on: false });
        steps(&mut without, 3);
        let mut twin = open(&gpu, &[]);
        steps(&mut twin, 3);
        gathered(&mut twin, Gather::Twin(Some(Change::Switch(Switch::Predictor, false))), 3);
        assert!(bits(&twin, 0) == bits(&alone, 0) && bits(&twin, 1) == bits(&without, 0), "each as if it were alone");
        let shown = twin.snapshot();
        assert_eq!((shown.gathering, shown.learners.len(), shown.step), (Gathering::Twin, 2, 6));
        assert_eq!(shown.learners[1].history.loss.points.len(), 6, "the copy knows its past");
        assert!(shown.learners[0].switches.predictor && !shown.learners[1].switches.predictor);
        assert_eq!(shown.learners[0].history.loss.points[..3], shown.learners[1].history.loss.points[..3]);
        gathered(&mut twin, Gather::Alone(kept), 2);
        let expected = if kept == 0 { &mut alone } else { &mut without };
        steps(expected, 2);
        assert!(bits(&twin, 0) == bits(expected, 0), "kept {kept}");
        let shown = twin.snapshot();
        assert_eq!((shown.gathering, shown.learners.len(), shown.switches.predictor), (Gathering::Apart, 1, kept == 0));
        assert_eq!(shown.events.len() as u32, kept, "only what concerned it is told");
        assert_eq!(shown.history.loss.points.len(), 8);
    }
}

#[test]
fn one_side_of_a_twin_is_changed_alone_and_either_may_be_in_front() {
    let gpu = gpu();
    let mut twin = open(&gpu, &["own_crops=on", "learners=2"]);
    gathered(&mut twin, Gather::Twin(None), 2);
    assert!(bits(&twin, 0) == bits(&twin, 1), "nothing differs yet");
    twin.apply(Command::ChangeOne { learner: 1, change: Change::Dial(Dial::Tau, 0.5) });
    twin.apply(Command::BringToFront(1));
    assert!((twin.snapshot().learners[1].dials.tau - 0.5).abs() < 1e-6, "a control answers at once");
    steps(&mut twin, 1);
    assert!(bits(&twin, 0) != bits(&twin, 1));
    let shown = twin.snapshot();
    assert_eq!((shown.front, shown.dials.tau, shown.learners[0].dials.tau), (1, 0.5, config(&[]).hyper.tau));
    // A new start keeps who they are.
    twin.apply(Command::Reset { new_seed: true });
    steps(&mut twin, 1);
    let shown = twin.snapshot();
    assert_eq!((shown.gathering, shown.front, shown.step), (Gathering::Twin, 1, 1));
    assert_eq!((shown.learners[0].seed, shown.learners[1].seed), (4, 4));
    // What cannot be is told, and nothing ends.
    twin.apply(Command::Gather(Gather::Alone(7)));
    twin.apply(Command::BringToFront(7));
    twin.apply(Command::ChangeOne { learner: 7, change: Change::Switch(Switch::Ema, false) });
    steps(&mut twin, 1);
    assert_eq!(twin.snapshot().learners.len(), 2);
}

#[test]
fn each_of_several_seeds_is_the_run_alone_and_may_go_on_alone() {
    let gpu = gpu();
    let mut seeds = open(&gpu, &[]);
    gathered(&mut seeds, Gather::Seeds(3), 2);
    let mut alone = open(&gpu, &["seed=5"]);
    steps(&mut alone, 2);
    assert!(bits(&seeds, 2) == bits(&alone, 0));
    gathered(&mut seeds, Gather::Alone(2), 2);
    steps(&mut alone, 2);
    assert!(bits(&seeds, 0) == bits(&alone, 0), "on its own crops");
    assert_eq!(seeds.snapshot().seed, 5);
    let axis = |key: &str, values: &[&str]| MapAxis { key: key.to_owned(), values: values.iter().map(|&value| value.to_owned()).collect() };
    let axes = MapAxes { x: axis("tau", &["0", "0.99"]), y: axis("predictor_multiplier", &["1", "10"]) };
    gathered(&mut seeds, Gather::Map(axes), 2);
    let mut cell = open(&gpu, &["seed=5", "tau=0.99", "predictor_multiplier=1"]);
    steps(&mut cell, 2);
    assert!(bits(&seeds, 1) == bits(&cell, 0), "a cell is the run alone");
    // What is an axis stays as it is; the rest may be changed for all cells.
    seeds.apply(Command::SetDial { dial: Dial::Tau, value: 0.5 });
    seeds.apply(Command::SetSwitch { switch: Switch::Ema, on: false });
    seeds.apply(Command::SetSwitch { switch: Switch::StopGradient, on: false });
    steps(&mut seeds, 1);
    let shown = seeds.snapshot();
    assert!(shown.notices.len() == 2 && shown.notices[0].contains("tau is an axis of the map"), "{:?}", shown.notices);
    assert!(shown.learners.iter().all(|learner| learner.switches.ema && !learner.switches.stop_gradient));
    assert_eq!(shown.learners[1].dials.tau, 0.99);
    let report = seeds.map_report().expect("a map trains");
    let cells = report["cells"].as_array().expect("cells");
    assert_eq!((cells.len(), cells[1]["x"].as_str(), cells[1]["row"].as_u64()), (4, Some("0.99"), Some(0)));
    assert!(cells.iter().all(|cell| cell["embedding_std"].as_f64().is_some_and(f64::is_finite)), "{cells:?}");
    seeds.apply(Command::Gather(Gather::Map(MapAxes { x: axis("batch", &["8"]), y: axis("tau", &["0"]) })));
    steps(&mut seeds, 1);
    assert!(seeds.snapshot().notices.last().is_some_and(|notice| notice.contains("batch")), "{:?}", seeds.snapshot().notices);
    assert_eq!(seeds.snapshot().learners.len(), 4, "the run goes on as it was");
}

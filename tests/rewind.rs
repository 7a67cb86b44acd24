//! Going back in time: the same bits and the same meters again, from marks and between them, whatever was changed on the way.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::{Change, Command, Dial, Gather, Switch};
use twinlens::config::RunConfig;
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::session::{Cadence, Pace, Session};
use twinlens::snapshot::{History, Past};

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn cadence() -> Cadence {
    Cadence { read_every: 3, rank_every: 5, evaluate_every: Some(u64::MAX), cloud_every: Some(10), look_every: None }
}

fn open(gpu: &Arc<Gpu>, preset: &str, overrides: &[&str]) -> Session {
    let all: Vec<String> = ["batch=8", "seed=3", "cloud_images=16"].iter().chain(overrides).map(|&text| text.to_owned()).collect();
    let config = RunConfig::load(preset, None, &all).expect("a valid configuration");
    let mut session = Session::open(gpu.clone(), config, cadence()).expect("a session");
    session.keep_past();
    session
}

fn steps(session: &mut Session, count: u32) {
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

fn past(session: &Session) -> Past {
    session.snapshot().past.expect("it is kept")
}

/// Everything that a run is, to the bit: the weights, moments and centre of all learners, and what their meters say.
#[derive(PartialEq)]
struct State {
    step: u64,
    roles: Vec<Vec<u32>>,
    histories: Vec<History>,
    record: twinlens::session::Record,
    events: Vec<(u64, Change, Option<u32>)>,
}

fn state(session: &Session) -> State {
    let trainer = session.trainer();
    let tensors = trainer.roles.state().map(|(_, tensor)| tensor).into_iter().chain(&trainer.roles.center);
    let snapshot = session.snapshot();
    State {
        step: session.step(),
        roles: tensors.map(|tensor| trainer.gpu.download(tensor).expect("a download")).collect(),
        histories: snapshot.learners.iter().map(|learner| (*learner.history).clone()).collect(),
        record: session.record(),
        events: snapshot.events.iter().map(|event| (event.step, event.change, event.learner)).collect(),
    }
}

/// What differs, in words; nothing if all of it is the same. Events are left out: a change at the very step is not made yet.
fn differs(a: &State, b: &State) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    if a.step != b.step {
        words.push(format!("step {} and {}", a.step, b.step));
    }
    words.extend(a.roles.iter().zip(&b.roles).enumerate().filter(|(_, (a, b))| a != b).map(|(index, _)| format!("role {index}")));
    for (learner, (a, b)) in a.histories.iter().zip(&b.histories).enumerate() {
        for (name, a, b) in
            [("loss", &a.loss, &b.loss), ("rank", &a.effective_rank, &b.effective_rank), ("knn", &a.knn_accuracy, &b.knn_accuracy)]
        {
            if a != b {
                let first = a.points.iter().zip(&b.points).find(|(a, b)| a != b);
                words.push(format!("{name} of {learner}: {} and {} points, first {first:?}", a.points.len(), b.points.len()));
            }
        }
        if words.is_empty() && a != b {
            words.push(format!("meters of {learner}"));
        }
    }
    if a.record != b.record {
        words.push(format!("records {:?} and {:?}", a.record, b.record));
    }
    words
}

fn rewind(session: &mut Session, step: u64) {
    session.apply(Command::Rewind(step));
    steps(session, 0);
    assert_eq!(session.step(), step, "{:?}", session.snapshot().notices);
}

/// Trains with changes at some steps to `end`, and remembers the states at `looked`.
fn train(session: &mut Session, changes: &[(u64, Command)], looked: &[u64], end: u64) -> Vec<State> {
    let mut states = Vec::new();
    let mut stops: Vec<u64> = changes.iter().map(|(step, _)| *step).chain(looked.iter().copied()).chain([end]).collect();
    stops.sort_unstable();
    stops.dedup();
    let first = session.step();
    for stop in stops.into_iter().filter(|&stop| (first..=end).contains(&stop)) {
        let left = (stop - session.step()) as u32;
        steps(session, left);
        if looked.contains(&stop) {
            states.push(state(session));
        }
        for (_, command) in changes.iter().filter(|(step, _)| *step == stop) {
            session.apply(command.clone());
        }
    }
    states
}

fn flip(switch: Switch, on: bool) -> Command {
    Command::SetSwitch { switch, on }
}

#[test]
fn two_hundred_steps_taken_back_and_done_again_are_the_same() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol", &[]);
    let changes = [(40, flip(Switch::Predictor, false)), (93, flip(Switch::StopGradient, false)), (150, flip(Switch::StopGradient, true))];
    let looked = [0, 30, 40, 92, 93, 94, 151, 200];
    let states = train(&mut session, &changes, &looked, 200);
    let before = past(&session);
    assert!(before.marks.first() == Some(&0) && before.marks.len() > 10 && before.bytes() <= before.budget, "{before:?}");
    // Backwards and forwards, marks and steps between them; each time the road that was left is returned to.
    for place in [5, 0, 6, 2, 1, 4, 3] {
        rewind(&mut session, looked[place]);
        let back = state(&session);
        assert_eq!(differs(&back, &states[place]), [""; 0], "back at {}", looked[place]);
        assert!(back.events.iter().all(|(step, ..)| *step < looked[place]), "what was changed then is not changed yet");
        let road = past(&session).road.expect("there is one");
        assert_eq!((road.step, road.fork), (200, looked[place]));
        session.apply(Command::OtherRoad);
        steps(&mut session, 0);
        assert!(state(&session) == states[7], "returned from {}", looked[place]);
    }
    // All of it again, by hand.
    rewind(&mut session, 0);
    let again = train(&mut session, &changes, &looked, 200);
    assert!(again.iter().zip(&states).all(|(again, first)| again == first));
    assert!(session.snapshot().notices.is_empty(), "{:?}", session.snapshot().notices);
}

#[test]
fn another_road_is_another_and_the_one_left_can_be_returned_to() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol", &[]);
    steps(&mut session, 33);
    let left = state(&session);
    rewind(&mut session, 12);
    // Looking around does not lose it.
    rewind(&mut session, 7);
    session.apply(flip(Switch::Ema, false));
    steps(&mut session, 20);
    let mut straight = open(&gpu, "byol", &[]);
    steps(&mut straight, 7);
    straight.apply(flip(Switch::Ema, false));
    steps(&mut straight, 20);
    assert!(state(&session) == state(&straight), "a fork is a run of its own");
    let taken = state(&session);
    let road = past(&session).road.expect("there is one");
    assert_eq!((road.step, road.fork, road.histories[0].loss.points.len()), (33, 7, 33));
    for there in [&left, &taken, &left] {
        session.apply(Command::OtherRoad);
        steps(&mut session, 0);
        assert!(state(&session) == *there);
    }
    // The marks of the other road are not this one's.
    rewind(&mut session, 25);
    rewind(&mut straight, 7);
    straight.apply(flip(Switch::Ema, true));
    steps(&mut straight, 18);
    assert!(state(&session).roles == state(&straight).roles);
}

#[test]
fn a_past_step_is_looked_at_without_losing_the_present() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol", &[]);
    let changes = [(20, flip(Switch::Predictor, false))];
    let states = train(&mut session, &changes, &[10, 40], 40);
    let cloud = |session: &Session| session.snapshot().cloud.map(|cloud| cloud.places.to_vec());
    session.project_now().expect("projected");
    let present = (cloud(&session), session.snapshot().verdict);
    session.apply(Command::Play);
    session.apply(Command::Peek(Some(11)));
    steps(&mut session, 5);
    let shown = session.snapshot();
    assert_eq!((shown.step, shown.playing, shown.past.clone().and_then(|past| past.shown)), (10, false, Some(10)));
    assert!(*shown.history == states[0].histories[0] && shown.events.is_empty() && shown.switches.predictor);
    assert!(cloud(&session).is_some() && cloud(&session) != present.0, "the cloud of then");
    assert_eq!(shown.past.map(|past| past.now), Some(40));
    session.apply(Command::Peek(None));
    steps(&mut session, 0);
    assert!(state(&session) == states[1]);
    assert_eq!((cloud(&session), session.snapshot().verdict, session.snapshot().step), (present.0, present.1, 40));
    // What is changed while an earlier step is looked at is changed from there.
    session.apply(Command::Peek(Some(20)));
    session.apply(flip(Switch::StopGradient, false));
    steps(&mut session, 3);
    let shown = session.snapshot();
    assert_eq!((shown.step, shown.events.len(), shown.switches.predictor), (23, 1, true));
    assert_eq!(shown.past.and_then(|past| past.road).map(|road| (road.step, road.fork)), Some((40, 20)));
}

#[test]
fn populations_structures_and_kernels_are_gone_back_to_as_well() {
    let gpu = gpu();
    let mut twin = open(&gpu, "byol", &[]);
    steps(&mut twin, 9);
    twin.apply(Command::Gather(Gather::Twin(Some(Change::Switch(Switch::StopGradient, false)))));
    let one = |change| Command::ChangeOne { learner: 0, change };
    let changes = [(12, one(Change::Dial(Dial::Tau, 0.5))), (21, one(Change::Switch(Switch::StopGradient, false)))];
    let states = train(&mut twin, &changes, &[13, 27], 27);
    assert_eq!(past(&twin).marks[0], 9, "the past begins where they parted");
    for (place, step) in [13, 27].into_iter().enumerate() {
        rewind(&mut twin, 10);
        train(&mut twin, &changes, &[], step);
        assert_eq!(differs(&state(&twin), &states[place]), [""; 0], "twin at {step}");
    }
    twin.apply(Command::Rewind(8));
    steps(&mut twin, 0);
    assert!(twin.step() == 27 && twin.snapshot().notices.iter().any(|notice| notice.contains("9 to 27")));

    let mut dino = open(&gpu, "dino", &["local_crops=2"]);
    let layernorm = dino.snapshot().variants.iter().find(|choice| choice.family == "layernorm").expect("it has one").clone();
    let variant = layernorm.next().expect("another one").to_owned();
    let changes = [
        (4, Command::SetLocalCrops(3)),
        (6, flip(Switch::Centering, false)),
        (8, Command::SetVariant { family: "layernorm".to_owned(), variant: Some(variant) }),
        (12, Command::SetLocalCrops(0)),
    ];
    let states = train(&mut dino, &changes, &[3, 5, 7, 9, 14], 14);
    for (place, step) in [3, 5, 7, 9].into_iter().enumerate().rev() {
        rewind(&mut dino, step);
        assert_eq!(differs(&state(&dino), &states[place]), [""; 0], "dino at {step}");
        train(&mut dino, &changes, &[], 14);
        assert!(state(&dino) == states[4], "dino from {step}");
    }
}

#[test]
fn slices_make_the_same_marks_and_a_small_budget_thins_them() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol", &[]);
    let each = past(&session).each;
    session.keep_past_within(each * 6);
    while session.step() < 95 {
        session.advance(Pace::Budget(Duration::from_millis(20))).expect("a slice");
        gpu.wait().expect("a living device");
    }
    session.apply(Command::Pause);
    steps(&mut session, 0);
    let shown = past(&session);
    // The last step may be one whose numbers have not been asked for yet.
    assert!([4, 5].contains(&shown.marks.len()) && shown.marks[0] == 0 && shown.bytes() <= shown.budget, "{shown:?}");
    assert!(shown.marks.contains(&90), "the newest are dense: {shown:?}");
    rewind(&mut session, 61);
    let mut straight = open(&gpu, "byol", &[]);
    steps(&mut straight, 61);
    assert!(state(&session).roles == state(&straight).roles);
    session.keep_past_within(each * 3);
    assert!(past(&session).marks.is_empty(), "no room for enough of them");
    session.apply(Command::Rewind(0));
    session.apply(Command::OtherRoad);
    session.apply(Command::Peek(Some(0)));
    session.apply(Command::Play);
    steps(&mut session, 1);
    assert_eq!((session.step(), session.snapshot().notices.len()), (62, 2), "{:?}", session.snapshot().notices);
}

#[test]
fn a_new_start_empties_the_past_and_so_does_a_lost_device() {
    let first = gpu();
    let mut session = open(&first, "byol", &[]);
    steps(&mut session, 12);
    session.apply(Command::Reset { new_seed: false });
    steps(&mut session, 11);
    assert_eq!(*past(&session).marks, [0, 10]);
    session.keep_safe().expect("kept");
    session.apply(flip(Switch::Ema, false));
    steps(&mut session, 2);
    rewind(&mut session, 10);
    session.apply(flip(Switch::Predictor, false));
    steps(&mut session, 3);
    let before = state(&session);
    first.device.destroy();
    assert!(session.advance(Pace::Steps(1)).is_err() || session.settle().is_err(), "a lost device must be noticed");
    session.reopen(gpu()).expect("reopened");
    steps(&mut session, 0);
    assert!(state(&session).roles == before.roles, "not the road that was left, and the flip is done again");
    let shown = past(&session);
    assert!(shown.road.is_none() && shown.marks[0] == 10, "{shown:?}");
    assert!(session.snapshot().notices.iter().any(|notice| notice.contains("before 10 were lost")));
}

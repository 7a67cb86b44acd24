//! Step mode: a step that is walked sub-step by sub-step is the step it would have been, and nothing is lost or forgotten on the way.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::{Command, Switch};
use twinlens::config::{Method, RunConfig};
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::session::{Cadence, Pace, Session};
use twinlens::snapshot::{Layer, SubStep, Tensors, Walk};

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn open(gpu: &Arc<Gpu>, preset: &str, overrides: &[&str]) -> Session {
    let mut all = vec!["batch=6".to_owned(), "seed=3".to_owned()];
    all.extend(overrides.iter().map(|&text| text.to_owned()));
    let config = RunConfig::load(preset, None, &all).expect("a valid configuration");
    Session::open(gpu.clone(), config, Cadence::headless(1, None)).expect("a session")
}

/// Bits of the whole state, the centre too.
fn bits(session: &Session) -> Vec<u32> {
    let trainer = session.trainer();
    let roles = trainer.roles.state().into_iter().map(|(_, tensor)| tensor).chain(&trainer.roles.center);
    roles.flat_map(|tensor| trainer.gpu.download::<u32>(tensor).expect("a download")).collect()
}

/// Lets the session work as the window does, until there is nothing to do.
fn work(session: &mut Session) {
    for _ in 0..4000 {
        session.advance(Pace::Budget(Duration::from_millis(20))).expect("work");
        session.settle().expect("a living device");
        if session.is_idle() {
            return;
        }
    }
    panic!("the session never came to rest");
}

fn walk(session: &mut Session) -> Walk {
    session.apply(Command::Walk);
    work(session);
    session.snapshot().walk.expect("a walk")
}

fn steps(session: &mut Session, count: u32) {
    session.apply(Command::Play);
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

fn is_finite(layers: &[Layer]) -> bool {
    !layers.is_empty() && layers.iter().all(|layer| layer.parameters > 0 && layer.squares.iter().all(|square| square.is_finite()))
}

/// What must hold of the tensors that a sub-step shows.
fn check(walk: &Walk, session: &Session) {
    let moment = walk.moment.as_ref().expect("its tensors");
    let pictures = &moment.pictures;
    assert_eq!((pictures.images, pictures.batch), (6, 6));
    let views = 2 + session.trainer().config.views.locals as usize;
    assert!(pictures.frames.len() == 6 && pictures.frames.iter().all(|frames| frames.len() == views));
    let lies_inside = |[left, top, width, height]: [f32; 4]| left >= -0.01 && top >= -0.01 && left + width <= 1.01 && top + height <= 1.01;
    assert!(pictures.frames.iter().flatten().all(|frame| lies_inside(frame.0) && frame.0[2] > 0.05));
    match (walk.at, &moment.tensors) {
        (SubStep::Views, Tensors::Views) => {}
        (SubStep::Student | SubStep::Teacher, Tensors::Forward { view, matrices }) => {
            assert_eq!(*view, if walk.at == SubStep::Student { 1 } else { 2 });
            for excerpt in matrices {
                assert!(excerpt.rows == 6 && excerpt.columns as u32 == excerpt.shape[1], "{}", excerpt.name);
                assert!(excerpt.values.iter().all(|value| value.is_finite()) && excerpt.largest() > 0.0, "{}", excerpt.name);
            }
        }
        (SubStep::Loss, Tensors::Cosines { mean, cosines, .. }) => {
            assert!(cosines.iter().all(|cosine| cosine.abs() <= 1.0001) && (0.0..=4.0).contains(mean));
        }
        (SubStep::Loss, Tensors::Distributions { mean, student, teacher, losses }) => {
            for excerpt in [student, teacher] {
                assert!((0..6).all(|row| (excerpt.row(row).iter().sum::<f32>() - 1.0).abs() < 1e-3), "{}", excerpt.name);
            }
            assert!(losses.iter().all(|loss| loss.is_some_and(|loss| loss > 0.0)) && *mean > 0.0);
        }
        (SubStep::Backward, Tensors::Gradients { layers, student, teacher, .. }) => {
            assert!(is_finite(layers) && student.as_ref().is_some_and(|gradient| gradient.largest() > 0.0));
            assert_eq!(teacher.is_some(), !session.switch(Switch::StopGradient));
        }
        (SubStep::Update, Tensors::Update { layers }) => {
            assert!(is_finite(layers) && layers.iter().any(|layer| layer.squares[0] > 0.0));
        }
        (SubStep::Ema, Tensors::Ema { layers }) => {
            assert!(is_finite(layers) && layers.iter().all(|layer| layer.squares[1] <= layer.squares[0] * 1.0001 + 1e-12));
        }
        (SubStep::Center, Tensors::Center { before, after }) => {
            assert!(before.len() == after.len() && before.iter().chain(&**after).all(|value| value.is_finite()));
        }
        (at, tensors) => panic!("{at:?} shows {tensors:?}"),
    }
}

/// What the crops of the first image have must be what the images' rows have of them.
fn check_crops(walk: &Walk, session: &Session) {
    let moment = walk.moment.as_ref().expect("its tensors");
    let views = 2 + session.trainer().config.views.locals as usize;
    let Some(of_one) = &moment.of_one else {
        return assert!(matches!(walk.at, SubStep::Views | SubStep::Update | SubStep::Ema | SubStep::Center), "{:?}", walk.at);
    };
    match (&moment.tensors, &of_one.tensors) {
        (Tensors::Forward { view, matrices }, Tensors::Forward { matrices: crops, .. }) => {
            let rows = if *view == 1 { views } else { 2 };
            for (images, crops) in matrices.iter().zip(crops) {
                assert_eq!((crops.rows, crops.name, crops.shape), (rows, images.name, images.shape));
                assert_eq!(crops.row(*view as usize - 1), images.row(0), "{}", images.name);
            }
            assert_eq!(matrices.len(), crops.len());
        }
        (Tensors::Cosines { cosines, .. }, Tensors::Cosines { cosines: of_crops, mean, .. }) => {
            assert_eq!((of_crops.len(), of_crops[0]), (views, cosines[0]));
            assert!(of_one.losses[1][0].is_some_and(|loss| (loss - (2.0 - 2.0 * cosines[0])).abs() < 1e-5));
            assert!((0.0..=4.0).contains(mean));
        }
        (Tensors::Distributions { losses, .. }, Tensors::Distributions { losses: of_crops, student, .. }) => {
            assert_eq!((of_crops.len(), of_crops[0], student.rows), (views, losses[0], views));
            assert_eq!(of_one.losses[1][0], losses[0]);
        }
        (Tensors::Gradients { student, .. }, Tensors::Gradients { student: crops, .. }) => {
            let (images, crops) = student.as_ref().zip(crops.as_ref()).expect("gradients");
            assert_eq!((crops.rows, crops.row(0)), (views, images.row(0)));
        }
        (one, other) => panic!("{:?}: {one:?} and {other:?}", walk.at),
    }
    if walk.at == SubStep::Loss {
        for (global, losses) in of_one.losses.iter().enumerate() {
            let measured = losses.iter().enumerate().all(|(crop, loss)| loss.is_some_and(f32::is_finite) == (crop != global));
            assert!(losses.len() == views && measured, "{losses:?}");
        }
        assert_eq!(of_one.losses.len(), 2);
    }
}

#[test]
fn a_walked_step_is_the_step_it_would_have_been() {
    let gpu = gpu();
    let presets: [(&str, &[&str]); 4] =
        [("byol", &[]), ("byol", &["stop_gradient=off", "learners=2"]), ("dino-fast", &[]), ("multicrop-pyramid", &["local_crops=2"])];
    for (preset, overrides) in presets {
        let (mut walked, mut straight) = (open(&gpu, preset, overrides), open(&gpu, preset, overrides));
        steps(&mut walked, 2);
        let all = SubStep::of(walked.trainer().config.method);
        for (place, &sub) in all.iter().enumerate() {
            let walk = walk(&mut walked);
            let last = place + 1 == all.len();
            assert_eq!((walk.step, walk.at, walk.is_complete, walk.waiting), (3, sub, last, 0), "{preset}");
            check(&walk, &walked);
            check_crops(&walk, &walked);
            assert_eq!(walked.step(), 2 + u64::from(last), "{preset}: the step counts when it is complete");
            assert!(!walked.snapshot().playing);
        }
        steps(&mut straight, 3);
        assert_eq!(bits(&walked), bits(&straight), "{preset} {overrides:?}: after the walk");
        assert_eq!(walked.record().learners[0].loss, straight.record().learners[0].loss);
        steps(&mut walked, 2);
        steps(&mut straight, 2);
        assert_eq!(bits(&walked), bits(&straight), "{preset} {overrides:?}: after going on");
        assert_eq!(walked.snapshot().walk, None, "going on ends the walk");
    }
}

#[test]
fn sub_steps_are_recorded_one_behind_the_other() {
    let gpu = gpu();
    for (preset, method) in [("byol", Method::Byol), ("dino", Method::Dino), ("multicrop", Method::Dino)] {
        for stop_gradient in ["stop_gradient=on", "stop_gradient=off"] {
            let session = open(&gpu, preset, &[stop_gradient]);
            let program = &session.trainer().recorded().program;
            let names: Vec<&str> = program.stages().iter().map(|stage| stage.name.as_str()).collect();
            let expected: Vec<&str> = SubStep::of(method).iter().map(|sub| sub.scope()).chain(["meters", ""]).collect();
            assert_eq!(names, expected, "{preset}");
            assert!(program.stages().iter().all(|stage| !stage.range.is_empty()));
            assert!(program.stages().windows(2).all(|pair| pair[0].range.end == pair[1].range.start));
            assert_eq!(program.stages().last().map(|stage| stage.range.end), Some(program.len()));
        }
    }
}

#[test]
fn space_s_and_a_checkpoint_finish_the_step() {
    let gpu = gpu();
    let mut straight = open(&gpu, "byol", &[]);
    steps(&mut straight, 2);
    let expected = bits(&straight);
    let started = || {
        let mut session = open(&gpu, "byol", &[]);
        steps(&mut session, 1);
        (0..3).for_each(|_| drop(walk(&mut session)));
        session
    };
    let mut stepped = started();
    stepped.apply(Command::Step);
    work(&mut stepped);
    assert_eq!((stepped.step(), stepped.snapshot().walk), (2, None));
    assert_eq!(bits(&stepped), expected, "S");

    let mut played = started();
    played.apply(Command::Play);
    assert!(!played.is_idle());
    while played.step() < 4 {
        played.advance(Pace::Budget(Duration::from_millis(20))).expect("work");
        played.settle().expect("a living device");
    }
    assert!(played.snapshot().playing && played.snapshot().walk.is_none());

    let mut saved = started();
    let checkpoint = saved.checkpoint().expect("a checkpoint");
    assert_eq!((checkpoint.step, saved.step()), (2, 2));
    assert_eq!(bits(&saved), expected, "checkpoint");
    let resumed = Session::resume(gpu.clone(), &checkpoint, Cadence::headless(1, None)).expect("resumed");
    assert_eq!(bits(&resumed), expected);

    let mut stepped = started();
    steps(&mut stepped, 1);
    assert_eq!((stepped.step(), bits(&stepped) == expected), (2, true), "the step under way is one of those asked for");
}

#[test]
fn changes_in_mid_step_wait_for_the_next() {
    let gpu = gpu();
    let (mut walked, mut straight) = (open(&gpu, "byol", &[]), open(&gpu, "byol", &[]));
    steps(&mut walked, 1);
    walk(&mut walked);
    walk(&mut walked);
    walked.apply(Command::SetSwitch { switch: Switch::StopGradient, on: false });
    work(&mut walked);
    let snapshot = walked.snapshot();
    assert!(snapshot.switches.stop_gradient && snapshot.events.is_empty(), "not in the middle of a step");
    assert_eq!(snapshot.walk.map(|walk| walk.waiting), Some(1));
    for _ in 0..5 {
        walk(&mut walked);
    }
    assert_eq!(walked.step(), 2);
    assert!(!walked.snapshot().switches.stop_gradient, "with the end of the step it has come");
    assert_eq!(walked.snapshot().events[0].step, 2);
    steps(&mut straight, 2);
    straight.apply(Command::SetSwitch { switch: Switch::StopGradient, on: false });
    assert_eq!(bits(&walked), bits(&straight));
    for _ in 0..5 {
        walk(&mut walked);
    }
    check(&walked.snapshot().walk.expect("a walk"), &walked);
    steps(&mut walked, 1);
    steps(&mut straight, 1);
    assert_eq!(bits(&walked), bits(&straight));
}

#[test]
fn several_at_once_and_a_new_run_in_mid_step() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol", &[]);
    (0..9).for_each(|_| session.apply(Command::Walk));
    work(&mut session);
    let walk_now = session.snapshot().walk.expect("a walk");
    assert!(walk_now.step == 1 && walk_now.is_complete, "a burst of requests walks to the end of a step, not beyond");
    walk(&mut session);
    let now = walk(&mut session);
    assert_eq!((now.step, now.at), (2, SubStep::Student));
    (0..6).for_each(|_| session.apply(Command::Walk));
    work(&mut session);
    let now = session.snapshot().walk.expect("a walk");
    assert_eq!((now.step, now.at), (3, SubStep::Views), "in mid-step, one beyond the end belongs to the next step");

    let fresh = bits(&open(&gpu, "byol", &[]));
    session.apply(Command::Reset { new_seed: false });
    work(&mut session);
    assert_eq!((session.step(), session.snapshot().walk), (0, None));
    assert!(!session.snapshot().playing);
    assert_eq!(bits(&session), fresh);
    walk(&mut session);
    session.apply(Command::LoadPreset("dino".to_owned()));
    session.apply(Command::Walk);
    work(&mut session);
    let now = session.snapshot();
    assert_eq!((now.method, now.walk.map(|walk| walk.at)), (Method::Dino, Some(SubStep::Views)));
}

#[test]
fn a_lost_device_loses_nothing_of_a_walk() {
    let gpu = gpu();
    let mut straight = open(&gpu, "byol", &[]);
    steps(&mut straight, 2);
    straight.apply(Command::SetSwitch { switch: Switch::Predictor, on: false });
    steps(&mut straight, 2);
    let expected = bits(&straight);

    let mut session = open(&gpu, "byol", &[]);
    steps(&mut session, 2);
    session.apply(Command::SetSwitch { switch: Switch::Predictor, on: false });
    steps(&mut session, 1);
    (0..4).for_each(|_| drop(walk(&mut session)));
    session.reopen(self::gpu()).expect("reopened");
    work(&mut session);
    let snapshot = session.snapshot();
    assert_eq!(session.step(), 3, "the steps are done again, and no more");
    assert_eq!(snapshot.walk.map(|walk| (walk.step, walk.at)), Some((4, SubStep::Loss)), "and so are the sub-steps");
    assert_eq!(snapshot.events.iter().map(|event| event.step).collect::<Vec<_>>(), [2], "and the changes between them");
    (0..3).for_each(|_| drop(walk(&mut session)));
    assert_eq!((session.step(), bits(&session) == expected), (4, true));
}

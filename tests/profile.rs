//! What profiles say: the work of each dispatch, and times of steps that train as if nobody looked.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::Command;
use twinlens::config::{Method, RunConfig};
use twinlens::folders;
use twinlens::gpu::{
    AdapterChoice, Choices, Gpu, Tape, improve_roof, measure_roof, recall_roof, remember_roof, roof_age, timed_by_wall_clock,
};
use twinlens::ops::linear::linear;
use twinlens::ops::matmul::Layout;
use twinlens::profile::{Dispatch, KernelTimes, Roof, StepTimes, Work};
use twinlens::session::{Cadence, Pace, Session};
use twinlens::snapshot::SubStep;

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn open(gpu: &Arc<Gpu>, preset: &str, overrides: &[&str]) -> Session {
    let mut all = vec!["batch=4".to_owned(), "seed=3".to_owned()];
    all.extend(overrides.iter().map(|&text| text.to_owned()));
    let config = RunConfig::load(preset, None, &all).expect("a valid configuration");
    Session::open(gpu.clone(), config, Cadence::headless(1, None)).expect("a session")
}

#[test]
fn work_is_what_shapes_and_access_say() {
    let gpu = gpu();
    let (learners, rows, ins, outs) = (2_u32, 33, 12, 20);
    let x = gpu.tensor("x", [learners, rows, ins]).unwrap();
    let weight = gpu.tensor("weight", [learners, outs, ins]).unwrap();
    let dy = gpu.tensor("dy", [learners, rows, outs]).unwrap();
    let mut choices = Choices::default();
    for family in Layout::ALL.map(Layout::family) {
        choices.set(family, family.variant("plain"));
    }
    let mut tape = Tape::new(&gpu).with_choices(choices);
    tape.track(&x);
    // Twice, so that the second gradient is added to the first.
    for layer in ["one", "two"] {
        let y = tape.scope(layer, |tape| linear(tape, &x, &weight, None));
        tape.seed(&y, &dy);
    }
    tape.scope("backward", Tape::unwind);
    let program = tape.freeze().unwrap();
    let flops = u64::from(2 * learners * rows * ins * outs);
    let bytes = |elements: u32| u64::from(4 * learners * elements);
    let (forward, added) = (bytes(rows * ins + outs * ins + rows * outs), bytes(rows * ins));
    let found: Vec<_> = program.dispatches().iter().map(|dispatch| (dispatch.label.as_str(), dispatch.work)).collect();
    assert_eq!(
        found,
        [
            // The weights stand in for the bias that is not there: bound twice, read once.
            ("one/matmul_nt_plain", Work { flops, bytes: forward }),
            ("two/matmul_nt_plain", Work { flops, bytes: forward }),
            ("backward/two/matmul_nn_plain", Work { flops, bytes: forward }),
            ("backward/one/matmul_nn_plain", Work { flops: flops + added / 4, bytes: forward + added }),
        ]
    );
}

/// Kernels that compute no floating-point numbers worth counting: integers, copies, and a handful of parameters.
const MOVERS: [&str; 9] =
    ["draw_scenes", "weaves", "shapes", "crop_plan", "tokens_backward", "tokens_backward_quads", "first_rows_forward", "step_log", "tick"];

#[test]
fn every_dispatch_of_a_step_has_its_work() {
    let gpu = gpu();
    for preset in ["byol", "byol-batchnorm", "dino", "dino-vit", "multicrop"] {
        let session = open(&gpu, preset, &[]);
        let dispatches = session.trainer().recorded().program.dispatches();
        let idle = |dispatch: &&Dispatch| dispatch.work.bytes == 0 || dispatch.groups.contains(&0);
        assert_eq!(dispatches.iter().find(idle), None, "{preset}");
        let forgotten = |dispatch: &&Dispatch| dispatch.work.flops == 0 && !MOVERS.contains(&&*dispatch.kernel);
        assert_eq!(dispatches.iter().find(forgotten), None, "{preset}");
        let backward = dispatches.iter().filter(|dispatch| dispatch.scopes().next() == Some("backward"));
        assert!(backward.clone().count() > 10, "{preset}");
        // A backward lies in the scopes of its forward; the sums that waited are of all of them.
        let of_one = |dispatch: &&Dispatch| dispatch.kernel != "sum_parts";
        assert_eq!(backward.clone().filter(|dispatch| !of_one(dispatch)).count(), 1, "{preset}");
        assert!(backward.filter(of_one).all(|dispatch| matches!(dispatch.scopes().nth(1), Some("student" | "loss"))), "{preset}");
    }
}

/// Bits of the whole state.
fn bits(session: &Session) -> Vec<u32> {
    let trainer = session.trainer();
    trainer.roles.state().into_iter().flat_map(|(_, tensor)| trainer.gpu.download::<u32>(tensor).expect("a download")).collect()
}

fn steps(session: &mut Session, count: u32) {
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

/// Works as the window does, in slices of a few dispatches, until there is nothing to do.
fn work(session: &mut Session) {
    for _ in 0..10_000 {
        session.advance(Pace::Budget(Duration::from_millis(4))).expect("work");
        session.settle().expect("a living device");
        if session.is_idle() {
            return;
        }
    }
    panic!("the session never came to rest");
}

fn check(times: &StepTimes, session: &Session) {
    let program = &session.trainer().recorded().program;
    assert!(Arc::ptr_eq(&times.dispatches, program.dispatches()));
    assert_eq!(times.median_micros.len(), program.len());
    assert_eq!(times.last_step, session.step());
    assert!(times.median_micros.iter().zip(&times.p95_micros).all(|(median, p95)| *median >= 0.0 && median <= p95));
    let total = times.total_micros();
    assert!(total > 0.0 && total.is_finite());
    let last = times.start_micros.last().zip(times.median_micros.last()).map_or(0.0, |(start, last)| start + last);
    assert!((last - total).abs() <= 1e-9 * total);
    assert!((times.kernels.iter().map(|kernel| kernel.share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(times.kernels.iter().map(KernelTimes::calls).sum::<usize>(), program.len());
    // Nothing ends before it begins, nor outside of its step.
    if times.clock.is_valid() && times.steps == 1 {
        assert!(times.span_micros >= total * 0.999, "{} in {}", total, times.span_micros);
    }
}

#[test]
fn profiled_steps_are_the_same_steps() {
    let gpu = gpu();
    let (mut plain, mut profiled) = (open(&gpu, "byol", &[]), open(&gpu, "byol", &[]));
    steps(&mut plain, 6);
    profiled.apply(Command::ProfileSteps(true));
    assert_eq!(profiled.snapshot().kernels, None);
    steps(&mut profiled, 1);
    let times = profiled.snapshot().kernels.expect("times of a step");
    check(&times, &profiled);
    assert_eq!(times.steps, 1);
    profiled.apply(Command::PlayTo(3));
    work(&mut profiled);
    let times = profiled.snapshot().kernels.expect("times of steps");
    check(&times, &profiled);
    assert_eq!(times.steps, 3);
    // Once frames are drawn, a software adapter's timestamps are not to be trusted: the wall clock begins anew.
    profiled.draws();
    profiled.apply(Command::PlayTo(5));
    work(&mut profiled);
    let times = profiled.snapshot().kernels.expect("times of steps");
    check(&times, &profiled);
    assert_eq!((times.steps, times.clock.is_valid()), if gpu.is_software() { (2, false) } else { (5, true) });
    profiled.apply(Command::ProfileSteps(false));
    profiled.apply(Command::Play);
    steps(&mut profiled, 1);
    assert_eq!(profiled.snapshot().kernels, None);
    assert_eq!(bits(&plain), bits(&profiled));
    assert_eq!(plain.record(), profiled.record());
}

#[test]
fn times_are_of_the_program_that_runs() {
    let gpu = gpu();
    let mut session = open(&gpu, "multicrop", &[]);
    session.apply(Command::ProfileSteps(true));
    steps(&mut session, 2);
    let before = session.snapshot().kernels.expect("times").dispatches.len();
    // The step is recorded anew.
    session.apply(Command::SetLocalCrops(0));
    steps(&mut session, 1);
    let times = session.snapshot().kernels.expect("times");
    check(&times, &session);
    assert_eq!(times.steps, 1);
    assert!(times.dispatches.len() < before);
    // Another run goes on being profiled.
    session.apply(Command::Reset { new_seed: false });
    steps(&mut session, 2);
    check(&session.snapshot().kernels.expect("times"), &session);
    // A walked step does not count: it stands still in between.
    for _ in SubStep::of(Method::Dino) {
        session.apply(Command::Walk);
        work(&mut session);
    }
    let times = session.snapshot().kernels.expect("times");
    assert_eq!((session.step(), times.steps, times.last_step), (3, 2, 2));
}

#[test]
fn only_the_last_steps_count() {
    let gpu = gpu();
    let mut session = open(&gpu, "byol-fast", &["image_size=16"]);
    session.apply(Command::ProfileSteps(true));
    steps(&mut session, StepTimes::CAPACITY as u32 + 6);
    assert_eq!(session.snapshot().kernels.expect("times").steps, StepTimes::CAPACITY);
}

#[test]
fn a_wall_clock_measures_too() {
    let gpu = gpu();
    let session = open(&gpu, "byol", &[]);
    let program = &session.trainer().recorded().program;
    let micros = timed_by_wall_clock(&gpu, program, 2..6).expect("a living device");
    assert_eq!(micros.len(), 4);
    assert!(micros.iter().all(|&time| time > 0.0));
}

#[test]
fn the_best_of_what_was_measured_is_remembered_where_a_test_says() {
    let gpu = gpu();
    assert!(recall_roof(&gpu).is_none(), "a test that asks for no place remembers nothing");
    let folder = tempfile::tempdir().expect("a folder");
    folders::use_cache_in(folder.path().to_owned());
    let good = measure_roof(&gpu).expect("a living device");
    let disturbed = Roof { peak_gflops: good.peak_gflops * 0.5, submit_micros: good.submit_micros * 3.0, ..good.clone() };
    remember_roof(&gpu, &disturbed);
    assert_eq!(recall_roof(&gpu), Some(disturbed.clone()));
    assert_eq!(improve_roof(&gpu, &good), good);
    assert_eq!(improve_roof(&gpu, &disturbed), good, "a worse measurement takes nothing away");
    assert_eq!(recall_roof(&gpu), Some(good));
    assert!(roof_age(&gpu).is_some_and(|age| age < Duration::from_secs(60)));
}

#[test]
fn a_roof_has_all_its_numbers() {
    let gpu = gpu();
    let roof = measure_roof(&gpu).expect("a living device");
    assert!(roof.is_sound(), "{roof:?}");
    assert_eq!(roof.adapter, gpu.info.name);
    assert!(roof.copy.len() >= 6 && roof.copy[0].bytes == 1 << 15, "{roof:?}");
    assert!(roof.readback_micros >= roof.dispatch_micros, "{roof:?}");
}

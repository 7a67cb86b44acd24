//! DINO and local crops as a session runs them: replays, the teacher's blindness to local crops, loss pairs, looks, the two ways to
//! collapse. Small batches; the adapter is the software one in CI.

use std::sync::Arc;

use twinlens::command::{Command, Switch};
use twinlens::config::RunConfig;
use twinlens::data::views::CROP_COLUMNS;
use twinlens::gpu::{AdapterChoice, Gpu, Tensor};
use twinlens::session::{Cadence, Pace, Session};
use twinlens::snapshot::VerdictKind;
use twinlens::train::checkpoint::Checkpoint;

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn open(gpu: &Arc<Gpu>, preset: &str, overrides: &[&str]) -> Session {
    let all: Vec<String> = ["batch=6", "seed=3"].iter().chain(overrides).map(|&text| text.to_owned()).collect();
    let config = RunConfig::load(preset, None, &all).expect("a valid configuration");
    Session::open(gpu.clone(), config, Cadence::headless(1, None)).expect("a session")
}

fn steps(session: &mut Session, count: u32) {
    session.advance(Pace::Steps(count)).expect("steps");
    session.settle().expect("a living device");
}

fn words(session: &Session, tensor: &Tensor) -> Vec<u32> {
    session.trainer().gpu.download(tensor).expect("a download")
}

fn floats(session: &Session, tensor: &Tensor) -> Vec<f32> {
    session.trainer().gpu.download(tensor).expect("a download")
}

/// Bits of the whole state of learner 0.
fn bits(session: &Session) -> Vec<u32> {
    let roles = &session.trainer().roles;
    let tensors = roles.state().into_iter().map(|(_, tensor)| tensor).chain(&roles.center);
    tensors.flat_map(|tensor| words(session, tensor)[..tensor.elements() as usize].to_vec()).collect()
}

/// A pyramid and a ViT with both sizes of crops, small.
const MULTICROP: [(&str, &[&str]); 2] =
    [("multicrop-pyramid", &[]), ("multicrop", &["local_crops=3", "batch=4", "dim=32", "heads=2", "image_size=16", "local_size=8"])];

#[test]
fn replays_resumes_and_learners_agree_to_the_bit() {
    let gpu = gpu();
    for (preset, overrides) in MULTICROP {
        let mut straight = open(&gpu, preset, overrides);
        steps(&mut straight, 4);
        let mut first = open(&gpu, preset, overrides);
        steps(&mut first, 2);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("half.safetensors");
        first.checkpoint().expect("a checkpoint").write(&path).expect("saved");
        let checkpoint = Checkpoint::read(&path).expect("read back");
        assert_eq!(checkpoint, first.checkpoint().expect("a checkpoint"), "{preset}");
        steps(&mut first, 2);
        assert_eq!(bits(&first), bits(&straight), "{preset} again");
        let mut resumed = Session::resume(gpu.clone(), &checkpoint, Cadence::headless(1, None)).expect("resumed");
        steps(&mut resumed, 2);
        assert_eq!(bits(&resumed), bits(&straight), "{preset} resumed");
        assert_eq!(resumed.record_of_this_step(), straight.record_of_this_step());
        let mut several = open(&gpu, preset, &[overrides, &["learners=2"]].concat());
        steps(&mut several, 4);
        assert_eq!(bits(&several), bits(&straight), "{preset}, learner 0 of 2");
    }
}

#[test]
fn local_crops_never_reach_the_teacher() {
    let gpu = gpu();
    for (preset, overrides) in MULTICROP {
        let teacher = |locals: &str| {
            let mut session = open(&gpu, preset, &[overrides, &[locals]].concat());
            steps(&mut session, 1);
            let probes = &session.trainer().recorded().probes;
            let center = session.trainer().roles.center.as_ref().expect("DINO has a centre");
            let seen = [words(&session, &probes.teacher_outputs), words(&session, center)];
            (seen, probes.teacher_outputs.rows, probes.student_outputs.rows, bits(&session))
        };
        let ((without, _, _, first), (with, teacher_rows, student_rows, second)) = (teacher("local_crops=0"), teacher("local_crops=5"));
        assert_eq!(without, with, "{preset}: the teacher's logits and the centre do not hang on local crops");
        assert_ne!(first, second, "{preset}: the student does");
        assert_eq!(teacher_rows / 2 * 7, student_rows, "two globals for the teacher, seven crops for the student");
    }
}

#[test]
fn the_loss_is_the_mean_over_all_pairs_but_a_crop_with_itself() {
    let gpu = gpu();
    let mut session = open(&gpu, "multicrop-pyramid", &["local_crops=0"]);
    for locals in [0, 4, 8, 1] {
        session.apply(Command::SetLocalCrops(locals));
        steps(&mut session, 1);
        assert_eq!(session.snapshot().local_crops, locals);
        let probes = &session.trainer().recorded().probes;
        let pairs = floats(&session, &probes.distributions.as_ref().expect("DINO").pairs);
        let views = 2 + locals as usize;
        assert_eq!(pairs.len(), 2 * views);
        let skipped: Vec<usize> = (0..pairs.len()).filter(|&pair| pairs[pair] == 0.0).collect();
        assert_eq!(skipped, [0, views + 1], "a crop with itself");
        let mean = pairs.iter().sum::<f32>() / (2 * views - 2) as f32;
        let loss = floats(&session, &probes.loss)[0];
        assert!((mean - loss).abs() <= 1e-5 * loss.abs(), "{locals} locals: {mean} is not {loss}");
    }
    assert_eq!(session.step(), 4, "changing the number of crops goes on with the run");
    session.apply(Command::SetLocalCrops(9));
    steps(&mut session, 1);
    assert_eq!(session.snapshot().local_crops, 1, "more than 8 are refused");
    assert!(session.snapshot().notices.last().is_some_and(|notice| notice.contains("local_crops")));
}

#[test]
fn a_look_at_the_batch_shows_the_very_crops_that_were_trained_on() {
    let gpu = gpu();
    for (preset, overrides) in MULTICROP {
        let mut session = open(&gpu, preset, overrides);
        steps(&mut session, 3);
        session.look_now().expect("a look");
        let look = session.snapshot().inspection.expect("it was looked at");
        assert!(look.of_batch && look.draw == 3);
        let views = &session.trainer().recorded().views;
        let locals = views.locals.as_ref().expect("there are locals");
        let batch = session.trainer().config.batch as usize;
        let mut trained = Vec::new();
        for group in [&views.globals, locals] {
            let plans = words(&session, &group.crops);
            trained.extend(
                plans
                    .chunks_exact(CROP_COLUMNS as usize)
                    .step_by(batch)
                    .map(|plan| [plan[0], plan[1], plan[2], plan[3]].map(f32::from_bits)),
            );
        }
        assert_eq!(look.crops.len(), trained.len());
        for (index, ((shown, mirrored), plan)) in look.crops.iter().zip(&trained).enumerate() {
            let left = if *mirrored { plan[0] + plan[2] } else { plan[0] };
            assert_eq!((*shown, *mirrored), ([left, plan[1], plan[2].abs(), plan[3]], plan[2] < 0.0), "{preset}, crop {index}");
        }
        let side = look.local_side * look.local_side;
        let shown = gpu.tensor("shown", [1, locals.pixels.rows / batch as u32, side]).expect("memory");
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(look.local_pixels.as_ref().expect("locals"), 0, &shown.buffer, 0, shown.bytes());
        gpu.queue.submit([encoder.finish()]);
        let of_batch: Vec<u32> =
            words(&session, &locals.pixels).chunks_exact(side as usize).step_by(batch).flat_map(<[u32]>::to_vec).collect();
        assert!(words(&session, &shown) == of_batch, "{preset}: the pixels too");

        // What the pairs say: finite where there is a pair, none where there is none.
        for (global, row) in look.losses.iter().enumerate() {
            for (view, loss) in row.iter().enumerate() {
                assert_eq!(loss.is_some_and(f32::is_finite), view != global);
            }
        }
        assert_eq!((look.student_dots.len(), look.teacher_dots.len()), (look.crops.len(), 2));
        assert!(look.agreement.iter().all(|cosine| (-1.001..=1.001).contains(cosine)));
        assert_eq!(look.teacher_distribution.len(), 64);
        assert!((look.teacher_distribution.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!((look.student_distribution.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let attends = preset == "multicrop";
        assert_eq!(look.attention_heads, if attends { 2 } else { 0 });
        assert_eq!(look.attention.len(), if attends { 2 * 16 } else { 0 });

        // An image of one's own choice, and other crops of it.
        session.apply(Command::ShowImage(Some(7)));
        session.look_now().expect("a look");
        let chosen = session.snapshot().inspection.expect("it was looked at");
        session.apply(Command::Resample);
        session.look_now().expect("a look");
        let again = session.snapshot().inspection.expect("it was looked at");
        assert_eq!((chosen.image, again.image, chosen.class), (Some(7), Some(7), again.class));
        assert_ne!(chosen.crops, again.crops);
        session.apply(Command::ShowImage(None));
        session.look_now().expect("a look");
        assert_eq!(session.snapshot().inspection.expect("it was looked at").crops, look.crops);
    }
}

#[test]
fn every_switch_of_dino_changes_the_step() {
    let gpu = gpu();
    let mut untouched = open(&gpu, "dino", &[]);
    steps(&mut untouched, 3);
    for &switch in Switch::of(twinlens::config::Method::Dino) {
        let mut flipped = open(&gpu, "dino", &[]);
        steps(&mut flipped, 2);
        flipped.apply(Command::SetSwitch { switch, on: false });
        steps(&mut flipped, 1);
        assert!(!flipped.switch(switch));
        assert_ne!(bits(&flipped), bits(&untouched), "{switch:?} off must change the step");
    }
}

#[test]
fn frozen_prototypes_stay_for_as_long_as_they_are_frozen() {
    let gpu = gpu();
    let mut session = open(&gpu, "dino", &["frozen_steps=2"]);
    let prototypes = |session: &Session| {
        let trainer = session.trainer();
        let spec = trainer.method.layout().specs().iter().find(|spec| spec.name.ends_with("weight_v")).expect("the head has prototypes");
        words(session, &trainer.roles.student)[spec.first as usize..][..spec.elements() as usize].to_vec()
    };
    let before = prototypes(&session);
    steps(&mut session, 2);
    assert!(prototypes(&session) == before);
    steps(&mut session, 1);
    assert!(prototypes(&session) != before);
}

fn verdict_of(overrides: &[&str], count: u32) -> (VerdictKind, f32, f32) {
    let all: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let config = RunConfig::load("dino", None, &all).expect("a valid configuration");
    let mut session = Session::open(gpu(), config, Cadence::headless(20, None)).expect("a session");
    steps(&mut session, count);
    let snapshot = session.snapshot();
    let last = |series: &twinlens::snapshot::Series| series.last().expect("it was measured");
    (snapshot.verdict.kind, last(&snapshot.history.mean_teacher_entropy), last(&snapshot.history.kl))
}

#[test]
fn learning_dino_without_centering_one_prototype_takes_all() {
    let (verdict, mean_entropy, kl) = verdict_of(&["centering=off"], 120);
    assert!(verdict == VerdictKind::Dominant && mean_entropy < 0.3, "{verdict:?}: entropy of the mean {mean_entropy}, KL {kl}");
}

#[test]
fn learning_dino_without_sharpening_all_prototypes_are_equal() {
    let (verdict, mean_entropy, kl) = verdict_of(&["sharpening=off"], 110);
    assert!(verdict == VerdictKind::Uniform && mean_entropy > 4.1 && kl < 0.02, "{verdict:?}: entropy of the mean {mean_entropy}, KL {kl}");
}

#[test]
fn other_crops_of_the_batchs_image_are_of_the_same_image() {
    let gpu = gpu();
    let mut session = open(&gpu, "multicrop-pyramid", &[]);
    steps(&mut session, 2);
    session.look_now().expect("a look");
    let first = session.snapshot().inspection.expect("it was looked at");
    let picture = |session: &Session| {
        let look = session.snapshot().inspection.expect("it was looked at");
        let copy = gpu.tensor("copy", [1, 1, look.picture_side * look.picture_side]).expect("memory");
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&look.picture, 0, &copy.buffer, 0, copy.bytes());
        gpu.queue.submit([encoder.finish()]);
        words(session, &copy)
    };
    let before = picture(&session);
    session.apply(Command::Resample);
    session.look_now().expect("a look");
    let second = session.snapshot().inspection.expect("it was looked at");
    assert!(!second.of_batch && second.crops != first.crops && second.class == first.class);
    assert!(picture(&session) == before, "the picture stays");
    steps(&mut session, 1);
    session.look_now().expect("a look");
    assert_eq!(session.snapshot().inspection.expect("it was looked at").crops, second.crops, "training goes on, the image stays");
    session.apply(Command::ShowImage(None));
    session.look_now().expect("a look");
    assert!(session.snapshot().inspection.is_some_and(|look| look.of_batch && look.draw == 3));
}

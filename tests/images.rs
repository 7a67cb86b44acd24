//! Own images: what a session says while it reads them, afterwards, and when it is told to stop. The run goes on meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use twinlens::command::Command;
use twinlens::config::{DataSpec, RunConfig};
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::session::{Cadence, Pace, Session};
use twinlens::snapshot::{Loading, Snapshot};

fn session() -> Session {
    let gpu: Arc<Gpu> = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    let config = RunConfig::load("byol", None, &["batch=8".to_owned()]).expect("a valid configuration");
    let mut session = Session::open(gpu, config, Cadence::headless(1, None)).expect("a session");
    session.advance(Pace::Steps(2)).expect("steps");
    session.settle().expect("a living device");
    session
}

/// `count` pictures in two classes, large enough to take their time, and one that is none.
fn folder(count: u32, side: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for class in ["dark", "light"] {
        std::fs::create_dir(folder.path().join(class)).expect("a class folder");
    }
    for index in 0..count {
        let class = ["dark", "light"][index as usize % 2];
        let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([(x * index) as u8, (y * 3) as u8, (x ^ y) as u8]));
        picture.save(folder.path().join(class).join(format!("{index}.png"))).expect("a picture is written");
    }
    std::fs::write(folder.path().join("dark").join("broken.png"), b"not a picture").expect("a broken file is written");
    folder
}

fn spec(path: &Path) -> DataSpec {
    DataSpec::Folder(path.to_owned())
}

/// Trains on until `done`, and gives what was told of loading on the way.
fn until(session: &mut Session, done: impl Fn(&Snapshot) -> bool) -> Vec<Loading> {
    let (limit, mut told) = (Instant::now() + Duration::from_secs(60), Vec::new());
    loop {
        session.advance(Pace::Budget(Duration::from_millis(5))).expect("it goes on");
        let snapshot = session.snapshot();
        told.extend(snapshot.loading.clone());
        if done(&snapshot) {
            return told;
        }
        assert!(Instant::now() < limit, "nothing came of it: {:?}", snapshot.notices);
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn loading_tells_how_far_it_is_while_the_run_goes_on_and_then_what_was_skipped() {
    let (mut session, folder) = (session(), folder(60, 500));
    session.apply(Command::LoadData(spec(folder.path())));
    let before = session.step();
    let told = until(&mut session, |snapshot| snapshot.images_report.is_some());
    let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    assert!(told.iter().all(|loading| loading.name == name), "{told:?}");
    assert!(told.iter().any(|loading| loading.doing == "reading" && loading.total == 60 && loading.done < 60), "{told:?}");
    assert!(told.windows(2).all(|pair| pair[0].doing != pair[1].doing || pair[0].done <= pair[1].done), "it only rises");
    assert!(told.len() > 3 && before >= 2, "the session answered while it read");
    let snapshot = session.snapshot();
    assert!(snapshot.loading.is_none());
    let report = snapshot.images_report.expect("the report was waited for");
    assert_eq!((report.images, report.held_out, &report.name), (60, 12, &name));
    assert_eq!(report.classes, ["dark", "light"]);
    assert_eq!(report.sizes, [[500, 500]; 2]);
    let [(path, reason)] = report.skipped.as_slice() else { panic!("{:?}", report.skipped) };
    assert!(path.ends_with("broken.png") && !reason.is_empty(), "{path}: {reason}");
    assert_eq!(session.config().data, spec(folder.path()));
}

#[test]
fn cancelled_loading_leaves_the_run_as_it_was_and_a_new_start_does_not_cancel() {
    let (mut session, folder) = (session(), folder(60, 500));
    let data = session.config().data;
    session.apply(Command::LoadData(spec(folder.path())));
    until(&mut session, |snapshot| snapshot.loading.as_ref().is_some_and(|loading| loading.done > 0));
    session.apply(Command::CancelLoad);
    until(&mut session, |snapshot| snapshot.loading.is_none());
    let step = session.step();
    assert!(step >= 2);
    until(&mut session, |snapshot| snapshot.step > step);
    assert_eq!(session.config().data, data);
    let notices = session.snapshot().notices;
    assert!(notices.last().is_some_and(|notice| notice.contains("cancelled")), "{notices:?}");

    session.apply(Command::LoadData(spec(folder.path())));
    session.apply(Command::Reset { new_seed: true });
    until(&mut session, |snapshot| snapshot.images_report.is_some());
    assert_eq!(session.config().data, spec(folder.path()));

    // What cannot be loaded changes nothing, either.
    session.apply(Command::LoadData(spec(&folder.path().join("nowhere"))));
    until(&mut session, |snapshot| snapshot.notices.last().is_some_and(|notice| notice.contains("the run goes on as it was")));
    assert_eq!(session.config().data, spec(folder.path()));
}

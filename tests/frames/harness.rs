//! Made-up snapshots, and the frames that are drawn from them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use image::RgbaImage;
use twinlens::command::{Dial, Division, Switch};
use twinlens::config::{Gathering, Method};
use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::snapshot::{
    Change, Cloud, Dials, Event, History, LearnerView, Shares, Snapshot, SubStep, Switches, Verdict, VerdictKind, Walk,
};
use twinlens::view::frame::{Built, FrameRenderer};
use twinlens::view::picture::Canvas;
use twinlens::view::screen::Screen;

/// imgui's context is global.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice { checked_shaders: true, ..Default::default() }.or_environment()).expect("an adapter")
}

/// A storage buffer with these words in it.
pub fn buffer(gpu: &Gpu, words: &[u32]) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let size = (words.len() as u64 * 4).max(64);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
    gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(words));
    buffer
}

/// A cloud of `count` images whose points are `place(image)`.
pub fn cloud(gpu: &Gpu, count: u32, place: impl Fn(u32) -> [f32; 3]) -> Cloud {
    let points = (0..count).flat_map(|image| {
        let [x, y, z] = place(image);
        [x, y, z, (image % 8) as f32, x, y, z, 0.1]
    });
    let side = 8;
    Cloud {
        count,
        clusters: (0..count).map(|image| image / 8 % 8).collect(),
        cluster_count: 8,
        dimensions: 32,
        explained: Some(0.5),
        views: buffer(gpu, &vec![0xff20_80c0; (2 * count * side * side) as usize]),
        view_side: side,
        ..of_points(gpu, points.collect())
    }
}

/// A cloud of one projection with these points and nothing else.
pub fn of_points(gpu: &Gpu, points: Vec<f32>) -> Cloud {
    let words: Vec<u32> = points.iter().map(|value| value.to_bits()).collect();
    Cloud {
        points: buffer(gpu, &words),
        slots: 1,
        newest: 0,
        count: points.len() as u32 / 8,
        learner: 0,
        learners: 1,
        places: points.into(),
        clusters: Arc::default(),
        cluster_count: 0,
        prototypes: Arc::default(),
        selection: None,
        dimensions: 32,
        explained: None,
        views: buffer(gpu, &[0; 64]),
        view_side: 1,
    }
}

/// The learner that a snapshot is of.
pub fn alone(data: &Snapshot) -> LearnerView {
    LearnerView {
        seed: data.seed,
        switches: data.switches,
        dials: data.dials,
        history: data.history.clone(),
        verdict: data.verdict.clone(),
        collapsed_at: None,
        since_flip: data.since_flip,
        untrained_knn: data.untrained_knn,
        cloud: data.cloud.clone(),
    }
}

/// A run of several learners, the first of which is `data`'s: each with its points on the sphere, all in one buffer as a session has
/// them.
pub fn several(gpu: &Gpu, data: Snapshot, gathering: Gathering, places: &[&dyn Fn(u32) -> [f32; 3]]) -> Snapshot {
    const COUNT: u32 = 64;
    let of_learner = |place: &&dyn Fn(u32) -> [f32; 3]| -> Vec<f32> {
        let point = |image: u32| {
            let [x, y, z] = place(image);
            [x, y, z, (image % 8) as f32, x, y, z, 0.1]
        };
        (0..COUNT).flat_map(point).collect()
    };
    let each: Vec<Vec<f32>> = places.iter().map(of_learner).collect();
    let all = of_points(gpu, each.concat());
    let learners = each.iter().enumerate().map(|(learner, points)| {
        let cloud = Cloud {
            learner: learner as u32,
            learners: places.len() as u32,
            count: COUNT,
            places: points.as_slice().into(),
            clusters: (0..COUNT).map(|image| image / 8 % 8).collect(),
            cluster_count: 8,
            explained: Some(0.5),
            ..all.clone()
        };
        LearnerView { seed: if gathering == Gathering::Seeds { learner as u64 } else { 0 }, cloud: Some(cloud), ..alone(&data) }
    });
    let learners: Vec<LearnerView> = learners.collect();
    Snapshot { cloud: learners[0].cloud.clone(), learners, gathering, front: 0, ..data }
}

/// Brings a learner of a made-up run to the front.
pub fn bring_to_front(data: &Snapshot, front: usize) -> Snapshot {
    let view = data.learners[front].clone();
    Snapshot {
        front,
        seed: view.seed,
        switches: view.switches,
        dials: view.dials,
        history: view.history,
        verdict: view.verdict,
        since_flip: view.since_flip,
        cloud: view.cloud,
        ..data.clone()
    }
}

pub fn snapshot(cloud: Option<Cloud>) -> Snapshot {
    let mut history = History::default();
    for step in 1..=300_u64 {
        let t = step as f32 / 300.0;
        history.loss.push(step, 2.0 - t);
        history.embedding_std.push(step, 1.0 - 0.2 * t);
        history.teacher_std.push(step, 1.0 - 0.1 * t);
        history.effective_rank.push(step, 10.0 + t);
        history.knn_accuracy.push(step, 0.3 + 0.5 * t);
    }
    let mut data = Snapshot {
        preset: "byol".to_owned(),
        data: "synthetic:weaves".to_owned(),
        adapter: "made up".to_owned(),
        adapter_is_software: true,
        seed: 0,
        run: 0,
        step: 300,
        playing: true,
        steps_per_second: 12.0,
        speed_limit: None,
        division: Division::Smooth,
        shares: Shares::default(),
        frame_lane: None,
        method: Method::Byol,
        switches: Switches { ema: true, stop_gradient: true, predictor: true, centering: true, sharpening: true },
        dials: Dials {
            tau: 0.99,
            predictor_multiplier: 10.0,
            teacher_temperature: 0.04,
            student_temperature: 0.1,
            center_momentum: 0.9,
            learning_rate: 2e-3,
        },
        history: Arc::new(history),
        events: vec![
            Event { step: 100, seconds: 0.0, change: Change::Switch(Switch::Predictor, false), learner: None },
            Event { step: 101, seconds: 0.0, change: Change::Switch(Switch::Predictor, true), learner: None },
            Event { step: 150, seconds: 0.0, change: Change::Dial(Dial::Tau, 0.9), learner: None },
        ],
        verdict: Verdict {
            kind: VerdictKind::Healthy,
            meter: "embedding std",
            value: 0.8,
            reason: "it is above 0.15".to_owned(),
            wanting: 0,
        },
        since_flip: None,
        class_names: (0..8).map(|index| format!("class {index}")).collect(),
        chance: 0.125,
        untrained_knn: Some(0.35),
        cloud,
        gathering: Gathering::Apart,
        learners: Vec::new(),
        most_learners: 121,
        front: 0,
        distributions: None,
        inspection: None,
        images: 256,
        local_crops: 0,
        attention_references: None,
        past: None,
        notices: Vec::new(),
        walk: None,
        loading: None,
        images_report: None,
        kernels: None,
        variants: Arc::default(),
        stopped: None,
    };
    data.learners = vec![alone(&data)];
    data
}

/// Draws a frame and says what it asks for.
pub fn build(gpu: &Arc<Gpu>, renderer: &mut FrameRenderer, screen: &mut Screen, size: [u32; 2], snapshot: &Snapshot) -> (RgbaImage, Built) {
    let canvas = Canvas::new(gpu, size);
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    let built = renderer.draw(&mut encoder, canvas.view(), size, Duration::from_millis(16), Some(60.0), screen, snapshot);
    (canvas.read(gpu, encoder).expect("the frame is read back"), built)
}

/// Draws a frame that nobody touches.
pub fn draw(gpu: &Arc<Gpu>, renderer: &mut FrameRenderer, screen: &mut Screen, size: [u32; 2], snapshot: &Snapshot) -> RgbaImage {
    let (picture, built) = build(gpu, renderer, screen, size, snapshot);
    assert!(built.commands.is_empty() && built.requests.is_empty(), "a frame without input asks for nothing");
    picture
}

/// Saves a picture to look at where `TWINLENS_PICTURES` names a folder.
pub fn keep(picture: &RgbaImage, name: &str) {
    if let Some(folder) = std::env::var_os("TWINLENS_PICTURES") {
        picture.save(std::path::Path::new(&folder).join(name)).expect("the picture is saved");
    }
}

/// Walks a made-up run one sub-step on.
pub fn walk_on(snapshot: &mut Snapshot) {
    let all = SubStep::of(snapshot.method);
    let done = snapshot.walk.as_ref().and_then(|walk| walk.at.place(snapshot.method)).map_or(0, |place| place + 1);
    let place = if done >= all.len() { 0 } else { done };
    let is_complete = place + 1 == all.len();
    snapshot.playing = false;
    snapshot.step += u64::from(is_complete);
    snapshot.walk = Some(Walk { step: snapshot.step + u64::from(!is_complete), at: all[place], is_complete, waiting: 0, moment: None });
}

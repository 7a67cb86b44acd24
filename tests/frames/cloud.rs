//! The cloud in pixels: what its colours tell, images in place of dots, the pointer, and data that no training should make.

use glam::{Vec2, Vec3};
use image::RgbaImage;
use twinlens::command::Command;
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Cloud, Selection, Snapshot};
use twinlens::view::camera::Camera;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::layout::Layout;
use twinlens::view::motion::Motion;
use twinlens::view::panels::centre;
use twinlens::view::picture;
use twinlens::view::screen::{Action, Direction, Screen};
use twinlens::view::theme::{Look, Theme};
use twinlens::view::tint::Tint;

use crate::harness::{buffer, build, draw, gpu, keep, of_points, one_at_a_time, snapshot};

const SIZE: [u32; 2] = [1280, 800];
const SIDE: u32 = 32;

/// A number from 0 to 1 that hangs on two others.
fn chance(a: u32, b: u32) -> f32 {
    let mixed = (a.wrapping_mul(0x9E37_79B9) ^ b.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0xC2B2_AE35);
    ((mixed ^ (mixed >> 15)).wrapping_mul(0x27D4_EB2F) >> 8) as f32 / (1 << 24) as f32
}

/// Where an image is when it has its place among its class.
fn spread(image: u32) -> Vec3 {
    let class = image % 8;
    let height = [0.62, 0.62, 0.62, -0.55, -0.55, -0.55, 0.1, -0.02][class as usize];
    let turn = [0.0, 2.1, 4.2, 1.0, 3.1, 5.2, 0.9, 4.0][class as usize];
    let centre = Vec3::new(f32::cos(turn), height, f32::sin(turn)).normalize();
    let jitter = Vec3::new(chance(image, 1), chance(image, 2), chance(image, 3)) - 0.5;
    (centre + 0.75 * jitter).normalize() * (0.9 + 0.1 * chance(image, 4))
}

/// A cloud of images of weaves, one class a direction, shrunk about its first class by `extent`.
fn pictured(gpu: &Gpu, count: u32, extent: f32) -> Cloud {
    let anchor = Vec3::new(0.3, 0.4, 0.8).normalize();
    let place = |image| anchor.lerp(spread(image), extent);
    let points = (0..count).flat_map(|image| {
        let student = place(image);
        let jitter = Vec3::new(chance(image, 5), chance(image, 6), chance(image, 7)) - 0.5;
        let teacher = student + 0.24 * extent * chance(image, 8) * jitter;
        let loss = 12.0 * (student - teacher).length_squared();
        [student.x, student.y, student.z, (image % 8) as f32, teacher.x, teacher.y, teacher.z, loss]
    });
    let pixel = |index: u32| {
        let (image, x, y) = (index / (SIDE * SIDE) % count.max(1), index % SIDE, index / SIDE % SIDE);
        let turn = (image % 8) as f32 * 0.39 + 0.2 * chance(image, 9);
        let wave = ((x as f32 * turn.cos() + y as f32 * turn.sin()) * 0.9).sin() > 0.0;
        let colour = |channel: u32| {
            ((if wave { 0.35 + 0.6 * chance(image, 10 + channel) } else { 0.25 * chance(image, 20 + channel) }) * 255.0) as u32
        };
        0xff00_0000 | colour(0) | colour(1) << 8 | colour(2) << 16
    };
    Cloud {
        explained: Some(0.46),
        clusters: (0..count).map(|image| (image % 8 + u32::from(chance(image, 11) > 0.85)) % 8).collect(),
        cluster_count: 8,
        prototypes: (0..count).map(|image| (image % 8) * 7 + (chance(image, 12) * 3.0) as u32).collect(),
        views: buffer(gpu, &(0..2 * count * SIDE * SIDE).map(pixel).collect::<Vec<u32>>()),
        view_side: SIDE,
        ..of_points(gpu, points.collect())
    }
}

const NAMES: [&str; 8] =
    ["vertical stripes", "horizontal stripes", "checks", "diagonal checks", "dots", "zigzag", "upright zigzag", "lattice"];

fn shown(cloud: Cloud) -> Snapshot {
    Snapshot { class_names: NAMES.map(str::to_owned).to_vec(), ..snapshot(Some(cloud)) }
}

fn act(screen: &mut Screen, action: Action, snapshot: &Snapshot) -> Vec<Command> {
    let mut commands = Vec::new();
    screen.act(action, snapshot, &mut commands, &mut Vec::new());
    commands
}

/// Where an image's student is on the screen of `SIZE` at scale 1.
fn at(snapshot: &Snapshot, camera: &Camera, image: u32) -> [f32; 2] {
    let area = Layout::new(SIZE.map(|side| side as f32), true, false).centre;
    let stage = centre::stage(&area, false);
    let world = Vec3::from_array(snapshot.cloud.as_ref().expect("a cloud").place(image, false).expect("a place"));
    (camera.project(world, stage.radius) + camera.pan + Vec2::from(stage.centre)).to_array()
}

/// The image that is nearest to the eye: nothing hides it.
fn front(snapshot: &Snapshot, camera: &Camera) -> u32 {
    let cloud = snapshot.cloud.as_ref().expect("a cloud");
    let depth = |image: u32| (camera.view_from_world() * Vec3::from_array(cloud.place(image, false).expect("a place"))).z;
    (0..cloud.count).max_by(|&a, &b| depth(a).total_cmp(&depth(b))).expect("an image")
}

fn pointer(renderer: &mut FrameRenderer, at: [f32; 2], down: bool) {
    let io = renderer.imgui().io_mut();
    io.mouse_pos = at;
    io.mouse_down[0] = down;
}

const AWAY: [f32; 2] = [-f32::MAX; 2];

/// Pixels that differ, as a share of all.
fn difference(a: &RgbaImage, b: &RgbaImage) -> f32 {
    a.pixels().zip(b.pixels()).filter(|(a, b)| a.0.iter().zip(&b.0).any(|(a, b)| a.abs_diff(*b) > 24)).count() as f32
        / (a.width() * a.height()) as f32
}

#[test]
fn every_colouring_has_its_own_look_and_legend() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let data = shown(pictured(&gpu, 192, 1.0));
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for theme in [Theme::Dark, Theme::Light] {
        let mut screen = Screen::default().with_look(Look { theme, presenting: false });
        let mut pictures: Vec<RgbaImage> = Vec::new();
        for tint in [Tint::Class, Tint::Cluster, Tint::Loss, Tint::Prototype] {
            let picture = draw(&gpu, &mut renderer, &mut screen, SIZE, &data);
            assert_eq!(screen.centre.tint(), Some(tint));
            keep(&picture, &format!("cloud-{theme:?}-{}.png", tint.title()));
            assert!(pictures.iter().all(|other| difference(other, &picture) > 0.003), "{tint:?} looks like another");
            pictures.push(picture);
            act(&mut screen, Action::Tint, &data);
        }
        act(&mut screen, Action::Images, &data);
        let images = draw(&gpu, &mut renderer, &mut screen, SIZE, &data);
        keep(&images, &format!("cloud-{theme:?}-images.png"));
        assert!(difference(&images, &pictures[0]) > 0.05, "images look like dots");
    }
    let mut screen = Screen::default().with_look(Look { theme: Theme::Dark, presenting: true });
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 720], &data), "cloud-presenting.png");
    // Without labels: clusters, from the start.
    let mut screen = Screen::default();
    let unlabelled = Snapshot { class_names: Vec::new(), ..data };
    draw(&gpu, &mut renderer, &mut screen, SIZE, &unlabelled);
    assert_eq!(screen.centre.tint(), Some(Tint::Cluster));
}

#[test]
fn collapse_looks_like_collapse_in_every_colour_and_as_images() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let data = shown(pictured(&gpu, 192, 0.02));
    let nothing = Snapshot { class_names: data.class_names.clone(), ..snapshot(Some(of_points(&gpu, Vec::new()))) };
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut screen = Screen::default();
    let ground = draw(&gpu, &mut renderer, &mut screen, SIZE, &nothing);
    let area = Layout::new(SIZE.map(|side| side as f32), true, false).centre;
    let stage = centre::stage(&area, false).clip;
    for images in [false, true] {
        for _ in 0..4 {
            let picture = draw(&gpu, &mut renderer, &mut screen, SIZE, &data);
            let mut marks = Vec::new();
            for y in stage.min[1] as u32 + 8..stage.max[1] as u32 - 8 {
                for x in stage.min[0] as u32 + 8..stage.max[0] as u32 - 8 {
                    if picture.get_pixel(x, y) != ground.get_pixel(x, y) {
                        marks.push([x, y]);
                    }
                }
            }
            let extent = [0, 1].map(|axis| {
                let values = || marks.iter().map(|mark| mark[axis]);
                values().max().unwrap_or(0) - values().min().unwrap_or(0)
            });
            let most = if images { 62 } else { 40 };
            assert!(marks.len() > 40 && extent.iter().all(|&side| side < most), "{:?}, images {images}: {extent:?}", screen.centre.tint());
            if images {
                keep(&picture, "cloud-collapsed-images.png");
            }
            act(&mut screen, Action::Tint, &data);
        }
        act(&mut screen, Action::Images, &data);
    }
}

#[test]
fn the_pointer_tells_of_an_image_and_a_click_chooses_it() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut data = shown(pictured(&gpu, 192, 1.0));
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut screen = Screen::default();
    for images in [false, true] {
        screen.centre.images = images;
        let image = front(&data, &screen.centre.camera);
        let place = at(&data, &screen.centre.camera, image);
        pointer(&mut renderer, place, false);
        build(&gpu, &mut renderer, &mut screen, SIZE, &data);
        let (picture, built) = build(&gpu, &mut renderer, &mut screen, SIZE, &data);
        keep(&picture, &format!("cloud-hover-{images}.png"));
        assert_eq!(screen.centre.hovered(), Some(image));
        assert!(built.commands.is_empty());
        let mut commands = Vec::new();
        for down in [true, false, false] {
            pointer(&mut renderer, place, down);
            commands.extend(build(&gpu, &mut renderer, &mut screen, SIZE, &data).1.commands);
        }
        assert_eq!(commands, [Command::SelectImage(Some(image))], "images {images}");
    }
    screen.centre.images = false;

    // A drag turns the cloud and chooses nothing.
    let before = screen.centre.camera;
    let place = at(&data, &before, front(&data, &before));
    for (down, by) in [(false, 0.0), (true, 0.0), (true, 20.0), (true, 40.0), (false, 40.0), (false, 40.0)] {
        pointer(&mut renderer, [place[0] + by, place[1]], down);
        let built = build(&gpu, &mut renderer, &mut screen, SIZE, &data).1;
        assert!(built.commands.is_empty(), "a drag asks for {:?}", built.commands);
    }
    assert!((screen.centre.camera.yaw - before.yaw).abs() > 0.05, "the drag turned nothing");
    screen.centre.camera = before;
    act(&mut screen, Action::Arrow(Direction::Right), &data);
    assert_ne!(screen.centre.camera, before, "an arrow key turns the cloud");
    screen.centre.camera = before;

    // What is chosen has its card; a click on the ground or Esc lets go.
    let chosen = front(&data, &before);
    let neighbours: Vec<(u32, f32)> = (0..6).map(|k| ((chosen + 8 * (k + 1)) % 192, 0.98 - 0.04 * k as f32)).collect();
    pointer(&mut renderer, AWAY, false);
    let without = build(&gpu, &mut renderer, &mut screen, SIZE, &data).0;
    if let Some(cloud) = &mut data.cloud {
        cloud.selection = Some(Selection { image: chosen, neighbours: neighbours.into() });
    }
    let with = build(&gpu, &mut renderer, &mut screen, SIZE, &data).0;
    keep(&with, "cloud-chosen.png");
    assert!(difference(&with, &without) > 0.02, "no card");
    let mut commands = Vec::new();
    for down in [false, true, false, false] {
        pointer(&mut renderer, [400.0, 160.0], down);
        commands.extend(build(&gpu, &mut renderer, &mut screen, SIZE, &data).1.commands);
    }
    assert_eq!(commands, [Command::SelectImage(None)]);
    assert_eq!(act(&mut screen, Action::Escape, &data), [Command::SelectImage(None)]);
    assert!(!screen.is_covered());
    pointer(&mut renderer, AWAY, false);
    for (name, size) in [("small", [1024, 768]), ("narrow", [640, 480]), ("large", [1920, 1080])] {
        keep(&build(&gpu, &mut renderer, &mut screen, size, &data).0, &format!("cloud-chosen-{name}.png"));
    }

    // Zoomed in at the pointer, what is under it stays there, and pictures appear among the dots.
    screen.centre.camera.zoom_at(6.0, [60.0, -40.0]);
    let zoomed = build(&gpu, &mut renderer, &mut screen, SIZE, &data).0;
    keep(&zoomed, "cloud-zoomed.png");
}

#[test]
fn the_chosen_image_draws_its_path_of_measured_places() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let (count, made, slots) = (192, 40_u64, 64);
    let newest = pictured(&gpu, count, 1.0);
    // Before, each image was nearer to the first's place, on a winding way.
    let of = |number: u64| -> Vec<f32> {
        let share = (number + 1) as f32 / made as f32;
        let anchor = Vec3::new(0.1, 0.95, 0.25) + 0.25 * Vec3::new((9.0 * share).sin(), 0.0, (7.0 * share).cos());
        let moved = |at: usize| {
            let there = Vec3::from_slice(&newest.places[at..at + 3]);
            anchor.normalize().lerp(there, share * share).normalize() * there.length()
        };
        (0..count as usize)
            .flat_map(|image| {
                let (student, teacher) = (moved(8 * image), moved(8 * image + 4));
                [student.x, student.y, student.z, 0.0, teacher.x, teacher.y, teacher.z, 0.1]
            })
            .collect()
    };
    let ring: Vec<u32> = (0..slots).flat_map(|number| of(number.min(made - 1))).map(f32::to_bits).collect();
    let selection = Some(Selection { image: front(&shown(newest.clone()), &Camera::default()), neighbours: Vec::new().into() });
    let moving =
        Cloud { points: buffer(&gpu, &ring), slots: slots as u32, newest: made - 1, selection: selection.clone(), ..newest.clone() };
    let data = shown(moving);
    let with = draw(&gpu, &mut renderer, &mut Screen::default(), SIZE, &data);
    keep(&with, "cloud-path.png");
    let without = draw(&gpu, &mut renderer, &mut Screen::default(), SIZE, &shown(Cloud { selection, ..newest }));
    let drawn = difference(&with, &without);
    assert!((0.0005..0.02).contains(&drawn), "a path of {drawn} of the picture");
}

#[test]
fn no_data_break_the_cloud() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let odd = [f32::NAN, f32::INFINITY, -1e30, 4e9, -7.0, 0.5];
    let broken: Vec<f32> = (0..64 * 8).map(|index| odd[index * 7 % 6]).collect();
    let beyond = Selection { image: 9999, neighbours: vec![(70_000, f32::NAN), (3, 2.0)].into() };
    let mut clouds = vec![
        of_points(&gpu, Vec::new()),
        Cloud { selection: Some(beyond.clone()), ..of_points(&gpu, broken) },
        Cloud { newest: u64::MAX, selection: Some(beyond), ..pictured(&gpu, 3, 1.0) },
        Cloud { clusters: vec![u32::MAX; 5].into(), prototypes: vec![u32::MAX; 5].into(), ..pictured(&gpu, 9, 1.0) },
        pictured(&gpu, 4096, 1.0),
    ];
    clouds[0].view_side = 0;
    for cloud in clouds {
        let many = cloud.count > 100;
        let data = shown(cloud);
        for size in [SIZE, [640, 480], [333, 241]] {
            let mut screen = Screen::default();
            pointer(&mut renderer, [size[0] as f32 * 0.5, size[1] as f32 * 0.45], false);
            for step in 0..if many && size != SIZE { 1 } else { 10 } {
                let picture = build(&gpu, &mut renderer, &mut screen, size, &data).0;
                if many && size == SIZE && step < 2 {
                    keep(&picture, &format!("cloud-4096-{step}.png"));
                }
                act(&mut screen, Action::Tint, &data);
                if step % 4 == 0 {
                    act(&mut screen, Action::Images, &data);
                }
                screen.centre.camera.zoom_at(3.0, [f32::NAN, 0.0]);
            }
        }
    }
    pointer(&mut renderer, AWAY, false);
}

#[test]
fn dots_move_between_measured_places_and_no_further() {
    let gpu = gpu();
    let first = of_points(&gpu, vec![0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.1]);
    let after = |newest, x: f32| Cloud { slots: 64, newest, places: [x, 0.0, 1.0, 0.0, x, 0.0, 1.0, 0.1].into(), ..first.clone() };
    let mut motion = Motion::default();
    let x = |motion: &Motion| motion.place(0, false).expect("a place").x;
    motion.follow(Some(&after(0, 0.0)), Some(10.0), true);
    assert_eq!((motion.way(), x(&motion)), ((0, 0, 1.0), 0.0));
    motion.follow(Some(&after(1, 0.4)), Some(10.5), true);
    assert_eq!(motion.way(), (0, 1, 0.0));
    motion.follow(Some(&after(1, 0.4)), Some(10.75), true);
    assert!((x(&motion) - 0.2).abs() < 1e-6);
    motion.follow(Some(&after(1, 0.4)), Some(60.0), true);
    assert_eq!(x(&motion), 0.4);
    // Halted, and in a picture: where it was measured last.
    motion.follow(Some(&after(2, 0.8)), Some(60.2), false);
    assert_eq!(x(&motion), 0.8);
    motion.follow(Some(&after(3, 0.9)), None, true);
    assert_eq!(x(&motion), 0.9);
    // Another run begins where it is.
    motion.follow(Some(&after(0, -0.5)), Some(61.0), true);
    assert_eq!((motion.way(), x(&motion)), ((0, 0, 1.0), -0.5));
    motion.follow(None, Some(62.0), true);
    assert_eq!(motion.place(0, false), None);
}

/// What a frame costs, as a ratio; `cargo test --test frames cloud -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn time_of_many_images() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut base = None;
    for (count, images) in [(0, false), (256, false), (4096, false), (256, true), (4096, true)] {
        let data = shown(pictured(&gpu, count, 1.0));
        let mut screen = Screen::default();
        screen.centre.images = images;
        build(&gpu, &mut renderer, &mut screen, SIZE, &data);
        let canvas = picture::Canvas::new(&gpu, SIZE);
        let mut times: Vec<f64> = (0..9)
            .map(|_| {
                let began = std::time::Instant::now();
                let mut encoder = gpu.device.create_command_encoder(&Default::default());
                renderer.draw(&mut encoder, canvas.view(), SIZE, std::time::Duration::from_millis(16), Some(60.0), &mut screen, &data);
                gpu.queue.submit([encoder.finish()]);
                gpu.wait().expect("the device");
                began.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let base = *base.get_or_insert(times[4]);
        println!("{count} images, as pictures {images}: {:.1} ms, {:.2} times an empty cloud", times[4], times[4] / base);
    }
}

//! The charts and the top bar: made-up runs of thousands of noisy steps with flips, every size, and what the pointer does.

use std::sync::Arc;
use std::time::Duration;

use twinlens::command::{Command, Dial, Switch};
use twinlens::gpu::Gpu;
use twinlens::snapshot::{Change, Event, History, Series, SinceFlip, Snapshot, Span, Verdict, VerdictKind};
use twinlens::view::charts::reading::of_verdict;
use twinlens::view::charts::{reading, short};
use twinlens::view::explain::parts::Part;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::paint::Written;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};
use twinlens::view::theme::Look;

use crate::harness::*;
use crate::layout::problems_of;

/// A number between -0.5 and 0.5 that is always the same.
fn noise(a: u64, b: u64) -> f32 {
    let mut x = (a as u32).wrapping_mul(0x9E37_79B9) ^ (b as u32).wrapping_mul(0x85EB_CA6B) ^ 0x27D4_EB2F;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    x = x.wrapping_mul(0x297A_2D39);
    ((x ^ (x >> 15)) >> 8) as f32 / (1 << 24) as f32 - 0.5
}

/// A BYOL run of `steps` steps whose predictor is off from 35 to 45 % of it.
fn byol(gpu: &Gpu, steps: u64) -> Snapshot {
    let mut history = History::default();
    let (off, on) = (steps * 35 / 100, steps * 45 / 100);
    let fading = (steps as f32 / 60.0).max(3.0);
    let (mut std, mut loss) = (0.98_f32, 2.0_f32);
    for step in 1..=steps {
        let collapsing = (off..on).contains(&step);
        let target = if collapsing { 0.02 } else { 0.82 - 0.45 * (-(step as f32) / (0.1 * steps as f32)).exp() };
        std += (target - std) / if collapsing { fading * 0.4 } else { fading * 1.6 };
        let aim = if collapsing { 0.004 } else { 0.32 };
        loss += (aim - loss) / fading;
        let wobble = noise(step, 1);
        history.embedding_std.push(step, (std * (1.0 + 0.14 * wobble)).max(0.0));
        history.teacher_std.push(step, (std * 0.96 + 0.04 + 0.05 * noise(step, 2)).max(0.0));
        history.loss.push(step, loss * (1.0 + 0.6 * noise(step, 3)) * if step == steps * 7 / 10 { 9.0 } else { 1.0 });
        if step % 5 == 0 {
            history.effective_rank.push(step, if collapsing { 4.0 + 5.0 * noise(step, 4) } else { 11.0 * std + 2.0 * noise(step, 4) });
        }
        if step % 100 == 0 {
            history.knn_accuracy.push(step, 0.36 + 0.5 * std * (step as f32 / steps as f32) + 0.02 * noise(step, 5));
        }
    }
    let event = |step: u64, change| Event { step, seconds: step as f64 * 0.05, change, learner: None };
    Snapshot {
        step: steps,
        history: Arc::new(history),
        events: vec![
            event(steps / 5, Change::Dial(Dial::Tau, 0.98)),
            event(off, Change::Switch(Switch::Predictor, false)),
            event(on, Change::Switch(Switch::Predictor, true)),
            event(on + steps / 50, Change::Switch(Switch::Ema, false)),
            event(on + steps / 50 + 1, Change::Switch(Switch::Ema, true)),
        ],
        verdict: Verdict { kind: VerdictKind::Healthy, meter: "embedding std", value: 0.81, reason: String::new(), wanting: 0 },
        since_flip: Some(SinceFlip {
            switch: Switch::Ema,
            on: true,
            step: on,
            since: Span { steps: steps - on, seconds: 41.3 },
            to_collapse: None,
            to_recovery: None,
        }),
        untrained_knn: Some(0.373),
        ..snapshot(Some(cloud(gpu, 64, |image| [(image as f32 * 0.1).sin(), 0.0, 0.5])))
    }
}

/// A window without a window: a pointer that is moved, and the texts of the last frame.
struct Room {
    gpu: Arc<Gpu>,
    renderer: FrameRenderer,
    canvas: Canvas,
    screen: Screen,
}

impl Room {
    fn new(size: [u32; 2], scene: Scene) -> Self {
        let gpu = gpu();
        let renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
        let mut screen = Screen::new(scene);
        screen.audit = true;
        Self { canvas: Canvas::new(&gpu, size), gpu, renderer, screen }
    }

    /// Two frames with the pointer there: what is hovered is known in the second.
    fn at(&mut self, pointer: [f32; 2], down: bool, data: &Snapshot) -> Vec<Command> {
        let mut commands = Vec::new();
        for _ in 0..2 {
            let io = self.renderer.imgui().io_mut();
            io.add_mouse_pos_event(pointer);
            io.add_mouse_button_event(imgui::MouseButton::Left, down);
            let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
            let (view, size) = (self.canvas.view(), self.canvas.size());
            let built = self.renderer.draw(&mut encoder, view, size, Duration::from_millis(16), Some(60.0), &mut self.screen, data);
            commands.extend(built.commands);
        }
        commands
    }

    fn click(&mut self, pointer: [f32; 2], data: &Snapshot) -> Vec<Command> {
        [false, true, false].into_iter().flat_map(|down| self.at(pointer, down, data)).collect()
    }

    fn says(&self, text: &str) -> bool {
        self.screen.written.iter().any(|written| written.text.contains(text))
    }

    fn place_of(&self, text: &str) -> [f32; 2] {
        let written = self.screen.written.iter().find(|written| written.text == text);
        written.unwrap_or_else(|| panic!("{text:?} is not written")).rect.centre()
    }

    /// Nothing in the right pane or the top bar stands on something else, or is cut off.
    fn check(&self, what: &str) {
        let problems = problems_of(&self.screen.written, |text| text.rect.min[1] < 48.0 || text.rect.min[0] > 928.0);
        assert!(problems.is_empty(), "{what}: {problems:?}");
    }
}

const AWAY: [f32; 2] = [640.0, 790.0];
/// In the plot of the first chart at 1280x800, whose plots run from 944 to 1,204 or so.
const PLOT: [f32; 2] = [1074.0, 165.0];

#[test]
fn the_pointer_reads_all_charts_at_one_step() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let data = byol(&room.gpu, 1500);
    room.at(AWAY, false, &data);
    assert!(room.says("step 1,500") && room.says("means of 20 steps") && room.says("EMA on for 41.3 s"));
    room.check("nobody points");
    assert!(room.at(PLOT, false, &data).is_empty());
    let step = room.screen.timeline.hovered.expect("a step is under the pointer");
    assert!((700..=800).contains(&step), "{step} in the middle of the plot");
    let before = step - 706;
    assert!(room.says(&format!("step {step}, {before} after E on")), "step {step}");
    let measured = data.history.loss.points[step as usize - 1];
    assert_eq!(measured.0, step);
    assert!(room.says(&short(measured.1)), "the loss of that very step");
    room.check("someone points");
    keep(&draw(&room.gpu.clone(), &mut room.renderer, &mut room.screen, [1280, 800], &data), "meters-hover.png");
    room.at([PLOT[0], 640.0], false, &data);
    assert_eq!(room.screen.timeline.hovered, Some(step), "the same step on the last chart");
}

#[test]
fn the_wheel_zooms_a_drag_pans_and_a_double_click_shows_everything() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let data = byol(&room.gpu, 4000);
    room.at(PLOT, false, &data);
    let step = room.screen.timeline.hovered.expect("a step");
    for _ in 0..6 {
        room.screen.wheel(1.0);
        room.at(PLOT, false, &data);
    }
    let zoomed = room.screen.timeline.axis(4000);
    assert!(zoomed.span() < 1100.0 && zoomed.first > 0.0, "{zoomed:?}");
    assert!(room.screen.timeline.hovered.expect("a step").abs_diff(step) <= 8, "what is under the pointer stays there");
    room.at(PLOT, true, &data);
    room.at([PLOT[0] + 60.0, PLOT[1]], true, &data);
    let dragged = room.screen.timeline.axis(4000);
    room.at([PLOT[0] + 60.0, PLOT[1]], false, &data);
    assert!(dragged.first < zoomed.first - 100.0 && (dragged.span() - zoomed.span()).abs() < 1.0, "{dragged:?}");
    room.at(AWAY, false, &data);
    assert!(room.says("all"));
    room.check("zoomed");
    keep(&draw(&room.gpu.clone(), &mut room.renderer, &mut room.screen, [1280, 800], &data), "meters-zoomed.png");
    let all = room.place_of("all");
    room.click(all, &data);
    assert!(room.screen.timeline.axis(4000).is_whole());
    room.screen.wheel(4.0);
    room.at(PLOT, false, &data);
    assert!(!room.screen.timeline.axis(4000).is_whole());
    for down in [true, false, true, false] {
        room.at(PLOT, down, &data);
    }
    assert!(room.screen.timeline.axis(4000).is_whole(), "a double click shows everything");
}

#[test]
fn y_and_the_word_beside_the_plot_change_the_axis() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let data = byol(&room.gpu, 1500);
    room.at(AWAY, false, &data);
    assert!(!room.says("0.01") && room.says("linear"));
    room.screen.act(Action::Logarithmic, &data, &mut Vec::new(), &mut Vec::new());
    room.at(AWAY, false, &data);
    assert!(room.screen.written.iter().any(|written| written.text == "0.01") && room.says("log"));
    room.check("logarithmic");
    let word = room.place_of("log");
    room.click(word, &data);
    room.at(AWAY, false, &data);
    assert!(room.says("linear"));
}

#[test]
fn the_list_of_presets_starts_one_and_asks_before_a_long_run_is_lost() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let mut data = byol(&room.gpu, 40);
    room.at(AWAY, false, &data);
    let name = room.place_of("byol");
    assert!(room.click(name, &data).is_empty());
    assert!(room.screen.is_covered() && room.says("dino-fast"), "the list is not there");
    room.check("presets");
    keep(&draw(&room.gpu.clone(), &mut room.renderer, &mut room.screen, [1280, 800], &data), "presets.png");
    let row = room.place_of("dino-fast");
    assert_eq!(room.click(row, &data), [Command::LoadPreset("dino-fast".to_owned())]);
    assert!(!room.screen.is_covered());
    data.step = 5000;
    room.at(AWAY, false, &data);
    let name = room.place_of("byol");
    room.click(name, &data);
    let row = room.place_of("dino");
    assert_eq!(room.click(row, &data), []);
    assert!(room.screen.is_asking());
    room.screen.act(Action::Escape, &data, &mut Vec::new(), &mut Vec::new());
    room.click(name, &data);
    room.screen.act(Action::Escape, &data, &mut Vec::new(), &mut Vec::new());
    assert!(!room.screen.is_covered());
}

#[test]
fn the_badge_names_the_meter_and_times_the_collapse() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let mut data = byol(&room.gpu, 600);
    data.switches.predictor = false;
    data.verdict = Verdict { kind: VerdictKind::Complete, meter: "embedding std", value: 0.089, reason: String::new(), wanting: 0 };
    let since = SinceFlip {
        switch: Switch::Predictor,
        on: false,
        step: 500,
        since: Span { steps: 100, seconds: 5.0 },
        to_collapse: Some(Span { steps: 34, seconds: 1.9 }),
        to_recovery: None,
    };
    data.since_flip = Some(since);
    room.at(AWAY, false, &data);
    let reads = reading(&data.history.embedding_std, 600).map(short).expect("it was measured");
    for text in ["complete collapse", &format!("embedding std {reads}"), "1.9 s, 34 steps after P went off"] {
        assert!(room.says(text), "{text}");
    }
    room.check("collapsed");
    data.verdict = Verdict { wanting: 12, ..Verdict::default() };
    data.since_flip = None;
    room.at(AWAY, false, &data);
    assert!(room.says("measuring") && room.says("12 steps more"));
}

/// The word for a meter whose last value is far from what it reads, so that the two cannot be taken for each other.
fn apart(series: &Series, run: u64) -> [String; 2] {
    let (reads, last) = (reading(series, run).expect("it was measured"), series.last().expect("it was measured"));
    assert!((reads - last).abs() > 0.004, "{reads} and {last}");
    [short(reads), short(last)]
}

#[test]
fn what_is_drawn_is_what_is_quoted_everywhere() {
    let _guard = one_at_a_time();
    let mut room = Room::new([1280, 800], Scene::Byol);
    let mut data = byol(&room.gpu, 1500);
    // The last values of all stand out.
    let mut history = (*data.history).clone();
    for (series, value) in [(&mut history.embedding_std, 0.613), (&mut history.loss, 0.517), (&mut history.teacher_std, 0.5)] {
        series.points.last_mut().expect("a value").1 = value;
    }
    data.history = Arc::new(history);
    let [std, raw_std] = apart(&data.history.embedding_std, 1500);
    let [loss, raw_loss] = apart(&data.history.loss, 1500);
    let count = |written: &[Written], text: &str| written.iter().filter(|written| written.text.contains(text)).count();
    let check = |written: &[Written], texts: &[(&str, usize)], what: &str| {
        for raw in [&raw_std, &raw_loss] {
            assert_eq!(count(written, raw), 0, "{what}: {raw} is quoted");
        }
        for (text, times) in texts {
            assert!(count(written, text) >= *times, "{what}: {text} is written {} times", count(written, text));
        }
    };
    // Chart, badge and caption; chart and diagram.
    room.at(AWAY, false, &data);
    check(&room.screen.written, &[(&std, 3), (&loss, 2)], "all panes");
    // The card of a part, and the table of what was switched off.
    for part in [Part::Loss, Part::Predictor, Part::Ema] {
        room.screen.card.ask(part, 0);
        room.at(AWAY, false, &data);
        check(&room.screen.card.written, &[(&std, 1)], "the card");
    }
    room.screen.card.close();
    // Zoomed in and moved back, the numbers are the same.
    for _ in 0..4 {
        room.screen.wheel(1.0);
        room.at(PLOT, false, &data);
    }
    room.at(AWAY, false, &data);
    assert!(!room.screen.timeline.axis(1500).is_whole());
    check(&room.screen.written, &[(&std, 3), (&loss, 2)], "zoomed");
    room.screen.look.presenting = true;
    room.at(AWAY, false, &data);
    check(&room.screen.written, &[(&std, 3), (&loss, 2)], "presenting");
    // A lesson's band has the meter that decides.
    let lesson = room.screen.lessons.add(twinlens::lesson::Lesson::load("asymmetries", &[]).expect("it is shipped"));
    let expecting = lesson.steps.iter().find(|step| step.expect.is_some()).expect("a step");
    let read = twinlens::view::lesson_player::deciding(expecting, &data).map(|(_, value)| short(value));
    assert_eq!(read.as_ref(), Some(&std));

    drop(room);
    let mut room = Room::new([1280, 800], Scene::Dino);
    let mut data = crate::panes::dino_snapshot(&room.gpu, 64, crate::panes::Balance::Healthy);
    let mut history = (*data.history).clone();
    history.teacher_entropy.points.last_mut().expect("a value").1 = 1.873;
    history.mean_teacher_entropy.points.last_mut().expect("a value").1 = 3.617;
    data.history = Arc::new(history);
    data.verdict = Verdict { kind: VerdictKind::Healthy, meter: "mutual information", value: 1.0, ..Verdict::default() };
    let [image, raw_image] = apart(&data.history.teacher_entropy, data.step);
    let [mean, raw_mean] = apart(&data.history.mean_teacher_entropy, data.step);
    let information = short(of_verdict(&data.verdict, &data.history, data.step));
    for size in [[1280, 800], [1920, 1080]] {
        room.canvas = Canvas::new(&room.gpu, size);
        room.at(AWAY, false, &data);
        let written = &room.screen.written;
        assert_eq!([count(written, &raw_image), count(written, &raw_mean)], [0, 0]);
        assert!(count(written, &image) >= 2 && count(written, &mean) >= 2, "{image}, {mean}");
        assert!(count(written, &information) >= 2, "badge and chart: {information}");
        let both = format!("{mean} / {image}");
        assert_eq!(count(written, &both), usize::from(size[0] == 1920), "the balance: {both}");
    }
}

#[test]
fn every_size_scale_and_data_are_drawn() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut hostile = byol(&gpu, 300);
    let mut history = History::default();
    let values = [0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e-30];
    for step in 1..=600 {
        for series in
            [&mut history.loss, &mut history.embedding_std, &mut history.knn_accuracy, &mut history.effective_rank, &mut history.kl]
        {
            series.push(step, values[step as usize % values.len()]);
        }
    }
    hostile.history = Arc::new(history);
    hostile.step = 17;
    hostile.events = (0..400)
        .map(|index| Event {
            step: index * 7,
            learner: None,
            seconds: f64::NAN,
            change: match index % 3 {
                0 => Change::Switch(Switch::ALL[index as usize % 3], index % 2 == 0),
                1 => Change::Dial(Dial::Tau, f32::NAN),
                _ => Change::LocalCrops(index as u32),
            },
        })
        .collect();
    let ordinary = byol(&gpu, 4000);
    let dino = crate::panes::dino_snapshot(&gpu, 64, crate::panes::Balance::Dominant);
    let crops = crate::crops::snapshot(&gpu, Some(crate::crops::inspection(&gpu, [640, 480], 4, 3)));
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for size in [[320, 240], [640, 480], [1280, 720]] {
        for scale in [1.0, 1.1458] {
            renderer.request_scale(scale);
            for (data, scene) in [(&hostile, Scene::Byol), (&ordinary, Scene::Byol), (&dino, Scene::Dino), (&crops, Scene::Multicrop)] {
                for presenting in [false, true] {
                    let mut screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
                    screen.timeline.logarithmic = scale > 1.0;
                    let canvas = Canvas::new(&gpu, size);
                    let mut encoder = gpu.device.create_command_encoder(&Default::default());
                    renderer.draw(&mut encoder, canvas.view(), size, Duration::from_millis(16), None, &mut screen, data);
                }
            }
        }
    }
}

#[test]
fn pictures() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let mut shown = |data: &Snapshot, scene: Scene, size: [u32; 2], presenting: bool, name: &str| {
        let mut screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
        screen.timeline.logarithmic = name.contains("log");
        let picture = draw(&gpu, &mut renderer, &mut screen, size, data);
        keep(&picture, name);
        picture
    };
    let long = byol(&gpu, 4000);
    let mut collapsed = byol(&gpu, 600);
    collapsed.switches.predictor = false;
    collapsed.verdict = Verdict { kind: VerdictKind::Complete, meter: "embedding std", value: 0.089, reason: String::new(), wanting: 0 };
    collapsed.since_flip = Some(SinceFlip {
        switch: Switch::Predictor,
        on: false,
        step: 500,
        since: Span { steps: 100, seconds: 5.0 },
        to_collapse: Some(Span { steps: 34, seconds: 1.9 }),
        to_recovery: None,
    });
    let vermilion = |picture: &image::RgbaImage| {
        picture
            .enumerate_pixels()
            .filter(|(_, y, pixel)| *y < 72 && pixel[0] > 190 && (70..110).contains(&pixel[1]) && pixel[2] < 20)
            .count()
    };
    assert!(vermilion(&shown(&collapsed, Scene::Byol, [1280, 800], false, "meters-collapsed.png")) > 300);
    assert!(vermilion(&shown(&collapsed, Scene::Byol, [1280, 720], true, "meters-presenting.png")) > 300);
    assert_eq!(vermilion(&shown(&long, Scene::Byol, [1280, 720], true, "meters-presenting-healthy.png")), 0);
    if std::env::var_os("TWINLENS_PICTURES").is_none() {
        return;
    }
    for (steps, size) in [(40, [1280, 800]), (300, [1280, 800]), (1500, [1024, 768]), (4000, [1920, 1080])] {
        shown(&byol(&gpu, steps), Scene::Byol, size, false, &format!("meters-{steps}.png"));
    }
    shown(&long, Scene::Byol, [1280, 720], false, "meters-log.png");
    let dino = crate::panes::dino_snapshot(&gpu, 64, crate::panes::Balance::Healthy);
    shown(&dino, Scene::Dino, [1280, 800], false, "meters-dino.png");
    shown(&dino, Scene::Dino, [1920, 1080], false, "meters-dino-1920.png");
    shown(&dino, Scene::Dino, [1280, 720], true, "meters-dino-presenting.png");
    let crops = crate::crops::snapshot(&gpu, Some(crate::crops::inspection(&gpu, [640, 480], 4, 3)));
    shown(&crops, Scene::Multicrop, [1280, 800], false, "meters-crops.png");
    shown(&crops, Scene::Multicrop, [1920, 1080], false, "meters-crops-1920.png");
}

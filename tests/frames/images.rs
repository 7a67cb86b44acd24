//! The card of the images, the bar while others are read, and the drop target.

use std::path::Path;
use std::sync::Arc;

use twinlens::command::Command;
use twinlens::snapshot::{ImagesReport, Loading, Snapshot};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{build, draw, gpu, keep, one_at_a_time, snapshot};
use crate::{crops, layout};

fn own() -> Snapshot {
    let skipped = (0..12).map(|index| (format!("/home/ada/Holidays 2019/beach/IMG_{index:04}.jpg"), "the file ends early".to_owned()));
    let report = ImagesReport {
        name: "Holidays 2019".into(),
        images: 1228,
        held_out: 245,
        classes: vec!["beach".into(), "mountains".into(), "town".into()],
        sizes: [[320, 240], [512, 384]],
        skipped: skipped.collect(),
        notes: vec!["3 other files ignored".into(), "every fifth image held out for the meters".into()],
    };
    Snapshot { data: "folder:/home/ada/Holidays 2019".into(), images_report: Some(Arc::new(report)), ..snapshot(None) }
}

fn act(screen: &mut Screen, action: Action, snapshot: &Snapshot) -> Vec<Command> {
    let mut commands = Vec::new();
    screen.act(action, snapshot, &mut commands, &mut Vec::new());
    commands
}

#[test]
fn the_card_lists_what_was_skipped_and_nothing_in_it_is_cut_off() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = own();
    for (name, size, look) in [
        ("images-dark", [1280, 800], Look::default()),
        ("images-light", [1024, 768], Look { theme: Theme::Light, ..Look::default() }),
        ("images-presenting", [1920, 1080], Look { presenting: true, ..Look::default() }),
        ("images-small", [640, 480], Look::default()),
    ] {
        let mut screen = Screen::new(Scene::Byol).with_look(look);
        assert!(act(&mut screen, Action::OwnImages, &data).is_empty());
        screen.audit = true;
        draw(&gpu, &mut renderer, &mut screen, size, &data);
        // A click on the count lists the files.
        let count = screen.written.iter().find(|text| text.text == "12 files skipped").expect("the count is told").rect.centre();
        let scale = renderer.scale();
        let io = renderer.imgui().io_mut();
        io.add_mouse_pos_event(count.map(|value| value * scale));
        for down in [true, false] {
            renderer.imgui().io_mut().add_mouse_button_event(imgui::MouseButton::Left, down);
            draw(&gpu, &mut renderer, &mut screen, size, &data);
        }
        renderer.imgui().io_mut().add_mouse_pos_event([1.0, 1.0]);
        draw(&gpu, &mut renderer, &mut screen, size, &data);
        let picture = draw(&gpu, &mut renderer, &mut screen, size, &data);
        keep(&picture, &format!("{name}.png"));
        let window = twinlens::view::layout::Rect::new(0.0, 0.0, size[0] as f32 / renderer.scale(), size[1] as f32 / renderer.scale());
        assert_eq!(layout::problems(&screen.written, window), Vec::<String>::new(), "{name}");
        let listed = screen.written.iter().filter(|text| text.text.starts_with("IMG_")).count();
        assert!(listed >= 1, "{name}: {listed} skipped files are listed");
        assert!(act(&mut screen, Action::Escape, &data).is_empty());
        assert!(!screen.is_covered(), "{name}: Escape closes the card");
    }
}

#[test]
fn loading_has_a_bar_and_escape_stops_it_before_it_asks_to_leave() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let loading = |done, total| Loading { name: "Holidays 2019".into(), doing: "reading", done, total };
    for (name, scene, data) in [
        ("byol", Scene::Byol, own()),
        ("multicrop", Scene::Multicrop, crops::snapshot(&gpu, Some(crops::inspection(&gpu, [640, 480], 4, 3)))),
    ] {
        let mut screen = Screen::new(scene);
        screen.audit = true;
        let mut brightest = Vec::new();
        for (done, total) in [(0, 0), (1240, 5000), (4900, 5000)] {
            let data = Snapshot { loading: Some(loading(done, total)), ..data.clone() };
            let picture = draw(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
            keep(&picture, &format!("loading-{name}-{done}.png"));
            brightest.push(picture.pixels().filter(|pixel| pixel.0[..3] == [0xF2, 0xF4, 0xF7]).count());
            if total > 0 {
                let told = screen.written.iter().any(|text| text.text.contains("of 5,000"));
                assert!(told, "{name}: how far it is");
            }
        }
        assert!(brightest[2] > brightest[1] + 400, "{name}: the bar grows: {brightest:?}");
        let data = Snapshot { loading: Some(loading(1, 2)), ..data };
        assert_eq!(act(&mut screen, Action::Escape, &data), [Command::CancelLoad]);
        assert!(!screen.is_asking());
        let data = Snapshot { loading: None, ..data };
        assert!(act(&mut screen, Action::Escape, &data).is_empty() && screen.is_asking());
    }
}

#[test]
fn what_is_dragged_over_the_window_is_named() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let (data, mut screen) = (own(), Screen::new(Scene::Byol));
    screen.audit = true;
    screen.drag(Some(Path::new("/home/ada/cats")));
    screen.drag(Some(Path::new("/home/ada/dogs")));
    let (picture, built) = build(&gpu, &mut renderer, &mut screen, [1280, 800], &data);
    keep(&picture, "drop.png");
    assert!(built.commands.is_empty());
    assert!(screen.written.iter().any(|text| text.text == "cats and 1 more, as one set"));
    screen.drag(None);
    assert!(!screen.is_covered());
}

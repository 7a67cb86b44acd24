//! Nothing is cut off, nothing is written over something else, at every size, UI scale, scene and mode. The frames are built and
//! recorded, but not drawn: what is checked is where the brush wrote.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use twinlens::config::Method;
use twinlens::gpu::Gpu;
use twinlens::snapshot::Snapshot;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::layout::Rect;
use twinlens::view::paint::Written;
use twinlens::view::picture::{self, Canvas};
use twinlens::view::scene::Scene;
use twinlens::view::screen::Screen;
use twinlens::view::theme::Look;

use crate::harness::{cloud, gpu, one_at_a_time, snapshot};
use crate::{crops, kernels, map, panes};

pub const SIZES: [[u32; 2]; 5] = [[1024, 768], [1280, 720], [1280, 800], [1920, 1080], [3840, 2160]];
pub const SCALES: [f32; 6] = [1.0, 1.1458, 1.25, 1.5, 2.0, 3.0];

/// What is written in the second frame (the first one settles what hangs on the one before).
pub fn written(gpu: &Arc<Gpu>, renderer: &mut FrameRenderer, screen: &mut Screen, canvas: &Canvas, snapshot: &Snapshot) -> Vec<Written> {
    screen.audit = true;
    for _ in 0..2 {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        renderer.draw(&mut encoder, canvas.view(), canvas.size(), Duration::from_millis(16), Some(60.0), screen, snapshot);
    }
    std::mem::take(&mut screen.written)
}

/// What is wrong with how the texts stand.
pub fn problems(written: &[Written], window: Rect) -> Vec<String> {
    let mut problems = Vec::new();
    let inside = |inner: &Rect, outer: &Rect| {
        inner.min[0] >= outer.min[0] - 1.0
            && inner.max[0] <= outer.max[0] + 1.0
            && inner.min[1] >= outer.min[1] - 1.0
            && inner.max[1] <= outer.max[1] + 1.0
    };
    for text in written.iter().filter(|text| !text.text.trim().is_empty()) {
        if !inside(&text.rect, &window) {
            problems.push(format!("outside the window: {:?}", text.text));
        } else if !inside(&text.rect, &text.pane) {
            problems.push(format!("outside its pane: {:?}", text.text));
        }
        if !text.whole {
            problems.push(format!("cut off: {:?}", text.text));
        }
    }
    for (index, a) in written.iter().enumerate() {
        for b in &written[..index] {
            // Letters are lower than their line; two lines may come as close as that.
            let overlap = |axis: usize| a.rect.max[axis].min(b.rect.max[axis]) - a.rect.min[axis].max(b.rect.min[axis]);
            if overlap(0) > 1.0 && overlap(1) > 0.25 * a.rect.height().min(b.rect.height()) {
                problems.push(format!("over each other: {:?} and {:?}", b.text, a.text));
            }
        }
    }
    problems
}

/// The same of those texts that are meant.
pub fn problems_of(written: &[Written], meant: impl Fn(&Written) -> bool) -> Vec<String> {
    let texts: Vec<Written> = written.iter().filter(|text| meant(text)).cloned().collect();
    problems(&texts, Rect::new(-1e6, -1e6, 1e6, 1e6))
}

#[test]
fn every_text_has_its_place() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let byol = snapshot(Some(cloud(&gpu, 64, |_| [0.0, 0.0, 1.0])));
    let dino = panes::dino_snapshot(&gpu, 64, panes::Balance::Healthy);
    let crops = crops::snapshot(&gpu, Some(crops::inspection(&gpu, [640, 480], 4, 3)));
    let kernels = kernels::snapshot();
    let [grid, large] = [4, 16].map(|side| map::snapshot(&gpu, Method::Byol, side, side));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut frames = 0;
    let mut texts = 0;
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for size in SIZES {
        let canvas = Canvas::new(&gpu, size);
        for presenting in [false, true] {
            // Presenting fills the window whatever the scale.
            for scale in SCALES.into_iter().take(if presenting { 1 } else { SCALES.len() }) {
                renderer.request_scale(scale);
                let cases = [
                    (Scene::Byol, &byol),
                    (Scene::Dino, &dino),
                    (Scene::Multicrop, &crops),
                    (Scene::Kernels, &kernels),
                    (Scene::Map, &byol),
                    (Scene::Map, &dino),
                    (Scene::Map, &grid),
                    (Scene::Map, &large),
                ];
                for (scene, data) in cases {
                    let mut screen = Screen::new(scene).with_look(Look { presenting, ..Look::default() });
                    let written = written(&gpu, &mut renderer, &mut screen, &canvas, data);
                    let window = Rect::new(0.0, 0.0, size[0] as f32 / renderer.scale(), size[1] as f32 / renderer.scale());
                    frames += 1;
                    texts += written.len();
                    let mode = if presenting { " presenting" } else { "" };
                    for problem in problems(&written, window) {
                        let place = format!("{}x{} at {scale}{mode}", size[0], size[1]);
                        found.entry(format!("{} {problem}", scene.name())).or_default().push(place);
                    }
                }
            }
        }
    }
    assert!(frames == 280 && texts > 30 * frames, "{texts} texts in {frames} frames");
    let listed: Vec<String> =
        found.iter().map(|(problem, places)| format!("{problem}\n      {} times, first {}", places.len(), places[0])).collect();
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), listed.join("\n"));
}

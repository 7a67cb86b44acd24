//! The charts and the top bar: made-up runs of thousands of noisy steps with flips, every size, and what the pointer does.

use std::sync::Arc;

use twinlens::command::{Dial, Switch};
use twinlens::config::Method;
use twinlens::snapshot::{Change, Event, History, SinceFlip, Snapshot, Span, Verdict, VerdictKind};
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::Screen;

use crate::harness::*;

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
fn byol(gpu: &twinlens::gpu::Gpu, steps: u64) -> Snapshot {
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
    let event = |step: u64, change| Event { step, seconds: step as f64 * 0.05, change };
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

#[test]
fn pictures() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    for steps in [40, 300, 1500, 4000] {
        let data = byol(&gpu, steps);
        for size in [[1280, 800], [1024, 768], [1920, 1080]] {
            let mut screen = Screen::default();
            keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), &format!("meters-{steps}-{}.png", size[0]));
            screen.timeline.logarithmic = true;
            if size[0] == 1280 {
                keep(&draw(&gpu, &mut renderer, &mut screen, size, &data), &format!("meters-{steps}-log.png"));
            }
        }
    }
    let dino = crate::panes::dino_snapshot(&gpu, 64, crate::panes::Balance::Healthy);
    keep(&draw(&gpu, &mut renderer, &mut Screen::new(Scene::Dino), [1280, 800], &dino), "meters-dino.png");
    keep(&draw(&gpu, &mut renderer, &mut Screen::new(Scene::Dino), [1920, 1080], &dino), "meters-dino-1920.png");
    let crops = crate::crops::snapshot(&gpu, Some(crate::crops::inspection(&gpu, [640, 480], 4, 3)));
    keep(&draw(&gpu, &mut renderer, &mut Screen::new(Scene::Multicrop), [1280, 800], &crops), "meters-crops.png");
    assert_eq!(dino.method, Method::Dino);
}

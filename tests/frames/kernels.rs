//! Scene 4, kernels, drawn offscreen from made-up times: every size and look, what keys and the pointer do, and hostile data.

use std::collections::VecDeque;
use std::sync::Arc;

use twinlens::command::Command;
use twinlens::profile::{Clock, CopySpeed, Dispatch, Measured, Roof, StepTimes, Work};
use twinlens::snapshot::Snapshot;
use twinlens::view::frame::FrameRenderer;
use twinlens::view::picture;
use twinlens::view::scene::Scene;
use twinlens::view::screen::{Action, Direction, Request, Screen};
use twinlens::view::theme::{Look, Theme};

use crate::harness::{build, draw, gpu, keep, one_at_a_time};

/// A part of a step: its scopes, its kernel, how often, and each time microseconds, thousand operations and bytes.
type Part = (&'static str, &'static str, usize, f64, u64, u64);

/// A step as a ViT's might be on two cores.
const STEP: [Part; 41] = [
    ("views", "draw_scenes", 1, 1310.0, 2400, 800),
    ("views", "crop_plan", 1, 24.0, 10, 20),
    ("views", "photometric", 2, 640.0, 1900, 790),
    ("views", "blur", 2, 410.0, 2500, 790),
    ("views", "patchify_quads", 1, 180.0, 0, 1570),
    ("student/encoder/tokens", "matmul_nn_register", 1, 720.0, 6300, 2300),
    ("student/encoder/tokens", "tokens_forward", 1, 90.0, 400, 1600),
    ("student/encoder/block0", "layernorm_forward_lanes", 2, 160.0, 1600, 1600),
    ("student/encoder/block0", "matmul_nn_register", 4, 900.0, 9400, 2400),
    ("student/encoder/block0", "attention_forward_lanes", 1, 3400.0, 6500, 3200),
    ("student/encoder/block0", "gelu_forward_quads", 1, 240.0, 3100, 3100),
    ("student/encoder/block0", "add_forward_quads", 2, 70.0, 400, 2400),
    ("student/encoder/block1", "layernorm_forward_lanes", 2, 150.0, 1600, 1600),
    ("student/encoder/block1", "matmul_nn_register", 4, 300.0, 3100, 900),
    ("student/encoder/block1", "attention_first_softmax", 1, 110.0, 200, 300),
    ("student/encoder/block1", "attention_first_mix_quads", 1, 140.0, 400, 1600),
    ("student/head", "matmul_nn_register", 3, 220.0, 1600, 700),
    ("student/head", "gelu_forward_quads", 2, 30.0, 200, 200),
    ("student/head", "l2norm_forward", 1, 20.0, 30, 60),
    ("teacher/encoder/tokens", "matmul_nn_register", 1, 700.0, 6300, 2300),
    ("teacher/encoder/tokens", "tokens_forward", 1, 90.0, 400, 1600),
    ("teacher/encoder/block0", "layernorm_forward_lanes", 2, 160.0, 1600, 1600),
    ("teacher/encoder/block0", "matmul_nn_register", 4, 890.0, 9400, 2400),
    ("teacher/encoder/block0", "attention_forward_lanes", 1, 3380.0, 6500, 3200),
    ("teacher/encoder/block0", "gelu_forward_quads", 1, 240.0, 3100, 3100),
    ("teacher/head", "matmul_nn_register", 3, 220.0, 1600, 700),
    ("teacher/head", "l2norm_forward", 1, 20.0, 30, 60),
    ("loss", "cross_entropy_pairs", 1, 95.0, 90, 200),
    ("loss", "cross_entropy_mean", 1, 18.0, 1, 2),
    ("backward/loss", "cross_entropy_backward", 1, 120.0, 120, 260),
    ("backward/student/head", "matmul_nt_register", 3, 260.0, 1600, 700),
    ("backward/student/head", "matmul_tn_register", 3, 340.0, 1600, 700),
    ("backward/student/encoder/block1", "matmul_tn_register", 4, 420.0, 3100, 900),
    ("backward/student/encoder/block0", "attention_backward_queries_lanes", 1, 3900.0, 9800, 4800),
    ("backward/student/encoder/block0", "attention_backward_keys_lanes", 1, 4600.0, 9800, 4800),
    ("backward/student/encoder/block0", "matmul_nt_register", 4, 940.0, 9400, 2400),
    ("backward/student/encoder/block0", "matmul_tn_register", 4, 1180.0, 9400, 2400),
    ("backward/student/encoder/block0", "layernorm_backward_lanes", 2, 420.0, 2700, 3200),
    ("update", "adamw_words", 1, 190.0, 1100, 1500),
    ("ema", "ema_words", 1, 60.0, 180, 700),
    ("meters", "step_log", 1, 12.0, 0, 1),
];

fn dispatches() -> Vec<(Dispatch, f64)> {
    let all = STEP.iter().flat_map(|&(scopes, kernel, count, micros, flops, bytes)| {
        let work = Work { flops: flops * 1000, bytes: bytes * 1000 };
        let dispatch = Dispatch { label: format!("{scopes}/{kernel}"), kernel: kernel.to_owned(), work, groups: [64, 1, 1] };
        std::iter::repeat_n((dispatch, micros), count)
    });
    all.collect()
}

fn roof() -> Roof {
    let copy = |bytes, gbps| CopySpeed { bytes, gbps };
    Roof {
        adapter: "made up".to_owned(),
        driver: "made up".to_owned(),
        peak_gflops: 80.0,
        copy: vec![copy(1 << 16, 18.0), copy(1 << 22, 9.0), copy(1 << 28, 4.4)],
        dispatch_micros: 20.0,
        submit_micros: 90.0,
        readback_micros: 120.0,
    }
}

fn times(clock: Clock, roof: Option<Roof>) -> StepTimes {
    let (dispatches, micros): (Vec<Dispatch>, Vec<f64>) = dispatches().into_iter().unzip();
    let steps: VecDeque<Measured> = (1..=12_u64)
        .map(|step| {
            let micros: Vec<f64> = micros.iter().enumerate().map(|(index, micros)| micros * (1.0 + 0.01 * ((index as u64 * 7 + step * 5) % 9) as f64)).collect();
            let span_micros = micros.iter().sum::<f64>() * 1.04;
            Measured { step, micros, span_micros }
        })
        .collect();
    StepTimes::of(clock, dispatches.into(), &steps, roof.map(Arc::new))
}

/// A run whose steps are timed.
pub fn snapshot() -> Snapshot {
    Snapshot {
        preset: "dino-vit".to_owned(),
        adapter: "llvmpipe (LLVM 15.0.6, 256 bits)".to_owned(),
        kernels: Some(Arc::new(times(Clock::Valid, Some(roof())))),
        ..crate::harness::snapshot(None)
    }
}

#[test]
fn the_scene_is_complete() {
    let _guard = one_at_a_time();
    let gpu = gpu();
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, 1.0).expect("a renderer");
    let data = snapshot();
    for (name, size, look) in [
        ("1280", [1280, 800], Look::default()),
        ("720", [1280, 720], Look::default()),
        ("1024", [1024, 768], Look::default()),
        ("1920", [1920, 1080], Look::default()),
        ("640", [640, 480], Look::default()),
        ("light", [1280, 800], Look { theme: Theme::Light, presenting: false }),
        ("presenting", [1280, 720], Look { presenting: true, ..Look::default() }),
        ("presenting-light", [1920, 1080], Look { theme: Theme::Light, presenting: true }),
    ] {
        let mut screen = Screen::new(Scene::Kernels).with_look(look);
        let picture = draw(&gpu, &mut renderer, &mut screen, size, &data);
        keep(&picture, &format!("kernels-{name}.png"));
    }
    let mut screen = Screen::new(Scene::Kernels);
    let waiting = Snapshot { kernels: None, ..data };
    keep(&draw(&gpu, &mut renderer, &mut screen, [1280, 800], &waiting), "kernels-waiting.png");
}

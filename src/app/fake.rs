//! Stand-in for Session during development; does not ship.
#![allow(missing_docs)]
use crate::command::*;
use crate::config::RunConfig;
use crate::gpu::Gpu;
use crate::snapshot::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub enum Pace {
    Budget(Duration),
    Steps(u32),
}
pub struct Session {
    gpu: Arc<Gpu>,
    snap: Snapshot,
    points: wgpu::Buffer,
    due: Instant,
    std: f32,
}
const COUNT: u32 = 512;
impl Session {
    pub fn open(gpu: Arc<Gpu>, config: RunConfig) -> Result<Self, String> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let make = |size| gpu.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
        let points = make(u64::from(COUNT) * 32);
        let views = make(u64::from(COUNT) * 2 * 32 * 32 * 4);
        let px: Vec<u32> = (0..COUNT * 2 * 1024).map(|i| 0xff00_0000 | ((i % 32) * 8) | (((i / 32) % 32) * 8) << 8 | ((i / 4) & 1) * 0x700000).collect();
        gpu.queue.write_buffer(&views, 0, bytemuck::cast_slice(&px));
        let snap = Snapshot {
            preset: config.preset.clone(),
            data: config.data.to_string(),
            adapter: gpu.info.name.clone(),
            adapter_is_software: gpu.is_software(),
            seed: config.seed,
            step: 0,
            playing: true,
            steps_per_second: 0.0,
            switches: Switches { ema: true, stop_gradient: true, predictor: true },
            dials: Dials { tau: 0.99, predictor_multiplier: 10.0, learning_rate: 2e-3 },
            history: Arc::default(),
            events: vec![],
            verdict: Verdict::default(),
            class_names: ["vertical stripes", "horizontal stripes", "checks", "diagonal checks", "dots", "zigzag", "upright zigzag", "lattice"].map(str::to_owned).to_vec(),
            chance: 0.125,
            untrained_knn: Some(0.35),
            cloud: Some(Cloud { points: points.clone(), count: COUNT, dimensions: 32, explained: Some(0.46), views, view_side: 32 }),
            notices: vec![],
            stopped: None,
        };
        let mut me = Self { gpu, snap, points, due: Instant::now(), std: 0.98 };
        me.project();
        Ok(me)
    }
    fn project(&mut self) {
        let mut data = Vec::new();
        let spread = self.std;
        let noise = |i: u32| ((f64::from(i) * 12.9898).sin() * 43758.5453).fract() as f32;
        for i in 0..COUNT {
            let class = i % 8;
            let a = class as f32 * 0.785 + 0.5 * noise(i * 7 + 1);
            let y = noise(class * 31 + 5) * 0.8 + 0.25 * noise(i * 3 + 2);
            let r = (1.0 - y * y).max(0.0).sqrt() * 0.93;
            let c = glam::Vec3::new(0.3, 0.4, 0.6);
            let p = c.lerp(glam::Vec3::new(r * a.cos(), y * 0.9, r * a.sin()), spread.min(1.0));
            let q = p + glam::Vec3::new(noise(i + 9), noise(i + 77), noise(i + 777)) * 0.07 * spread;
            data.extend([p.x, p.y, p.z, class as f32, q.x, q.y, q.z, 0.2]);
        }
        self.gpu.queue.write_buffer(&self.points, 0, bytemuck::cast_slice(&data));
    }
    pub fn apply(&mut self, command: Command) {
        match command {
            Command::Play => self.snap.playing = true,
            Command::Pause => self.snap.playing = false,
            Command::Step => {
                self.snap.playing = false;
                self.one();
            }
            Command::Reset { new_seed } => {
                self.snap.step = 0;
                self.snap.seed += u64::from(new_seed);
                self.snap.history = Arc::default();
                self.snap.events.clear();
                self.std = 0.98;
            }
            Command::SetSwitch { switch, on } => {
                match switch {
                    Switch::Ema => self.snap.switches.ema = on,
                    Switch::StopGradient => self.snap.switches.stop_gradient = on,
                    Switch::Predictor => self.snap.switches.predictor = on,
                }
                self.snap.events.push(Event { step: self.snap.step, change: Change::Switch(switch, on) });
            }
            Command::SetDial { dial, value } => match dial {
                Dial::Tau => self.snap.dials.tau = value,
                Dial::PredictorMultiplier => self.snap.dials.predictor_multiplier = value,
                Dial::LearningRate => self.snap.dials.learning_rate = value,
            },
            Command::LoadData(spec) => self.snap.notices.push(format!("cannot load {spec}: this is a stand-in")),
            Command::LoadPreset(_) => {}
        }
    }
    fn one(&mut self) {
        let s = self.snap.switches;
        let on = s.ema && s.stop_gradient && s.predictor;
        self.std += if on { (0.9 - self.std) * 0.01 } else { -self.std * 0.06 };
        self.snap.step += 1;
        let t = self.snap.step;
        let wob = 0.02 * ((t as f32) * 1.7).sin() * self.std;
        let h = Arc::make_mut(&mut self.snap.history);
        h.embedding_std.push(t, self.std + wob);
        h.teacher_std.push(t, self.std - wob);
        h.loss.push(t, 0.3 * self.std + 1.5 * (-(t as f32) / 60.0).exp() + wob);
        h.effective_rank.push(t, 5.0 + 20.0 * self.std);
        if t % 10 == 0 {
            h.knn_accuracy.push(t, 0.3 + 0.6 * self.std * (1.0 - (-(t as f32) / 200.0).exp()));
        }
        self.snap.verdict = if self.std < 0.15 {
            Verdict { kind: VerdictKind::Complete, meter: "embedding std", value: self.std, reason: "embedding std is below 0.15 (mean of 20 steps)".into() }
        } else {
            Verdict { kind: VerdictKind::Healthy, meter: "embedding std", value: self.std, reason: "embedding std is above 0.15".into() }
        };
        self.project();
    }
    pub fn advance(&mut self, pace: Pace) -> Result<(), String> {
        match pace {
            Pace::Steps(n) => (0..n).for_each(|_| self.one()),
            Pace::Budget(_) => {
                if self.snap.playing && Instant::now() >= self.due {
                    self.due = Instant::now() + Duration::from_millis(25);
                    self.one();
                    self.snap.steps_per_second = 40.0;
                }
            }
        }
        Ok(())
    }
    pub fn reopen(&mut self, gpu: Arc<Gpu>) -> Result<(), String> {
        self.gpu = gpu;
        Ok(())
    }
    pub fn snapshot(&self) -> Snapshot {
        self.snap.clone()
    }
    pub fn is_idle(&self) -> bool {
        !self.snap.playing
    }
}

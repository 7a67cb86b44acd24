//! Twinlens' training step in burn, float32, on wgpu: forward of both networks, loss, backward, clip, AdamW, EMA, centre.
//!
//! `peer-burn DIR`, DIR as `twinlens dump-step` wrote it; what it then says and obeys: ../peer.py. burn's default features: fusion
//! and autotune are on. The adapter is the one burn takes by itself; CUBECL_WGPU_DEFAULT_DEVICE names another.

mod dump;
mod names;
mod network;
mod training;

use std::io::{BufRead as _, stdin};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use burn::backend::wgpu::graphics::AutoGraphicsApi;
use burn::backend::wgpu::{WgpuDevice, init_setup};
use burn::tensor::backend::Backend as _;
use serde_json::json;

use dump::Dump;
use training::{Plain, Training};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("which folder did dump-step write?")?;
    let dump = Dump::read(folder.as_ref())?;
    let device = WgpuDevice::DefaultDevice;
    let adapter = init_setup::<AutoGraphicsApi>(&device, Default::default()).adapter.get_info();
    let mut training = Training::new(&dump, &device);
    let driver = format!("{} {}", adapter.driver, adapter.driver_info);
    let threads = std::thread::available_parallelism()?;
    println!("{}", json!({ "peer": "burn", "version": "0.21.0", "device": adapter.name, "driver": driver, "threads": threads }));
    for line in stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("check", path)) => {
                let mut training = Training::new(&dump, &device);
                let loss = training.step();
                training.write(&dump, loss, path.as_ref())?;
                println!("{{}}");
            }
            Some(("time", steps)) => {
                let steps: u32 = steps.parse()?;
                let began = Instant::now();
                for _ in 0..steps {
                    training.step();
                }
                Plain::sync(&device)?;
                println!("{}", json!({ "seconds": began.elapsed().as_secs_f64() }));
            }
            _ => bail!("{line}: neither `check FILE` nor `time STEPS`"),
        }
    }
    Ok(())
}

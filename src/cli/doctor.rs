//! `twinlens doctor`: every adapter, what it can do, and what would be chosen and why.

use std::time::Duration;

use clap::Args;

use super::{AdapterFlags, Failure};
use crate::gpu::{AdapterReport, Gpu, measure_roof, remember_roof, roof_age, roof_of, survey};
use crate::profile::export;
use crate::session::tuning;

/// Arguments of `doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Measure anew what the chosen adapter does at best.
    #[arg(long)]
    remeasure: bool,
}

/// Prints the list; fails with 3 if none can be used.
pub fn run(args: &DoctorArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let choice = flags.choice();
    for report in survey(&choice)? {
        print(&report);
    }
    let gpu = Gpu::headless(&choice)?;
    println!("chosen: {} ({:?})", gpu.info.name, gpu.info.backend);
    println!("  why: {}", why(&gpu));
    let roof = if args.remeasure { measure_roof(&gpu)? } else { roof_of(&gpu)? };
    if args.remeasure {
        remember_roof(&gpu, &roof);
    }
    export::roof(&roof).iter().for_each(|line| println!("  at best: {line}"));
    if let Some(age) = roof_age(&gpu) {
        println!("  measured {}; twinlens doctor --remeasure measures again, best on an idle machine", ago(age));
    }
    println!("  kernels: {}", kernels(&gpu));
    let display = ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if cfg!(target_os = "linux") {
        match display {
            Some(name) => println!("display: {name} is set; twinlens opens a window"),
            None => println!("display: none; use twinlens render or twinlens train"),
        }
    }
    Ok(())
}

fn print(report: &AdapterReport) {
    println!("[{}] {}", report.index, report.title());
    println!("  driver: {} {}", report.info.driver, report.info.driver_info);
    let limits = &report.limits;
    println!(
        "  limits: {} storage buffers a stage, {} MiB a binding, {} MiB a buffer, {} KiB of workgroup memory, {} invocations a workgroup, textures to {}",
        limits.max_storage_buffers_per_shader_stage,
        limits.max_storage_buffer_binding_size >> 20,
        limits.max_buffer_size >> 20,
        limits.max_compute_workgroup_storage_size >> 10,
        limits.max_compute_invocations_per_workgroup,
        limits.max_texture_dimension_2d,
    );
    let has = |feature, name: &str| format!("{name} {}", if report.features.contains(feature) { "yes" } else { "no" });
    println!(
        "  features: {}, {}, {}",
        has(wgpu::Features::TIMESTAMP_QUERY, "timestamps"),
        has(wgpu::Features::SUBGROUP, "subgroups"),
        has(wgpu::Features::SHADER_F16, "16-bit floats"),
    );
    match &report.refused {
        Some(reason) => println!("  refused: {reason}"),
        None => println!("  usable{}", if report.chosen { ", chosen" } else { "" }),
    }
}

/// A time that has passed, in the largest unit of which there is one.
fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let Some((count, unit)) = units.into_iter().map(|(length, unit)| (seconds / length, unit)).find(|(count, _)| *count > 0) else {
        return "just now".to_owned();
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

fn kernels(gpu: &Gpu) -> String {
    let Some(choices) = tuning::remembered(gpu) else {
        return "those for its kind; not measured yet (the first start does it, --retune does it again)".to_owned();
    };
    let faster: Vec<String> = choices.iter().map(|(family, variant)| format!("{family} {variant}")).collect();
    let measured = if faster.is_empty() { "nothing else was clearly faster".to_owned() } else { format!("but {}", faster.join(", ")) };
    format!("those for its kind, {measured} (measured; --retune does it again)")
}

fn why(gpu: &Gpu) -> &'static str {
    if gpu.is_software() {
        "the only usable kind here is a CPU adapter: it runs everything, slowly, with the kernels made for it"
    } else {
        "the best usable kind: discrete before integrated before virtual before CPU, Vulkan, Metal and DX12 before GL"
    }
}

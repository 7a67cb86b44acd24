//! The adapter, chosen with reasons, and the device opened on it.
//!
//! Nothing here ever blocks on the GPU except [`Gpu::wait`] and [`Gpu::download`]. A lost device sets a flag; the owner rebuilds.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::error::GpuError;
use super::kernel::{CompiledKernel, Kernel};
use super::shaders::ShaderLibrary;
use super::variant::Choices;

/// Which adapter the user wants; every field may be left open.
#[derive(Clone, Debug, Default)]
pub struct AdapterChoice {
    /// Part of the adapter's name (case ignored), or its index in `twinlens doctor`'s list.
    pub adapter: Option<String>,
    /// Backend name: vulkan, metal, dx12 or gl.
    pub backend: Option<String>,
    /// Only a CPU adapter.
    pub software: bool,
    /// Keep every run-time check in the shaders (slower).
    pub checked_shaders: bool,
}

impl AdapterChoice {
    /// Fills what the flags leave open from `WGPU_ADAPTER_NAME` and `WGPU_BACKEND`.
    pub fn or_environment(mut self) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        if self.adapter.is_none() && !self.software {
            self.adapter = variable("WGPU_ADAPTER_NAME");
        }
        self.backend = self.backend.or_else(|| variable("WGPU_BACKEND"));
        self
    }

    fn backends(&self) -> Result<wgpu::Backends, GpuError> {
        let Some(text) = &self.backend else {
            return Ok(wgpu::Backends::PRIMARY | wgpu::Backends::GL);
        };
        let mut backends = wgpu::Backends::empty();
        for name in text.split(',') {
            backends |= match name.trim().to_ascii_lowercase().as_str() {
                "vulkan" | "vk" => wgpu::Backends::VULKAN,
                "metal" | "mtl" => wgpu::Backends::METAL,
                "dx12" | "d3d12" => wgpu::Backends::DX12,
                "gl" | "gles" | "opengl" => wgpu::Backends::GL,
                other => {
                    return Err(GpuError::NoAdapter(format!("There is no backend '{other}'; choose vulkan, metal, dx12 or gl")));
                }
            };
        }
        Ok(backends)
    }
}

/// One adapter as seen, and why it can or cannot be used.
#[derive(Clone, Debug)]
pub struct AdapterReport {
    /// Index for `--adapter`.
    pub index: usize,
    /// Name, driver, backend, kind.
    pub info: wgpu::AdapterInfo,
    /// Limits.
    pub limits: wgpu::Limits,
    /// Features.
    pub features: wgpu::Features,
    /// Why it is refused; none if it can be used.
    pub refused: Option<String>,
    /// This is the one that would be used.
    pub chosen: bool,
}

impl AdapterReport {
    /// "llvmpipe (LLVM 15.0.6, 256 bits), Vulkan, CPU".
    pub fn title(&self) -> String {
        format!("{}, {:?}, {}", self.info.name, self.info.backend, kind_name(self.info.device_type))
    }
}

fn kind_name(kind: wgpu::DeviceType) -> &'static str {
    match kind {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "CPU (software)",
        wgpu::DeviceType::Other => "other",
    }
}

/// A limit's WebGPU name, what is needed of it, and where it stands.
type NeededLimit = (&'static str, u64, fn(&wgpu::Limits) -> u64);

/// The limits without which nothing runs.
const NEEDED: [NeededLimit; 4] = [
    ("max_storage_buffers_per_shader_stage", 8, |limits| limits.max_storage_buffers_per_shader_stage.into()),
    ("max_storage_buffer_binding_size", 128 << 20, |limits| limits.max_storage_buffer_binding_size),
    ("max_compute_workgroup_storage_size", 16 << 10, |limits| limits.max_compute_workgroup_storage_size.into()),
    ("max_compute_invocations_per_workgroup", 256, |limits| limits.max_compute_invocations_per_workgroup.into()),
];

/// The wgpu instance for a choice. OpenGL is asked only where nothing else answers or the user names it: merely asking makes its
/// libraries look for displays, slowly, and complain on stderr where there are none.
pub fn instance(choice: &AdapterChoice) -> Result<wgpu::Instance, GpuError> {
    let backends = choice.backends()?;
    let open = |backends| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        descriptor.flags = wgpu::InstanceFlags::empty().with_env();
        wgpu::Instance::new(descriptor)
    };
    if choice.backend.is_none() {
        let first = open(backends - wgpu::Backends::GL);
        if !pollster::block_on(first.enumerate_adapters(backends)).is_empty() {
            return Ok(first);
        }
    }
    Ok(open(backends))
}

fn enumerate(
    instance: &wgpu::Instance,
    choice: &AdapterChoice,
    surface: Option<&wgpu::Surface<'_>>,
) -> Result<Vec<(wgpu::Adapter, AdapterReport)>, GpuError> {
    let adapters = pollster::block_on(instance.enumerate_adapters(choice.backends()?));
    let mut seen: Vec<_> = adapters
        .into_iter()
        .enumerate()
        .map(|(index, adapter)| {
            let report = AdapterReport {
                index,
                info: adapter.get_info(),
                limits: adapter.limits(),
                features: adapter.features(),
                refused: refusal(&adapter, index, choice, surface),
                chosen: false,
            };
            (adapter, report)
        })
        .collect();
    let best = seen
        .iter()
        .filter(|(_, report)| report.refused.is_none())
        .min_by_key(|(_, report)| rank(&report.info))
        .map(|(_, report)| report.index);
    for (_, report) in &mut seen {
        report.chosen = Some(report.index) == best;
    }
    Ok(seen)
}

fn rank(info: &wgpu::AdapterInfo) -> (u8, u8) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (kind, u8::from(info.backend == wgpu::Backend::Gl))
}

fn refusal(adapter: &wgpu::Adapter, index: usize, choice: &AdapterChoice, surface: Option<&wgpu::Surface<'_>>) -> Option<String> {
    let info = adapter.get_info();
    if !adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Some("it has no compute shaders".to_owned());
    }
    let limits = adapter.limits();
    for (name, needed, read) in NEEDED {
        if read(&limits) < needed {
            return Some(format!("{name} is {}, {needed} is needed", read(&limits)));
        }
    }
    if surface.is_some_and(|surface| !adapter.is_surface_supported(surface)) {
        return Some("it cannot draw in this window".to_owned());
    }
    if choice.software && info.device_type != wgpu::DeviceType::Cpu {
        return Some("--software asks for a CPU adapter".to_owned());
    }
    if let Some(wanted) = &choice.adapter {
        let matches = match wanted.parse::<usize>() {
            Ok(number) => number == index,
            Err(_) => info.name.to_lowercase().contains(&wanted.to_lowercase()),
        };
        if !matches {
            return Some(format!("--adapter (or WGPU_ADAPTER_NAME) asks for '{wanted}'"));
        }
    }
    None
}

/// Every adapter, what it can do, and which one would be used (for `twinlens doctor`).
pub fn survey(choice: &AdapterChoice) -> Result<Vec<AdapterReport>, GpuError> {
    Ok(enumerate(&instance(choice)?, choice, None)?.into_iter().map(|(_, report)| report).collect())
}

fn no_adapter(seen: &[AdapterReport]) -> GpuError {
    let list = if seen.is_empty() {
        "None was found".to_owned()
    } else {
        let each: Vec<String> = seen
            .iter()
            .map(|report| format!("[{}] {}: {}", report.index, report.title(), report.refused.as_deref().unwrap_or("usable")))
            .collect();
        format!("Seen: {}", each.join("; "))
    };
    let mend = if cfg!(target_os = "linux") {
        "Debian/Ubuntu: apt-get install mesa-vulkan-drivers; NVIDIA laptops: prime-run twinlens; over a remote desktop: twinlens render"
    } else {
        "Update the graphics driver; over a remote desktop: twinlens render"
    };
    GpuError::NoAdapter(format!("{list}. To mend it: {mend}. Flags to try: --software, --backend, --adapter (see twinlens doctor)"))
}

/// An open device with its compiled kernels.
pub struct Gpu {
    /// The instance, for making surfaces.
    pub instance: wgpu::Instance,
    /// The adapter in use.
    pub adapter: wgpu::Adapter,
    /// Its name, driver, backend and kind.
    pub info: wgpu::AdapterInfo,
    /// The device.
    pub device: wgpu::Device,
    /// Its one queue.
    pub queue: wgpu::Queue,
    /// The limits the device was opened with.
    pub limits: wgpu::Limits,
    /// The features the device was opened with.
    pub features: wgpu::Features,
    /// The shaders as text.
    pub shaders: ShaderLibrary,
    checked_shaders: bool,
    kernels: Mutex<HashMap<String, Arc<CompiledKernel>>>,
    choices: Mutex<Choices>,
    lost: Arc<AtomicBool>,
    next_tensor: AtomicU64,
}

impl Gpu {
    /// Opens the adapter that `choice` leads to, able to draw on `surface` if one is given.
    pub fn open(instance: wgpu::Instance, choice: &AdapterChoice, surface: Option<&wgpu::Surface<'_>>) -> Result<Arc<Self>, GpuError> {
        let seen = enumerate(&instance, choice, surface)?;
        let Some(position) = seen.iter().position(|(_, report)| report.chosen) else {
            let reports: Vec<_> = seen.into_iter().map(|(_, report)| report).collect();
            return Err(no_adapter(&reports));
        };
        let (adapter, report) = seen.into_iter().nth(position).expect("the position was found in this list");
        let offered = adapter.limits();
        // Everything the adapter offers in memory sizes; nothing else beyond WebGPU's defaults.
        let limits = wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            max_compute_workgroup_storage_size: offered.max_compute_workgroup_storage_size.min(32 << 10),
            max_texture_dimension_2d: offered.max_texture_dimension_2d,
            min_storage_buffer_offset_alignment: 256.max(offered.min_storage_buffer_offset_alignment),
            ..wgpu::Limits::default()
        }
        .or_worse_values_from(&offered);
        // Subgroups and u64 are for the register kernels of software adapters (ops/matmul).
        let features = adapter.features() & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SUBGROUP | wgpu::Features::SHADER_INT64);
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("twinlens"),
            required_features: features,
            required_limits: limits.clone(),
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        }))
        .map_err(|error| GpuError::Device { adapter: report.info.name.clone(), reason: error.to_string() })?;
        let lost = Arc::new(AtomicBool::new(false));
        let flag = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            log::warn!("device lost ({reason:?}): {message}");
            flag.store(true, Ordering::SeqCst);
        });
        log::info!("adapter: {}", report.title());
        Ok(Arc::new(Self {
            instance,
            info: report.info,
            adapter,
            device,
            queue,
            limits,
            features,
            shaders: ShaderLibrary::embedded(),
            checked_shaders: choice.checked_shaders,
            kernels: Mutex::default(),
            choices: Mutex::default(),
            lost,
            next_tensor: AtomicU64::new(0),
        }))
    }

    /// Opens an adapter without a window.
    pub fn headless(choice: &AdapterChoice) -> Result<Arc<Self>, GpuError> {
        Self::open(instance(choice)?, choice, None)
    }

    /// A CPU adapter, which wants other kernels than a GPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The kernel variants that tapes recorded from now on take.
    pub fn choices(&self) -> Choices {
        self.choices.lock().expect("no panic while the lock is held").clone()
    }

    /// Changes them; what has been recorded stays.
    pub fn set_choices(&self, choices: Choices) {
        *self.choices.lock().expect("no panic while the lock is held") = choices;
    }

    /// Backend, driver and its version.
    pub fn driver(&self) -> String {
        format!("{:?}, {} {}", self.info.backend, self.info.driver, self.info.driver_info)
    }

    /// The device is gone; everything on it must be rebuilt.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Lets finished work call back, without waiting.
    pub fn poll(&self) -> Result<(), GpuError> {
        self.poll_with(wgpu::PollType::Poll)
    }

    /// Waits until everything submitted is done.
    pub fn wait(&self) -> Result<(), GpuError> {
        self.poll_with(wgpu::PollType::wait_indefinitely())
    }

    // `Device::poll` panics when the device is lost.
    fn poll_with(&self, how: wgpu::PollType) -> Result<(), GpuError> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(how)));
        if self.is_lost() {
            return Err(GpuError::Lost("the driver gave it up".to_owned()));
        }
        match polled {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(GpuError::Lost(error.to_string())),
            Err(_) => Err(GpuError::Lost("polling failed".to_owned())),
        }
    }

    /// The compiled form of a kernel; compiled once.
    pub fn compiled(&self, kernel: &Kernel) -> Result<Arc<CompiledKernel>, GpuError> {
        let key = kernel.key();
        let mut kernels = self.kernels.lock().expect("no panic while the lock is held");
        if let Some(found) = kernels.get(&key) {
            return Ok(found.clone());
        }
        let compiled = Arc::new(CompiledKernel::compile(self, kernel)?);
        kernels.insert(key, compiled.clone());
        Ok(compiled)
    }

    /// A shader module from resolved WGSL; run-time checks as the adapter choice says.
    #[allow(unsafe_code, reason = "our own shaders check their bounds; they run without the injected checks unless --checked-shaders")]
    pub fn shader_module(&self, label: &str, wgsl: &str) -> wgpu::ShaderModule {
        let descriptor = wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(wgsl.into()) };
        if self.checked_shaders {
            return self.device.create_shader_module(descriptor);
        }
        // SAFETY: every shader is embedded, bounds-checked by its own code and tested with the checks on; no loop is endless.
        unsafe { self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
    }

    pub(super) fn next_tensor_id(&self) -> u64 {
        self.next_tensor.fetch_add(1, Ordering::Relaxed)
    }
}

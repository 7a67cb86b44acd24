//! Everything that knows wgpu, and knows no machine learning.
//!
//! A [`Tape`] records dispatches of [`Kernel`]s over [`Tensor`]s, with a local backward for each operation; frozen, it is a
//! [`Program`] that replays with nothing left to decide.

mod capture;
mod context;
mod error;
mod kernel;
mod memory;
mod profiler;
mod readback;
mod roof;
mod shaders;
mod tape;
mod variant;

pub use capture::{Capture, Debugger};
pub use context::{AdapterChoice, AdapterReport, Gpu, instance, survey};
pub use error::{FreezeError, GpuError, ShaderError};
pub use kernel::{Access, BindingInfo, CompiledKernel, Kernel, UniformField, UniformLayout, Value};
pub use memory::{Tensor, aligned_elements};
pub use profiler::{DispatchTimer, Profile, Stamps, timed_by_wall_clock};
pub use readback::Readback;
pub use roof::{RoofMeter, improve_roof, measure_roof, recall_roof, remember_roof, roof_age, roof_may_be_low, roof_of};
pub use shaders::{ShaderLibrary, Source};
pub use tape::{Consulted, GradSlot, Program, Record, RecordSums, Stage, Sum, Tape};
pub use variant::{Choices, Family, MadeFor, Needs, Variant};

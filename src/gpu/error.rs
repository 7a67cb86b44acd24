//! What can go wrong with the GPU, each said in one place, in words a user can act on.

use thiserror::Error;

/// Failures of the environment: the adapter, the driver, the device.
#[derive(Debug, Error)]
pub enum GpuError {
    /// No adapter can run the program; the text lists each one seen, why it was refused, and what to try.
    #[error("no usable graphics adapter. {0}")]
    NoAdapter(String),
    /// The device could not be opened.
    #[error("adapter '{adapter}' refused to open a device: {reason}. Try another one with --adapter, or --software")]
    Device {
        /// Adapter name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// The device was lost while working (driver reset, unplugged, out of memory).
    #[error("the graphics device was lost: {0}")]
    Lost(String),
    /// A buffer would be larger than the adapter allows.
    #[error(
        "'{name}' needs {bytes} bytes, but this adapter binds at most {limit} ({limit_name}); choose a smaller batch or fewer learners"
    )]
    TooLarge {
        /// Tensor name.
        name: String,
        /// Bytes asked for.
        bytes: u64,
        /// The adapter's limit.
        limit: u64,
        /// The limit's name in WebGPU.
        limit_name: &'static str,
    },
    /// A shader does not compile; a bug.
    #[error(transparent)]
    Shader(#[from] ShaderError),
    /// A program cannot be built; a bug.
    #[error(transparent)]
    Freeze(#[from] FreezeError),
}

/// A shader that cannot be resolved, parsed, validated or reflected.
#[derive(Debug, Error)]
#[error("shader {file}: {message}")]
pub struct ShaderError {
    /// Path under `shaders/`.
    pub file: String,
    /// What is wrong, with `file:line` of the original source.
    pub message: String,
}

/// A recorded dispatch that the shader contradicts. Always a bug, always named.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FreezeError {
    /// The shader has no such binding.
    #[error("{dispatch}: the shader has no binding '{binding}' (it has {known})")]
    UnknownBinding {
        /// Scope and kernel.
        dispatch: String,
        /// Binding asked for.
        binding: String,
        /// What the shader declares.
        known: String,
    },
    /// A binding of the shader was given nothing.
    #[error("{dispatch}: nothing is bound to '{binding}'")]
    MissingBinding {
        /// Scope and kernel.
        dispatch: String,
        /// The shader's binding.
        binding: String,
    },
    /// Bound twice.
    #[error("{dispatch}: '{binding}' is bound twice")]
    BoundTwice {
        /// Scope and kernel.
        dispatch: String,
        /// The binding.
        binding: String,
    },
    /// `read` where the shader says `read_write`, or the reverse.
    #[error("{dispatch}: '{binding}' is recorded as {recorded}, but the shader declares {declared}")]
    AccessMismatch {
        /// Scope and kernel.
        dispatch: String,
        /// The binding.
        binding: String,
        /// As recorded.
        recorded: &'static str,
        /// As declared.
        declared: &'static str,
    },
    /// A uniform field that the shader does not have, was given twice, or has another type.
    #[error("{dispatch}: uniform field '{field}': {problem}")]
    Uniform {
        /// Scope and kernel.
        dispatch: String,
        /// Field name.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// One buffer read and written in one dispatch.
    #[error("{dispatch}: '{tensor}' is both read and written; wgpu forbids that even on disjoint ranges")]
    ReadAndWritten {
        /// Scope and kernel.
        dispatch: String,
        /// Tensor name.
        tensor: String,
    },
    /// Two written ranges of one buffer overlap.
    #[error("{dispatch}: written ranges of '{tensor}' overlap")]
    OverlappingWrites {
        /// Scope and kernel.
        dispatch: String,
        /// Tensor name.
        tensor: String,
    },
    /// More storage buffers than the adapter has.
    #[error("{dispatch}: {used} storage buffers, but this adapter has {limit} (max_storage_buffers_per_shader_stage)")]
    TooManyBuffers {
        /// Scope and kernel.
        dispatch: String,
        /// Number bound.
        used: u32,
        /// The limit.
        limit: u32,
    },
    /// A tensor of the tape is read before any dispatch wrote it.
    #[error("{dispatch}: '{tensor}' is read before anything wrote it")]
    ReadBeforeWrite {
        /// Scope and kernel.
        dispatch: String,
        /// Tensor name.
        tensor: String,
    },
    /// No items to work on.
    #[error("{dispatch}: empty dispatch {items:?}")]
    EmptyDispatch {
        /// Scope and kernel.
        dispatch: String,
        /// Items asked for.
        items: [u32; 3],
    },
    /// More workgroups along one axis than the adapter allows.
    #[error("{dispatch}: {groups:?} workgroups exceed {limit} along an axis (max_compute_workgroups_per_dimension)")]
    TooManyGroups {
        /// Scope and kernel.
        dispatch: String,
        /// Workgroups.
        groups: [u32; 3],
        /// The limit.
        limit: u32,
    },
}

//! A compute kernel: a shader file, and what naga reads out of it. The shader is the only source of binding names, access,
//! group size and uniform layout.

use std::fmt::Write as _;

use wgpu::naga;

use super::context::Gpu;
use super::error::{GpuError, ShaderError};

/// A shader file under `shaders/` with values for its WGSL `override`s. The entry point is `main`.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    file: &'static str,
    name: Option<&'static str>,
    overrides: Vec<(&'static str, f64)>,
}

impl Kernel {
    /// The kernel in `shaders/{file}`.
    pub const fn new(file: &'static str) -> Self {
        Self { file, name: None, overrides: Vec::new() }
    }

    /// Sets a WGSL `override`. (Never one that sizes a workgroup: naga reports 1 for those.)
    #[must_use]
    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.overrides.push((name, value));
        self
    }

    /// Another name than the file's stem: where one shader serves several families, which are told apart by it.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The file under `shaders/`.
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// Its own name or the file's stem, e.g. `layernorm_forward`.
    pub fn name(&self) -> &'static str {
        self.name.unwrap_or_else(|| self.file.rsplit('/').next().unwrap_or(self.file).trim_end_matches(".wgsl"))
    }

    /// The name in labels: with the overrides, e.g. `layernorm_forward[ACTIVATION=1]`.
    pub fn label(&self) -> String {
        let mut label = self.name().to_owned();
        for (name, value) in &self.overrides {
            let _ = write!(label, "[{name}={value}]");
        }
        label
    }

    pub(super) fn key(&self) -> String {
        format!("{}{}", self.file, self.label())
    }
}

/// How a shader uses a storage buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    ReadWrite,
}

impl Access {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "read_write",
        }
    }
}

/// A storage buffer of a shader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingInfo {
    /// The WGSL variable.
    pub name: String,
    /// `@binding(n)`.
    pub index: u32,
    /// Declared access.
    pub access: Access,
}

/// A 32-bit scalar for a uniform field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// `u32`
    U32(u32),
    /// `i32`
    I32(i32),
    /// `f32`
    F32(f32),
}

impl Value {
    pub(super) fn bytes(self) -> [u8; 4] {
        match self {
            Self::U32(value) => value.to_le_bytes(),
            Self::I32(value) => value.to_le_bytes(),
            Self::F32(value) => value.to_le_bytes(),
        }
    }

    pub(super) const fn type_name(self) -> &'static str {
        match self {
            Self::U32(_) => "u32",
            Self::I32(_) => "i32",
            Self::F32(_) => "f32",
        }
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::U32(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::I32(value)
    }
}
impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Self::F32(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::U32(value.into())
    }
}

/// A scalar field of the `params` uniform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniformField {
    /// Field name.
    pub name: String,
    /// Byte offset.
    pub offset: u32,
    /// `u32`, `i32` or `f32`.
    pub type_name: &'static str,
}

/// The `params` uniform as the shader declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniformLayout {
    /// `@binding(n)`.
    pub index: u32,
    /// Fields in order.
    pub fields: Vec<UniformField>,
    /// Size in bytes.
    pub size: u32,
}

/// A kernel ready to be dispatched.
#[derive(Debug)]
pub struct CompiledKernel {
    /// Label, see [`Kernel::label`].
    pub label: String,
    /// The pipeline.
    pub pipeline: wgpu::ComputePipeline,
    /// Layout of group 0.
    pub layout: wgpu::BindGroupLayout,
    /// Storage buffers.
    pub bindings: Vec<BindingInfo>,
    /// The uniform, if there is one.
    pub uniform: Option<UniformLayout>,
    /// Workgroup size.
    pub group_size: [u32; 3],
}

/// Parses and validates; errors name file and line.
pub(super) fn parse(gpu_shaders: &super::ShaderLibrary, file: &str) -> Result<(String, naga::Module), ShaderError> {
    let source = gpu_shaders.resolve(file)?;
    let fail = |message: String| ShaderError { file: file.to_owned(), message };
    let module = naga::front::wgsl::parse_str(&source.wgsl).map_err(|error| {
        let place = error.location(&source.wgsl).map_or_else(String::new, |location| source.origin(location.line_number) + ": ");
        fail(format!("{place}{}", error.emit_to_string(&source.wgsl)))
    })?;
    naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all())
        .validate(&module)
        .map_err(|error| fail(error.emit_to_string(&source.wgsl)))?;
    Ok((source.wgsl, module))
}

/// Storage buffers, uniform, workgroup size.
type Declared = (Vec<BindingInfo>, Option<UniformLayout>, [u32; 3]);

/// What a compute shader declares: storage buffers, uniform, workgroup size.
pub(super) fn reflect(file: &str, module: &naga::Module) -> Result<Declared, ShaderError> {
    let fail = |message: String| ShaderError { file: file.to_owned(), message };
    let entry = module
        .entry_points
        .iter()
        .find(|entry| entry.name == "main" && entry.stage == naga::ShaderStage::Compute)
        .ok_or_else(|| fail("no compute entry point 'main'".to_owned()))?;
    let mut bindings = Vec::new();
    let mut uniform = None;
    for (_, variable) in module.global_variables.iter() {
        let Some(place) = &variable.binding else { continue };
        let name = variable.name.clone().unwrap_or_default();
        if place.group != 0 {
            return Err(fail(format!("'{name}' is in group {}; kernels use group 0 only", place.group)));
        }
        match variable.space {
            naga::AddressSpace::Storage { access } => {
                let access = if access.contains(naga::StorageAccess::STORE) { Access::ReadWrite } else { Access::Read };
                bindings.push(BindingInfo { name, index: place.binding, access });
            }
            naga::AddressSpace::Uniform => uniform = Some(uniform_layout(module, variable, place.binding).map_err(fail)?),
            other => return Err(fail(format!("'{name}' is in {other:?}, which kernels do not use"))),
        }
    }
    Ok((bindings, uniform, entry.workgroup_size))
}

fn uniform_layout(module: &naga::Module, variable: &naga::GlobalVariable, index: u32) -> Result<UniformLayout, String> {
    let naga::TypeInner::Struct { members, span } = &module.types[variable.ty].inner else {
        return Err("the uniform must be a struct".to_owned());
    };
    let mut fields = Vec::new();
    for member in members {
        let name = member.name.clone().unwrap_or_default();
        let type_name = match module.types[member.ty].inner {
            naga::TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Uint, width: 4 }) => "u32",
            naga::TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Sint, width: 4 }) => "i32",
            naga::TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Float, width: 4 }) => "f32",
            _ => return Err(format!("uniform field '{name}' must be u32, i32 or f32")),
        };
        fields.push(UniformField { name, offset: member.offset, type_name });
    }
    Ok(UniformLayout { index, fields, size: *span })
}

impl CompiledKernel {
    pub(super) fn compile(gpu: &Gpu, kernel: &Kernel) -> Result<Self, GpuError> {
        let (wgsl, module) = parse(&gpu.shaders, kernel.file)?;
        let (bindings, uniform, group_size) = reflect(kernel.file, &module)?;
        let label = kernel.label();
        let entry = |index, ty| wgpu::BindGroupLayoutEntry {
            binding: index,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let mut entries: Vec<_> = bindings
            .iter()
            .map(|binding| entry(binding.index, wgpu::BufferBindingType::Storage { read_only: binding.access == Access::Read }))
            .collect();
        entries.extend(uniform.as_ref().map(|uniform| entry(uniform.index, wgpu::BufferBindingType::Uniform)));
        let layout = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(&label), entries: &entries });
        let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let module = gpu.shader_module(&label, &wgsl);
        let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions { constants: &kernel.overrides, zero_initialize_workgroup_memory: false },
            cache: None,
        });
        Ok(Self { label, pipeline, layout, bindings, uniform, group_size })
    }
}

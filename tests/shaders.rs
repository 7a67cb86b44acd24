//! Every shader resolves, parses, validates and stays within the limits the program asks for, through the resolver used at
//! run time; needs no GPU.

use std::collections::HashSet;

use twinlens::gpu::ShaderLibrary;
use wgpu::naga;
use wgpu::naga::valid::{Capabilities, ValidationFlags, Validator};

/// `max_storage_buffers_per_shader_stage` of WebGPU, which is what the program asks for.
const STORAGE_BUFFERS: usize = 8;
/// `max_compute_invocations_per_workgroup` likewise.
const INVOCATIONS: u32 = 256;
/// `max_compute_workgroup_storage_size` likewise.
const WORKGROUP_BYTES: u32 = 16 << 10;

fn module(library: &ShaderLibrary, path: &str) -> Result<naga::Module, String> {
    let source = library.resolve(path).map_err(|error| error.to_string())?;
    let module = naga::front::wgsl::parse_str(&source.wgsl).map_err(|error| {
        let place = error.location(&source.wgsl).map_or_else(String::new, |location| source.origin(location.line_number));
        format!("{place}: {}", error.emit_to_string(&source.wgsl))
    })?;
    Validator::new(ValidationFlags::all(), Capabilities::all())
        .validate(&module)
        .map_err(|error| format!("{path}: {}", error.emit_to_string(&source.wgsl)))?;
    Ok(module)
}

fn storage_buffers(module: &naga::Module) -> usize {
    module.global_variables.iter().filter(|(_, variable)| matches!(variable.space, naga::AddressSpace::Storage { .. })).count()
}

fn workgroup_bytes(module: &naga::Module) -> u32 {
    let mut layouter = naga::proc::Layouter::default();
    layouter.update(module.to_ctx()).expect("a valid module has a layout");
    let shared = module.global_variables.iter().filter(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup);
    shared.map(|(_, variable)| layouter[variable.ty].size).sum()
}

fn kernel_problem(path: &str, module: &naga::Module) -> Option<String> {
    let [entry] = &module.entry_points[..] else {
        return Some(format!("{path}: {} entry points, a kernel has one", module.entry_points.len()));
    };
    let [x, y, z] = entry.workgroup_size;
    if entry.name != "main" || entry.stage != naga::ShaderStage::Compute {
        return Some(format!("{path}: the entry point is {:?} '{}', not compute 'main'", entry.stage, entry.name));
    }
    if entry.workgroup_size_overrides.is_some() {
        return Some(format!("{path}: an override sizes the workgroup; naga reflects 1 for those"));
    }
    if x * y * z == 0 || x * y * z > INVOCATIONS || x > 256 || y > 256 || z > 64 {
        return Some(format!("{path}: a workgroup of {x}x{y}x{z}"));
    }
    let (buffers, bytes) = (storage_buffers(module), workgroup_bytes(module));
    if buffers > STORAGE_BUFFERS || bytes > WORKGROUP_BYTES {
        return Some(format!("{path}: {buffers} storage buffers, {bytes} bytes of workgroup memory"));
    }
    None
}

fn view_problem(path: &str, module: &naga::Module) -> Option<String> {
    let has = |stage| module.entry_points.iter().any(|entry| entry.stage == stage);
    let drawn = has(naga::ShaderStage::Vertex) && has(naga::ShaderStage::Fragment);
    (!drawn && !has(naga::ShaderStage::Compute)).then(|| format!("{path}: neither vertex and fragment nor compute entry points"))
}

#[test]
fn every_shader_is_valid() {
    let library = ShaderLibrary::embedded();
    let paths = library.paths();
    assert!(paths.len() > 10, "only {} shaders found", paths.len());
    assert!(paths.iter().all(|path| path.ends_with(".wgsl")), "something else lies under shaders/");
    let mut problems = Vec::new();
    for path in paths.iter().filter(|path| !path.starts_with("shared/")) {
        match module(&library, path) {
            Err(problem) => problems.push(problem),
            Ok(module) if path.starts_with("view/") => problems.extend(view_problem(path, &module)),
            Ok(module) => problems.extend(kernel_problem(path, &module)),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_shared_file_is_imported() {
    let library = ShaderLibrary::embedded();
    let paths = library.paths();
    let mut used = HashSet::new();
    for path in paths.iter().filter(|path| !path.starts_with("shared/")) {
        used.extend(library.resolve(path).expect("it resolves").lines.into_iter().map(|(file, _)| file));
    }
    let idle: Vec<_> = paths.iter().filter(|path| !used.contains(*path)).collect();
    assert!(idle.is_empty(), "nothing imports {idle:?}, so nothing validates them");
}

#[test]
fn every_kernel_says_what_it_does() {
    let library = ShaderLibrary::embedded();
    for path in library.paths() {
        let source = library.resolve(&path).expect("it resolves");
        let first = source.lines.iter().position(|(file, line)| *file == path && *line == 1).expect("it has a first line");
        let text = source.wgsl.lines().nth(first).expect("one line each");
        assert!(text.starts_with("// "), "{path} begins with '{text}', not with what it does");
    }
}

#[test]
fn errors_name_the_file_and_line_they_come_from() {
    let library = ShaderLibrary::embedded();
    let source = library.resolve("ops/adamw.wgsl").expect("it resolves");
    let line = 1 + source.wgsl.lines().position(|line| line.contains("struct Learner")).expect("imported") as u32;
    assert!(source.origin(line).starts_with("shared/learner.wgsl:"), "{}", source.origin(line));
    let twice = source.wgsl.lines().filter(|line| line.contains("struct Learner")).count();
    assert_eq!(twice, 1);
    let missing = library.resolve("ops/no_such_kernel.wgsl").expect_err("there is none").to_string();
    assert!(missing.contains("ops/no_such_kernel.wgsl"), "{missing}");
}

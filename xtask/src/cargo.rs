//! Starts cargo, always from the workspace's root, whatever folder the caller is in.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::probe;

/// The folder of the workspace's `Cargo.toml`.
pub fn workspace() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_owned).unwrap_or(package)
}

/// `cargo ARGUMENTS`, ready to start.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    // The build asks for `c++`; where only g++ or clang++ is there, name it.
    if let Some(compiler) = probe::cpp_compiler().filter(|compiler| compiler != "c++") {
        command.env("CXX", compiler);
    }
    command
}

/// Whether cargo knows this subcommand here (rustfmt, clippy and nextest are separate downloads).
pub fn has_subcommand(name: &str) -> bool {
    cargo(&[name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

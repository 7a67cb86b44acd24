//! `cargo xtask run`: the release build, then the window; without a display, the same scene offscreen.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::Failure;
use crate::cargo::{cargo, workspace};
use crate::setup;

pub fn run(no_install: bool, passed: &[OsString]) -> Result<ExitCode, Failure> {
    setup::set_up(no_install, false)?;
    let offscreen = !has_display() && opens_window(passed);
    if offscreen {
        eprintln!(
            "xtask: no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the same scene \
             is rendered offscreen"
        );
    }
    build()?;
    if offscreen { render(passed) } else { replace_by(Command::new(program()?).args(passed)) }
}

fn build() -> Result<(), Failure> {
    let status = cargo(&["build", "--release", "--package", "twinlens"]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::failed("the release build failed (see above)")),
        Err(error) => Err(Failure::failed(format!("cargo did not start: {error}"))),
    }
}

/// The built `twinlens`. xtask lies in `TARGET/debug`, wherever the target folder has been put.
fn program() -> Result<PathBuf, Failure> {
    let name = format!("release/twinlens{}", env::consts::EXE_SUFFIX);
    let own = env::current_exe().unwrap_or_default();
    let target = own.ancestors().nth(2).unwrap_or(Path::new("target"));
    let program = target.join(name);
    if program.is_file() {
        Ok(program)
    } else {
        let place = program.display();
        Err(Failure::failed(format!("built, but not at {place}")))
    }
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Whether these arguments open the window: a headless command (`train ...`) or a question
/// (`--help`) does not.
fn opens_window(passed: &[OsString]) -> bool {
    let command = passed.first().is_some_and(|first| !first.to_string_lossy().starts_with('-'));
    let question = passed.iter().any(|argument| ["-h", "--help", "-V", "--version"].map(OsStr::new).contains(&argument.as_os_str()));
    !command && !question
}

fn render(passed: &[OsString]) -> Result<ExitCode, Failure> {
    let root = workspace();
    let here = env::current_dir().unwrap_or_default();
    let folder = if here == root { PathBuf::from("out") } else { root.join("out") };
    let (arguments, pictures) = render_arguments(passed, &folder);
    for parent in pictures.iter().filter_map(|picture| picture.parent()) {
        fs::create_dir_all(parent).map_err(|error| Failure::refused(format!("cannot make folder {}: {error}", parent.display())))?;
    }
    let status =
        Command::new(program()?).args(arguments).status().map_err(|error| Failure::failed(format!("twinlens did not start: {error}")))?;
    if status.success() {
        if let Some(picture) = pictures.iter().find(|picture| !picture.is_file()) {
            return Err(Failure::failed(format!("twinlens ended well and yet made no {}", picture.display())));
        }
        for picture in &pictures {
            println!("{}", picture.display());
        }
    }
    Ok(exit_code(status.code()))
}

/// The `render` command line for what the window was asked to show, and the files it makes:
/// what the caller passed stays, what is not said is filled in.
fn render_arguments(passed: &[OsString], folder: &Path) -> (Vec<OsString>, Vec<PathBuf>) {
    let mut arguments = vec![OsString::from("render")];
    // Nobody could start a paused run here.
    arguments.extend(passed.iter().filter(|argument| *argument != "--paused").cloned());
    for (option, value) in [("--preset", "byol"), ("--steps", "300"), ("--size", "1280x800")] {
        if values_of(option, passed).is_empty() {
            arguments.extend([option.into(), value.into()]);
        }
    }
    let mut pictures: Vec<PathBuf> = values_of("--out", passed).into_iter().map(PathBuf::from).collect();
    if pictures.is_empty() {
        let presets = values_of("--preset", passed);
        let preset = presets.last().map_or(OsStr::new("byol"), OsString::as_os_str);
        // A preset may be a file of the user's own: `p/mine.toml` makes `mine.png`.
        let name = Path::new(preset).file_name().unwrap_or(preset).to_string_lossy();
        let stem = name.strip_suffix(".toml").unwrap_or(&name);
        pictures = ["png", "gif"].map(|extension| folder.join(format!("{stem}.{extension}"))).to_vec();
        for picture in &pictures {
            arguments.extend(["--out".into(), picture.into()]);
        }
    }
    (arguments, pictures)
}

/// The values given for `option`, as `--option value` or `--option=value`.
fn values_of(option: &str, arguments: &[OsString]) -> Vec<OsString> {
    let mut values = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == option {
            values.extend(arguments.next().cloned());
        } else if let Some(rest) = argument.to_string_lossy().strip_prefix(option)
            && let Some(value) = rest.strip_prefix('=')
        {
            values.push(value.into());
        }
    }
    values
}

/// Becomes `command` where the system can do that, so that signals and the exit code are its own.
fn replace_by(command: &mut Command) -> Result<ExitCode, Failure> {
    #[cfg(unix)]
    let result = Err(std::os::unix::process::CommandExt::exec(command));
    #[cfg(not(unix))]
    let result = command.status();
    result
        .map(|status: std::process::ExitStatus| exit_code(status.code()))
        .map_err(|error| Failure::failed(format!("twinlens did not start: {error}")))
}

/// A child's exit code as ours; 1 for a child that a signal ended.
fn exit_code(code: Option<i32>) -> ExitCode {
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn rendering_fills_in_what_was_not_said() {
        let (arguments, pictures) = render_arguments(&[], Path::new("out"));
        assert_eq!(
            arguments,
            words(
                "render --preset byol --steps 300 --size 1280x800 --out out/byol.png --out \
                 out/byol.gif"
            )
        );
        assert_eq!(pictures, [Path::new("out/byol.png"), Path::new("out/byol.gif")]);
    }

    #[test]
    fn rendering_keeps_what_was_said() {
        let passed = words("--preset=byol-fast --set ema=false --paused --seed 3 --steps 9");
        let (arguments, pictures) = render_arguments(&passed, Path::new("/a/out"));
        assert_eq!(
            arguments,
            words(
                "render --preset=byol-fast --set ema=false --seed 3 --steps 9 --size 1280x800 \
                 --out /a/out/byol-fast.png --out /a/out/byol-fast.gif"
            )
        );
        assert_eq!(pictures[1], Path::new("/a/out/byol-fast.gif"));

        let (_, pictures) = render_arguments(&words("--preset p/mine.v2.toml"), Path::new("out"));
        assert_eq!(pictures[0], Path::new("out/mine.v2.png"));

        let (arguments, pictures) = render_arguments(&words("--preset p/mine.toml --out x.gif"), Path::new("out"));
        assert_eq!(pictures, [Path::new("x.gif")]);
        assert_eq!(arguments, words("render --preset p/mine.toml --out x.gif --steps 300 --size 1280x800"));
    }

    #[test]
    fn headless_commands_and_questions_open_no_window() {
        for line in ["train --preset byol", "doctor", "--help", "--seed 1 -V"] {
            assert!(!opens_window(&words(line)), "{line}");
        }
        for line in ["", "--preset byol", "--set ema=false"] {
            assert!(opens_window(&words(line)), "{line}");
        }
    }

    #[test]
    fn exit_codes_are_handed_on() {
        assert_eq!(exit_code(Some(3)), ExitCode::from(3));
        assert_eq!(exit_code(None), ExitCode::from(1));
    }
}

//! `twinlens`: the window, and the headless commands.

use std::process::ExitCode;

/// Keeps Mesa's device-selection layer from complaining on stderr where there is no session to ask (cron, containers, CI). The
/// layer only orders adapters by the desktop's wishes, and without a session there are none.
#[allow(unsafe_code, reason = "set_var is unsafe beside other threads; this is the first thing that the program does")]
fn silence_device_selection() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

fn main() -> ExitCode {
    silence_device_selection();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error,twinlens=warn")).init();
    match twinlens::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("twinlens: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

//! `twinlens`: the window, and the headless commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error,twinlens=warn")).init();
    match twinlens::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("twinlens: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

//! Temporary main of the window branch.
fn main() {
    let started = std::time::Instant::now();
    env_logger::init();
    let exit_after = std::env::var("EXIT_AFTER").ok().and_then(|t| t.parse().ok()).map(std::time::Duration::from_secs_f32);
    let options = twinlens::app::WindowOptions {
        adapter: Default::default(),
        config: Default::default(),
        paused: false,
        ui_scale: 1.0,
        exit_after,
        started,
    };
    if let Err(error) = twinlens::app::run(options) {
        eprintln!("twinlens: {error}");
        std::process::exit(error.exit_code().into());
    }
}

//! Makes sure this machine has what is needed: looks, decides, says, and only then installs.
//!
//! Only Linux has anything to look for. On macOS and Windows everything needed comes with the tools
//! that linked xtask itself (Xcode's command line tools; the C++ build tools of Visual Studio) and
//! with the system's own Metal or DirectX 12.

use std::process::{Command, Stdio};

use crate::Failure;
use crate::need::{Manager, NEEDS, Need};
use crate::probe::{Host, Probe};

/// What is to be done about the needs that are not met.
#[derive(Debug, PartialEq)]
enum Plan {
    /// Nothing is missing.
    Ready,
    /// Run these command lines in order; the last one decides.
    Install(Vec<Vec<String>>),
    /// Not ours to mend: say what is missing and how to get it, and stop.
    Refuse(String),
    /// No package manager we know, so our look may be wrong too: say so and go on.
    GoOn(String),
}

/// Sets up this machine for running Twinlens, and for testing it if `for_tests`.
pub fn set_up(no_install: bool, for_tests: bool) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let host = Host::new();
    let missing = missing(&host, for_tests);
    let manager = manager(&host);
    match plan(&host, manager, &missing, no_install) {
        Plan::Ready => Ok(()),
        Plan::Refuse(message) => Err(Failure::refused(message)),
        Plan::GoOn(message) => {
            eprintln!("xtask: {message}");
            Ok(())
        }
        Plan::Install(commands) => {
            eprintln!("xtask: {}", describe(&missing, manager));
            eprintln!("xtask: to install it, these commands run now (--no-install refuses):");
            for command in &commands {
                eprintln!("  {}", command.join(" "));
            }
            install(&commands)?;
            warn_of_the_rest(&host, for_tests);
            Ok(())
        }
    }
}

fn missing(probe: &impl Probe, for_tests: bool) -> Vec<Need> {
    NEEDS.iter().filter(|need| (for_tests || !need.only_for_tests) && !probe.sees(need.sign)).copied().collect()
}

fn manager(probe: &impl Probe) -> Option<Manager> {
    let mut known = Manager::ALL.into_iter();
    known.find(|manager| probe.has_program(manager.program()))
}

fn plan(probe: &impl Probe, manager: Option<Manager>, missing: &[Need], no_install: bool) -> Plan {
    if missing.is_empty() {
        return Plan::Ready;
    }
    let described = describe(missing, manager);
    let Some(manager) = manager else {
        let message = format!(
            "{described}\nThere is no package manager here that xtask knows; it goes on, in case \
             they are where it did not look."
        );
        return if no_install { Plan::Refuse(described) } else { Plan::GoOn(message) };
    };
    let is_root = probe.is_root();
    let commands = commands(manager, missing, !is_root);
    let lines: Vec<String> = commands.iter().map(|command| command.join(" ")).collect();
    let by_hand = format!("{described}\nInstall it with:\n  {}", lines.join("\n  "));
    if no_install || manager != Manager::Apt {
        Plan::Refuse(by_hand)
    } else if !is_root && !probe.has_program("sudo") {
        Plan::Refuse(format!("{by_hand}\nxtask is not root and finds no sudo, so it cannot."))
    } else {
        Plan::Install(commands)
    }
}

/// "This machine lacks: ..." with a line a need.
fn describe(missing: &[Need], manager: Option<Manager>) -> String {
    let mut text = "this machine lacks".to_owned();
    for need in missing {
        text += "\n  ";
        text += need.what;
        text += ": ";
        text += manager.map_or_else(|| need.sign.name(), |manager| need.package(manager));
    }
    text
}

/// The command lines that install `missing`, each package once.
fn commands(manager: Manager, missing: &[Need], with_sudo: bool) -> Vec<Vec<String>> {
    let mut packages: Vec<&str> = Vec::new();
    for need in missing {
        let package = need.package(manager);
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    let sudo: &[&str] = if with_sudo { &["sudo"] } else { &[] };
    let mut commands = Vec::new();
    let mut quiet: &[&str] = &[];
    if manager == Manager::Apt {
        commands.push([sudo, &["apt-get", "update"]].concat());
        quiet = &["env", "DEBIAN_FRONTEND=noninteractive"];
    }
    commands.push([sudo, quiet, manager.install(), &packages].concat());
    commands.into_iter().map(|command| command.into_iter().map(str::to_owned).collect()).collect()
}

/// Runs the commands. Only the last must succeed: a package list that could not be refreshed
/// (some other repository is down, say) is often good enough.
fn install(commands: &[Vec<String>]) -> Result<(), Failure> {
    for (index, command) in commands.iter().enumerate() {
        let line = command.join(" ");
        let status = Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).status();
        let problem = match status {
            Ok(status) if status.success() => continue,
            Ok(status) => format!("`{line}` failed ({status})"),
            Err(error) => format!("`{line}` did not start: {error}"),
        };
        if index + 1 == commands.len() {
            return Err(Failure::refused(format!("{problem}; mend that and run this again")));
        }
        eprintln!("xtask: {problem}; going on with what is known");
    }
    Ok(())
}

/// Installed, and yet not seen: not worth stopping for, but worth knowing should what follows fail.
fn warn_of_the_rest(probe: &impl Probe, for_tests: bool) {
    for need in missing(probe, for_tests) {
        eprintln!("xtask: note: still not found: {}", need.what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::Sign;

    /// A machine that has everything but what is listed.
    #[derive(Default)]
    struct Fake {
        lacks: Vec<Sign>,
        programs: Vec<&'static str>,
        root: bool,
    }

    impl Probe for Fake {
        fn sees(&self, sign: Sign) -> bool {
            !self.lacks.contains(&sign)
        }
        fn has_program(&self, name: &str) -> bool {
            self.programs.contains(&name)
        }
        fn is_root(&self) -> bool {
            self.root
        }
    }

    fn planned(fake: &Fake, for_tests: bool, no_install: bool) -> Plan {
        let missing = missing(fake, for_tests);
        plan(fake, manager(fake), &missing, no_install)
    }

    fn lines(commands: &[Vec<String>]) -> Vec<String> {
        commands.iter().map(|command| command.join(" ")).collect()
    }

    const XVFB: Sign = Sign::Program("Xvfb");

    #[test]
    fn nothing_missing_is_ready_whatever_the_system() {
        for programs in [vec![], vec!["apt-get"], vec!["dnf"]] {
            let fake = Fake { programs, ..Fake::default() };
            assert_eq!(planned(&fake, true, false), Plan::Ready);
            assert_eq!(planned(&fake, true, true), Plan::Ready);
        }
    }

    #[test]
    fn test_tools_are_needed_for_tests_only() {
        let fake = Fake { lacks: vec![XVFB], programs: vec!["apt-get"], root: true };
        assert_eq!(planned(&fake, false, false), Plan::Ready);
        assert!(matches!(planned(&fake, true, false), Plan::Install(_)));
    }

    #[test]
    fn apt_updates_then_installs_exactly_what_is_missing() {
        let mut fake = Fake { lacks: vec![XVFB, Sign::CppCompiler], programs: vec!["apt-get", "sudo"], root: true };
        let install = "env DEBIAN_FRONTEND=noninteractive apt-get install -y \
                       --no-install-recommends -o DPkg::Lock::Timeout=300 g++ xvfb";
        let Plan::Install(commands) = planned(&fake, true, false) else {
            panic!("root may install");
        };
        assert_eq!(lines(&commands), ["apt-get update", install]);
        fake.root = false;
        let Plan::Install(commands) = planned(&fake, true, false) else {
            panic!("sudo may install");
        };
        assert_eq!(lines(&commands), ["sudo apt-get update".to_owned(), format!("sudo {install}")]);
    }

    #[test]
    fn no_install_and_no_sudo_refuse_with_the_command() {
        let fake = Fake { lacks: vec![Sign::VulkanDriver], programs: vec!["apt-get"], root: false };
        for no_install in [true, false] {
            let Plan::Refuse(message) = planned(&fake, false, no_install) else {
                panic!("must refuse");
            };
            assert!(message.contains("sudo env"), "{message}");
            assert!(message.ends_with("mesa-vulkan-drivers") == no_install, "{message}");
        }
    }

    #[test]
    fn other_managers_are_told_their_own_names_once() {
        for (program, expected) in [
            ("dnf", "sudo dnf install libX11 libX11-xcb"),
            ("pacman", "sudo pacman -S --needed libx11"),
            ("zypper", "sudo zypper install libX11-6 libX11-xcb1"),
        ] {
            let fake = Fake {
                lacks: vec![Sign::Library("libX11.so.6"), Sign::Library("libX11-xcb.so.1")],
                programs: vec![program, "sudo"],
                root: false,
            };
            let Plan::Refuse(message) = planned(&fake, false, false) else {
                panic!("{program}: must refuse");
            };
            assert!(message.ends_with(expected), "{message}");
        }
    }

    #[test]
    fn an_unknown_system_is_warned_and_goes_on() {
        let fake = Fake { lacks: vec![Sign::Library("libXi.so.6")], ..Fake::default() };
        assert!(matches!(planned(&fake, false, false), Plan::GoOn(_)));
        assert!(matches!(planned(&fake, false, true), Plan::Refuse(_)));
    }
}

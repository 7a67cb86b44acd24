//! Looks at the machine: programs on `PATH`, libraries where the loader looks, Vulkan driver manifests.
//!
//! Nothing is guessed from the name of the system, and nothing but `id -u` is executed. `XTASK_ROOT=DIR` looks at
//! the file system below `DIR` instead of `/` (`PATH` stays as it is), to see what a barer machine is told.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::need::Sign;

/// Answers whether something is there. Tests answer from a list, [`Host`] from this machine.
pub trait Probe {
    fn sees(&self, sign: Sign) -> bool;
    fn has_program(&self, name: &str) -> bool;
    fn is_root(&self) -> bool;
}

/// This machine.
pub struct Host {
    root: PathBuf,
}

impl Host {
    pub fn new() -> Self {
        let root = env::var_os("XTASK_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        Self { root }
    }

    /// An absolute path of the looked-at machine, as seen from this one.
    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The folders the dynamic loader searches.
    fn library_folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = paths_in("LD_LIBRARY_PATH");
        for entry in list(&self.at("/etc/ld.so.conf.d")) {
            let text = fs::read_to_string(entry).unwrap_or_default();
            let lines = text.lines().map(str::trim);
            folders.extend(lines.filter(|line| line.starts_with('/')).map(PathBuf::from));
        }
        let triplet = match env::consts::ARCH {
            "x86" => "i386-linux-gnu".to_owned(),
            "arm" => "arm-linux-gnueabihf".to_owned(),
            arch => format!("{arch}-linux-gnu"),
        };
        for base in ["/lib", "/usr/lib", "/usr/local/lib"] {
            folders.push(Path::new(base).join(&triplet));
            folders.push(base.into());
            folders.push(format!("{base}64").into());
        }
        folders
    }

    /// Whether the loader would find `library`: a file name, or an absolute path.
    fn has_library(&self, library: &str) -> bool {
        if library.starts_with('/') {
            return self.at(library).exists();
        }
        let folders = self.library_folders();
        folders.iter().any(|folder| self.at(folder.join(library)).exists())
    }

    /// The driver manifests the Vulkan loader would read, found in its documented places.
    fn vulkan_manifests(&self) -> Vec<PathBuf> {
        let mut bases =
            vec![PathBuf::from("/etc"), "/etc/xdg".into(), "/usr/local/etc".into(), "/usr/local/share".into(), "/usr/share".into()];
        for name in ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS"] {
            bases.extend(paths_in(name));
        }
        if let Some(home) = env::home_dir() {
            bases.extend([home.join(".config"), home.join(".local/share")]);
        }
        let mut places: Vec<PathBuf> = paths_in("VK_ADD_DRIVER_FILES");
        places.extend(bases.iter().map(|base| base.join("vulkan/icd.d")));
        let found = places.iter().map(|place| self.at(place));
        found
            .flat_map(|place| if place.is_dir() { list(&place) } else { vec![place] })
            .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
            .collect()
    }

    fn has_gpu_device(&self) -> bool {
        let render_node = list(&self.at("/dev/dri"))
            .iter()
            .any(|node| node.file_name().is_some_and(|name| name.to_string_lossy().starts_with("renderD")));
        render_node || ["/dev/nvidiactl", "/dev/dxg"].iter().any(|node| self.at(node).exists())
    }

    /// A driver for the GPU where there is one; without a GPU it must be one that computes on the CPU.
    fn has_vulkan_driver(&self) -> bool {
        let takes_any = self.has_gpu_device();
        self.vulkan_manifests().iter().any(|manifest| {
            let text = fs::read_to_string(manifest).unwrap_or_default();
            let Some(library) = manifest_library(&text) else {
                return false;
            };
            let present = match library.strip_prefix('.') {
                // A relative path starts at the manifest.
                Some(_) => manifest.with_file_name(library).exists(),
                None => self.has_library(library),
            };
            present && (takes_any || is_software_driver(library))
        })
    }
}

impl Probe for Host {
    fn sees(&self, sign: Sign) -> bool {
        match sign {
            Sign::CppCompiler => cpp_compiler().is_some(),
            Sign::Program(name) => self.has_program(name),
            Sign::Library(name) => self.has_library(name),
            // Where drivers were chosen by hand, the loader reads no others and none is ours to add.
            Sign::VulkanDriver => chose_drivers() || self.has_vulkan_driver(),
        }
    }

    fn has_program(&self, name: &str) -> bool {
        on_path(name)
    }

    fn is_root(&self) -> bool {
        let answer = Command::new("id").arg("-u").output();
        answer.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
    }
}

/// The C++ compiler the build will use: `CXX` if it names one, else the first of the usual names.
pub fn cpp_compiler() -> Option<OsString> {
    if let Some(chosen) = env::var_os("CXX").filter(|chosen| !chosen.is_empty()) {
        // `CXX="ccache g++"` is allowed: the last program named must be there.
        let text = chosen.to_string_lossy().into_owned();
        let program = text.split_whitespace().rfind(|word| !word.starts_with('-'))?;
        return on_path(program).then_some(chosen);
    }
    ["c++", "g++", "clang++"].into_iter().find(|name| on_path(name)).map(OsString::from)
}

fn chose_drivers() -> bool {
    ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].iter().any(|name| !paths_in(name).is_empty())
}

fn on_path(program: &str) -> bool {
    if program.contains('/') {
        return is_executable(Path::new(program));
    }
    paths_in("PATH").iter().any(|folder| is_executable(&folder.join(program)))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

fn paths_in(variable: &str) -> Vec<PathBuf> {
    let value = env::var_os(variable).unwrap_or_default();
    env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// The entries of a folder in a fixed order; none if it is not there.
fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The value of `library_path` in a driver manifest.
fn manifest_library(manifest: &str) -> Option<&str> {
    let (_, rest) = manifest.split_once("\"library_path\"")?;
    let (_, rest) = rest.split_once(':')?;
    let (_, rest) = rest.split_once('"')?;
    let (library, _) = rest.split_once('"')?;
    (!library.is_empty()).then_some(library)
}

fn is_software_driver(library: &str) -> bool {
    ["lvp", "swiftshader"].iter().any(|name| library.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_library_of_a_manifest() {
        let manifest = r#"{"ICD": {"api_version": "1.1",
            "library_path" : "/usr/lib/libvulkan_lvp.so"}, "file_format_version": "1.0.0"}"#;
        assert_eq!(manifest_library(manifest), Some("/usr/lib/libvulkan_lvp.so"));
        for broken in ["", "{}", r#""library_path""#, r#""library_path": """#] {
            assert_eq!(manifest_library(broken), None, "{broken}");
        }
    }

    #[test]
    fn tells_software_drivers_from_others() {
        assert!(is_software_driver("libvulkan_lvp.so"));
        assert!(is_software_driver("./libvk_swiftshader.so"));
        assert!(!is_software_driver("libvulkan_radeon.so"));
    }

    /// A machine made of files: what the probe sees follows what is put there.
    #[cfg(target_os = "linux")]
    #[test]
    fn sees_what_is_put_below_its_root() {
        let root = env::temp_dir().join(format!("xtask-probe-{}", std::process::id()));
        let put = |path: &str, text: &str| {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let host = Host { root: root.clone() };
        let loader = Sign::Library("libvulkan.so.1");
        assert!(!host.sees(loader));
        put("etc/ld.so.conf.d/a.conf", "# comment\n/opt/vulkan/lib\n");
        put("opt/vulkan/lib/libvulkan.so.1", "");
        assert!(host.sees(loader));

        assert!(!host.has_vulkan_driver());
        put("usr/share/vulkan/icd.d/radeon.json", r#"{"library_path": "libvulkan_radeon.so"}"#);
        assert!(!host.has_vulkan_driver(), "its library is missing");
        put("usr/lib/libvulkan_radeon.so", "");
        assert!(!host.has_vulkan_driver(), "there is no GPU for it");
        put("dev/dri/renderD128", "");
        assert!(host.has_vulkan_driver());
        fs::remove_dir_all(root.join("dev")).unwrap();
        put("etc/vulkan/icd.d/lvp.json", r#"{"library_path": "/usr/lib/libvulkan_lvp.so"}"#);
        put("usr/lib/libvulkan_lvp.so", "");
        assert!(host.has_vulkan_driver(), "the software driver serves");
        fs::remove_dir_all(root).unwrap();
    }
}

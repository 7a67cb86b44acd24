//! What Twinlens needs from a Linux machine: how to tell that it is there, and which package brings it.
//!
//! Every window library is opened by name at run time (winit links none of them), so a missing one
//! shows only when the window opens; that is why each is looked for by the very name winit asks for.

/// How the presence of a [`Need`] is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sign {
    CppCompiler,
    Program(&'static str),
    Library(&'static str),
    /// A Vulkan driver that can serve this machine: its GPU's, or Mesa's software driver.
    VulkanDriver,
}

impl Sign {
    /// What to look for by hand, where no package name is known.
    pub fn name(self) -> &'static str {
        match self {
            Self::CppCompiler => "c++, g++ or clang++",
            Self::Program(name) | Self::Library(name) => name,
            Self::VulkanDriver => "a file in /usr/share/vulkan/icd.d",
        }
    }
}

/// The package managers whose names we know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
}

impl Manager {
    pub const ALL: [Self; 4] = [Self::Apt, Self::Dnf, Self::Pacman, Self::Zypper];

    /// The program that shows which manager a machine has.
    pub fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Zypper => "zypper",
        }
    }

    /// The command line up to the package names.
    pub fn install(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"],
            Self::Dnf => &["dnf", "install"],
            Self::Pacman => &["pacman", "-S", "--needed"],
            Self::Zypper => &["zypper", "install"],
        }
    }
}

/// One thing the machine must have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// What it is, in a person's words.
    pub what: &'static str,
    pub sign: Sign,
    /// Package names in the order of [`Manager::ALL`].
    packages: [&'static str; 4],
    pub only_for_tests: bool,
}

impl Need {
    pub fn package(&self, manager: Manager) -> &'static str {
        self.packages[manager as usize]
    }
}

const fn need(what: &'static str, sign: Sign, packages: [&'static str; 4]) -> Need {
    Need { what, sign, packages, only_for_tests: false }
}

const fn test_need(what: &'static str, program: &'static str, packages: [&'static str; 4]) -> Need {
    Need { what, sign: Sign::Program(program), packages, only_for_tests: true }
}

#[rustfmt::skip] // a table reads best as a table
pub const NEEDS: &[Need] = &[
    //                                                             apt-get                dnf                    pacman              zypper
    need("a C++ compiler, for Dear ImGui",  Sign::CppCompiler,                         ["g++",                  "gcc-c++",             "gcc",              "gcc-c++"]),
    need("the Vulkan loader",               Sign::Library("libvulkan.so.1"),           ["libvulkan1",           "vulkan-loader",       "vulkan-icd-loader","libvulkan1"]),
    need("a Vulkan driver (Mesa's, which also runs without a GPU)", Sign::VulkanDriver, ["mesa-vulkan-drivers", "mesa-vulkan-drivers", "vulkan-swrast",    "libvulkan_lvp"]),
    need("the X11 client library",          Sign::Library("libX11.so.6"),              ["libx11-6",             "libX11",              "libx11",           "libX11-6"]),
    need("the X protocol library",          Sign::Library("libxcb.so.1"),              ["libxcb1",              "libxcb",              "libxcb",           "libxcb1"]),
    need("the bridge between those two",    Sign::Library("libX11-xcb.so.1"),          ["libx11-xcb1",          "libX11-xcb",          "libx11",           "libX11-xcb1"]),
    need("the keyboard library",            Sign::Library("libxkbcommon.so.0"),        ["libxkbcommon0",        "libxkbcommon",        "libxkbcommon",     "libxkbcommon0"]),
    need("the keyboard library for X11",    Sign::Library("libxkbcommon-x11.so.0"),    ["libxkbcommon-x11-0",   "libxkbcommon-x11",    "libxkbcommon-x11", "libxkbcommon-x11-0"]),
    need("the X cursor library",            Sign::Library("libXcursor.so.1"),          ["libxcursor1",          "libXcursor",          "libxcursor",       "libXcursor1"]),
    need("the X input library",             Sign::Library("libXi.so.6"),               ["libxi6",               "libXi",               "libxi",            "libXi6"]),
    need("the X monitor library",           Sign::Library("libXrandr.so.2"),           ["libxrandr2",           "libXrandr",           "libxrandr",        "libXrandr2"]),
    need("the Wayland client library",      Sign::Library("libwayland-client.so.0"),   ["libwayland-client0",   "libwayland-client",   "wayland",          "libwayland-client0"]),
    test_need("a virtual display, for the window tests", "Xvfb",                       ["xvfb",                 "xorg-x11-server-Xvfb","xorg-server-xvfb", "xorg-x11-server-Xvfb"]),
    test_need("synthetic input, for the window tests",   "xdotool",                    ["xdotool",              "xdotool",             "xdotool",          "xdotool"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_the_order_of_the_managers() {
        for (index, manager) in Manager::ALL.into_iter().enumerate() {
            assert_eq!(manager as usize, index);
        }
        let compiler = NEEDS.iter().find(|need| need.sign == Sign::CppCompiler).unwrap();
        let names = Manager::ALL.map(|manager| compiler.package(manager));
        assert_eq!(names, ["g++", "gcc-c++", "gcc", "gcc-c++"]);
    }

    #[test]
    fn names_are_plain_package_names() {
        for need in NEEDS {
            for manager in Manager::ALL {
                let name = need.package(manager);
                assert!(!name.is_empty() && !name.contains(char::is_whitespace));
                // Debian allows lower case only.
                assert!(manager != Manager::Apt || name == name.to_lowercase());
            }
        }
    }
}

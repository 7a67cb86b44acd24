//! Captures by the graphics debugger that the program was started from: RenderDoc or Xcode. Nsight has keys of its own and nothing that a
//! program could call.
//!
//! Subtlety: wgpu calls RenderDoc only where it was built with debug assertions, so a release build can say that it is there, but not
//! ask it for a capture.

use super::context::Gpu;

/// A graphics debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debugger {
    /// RenderDoc; it has loaded itself into the process.
    RenderDoc,
    /// Xcode's Metal debugger.
    Xcode,
}

impl Debugger {
    /// The one that this process was started from.
    pub fn attached() -> Option<Self> {
        // Where there is no such file, RenderDoc still sets its variable.
        let libraries = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Self::found(&libraries, |name| std::env::var(name).is_ok_and(|value| value != "0"))
    }

    fn found(libraries: &str, is_set: impl Fn(&str) -> bool) -> Option<Self> {
        match () {
            () if libraries.contains("librenderdoc.so") || is_set("ENABLE_VULKAN_RENDERDOC_CAPTURE") => Some(Self::RenderDoc),
            () if is_set("METAL_CAPTURE_ENABLED") || is_set("MTL_CAPTURE_ENABLED") => Some(Self::Xcode),
            () => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RenderDoc => "RenderDoc",
            Self::Xcode => "Xcode",
        }
    }

    /// Whether this build can ask it for a capture.
    pub const fn answers(self) -> bool {
        match self {
            Self::RenderDoc => cfg!(debug_assertions),
            Self::Xcode => true,
        }
    }
}

/// A capture that is being taken; it ends when it is dropped.
pub struct Capture<'gpu> {
    gpu: &'gpu Gpu,
}

impl Gpu {
    /// Has a debugger take down everything that is handed over until the capture is dropped. Only one at a time.
    #[allow(unsafe_code, reason = "a debugger is another program inside this one; it is called only where one is attached")]
    pub fn capture(&self, debugger: Debugger) -> Option<Capture<'_>> {
        if !debugger.answers() {
            return None;
        }
        // SAFETY: one capture at a time, since it is taken within one call of the window's; the rest is the debugger's own.
        unsafe { self.device.start_graphics_debugger_capture() };
        Some(Capture { gpu: self })
    }
}

impl Drop for Capture<'_> {
    #[allow(unsafe_code, reason = "see `Gpu::capture`, which began it")]
    fn drop(&mut self) {
        // What is still under way belongs into the capture; a lost device has nothing under way.
        let _ = self.gpu.wait();
        // SAFETY: it was started when this was made.
        unsafe { self.gpu.device.stop_graphics_debugger_capture() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debugger_is_known_by_what_it_leaves() {
        let maps = "7f00-7f01 r-xp 0 fd:00 1 /opt/renderdoc/lib/librenderdoc.so\n";
        assert_eq!(Debugger::found(maps, |_| false), Some(Debugger::RenderDoc));
        assert_eq!(Debugger::found("", |name| name == "ENABLE_VULKAN_RENDERDOC_CAPTURE"), Some(Debugger::RenderDoc));
        assert_eq!(Debugger::found("", |name| name == "METAL_CAPTURE_ENABLED"), Some(Debugger::Xcode));
        assert_eq!(Debugger::found("7f00 /usr/lib/libc.so.6\n", |_| false), None);
    }
}

//! The system's clipboard for the text fields. Opened when something is first copied or pasted; where there is none, both do
//! nothing.

use imgui::ClipboardBackend;

/// Text only.
#[derive(Default)]
pub struct Clipboard {
    system: Option<arboard::Clipboard>,
}

impl Clipboard {
    fn system(&mut self) -> Option<&mut arboard::Clipboard> {
        if self.system.is_none() {
            self.system = arboard::Clipboard::new().map_err(|error| log::warn!("no clipboard: {error}")).ok();
        }
        self.system.as_mut()
    }
}

impl ClipboardBackend for Clipboard {
    fn get(&mut self) -> Option<String> {
        // What imgui's C++ cannot hold ends the text.
        Some(self.system()?.get_text().ok()?.replace('\0', ""))
    }

    fn set(&mut self, value: &str) {
        if let Some(system) = self.system() {
            let _ = system.set_text(value);
        }
    }
}

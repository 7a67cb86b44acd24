//! What lies over everything: the key help, and the question before something is lost. While one is open, nothing below reacts.

use imgui::{Condition, Ui};

use crate::command::Command;
use crate::view::explain::MOUSE;

/// What waits for the user's yes.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Leave the program.
    Quit,
    /// A command that ends a run of this many steps.
    Lose {
        /// What would be done.
        command: Command,
        /// Steps of the run that would end.
        steps: u64,
    },
    /// A lesson that starts runs of its own.
    Lesson {
        /// Which.
        lesson: std::sync::Arc<crate::lesson::Lesson>,
        /// Steps of the run that would end.
        steps: u64,
    },
}

/// The answer given in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave everything as it is.
    No,
}

/// A window in the middle; `size` is the display's, in physical pixels.
fn centred(ui: &Ui, title: &str, size: [f32; 2], content: impl FnOnce()) {
    ui.window(title)
        .position([size[0] * 0.5, size[1] * 0.5], Condition::Always)
        .position_pivot([0.5, 0.5])
        .always_auto_resize(true)
        .movable(false)
        .collapsible(false)
        .title_bar(false)
        .save_settings(false)
        .no_nav()
        .focused(true)
        .build(content);
}

/// Asks; gives the answer once there is one.
pub fn ask(ui: &Ui, question: &Question, step: u64, size: [f32; 2], scale: f32) -> Option<Answer> {
    let (title, detail, yes) = match question {
        Question::Quit => {
            let lost = if step > 0 { format!("The run of {} steps is lost.", super::super::charts::grouped(step)) } else { String::new() };
            ("Leave Twinlens?", lost, "Leave")
        }
        Question::Lose { command, steps } => {
            let steps = super::super::charts::grouped(*steps);
            match command {
                Command::LoadData(spec) => ("Train on other images?", format!("{spec}\nThe run of {steps} steps ends."), "Load"),
                Command::LoadPreset(name) => ("Start another preset?", format!("{name}\nThe run of {steps} steps ends."), "Start"),
                _ => ("Re-initialise?", format!("The run of {steps} steps ends; training starts again from step 0."), "Re-initialise"),
            }
        }
        Question::Lesson { lesson, steps } => {
            let steps = super::super::charts::grouped(*steps);
            ("Start the lesson?", format!("{}\nIt trains runs of its own; the run of {steps} steps ends.", lesson.title), "Start")
        }
    };
    let mut answer = None;
    centred(ui, "##question", size, || {
        ui.text(title);
        if !detail.is_empty() {
            ui.text_disabled(detail);
        }
        ui.dummy([260.0 * scale, 4.0 * scale]);
        if ui.button(format!("{yes}  (Enter)")) {
            answer = Some(Answer::Yes);
        }
        ui.same_line();
        if ui.button("Stay  (Esc)") {
            answer = Some(Answer::No);
        }
    });
    answer
}

/// The keys and what they do, and what the mouse does.
pub fn help(ui: &Ui, keys: &[(&str, &str)], size: [f32; 2], scale: f32) {
    centred(ui, "##help", size, || {
        for (index, list) in [keys, &MOUSE[..]].into_iter().enumerate() {
            if index > 0 {
                ui.separator();
            }
            for (key, what) in list {
                ui.text(key);
                ui.same_line_with_pos(190.0 * scale);
                ui.text_disabled(what);
            }
        }
    });
}

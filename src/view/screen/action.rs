//! What a key may ask of the screen.

use crate::command::Switch;
use crate::view::scene::Scene;

/// An arrow key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Upwards.
    Up,
    /// Downwards.
    Down,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play or pause.
    PlayPause,
    /// One step.
    Step,
    /// One sub-step of a step.
    Walk,
    /// Re-initialise.
    Reset {
        /// With the next seed.
        new_seed: bool,
    },
    /// Flip a switch; of a twin, of the side in front alone.
    Flip(Switch),
    /// Flip a switch of both sides of a twin.
    FlipAll(Switch),
    /// Train a copy of the learner beside it; or end what goes on side by side.
    Twin,
    /// Train several at once: asks how many; or end it.
    Several,
    /// Bring the next of several learners to the front.
    NextInFront,
    /// Show a scene.
    Scene(Scene),
    /// Scene 2: the cloud in place of the prototypes, and back. Scene 4: the chosen kernel's next variant.
    Variant,
    /// Write the profiled step into files.
    Export,
    /// Have a graphics debugger capture a frame.
    Capture,
    /// Draw other crops.
    Resample,
    /// Show the last batch's first image again.
    Batch,
    /// What the cloud's colours tell.
    Tint,
    /// The cloud's images as dots or as pictures.
    Images,
    /// Choose the next thing in that direction (a prototype, an image), or turn the cloud.
    Arrow(Direction),
    /// Losses and divergences on a logarithmic or a linear axis.
    Logarithmic,
    /// Show or hide the key help.
    Help,
    /// Show what the images are, and choose others.
    OwnImages,
    /// Show or hide left and right.
    Panels,
    /// Dark or light.
    Theme,
    /// Presenting mode on or off.
    Present,
    /// Opens or closes the list of lessons.
    Lessons,
    /// The next page of the lesson.
    NextPage,
    /// The page before.
    PreviousPage,
    /// Look at the kept state before, or after.
    Scrub {
        /// The one after.
        later: bool,
    },
    /// Return to the road that was left.
    OtherRoad,
    /// Save the event log.
    SaveLog,
    /// Copy the command that does the run again.
    CopyLine,
    /// Take the last change back.
    Undo,
    /// Do again what was taken back.
    Redo,
    /// Another speed limit.
    Speed {
        /// Up.
        faster: bool,
    },
    /// Another share of the time for training.
    Share {
        /// A larger one.
        more: bool,
    },
    /// Ask whether to leave.
    Quit,
    /// Escape: close what is open, or ask whether to leave.
    Escape,
    /// Enter: yes to an open question; in scene 4, the table sorted by its next column.
    Confirm,
}

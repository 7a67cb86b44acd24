//! Every key in one table: what it asks for, the words of the `?` list and of the bar below, and where it means something. The window
//! looks its key presses up here, the list and the bar are read from here, and the tests press every row.
//!
//! Subtlety: a chord may stand in several rows, as its words differ from scene to scene; it asks for the same in all of them.

use super::scene::Scene;
use super::screen::{Action, Direction};
use crate::command::Switch;
use crate::config::Method;

/// What a key press asks of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pressed {
    /// Something for the screen.
    Screen(Action),
    /// Full screen on or off.
    Fullscreen,
    /// Save a picture.
    Screenshot,
    /// Put the clipboard's text into the field that takes text.
    Paste,
    /// Begin to record the window, or stop.
    Record,
    /// Multiply the UI scale; 0 sets it back.
    Scale(f32),
}

impl Pressed {
    /// Whether a key that is held goes on asking.
    pub const fn repeats(self) -> bool {
        matches!(self, Self::Scale(_) | Self::Screen(Action::Step | Action::Arrow(_) | Action::Undo | Action::Redo | Action::Scrub { .. }))
    }
}

/// Keys that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What the training does.
    Training,
    /// The switches.
    Ingredients,
    /// What the picture shows.
    Picture,
    /// For a room.
    Presenting,
    /// The window, and what lies over it.
    Window,
}

impl Group {
    /// All, in the order of the list.
    const ALL: [Self; 5] = [Self::Training, Self::Ingredients, Self::Picture, Self::Presenting, Self::Window];

    /// The title in the list.
    const fn title(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::Ingredients => "Ingredients",
            Self::Picture => "Picture",
            Self::Presenting => "Presenting",
            Self::Window => "Window",
        }
    }
}

/// Where a row of the table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Everywhere.
    Always,
    /// In these scenes.
    In(&'static [Scene]),
    /// Where the method that trains has the switch.
    With(Switch),
}

/// The words of a key in the bar below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hint {
    /// The lower, the longer it stays when room is short.
    rank: u8,
    /// How many of the row's chords are shown.
    chords: usize,
    words: &'static str,
    /// It is shown in presenting mode, too.
    in_a_room: bool,
}

/// A row of the table: chords that belong together, and what they do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    group: Group,
    shown: Shown,
    /// The chords by what is printed on their keys, one space between those pressed together, and what each asks for.
    pub chords: &'static [(&'static str, Pressed)],
    /// What they do, in a few words.
    pub what: &'static str,
    hint: Option<Hint>,
}

const fn key(group: Group, shown: Shown, chords: &'static [(&'static str, Pressed)], what: &'static str) -> Key {
    Key { group, shown, chords, what, hint: None }
}

impl Key {
    const fn hint(self, rank: u8, chords: usize, words: &'static str) -> Self {
        Self { hint: Some(Hint { rank, chords, words, in_a_room: false }), ..self }
    }

    const fn room_hint(self, rank: u8, chords: usize, words: &'static str) -> Self {
        Self { hint: Some(Hint { rank, chords, words, in_a_room: true }), ..self }
    }

    /// Whether it means something in that scene, with a run of that method.
    pub fn is_shown(&self, scene: Scene, method: Method) -> bool {
        match self.shown {
            Always => true,
            In(scenes) => scenes.contains(&scene),
            With(switch) => Switch::of(method).contains(&switch),
        }
    }
}

use Group::{Ingredients, Picture, Presenting, Training, Window};
use Pressed::Screen as Ask;
use Shown::{Always, In, With};

const BYOL: Shown = In(&[Scene::Byol]);
const DINO: Shown = In(&[Scene::Dino]);
const MULTICROP: Shown = In(&[Scene::Multicrop]);
const KERNELS: Shown = In(&[Scene::Kernels]);
const MAP: Shown = In(&[Scene::Map]);
const CLOUD: Shown = In(&[Scene::Byol, Scene::Dino]);
const CHARTS: Shown = In(&[Scene::Byol, Scene::Dino, Scene::Multicrop]);

const LEFT: (&str, Pressed) = ("←", Ask(Action::Arrow(Direction::Left)));
const RIGHT: (&str, Pressed) = ("→", Ask(Action::Arrow(Direction::Right)));
const UP: (&str, Pressed) = ("↑", Ask(Action::Arrow(Direction::Up)));
const DOWN: (&str, Pressed) = ("↓", Ask(Action::Arrow(Direction::Down)));
const C: (&str, Pressed) = ("C", Ask(Action::Resample));
const V: (&str, Pressed) = ("V", Ask(Action::Variant));

/// The table.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key(Training, Always, &[("Space", Ask(Action::PlayPause))], "play or pause").room_hint(0, 1, "play"),
    key(Training, Always, &[("S", Ask(Action::Step))], "one training step").hint(6, 1, "step"),
    key(Training, Always, &[("W", Ask(Action::Walk))], "one sub-step: views, student, teacher, loss ...").hint(7, 1, "walk a step"),
    key(Training, Always, &[("[", Ask(Action::Speed { faster: false })), ("]", Ask(Action::Speed { faster: true }))],
        "slower, faster: 1 to 20 steps/s, no limit, turbo"),
    key(Training, Always, &[("{", Ask(Action::Share { more: false })), ("}", Ask(Action::Share { more: true }))],
        "less, more of the time for training"),
    key(Training, Always, &[("R", Ask(Action::Reset { new_seed: false })), ("Shift R", Ask(Action::Reset { new_seed: true }))],
        "new weights: the same seed, the next seed").room_hint(3, 1, "new weights"),
    key(Training, Always, &[("T", Ask(Action::Twin)), ("Shift T", Ask(Action::Several))], "a twin, several seeds; or end them").hint(7, 1, "twin"),
    key(Training, Always, &[("A", Ask(Action::NextInFront))], "the other side, the next learner, to the front"),
    key(Training, Always, &[(",", Ask(Action::Scrub { later: false })), (".", Ask(Action::Scrub { later: true }))],
        "look at the kept state before, after"),
    key(Training, CHARTS, &[("Enter", Ask(Action::Confirm))], "go on from the past step that is shown"),
    key(Training, Always, &[("U", Ask(Action::OtherRoad))], "return to the road that was left"),
    key(Training, Always, &[("Ctrl Z", Ask(Action::Undo))], "take back the last change of this run"),
    key(Training, Always, &[("Ctrl Shift Z", Ask(Action::Redo)), ("Ctrl Y", Ask(Action::Redo))], "do it again"),

    key(Ingredients, With(Switch::Ema), &[("E", Ask(Action::Flip(Switch::Ema))), ("Shift E", Ask(Action::FlipAll(Switch::Ema)))],
        "EMA on or off; on both sides of a twin").room_hint(1, 1, SWITCHES),
    key(Ingredients, With(Switch::StopGradient), &[("G", Ask(Action::Flip(Switch::StopGradient))), ("Shift G", Ask(Action::FlipAll(Switch::StopGradient)))],
        "stop-gradient on or off; on both sides of a twin")
        .room_hint(1, 1, SWITCHES),
    key(Ingredients, With(Switch::Predictor), &[("P", Ask(Action::Flip(Switch::Predictor))), ("Shift P", Ask(Action::FlipAll(Switch::Predictor)))],
        "predictor on or off; on both sides of a twin").room_hint(1, 1, SWITCHES),
    key(Ingredients, With(Switch::Centering), &[("N", Ask(Action::Flip(Switch::Centering))), ("Shift N", Ask(Action::FlipAll(Switch::Centering)))],
        "centering on or off; on both sides of a twin").room_hint(1, 1, SWITCHES),
    key(Ingredients, With(Switch::Sharpening), &[("H", Ask(Action::Flip(Switch::Sharpening))), ("Shift H", Ask(Action::FlipAll(Switch::Sharpening)))],
        "sharpening on or off; on both sides of a twin")
        .room_hint(1, 1, SWITCHES),

    key(Picture, Always, &[("1", Ask(Action::Scene(Scene::Byol))), ("2", Ask(Action::Scene(Scene::Dino))),
        ("3", Ask(Action::Scene(Scene::Multicrop))), ("4", Ask(Action::Scene(Scene::Kernels))), ("5", Ask(Action::Scene(Scene::Map)))],
        "BYOL, DINO, multi-crop, kernels, map").hint(4, 5, "scenes"),
    key(Picture, BYOL, &[LEFT, RIGHT, UP, DOWN], "turn the cloud"),
    key(Picture, DINO, &[LEFT, RIGHT], "another prototype").hint(2, 2, "prototype"),
    key(Picture, DINO, &[DOWN, UP], "the image's own, the most used prototype"),
    key(Picture, DINO, &[V], "the embedding cloud, and back").hint(2, 1, "cloud"),
    key(Picture, DINO, &[C], "other crops of the image"),
    key(Picture, MULTICROP, &[C], "other crops").hint(2, 1, "other crops"),
    key(Picture, MULTICROP, &[LEFT, RIGHT], "another image").hint(2, 2, "images"),
    key(Picture, MULTICROP, &[("B", Ask(Action::Batch))], "the last batch's first image").hint(2, 1, "batch"),
    key(Picture, KERNELS, &[UP, DOWN], "another kernel of the table").room_hint(2, 2, "kernel"),
    key(Picture, KERNELS, &[LEFT, RIGHT], "another dispatch of the step"),
    key(Picture, KERNELS, &[("Enter", Ask(Action::Confirm))], "sort the table by its next column").hint(2, 1, "sort"),
    key(Picture, KERNELS, &[V], "the kernel's next variant, at once").room_hint(2, 1, "next variant"),
    key(Picture, KERNELS, &[("X", Ask(Action::Export))], "export the trace and the table").hint(2, 1, "export"),
    key(Picture, KERNELS, &[("F9", Ask(Action::Capture))], "capture a frame in RenderDoc or Xcode"),
    key(Picture, MAP, &[LEFT, RIGHT, UP, DOWN], "another cell; before it trains, the map's size").room_hint(2, 4, "cell, size"),
    key(Picture, MAP, &[("Enter", Ask(Action::Confirm))], "train the map; then, go on with the cell alone").room_hint(2, 1, "start, go on alone"),
    key(Picture, MAP, &[V], "choose another map, and back").hint(2, 1, "another map"),
    key(Picture, MAP, &[("X", Ask(Action::Export))], "save the map as picture and numbers").hint(2, 1, "save"),
    key(Picture, CLOUD, &[("K", Ask(Action::Tint))], "what the cloud's colours tell"),
    key(Picture, CLOUD, &[("I", Ask(Action::Images))], "the cloud's images as dots or pictures"),
    key(Picture, CHARTS, &[("Y", Ask(Action::Logarithmic))], "loss and divergence: logarithmic, linear"),

    key(Presenting, Always, &[("F5", Ask(Action::Present))], "presenting mode: large type"),
    key(Presenting, Always, &[("F11", Pressed::Fullscreen)], "full screen").hint(9, 1, "full screen"),
    key(Presenting, Always, &[("Tab", Ask(Action::Panels))], "hide or show the panels").hint(8, 1, "hide panels"),
    key(Presenting, Always, &[("D", Ask(Action::Theme))], "dark or light"),
    key(Presenting, Always, &[("L", Ask(Action::Lessons))], "lessons"),
    key(Presenting, Always, &[("PageDown", Ask(Action::NextPage)), ("PageUp", Ask(Action::PreviousPage))],
        "a lesson's next page, the page before"),
    key(Presenting, Always, &[("Ctrl S", Ask(Action::SaveLog)), ("Ctrl C", Ask(Action::CopyLine))],
        "save the event log, copy it as a command"),
    key(Presenting, Always, &[("F12", Pressed::Screenshot)], "save a picture of the window"),
    key(Presenting, Always, &[("F10", Pressed::Record)], "record the window, and stop"),

    key(Window, Always, &[("O", Ask(Action::OwnImages))], "own images: choose others, what was skipped"),
    key(Window, Always, &[("Ctrl V", Pressed::Paste)], "paste their path"),
    key(Window, Always, &[("Ctrl +", Pressed::Scale(1.1)), ("Ctrl −", Pressed::Scale(1.0 / 1.1)), ("Ctrl 0", Pressed::Scale(0.0))],
        "larger, smaller, normal size"),
    key(Window, Always, &[("?", Ask(Action::Help)), ("F1", Ask(Action::Help))], "this list").room_hint(5, 1, "all keys"),
    key(Window, Always, &[("Esc", Ask(Action::Escape))], "close what is open, or leave (asks)"),
    key(Window, Always, &[("Ctrl Q", Ask(Action::Quit))], "leave (asks)"),
];

/// The words of the switches in the bar below, where they stand together.
const SWITCHES: &str = "switches";

/// The scenes whose switches are not among the hints: there the step is looked at, not what it does.
const WITHOUT_SWITCHES: [Scene; 1] = [Scene::Kernels];

/// What a chord asks for, written as in the table.
pub fn pressed(chord: &str) -> Option<Pressed> {
    KEYS.iter().flat_map(|key| key.chords).find(|(own, _)| *own == chord).map(|&(_, pressed)| pressed)
}

/// Keys that belong together, as `?` shows them. Of the keys, those pressed together have one space between them, those that may be
/// pressed one or the other have two.
pub struct KeyGroup {
    /// What they are about.
    pub title: &'static str,
    /// Keys, and what they do.
    pub rows: Vec<(String, &'static str)>,
}

/// Keys and what they do: those of the scene and of the method that trains.
pub fn list(scene: Scene, method: Method) -> Vec<KeyGroup> {
    let shown = |group: Group| KEYS.iter().filter(move |key| key.group == group && key.is_shown(scene, method));
    let row = |key: &Key| (key.chords.iter().map(|&(chord, _)| chord).collect::<Vec<_>>().join("  "), key.what);
    let keys = Group::ALL.map(|group| KeyGroup { title: group.title(), rows: shown(group).map(row).collect() });
    let mouse = mouse(scene).into_iter().map(|(what, does)| (what.to_owned(), does)).collect();
    keys.into_iter().chain([KeyGroup { title: "Mouse", rows: mouse }]).collect()
}

/// The keys of the bar below with their words, the most important first; fewer for a room.
pub fn hints(scene: Scene, method: Method, in_a_room: bool) -> Vec<(Vec<&'static str>, &'static str)> {
    let mut shown: Vec<(&Key, Hint)> = KEYS
        .iter()
        .filter(|key| key.is_shown(scene, method))
        .filter_map(|key| Some((key, key.hint?)))
        .filter(|(_, hint)| !in_a_room || hint.in_a_room)
        .filter(|(_, hint)| hint.words != SWITCHES || !WITHOUT_SWITCHES.contains(&scene))
        .collect();
    // A room needs no new weights where the step is looked at.
    shown.retain(|(_, hint)| !(in_a_room && hint.rank == 3 && WITHOUT_SWITCHES.contains(&scene)));
    shown.sort_by_key(|(_, hint)| hint.rank);
    let mut hints: Vec<(Vec<&str>, &str)> = Vec::new();
    for (key, hint) in shown {
        let chords = key.chords.iter().take(hint.chords).map(|&(chord, _)| chord);
        match hints.last_mut() {
            Some((keys, words)) if *words == hint.words => keys.extend(chords),
            _ => hints.push((chords.collect(), hint.words)),
        }
    }
    hints
}

/// What the mouse does.
fn mouse(scene: Scene) -> Vec<(&'static str, &'static str)> {
    let mut rows = match scene {
        Scene::Kernels => vec![
            ("Drag", "moves the step"),
            ("Wheel", "zooms the step (a double click resets), scrolls the table"),
            ("Point", "at anything: what it is, with its numbers"),
            ("Click", "on a kernel anywhere: chooses it"),
            ("Click", "on a column's head: sorts by it"),
        ],
        Scene::Map => vec![
            ("Drag", "turns all clouds"),
            ("Point", "at a cell: what it measured; at a value: what was published"),
            ("Click", "chooses a cell: it is shown in the scenes 1 to 3"),
        ],
        _ => vec![
            ("Drag", "turns the cloud (right button: moves it); moves a chart"),
            ("Wheel", "zooms cloud or charts; a double click resets"),
            ("Point", "at a chart: the values at that step"),
            ("Click", "in the cloud: chooses an image; Esc lets go"),
            ("Click", "on a prototype: follows it (scene 2)"),
        ],
    };
    rows.push(("Drop", "a folder or file: trains on those images"));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_asks_for_one_thing_and_stands_once_in_a_scene() {
        for scene in Scene::ALL {
            for method in [Method::Byol, Method::Dino] {
                let shown: Vec<_> = KEYS.iter().filter(|key| key.is_shown(scene, method)).flat_map(|key| key.chords).collect();
                for (index, (chord, asks)) in shown.iter().enumerate() {
                    assert_eq!(pressed(chord), Some(*asks), "{chord}");
                    assert!(!shown[..index].iter().any(|(other, _)| other == chord), "{chord} twice in {}", scene.name());
                }
            }
        }
    }

    #[test]
    fn scenes_and_switches_have_their_keys() {
        for scene in Scene::ALL {
            assert_eq!(pressed(&scene.number().to_string()), Some(Ask(Action::Scene(scene))));
        }
        for switch in Switch::ALL {
            assert_eq!(pressed(&switch.letter().to_string()), Some(Ask(Action::Flip(switch))));
        }
    }

    #[test]
    fn the_bar_names_switches_together_and_a_room_sees_less() {
        let bar = hints(Scene::Byol, Method::Byol, false);
        assert_eq!(bar[1], (vec!["E", "G", "P"], SWITCHES));
        let room = hints(Scene::Kernels, Method::Byol, true);
        let words: Vec<&str> = room.iter().map(|&(_, words)| words).collect();
        assert_eq!(words, ["play", "kernel", "next variant", "all keys"]);
    }
}

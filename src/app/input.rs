//! Which key does what. Letters go by what is printed on the key; on keyboards without Latin letters, by its place.

use winit::event::KeyEvent;
use winit::keyboard::{Key, KeyCode, ModifiersState, NamedKey, PhysicalKey};

use crate::command::Switch;
use crate::view::scene::Scene;
use crate::view::screen::{Action, Direction};

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

/// The meaning of a pressed key, if it has one. Held keys repeat only where that helps.
/// While a question waits (`asking`), Y and N answer it.
pub fn meaning(event: &KeyEvent, modifiers: ModifiersState, asking: bool) -> Option<Pressed> {
    let letter = match &event.logical_key {
        Key::Character(text) => text.chars().next(),
        _ => None,
    };
    let named = match event.logical_key {
        Key::Named(named) => Some(named),
        _ => None,
    };
    let code = match event.physical_key {
        PhysicalKey::Code(code) => Some(code),
        PhysicalKey::Unidentified(_) => None,
    };
    let pressed = match (interpret(letter, named, code, modifiers), letter) {
        (_, Some('y' | 'Y')) if asking && modifiers.is_empty() => Pressed::Screen(Action::Confirm),
        (_, Some('n' | 'N')) if asking && modifiers.is_empty() => Pressed::Screen(Action::Escape),
        (pressed, _) => pressed?,
    };
    let repeats = matches!(pressed, Pressed::Scale(_) | Pressed::Screen(Action::Step | Action::Arrow(_) | Action::Undo | Action::Redo));
    (!event.repeat || repeats).then_some(pressed)
}

fn interpret(letter: Option<char>, named: Option<NamedKey>, code: Option<KeyCode>, modifiers: ModifiersState) -> Option<Pressed> {
    let letter = letter.filter(char::is_ascii).or_else(|| code.and_then(latin)).map(|letter| letter.to_ascii_lowercase());
    // Where [ and ] need AltGr, some systems report it as Ctrl and Alt.
    match letter {
        Some('[') => return Some(Pressed::Screen(Action::Speed { faster: false })),
        Some('{') => return Some(Pressed::Screen(Action::Share { more: false })),
        Some('}') => return Some(Pressed::Screen(Action::Share { more: true })),
        Some(']') => return Some(Pressed::Screen(Action::Speed { faster: true })),
        _ => {}
    }
    if modifiers.control_key() || modifiers.super_key() {
        return match letter? {
            '+' | '=' => Some(Pressed::Scale(1.1)),
            '-' | '_' => Some(Pressed::Scale(1.0 / 1.1)),
            '0' => Some(Pressed::Scale(0.0)),
            'z' if modifiers.shift_key() => Some(Pressed::Screen(Action::Redo)),
            'z' => Some(Pressed::Screen(Action::Undo)),
            'y' => Some(Pressed::Screen(Action::Redo)),
            'o' => Some(Pressed::Screen(Action::OwnImages)),
            'v' => Some(Pressed::Paste),
            'q' => Some(Pressed::Screen(Action::Quit)),
            _ => None,
        };
    }
    if modifiers.alt_key() {
        return None;
    }
    let action = match (letter, named) {
        (Some(' '), _) | (_, Some(NamedKey::Space)) => Action::PlayPause,
        (_, Some(NamedKey::Escape)) => Action::Escape,
        (_, Some(NamedKey::Enter)) => Action::Confirm,
        (_, Some(NamedKey::Tab)) => Action::Panels,
        (_, Some(NamedKey::PageDown)) => Action::NextPage,
        (_, Some(NamedKey::PageUp)) => Action::PreviousPage,
        (_, Some(NamedKey::F1)) => Action::Help,
        (_, Some(NamedKey::F5)) => Action::Present,
        (_, Some(NamedKey::F9)) => Action::Capture,
        (_, Some(NamedKey::F10)) => return Some(Pressed::Record),
        (_, Some(NamedKey::F11)) => return Some(Pressed::Fullscreen),
        (_, Some(NamedKey::F12)) => return Some(Pressed::Screenshot),
        (_, Some(NamedKey::ArrowLeft)) => Action::Arrow(Direction::Left),
        (_, Some(NamedKey::ArrowRight)) => Action::Arrow(Direction::Right),
        (_, Some(NamedKey::ArrowUp)) => Action::Arrow(Direction::Up),
        (_, Some(NamedKey::ArrowDown)) => Action::Arrow(Direction::Down),
        (Some('s'), _) => Action::Step,
        (Some('w'), _) => Action::Walk,
        (Some('r'), _) => Action::Reset { new_seed: modifiers.shift_key() },
        (Some('e'), _) => Action::Flip(Switch::Ema),
        (Some('g'), _) => Action::Flip(Switch::StopGradient),
        (Some('p'), _) => Action::Flip(Switch::Predictor),
        (Some('n'), _) => Action::Flip(Switch::Centering),
        (Some('h'), _) => Action::Flip(Switch::Sharpening),
        (Some('c'), _) => Action::Resample,
        (Some('v'), _) => Action::Variant,
        (Some('x'), _) => Action::Export,
        (Some('b'), _) => Action::Batch,
        (Some('l'), _) => Action::Lessons,
        (Some('k'), _) => Action::Tint,
        (Some('i'), _) => Action::Images,
        (Some('d'), _) => Action::Theme,
        (Some('o'), _) => Action::OwnImages,
        (Some('y'), _) => Action::Logarithmic,
        (Some('?'), _) => Action::Help,
        (letter, _) => Action::Scene(scene(letter, code, modifiers)?),
    };
    Some(Pressed::Screen(action))
}

/// The scene of a digit key. Where digits need Shift (French keyboards), the plain key chooses it, too.
fn scene(letter: Option<char>, code: Option<KeyCode>, modifiers: ModifiersState) -> Option<Scene> {
    let printed = letter.and_then(|letter| letter.to_digit(10));
    let placed = match code {
        Some(KeyCode::Digit1) => Some(1),
        Some(KeyCode::Digit2) => Some(2),
        Some(KeyCode::Digit3) => Some(3),
        Some(KeyCode::Digit4) => Some(4),
        _ => None,
    };
    let number = printed.or(placed.filter(|_| !modifiers.shift_key()))?;
    Scene::ALL.into_iter().find(|scene| scene.number() == number)
}

fn latin(code: KeyCode) -> Option<char> {
    Some(match code {
        KeyCode::KeyS => 's',
        KeyCode::KeyW => 'w',
        KeyCode::KeyR => 'r',
        KeyCode::KeyE => 'e',
        KeyCode::KeyG => 'g',
        KeyCode::KeyP => 'p',
        KeyCode::KeyN => 'n',
        KeyCode::KeyH => 'h',
        KeyCode::KeyC => 'c',
        KeyCode::KeyV => 'v',
        KeyCode::KeyX => 'x',
        KeyCode::KeyB => 'b',
        KeyCode::KeyL => 'l',
        KeyCode::KeyO => 'o',
        KeyCode::KeyK => 'k',
        KeyCode::KeyI => 'i',
        KeyCode::KeyQ => 'q',
        KeyCode::KeyY => 'y',
        KeyCode::KeyZ => 'z',
        KeyCode::BracketLeft => '[',
        KeyCode::BracketRight => ']',
        KeyCode::KeyD => 'd',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(letter: char, modifiers: ModifiersState) -> Option<Pressed> {
        interpret(Some(letter), None, None, modifiers)
    }

    #[test]
    fn letters_switches_and_scales() {
        let none = ModifiersState::empty();
        assert_eq!(letter('E', none), Some(Pressed::Screen(Action::Flip(Switch::Ema))));
        assert_eq!(letter('R', ModifiersState::SHIFT), Some(Pressed::Screen(Action::Reset { new_seed: true })));
        assert_eq!(letter('r', none), Some(Pressed::Screen(Action::Reset { new_seed: false })));
        assert_eq!(letter('?', ModifiersState::SHIFT), Some(Pressed::Screen(Action::Help)));
        assert!(matches!(letter('+', ModifiersState::CONTROL), Some(Pressed::Scale(factor)) if factor > 1.0));
        assert_eq!(letter('r', ModifiersState::CONTROL), None);
        assert_eq!(letter('N', none), Some(Pressed::Screen(Action::Flip(Switch::Centering))));
        assert_eq!(letter('x', none), Some(Pressed::Screen(Action::Export)));
        assert_eq!(letter('q', none), None);
    }

    #[test]
    fn undo_redo_and_speed() {
        let control = ModifiersState::CONTROL;
        assert_eq!(letter('z', control), Some(Pressed::Screen(Action::Undo)));
        assert_eq!(letter('Z', control | ModifiersState::SHIFT), Some(Pressed::Screen(Action::Redo)));
        assert_eq!(letter('y', control), Some(Pressed::Screen(Action::Redo)));
        assert_eq!(letter('z', ModifiersState::empty()), None);
        let slower = Some(Pressed::Screen(Action::Speed { faster: false }));
        assert_eq!(letter('[', ModifiersState::empty()), slower);
        let more = Some(Pressed::Screen(Action::Share { more: true }));
        assert_eq!(letter('}', ModifiersState::SHIFT), more);
        assert_eq!(letter('[', control | ModifiersState::ALT), slower, "AltGr of a German keyboard on Windows");
        assert_eq!(interpret(Some('х'), None, Some(KeyCode::BracketLeft), ModifiersState::empty()), slower, "by its place");
        assert_eq!(interpret(Some('я'), None, Some(KeyCode::KeyZ), control), Some(Pressed::Screen(Action::Undo)), "by its place");
    }

    #[test]
    fn digits_choose_scenes() {
        let none = ModifiersState::empty();
        assert_eq!(letter('2', none), Some(Pressed::Screen(Action::Scene(Scene::Dino))));
        assert_eq!(letter('4', none), Some(Pressed::Screen(Action::Scene(Scene::Kernels))));
        assert_eq!(letter('5', none), None);
        let french = interpret(Some('&'), None, Some(KeyCode::Digit1), none);
        assert_eq!(french, Some(Pressed::Screen(Action::Scene(Scene::Byol))));
        assert_eq!(interpret(Some('!'), None, Some(KeyCode::Digit1), ModifiersState::SHIFT), None);
    }

    #[test]
    fn a_cyrillic_keyboard_works_by_place() {
        let pressed = interpret(Some('п'), None, Some(KeyCode::KeyG), ModifiersState::empty());
        assert_eq!(pressed, Some(Pressed::Screen(Action::Flip(Switch::StopGradient))));
    }
}

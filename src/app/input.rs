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
    /// Multiply the UI scale; 0 sets it back.
    Scale(f32),
}

/// The meaning of a pressed key, if it has one. Held keys repeat only where that helps.
pub fn meaning(event: &KeyEvent, modifiers: ModifiersState) -> Option<Pressed> {
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
    let pressed = interpret(letter, named, code, modifiers)?;
    let repeats = matches!(pressed, Pressed::Scale(_) | Pressed::Screen(Action::Step | Action::Walk | Action::Arrow(_)));
    (!event.repeat || repeats).then_some(pressed)
}

fn interpret(letter: Option<char>, named: Option<NamedKey>, code: Option<KeyCode>, modifiers: ModifiersState) -> Option<Pressed> {
    let letter = letter.filter(char::is_ascii).or_else(|| code.and_then(latin)).map(|letter| letter.to_ascii_lowercase());
    if modifiers.control_key() || modifiers.super_key() {
        return match (letter?, code) {
            ('+' | '=', _) => Some(Pressed::Scale(1.1)),
            ('-' | '_', _) => Some(Pressed::Scale(1.0 / 1.1)),
            ('0', _) => Some(Pressed::Scale(0.0)),
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
        (Some('v'), _) => Action::Cloud,
        (Some('b'), _) => Action::Batch,
        (Some('l'), _) => Action::Lessons,
        (Some('d'), _) => Action::Theme,
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
        KeyCode::KeyB => 'b',
        KeyCode::KeyL => 'l',
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
        assert_eq!(letter('x', none), None);
    }

    #[test]
    fn digits_choose_scenes() {
        let none = ModifiersState::empty();
        assert_eq!(letter('2', none), Some(Pressed::Screen(Action::Scene(Scene::Dino))));
        assert_eq!(letter('4', none), None);
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

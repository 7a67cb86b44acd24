//! From a key press to a row of the table of keys ([`keys`]). Letters go by what is printed on the key; on keyboards without Latin
//! letters, by its place.

use winit::event::KeyEvent;
use winit::keyboard::{Key, KeyCode, ModifiersState, NamedKey, PhysicalKey};

use crate::view::keys::{self, Pressed};
use crate::view::screen::Action;

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
    (!event.repeat || pressed.repeats()).then_some(pressed)
}

fn interpret(letter: Option<char>, named: Option<NamedKey>, code: Option<KeyCode>, modifiers: ModifiersState) -> Option<Pressed> {
    let letter = letter.filter(char::is_ascii).or_else(|| code.and_then(latin));
    let printed = letter.map(|letter| if letter == ' ' { "Space".to_owned() } else { letter.to_ascii_uppercase().to_string() });
    // Where [ and ] need AltGr, some systems report it as Ctrl and Alt.
    if let Some(bracket) = printed.as_deref().filter(|printed| ["[", "]", "{", "}"].contains(printed)) {
        return keys::pressed(bracket);
    }
    let shift = modifiers.shift_key();
    if modifiers.control_key() || modifiers.super_key() {
        let printed = printed?;
        let printed = match printed.as_str() {
            "=" => "+",
            "-" | "_" => "−",
            other => other,
        };
        return with_shift("Ctrl ", printed, shift);
    }
    if modifiers.alt_key() {
        return None;
    }
    // Where digits need Shift (French keyboards), the plain key is one, too.
    let placed = || code.and_then(digit).filter(|_| !shift);
    let names = [named.and_then(name).map(str::to_owned), printed, placed().map(str::to_owned)];
    names.into_iter().flatten().find_map(|name| with_shift("", &name, shift))
}

/// The chord with Shift, if it is held and the table has it; else the one without.
fn with_shift(before: &str, printed: &str, shift: bool) -> Option<Pressed> {
    let shifted = shift.then(|| keys::pressed(&format!("{before}Shift {printed}"))).flatten();
    shifted.or_else(|| keys::pressed(&format!("{before}{printed}")))
}

/// What is printed on a key that writes nothing, as in the table.
const fn name(named: NamedKey) -> Option<&'static str> {
    Some(match named {
        NamedKey::Space => "Space",
        NamedKey::Escape => "Esc",
        NamedKey::Enter => "Enter",
        NamedKey::Tab => "Tab",
        NamedKey::PageDown => "PageDown",
        NamedKey::PageUp => "PageUp",
        NamedKey::Home => "Home",
        NamedKey::End => "End",
        NamedKey::ArrowLeft => "←",
        NamedKey::ArrowRight => "→",
        NamedKey::ArrowUp => "↑",
        NamedKey::ArrowDown => "↓",
        NamedKey::F1 => "F1",
        NamedKey::F2 => "F2",
        NamedKey::F3 => "F3",
        NamedKey::F4 => "F4",
        NamedKey::F5 => "F5",
        NamedKey::F6 => "F6",
        NamedKey::F7 => "F7",
        NamedKey::F8 => "F8",
        NamedKey::F9 => "F9",
        NamedKey::F10 => "F10",
        NamedKey::F11 => "F11",
        NamedKey::F12 => "F12",
        _ => return None,
    })
}

/// The digit at that place of a keyboard.
const fn digit(code: KeyCode) -> Option<&'static str> {
    Some(match code {
        KeyCode::Digit1 => "1",
        KeyCode::Digit2 => "2",
        KeyCode::Digit3 => "3",
        KeyCode::Digit4 => "4",
        KeyCode::Digit5 => "5",
        KeyCode::Digit6 => "6",
        KeyCode::Digit7 => "7",
        KeyCode::Digit8 => "8",
        KeyCode::Digit9 => "9",
        _ => return None,
    })
}

/// The letter at that place of a keyboard with Latin letters.
const fn latin(code: KeyCode) -> Option<char> {
    Some(match code {
        KeyCode::KeyA => 'a',
        KeyCode::KeyB => 'b',
        KeyCode::KeyC => 'c',
        KeyCode::KeyD => 'd',
        KeyCode::KeyE => 'e',
        KeyCode::KeyF => 'f',
        KeyCode::KeyG => 'g',
        KeyCode::KeyH => 'h',
        KeyCode::KeyI => 'i',
        KeyCode::KeyJ => 'j',
        KeyCode::KeyK => 'k',
        KeyCode::KeyL => 'l',
        KeyCode::KeyM => 'm',
        KeyCode::KeyN => 'n',
        KeyCode::KeyO => 'o',
        KeyCode::KeyP => 'p',
        KeyCode::KeyQ => 'q',
        KeyCode::KeyR => 'r',
        KeyCode::KeyS => 's',
        KeyCode::KeyT => 't',
        KeyCode::KeyU => 'u',
        KeyCode::KeyV => 'v',
        KeyCode::KeyW => 'w',
        KeyCode::KeyX => 'x',
        KeyCode::KeyY => 'y',
        KeyCode::KeyZ => 'z',
        KeyCode::BracketLeft => '[',
        KeyCode::BracketRight => ']',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Switch;
    use crate::view::scene::Scene;

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
        assert_eq!(letter('5', none), Some(Pressed::Screen(Action::Scene(Scene::Map))));
        assert_eq!(letter('6', none), None);
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

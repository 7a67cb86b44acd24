//! What was changed while it trained, as it stands over the charts: a flip of a switch is a line through every chart, its letter
//! once above the first (outlined: switched off, filled: on); a dial that was turned, or the number of local crops, is a small tick.
//! Flips that are too close for their letters share one box, and ticks one tick; the tooltip tells them all.

use crate::command::{Dial, Switch};
use crate::snapshot::{Change, Event};

use super::axis::Axis;
use super::labels::spread;
use super::{grouped, short};
use crate::view::gathering::letter;
use crate::view::layout::Rect;

/// The flips of switches: (step, switch, on).
pub fn flips(events: &[Event]) -> impl Iterator<Item = (u64, Switch, bool)> + '_ {
    events.iter().filter_map(|event| match event.change {
        Change::Switch(switch, on) => Some((event.step, switch, on)),
        Change::Dial(..) | Change::LocalCrops(_) => None,
    })
}

/// Those that concern a learner: its own, and everyone's.
pub fn flips_of(events: &[Event], learner: usize) -> impl Iterator<Item = (u64, Switch, bool)> + '_ {
    let concerns = move |event: &&Event| event.learner.is_none_or(|only| only as usize == learner);
    events.iter().filter(concerns).flat_map(|event| flips(std::slice::from_ref(event)))
}

/// Flips under one letter or, if there are several, under their number.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// The box's middle.
    pub x: f32,
    /// Which events, oldest first.
    pub events: Vec<usize>,
}

/// What stands in the box of a flip: the switch's letter, behind that of the side that it was flipped on alone.
pub fn flip_letters(event: &Event, switch: Switch) -> String {
    let side = event.learner.map_or("", |learner| letter(learner as usize));
    if side.is_empty() { switch.letter().to_string() } else { format!("{side} {}", switch.letter()) }
}

/// Letters' distance from each other.
pub const PITCH: f32 = 20.0;
/// Farther than this from its flip a letter would mislead.
const FARTHEST: f32 = 26.0;

/// The letters above `plot`, left to right.
pub fn letters(events: &[Event], axis: &Axis, plot: &Rect, pitch: f32) -> Vec<Letter> {
    let shown = |event: &Event| matches!(event.change, Change::Switch(..)) && axis.shows(event.step);
    let mut groups: Vec<(f32, Vec<usize>)> = Vec::new();
    for (index, event) in events.iter().enumerate().filter(|(_, event)| shown(event)) {
        let x = axis.x(plot, event.step as f64);
        match groups.last_mut() {
            // The very same pixel: no room to tell them apart.
            Some((last, members)) if x - *last < 1.5 => members.push(index),
            _ => groups.push((x, vec![index])),
        }
    }
    let (low, high) = (plot.min[0], plot.max[0].max(plot.min[0]));
    loop {
        let targets: Vec<f32> = groups.iter().map(|group| group.0).collect();
        let places = spread(&targets, pitch, low, high);
        let fits = groups.len() < 2
            || places.iter().zip(&targets).all(|(place, target)| (place - target).abs() <= FARTHEST && *place >= low - 0.5);
        if fits {
            let letter = |((_, events), x): ((f32, Vec<usize>), f32)| Letter { x, events };
            return groups.into_iter().zip(places).map(letter).collect();
        }
        let distance = |index: &usize| groups[index + 1].0 - groups[*index].0;
        let closest = (0..groups.len() - 1).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
        let (x, members) = groups.remove(closest + 1);
        groups[closest].0 = (groups[closest].0 + x) * 0.5;
        groups[closest].1.extend(members);
    }
}

/// Ticks for dials and local crops: where, and which events, oldest first.
pub fn ticks(events: &[Event], axis: &Axis, plot: &Rect) -> Vec<(f32, Vec<usize>)> {
    let mut ticks: Vec<(f32, Vec<usize>)> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if matches!(event.change, Change::Switch(..)) || !axis.shows(event.step) {
            continue;
        }
        let x = axis.x(plot, event.step as f64);
        match ticks.last_mut() {
            Some((last, members)) if x - *last < 4.0 => members.push(index),
            _ => ticks.push((x, vec![index])),
        }
    }
    ticks
}

/// What was changed, in words.
pub fn change_text(change: &Change) -> String {
    match *change {
        Change::Switch(switch, on) => format!("{} {}", switch.title(), if on { "on" } else { "off" }),
        Change::Dial(dial, value) => {
            let name = match dial {
                Dial::Tau => "τ",
                Dial::PredictorMultiplier => "predictor rate ×",
                Dial::TeacherTemperature => "teacher temperature",
                Dial::StudentTemperature => "student temperature",
                Dial::CenterMomentum => "centre momentum",
                Dial::LearningRate => "learning rate",
            };
            format!("{name} {}", if value.abs() < 0.01 { format!("{value}") } else { short(value) })
        }
        Change::LocalCrops(1) => "1 local crop".to_owned(),
        Change::LocalCrops(locals) => format!("{locals} local crops"),
    }
}

/// The tooltip's lines for some events: the last of them if they are many, the newest last.
pub fn told(events: &[Event], indices: &[usize]) -> Vec<String> {
    const MOST: usize = 8;
    let left_out = indices.len().saturating_sub(MOST);
    let line = |&index: &usize| {
        let event = events.get(index)?;
        let whose = event.learner.map_or_else(String::new, |learner| format!("{} alone, ", letter(learner as usize)));
        Some(format!("step {}, {:.1} s: {whose}{}", grouped(event.step), event.seconds, change_text(&event.change)))
    };
    let more = (left_out > 0).then(|| format!("{left_out} changes before"));
    more.into_iter().chain(indices[left_out..].iter().filter_map(line)).collect()
}

/// The newest flip at or before a step, and how many steps before it was.
pub fn flip_before(events: &[Event], step: u64) -> Option<(Switch, bool, u64)> {
    flips(events).take_while(|flip| flip.0 <= step).last().map(|(at, switch, on)| (switch, on, step - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Rect = Rect::new(100.0, 0.0, 350.0, 80.0);

    fn flip(step: u64, on: bool) -> Event {
        Event { step, seconds: step as f64 * 0.1, change: Change::Switch(Switch::Predictor, on), learner: None }
    }

    #[test]
    fn close_letters_stand_side_by_side_and_crowds_share_a_box() {
        let axis = Axis::new(1000);
        let two = letters(&[flip(400, false), flip(410, true)], &axis, &PLOT, PITCH);
        assert_eq!(two.len(), 2);
        assert!((two[1].x - two[0].x - PITCH).abs() < 0.1, "{two:?}");
        for crowd in [500, 12, 40] {
            let events: Vec<Event> = (0..crowd).map(|index| flip(900 + index % 90, index % 2 == 0)).collect();
            let mut events = events;
            events.sort_by_key(|event| event.step);
            let shown = letters(&events, &axis, &PLOT, PITCH);
            let told: usize = shown.iter().map(|letter| letter.events.len()).sum();
            assert_eq!(told as u64, crowd, "none is forgotten");
            assert!(shown.windows(2).all(|pair| pair[1].x - pair[0].x >= PITCH - 0.1), "{shown:?}");
            assert!(shown.iter().all(|letter| (PLOT.min[0]..=PLOT.max[0]).contains(&letter.x)));
        }
    }

    #[test]
    fn only_what_is_in_the_window_is_marked() {
        let axis = Axis { first: 500.0, last: 600.0, newest: 1000, hovered: None };
        let events = [
            flip(400, false),
            flip(550, true),
            Event { step: 560, seconds: 0.0, change: Change::Dial(Dial::Tau, 0.9), learner: None },
            Event { step: 561, seconds: 0.0, change: Change::LocalCrops(4), learner: None },
            Event { step: 900, seconds: 0.0, change: Change::LocalCrops(2), learner: None },
        ];
        assert_eq!(letters(&events, &axis, &PLOT, PITCH).len(), 1);
        let ticks = ticks(&events, &axis, &PLOT);
        assert_eq!(ticks.len(), 1);
        assert_eq!(told(&events, &ticks[0].1), ["step 560, 0.0 s: τ 0.900", "step 561, 0.0 s: 4 local crops"]);
        assert_eq!(told(&events, &[9]), Vec::<String>::new());
        assert_eq!(flip_before(&events, 549), Some((Switch::Predictor, false, 149)));
        assert_eq!(flip_before(&events, 399), None);
    }
}

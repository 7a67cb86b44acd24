//! How fast the window answers: from a key or a click to the frame that shows what it did.

use std::time::Instant;

use super::pacing::quantile;

/// Inputs kept for the percentiles.
const KEPT: usize = 20_000;

/// Inputs that wait for their frame, and how long others waited.
#[derive(Default)]
pub struct Answers {
    /// When each came, and the number of the command that has to have taken effect before a frame shows it.
    waiting: Vec<(Instant, u64, bool)>,
    /// Milliseconds until a frame showed that it was noticed, and until one showed the training with it.
    noticed: Vec<f32>,
    in_effect: Vec<f32>,
}

impl Answers {
    /// Something was pressed; `command` is the number of the last command that came of it.
    pub fn pressed(&mut self, at: Instant, command: u64) {
        if self.waiting.len() < 100 && self.noticed.len() < KEPT {
            self.waiting.push((at, command, false));
        }
    }

    /// A frame was presented in which the training had taken commands up to number `taken`. It shows every input that came before.
    pub fn shown(&mut self, now: Instant, taken: u64) {
        for (at, command, noticed) in &mut self.waiting {
            let millis = (now - *at).as_secs_f32() * 1e3;
            if !std::mem::replace(noticed, true) {
                self.noticed.push(millis);
            }
            if *command <= taken {
                self.in_effect.push(millis);
            }
        }
        self.waiting.retain(|(_, command, _)| *command > taken);
    }

    /// The report for the event log.
    pub fn summary(&self) -> String {
        let [noticed, in_effect] = [&self.noticed, &self.in_effect].map(|millis| {
            let [half, most] = [0.5, 0.95].map(|share| quantile(millis, share).unwrap_or(f32::NAN));
            format!("p50 {half:.1} ms, p95 {most:.1} ms")
        });
        format!("{} inputs shown after {noticed}, in effect after {in_effect}", self.noticed.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_input_is_answered_when_its_command_has_taken_effect() {
        let mut answers = Answers::default();
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        answers.pressed(at(0), 3);
        answers.pressed(at(10), 0);
        answers.shown(at(40), 2);
        assert_eq!((answers.noticed.len(), answers.in_effect.len()), (2, 1), "one waits for its command");
        answers.shown(at(90), 3);
        assert_eq!(answers.noticed.len(), 2);
        assert!((answers.in_effect[1] - 90.0).abs() < 1.0);
    }
}

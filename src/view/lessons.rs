//! The lessons on screen: the list of them, the one that is played, and the line that offers one on the first start.

use std::path::Path;
use std::sync::Arc;

use crate::command::Command;
use crate::lesson::{self, Lesson};
use crate::snapshot::Snapshot;

use super::lesson_player::Player;

/// Seconds of use after which the offer goes.
const OFFER_SECONDS: f32 = 60.0;

/// The state of the lessons.
#[derive(Default)]
pub struct Lessons {
    library: Vec<Arc<Lesson>>,
    /// Lessons that could not be read, a line each.
    pub problems: Vec<String>,
    /// Where the user's own lessons are looked for, for the list's last line.
    pub folder: Option<String>,
    /// The row that is chosen, while the list is open.
    pub chosen: Option<usize>,
    player: Option<Player>,
    /// The offer of the first start, and for how many seconds it has been there.
    offer: Option<f32>,
    /// The offer has gone for good, and nobody has written that down yet.
    settled: bool,
}

impl Lessons {
    /// Reads the shipped lessons, and those of the user's folder.
    pub fn read(&mut self, folder: Option<&Path>) {
        let (library, errors) = lesson::library(folder);
        self.library = library.into_iter().map(Arc::new).collect();
        self.problems = errors.iter().map(ToString::to_string).collect();
        self.folder = folder.map(|folder| folder.display().to_string());
    }

    /// Adds a lesson at the head of the list, and chooses it.
    pub fn add(&mut self, lesson: Lesson) -> Arc<Lesson> {
        let lesson = Arc::new(lesson);
        self.library.retain(|other| other.name != lesson.name);
        self.library.insert(0, lesson.clone());
        lesson
    }

    /// The lessons of the list.
    pub fn library(&self) -> &[Arc<Lesson>] {
        &self.library
    }

    /// Opens the list (reading the shipped lessons first if nobody has), or closes it.
    pub fn toggle_list(&mut self) {
        if self.library.is_empty() {
            self.read(None);
        }
        let current = self.player.as_ref().and_then(|player| self.library.iter().position(|lesson| lesson.name == player.lesson().name));
        self.chosen = if self.chosen.is_some() { None } else { Some(current.unwrap_or(0)) };
    }

    /// Chooses the row `by` further.
    pub fn choose(&mut self, by: isize) {
        let last = self.library.len().saturating_sub(1);
        self.chosen = self.chosen.map(|row| row.saturating_add_signed(by).min(last));
    }

    /// The lesson of the row that is chosen.
    pub fn chosen_lesson(&self) -> Option<Arc<Lesson>> {
        self.library.get(self.chosen?).cloned()
    }

    /// Starts a lesson from its first step.
    pub fn start(&mut self, lesson: Arc<Lesson>, snapshot: &Snapshot) {
        log::info!(target: "twinlens::event", "lesson {} starts", lesson.name);
        self.chosen = None;
        self.player = Some(Player::new(lesson, snapshot));
        self.settle_offer();
    }

    /// Leaves the lesson; the run goes on.
    pub fn leave(&mut self) {
        if let Some(player) = self.player.take() {
            log::info!(target: "twinlens::event", "lesson {} left at step {}", player.lesson().name, player.index() + 1);
        }
    }

    /// The lesson that is played.
    pub const fn player(&self) -> Option<&Player> {
        self.player.as_ref()
    }

    /// The lesson that is played, to be walked.
    pub const fn player_mut(&mut self) -> Option<&mut Player> {
        self.player.as_mut()
    }

    /// Offers a lesson: this is the first start.
    pub const fn make_offer(&mut self) {
        self.offer = Some(0.0);
    }

    /// The title of the lesson that is offered.
    pub fn first_title(&self) -> String {
        self.library.first().map_or_else(|| "BYOL's three asymmetries".to_owned(), |lesson| lesson.title.clone())
    }

    /// Whether the offer is to be seen.
    pub const fn offers(&self) -> bool {
        self.offer.is_some() && self.player.is_none()
    }

    /// The offer goes for good.
    pub const fn settle_offer(&mut self) {
        self.settled |= self.offer.is_some();
        self.offer = None;
    }

    /// Whether the offer has just gone for good: true once.
    pub const fn take_settled(&mut self) -> bool {
        std::mem::replace(&mut self.settled, false)
    }

    /// Lets `seconds` pass.
    pub fn tick(&mut self, snapshot: &Snapshot, seconds: f32, commands: &mut Vec<Command>) {
        if let Some(player) = &mut self.player {
            player.tick(snapshot, seconds, commands);
        }
        if let Some(seen) = &mut self.offer {
            *seen += seconds.clamp(0.0, 1.0);
            if *seen > OFFER_SECONDS {
                self.settle_offer();
            }
        }
    }
}

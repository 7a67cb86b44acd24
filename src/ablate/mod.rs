//! Ablations: one ingredient after another left out, over several seeds side by side; what came of it beside what was published.
//!
//! A [`Study`] is a list of conditions; [`Campaign`] trains what is still missing of one and keeps the [`Results`] on disk after
//! every population, so that an interrupted study goes on where it was. Tables and plots are made of the results alone. The files
//! that ship with the program ([`shipped`]) are such results, and the window reads them.

mod campaign;
mod plot;
mod results;
pub mod shipped;
mod study;
mod table;

pub use campaign::{Campaign, CampaignError, Progress, outcome_of};
pub use plot::{plot, write_plot};
pub use results::{Machine, Outcome, Ran, Results, ResultsError};
pub use study::{Budget, Condition, Request, Study, StudyKind};
pub use table::{table, told};

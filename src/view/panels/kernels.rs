//! Scene 4, kernels: the training step as a timeline of its dispatches, a table of its kernels, and how near each comes to what this
//! adapter can do. A kernel that is chosen turns white in all three.
//!
//! Subtlety: while the scene is open the session replays steps with one pass a dispatch ([`Kernels::tick`] asks for it and takes it
//! back), so times are isolated: no two dispatches overlap as they may in the fast replay.

mod card;
mod frames;
mod panes;
mod roofline;
mod table;
mod text;
mod timeline;
mod variants;

use std::sync::Arc;

use crate::command::Command;
use crate::profile::StepTimes;
use crate::snapshot::{KernelChoice, Snapshot};
use crate::view::headline::Headline;
use crate::view::layout::{Layout, Rect};
use crate::view::paint::{Align, Style};
use crate::view::screen::{Direction, Request};
use crate::view::theme;
use crate::view::timing::Step;
use crate::view::timing::span::Span;
use crate::view::timing::table::{Column, Order, Row};

use super::Frame;
use panes::Panes;
use variants::Variants;

/// What the scene keeps from frame to frame.
#[derive(Default)]
pub struct Kernels {
    /// The kernel that was chosen; none: the one with the largest share.
    chosen: Option<String>,
    /// The dispatch that was chosen in the timeline.
    dispatch: Option<usize>,
    order: Order,
    /// Rows that lie above what the table shows.
    first_row: usize,
    /// The chosen row has to come into sight.
    seek: bool,
    /// Turns of the wheel that do not make a row yet.
    turned: f32,
    /// Columns that the table had room for.
    columns: Vec<Column>,
    span: Span,
    /// How far the pointer went since the button went down on the timeline, logical pixels.
    dragged: f32,
    variants: Variants,
    /// The newest times, with the run that they are of: they stay until the first step after a change has been timed.
    last: Option<(u64, Arc<StepTimes>)>,
    /// Profiling has been asked for.
    profiling: bool,
    /// What only the window can do, asked for by a click.
    pub request: Option<Request>,
}

/// What the parts of the scene share while one frame is drawn.
struct Looking<'a, 'ui> {
    frame: &'a Frame<'ui>,
    step: &'a Step<'a>,
    /// The step was timed before the newest change.
    is_stale: bool,
    /// The kernel that is white.
    chosen: &'a str,
    /// Its family, where there is a choice.
    choice: Option<&'a KernelChoice>,
}

impl Kernels {
    /// Asks for profiled steps while the scene is `open`, and for the fast ones when it is left.
    pub fn tick(&mut self, open: bool, commands: &mut Vec<Command>) {
        if open != self.profiling {
            self.profiling = open;
            commands.push(Command::ProfileSteps(open));
        }
    }

    /// The newest times of this run.
    fn times(&self, snapshot: &Snapshot) -> Option<Arc<StepTimes>> {
        let last = || self.last.as_ref().filter(|(run, _)| *run == snapshot.run).map(|(_, times)| times.clone());
        snapshot.kernels.clone().or_else(last)
    }

    /// The kernel that is white: the one that was chosen; where another variant has taken its place, the largest of that family; else
    /// the one with the largest share.
    fn chosen<'a>(&self, step: &Step<'a>, snapshot: &Snapshot) -> &'a str {
        let name = self.chosen.as_deref().unwrap_or_default();
        let family = variants::family(snapshot, name);
        let relative = || step.rows.iter().find(|row| family.is_some_and(|family| family.kernels.contains(&row.name)));
        step.row(name).or_else(relative).or_else(|| step.rows.first()).map_or("", |row| row.name)
    }

    /// Chooses a kernel.
    fn choose(&mut self, kernel: &str) {
        self.chosen = Some(kernel.to_owned());
        self.dispatch = None;
    }

    /// Chooses a dispatch, and its kernel with it.
    fn choose_dispatch(&mut self, dispatch: usize, step: &Step<'_>) {
        self.chosen = Some(step.kernel(dispatch).to_owned());
        self.dispatch = Some(dispatch);
        self.seek = true;
    }

    /// An arrow key was pressed: up and down go through the table, left and right through the dispatches of the step.
    pub fn arrow(&mut self, direction: Direction, snapshot: &Snapshot) {
        let times = self.times(snapshot);
        let Some(step) = times.as_deref().and_then(Step::of) else { return };
        let chosen = self.chosen(&step, snapshot);
        let mut rows: Vec<&Row<'_>> = step.rows.iter().collect();
        self.order.sort(&mut rows);
        let row = rows.iter().position(|row| row.name == chosen).unwrap_or(0);
        match direction {
            Direction::Up | Direction::Down => {
                let next = if direction == Direction::Up { row.saturating_sub(1) } else { (row + 1).min(rows.len().saturating_sub(1)) };
                if let Some(row) = rows.get(next) {
                    self.choose(row.name);
                    self.seek = true;
                }
            }
            Direction::Left | Direction::Right => {
                let own = || (0..step.dispatches.len()).find(|&dispatch| step.kernel(dispatch) == chosen);
                let last = step.dispatches.len() - 1;
                let next = match self.dispatch.filter(|&dispatch| dispatch <= last) {
                    // The first press finds the kernel that is white.
                    None => own().unwrap_or(0),
                    Some(dispatch) if direction == Direction::Left => dispatch.saturating_sub(1),
                    Some(dispatch) => (dispatch + 1).min(last),
                };
                self.choose_dispatch(next, &step);
                self.span.show(step.dispatches[next].start / step.end());
            }
        }
    }

    /// Enter was pressed: the table is sorted by its next column.
    pub fn sort(&mut self) {
        self.order = self.order.next(&self.columns);
        self.seek = true;
    }

    /// V was pressed: the next variant of the chosen kernel's family; what to say where there is none.
    pub fn next_variant(&self, snapshot: &Snapshot, commands: &mut Vec<Command>) -> Option<String> {
        let times = self.times(snapshot);
        let step = times.as_deref().and_then(Step::of);
        let name = step.as_ref().map_or("", |step| self.chosen(step, snapshot));
        let choice = variants::family(snapshot, name);
        match (choice, choice.and_then(KernelChoice::next)) {
            (Some(choice), Some(next)) => {
                commands.push(variants::take(choice, next));
                None
            }
            _ if name.is_empty() => Some("V takes a kernel's next variant, once a step has been timed.".to_owned()),
            _ => Some(format!("{name} has no other variant on this adapter.")),
        }
    }

    /// What the bar below says: one true sentence, or for a room a short one with a line beneath.
    pub fn words(&self, snapshot: &Snapshot, presenting: bool) -> Headline {
        let times = self.times(snapshot);
        let step = times.as_deref().and_then(Step::of);
        let Some((step, row)) = step.as_ref().and_then(|step| Some((step, step.row(self.chosen(step, snapshot))?))) else {
            return text::untimed(snapshot, presenting);
        };
        let effect = variants::family(snapshot, row.name).and_then(|choice| self.variants.effect(choice));
        if presenting { text::headline(step, row, effect) } else { text::caption(step, row, effect) }
    }

    /// Paints the scene into its panes, turns touches into commands.
    pub fn ui(&mut self, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let area = Rect::new(layout.window.min[0], layout.centre.min[1], layout.window.max[0], layout.centre.max[1]);
        if let Some(times) = &snapshot.kernels {
            self.last = Some((snapshot.run, times.clone()));
        }
        self.variants.follow(snapshot, snapshot.kernels.as_deref().and_then(Step::of).as_ref());
        let times = self.times(snapshot);
        let Some(step) = times.as_deref().and_then(Step::of) else {
            return waiting(frame, &area, snapshot);
        };
        let panes = Panes::new(&frame.paint, &area, layout.left.is_some(), snapshot.frame_lane.is_some());
        let chosen = self.chosen(&step, snapshot);
        let choice = variants::family(snapshot, chosen);
        let looking = Looking { frame, step: &step, is_stale: snapshot.kernels.is_none(), chosen, choice };
        timeline::ui(self, &looking, &panes.timeline);
        if let Some((area, lane)) = panes.frames.zip(snapshot.frame_lane.as_deref()) {
            frames::ui(frame, &area, lane, snapshot.shares);
        }
        if let Some(table) = panes.table {
            frame.paint.rule([area.min[0], table.min[1]], [area.max[0], table.min[1]], theme::SEPARATOR, 1.0);
            table::ui(self, &looking, &table);
        }
        if let Some(roofline) = panes.roofline {
            frame.paint.rule(roofline.min, [roofline.min[0], area.max[1]], theme::SEPARATOR, 1.0);
            roofline::ui(self, &looking, &roofline);
        }
        if let Some(card) = panes.card {
            frame.paint.rule(card.min, [card.max[0], card.min[1]], theme::SEPARATOR, 1.0);
            card::ui(self, &looking, &card, commands);
        }
    }
}

/// Before a step has been timed: what the scene waits for.
fn waiting(frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let body = paint.text_height(Style::BODY);
    let [title, line] = text::waiting(snapshot);
    let most = (area.width() - 64.0).min(640.0 * body / 15.0);
    let width = paint.text_width(Style::QUIET, line).max(most * 0.8).min(most);
    let [x, y] = [area.centre()[0] - width * 0.5, area.centre()[1] - body];
    paint.text([x, y - 1.8 * body], Align::Left, Style::CAPTION.strong(), title);
    let lines = paint.text_wrapped([x, y], Style::QUIET, line, width + 1.0, 4);
    paint.text_wrapped([x, y + (lines as f32 + 0.6) * 1.35 * body], Style::LABEL, text::ISOLATED, width, 5);
}

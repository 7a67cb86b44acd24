//! Scene 5, the map of collapse: a grid of learners over two keys, trained side by side, each cell a live miniature cloud with its
//! verdict. Where no map trains, one is proposed ([`proposal`]).
//!
//! Contract: a cell shows what its learner measured, and nothing else; the line between life and collapse runs between cells whose
//! verdicts differ, and where a verdict is still missing there is none.

mod card;
mod grid;
mod proposal;
mod text;

use crate::command::{Command, Gather};
use crate::config::{Gathering, MapAxes};
use crate::snapshot::Snapshot;
use crate::view::camera::Camera;
use crate::view::headline::Headline;
use crate::view::layout::{Layout, Rect};
use crate::view::screen::{Direction, Request};
use crate::view::theme;

use super::Frame;
use proposal::Proposal;

pub use text::values;

/// What the scene keeps from frame to frame.
#[derive(Default)]
pub struct Map {
    proposal: Proposal,
    /// Another map is proposed though one trains: the run in which that was asked for.
    proposes: Option<u64>,
    /// The cell under the pointer.
    hovered: Option<usize>,
    /// The pointer has gone so far since the button went down, logical pixels.
    dragged: f32,
    /// What only the window can do, asked for by a click.
    pub request: Option<Request>,
}

/// The axes of the map that trains.
pub fn axes(snapshot: &Snapshot) -> Option<&MapAxes> {
    match &snapshot.gathering {
        Gathering::Map(axes) if snapshot.learners.len() == axes.x.values.len() * axes.y.values.len() => Some(axes),
        _ => None,
    }
}

/// Width of the column beside the grid.
const COLUMN: f32 = 336.0;

impl Map {
    /// The axes that are shown: not those of a map that trains while another one is proposed.
    fn shown<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a MapAxes> {
        axes(snapshot).filter(|_| self.proposes != Some(snapshot.run))
    }

    /// Paints the scene, turns touches into commands.
    pub fn ui(&mut self, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, camera: &mut Camera, commands: &mut Vec<Command>) {
        let area = Rect::new(layout.window.min[0], layout.centre.min[1], layout.window.max[0], layout.centre.max[1]);
        self.proposal.follow(snapshot);
        let Some(axes) = self.shown(snapshot) else {
            self.hovered = None;
            let may_return = axes(snapshot).is_some();
            match proposal::ui(&mut self.proposal, frame, &area, snapshot, may_return) {
                Some(proposal::Asked::Start) => self.start(snapshot, commands),
                Some(proposal::Asked::Return) => self.proposes = None,
                None => {}
            }
            return;
        };
        let wide = if frame.presenting { COLUMN * 1.4 } else { COLUMN };
        let column = (layout.left.is_some() && area.width() >= 2.0 * wide).then(|| Rect { min: [area.max[0] - wide, area.min[1]], ..area });
        let picture = Rect { max: [column.map_or(area.max[0], |column| column.min[0]), area.max[1]], ..area };
        let grid = grid::Grid::new(frame, &picture, axes, self.proposal.own());
        let touched = grid::ui(&grid, frame, axes, snapshot, self.hovered);
        self.hovered = touched.map(|(cell, _)| cell);
        self.steer(frame, touched, snapshot, camera, commands);
        match (column, self.hovered) {
            (Some(column), _) => {
                frame.paint.rule(column.min, [column.min[0], column.max[1]], theme::SEPARATOR, 1.0);
                let cell = self.hovered.unwrap_or(snapshot.front);
                match card::ui(frame, &column, axes, cell, snapshot) {
                    Some(card::Asked::Main) => commands.push(Command::Gather(Gather::Alone(cell as u32))),
                    Some(card::Asked::Export) => self.request = Some(Request::ExportMap),
                    Some(card::Asked::Another) => self.proposes = Some(snapshot.run),
                    None => {}
                }
            }
            (None, Some(cell)) => {
                let lines = text::facts(axes, cell, snapshot);
                let lines: Vec<String> = lines.into_iter().map(|(name, value)| format!("{name} {value}")).collect();
                frame.tooltip(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            }
            (None, None) => {}
        }
        if column.is_some()
            && let Some(cell) = self.hovered
        {
            frame.tell(&text::sentence(axes, cell, snapshot));
        }
    }

    /// A click chooses a cell, a drag turns all clouds.
    fn steer(
        &mut self,
        frame: &Frame<'_>,
        touched: Option<(usize, super::Touch)>,
        snapshot: &Snapshot,
        camera: &mut Camera,
        commands: &mut Vec<Command>,
    ) {
        if frame.ui.is_mouse_clicked(imgui::MouseButton::Left) {
            self.dragged = 0.0;
        }
        let Some((cell, touch)) = touched else { return };
        let delta = frame.ui.io().mouse_delta.map(|value| value / frame.scale);
        if touch.held {
            self.dragged += delta[0].abs() + delta[1].abs();
            camera.orbit(delta, 160.0);
        }
        if touch.clicked && self.dragged < 4.0 && cell != snapshot.front {
            commands.push(Command::BringToFront(cell as u32));
        }
    }

    fn start(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if let Ok(axes) = self.proposal.axes(snapshot)
            && axes.x.values.len() * axes.y.values.len() <= snapshot.most_learners as usize
        {
            commands.push(Command::Gather(Gather::Map(axes)));
        }
    }

    /// An arrow key: chooses the next cell; where a map is proposed, its size.
    pub fn arrow(&mut self, direction: Direction, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let Some(axes) = self.shown(snapshot) else { return self.proposal.resize(direction, snapshot) };
        let [columns, rows] = axes.size();
        let [column, row] = axes.cell(snapshot.front);
        let [column, row] = match direction {
            Direction::Left => [column.saturating_sub(1), row],
            Direction::Right => [(column + 1).min(columns - 1), row],
            Direction::Up => [column, row.saturating_sub(1)],
            Direction::Down => [column, (row + 1).min(rows - 1)],
        };
        let cell = row * columns + column;
        if cell != snapshot.front {
            commands.push(Command::BringToFront(cell as u32));
        }
    }

    /// Enter: starts the map that is proposed, or has the chosen cell go on alone.
    pub fn confirm(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if self.shown(snapshot).is_some() {
            commands.push(Command::Gather(Gather::Alone(snapshot.front as u32)));
        } else {
            self.start(snapshot, commands);
        }
    }

    /// V: proposes another map, or goes back to the one that trains.
    pub fn propose(&mut self, snapshot: &Snapshot) {
        self.proposes = (self.proposes != Some(snapshot.run)).then_some(snapshot.run);
    }

    /// Esc: true if it went back from a proposal to the map that trains.
    pub fn escape(&mut self, snapshot: &Snapshot) -> bool {
        self.proposes.take() == Some(snapshot.run) && axes(snapshot).is_some()
    }

    /// What the bar below says.
    pub fn words(&self, snapshot: &Snapshot) -> Headline {
        match self.shown(snapshot) {
            Some(axes) => text::headline(axes, snapshot),
            None => text::proposal(),
        }
    }
}

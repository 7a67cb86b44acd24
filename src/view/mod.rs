//! The picture: everything that is seen, drawn from a [`Snapshot`](crate::snapshot::Snapshot) and answered with
//! [`Command`](crate::command::Command)s. It knows nothing else of the training.

pub mod camera;
pub mod charts;
pub mod cloud;
pub mod explain;
pub mod flow;
pub mod frame;
pub mod gathering;
pub mod headline;
pub mod keys;
pub mod layout;
pub mod lesson_player;
pub mod lessons;
pub mod minis;
pub mod motion;
pub mod paint;
pub mod panels;
pub mod picture;
pub mod pictures;
pub mod prototypes;
pub mod scene;
pub mod screen;
pub mod theme;
pub mod timing;
pub mod tint;
pub mod undo;
pub mod walk;

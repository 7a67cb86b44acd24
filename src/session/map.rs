//! A map's cells as data: what the export of the window and `render --scene map --json` write.

use serde_json::{Value, json};

use super::Session;
use crate::config::Gathering;

impl Session {
    /// The map that trains: its axes, every cell's values and meters, the step, the configuration, the adapter; none without a map.
    /// `cells` go row by row from the top; a meter that was not measured is null.
    pub fn map_report(&self) -> Option<Value> {
        let Gathering::Map(axes) = &self.trainer.config.gathering else { return None };
        let record = self.record();
        let cells = record.learners.iter().enumerate().map(|(learner, meters)| {
            let [column, row] = axes.cell(learner);
            let mut cell = json!({ "column": column, "row": row, "x": axes.x.values.get(column), "y": axes.y.values.get(row) });
            if let (Value::Object(cell), Ok(Value::Object(meters))) = (&mut cell, serde_json::to_value(meters)) {
                cell.extend(meters);
                cell.insert("reason".to_owned(), json!(self.meters.accounts[learner].verdict().reason));
            }
            if let (Value::Object(cell), true) = (&mut cell, record.extras.distributions) {
                cell.insert("mutual_information".to_owned(), json!(meters.mutual_information()));
            }
            cell
        });
        let cells: Vec<Value> = cells.collect();
        let config = &self.trainer.config;
        Some(json!({
            "step": record.step,
            "axes": axes,
            "cells": cells,
            "preset": config.preset,
            "seed": config.seed,
            "adapter": self.gpu.info.name,
            "config": config,
        }))
    }
}

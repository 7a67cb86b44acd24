//! Learned positions brought to another grid, so that small crops see the same places as large ones: bilinear with
//! align_corners = false, as PyTorch's `interpolate`; the CLS token's position is copied.

use super::case::{Case, Input};
use super::reference::Host;
use crate::gpu::{Kernel, Tape, Tensor};

const FORWARD: Kernel = Kernel::new("ops/positions_forward.wgsl");
const BACKWARD: Kernel = Kernel::new("ops/positions_backward.wgsl");

/// Positions (L, 1 + grid0², C), or all of them in one row, → (L, 1 + grid1², C).
///
/// # Panics
/// If the positions are not that many.
pub fn interpolate_positions(tape: &mut Tape<'_>, positions: &Tensor, [grid0, grid1]: [u32; 2]) -> Tensor {
    let (learners, rows) = (positions.learners, 1 + grid0 * grid0);
    assert!(positions.elements().is_multiple_of(rows), "{}: {:?} for {rows} positions", positions.name, positions.shape());
    let columns = positions.elements() / rows;
    let y = tape.tensor("positions", [learners, 1 + grid1 * grid1, columns]);
    tape.dispatch(&FORWARD)
        .set("columns", columns)
        .set("grid0", grid0)
        .set("grid1", grid1)
        .set("x_stride", positions.learner_stride)
        .read("x", positions)
        .write("y", &y)
        .flops(7 * y.all_elements())
        .over([y.elements(), 1, learners]);
    let positions = positions.clone();
    tape.on_backward(&y, &[&positions.clone()], move |tape, dy| {
        let dx = tape.gradient(&positions);
        tape.dispatch(&BACKWARD)
            .set("columns", columns)
            .set("grid0", grid0)
            .set("grid1", grid1)
            .set("x_stride", dx.tensor.learner_stride)
            .read("dy", dy)
            .gradient("dx", &dx)
            .flops(8 * dy.all_elements())
            .over([positions.elements(), 1, learners]);
    });
    y
}

/// The sources of a target along one axis, with their weights.
fn weights(target: usize, [grid0, grid1]: [usize; 2]) -> [(usize, f64); 2] {
    let place = ((target as f64 + 0.5) * grid0 as f64 / grid1 as f64 - 0.5).max(0.0);
    let low = (place as usize).min(grid0 - 1);
    let share = place - low as f64;
    [(low, 1.0 - share), ((low + 1).min(grid0 - 1), share)]
}

/// Calls `visit(target row, source row, weight)` for all of them.
fn every_weight(grids: [usize; 2], mut visit: impl FnMut(usize, usize, f64)) {
    visit(0, 0, 1.0);
    for target in 0..grids[1] * grids[1] {
        for (y, vertical) in weights(target / grids[1], grids) {
            for (x, horizontal) in weights(target % grids[1], grids) {
                visit(1 + target, 1 + y * grids[0] + x, vertical * horizontal);
            }
        }
    }
}

/// Naive forward of the positions.
pub fn reference(x: &Host, grids: [usize; 2]) -> Host {
    let mut y = Host::zeros([x.shape[0], 1 + grids[1] * grids[1], x.shape[2]]);
    for (l, c) in (0..x.shape[0]).flat_map(|l| (0..x.shape[2]).map(move |c| (l, c))) {
        every_weight(grids, |target, source, weight| *y.at_mut(l, target, c) += weight * x.at(l, source, c));
    }
    y
}

/// Naive backward: dx.
pub fn reference_backward(x: &Host, dy: &Host, grids: [usize; 2]) -> Host {
    let mut dx = Host::zeros(x.shape);
    for (l, c) in (0..x.shape[0]).flat_map(|l| (0..x.shape[2]).map(move |c| (l, c))) {
        every_weight(grids, |target, source, weight| *dx.at_mut(l, source, c) += weight * dy.at(l, target, c));
    }
    dx
}

/// Down, up, unchanged, from and to one position.
pub fn cases() -> Vec<Case> {
    [(1, [8, 4], 12), (2, [4, 2], 5), (3, [5, 3], 7), (1, [3, 7], 4), (2, [1, 3], 3), (1, [4, 1], 3), (1, [3, 3], 3)]
        .into_iter()
        .map(|(learners, grids, columns)| Case {
            name: format!("interpolate_positions {learners}x{columns}, {grids:?}"),
            inputs: vec![Input::new("positions", [learners, 1 + grids[0] * grids[0], columns])],
            record: Box::new(move |tape, inputs| interpolate_positions(tape, &inputs[0], grids.map(|grid| grid as u32))),
            forward: Box::new(move |inputs| reference(&inputs[0], grids)),
            backward: Box::new(move |inputs, dy| vec![reference_backward(&inputs[0], dy, grids)]),
            tolerance: (1e-5, 1e-5),
            flops: 12 * (learners * grids[1] * grids[1] * columns) as u64,
        })
        .collect()
}

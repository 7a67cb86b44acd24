//! What the naive CPU references share: indexing by (learner, row, column), and nothing clever.

/// A host array (L, R, C) in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// (L, R, C)
    pub shape: [usize; 3],
    /// Elements, row-major.
    pub values: Vec<f64>,
}

impl Host {
    /// Zeros.
    pub fn zeros(shape: [usize; 3]) -> Self {
        Self { shape, values: vec![0.0; shape.iter().product()] }
    }

    /// From a function of (learner, row, column).
    pub fn from_fn(shape: [usize; 3], mut value: impl FnMut(usize, usize, usize) -> f64) -> Self {
        let [learners, rows, columns] = shape;
        let mut values = Vec::with_capacity(learners * rows * columns);
        for l in 0..learners {
            for r in 0..rows {
                for c in 0..columns {
                    values.push(value(l, r, c));
                }
            }
        }
        Self { shape, values }
    }

    /// The element of learner l (0 if all share it), row r, column c.
    pub fn at(&self, l: usize, r: usize, c: usize) -> f64 {
        let l = if self.shape[0] == 1 { 0 } else { l };
        self.values[(l * self.shape[1] + r) * self.shape[2] + c]
    }

    /// The same element, to be changed.
    pub fn at_mut(&mut self, l: usize, r: usize, c: usize) -> &mut f64 {
        let l = if self.shape[0] == 1 { 0 } else { l };
        &mut self.values[(l * self.shape[1] + r) * self.shape[2] + c]
    }
}

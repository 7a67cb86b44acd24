//! Where every parameter lies: one flat buffer per role (student, teacher, gradient, two moments), the same layout in all.
//!
//! Slices start at multiples of 64 elements, so that AdamW, EMA, clipping and checkpoints are one dispatch or one copy over the
//! whole. The gaps stay zero: their gradient is never written.

use crate::gpu::{Gpu, GpuError, Tape, Tensor, aligned_elements};

/// What the optimiser and the EMA treat alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Encoder and projector: in the student and, averaged, in the teacher.
    Shared,
    /// The predictor: only in the student, with its own learning-rate multiplier.
    Predictor,
    /// DINO's prototypes: like [`Group::Shared`], but kept as they are for a learner's first steps.
    Prototypes,
}

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Normal with standard deviation 1 / sqrt(inputs): keeps the variance of its input (LeCun et al., Efficient BackProp, 1998,
    /// section 4.6).
    LecunNormal,
    /// 0
    Zeros,
    /// 1
    Ones,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// PyTorch name, e.g. `encoder.stages.0.linear.weight`.
    pub name: String,
    /// Outputs of a matrix; 1 for a vector.
    pub rows: u32,
    /// Inputs of a matrix; the length of a vector.
    pub columns: u32,
    /// A matrix is decayed, a vector is not.
    pub is_matrix: bool,
    /// First element in the flat buffers.
    pub first: u32,
    /// Group.
    pub group: Group,
    /// Initial values.
    pub start: Start,
}

impl ParameterSpec {
    /// Number of elements.
    pub const fn elements(&self) -> u32 {
        self.rows * self.columns
    }

    /// The shape in PyTorch: `[out, in]` or `[n]`.
    pub fn torch_shape(&self) -> Vec<usize> {
        if self.is_matrix { vec![self.rows as usize, self.columns as usize] } else { vec![self.columns as usize] }
    }
}

/// A parameter's place in the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterId(usize);

/// All parameters of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterLayout {
    specs: Vec<ParameterSpec>,
    total: u32,
}

impl ParameterLayout {
    fn add(&mut self, name: String, [rows, columns]: [u32; 2], is_matrix: bool, group: Group, start: Start) -> ParameterId {
        let spec = ParameterSpec { name, rows, columns, is_matrix, first: self.total, group, start };
        self.total += aligned_elements(spec.elements());
        self.specs.push(spec);
        ParameterId(self.specs.len() - 1)
    }

    /// Adds a weight `[outputs, inputs]`.
    pub fn matrix(&mut self, name: String, outputs: u32, inputs: u32, group: Group) -> ParameterId {
        self.add(name, [outputs, inputs], true, group, Start::LecunNormal)
    }

    /// Adds a vector.
    pub fn vector(&mut self, name: String, length: u32, group: Group, start: Start) -> ParameterId {
        self.add(name, [1, length], false, group, start)
    }

    /// All parameters in order.
    pub fn specs(&self) -> &[ParameterSpec] {
        &self.specs
    }

    /// One parameter.
    pub fn spec(&self, id: ParameterId) -> &ParameterSpec {
        &self.specs[id.0]
    }

    /// P: elements of a flat buffer, gaps included.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Number of parameters proper, gaps not counted.
    pub fn parameter_count(&self) -> u64 {
        self.specs.iter().map(|spec| u64::from(spec.elements())).sum()
    }

    /// One word per 64 elements for the optimiser and the EMA: bit 0 decayed, bit 1 predictor, bit 2 averaged into the teacher,
    /// bit 3 prototypes.
    pub fn group_words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity((self.total / 64) as usize);
        for spec in &self.specs {
            let predictor = spec.group == Group::Predictor;
            let prototypes = spec.group == Group::Prototypes;
            let word = u32::from(spec.is_matrix) | u32::from(predictor) << 1 | u32::from(!predictor) << 2 | u32::from(prototypes) << 3;
            words.extend(std::iter::repeat_n(word, (aligned_elements(spec.elements()) / 64) as usize));
        }
        words
    }
}

/// One network's weights: a flat buffer seen through the layout.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// Where each parameter lies.
    pub layout: &'a ParameterLayout,
    /// (L, 1, P)
    pub flat: &'a Tensor,
}

impl Network<'_> {
    /// A parameter as (L, rows, columns).
    pub fn parameter(&self, id: ParameterId) -> Tensor {
        let spec = self.layout.spec(id);
        self.flat.slice(&spec.name, spec.first, spec.rows, spec.columns)
    }

    /// Sends the gradients of all its parameters that `wanted` accepts to the same places of a flat gradient buffer.
    pub fn bind_gradients(&self, tape: &mut Tape<'_>, gradient: &Tensor, wanted: impl Fn(&ParameterSpec) -> bool) {
        for (index, spec) in self.layout.specs.iter().enumerate() {
            if wanted(spec) {
                let slice = gradient.slice(&format!("d{}", spec.name), spec.first, spec.rows, spec.columns);
                tape.bind_gradient(&self.parameter(ParameterId(index)), &slice);
            }
        }
    }
}

/// The flat buffers of all learners, each (L, 1, P).
pub struct Roles {
    /// Trained by gradient descent.
    pub student: Tensor,
    /// Follows the student by EMA. Its predictor part is unused.
    pub teacher: Tensor,
    /// Gradient of the last step, before clipping.
    pub gradient: Tensor,
    /// AdamW's first moment.
    pub moment1: Tensor,
    /// AdamW's second moment.
    pub moment2: Tensor,
    /// DINO's centre (L, 1, K).
    pub center: Option<Tensor>,
}

impl Roles {
    /// Zeroed buffers; `prototypes` is 0 for methods without.
    pub fn new(gpu: &Gpu, layout: &ParameterLayout, learners: u32, prototypes: u32) -> Result<Self, GpuError> {
        let buffer = |name| gpu.tensor(name, [learners, 1, layout.total()]);
        Ok(Self {
            student: buffer("student")?,
            teacher: buffer("teacher")?,
            gradient: buffer("gradient")?,
            moment1: buffer("moment1")?,
            moment2: buffer("moment2")?,
            center: (prototypes > 0).then(|| gpu.tensor("center", [learners, 1, prototypes])).transpose()?,
        })
    }

    /// The buffers that make up the state of a run, by the names of checkpoints.
    pub fn state(&self) -> [(&'static str, &Tensor); 4] {
        [("student", &self.student), ("teacher", &self.teacher), ("moment1", &self.moment1), ("moment2", &self.moment2)]
    }
}

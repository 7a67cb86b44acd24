//! Where every parameter lies: one flat buffer per role (student, teacher, gradient, two moments), the same layout in all.
//!
//! Slices start at multiples of 64 elements, so that AdamW, EMA, clipping and checkpoints are one dispatch or one copy over the
//! whole. The gaps stay zero: their gradient is never written.
//!
//! Some parameters lie here otherwise than in PyTorch: [`TorchParameter`] has their names, shapes and values as they are there.

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

/// What a parameter is, and so how PyTorch has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A weight `[outputs, inputs]`. Decayed, as is the next.
    Matrix,
    /// The kernel of a convolution `[outputs, 3, patch, patch]`, of which a row runs (row, column, channel) here.
    Patches {
        /// Pixels along a patch's side.
        patch: u32,
    },
    /// A vector `[n]`.
    Vector,
    /// Tokens or positions `[1, n, features]`.
    Tokens,
}

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// Normal with standard deviation 1 / sqrt(inputs): keeps the variance of its input (LeCun et al., Efficient BackProp, 1998,
    /// section 4.6).
    LecunNormal,
    /// Normal with this standard deviation.
    Normal(f32),
    /// 0
    Zeros,
    /// 1
    Ones,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSpec {
    /// PyTorch name, e.g. `encoder.stages.0.linear.weight`. Parameters in a row that share one are joined along the first
    /// dimension there.
    pub name: String,
    /// Outputs of a matrix; number of tokens; 1 for a vector.
    pub rows: u32,
    /// Inputs of a matrix; features of a token; the length of a vector.
    pub columns: u32,
    /// What it is.
    pub form: Form,
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

    /// Whether weight decay pulls at it: matrices alone.
    pub const fn is_decayed(&self) -> bool {
        matches!(self.form, Form::Matrix | Form::Patches { .. })
    }

    /// Whether the teacher has it, too.
    pub fn in_teacher(&self) -> bool {
        self.group != Group::Predictor
    }

    /// The place in PyTorch of the element at `index` here.
    const fn torch_index(&self, index: usize) -> usize {
        match self.form {
            Form::Patches { patch } => {
                let (patch, columns) = (patch as usize, self.columns as usize);
                let (row, column) = (index / columns, index % columns);
                row * columns + column % 3 * patch * patch + column / 3
            }
            Form::Matrix | Form::Vector | Form::Tokens => index,
        }
    }
}

/// A parameter as PyTorch has it: one of ours, or several in a row that share a name.
#[derive(Clone, Copy, Debug)]
pub struct TorchParameter<'a> {
    parts: &'a [ParameterSpec],
}

impl TorchParameter<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.parts[0].name
    }

    /// Whether the teacher has it, too.
    pub fn in_teacher(&self) -> bool {
        self.parts[0].in_teacher()
    }

    /// Its shape: `[out, in]`, `[out, 3, patch, patch]`, `[n]` or `[1, n, features]`.
    pub fn shape(&self) -> Vec<usize> {
        let rows: u32 = self.parts.iter().map(|part| part.rows).sum();
        let columns = self.parts[0].columns;
        let shape = match self.parts[0].form {
            Form::Matrix => vec![rows, columns],
            Form::Patches { patch } => vec![rows, 3, patch, patch],
            Form::Vector => vec![self.parts.iter().map(|part| part.columns).sum()],
            Form::Tokens => vec![1, rows, columns],
        };
        shape.into_iter().map(|size| size as usize).collect()
    }

    /// Its values, row-major, out of one learner's flat buffer (P).
    pub fn values(&self, flat: &[f32]) -> Vec<f32> {
        let mut values = Vec::new();
        for part in self.parts {
            let ours = &flat[part.first as usize..][..part.elements() as usize];
            let start = values.len();
            values.resize(start + ours.len(), 0.0);
            ours.iter().enumerate().for_each(|(index, &value)| values[start + part.torch_index(index)] = value);
        }
        values
    }

    /// Puts its values, row-major and as many as its shape has, into one learner's flat buffer (P).
    pub fn put(&self, values: &[f32], flat: &mut [f32]) {
        let mut start = 0;
        for part in self.parts {
            let ours = &mut flat[part.first as usize..][..part.elements() as usize];
            ours.iter_mut().enumerate().for_each(|(index, value)| *value = values[start + part.torch_index(index)]);
            start += ours.len();
        }
    }
}

/// A parameter's place in the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterId(usize);

/// All parameters of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterLayout {
    specs: Vec<ParameterSpec>,
    total: u32,
}

impl ParameterLayout {
    /// Adds a parameter of `rows` x `columns` elements.
    ///
    /// # Panics
    /// If it shares its name with the one before and cannot be joined to it.
    pub fn add(&mut self, name: String, [rows, columns]: [u32; 2], form: Form, group: Group, start: Start) -> ParameterId {
        if let Some(before) = self.specs.last().filter(|before| before.name == name) {
            let joins = form == Form::Vector || (form == Form::Matrix && before.columns == columns);
            assert!(before.form == form && before.group == group && joins, "{name} does not go on what is so named");
        }
        let spec = ParameterSpec { name, rows, columns, form, first: self.total, group, start };
        self.total += aligned_elements(spec.elements());
        self.specs.push(spec);
        ParameterId(self.specs.len() - 1)
    }

    /// Adds a weight `[outputs, inputs]`.
    pub fn matrix(&mut self, name: String, outputs: u32, inputs: u32, group: Group) -> ParameterId {
        self.add(name, [outputs, inputs], Form::Matrix, group, Start::LecunNormal)
    }

    /// Adds a vector.
    pub fn vector(&mut self, name: String, length: u32, group: Group, start: Start) -> ParameterId {
        self.add(name, [1, length], Form::Vector, group, start)
    }

    /// All parameters in order, as PyTorch has them.
    pub fn torch_parameters(&self) -> impl Iterator<Item = TorchParameter<'_>> {
        self.specs.chunk_by(|one, next| one.name == next.name).map(|parts| TorchParameter { parts })
    }

    /// What PyTorch has and we do not: the lengths of weight-normalised rows, which stay 1. Name and shape.
    pub fn torch_ones(&self) -> impl Iterator<Item = (String, Vec<usize>)> {
        self.specs.iter().filter_map(|spec| {
            let name = spec.name.strip_suffix(".weight_v")?;
            Some((format!("{name}.weight_g"), vec![spec.rows as usize, 1]))
        })
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
            let word = u32::from(spec.is_decayed()) | u32::from(predictor) << 1 | u32::from(!predictor) << 2 | u32::from(prototypes) << 3;
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

//! The static tape: record dispatches once, run them every step.
//!
//! Recording an operation's forward also registers its local backward; [`Tape::backward`] unwinds these once, at record time.
//! [`Tape::freeze`] checks every dispatch against its shader and refuses, by name, what does not fit. The first operation that
//! writes a gradient overwrites it, later ones add: [`GradSlot::accumulate`] says which. What only hands its gradient on (a
//! residual) need not copy it: [`Tape::pass_gradient`].

mod check;
mod dispatch;
mod program;
mod sums;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub use dispatch::Record;
pub use program::{Program, Stage};
pub use sums::{RecordSums, Sum};

use self::dispatch::Dispatch;
use self::sums::Collected;
use super::context::Gpu;
use super::error::GpuError;
use super::kernel::Kernel;
use super::memory::Tensor;
use super::variant::{Choices, Family};

type Key = (u64, u64);
type Backward<'g> = Box<dyn FnOnce(&mut Tape<'g>, &Tensor) + 'g>;

/// Where an operation's backward puts a gradient.
#[derive(Clone, Debug)]
pub struct GradSlot {
    /// The gradient, shaped like its tensor.
    pub tensor: Tensor,
    /// Add to what is there (true) or overwrite it (false).
    pub accumulate: bool,
}
/// A backward that waits to be unwound.
struct Registered<'g> {
    output: Tensor,
    /// The scopes in which the forward was recorded: the backward's lie in the same ones, under those in which it is unwound.
    scope: Vec<String>,
    backward: Backward<'g>,
}

/// A family that was asked for a variant while a tape was recorded.
#[derive(Clone, Debug)]
pub struct Consulted {
    /// The family.
    pub family: &'static Family,
    /// The variants given, by the shapes that took them.
    pub chosen: BTreeSet<&'static str>,
}

/// Records dispatches and their backward; see the module's page.
pub struct Tape<'g> {
    gpu: &'g Gpu,
    dispatches: Vec<Dispatch>,
    scope: Vec<String>,
    backward: Vec<Registered<'g>>,
    gradients: HashMap<Key, Tensor>,
    written_gradients: HashSet<Key>,
    /// Gradients for which the tape made a tensor itself: nobody outside knows them.
    own_gradients: HashSet<Key>,
    tracked: HashSet<Key>,
    recording_gradients: bool,
    software: bool,
    choices: Choices,
    consulted: BTreeMap<&'static str, Consulted>,
    failure: Option<GpuError>,
    /// Sums that may wait for the end of the backward.
    collected: Option<Collected>,
}

impl<'g> Tape<'g> {
    /// An empty tape.
    pub fn new(gpu: &'g Gpu) -> Self {
        Self {
            gpu,
            dispatches: Vec::new(),
            scope: Vec::new(),
            backward: Vec::new(),
            gradients: HashMap::new(),
            written_gradients: HashSet::new(),
            own_gradients: HashSet::new(),
            tracked: HashSet::new(),
            recording_gradients: true,
            software: gpu.is_software(),
            choices: gpu.choices(),
            consulted: BTreeMap::new(),
            failure: None,
            collected: None,
        }
    }

    /// Records the kernel variants of software adapters (true) or of GPUs (false), whatever the adapter is and whatever was asked
    /// of it: for tests.
    #[must_use]
    pub fn with_variants(mut self, software: bool) -> Self {
        self.software = software;
        self.choices = Choices::default();
        self
    }

    /// Records with these choices in place of the GPU's.
    #[must_use]
    pub fn with_choices(mut self, choices: Choices) -> Self {
        self.choices = choices;
        self
    }

    /// The name of the variant of `family` for one shape; `fits` says which names take the shape. See [`variant`](super::variant).
    pub fn choose(&mut self, family: &'static Family, fits: impl Fn(&'static str) -> bool) -> &'static str {
        let chosen = self.choices.choose(family, self.gpu, self.software, fits);
        let consulted = self.consulted.entry(family.name).or_insert_with(|| Consulted { family, chosen: BTreeSet::new() });
        consulted.chosen.insert(chosen.name);
        chosen.name
    }

    /// Whether [`Self::choose`] gives the variant `name`, which takes the shape if `fits`; the others take every shape.
    pub fn chooses(&mut self, family: &'static Family, name: &'static str, fits: bool) -> bool {
        self.choose(family, |variant| variant != name || fits) == name
    }

    /// The families asked so far, with the variants that were given.
    pub fn consulted(&self) -> impl Iterator<Item = &Consulted> {
        self.consulted.values()
    }

    /// The GPU it records for.
    pub const fn gpu(&self) -> &'g Gpu {
        self.gpu
    }

    /// A new zeroed tensor (L, R, C) that lives as long as the program. Must be written before it is read.
    ///
    /// A size beyond the adapter's limits is reported by [`Self::freeze`].
    pub fn tensor(&mut self, name: &str, shape: [u32; 3]) -> Tensor {
        let label = self.label(name);
        self.gpu.allocate(&label, shape).unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            self.gpu
                .allocate(&label, [1, 1, 1])
                .map(|small| Tensor { learners: shape[0], rows: shape[1], columns: shape[2], ..small })
                .expect("four bytes fit")
        })
    }

    /// A table of words (1, rows, N) for a kernel, written once, here.
    pub fn table<const N: usize>(&mut self, name: &str, rows: &[[u32; N]]) -> Tensor {
        let label = self.label(name);
        match self.gpu.tensor(&label, [1, rows.len() as u32, N as u32]) {
            Ok(table) => {
                self.gpu.upload(&table, rows.as_flattened());
                table
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                self.tensor(name, [1, 1, 1])
            }
        }
    }

    fn label(&self, name: &str) -> String {
        let mut label = self.scope.join("/");
        if !label.is_empty() {
            label.push('/');
        }
        label + name
    }

    /// Starts a dispatch of `kernel`; finish it with [`Record::over`].
    pub fn dispatch(&mut self, kernel: &Kernel) -> Record<'_, 'g> {
        let label = self.label(&kernel.label());
        let stage = self.scope.first().cloned().unwrap_or_default();
        Record::new(self, label, stage, kernel)
    }

    /// Labels everything recorded inside with `name/`.
    pub fn scope<R>(&mut self, name: &str, record: impl FnOnce(&mut Self) -> R) -> R {
        self.scope.push(name.to_owned());
        let result = record(self);
        self.scope.pop();
        result
    }

    /// Records without registering any backward.
    pub fn no_grad<R>(&mut self, record: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.recording_gradients, false);
        let result = record(self);
        self.recording_gradients = before;
        result
    }

    /// Makes `gradient` the place where the gradient with respect to `parameter` goes. Several parameters may share a gradient
    /// (student and teacher, when the stop-gradient is off): the contributions add.
    pub fn bind_gradient(&mut self, parameter: &Tensor, gradient: &Tensor) {
        self.tracked.insert(parameter.key());
        self.gradients.insert(parameter.key(), gradient.clone());
    }

    /// Asks for the gradient with respect to an input.
    pub fn track(&mut self, input: &Tensor) {
        self.tracked.insert(input.key());
    }

    /// Whether a gradient with respect to `tensor` is wanted.
    pub fn needs_gradient(&self, tensor: &Tensor) -> bool {
        self.recording_gradients && self.tracked.contains(&tensor.key())
    }

    /// The slot for the gradient with respect to `of`: the first caller overwrites, later ones add.
    pub fn gradient(&mut self, of: &Tensor) -> GradSlot {
        let tensor = match self.gradients.get(&of.key()) {
            Some(tensor) => tensor.clone(),
            None => {
                let tensor = self.tensor(&format!("d{}", of.name), of.shape());
                self.gradients.insert(of.key(), tensor.clone());
                self.own_gradients.insert(tensor.key());
                tensor
            }
        };
        if self.waits(&tensor) {
            self.sum_now();
        }
        let accumulate = !self.written_gradients.insert(tensor.key());
        GradSlot { tensor: tensor.reshaped(of.rows, of.columns), accumulate }
    }

    /// Makes the gradient of `output` that of `input` too, without a copy: what comes later adds to it in place. Only within
    /// the backward of `output`, behind everything in it that reads the gradient; from then on `output` has none. That is safe
    /// because all who use `output` have been unwound before, and nobody reads its gradient again.
    ///
    /// Where it cannot be passed, the slot that it is to be added to: something has written the gradient of `input`, or that has
    /// a place of its own, or the gradient of `output` was given from outside.
    pub fn pass_gradient(&mut self, output: &Tensor, input: &Tensor) -> Option<GradSlot> {
        let gradient = self.gradients.get(&output.key()).filter(|gradient| self.own_gradients.contains(&gradient.key())).cloned();
        match gradient {
            Some(gradient) if !self.gradients.contains_key(&input.key()) => {
                self.gradients.remove(&output.key());
                self.gradients.insert(input.key(), gradient);
                None
            }
            _ => Some(self.gradient(input)),
        }
    }

    /// The gradient with respect to `of`, if some backward has written it.
    pub fn written_gradient(&self, of: &Tensor) -> Option<Tensor> {
        let tensor = self.gradients.get(&of.key())?;
        self.written_gradients.contains(&tensor.key()).then(|| tensor.reshaped(of.rows, of.columns))
    }

    /// Registers how `output`'s gradient flows back into `inputs`; does nothing where none of them wants one.
    pub fn on_backward(&mut self, output: &Tensor, inputs: &[&Tensor], backward: impl FnOnce(&mut Self, &Tensor) + 'g) {
        if inputs.iter().any(|input| self.needs_gradient(input)) {
            self.tracked.insert(output.key());
            self.backward.push(Registered { output: output.clone(), scope: self.scope.clone(), backward: Box::new(backward) });
        }
    }

    /// Unwinds every registered backward, the gradient of `loss` being 1 for each of its elements.
    pub fn backward(&mut self, loss: &Tensor) {
        match self.gpu.tensor("dloss", loss.shape()) {
            Ok(ones) => {
                self.gpu.upload(&ones, &vec![1.0_f32; (loss.learners * loss.elements()) as usize]);
                self.seed(loss, &ones);
                self.unwind();
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// Gives the gradient of an output, from which [`Self::unwind`] starts.
    pub fn seed(&mut self, output: &Tensor, gradient: &Tensor) {
        self.gradients.insert(output.key(), gradient.clone());
        self.written_gradients.insert(gradient.key());
    }

    /// Unwinds every registered backward, last first.
    pub fn unwind(&mut self) {
        let outer = self.scope.len();
        for Registered { output, scope, backward } in std::mem::take(&mut self.backward).into_iter().rev() {
            if let Some(gradient) = self.written_gradient(&output) {
                self.scope.extend(scope);
                backward(self, &gradient);
                self.scope.truncate(outer);
            }
        }
        self.sum_now();
    }
}

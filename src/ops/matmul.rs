//! Matrix products of a linear layer (weights (out, in) as in PyTorch), batched over learners, and the layer itself.
//!
//! | layout | product | in a linear layer |
//! |---|---|---|
//! | NT | C[m,n] = Σ A[m,k] B[n,k] + bias[n] | forward: A = x, B = weight |
//! | NN | C[m,n] = Σ A[m,k] B[k,n] | dx: A = dy, B = weight |
//! | TN | C[m,n] = Σ A[k,m] B[k,n] | dweight: A = dy, B = x; dbias comes out of the same pass |
//!
//! Several variants of each ([`FAMILIES`]): tiles held by subgroups of 8 lanes without workgroup memory, for llvmpipe; tiles passed
//! through workgroup memory, for GPUs; one element a thread, for shapes that no other takes. TN splits its long k over
//! workgroups by the shape of one learner alone and folds the partial sums in fixed order, so that a learner's result
//! depends neither on chance nor on the number of learners.

use super::case::{Case, Input};
use super::reference::Host;
use crate::gpu::{Family, GradSlot, Kernel, Needs, Record, Tape, Tensor, Variant};

const PLAIN: Kernel = Kernel::new("ops/matmul_plain.wgsl");
const WORKGROUP: Kernel = Kernel::new("ops/matmul_workgroup.wgsl");
const NT_REGISTER: Kernel = Kernel::new("ops/matmul_nt_register.wgsl");
const NN_REGISTER: Kernel = Kernel::new("ops/matmul_nn_register.wgsl");
const TN_REGISTER: Kernel = Kernel::new("ops/matmul_tn_register.wgsl");
const FOLD: Kernel = Kernel::new("ops/matmul_fold.wgsl");

/// Which of A and B is stored transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A (m, k), B (n, k).
    Nt,
    /// A (m, k), B (k, n).
    Nn,
    /// A (k, m), B (k, n).
    Tn,
}

impl Layout {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Nt, Self::Nn, Self::Tn];
}

/// C = A Bᵀ.
const NT: Family = Family {
    name: "matmul_nt",
    kernels: &[],
    variants: &[
        Variant::software("register", Needs::EightLanes, &["matmul_nt_register"]),
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_workgroup"]),
        Variant::plain(&["matmul_plain"]),
    ],
};

/// C = A B.
const NN: Family = Family {
    name: "matmul_nn",
    kernels: &[],
    variants: &[
        Variant::software("register", Needs::EightLanes, &["matmul_nn_register"]),
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_workgroup"]),
        Variant::plain(&["matmul_plain"]),
    ],
};

/// C = Aᵀ B.
const TN: Family = Family {
    name: "matmul_tn",
    kernels: &["matmul_fold"],
    variants: &[
        Variant::software("register", Needs::EightLanes, &["matmul_tn_register"]),
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_workgroup"]),
        Variant::plain(&["matmul_plain"]),
    ],
};

/// The ways to compute a product, for each layout.
pub const FAMILIES: [&Family; 3] = [&NT, &NN, &TN];

/// How a variant cuts C up.
#[derive(Clone, Debug, PartialEq)]
struct Tiling {
    kernel: Kernel,
    /// Rows and columns of C that a workgroup has.
    tile: [u32; 2],
    /// Threads in a workgroup.
    threads: u32,
    /// Workgroups that a TN product is split into, if its k is long enough.
    groups: u32,
}

impl Layout {
    /// The ways to compute it.
    pub const fn family(self) -> &'static Family {
        match self {
            Self::Nt => &NT,
            Self::Nn => &NN,
            Self::Tn => &TN,
        }
    }

    fn tiling(self, variant: &str) -> Tiling {
        match (variant, self) {
            ("register", Self::Nt) => Tiling { kernel: NT_REGISTER, tile: [32, 32], threads: 8, groups: 16 },
            ("register", Self::Nn) => Tiling { kernel: NN_REGISTER, tile: [32, 32], threads: 8, groups: 16 },
            ("register", Self::Tn) => Tiling { kernel: TN_REGISTER, tile: [32, 32], threads: 8, groups: 16 },
            ("workgroup", _) => Tiling { kernel: WORKGROUP, tile: [64, 32], threads: 128, groups: 256 },
            _ => Tiling { kernel: PLAIN, tile: [64, 1], threads: 64, groups: 256 },
        }
    }
}

/// The shape of a product: C (m, n), summed over k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Which operand is transposed.
    pub layout: Layout,
    /// Rows of C.
    pub m: u32,
    /// Terms of each sum.
    pub k: u32,
    /// Columns of C.
    pub n: u32,
}

impl Product {
    /// Floating-point operations.
    pub const fn flops(self, learners: u32) -> u64 {
        2 * learners as u64 * self.m as u64 * self.k as u64 * self.n as u64
    }

    /// Bytes of A, B and C, each touched once.
    pub const fn bytes(self, learners: u32) -> u64 {
        let (m, k, n) = (self.m as u64, self.k as u64, self.n as u64);
        4 * learners as u64 * (m * k + k * n + m * n)
    }

    /// How it is computed: the variant that [`Tape::choose`] gives for this shape.
    fn tiling(self, tape: &mut Tape<'_>) -> Tiling {
        let quads = match self.layout {
            Layout::Nt | Layout::Nn => self.k.is_multiple_of(4) && self.n.is_multiple_of(4),
            Layout::Tn => self.m.is_multiple_of(4) && self.n.is_multiple_of(4),
        };
        self.layout.tiling(tape.choose(self.layout.family(), |variant| variant != "register" || quads))
    }

    /// Into how many chunks k is split, and their length (even): enough workgroups to fill the adapter, of one learner.
    fn splits(self, tiling: &Tiling) -> (u32, u32) {
        if self.layout != Layout::Tn {
            return (1, self.k.next_multiple_of(2));
        }
        let tiles = self.m.div_ceil(tiling.tile[0]) * self.n.div_ceil(tiling.tile[1]);
        let splits = (tiling.groups / tiles).min(self.k / 128).max(1);
        let chunk = self.k.div_ceil(splits).next_multiple_of(2);
        (self.k.div_ceil(chunk), chunk)
    }

    /// Threads of `batch` products.
    fn over(self, tiling: &Tiling, batch: u32) -> [u32; 3] {
        let [rows, columns] = tiling.tile;
        [self.m.div_ceil(rows) * tiling.threads, self.n.div_ceil(columns), batch]
    }
}

struct Operands<'t> {
    a: &'t Tensor,
    b: &'t Tensor,
    bias: Option<&'t Tensor>,
}

/// The part of a dispatch that all layouts share: sizes, strides, operands. What is left is C.
fn product<'t, 'g>(tape: &'t mut Tape<'g>, shape: Product, tiling: &Tiling, operands: &Operands<'_>) -> Record<'t, 'g> {
    let Operands { a, b, bias } = *operands;
    let Product { layout, m, k, n } = shape;
    let (splits, chunk) = shape.splits(tiling);
    let (a_row, a_step) = if layout == Layout::Tn { (1, m) } else { (k, 1) };
    let (b_step, b_column) = if layout == Layout::Nt { (1, k) } else { (n, 1) };
    let mut dispatch = tape.dispatch(&tiling.kernel).read("a", a).read("b", b);
    if ![NN_REGISTER, TN_REGISTER].contains(&tiling.kernel) {
        // A product without a bias still has the binding.
        dispatch = dispatch.read("bias", bias.unwrap_or(b));
    }
    dispatch
        .set("m", m)
        .set("n", n)
        .set("k", k)
        .set("splits", splits)
        .set("chunk", chunk)
        .set("block", m * n + m)
        .set("a_row", a_row)
        .set("a_step", a_step)
        .set("b_step", b_step)
        .set("b_column", b_column)
        .set("a_stride", a.learner_stride)
        .set("b_stride", b.learner_stride)
        .set("bias_stride", bias.map_or(0, |bias| bias.learner_stride))
        .set("biased", bias.is_some())
        .set("sums", layout == Layout::Tn)
        .flops(shape.flops(learners(a, b)))
}

fn learners(a: &Tensor, b: &Tensor) -> u32 {
    let learners = a.learners.max(b.learners);
    assert!([1, learners].contains(&a.learners) && [1, learners].contains(&b.learners), "{} and {}: learners differ", a.name, b.name);
    learners
}

/// c = a · bᵀ + bias. a (L, m, k), b (L, n, k), bias (L, 1, n), c (L, m, n); a or b may be shared by all learners.
pub fn matmul_nt(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, bias: Option<&Tensor>, c: &Tensor) {
    assert_eq!(a.columns, b.columns, "{} · {}ᵀ", a.name, b.name);
    let shape = Product { layout: Layout::Nt, m: a.rows, k: a.columns, n: b.rows };
    assert_eq!(c.shape(), [learners(a, b), shape.m, shape.n], "shape of {}", c.name);
    let tiling = shape.tiling(tape);
    product(tape, shape, &tiling, &Operands { a, b, bias })
        .set("c_stride", c.learner_stride)
        .set("accumulate", 0_u32)
        .write("c", c)
        .over(shape.over(&tiling, c.learners));
}

/// c (+)= a · b. a (L, m, k), b (L, k, n), c (L, m, n); a or b may be shared by all learners.
pub fn matmul_nn(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, c: &GradSlot) {
    assert_eq!(a.columns, b.rows, "{} · {}", a.name, b.name);
    let shape = Product { layout: Layout::Nn, m: a.rows, k: a.columns, n: b.columns };
    assert_eq!(c.tensor.shape(), [learners(a, b), shape.m, shape.n], "shape of {}", c.tensor.name);
    let tiling = shape.tiling(tape);
    product(tape, shape, &tiling, &Operands { a, b, bias: None })
        .set("c_stride", c.tensor.learner_stride)
        .gradient("c", c)
        .over(shape.over(&tiling, c.tensor.learners));
}

/// c (+)= aᵀ · b and sums (+)= the column sums of a. a (L, k, m), b (L, k, n), c (L, m, n), sums (L, 1, m); b may be shared by
/// all learners.
pub fn matmul_tn(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, c: &GradSlot, sums: Option<&GradSlot>) {
    assert_eq!(a.rows, b.rows, "{}ᵀ · {}", a.name, b.name);
    let shape = Product { layout: Layout::Tn, m: a.columns, k: a.rows, n: b.columns };
    let learners = learners(a, b);
    assert_eq!(c.tensor.shape(), [learners, shape.m, shape.n], "shape of {}", c.tensor.name);
    let tiling = shape.tiling(tape);
    let (splits, _) = shape.splits(&tiling);
    let block = shape.m * shape.n + shape.m;
    let partials = tape.tensor("matmul_partials", [learners, splits, block]);
    product(tape, shape, &tiling, &Operands { a, b, bias: None })
        .set("c_stride", partials.learner_stride)
        .set("accumulate", 0_u32)
        .write("c", &partials)
        .over(shape.over(&tiling, learners * splits));
    let unwanted = || GradSlot { tensor: c.tensor.clone(), accumulate: false };
    let (sums, count) = match sums {
        Some(sums) => (sums.clone(), block),
        // Nothing reaches the second output then.
        None => (GradSlot { tensor: tape.tensor("matmul_sums", [1, 1, 1]), ..unwanted() }, shape.m * shape.n),
    };
    tape.dispatch(&FOLD)
        .set("weights", shape.m * shape.n)
        .set("block", block)
        .set("count", count)
        .set("splits", splits)
        .set("weight_stride", c.tensor.learner_stride)
        .set("bias_stride", sums.tensor.learner_stride)
        .set("accumulate_weight", c.accumulate)
        .set("accumulate_bias", sums.accumulate)
        .read("partials", &partials)
        .read_write_or_write("dweight", &c.tensor, c.accumulate)
        .read_write_or_write("dbias", &sums.tensor, sums.accumulate)
        .flops(partials.all_elements())
        .over([count, 1, learners]);
}

/// y = x · weightᵀ + bias. x (L, R, in) or shared (1, R, in), weight (L, out, in), bias (L, 1, out) → (L, R, out).
///
/// # Panics
/// If shapes do not fit, or if a tensor shared by several learners wants a gradient.
pub fn linear(tape: &mut Tape<'_>, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let y = tape.tensor("linear", [learners(x, weight), x.rows, weight.rows]);
    matmul_nt(tape, x, weight, bias, &y);
    let mut inputs = vec![x, weight];
    inputs.extend(bias);
    for input in &inputs {
        assert!(input.learners == y.learners || !tape.needs_gradient(input), "{}: no gradient for what learners share", input.name);
    }
    let (x, weight, bias) = (x.clone(), weight.clone(), bias.cloned());
    tape.on_backward(&y, &inputs, move |tape, dy| {
        if tape.needs_gradient(&x) {
            let dx = tape.gradient(&x);
            matmul_nn(tape, dy, &weight, &dx);
        }
        if tape.needs_gradient(&weight) {
            let dweight = tape.gradient(&weight);
            let dbias = bias.filter(|bias| tape.needs_gradient(bias)).map(|bias| tape.gradient(&bias));
            matmul_tn(tape, dy, &x, &dweight, dbias.as_ref());
        }
    });
    y
}

/// Naive forward. Inputs: x, weight, bias (optional).
pub fn reference(inputs: &[Host]) -> Host {
    let (x, weight) = (&inputs[0], &inputs[1]);
    let learners = x.shape[0].max(weight.shape[0]);
    Host::from_fn([learners, x.shape[1], weight.shape[1]], |l, r, o| {
        let products = (0..x.shape[2]).map(|i| x.at(l, r, i) * weight.at(l, o, i)).sum::<f64>();
        products + inputs.get(2).map_or(0.0, |bias| bias.at(l, 0, o))
    })
}

/// Naive backward. Returns dx, dweight, dbias (with a bias).
pub fn reference_backward(inputs: &[Host], dy: &Host) -> Vec<Host> {
    let (x, weight) = (&inputs[0], &inputs[1]);
    let [learners, rows, outs] = dy.shape;
    let mut gradients: Vec<Host> = inputs.iter().map(|input| Host::zeros(input.shape)).collect();
    for l in 0..learners {
        for r in 0..rows {
            for o in 0..outs {
                let d = dy.at(l, r, o);
                for i in 0..x.shape[2] {
                    *gradients[0].at_mut(l, r, i) += d * weight.at(l, o, i);
                    *gradients[1].at_mut(l, o, i) += d * x.at(l, r, i);
                }
                if let Some(dbias) = gradients.get_mut(2) {
                    *dbias.at_mut(l, 0, o) += d;
                }
            }
        }
    }
    gradients
}

/// Awkward shapes: one, primes, tile edges, more rows than a chunk; learners one and three.
pub fn cases() -> Vec<Case> {
    // (rows, in, out): the last five are multiples of four, which the register kernels take.
    let shapes = [(1, 1, 1), (1, 5, 3), (67, 7, 13), (13, 31, 37), (4, 4, 4), (33, 12, 20), (1, 36, 68), (70, 64, 32), (261, 8, 40)];
    let mut cases = Vec::new();
    for (rows, ins, outs) in shapes {
        for (learners, biased) in [(1, true), (3, rows % 2 == 1)] {
            let mut inputs = vec![Input::new("x", [learners, rows, ins]), Input::new("weight", [learners, outs, ins])];
            if biased {
                inputs.push(Input::new("bias", [learners, 1, outs]));
            }
            cases.push(Case {
                name: format!("linear {learners}x{rows}x{ins}x{outs}{}", if biased { " biased" } else { "" }),
                inputs,
                record: Box::new(move |tape, inputs| linear(tape, &inputs[0], &inputs[1], inputs.get(2))),
                forward: Box::new(reference),
                backward: Box::new(reference_backward),
                tolerance: (2e-4, 2e-4),
                flops: 6 * (learners * rows * ins * outs) as u64,
            });
        }
    }
    // One x for all learners: what the data loader gives.
    cases.push(Case {
        name: "linear shared x".to_owned(),
        inputs: vec![Input::new("x", [1, 33, 12]).constant(), Input::new("weight", [3, 20, 12]), Input::new("bias", [3, 1, 20])],
        record: Box::new(|tape, inputs| linear(tape, &inputs[0], &inputs[1], inputs.get(2))),
        forward: Box::new(reference),
        backward: Box::new(reference_backward),
        tolerance: (2e-4, 2e-4),
        flops: 4 * 3 * 33 * 12 * 20,
    });
    cases
}

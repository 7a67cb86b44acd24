//! Matrix products of a linear layer (weights (out, in) as in PyTorch), batched over learners, and the layer itself.
//!
//! | layout | product | in a linear layer |
//! |---|---|---|
//! | NT | C[m,n] = Σ A[m,k] B[n,k] | forward: A = x, B = weight |
//! | NN | C[m,n] = Σ A[m,k] B[k,n] | dx: A = dy, B = weight |
//! | TN | C[m,n] = Σ A[k,m] B[k,n] | dweight: A = dy, B = x; dbias comes out of the same pass |
//!
//! Several variants of each ([`FAMILIES`]): tiles held by subgroups of 8 lanes without workgroup memory, for llvmpipe; tiles passed
//! through workgroup memory, for GPUs; one element a thread, for shapes that no other takes. What is done to an element before it is
//! stored ([`Epilogue`]) costs no dispatch of its own. TN splits its long k over workgroups by the shape of one learner alone
//! and folds the partial sums in fixed order, so that a learner's result depends neither on chance nor on the number of
//! learners; where one split is enough, the gradients are written straight to their places.

use super::activation::Activation;
use crate::gpu::{Family, GradSlot, Kernel, Needs, Record, Tape, Tensor, Variant};

const PLAIN: Kernel = Kernel::new("ops/matmul_plain.wgsl");
const WORKGROUP: Kernel = Kernel::new("ops/matmul_workgroup.wgsl");
const WORKGROUP_LARGE: Kernel = Kernel::new("ops/matmul_workgroup_large.wgsl");
const NT_REGISTER: Kernel = Kernel::new("ops/matmul_nt_register.wgsl");
const NN_REGISTER: Kernel = Kernel::new("ops/matmul_nn_register.wgsl");
const TN_REGISTER: Kernel = Kernel::new("ops/matmul_tn_register.wgsl");
const BACKWARD_REGISTER: Kernel = Kernel::new("ops/matmul_backward_register.wgsl");
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
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_nt_workgroup"]),
        Variant::gpu("workgroup_large", Needs::Nothing, &["matmul_nt_workgroup_large"]),
        Variant::plain(&["matmul_nt_plain"]),
    ],
};

/// C = A B.
const NN: Family = Family {
    name: "matmul_nn",
    kernels: &[],
    variants: &[
        Variant::software("register", Needs::EightLanes, &["matmul_nn_register"]),
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_nn_workgroup"]),
        Variant::gpu("workgroup_large", Needs::Nothing, &["matmul_nn_workgroup_large"]),
        Variant::plain(&["matmul_nn_plain"]),
    ],
};

/// C = Aᵀ B.
const TN: Family = Family {
    name: "matmul_tn",
    kernels: &["matmul_fold"],
    variants: &[
        Variant::software("register", Needs::EightLanes, &["matmul_tn_register"]),
        Variant::gpu("workgroup", Needs::Nothing, &["matmul_tn_workgroup"]),
        Variant::gpu("workgroup_large", Needs::Nothing, &["matmul_tn_workgroup_large"]),
        Variant::plain(&["matmul_tn_plain"]),
    ],
};

/// Both products of a linear layer's backward. Together only where each would be taken by its register kernel, so that who asks
/// for another kernel gets it.
pub const BACKWARD: Family = Family {
    name: "matmul_backward",
    kernels: &["matmul_nn_register", "matmul_tn_register"],
    variants: &[
        Variant::software("together", Needs::EightLanes, &["matmul_backward_register"]),
        Variant::gpu("apart", Needs::Nothing, &[]),
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

    fn tiling(self, variant: &'static str) -> Tiling {
        let large = || {
            let along = |yes: bool| f64::from(u8::from(yes));
            WORKGROUP_LARGE.with("A_ALONG_K", along(self != Self::Tn)).with("B_ALONG_K", along(self == Self::Nt))
        };
        // These shaders serve all layouts; each has the name that the layout's family knows.
        let name = self.family().variant(variant).and_then(|variant| variant.kernels.first()).copied().unwrap_or(variant);
        match (variant, self) {
            ("register", Self::Nt) => Tiling { kernel: NT_REGISTER, tile: [32, 32], threads: 8, groups: 8 },
            ("register", Self::Nn) => Tiling { kernel: NN_REGISTER, tile: [32, 32], threads: 8, groups: 8 },
            ("register", Self::Tn) => Tiling { kernel: TN_REGISTER, tile: [32, 32], threads: 8, groups: 8 },
            ("workgroup", _) => Tiling { kernel: WORKGROUP.named(name), tile: [64, 32], threads: 128, groups: 256 },
            ("workgroup_large", _) => Tiling { kernel: large().named(name), tile: [128, 64], threads: 256, groups: 256 },
            _ => Tiling { kernel: PLAIN.named(name), tile: [64, 1], threads: 64, groups: 256 },
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
        let fits = |variant| !["register", "workgroup_large"].contains(&variant) || quads;
        self.layout.tiling(tape.choose(self.layout.family(), fits))
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

/// What is done to each element of C = A B before it is stored: + bias, + residual, the activation; or · slope.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'t> {
    /// (L, 1, n), added. NT alone.
    pub bias: Option<&'t Tensor>,
    /// (L, m, n), added. NT alone.
    pub residual: Option<&'t Tensor>,
    /// NT alone.
    pub activation: Activation,
    /// (L, m, n), multiplied with. NN alone.
    pub slopes: Option<&'t Tensor>,
}

impl Epilogue<'_> {
    /// Nothing.
    pub const NONE: Self = Self { bias: None, residual: None, activation: Activation::None, slopes: None };
}

/// The part of a dispatch that all layouts share: sizes, strides, operands, the epilogue. What is left is C.
fn product<'t, 'g>(
    tape: &'t mut Tape<'g>,
    shape: Product,
    tiling: &Tiling,
    [a, b]: [&Tensor; 2],
    epilogue: Epilogue<'_>,
) -> Record<'t, 'g> {
    let Epilogue { bias, residual, activation, slopes } = epilogue;
    let Product { layout, m, k, n } = shape;
    let (splits, chunk) = shape.splits(tiling);
    let (a_row, a_step) = if layout == Layout::Tn { (1, m) } else { (k, 1) };
    let (b_step, b_column) = if layout == Layout::Nt { (1, k) } else { (n, 1) };
    let extra = residual.or(slopes);
    let elements = u64::from(learners(a, b)) * u64::from(m) * u64::from(n);
    let adds = u64::from(bias.is_some()) + u64::from(extra.is_some());
    let kernel = match activation {
        Activation::None => tiling.kernel.clone(),
        _ => tiling.kernel.clone().with("ACTIVATION", activation.code()),
    };
    let mut dispatch = tape.dispatch(&kernel).read("a", a).read("b", b);
    // What is not there still has its binding.
    if ![NN_REGISTER, TN_REGISTER].contains(&tiling.kernel) {
        dispatch = dispatch.read("bias", bias.unwrap_or(b));
    }
    if tiling.kernel != TN_REGISTER {
        dispatch = dispatch.read("extra", extra.unwrap_or(b));
    }
    let stride = |tensor: Option<&Tensor>| tensor.map_or(0, |tensor| tensor.learner_stride);
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
        .set("bias_stride", stride(bias))
        .set("extra_stride", stride(extra))
        .set("biased", bias.is_some())
        .set("added", residual.is_some())
        .set("scaled", slopes.is_some())
        .flops(shape.flops(learners(a, b)) + (adds + activation.flops()) * elements)
}

pub(super) fn learners(a: &Tensor, b: &Tensor) -> u32 {
    let learners = a.learners.max(b.learners);
    assert!([1, learners].contains(&a.learners) && [1, learners].contains(&b.learners), "{} and {}: learners differ", a.name, b.name);
    learners
}

/// c = a · bᵀ + bias. a (L, m, k), b (L, n, k), bias (L, 1, n), c (L, m, n); a or b may be shared by all learners.
pub fn matmul_nt(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, bias: Option<&Tensor>, c: &Tensor) {
    matmul_nt_with(tape, [a, b], Epilogue { bias, ..Epilogue::NONE }, c, None);
}

/// [`matmul_nt`] with any epilogue; where `slopes` are wanted, c and slopes are slices of one tensor: that, and where in a
/// learner's part the slopes begin.
pub(super) fn matmul_nt_with(
    tape: &mut Tape<'_>,
    [a, b]: [&Tensor; 2],
    epilogue: Epilogue<'_>,
    c: &Tensor,
    slopes: Option<(&Tensor, u32)>,
) {
    assert_eq!(a.columns, b.columns, "{} · {}ᵀ", a.name, b.name);
    let shape = Product { layout: Layout::Nt, m: a.rows, k: a.columns, n: b.rows };
    assert_eq!(c.shape(), [learners(a, b), shape.m, shape.n], "shape of {}", c.name);
    let tiling = shape.tiling(tape);
    let (whole, slopes_at) = slopes.unwrap_or((c, 0));
    let written = if slopes_at > 0 { 2 * c.all_elements() } else { c.all_elements() };
    let slope_flops = if slopes_at > 0 { epilogue.activation.slope_flops() - epilogue.activation.flops() } else { 0 };
    product(tape, shape, &tiling, [a, b], epilogue)
        .set("c_stride", whole.learner_stride)
        .set("accumulate", false)
        .set("sums_at", 0_u32)
        .set("slopes_at", slopes_at)
        .write("c", whole)
        .untouched(4 * (whole.all_elements() - written))
        // They share what the values need.
        .flops(slope_flops * c.all_elements())
        .over(shape.over(&tiling, c.learners));
}

/// c (+)= a · b. a (L, m, k), b (L, k, n), c (L, m, n); a or b may be shared by all learners.
pub fn matmul_nn(tape: &mut Tape<'_>, a: &Tensor, b: &Tensor, c: &GradSlot) {
    matmul_nn_with(tape, [a, b], None, c);
}

/// c (+)= slopes · (a · b), element by element with slopes (L, m, n).
pub(super) fn matmul_nn_with(tape: &mut Tape<'_>, [a, b]: [&Tensor; 2], slopes: Option<&Tensor>, c: &GradSlot) {
    assert_eq!(a.columns, b.rows, "{} · {}", a.name, b.name);
    let shape = Product { layout: Layout::Nn, m: a.rows, k: a.columns, n: b.columns };
    assert_eq!(c.tensor.shape(), [learners(a, b), shape.m, shape.n], "shape of {}", c.tensor.name);
    let tiling = shape.tiling(tape);
    product(tape, shape, &tiling, [a, b], Epilogue { slopes, ..Epilogue::NONE })
        .set("c_stride", c.tensor.learner_stride)
        .set("sums_at", 0_u32)
        .set("slopes_at", 0_u32)
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
    let target = SplitTarget::new(tape, shape, &tiling, learners, c, sums);
    product(tape, shape, &tiling, [a, b], Epilogue::NONE)
        .set("c_stride", target.place.learner_stride)
        .set("accumulate", target.accumulate)
        .set("sums_at", target.sums_at)
        .set("slopes_at", 0_u32)
        .read_write_or_write("c", &target.place, target.accumulate)
        .untouched(target.untouched())
        .flops(target.flops())
        .over(shape.over(&tiling, learners * target.splits));
    target.finish(tape, shape, c, sums);
}

/// Where a TN product goes: straight to its gradients, or as partial products (L, splits, m n + m) to a place from which they are
/// summed.
struct SplitTarget {
    place: Tensor,
    splits: u32,
    accumulate: bool,
    /// Where in a block the column sums are; 0: nowhere.
    sums_at: u32,
    /// Elements that are written.
    written: u64,
    is_straight: bool,
}

impl SplitTarget {
    fn new(tape: &mut Tape<'_>, shape: Product, tiling: &Tiling, learners: u32, c: &GradSlot, sums: Option<&GradSlot>) -> Self {
        let (splits, _) = shape.splits(tiling);
        let weights = shape.m * shape.n;
        let written = u64::from(learners * splits) * u64::from(weights + if sums.is_some() { shape.m } else { 0 });
        match if splits == 1 { in_one_place(c, sums) } else { None } {
            Some((place, sums_at)) => Self { place, splits, accumulate: c.accumulate, sums_at, written, is_straight: true },
            None => Self {
                place: tape.parts(
                    "matmul_partials",
                    [learners, splits, weights + shape.m],
                    &std::iter::once(c).chain(sums).collect::<Vec<_>>(),
                ),
                splits,
                accumulate: false,
                sums_at: if sums.is_some() { weights } else { 0 },
                written,
                is_straight: false,
            },
        }
    }

    /// Bytes of the place that are not touched.
    fn untouched(&self) -> u64 {
        (if self.accumulate { 8 } else { 4 }) * (self.place.all_elements() - self.written)
    }

    /// Additions to what is there.
    const fn flops(&self) -> u64 {
        if self.accumulate { self.written } else { 0 }
    }

    fn finish(&self, tape: &mut Tape<'_>, shape: Product, c: &GradSlot, sums: Option<&GradSlot>) {
        if self.is_straight {
            return;
        }
        if tape.sum_later(&self.place, 0, c) {
            if let Some(sums) = sums {
                tape.sum_later(&self.place, shape.m * shape.n, sums);
            }
        } else {
            fold(tape, shape, &self.place, c, sums);
        }
    }
}

/// The backward of y = x · weightᵀ + bias: dx (+)= slopes · (dy · weight), as [`matmul_nn`], and dweight (+)= dyᵀ · x with dbias (+)= the
/// column sums of dy, as [`matmul_tn`]; in one dispatch where the family says so.
pub(super) fn matmul_backward(
    tape: &mut Tape<'_>,
    dy: &Tensor,
    [weight, x]: [&Tensor; 2],
    slopes: Option<&Tensor>,
    [dx, dweight]: [&GradSlot; 2],
    dbias: Option<&GradSlot>,
) {
    let inner = Product { layout: Layout::Nn, m: dy.rows, k: dy.columns, n: weight.columns };
    let outer = Product { layout: Layout::Tn, m: dy.columns, k: dy.rows, n: x.columns };
    let tilings = [inner, outer].map(|product| product.tiling(tape));
    let fits = tilings[0].kernel == NN_REGISTER && tilings[1].kernel == TN_REGISTER;
    if !tape.chooses(&BACKWARD, "together", fits) {
        matmul_nn_with(tape, [dy, weight], slopes, dx);
        matmul_tn(tape, dy, x, dweight, dbias);
        return;
    }
    let learners = learners(dy, weight);
    for (tensor, shape) in [(x, [learners, inner.m, inner.n]), (&dx.tensor, x.shape()), (&dweight.tensor, weight.shape())] {
        assert_eq!(tensor.shape(), shape, "shape of {}", tensor.name);
    }
    let tiling = &tilings[1];
    let target = SplitTarget::new(tape, outer, tiling, learners, dweight, dbias);
    let tiles = |rows: u32| rows.div_ceil(tiling.tile[0]);
    let scaled = if slopes.is_some() { x.all_elements() } else { 0 };
    tape.dispatch(&BACKWARD_REGISTER)
        .set("rows", inner.m)
        .set("outs", inner.k)
        .set("ins", inner.n)
        .set("splits", target.splits)
        .set("chunk", outer.splits(tiling).1)
        .set("block", outer.m * outer.n + outer.m)
        .set("dy_stride", dy.learner_stride)
        .set("weight_stride", weight.learner_stride)
        .set("x_stride", x.learner_stride)
        .set("slopes_stride", slopes.map_or(0, |slopes| slopes.learner_stride))
        .set("dx_stride", dx.tensor.learner_stride)
        .set("dweight_stride", target.place.learner_stride)
        .set("scaled", slopes.is_some())
        .set("accumulate_dx", dx.accumulate)
        .set("accumulate_dweight", target.accumulate)
        .set("sums_at", target.sums_at)
        .read("dy", dy)
        .read("weight", weight)
        .read("x", x)
        // What is not there still has its binding.
        .read("slopes", slopes.unwrap_or(weight))
        .read_write_or_write("dx", &dx.tensor, dx.accumulate)
        .read_write_or_write("dweight", &target.place, target.accumulate)
        .untouched(target.untouched())
        .flops(inner.flops(learners) + outer.flops(learners) + scaled + target.flops())
        .flops(if dx.accumulate { dx.tensor.all_elements() } else { 0 })
        .over([(tiles(outer.m) * target.splits + tiles(inner.m)) * tiling.threads, inner.n.div_ceil(tiling.tile[1]), learners]);
    target.finish(tape, outer, dweight, dbias);
}

/// One tensor that holds both gradients, and where in a learner's part the sums begin (0 without): if they lie in one
/// buffer, the sums behind c, and both are overwritten or both added to.
fn in_one_place(c: &GradSlot, sums: Option<&GradSlot>) -> Option<(Tensor, u32)> {
    let Some(sums) = sums else { return Some((c.tensor.clone(), 0)) };
    let both = c.tensor.through(&sums.tensor).filter(|_| c.accumulate == sums.accumulate)?;
    let sums_at = both.columns - sums.tensor.elements();
    Some((both, sums_at))
}

/// Sums the partial products (L, splits, m n + m) of a TN product in the order of the splits.
fn fold(tape: &mut Tape<'_>, shape: Product, partials: &Tensor, c: &GradSlot, sums: Option<&GradSlot>) {
    let (weights, block) = (shape.m * shape.n, shape.m * shape.n + shape.m);
    let (sums, count) = match sums {
        Some(sums) => (sums.clone(), block),
        // Nothing reaches the second output then.
        None => (GradSlot { tensor: tape.tensor("matmul_sums", [1, 1, 1]), accumulate: false }, weights),
    };
    tape.dispatch(&FOLD)
        .set("weights", weights)
        .set("block", block)
        .set("count", count)
        .set("splits", partials.rows)
        .set("weight_stride", c.tensor.learner_stride)
        .set("bias_stride", sums.tensor.learner_stride)
        .set("accumulate_weight", c.accumulate)
        .set("accumulate_bias", sums.accumulate)
        .read("partials", partials)
        .read_write_or_write("dweight", &c.tensor, c.accumulate)
        .read_write_or_write("dbias", &sums.tensor, sums.accumulate)
        .flops(partials.all_elements())
        .over([count, 1, partials.learners]);
}

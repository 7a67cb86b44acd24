//! The linear layer y = x · weightᵀ + bias with what follows it: nothing, a residual, or GELU, all in the product's own dispatch.
//!
//! Backward of a residual: its gradient is dy, which is passed on and not copied ([`Tape::pass_gradient`]). Backward of GELU: the
//! forward keeps the activation's slopes instead of its arguments, and whoever takes the values multiplies the gradient that it
//! computes by them; so the gradient with respect to the values is never stored, only that with respect to the arguments.

use super::activation::Activation;
use super::case::{Case, Input};
use super::matmul::{Epilogue, learners, matmul_backward, matmul_nn_with, matmul_nt_with, matmul_tn};
use super::reference::Host;
use super::residual::add_gradient;
use crate::gpu::{Tape, Tensor, aligned_elements};

/// What a layer takes and gives: values, and their slopes if they came out of an activation that a gradient flows back through.
#[derive(Clone, Debug)]
pub struct Features {
    /// (L, R, C)
    pub values: Tensor,
    slopes: Option<Tensor>,
}

impl From<&Tensor> for Features {
    fn from(values: &Tensor) -> Self {
        Self { values: values.clone(), slopes: None }
    }
}

impl Features {
    /// The tensor under which the tape keeps the gradient that a taker computes: the slopes stand for the arguments.
    fn source(&self) -> &Tensor {
        self.slopes.as_ref().unwrap_or(&self.values)
    }
}

/// What follows a layer.
#[derive(Clone, Copy, Debug)]
pub enum Then<'t> {
    /// Nothing.
    Nothing,
    /// A residual (L, R, out) is added.
    Add(&'t Tensor),
    /// GELU, in the tanh form.
    Gelu,
}

/// y = x · weightᵀ + bias. x (L, R, in) or shared (1, R, in), weight (L, out, in), bias (L, 1, out) → (L, R, out).
///
/// # Panics
/// If shapes do not fit, or if a tensor shared by several learners wants a gradient.
pub fn linear(tape: &mut Tape<'_>, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    layer(tape, &x.into(), weight, bias, Then::Nothing).values
}

/// [`linear`] and what follows.
///
/// # Panics
/// As [`linear`], and if a residual has another shape than y.
pub fn layer(tape: &mut Tape<'_>, x: &Features, weight: &Tensor, bias: Option<&Tensor>, then: Then<'_>) -> Features {
    let shape = [learners(&x.values, weight), x.values.rows, weight.rows];
    let residual = if let Then::Add(residual) = then { Some(residual) } else { None };
    let activation = if let Then::Gelu = then { Activation::Gelu } else { Activation::None };
    let mut inputs = vec![x.source(), weight];
    inputs.extend(bias);
    inputs.extend(residual);
    for input in &inputs {
        assert!(input.learners == shape[0] || !tape.needs_gradient(input), "{}: no gradient for what learners share", input.name);
    }
    assert!(residual.is_none_or(|residual| residual.shape() == shape), "a residual for {shape:?}");
    let epilogue = Epilogue { bias, residual, activation, slopes: None };
    let operands = [&x.values, weight];
    let y = if activation == Activation::None {
        let y = tape.tensor("linear", shape);
        matmul_nt_with(tape, operands, epilogue, &y, None);
        Features::from(&y)
    } else if inputs.iter().any(|input| tape.needs_gradient(input)) {
        let [learners, rows, columns] = shape;
        let slopes_at = aligned_elements(rows * columns);
        let both = tape.tensor("gelu", [learners, 1, 2 * slopes_at]);
        let values = both.slice(&both.name, 0, rows, columns);
        let slopes = both.slice(&format!("{}_slopes", both.name), slopes_at, rows, columns);
        matmul_nt_with(tape, operands, epilogue, &values, Some((&both, slopes_at)));
        Features { values, slopes: Some(slopes) }
    } else {
        let values = tape.tensor("gelu", shape);
        matmul_nt_with(tape, operands, epilogue, &values, None);
        Features::from(&values)
    };
    let output = y.source().clone();
    let (x, weight, bias, residual) = (x.clone(), weight.clone(), bias.cloned(), residual.cloned());
    tape.on_backward(&output.clone(), &inputs, move |tape, dy| {
        let dx = tape.needs_gradient(x.source()).then(|| tape.gradient(x.source()));
        let dweight = tape.needs_gradient(&weight).then(|| tape.gradient(&weight));
        let dbias = bias.filter(|bias| dweight.is_some() && tape.needs_gradient(bias)).map(|bias| tape.gradient(&bias));
        match (&dx, &dweight) {
            (Some(dx), Some(dweight)) => {
                matmul_backward(tape, dy, [&weight, &x.values], x.slopes.as_ref(), [dx, dweight], dbias.as_ref());
            }
            (Some(dx), None) => matmul_nn_with(tape, [dy, &weight], x.slopes.as_ref(), dx),
            (None, Some(dweight)) => matmul_tn(tape, dy, &x.values, dweight, dbias.as_ref()),
            (None, None) => {}
        }
        // Last: whatever is added to it from here on goes into dy.
        if let Some(residual) = residual.filter(|residual| tape.needs_gradient(residual))
            && let Some(sum) = tape.pass_gradient(&output, &residual)
        {
            add_gradient(tape, dy, &sum);
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

/// Naive GELU.
pub fn gelu(x: &Host) -> Host {
    Host { shape: x.shape, values: x.values.iter().map(|&x| Activation::Gelu.value(x)).collect() }
}

/// Naive backward of [`gelu`]: dx.
pub fn gelu_backward(x: &Host, dy: &Host) -> Host {
    let values = x.values.iter().zip(&dy.values).map(|(&x, d)| d * Activation::Gelu.derivative(x)).collect();
    Host { shape: x.shape, values }
}

fn sum(a: &Host, b: &Host) -> Host {
    Host { shape: a.shape, values: a.values.iter().zip(&b.values).map(|(a, b)| a + b).collect() }
}

/// Awkward shapes: one, primes, tile edges, more rows than a chunk; learners one and three; then what follows a layer.
pub fn cases() -> Vec<Case> {
    let mut cases = plain_cases();
    // (rows, in, hidden): the last two are multiples of four, which the register kernels take.
    for (rows, ins, hidden) in [(1, 1, 1), (13, 5, 7), (33, 12, 20), (70, 8, 36)] {
        for learners in [1, 3] {
            cases.extend([perceptron(learners, rows, ins, hidden), deep_perceptron(learners, rows, ins, hidden)]);
        }
    }
    for (learners, rows, features) in [(1, 1, 1), (2, 13, 7), (1, 37, 12), (3, 5, 8)] {
        cases.extend([false, true].map(|late| residual_stream(learners, rows, features, late)));
    }
    cases
}

fn plain_cases() -> Vec<Case> {
    // (rows, in, out): the last six are multiples of four, which the register kernels take.
    let shapes =
        [(1, 1, 1), (1, 5, 3), (67, 7, 13), (13, 31, 37), (4, 4, 4), (33, 12, 20), (1, 36, 68), (70, 64, 32), (261, 8, 40), (134, 68, 132)];
    let mut cases = Vec::new();
    for (rows, ins, outs) in shapes {
        for (learners, biased) in [(1, true), (3, rows % 2 == 1)] {
            if learners > 1 && rows * ins * outs > 1_000_000 {
                continue;
            }
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

/// h = gelu(x · w1ᵀ + b1); y = x + h · w2ᵀ + b2; then y + h · w2ᵀ + b2: h is taken twice, so its slopes are multiplied with twice.
fn perceptron(learners: usize, rows: usize, ins: usize, hidden: usize) -> Case {
    let weight = |name, shape| Input::new(name, shape).within(-0.7, 0.7);
    Case {
        name: format!("perceptron {learners}x{rows}x{ins}x{hidden}"),
        inputs: vec![
            Input::new("x", [learners, rows, ins]),
            weight("w1", [learners, hidden, ins]),
            weight("b1", [learners, 1, hidden]),
            weight("w2", [learners, ins, hidden]),
            weight("b2", [learners, 1, ins]),
        ],
        record: Box::new(|tape, inputs| {
            let [x, w1, b1, w2, b2] = inputs else { unreachable!("five inputs") };
            let h = layer(tape, &x.into(), w1, Some(b1), Then::Gelu);
            let y = layer(tape, &h, w2, Some(b2), Then::Add(x)).values;
            layer(tape, &h, w2, Some(b2), Then::Add(&y)).values
        }),
        forward: Box::new(|inputs| {
            let z = reference(&[gelu(&reference(&inputs[..3])), inputs[3].clone(), inputs[4].clone()]);
            sum(&inputs[0], &sum(&z, &z))
        }),
        backward: Box::new(|inputs, dy| {
            let u = reference(&inputs[..3]);
            let mut outer = reference_backward(&[gelu(&u), inputs[3].clone(), inputs[4].clone()], &sum(dy, dy));
            let du = gelu_backward(&u, &outer.remove(0));
            let mut gradients = reference_backward(&inputs[..3], &du);
            gradients[0] = sum(&gradients[0], dy);
            gradients.extend(outer);
            gradients
        }),
        tolerance: (2e-4, 2e-4),
        flops: 18 * (learners * rows * ins * hidden) as u64,
    }
}

/// gelu(gelu(x · w1ᵀ) · w2ᵀ) · w1ᵀ, as a head of three layers has it.
fn deep_perceptron(learners: usize, rows: usize, ins: usize, hidden: usize) -> Case {
    let weight = |name, shape| Input::new(name, shape).within(-0.7, 0.7);
    Case {
        name: format!("deep perceptron {learners}x{rows}x{ins}x{hidden}"),
        inputs: vec![Input::new("x", [learners, rows, ins]), weight("w1", [learners, hidden, ins]), weight("w2", [learners, ins, hidden])],
        record: Box::new(|tape, inputs| {
            let [x, w1, w2] = inputs else { unreachable!("three inputs") };
            let first = layer(tape, &x.into(), w1, None, Then::Gelu);
            let second = layer(tape, &first, w2, None, Then::Gelu);
            layer(tape, &second, w1, None, Then::Nothing).values
        }),
        forward: Box::new(|inputs| {
            let first = gelu(&reference(&inputs[..2]));
            let second = gelu(&reference(&[first, inputs[2].clone()]));
            reference(&[second, inputs[1].clone()])
        }),
        backward: Box::new(|inputs, dy| {
            let [x, w1, w2] = inputs else { unreachable!("three inputs") };
            let u = reference(&[x.clone(), w1.clone()]);
            let v = reference(&[gelu(&u), w2.clone()]);
            let last = reference_backward(&[gelu(&v), w1.clone()], dy);
            let middle = reference_backward(&[gelu(&u), w2.clone()], &gelu_backward(&v, &last[0]));
            let first = reference_backward(&[x.clone(), w1.clone()], &gelu_backward(&u, &middle[0]));
            vec![first[0].clone(), sum(&first[1], &last[1]), middle[1].clone()]
        }),
        tolerance: (2e-4, 2e-4),
        flops: 18 * (learners * rows * ins * hidden) as u64,
    }
}

/// a = r · uᵀ; y = r + a · vᵀ; z = y + y · uᵀ; then z + r · vᵀ if `late`, else z + a · vᵀ: what is a residual is taken by others before
/// and after, so its gradient is made of several parts, of which one may have been passed.
fn residual_stream(learners: usize, rows: usize, features: usize, late: bool) -> Case {
    let weight = |name| Input::new(name, [learners, features, features]).within(-0.7, 0.7);
    Case {
        name: format!("residual stream {learners}x{rows}x{features}{}", if late { " late" } else { "" }),
        inputs: vec![Input::new("r", [learners, rows, features]), weight("u"), weight("v")],
        record: Box::new(move |tape, inputs| {
            let [r, u, v] = inputs else { unreachable!("three inputs") };
            let a = linear(tape, r, u, None);
            let y = layer(tape, &(&a).into(), v, None, Then::Add(r)).values;
            let z = layer(tape, &(&y).into(), u, None, Then::Add(&y)).values;
            let taken = if late { r } else { &a };
            layer(tape, &taken.into(), v, None, Then::Add(&z)).values
        }),
        forward: Box::new(move |inputs| {
            let [r, u, v] = inputs else { unreachable!("three inputs") };
            let a = reference(&[r.clone(), u.clone()]);
            let y = sum(r, &reference(&[a.clone(), v.clone()]));
            let z = sum(&y, &reference(&[y.clone(), u.clone()]));
            sum(&z, &reference(&[if late { r.clone() } else { a }, v.clone()]))
        }),
        backward: Box::new(move |inputs, dout| {
            let [r, u, v] = inputs else { unreachable!("three inputs") };
            let a = reference(&[r.clone(), u.clone()]);
            let y = sum(r, &reference(&[a.clone(), v.clone()]));
            let last = reference_backward(&[if late { r.clone() } else { a.clone() }, v.clone()], dout);
            let third = reference_backward(&[y, u.clone()], dout);
            let dy = sum(dout, &third[0]);
            let second = reference_backward(&[a, v.clone()], &dy);
            let da = if late { second[0].clone() } else { sum(&second[0], &last[0]) };
            let first = reference_backward(&[r.clone(), u.clone()], &da);
            let dr = sum(&dy, &first[0]);
            let dr = if late { sum(&dr, &last[0]) } else { dr };
            vec![dr, sum(&first[1], &third[1]), sum(&second[1], &last[1])]
        }),
        tolerance: (3e-4, 3e-4),
        flops: 24 * (learners * rows * features * features) as u64,
    }
}

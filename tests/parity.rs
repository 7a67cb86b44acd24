//! Every operation against its naive reference and its gradient check, with the software and the GPU kernels.
//! One test an operation family: nextest runs each in its own process, so a driver crash names the culprit.

use twinlens::gpu::{AdapterChoice, Gpu};
use twinlens::ops;
use twinlens::ops::case::{Case, check};

fn run(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    let gpu = Gpu::headless(&choice).expect("an adapter");
    let failures: Vec<String> = cases.iter().filter_map(|case| check(&gpu, case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn layernorm() {
    run(ops::layernorm::cases());
}

#[test]
fn batchnorm() {
    run(ops::batchnorm::cases());
}

#[test]
fn pool() {
    run(ops::pool::cases());
}

#[test]
fn l2norm() {
    run(ops::l2norm::cases());
}

#[test]
fn blend() {
    run(ops::blend::cases());
}

#[test]
fn byol_loss() {
    run(ops::byol_loss::cases());
}

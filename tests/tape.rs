//! What `freeze` refuses: each mistake is made once, and must be named with the dispatch and the culprit. And which gradients are
//! passed on.

use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, FreezeError, Gpu, GpuError, Kernel, Tape, Tensor};

/// x, y (L, R, C); uniform rows, columns, x_stride, least.
const L2NORM: Kernel = Kernel::new("ops/l2norm_forward.wgsl");
/// x, y; uniform learners, columns, scale.
const SUM: Kernel = Kernel::new("observe/column_sum.wgsl");
/// partials, dgain, dshift; two of them written.
const FOLD: Kernel = Kernel::new("ops/norm_fold.wgsl");

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

/// A tape, an input and an output for `L2NORM`, recorded by `record`; what `freeze` says of it.
fn refusal(record: impl FnOnce(&mut Tape<'_>, &Tensor, &Tensor)) -> FreezeError {
    let gpu = gpu();
    let x = gpu.tensor("input", [1, 3, 4]).unwrap();
    let mut tape = Tape::new(&gpu);
    let y = tape.tensor("output", [1, 3, 4]);
    tape.scope("block", |tape| record(tape, &x, &y));
    match tape.freeze() {
        Err(GpuError::Freeze(error)) => {
            let text = error.to_string();
            assert!(text.contains("block/"), "the dispatch is not named: {text}");
            error
        }
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[test]
fn a_sound_tape_is_accepted() {
    let gpu = gpu();
    let x = gpu.tensor("input", [1, 3, 4]).unwrap();
    let mut tape = Tape::new(&gpu);
    let y = tape.tensor("output", [1, 3, 4]);
    tape.dispatch(&L2NORM)
        .set("rows", 3_u32)
        .set("columns", 4_u32)
        .set("x_stride", 12_u32)
        .set("least", 1.0_f32)
        .read("x", &x)
        .write("y", &y)
        .over([3, 1, 1]);
    assert_eq!(tape.freeze().unwrap().len(), 1);
}

#[test]
fn an_unknown_binding() {
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).read("q", x).write("y", y).over([3, 1, 1]));
    assert!(matches!(&error, FreezeError::UnknownBinding { binding, known, .. } if binding == "q" && known == "x, y"), "{error}");
}

#[test]
fn a_missing_binding() {
    let error = refusal(|tape, x, _| tape.dispatch(&L2NORM).read("x", x).over([3, 1, 1]));
    assert!(matches!(&error, FreezeError::MissingBinding { binding, .. } if binding == "y"), "{error}");
}

#[test]
fn a_binding_given_twice() {
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).read("x", x).read("x", x).write("y", y).over([3, 1, 1]));
    assert!(matches!(&error, FreezeError::BoundTwice { binding, .. } if binding == "x"), "{error}");
}

#[test]
fn access_that_the_shader_contradicts() {
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).write("x", x).write("y", y).over([3, 1, 1]));
    let named = |error: &FreezeError, name: &str| matches!(error, FreezeError::AccessMismatch { binding, .. } if binding == name);
    assert!(named(&error, "x"), "{error}");
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).read("x", x).read("y", y).over([3, 1, 1]));
    assert!(named(&error, "y"), "{error}");
    assert!(error.to_string().contains("recorded as read, but the shader declares read_write"), "{error}");
}

fn uniform_refusal(values: &[(&'static str, twinlens::gpu::Value)]) -> (String, String) {
    let error = refusal(|tape, x, y| {
        let record = tape.dispatch(&L2NORM).read("x", x).write("y", y);
        values.iter().fold(record, |record, &(field, value)| record.set(field, value)).over([3, 1, 1]);
    });
    match error {
        FreezeError::Uniform { field, problem, .. } => (field, problem),
        other => panic!("another error: {other}"),
    }
}

#[test]
fn uniforms_that_do_not_fit() {
    let (rows, columns, stride, least) =
        (("rows", 3_u32.into()), ("columns", 4_u32.into()), ("x_stride", 12_u32.into()), ("least", 1.0_f32.into()));
    let (field, problem) = uniform_refusal(&[rows, columns, stride]);
    assert_eq!((field.as_str(), problem.as_str()), ("least", "not set"));
    let (field, problem) = uniform_refusal(&[rows, columns, stride, ("least", 1_u32.into())]);
    assert_eq!((field.as_str(), problem.as_str()), ("least", "set as u32, but the shader declares f32"));
    let (field, problem) = uniform_refusal(&[rows, columns, stride, least, ("most", 1_u32.into())]);
    assert_eq!((field.as_str(), problem.as_str()), ("most", "the shader's uniform has no such field"));
    let (field, problem) = uniform_refusal(&[rows, columns, stride, least, rows]);
    assert_eq!((field.as_str(), problem.as_str()), ("rows", "set twice"));
}

#[test]
fn a_buffer_read_and_written() {
    let error = refusal(|tape, x, _| tape.dispatch(&L2NORM).read("x", x).write("y", x).over([3, 1, 1]));
    assert!(matches!(&error, FreezeError::ReadAndWritten { tensor, .. } if tensor == "input"), "{error}");
}

fn fold(tape: &mut Tape<'_>, partials: &Tensor, dgain: &Tensor, dshift: &Tensor) {
    tape.dispatch(&FOLD)
        .set("columns", 64_u32)
        .set("chunks", 1_u32)
        .set("gradient_stride", 0_u32)
        .set("accumulate_gain", false)
        .set("accumulate_shift", false)
        .read("partials", partials)
        .write("dgain", dgain)
        .write("dshift", dshift)
        .over([128, 1, 1]);
}

#[test]
fn writes_that_overlap() {
    let error = refusal(|tape, x, y| fold(tape, x, y, y));
    assert!(matches!(&error, FreezeError::OverlappingWrites { tensor, .. } if tensor == "output"), "{error}");
    // Disjoint slices of one buffer are fine.
    let gpu = gpu();
    let flat = gpu.tensor("flat", [1, 1, 128]).unwrap();
    let partials = gpu.tensor("partials", [1, 1, 128]).unwrap();
    let mut tape = Tape::new(&gpu);
    fold(&mut tape, &partials, &flat.slice("gain", 0, 1, 64), &flat.slice("shift", 64, 1, 64));
    assert!(tape.freeze().is_ok());
}

#[test]
fn a_tensor_read_before_it_was_written() {
    let error = refusal(|tape, _, y| {
        let mean = tape.tensor("mean", [1, 1, 1]);
        tape.dispatch(&SUM)
            .set("learners", 1_u32)
            .set("columns", 12_u32)
            .set("scale", 1.0_f32)
            .read("x", y)
            .write("y", &mean)
            .over([1, 1, 1]);
    });
    assert!(matches!(&error, FreezeError::ReadBeforeWrite { tensor, .. } if tensor == "output"), "{error}");
}

#[test]
fn an_empty_dispatch() {
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).read("x", x).write("y", y).over([3, 0, 1]));
    assert!(matches!(&error, FreezeError::EmptyDispatch { items: [3, 0, 1], .. }), "{error}");
}

#[test]
fn more_groups_than_the_adapter_takes() {
    let error = refusal(|tape, x, y| tape.dispatch(&L2NORM).read("x", x).write("y", y).over([64 * 65535 + 1, 1, 1]));
    assert!(matches!(&error, FreezeError::TooManyGroups { groups: [65536, 1, 1], .. }), "{error}");
}

#[test]
fn a_tensor_too_large_for_the_adapter() {
    let gpu = gpu();
    let mut tape = Tape::new(&gpu);
    tape.tensor("giant", [1024, 65535, 65535]);
    let error = tape.freeze().err().expect("it cannot fit");
    assert!(matches!(&error, GpuError::TooLarge { name, .. } if name == "giant"), "{error}");
}

#[test]
fn a_gradient_is_passed_on_only_where_nobody_else_has_it() {
    let gpu = gpu();
    let persistent = |name| gpu.tensor(name, [1, 3, 4]).unwrap();
    let mut tape = Tape::new(&gpu);
    let [x, y, z] = ["x", "y", "z"].map(|name| tape.tensor(name, [1, 3, 4]));
    // Given from outside: others may have the same one.
    let seed = persistent("seed");
    tape.seed(&z, &seed);
    let slot = tape.pass_gradient(&z, &y).expect("a slot");
    assert!(!slot.accumulate && tape.written_gradient(&z).is_some());
    // The tape's own: no slot, no copy, and the output has none any more.
    assert!(tape.pass_gradient(&y, &x).is_none());
    assert!(tape.written_gradient(&y).is_none());
    let passed = tape.written_gradient(&x).expect("passed");
    assert_eq!(passed.name, slot.tensor.name);
    // What comes later adds to it.
    assert!(tape.gradient(&x).accumulate);
    // Written already: another is added to it.
    let w = tape.tensor("w", [1, 3, 4]);
    tape.gradient(&w);
    let slot = tape.pass_gradient(&w, &x).expect("a slot");
    assert!(slot.accumulate && slot.tensor.name == passed.name && tape.written_gradient(&w).is_some());
    // A place of its own.
    let (v, place) = (persistent("v"), persistent("place"));
    tape.bind_gradient(&v, &place);
    let slot = tape.pass_gradient(&w, &v).expect("a slot");
    assert!(!slot.accumulate && &*slot.tensor.name == "place");
}

#[test]
fn a_slice_of_what_was_written_may_be_read() {
    let gpu = gpu();
    let partials = gpu.tensor("partials", [1, 1, 128]).unwrap();
    let read = |before: bool| {
        let mut tape = Tape::new(&gpu);
        let flat = tape.tensor("flat", [1, 1, 192]);
        if before {
            fold(&mut tape, &partials, &flat.slice("one", 0, 1, 128), &flat.slice("two", 128, 1, 64));
        } else {
            fold(&mut tape, &partials, &flat.slice("one", 0, 1, 64), &flat.slice("two", 128, 1, 64));
        }
        let y = tape.tensor("output", [1, 1, 64]);
        let values = [("rows", 1_u32), ("columns", 64), ("x_stride", 64)];
        let record = tape.dispatch(&L2NORM).set("least", 1.0_f32).read("x", &flat.slice("middle", 64, 1, 64)).write("y", &y);
        values.into_iter().fold(record, |record, (field, value)| record.set(field, value)).over([1, 1, 1]);
        tape.freeze().err()
    };
    assert!(read(true).is_none());
    let error = read(false).expect("nobody wrote the middle");
    assert!(matches!(&error, GpuError::Freeze(FreezeError::ReadBeforeWrite { tensor, .. }) if tensor == "middle"), "{error}");
}

//! What ends a training step, over several consecutive steps, against naive f64 references: gradient norm, AdamW, moving
//! average and step state. The sizes are awkward: under one word of groups, no multiple of it, several chunks of the norm.

use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Gpu, Program, Tape, Tensor};
use twinlens::ops::adamw::{
    AVERAGED, AdamW, DECAYS, GROUP_ELEMENTS, PREDICTOR, PROTOTYPES, Parameter, adamw, reference as adamw_reference,
};
use twinlens::ops::case::{TestRng, compare};
use twinlens::ops::clip::{self, gradient_norm};
use twinlens::ops::ema::{self, ema};
use twinlens::ops::tick::{initial_state, state_at, tick};

const SIZES: [u32; 6] = [4, 60, 64, 68, 1000, 8200];

fn gpu() -> Arc<Gpu> {
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    Gpu::headless(&choice).expect("an adapter")
}

fn uploaded<T: bytemuck::NoUninit>(gpu: &Gpu, name: &str, shape: [u32; 3], elements: &[T]) -> Tensor {
    let tensor = gpu.tensor(name, shape).expect("a small tensor");
    gpu.upload(&tensor, elements);
    tensor
}

fn floats(gpu: &Gpu, tensor: &Tensor) -> Vec<f32> {
    gpu.download::<f32>(tensor).expect("a download")
}

fn random(rng: &mut TestRng, count: u32) -> Vec<f32> {
    (0..count).map(|_| rng.uniform(-2.0, 2.0) as f32).collect()
}

/// One learner's switches, as in `shaders/shared/learner.wgsl`.
#[derive(Clone, Copy)]
struct Dials {
    learning_rate: f32,
    predictor_multiplier: f32,
    weight_decay: f32,
    tau: f32,
    frozen_steps: u32,
}

fn dials(learner: u32) -> Dials {
    let l = learner as f32;
    Dials {
        learning_rate: 0.002 * (1.0 + l),
        predictor_multiplier: 10.0 - 3.0 * l,
        weight_decay: 0.1 + 0.2 * l,
        tau: 0.9 + 0.04 * l,
        frozen_steps: 2 * learner,
    }
}

fn learner_tensor(gpu: &Gpu, all: &[Dials]) -> Tensor {
    let words: Vec<f32> = all
        .iter()
        .flat_map(|d| {
            let mut words = [0.0; twinlens::ops::LEARNER_WORDS];
            words[..4].copy_from_slice(&[d.learning_rate, d.predictor_multiplier, d.weight_decay, d.tau]);
            words[12] = f32::from_bits(d.frozen_steps);
            words
        })
        .collect();
    uploaded(gpu, "learners", [all.len() as u32, 1, twinlens::ops::LEARNER_WORDS as u32], &words)
}

/// All sixteen combinations of the bits, in turn.
fn group_words(elements: u32) -> Vec<u32> {
    (0..elements.div_ceil(GROUP_ELEMENTS)).map(|word| word * 5 % 16).collect()
}

fn word_of(words: &[u32], element: usize) -> u32 {
    words[element / GROUP_ELEMENTS as usize]
}

fn slope(learners: u32, elements: u32) -> Vec<f32> {
    random(&mut TestRng(7), learners * elements)
}

#[test]
fn the_gradient_norm_is_each_learners_own() {
    let gpu = gpu();
    for (software, learners, elements) in
        [true, false].into_iter().flat_map(|software| SIZES.map(|size| (software, 1, size)).into_iter().chain([(software, 3, 8200)]))
    {
        let values = slope(learners, elements);
        let gradient = uploaded(&gpu, "gradient", [learners, 1, elements], &values);
        let mut tape = Tape::new(&gpu).with_variants(software);
        let norm = gradient_norm(&mut tape, &gradient);
        gpu.run(&tape.freeze().unwrap());
        let expected: Vec<f64> =
            values.chunks(elements as usize).map(|one| clip::reference(&one.iter().map(|&g| f64::from(g)).collect::<Vec<_>>())).collect();
        compare(&format!("software {software}, {learners}x{elements}"), &floats(&gpu, &norm), &expected, (0.0, 2e-6)).unwrap();
    }
}

struct Training {
    program: Program,
    student: Tensor,
    gradient: Tensor,
    moments: [Tensor; 2],
    teacher: Tensor,
}

const WARMUP: u32 = 3;

fn training(gpu: &Gpu, software: bool, settings: &AdamW, all: &[Dials], elements: u32, student: &[f32]) -> Training {
    let learners = all.len() as u32;
    let shape = [learners, 1, elements];
    let student = uploaded(gpu, "student", shape, student);
    let gradient = gpu.tensor("gradient", shape).unwrap();
    let moments = ["moment1", "moment2"].map(|name| gpu.tensor(name, shape).unwrap());
    let teacher = uploaded(gpu, "teacher", shape, &floats(gpu, &student));
    let words = group_words(elements);
    let groups = uploaded(gpu, "groups", [1, 1, words.len() as u32], &words);
    let dials = learner_tensor(gpu, all);
    let state = uploaded(gpu, "state", [1, 1, 4], &initial_state(settings.beta1, settings.beta2, WARMUP));
    let mut tape = Tape::new(gpu).with_variants(software);
    let norm = gradient_norm(&mut tape, &gradient);
    adamw(&mut tape, settings, &student, &gradient, &moments[0], &moments[1], &groups, &norm, &dials, &state);
    ema(&mut tape, &teacher, &student, &groups, &dials);
    tick(&mut tape, &state, settings.beta1, settings.beta2, WARMUP);
    Training { program: tape.freeze().unwrap(), student, gradient, moments, teacher }
}

fn follow_the_reference(gpu: &Gpu, software: bool, settings: &AdamW, learners: u32, elements: u32) {
    let all: Vec<Dials> = (0..learners).map(dials).collect();
    let mut rng = TestRng(11);
    let initial = random(&mut rng, learners * elements);
    let training = training(gpu, software, settings, &all, elements, &initial);
    let words = group_words(elements);
    let mut expected: Vec<Parameter> = initial.iter().map(|&value| Parameter { value: value.into(), ..Parameter::default() }).collect();
    let mut teacher: Vec<f64> = initial.iter().map(|&value| value.into()).collect();
    for step in 1..=6 {
        // Each learner's gradient is a tenth of the one before it, so that clipping takes some and leaves others.
        let scale = |index: usize| 0.1_f32.powi((index / elements as usize) as i32);
        let gradient: Vec<f32> = random(&mut rng, learners * elements).iter().enumerate().map(|(index, g)| g * scale(index)).collect();
        gpu.upload(&training.gradient, &gradient);
        gpu.run(&training.program);
        for (learner, own) in gradient.chunks(elements as usize).enumerate() {
            let dials = all[learner];
            let norm = clip::reference(&own.iter().map(|&g| f64::from(g)).collect::<Vec<_>>());
            for (element, &g) in own.iter().enumerate() {
                let bits = word_of(&words, element);
                let multiplier = if bits & PREDICTOR != 0 { f64::from(dials.predictor_multiplier) } else { 1.0 };
                let rate = f64::from(dials.learning_rate) * (f64::from(step) / f64::from(WARMUP)).min(1.0) * multiplier;
                let decay = if bits & DECAYS != 0 { f64::from(dials.weight_decay) } else { 0.0 };
                let index = learner * elements as usize + element;
                if bits & PROTOTYPES == 0 || step as u32 > dials.frozen_steps {
                    expected[index] = adamw_reference(settings, step, expected[index], g.into(), norm, rate, decay);
                }
                if bits & AVERAGED != 0 {
                    teacher[index] = ema::reference(teacher[index], expected[index].value, dials.tau.into());
                }
            }
        }
        let what = |name: &str| format!("{learners}x{elements}, {settings:?}, step {step}, {name}");
        let check = |name: &str, tensor: &Tensor, expected: Vec<f64>| {
            compare(&what(name), &floats(gpu, tensor), &expected, (1e-6, 1e-5)).unwrap();
        };
        check("student", &training.student, expected.iter().map(|p| p.value).collect());
        check("moment1", &training.moments[0], expected.iter().map(|p| p.moment1).collect());
        check("moment2", &training.moments[1], expected.iter().map(|p| p.moment2).collect());
        check("teacher", &training.teacher, teacher.clone());
    }
}

#[test]
fn adamw_and_the_average_follow_the_reference() {
    let gpu = gpu();
    let settings = AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, clip_norm: 0.0 };
    for software in [true, false] {
        for elements in SIZES {
            follow_the_reference(&gpu, software, &settings, 1, elements);
        }
        follow_the_reference(&gpu, software, &settings, 3, 1000);
        for clip_norm in [0.5, 3.0, 1e6] {
            follow_the_reference(&gpu, software, &AdamW { clip_norm, epsilon: 1e-3, ..settings }, 3, 68);
        }
    }
}

#[test]
fn frozen_prototypes_keep_their_bits() {
    let gpu = gpu();
    let (elements, settings) = (200, AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, clip_norm: 3.0 });
    let all = [0, 3].map(|frozen_steps| Dials { frozen_steps, ..dials(0) });
    for software in [true, false] {
        let initial = random(&mut TestRng(13), 400);
        let training = training(&gpu, software, &settings, &all, elements, &initial);
        let words = group_words(elements);
        let frozen = |index: &usize| word_of(&words, index % 200) & PROTOTYPES != 0;
        assert!((0..200).any(|index| frozen(&index)) && !(0..200).all(|index| frozen(&index)));
        for step in 1..=5 {
            gpu.upload(&training.gradient, &slope(2, elements));
            gpu.run(&training.program);
            let student = floats(&gpu, &training.student);
            let moments = training.moments.each_ref().map(|moment| floats(&gpu, moment));
            for index in 0..400 {
                let stays = index >= 200 && frozen(&index) && step <= 3;
                let what = format!("software {software}, step {step}, element {index}");
                assert_eq!(student[index].to_bits() == initial[index].to_bits(), stays, "{what}");
                assert!(moments.iter().all(|moment| (moment[index] == 0.0) == stays), "{what}");
            }
        }
    }
}

#[test]
fn a_learner_trains_alone_as_among_others() {
    let gpu = gpu();
    let (elements, settings) = (1000, AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, clip_norm: 3.0 });
    let all: Vec<Dials> = (0..3).map(dials).collect();
    let values = random(&mut TestRng(3), 3 * elements);
    let gradients = slope(3, elements);
    let last_bits = |software: bool, learners: usize| {
        let count = learners * elements as usize;
        let training = training(&gpu, software, &settings, &all[..learners], elements, &values[..count]);
        gpu.upload(&training.gradient, &gradients[..count]);
        (0..4).for_each(|_| gpu.run(&training.program));
        let bits = |tensor: &Tensor| floats(&gpu, tensor)[..elements as usize].iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        [bits(&training.student), bits(&training.teacher)]
    };
    for software in [true, false] {
        assert_eq!(last_bits(software, 1), last_bits(software, 3), "software {software}");
    }
}

#[test]
fn the_ends_of_tau_are_exact() {
    let gpu = gpu();
    let elements = 68;
    let shape = [3, 1, elements];
    let mut student = random(&mut TestRng(5), 3 * elements);
    let mut teacher = random(&mut TestRng(6), 3 * elements);
    for learner in 0..3 {
        let first = learner * elements as usize;
        student[first] = f32::NAN;
        student[first + 1] = -0.0;
        teacher[first + 2] = f32::INFINITY;
        teacher[first + 3] = -0.0;
    }
    let all = [0.0, 1.0, 0.5].map(|tau| Dials { tau, ..dials(0) });
    let student_tensor = uploaded(&gpu, "student", shape, &student);
    for software in [true, false] {
        let teacher_tensor = uploaded(&gpu, "teacher", shape, &teacher);
        // The second word's elements are the predictor's: never averaged.
        let groups = uploaded(&gpu, "groups", [1, 1, 2], &[AVERAGED, PREDICTOR | DECAYS]);
        let mut tape = Tape::new(&gpu).with_variants(software);
        ema(&mut tape, &teacher_tensor, &student_tensor, &groups, &learner_tensor(&gpu, &all));
        gpu.run(&tape.freeze().unwrap());
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let after = floats(&gpu, &teacher_tensor);
        assert_eq!(bits(&after[..64]), bits(&student[..64]), "tau 0 copies");
        assert_eq!(bits(&after[68..136]), bits(&teacher[68..136]), "tau 1 leaves");
        assert_eq!(after[136 + 4], 0.5 * teacher[136 + 4] + 0.5 * student[136 + 4], "tau .5 halves");
        for first in [0, 68, 136] {
            assert_eq!(bits(&after[first + 64..first + 68]), bits(&teacher[first + 64..first + 68]), "the predictor stays out");
        }
    }
}

#[test]
fn ticking_gives_the_bits_the_cpu_says() {
    let gpu = gpu();
    for (beta1, beta2, warmup) in [(0.9, 0.99, 20), (0.9, 0.999, 41), (0.0, 0.5, 1), (0.95, 0.98, 0)] {
        let state = uploaded(&gpu, "state", [1, 1, 4], &initial_state(beta1, beta2, warmup));
        let mut tape = Tape::new(&gpu);
        tick(&mut tape, &state, beta1, beta2, warmup);
        let program = tape.freeze().unwrap();
        for step in 2..=90_i32 {
            gpu.run(&program);
            let words = gpu.download::<u32>(&state).unwrap();
            assert_eq!(words, state_at(step as u32, beta1, beta2, warmup), "step {step}");
            let actual: Vec<f32> = words[1..].iter().map(|&word| f32::from_bits(word)).collect();
            let warm_up = if warmup == 0 { 1.0 } else { (f64::from(step) / f64::from(warmup)).min(1.0) };
            let unbias = |beta: f32| 1.0 - f64::from(beta).powi(step);
            compare("state", &actual, &[warm_up, unbias(beta1), unbias(beta2)], (0.0, 1e-5)).unwrap();
        }
    }
}

#[test]
fn the_step_state_settles() {
    let [step, warm_up, unbias1, unbias2] = state_at(u32::MAX, 0.9, 0.999, 20);
    assert_eq!((step, f32::from_bits(warm_up)), (u32::MAX, 1.0));
    assert!((f32::from_bits(unbias1) - 1.0).abs() < 1e-6 && (f32::from_bits(unbias2) - 1.0).abs() < 1e-4);
}

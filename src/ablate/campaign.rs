//! Trains what is missing of a study, many learners side by side, and keeps what is done on disk.
//!
//! A population holds learners of one architecture that are trained for the same number of steps. Those without a stop-gradient have
//! populations of their own, for one of them makes all pay for the teacher's backward. Each learner is the run of its seed alone, bit
//! for bit, so what came out does not hang on who was beside it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::results::{Machine, Outcome, Results, ResultsError};
use super::study::{Budget, Condition, Study};
use crate::config::{Learner, Method, Population, RunConfig};
use crate::gpu::{Gpu, GpuError};
use crate::session::{Cadence, LoadedData, Pace, Session, SessionError};

/// Steps between two points of a curve, and between two words about how far it is.
const INTERVAL: u64 = 10;
/// Learners side by side on a software adapter: more gain little there.
const SIDE_BY_SIDE_SOFTWARE: usize = 8;
/// Learners side by side on a GPU.
const SIDE_BY_SIDE_GPU: usize = 32;

/// Why a study cannot go on.
#[derive(Debug, Error)]
pub enum CampaignError {
    /// The file.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The training.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The folder holds something else.
    #[error("{path} holds results of another study, or of other settings; give another --out, or delete the file")]
    Another {
        /// The file.
        path: PathBuf,
    },
    /// Whoever listens to the progress wants no more.
    #[error("interrupted; the same command goes on from here")]
    Interrupted,
}

/// How far it is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Steps of single learners that are done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// What trains now.
    pub what: &'a str,
}

/// A learner that is still to be trained.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Task {
    condition: usize,
    seed: u64,
    steps: u64,
}

/// A study on its way.
pub struct Campaign {
    /// What is done.
    pub results: Results,
    path: PathBuf,
}

/// One learner of a condition alone, trained so many steps: what its row in the results would say.
pub fn outcome_of(gpu: &Arc<Gpu>, condition: &Condition, seed: u64, steps: u64) -> Result<Outcome, SessionError> {
    let data = Arc::new(LoadedData::load(&condition.config.data, &mut |_| ControlFlow::Continue(()))?);
    let population = population(&[(condition, seed)])?;
    let mut session = Session::open_on(gpu.clone(), population, data, Cadence::headless(INTERVAL, Some(u64::MAX)))?;
    train(&mut session, steps, &mut |_| ControlFlow::Continue(()))?;
    Ok(outcomes(&session, condition.config.method).remove(0))
}

fn population(learners: &[(&Condition, u64)]) -> Result<Population, SessionError> {
    let of = |&(condition, seed): &(&Condition, u64)| Learner { seed, hyper: condition.config.hyper };
    Ok(Population::side_by_side(&learners[0].0.config, learners.iter().map(of).collect())?)
}

/// Trains, with word of every few steps. True if it was let to the end.
fn train(session: &mut Session, steps: u64, said: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<bool, SessionError> {
    session.advance(Pace::Steps(0))?;
    session.settle()?;
    while session.step() < steps && session.stopped().is_none() {
        let now = session.step();
        session.advance(Pace::Steps((INTERVAL - now % INTERVAL).min(steps - now) as u32))?;
        session.settle()?;
        if said(session.step() - now).is_break() {
            return Ok(false);
        }
    }
    session.evaluate_now()?;
    Ok(true)
}

/// What each learner of a trained session says.
fn outcomes(session: &Session, method: Method) -> Vec<Outcome> {
    let views = session.snapshot().learners;
    let of = |(meters, view): (&crate::session::LearnerMeters, &crate::snapshot::LearnerView)| {
        let history = &view.history;
        let curve: Vec<(u64, f32)> = match method {
            Method::Byol => history.embedding_std.points.clone(),
            Method::Dino => {
                let pairs = history.mean_teacher_entropy.points.iter().zip(&history.teacher_entropy.points);
                pairs.map(|(mean, own)| (mean.0, mean.1 - own.1)).collect()
            }
        };
        Outcome::new(meters, curve.into_iter().filter(|point| point.0.is_multiple_of(INTERVAL)).collect())
    };
    session.record().learners.iter().zip(&views).map(of).collect()
}

/// Floating-point operations of a step with one learner.
fn flops_of(gpu: &Arc<Gpu>, config: &RunConfig, data: &Arc<LoadedData>) -> Result<u64, SessionError> {
    let session = Session::open_on(gpu.clone(), config.clone(), data.clone(), Cadence::headless(INTERVAL, None))?;
    Ok(session.trainer().recorded().program.dispatches().iter().map(|dispatch| dispatch.work.flops).sum())
}

impl Campaign {
    /// Goes on with what lies in a folder, or begins there.
    pub fn open(study: Study, folder: &Path) -> Result<Self, CampaignError> {
        let path = folder.join("results.json");
        let results = match Results::read(&path)? {
            Some(results) if results.study == study => results,
            Some(_) => return Err(CampaignError::Another { path }),
            None => {
                // What cannot be written is better known now.
                let results = Results::new(study);
                results.write(&path)?;
                results
            }
        };
        Ok(Self { results, path })
    }

    /// Trains all that is missing; `said` hears how far it is, and may stop it.
    pub fn run(&mut self, gpu: &Arc<Gpu>, said: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>) -> Result<(), CampaignError> {
        let study = self.results.study.clone();
        let spec = &study.conditions[0].config.data;
        let data = Arc::new(LoadedData::load(spec, &mut |_| ControlFlow::Continue(())).map_err(SessionError::from)?);
        let flops = study
            .conditions
            .iter()
            .map(|condition| Ok((condition.name.as_str(), flops_of(gpu, &condition.config, &data)?)))
            .collect::<Result<HashMap<_, _>, SessionError>>()?;
        let steps = |condition: &Condition| match &condition.budget {
            Budget::Steps(steps) => *steps,
            Budget::ComputeOf(other, steps) => {
                let [own, other] = [condition.name.as_str(), other.as_str()].map(|name| flops.get(name).copied().unwrap_or(1).max(1));
                // To whole intervals: the curve ends where the training does.
                ((*steps as f64 * other as f64 / own as f64 / INTERVAL as f64).round() as u64 * INTERVAL).max(1)
            }
        };
        let mut tasks = Vec::new();
        for (place, condition) in study.conditions.iter().enumerate() {
            let done = self.results.of(&condition.name);
            let is_done = |seed: u64| done.is_some_and(|ran| ran.learners.iter().any(|learner| learner.seed == seed));
            let seeds = (0..u64::from(study.seeds)).map(|index| study.seed.wrapping_add(index)).filter(|&seed| !is_done(seed));
            tasks.extend(seeds.map(|seed| Task { condition: place, seed, steps: steps(condition) }));
        }
        let total = tasks.iter().map(|task| task.steps).sum();
        let mut done = 0;
        for group in grouped(&study, tasks) {
            let mut rest = &group[..];
            let mut most = if gpu.is_software() { SIDE_BY_SIDE_SOFTWARE } else { SIDE_BY_SIDE_GPU };
            while !rest.is_empty() {
                let now = &rest[..most.min(rest.len())];
                let learners: Vec<(&Condition, u64)> = now.iter().map(|task| (&study.conditions[task.condition], task.seed)).collect();
                let opened = population(&learners).and_then(|population| {
                    Session::open_on(gpu.clone(), population, data.clone(), Cadence::headless(INTERVAL, Some(u64::MAX)))
                });
                let mut session = match opened {
                    Ok(session) => session,
                    // Too many for the adapter's memory.
                    Err(SessionError::Gpu(GpuError::TooLarge { .. }) | SessionError::Config(_)) if now.len() > 1 => {
                        most = now.len().div_ceil(2);
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                let what = told(&study, now);
                let whole = train(&mut session, now[0].steps, &mut |steps| {
                    done += steps * now.len() as u64;
                    said(Progress { done, total, what: &what })
                })?;
                if !whole {
                    return Err(CampaignError::Interrupted);
                }
                for (task, outcome) in now.iter().zip(outcomes(&session, study.method)) {
                    let name = &study.conditions[task.condition].name;
                    self.results.add(name, session.step(), flops[name.as_str()], outcome);
                }
                self.results.machine = Some(machine(gpu));
                self.results.write(&self.path)?;
                rest = &rest[now.len()..];
            }
        }
        Ok(())
    }
}

/// Tasks that may train side by side, in the study's order.
fn grouped(study: &Study, tasks: Vec<Task>) -> Vec<Vec<Task>> {
    let shared = |task: &Task| {
        let config = &study.conditions[task.condition].config;
        let hyper = RunConfig::default().hyper;
        (RunConfig { hyper, ..config.clone() }, task.steps, config.hyper.stop_gradient)
    };
    let mut groups: Vec<Vec<Task>> = Vec::new();
    for task in tasks {
        match groups.iter_mut().find(|group| shared(&group[0]) == shared(&task)) {
            Some(group) => group.push(task),
            None => groups.push(vec![task]),
        }
    }
    groups
}

/// What a population is, in words: "EMA off, predictor off: 8 learners, 500 steps".
fn told(study: &Study, tasks: &[Task]) -> String {
    let mut names: Vec<&str> = tasks.iter().map(|task| study.conditions[task.condition].name.as_str()).collect();
    names.dedup();
    let names = if names.len() > 3 { format!("{} and {} more", names[0], names.len() - 1) } else { names.join("; ") };
    format!("{names}: {} side by side, {} steps", tasks.len(), tasks[0].steps)
}

fn machine(gpu: &Gpu) -> Machine {
    Machine {
        adapter: gpu.info.name.clone(),
        driver: gpu.driver(),
        twinlens: env!("CARGO_PKG_VERSION").to_owned(),
        date: jiff::Zoned::now().date().to_string(),
    }
}

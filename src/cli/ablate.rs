//! `twinlens ablate`: leaves one ingredient out after another, over several seeds, and writes down what came of it.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::progress::bar;
use super::{AdapterFlags, Failure};
use crate::ablate::{Campaign, CampaignError, Progress, Request, Results, Study, StudyKind, table, write_plot};
use crate::config::{MapAxes, Method, RunConfig};
use crate::save;

/// Arguments of `ablate`.
#[derive(Clone, Debug, Args)]
pub struct AblateArgs {
    /// What to study: byol (its three asymmetries), dino (its balance), multicrop (0, 2, 4, 8 local crops) or map (a grid over two keys).
    #[arg(value_parser = StudyKind::ALL.map(StudyKind::name))]
    study: String,
    /// map: the method, byol or dino.
    #[arg(long, value_parser = ["byol", "dino"])]
    method: Option<String>,
    /// map: columns and rows, 1x1 to 16x16.
    #[arg(long, value_name = "AxB")]
    grid: Option<String>,
    /// map: the key along the rows, with its values.
    #[arg(long, value_name = "KEY=V,V,..")]
    x: Option<String>,
    /// map: the key down the columns, with its values.
    #[arg(long, value_name = "KEY=V,V,..")]
    y: Option<String>,
    /// Seeds of each condition: the first, and those that follow it. [default: 5; multicrop 2; map 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// First seed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Steps of every condition, instead of as many as each needs.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    steps: Option<u64>,
    /// Another preset than the study's own.
    #[arg(long)]
    preset: Option<String>,
    /// Other images than the preset's.
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    /// Change a key in all conditions; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Folder for results.json, table.md and plot.png; an interrupted study in it goes on.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the results as one JSON object on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

impl AblateArgs {
    fn study(&self) -> Result<Study, Failure> {
        let kind = StudyKind::ALL.into_iter().find(|kind| kind.name() == self.study).unwrap_or(StudyKind::Byol);
        let is_map = kind == StudyKind::Map;
        let of_map =
            [("--method", self.method.is_some()), ("--grid", self.grid.is_some()), ("--x", self.x.is_some()), ("--y", self.y.is_some())];
        if let Some((flag, _)) = of_map.into_iter().find(|(_, given)| *given && !is_map) {
            return Err(Failure::Usage(format!("{flag} belongs to `twinlens ablate map`; leave it out")));
        }
        let mut overrides = self.overrides.clone();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        let method = match self.method.as_deref() {
            Some("dino") => Method::Dino,
            Some(_) => Method::Byol,
            // A preset knows its method.
            None => match &self.preset {
                Some(preset) if is_map => RunConfig::load(preset, None, &[])?.method,
                _ => Method::Byol,
            },
        };
        let axes = is_map.then(|| self.axes(method)).transpose()?;
        let request = Request {
            preset: self.preset.clone(),
            data: self.data.clone(),
            overrides,
            steps: self.steps,
            seeds: self.seeds,
            axes,
            method: Some(method),
        };
        Ok(Study::new(kind, &request)?)
    }

    fn axes(&self, method: Method) -> Result<MapAxes, Failure> {
        Ok(MapAxes::from_flags(method, self.grid.as_deref(), self.x.as_deref(), self.y.as_deref())?)
    }
}

/// Says how far it is: a bar on a terminal, a line a while elsewhere.
struct Told {
    bar: indicatif::ProgressBar,
    began: Instant,
    said: Option<(String, Instant)>,
}

impl Told {
    fn hear(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
        self.bar.set_message(progress.what.to_owned());
        let due = self.said.as_ref().is_none_or(|(what, when)| what != progress.what || when.elapsed() > Duration::from_secs(30));
        if due && !std::io::stderr().is_terminal() {
            let share = progress.done as f64 / progress.total.max(1) as f64;
            let left = self.began.elapsed().as_secs_f64() * (1.0 - share) / share.max(1e-9);
            eprintln!("{:5.1} %, {:.0} s left: {}", share * 100.0, left, progress.what);
            self.said = Some((progress.what.to_owned(), Instant::now()));
        }
        ControlFlow::Continue(())
    }
}

/// Writes what can be made of the results.
fn write(results: &Results, folder: &Path) -> Result<(), Failure> {
    let path = folder.join("table.md");
    save::atomically(&path, |file| std::io::Write::write_all(file, table(results).as_bytes()))
        .map_err(|error| Failure::writing(&path, &error))?;
    write_plot(results, &folder.join("plot.png")).map_err(|error| Failure::Usage(error.to_string()))
}

/// Studies.
pub fn run(args: &AblateArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let study = args.study()?;
    let mut campaign = Campaign::open(study, &args.out)?;
    let went_on = !campaign.results.done.is_empty();
    if !campaign.results.is_complete() {
        if went_on {
            eprintln!("{} holds a part of this study already; going on", args.out.display());
        }
        let gpu = flags.open(&campaign.results.study.conditions[0].config)?;
        let mut told = Told { bar: bar(1, "steps"), began: Instant::now(), said: None };
        let trained = campaign.run(&gpu, &mut |progress| told.hear(&progress));
        told.bar.finish_and_clear();
        trained?;
    }
    write(&campaign.results, &args.out)?;
    if args.json {
        println!("{}", serde_json::to_string(&campaign.results).map_err(|error| Failure::Bug(error.to_string()))?);
    } else {
        print!("{}", table(&campaign.results));
        println!("\nwritten: results.json, table.md and plot.png in {}", args.out.display());
    }
    Ok(())
}

impl From<CampaignError> for Failure {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::Session(error) => error.into(),
            other => Self::Usage(other.to_string()),
        }
    }
}

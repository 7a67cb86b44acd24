//! `twinlens lesson`: plays a lesson without a window, page by page, and says what was measured of what it expects.
//!
//! The window's own player does it, so what is tested here is what a lecturer sees. Exit code 0 when every expectation was met, 4 when
//! one was not (or training stopped on non-finite numbers).

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{AdapterFlags, Failure};
use crate::lesson::{Lesson, LessonError, Meter, Step, shipped_names};
use crate::session::{Cadence, Pace, Session};
use crate::snapshot::Snapshot;
use crate::view::charts::reading::{of_lesson, of_verdict, reading};
use crate::view::lesson_player::{Finding, Player};

/// Arguments of `lesson`.
#[derive(Clone, Debug, Args)]
pub struct LessonArgs {
    /// A shipped lesson, or a lesson file (.toml); without one, the lessons are listed.
    lesson: Option<String>,
    /// End each run as soon as the verdict that it expects within a number of steps is there.
    #[arg(long)]
    fast: bool,
    /// Train at most so many steps in each run; expectations of runs that are cut short are not judged.
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    limit_steps: Option<u64>,
    /// End after this step of the lesson.
    #[arg(long, value_name = "STEP", value_parser = clap::value_parser!(u64).range(1..=48))]
    until: Option<u64>,
    /// Change a key in every run that the lesson starts; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Only read and check it.
    #[arg(long)]
    check: bool,
    /// Print one JSON object with every page on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

impl From<LessonError> for Failure {
    fn from(error: LessonError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Lists, checks or plays.
pub fn run(args: &LessonArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let Some(name) = &args.lesson else { return list(args.json) };
    let mut lesson = Lesson::load(name, &args.overrides)?;
    if args.check {
        if !args.json {
            println!("{}: {} steps, nothing wrong", lesson.title, lesson.steps.len());
        }
        return Ok(());
    }
    lesson.steps.truncate(args.until.unwrap_or(u64::MAX) as usize);
    let mut cut = vec![false; lesson.steps.len()];
    if let Some(limit) = args.limit_steps {
        for (step, cut) in lesson.steps.iter_mut().zip(&mut cut) {
            *cut = step.run.is_some_and(|run| run > limit);
            step.run = step.run.map(|run| run.min(limit));
            if *cut {
                (step.expect, step.outcome) = (None, None);
            }
        }
    }
    play(Arc::new(lesson), &cut, args, flags)
}

fn list(json: bool) -> Result<(), Failure> {
    let mut all = Vec::new();
    for name in shipped_names() {
        let lesson = Lesson::load(name, &[])?;
        if json {
            all.push(json!({ "name": name, "title": lesson.title, "summary": lesson.summary, "steps": lesson.steps.len() }));
        } else {
            println!("{name:14} {} ({} steps)\n{:14} {}", lesson.title, lesson.steps.len(), "", lesson.summary);
        }
    }
    if json {
        println!("{}", json!({ "lessons": all }));
    }
    Ok(())
}

fn play(lesson: Arc<Lesson>, cut: &[bool], args: &LessonArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let first = lesson.steps[0].config.clone();
    let gpu = flags.open(&first)?;
    let cadence = Cadence { read_every: 1, rank_every: 5, evaluate_every: Some(u64::MAX), cloud_every: None, look_every: None };
    let mut session = Session::open(gpu, first, cadence)?;
    session.apply(crate::command::Command::Pause);
    session.advance(Pace::Steps(0))?;
    session.settle()?;
    let mut player = Player::new(lesson.clone(), &session.snapshot());
    let mut pages = Vec::new();
    let mut missed = 0;
    if !args.json {
        println!("{}", lesson.title);
    }
    loop {
        if player.is_asking() {
            player.forward(&session.snapshot());
        }
        let began = Instant::now();
        finish_page(&mut session, &mut player, args.fast)?;
        if let Some(reason) = session.stopped() {
            return Err(Failure::Stopped(format!("training stopped: {reason}")));
        }
        // kNN takes as long as many steps: where it is neither expected nor asked for in full, it is left out.
        if player.step().run.is_some() && !args.fast && args.limit_steps.is_none() {
            session.evaluate_now()?;
        }
        let snapshot = session.snapshot();
        missed += usize::from(matches!(player.finding(), Finding::Missed(_)));
        let page = page(&player, &snapshot, cut[player.index()], began.elapsed().as_secs_f64());
        if !args.json {
            print_page(&player, &snapshot, cut[player.index()]);
        }
        pages.push(page);
        if player.is_last() {
            break;
        }
        player.forward(&snapshot);
    }
    if args.json {
        let adapter = session.snapshot().adapter;
        println!("{}", json!({ "lesson": lesson.name, "title": lesson.title, "adapter": adapter, "met": missed == 0, "steps": pages }));
    }
    match missed {
        0 => Ok(()),
        _ => Err(Failure::Stopped(format!("{missed} of the lesson's expectations were measured otherwise"))),
    }
}

/// Plays until nothing is left to wait for on the page.
fn finish_page(session: &mut Session, player: &mut Player, fast: bool) -> Result<(), Failure> {
    let (mut last, mut commands) = (Instant::now(), Vec::new());
    let bar = std::io::stderr().is_terminal();
    loop {
        let snapshot = session.snapshot();
        player.tick(&snapshot, last.elapsed().as_secs_f32(), &mut commands);
        last = Instant::now();
        if fast {
            player.hurry(&snapshot);
        }
        let sent = !commands.is_empty();
        commands.drain(..).for_each(|command| session.apply(command));
        if !player.is_busy() || session.stopped().is_some() {
            // What was sent last still has to take effect; an endless run is not trained here.
            session.apply(crate::command::Command::Pause);
            session.advance(Pace::Steps(0))?;
            session.settle()?;
            if bar {
                eprint!("\r\x1b[K");
            }
            return Ok(());
        }
        let before = session.step();
        // A whole step would end the walk through one.
        session.advance(Pace::Steps(u32::from(!player.is_walking())))?;
        session.settle()?;
        let walked = session.snapshot().walk != snapshot.walk;
        if !sent && !walked && session.step() == before && session.snapshot().run == snapshot.run {
            // Nothing moves any more: whatever it waits for does not come.
            return Err(Failure::Bug(format!("lesson step {} waits for something that does not come", player.index() + 1)));
        }
        if bar {
            eprint!("\r\x1b[Kstep {} of the lesson: training step {}", player.index() + 1, session.step());
        }
    }
}

fn finding_words(player: &Player, cut: bool) -> (Value, String) {
    match player.finding() {
        Finding::Met(Some(effect)) => (json!(true), format!("as expected, after {} steps ({:.1} s)", effect.steps, effect.seconds)),
        Finding::Met(None) => (json!(true), "as expected".to_owned()),
        Finding::Missed(what) => (json!(false), format!("otherwise than expected: {what}")),
        _ if cut => (Value::Null, "cut short, not judged".to_owned()),
        _ => (Value::Null, String::new()),
    }
}

fn page(player: &Player, snapshot: &Snapshot, cut: bool, seconds: f64) -> Value {
    let step = player.step();
    let mut map = Map::new();
    map.insert("step".to_owned(), json!(player.index() + 1));
    map.insert("caption".to_owned(), json!(step.caption));
    map.insert("question".to_owned(), json!(step.ask.as_ref().map(|ask| &ask.question)));
    map.insert("preset".to_owned(), json!(snapshot.preset));
    map.insert("training_step".to_owned(), json!(snapshot.step));
    map.insert("run".to_owned(), json!(step.run));
    map.insert("seconds".to_owned(), json!((seconds * 100.0).round() / 100.0));
    map.insert("verdict".to_owned(), json!(snapshot.verdict.kind.word()));
    for meter in Meter::ALL {
        if let Some(value) = of_lesson(meter, &snapshot.history, snapshot.step) {
            map.insert(meter.key().to_owned(), json!(value));
        }
    }
    let (met, words) = finding_words(player, cut);
    map.insert("expected".to_owned(), json!(expected(step)));
    map.insert("met".to_owned(), met);
    map.insert("finding".to_owned(), json!(words));
    if let Finding::Met(Some(effect)) = player.finding() {
        map.insert("effect_steps".to_owned(), json!(effect.steps));
        map.insert("effect_seconds".to_owned(), json!(effect.seconds));
    }
    let published = step.published.as_ref().map(|figure| json!({ "value": figure.value, "what": figure.what, "source": figure.source }));
    map.insert("published".to_owned(), published.unwrap_or(Value::Null));
    Value::Object(map)
}

fn expected(step: &Step) -> Option<Value> {
    let expect = step.expect.as_ref()?;
    let mut map = Map::new();
    map.insert("verdict".to_owned(), json!(expect.verdict.map(|kind| kind.word())));
    map.insert("within_steps".to_owned(), json!(expect.within_steps));
    for (meter, range) in &expect.meters {
        map.insert(meter.key().to_owned(), json!(range));
    }
    Some(Value::Object(map))
}

fn print_page(player: &Player, snapshot: &Snapshot, cut: bool) {
    let step = player.step();
    println!("\n{} of {}  {}", player.index() + 1, player.lesson().steps.len(), step.caption);
    if let Some(ask) = &step.ask {
        println!("  asked: {}", ask.question);
        for (index, choice) in ask.choices.iter().enumerate() {
            println!("    {} {choice}", ["A", "B", "C", "D"][index % 4]);
        }
    }
    if step.run.is_some() {
        let verdict = &snapshot.verdict;
        let std =
            reading(&snapshot.history.embedding_std, snapshot.step).map_or_else(String::new, |value| format!(", embedding std {value:.3}"));
        println!(
            "  measured at step {}: {} ({} {:.3}){std}",
            snapshot.step,
            verdict.kind.word(),
            verdict.meter,
            of_verdict(verdict, &snapshot.history, snapshot.step)
        );
    }
    let (_, words) = finding_words(player, cut);
    if !words.is_empty() {
        println!("  {words}");
    }
    if let (Finding::Met(_), Some(outcome)) = (player.finding(), &step.outcome) {
        println!("  {}", outcome.caption);
    }
    if let Some(published) = &step.published {
        println!("  published: {} {} ({})", published.value, published.what, published.source);
    }
}

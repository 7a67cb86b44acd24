//! Plays a lesson: PageDown and PageUp in, [`Command`]s out, and what was measured of what the lesson expects.
//!
//! Contract: a plain state machine that knows no GPU. [`Player::forward`] and [`Player::back`] choose a page; [`Player::tick`], called
//! once a frame with the newest snapshot, sends what is due and watches the meters. Whatever the user does in between, the next page
//! begins in the state that the lesson says: settings that differ are set, and a run that is not the lesson's is trained again from its
//! start, with the same seed. Subtlety: a command takes effect later than it is sent, so a run that was started is known by its number
//! ([`Snapshot::run`]) before its steps are counted.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::command::{Command, Dial, Switch};
use crate::config::RunConfig;
use crate::lesson::{Expect, Lesson, Meter, Step};
use crate::snapshot::{Dials, Snapshot, SubStep, Switches, VerdictKind};

use super::charts::{reading, short};
use super::scene::Scene;

/// Sub-steps that a page walks at most: twice around is more than any needs.
const MOST_WALKS: u32 = 16;

/// What is to be done, one after the other.
#[derive(Clone, Debug, PartialEq)]
enum Task {
    /// Sent at once.
    Send(Command),
    /// The run is started, and waited for.
    Start(Box<RunConfig>),
    /// Waits until so many steps are completed.
    Reach(u64),
    /// The page's own part begins: measure from here on.
    Begin,
    /// Train so many steps from here.
    Run(u64),
    /// Walk on until this sub-step is done.
    Walk(SubStep),
}

/// A stretch of training: from the page's beginning to what it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effect {
    /// Training steps.
    pub steps: u64,
    /// Seconds in which it trained.
    pub seconds: f32,
}

/// What came of a page's expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The page expects nothing, or has not begun.
    None,
    /// It is being measured.
    Measuring,
    /// It was measured as expected; after so long, where the verdict was reached on the way.
    Met(Option<Effect>),
    /// It was measured otherwise: one sentence.
    Missed(String),
    /// Something else was done in between, so that there is nothing to say.
    Disturbed,
}

/// What the page waits for, for a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing.
    Idle,
    /// A run is being put together.
    Starting,
    /// The state in which the page begins is being trained again.
    Restoring {
        /// Completed steps.
        step: u64,
        /// Wanted.
        of: u64,
    },
    /// The page's own run.
    Running {
        /// Completed steps since the page began.
        step: u64,
        /// Wanted.
        of: u64,
    },
}

/// A lesson that is being played.
#[derive(Clone, Debug)]
pub struct Player {
    lesson: Arc<Lesson>,
    step: usize,
    /// The page's question has been answered, or it has none.
    revealed: bool,
    tasks: VecDeque<Task>,
    /// The number of the lesson's run, once it has started.
    run: Option<u64>,
    /// The run that went on when the lesson's was asked for.
    awaited: Option<u64>,
    /// Last step of the page's own run, and completed steps when it began.
    span: Option<[u64; 2]>,
    begun: bool,
    seconds: f32,
    /// Where the expected verdict was first seen.
    reached: Option<Effect>,
    finding: Finding,
    /// What was found on pages that were left when nothing was left to do.
    remembered: Vec<Option<Finding>>,
    restoring: bool,
    /// Where the walk stood when it was last sent on.
    walked: Option<(Option<SubStep>, u64)>,
    /// How often it was sent on for this page.
    walks: u32,
    was_playing: bool,
    scene: Option<Scene>,
    colour: Option<String>,
}

impl Player {
    /// A player on a lesson's first page.
    pub fn new(lesson: Arc<Lesson>, snapshot: &Snapshot) -> Self {
        let mut player = Self {
            remembered: vec![None; lesson.steps.len()],
            lesson,
            step: 0,
            revealed: false,
            tasks: VecDeque::new(),
            run: None,
            awaited: None,
            span: None,
            begun: false,
            seconds: 0.0,
            reached: None,
            finding: Finding::None,
            restoring: false,
            walked: None,
            walks: 0,
            was_playing: false,
            scene: None,
            colour: None,
        };
        player.turn(0, false, snapshot);
        player
    }

    /// The lesson.
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    /// The step that is shown, from 0.
    pub const fn index(&self) -> usize {
        self.step
    }

    /// The step that is shown.
    pub fn step(&self) -> &Step {
        &self.lesson.steps[self.step]
    }

    /// Whether the room is being asked.
    pub fn is_asking(&self) -> bool {
        !self.revealed
    }

    /// What has been found out.
    pub const fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Nothing comes after this page.
    pub fn is_last(&self) -> bool {
        self.revealed && self.step + 1 >= self.lesson.steps.len()
    }

    /// Nothing comes before this page.
    pub fn is_first(&self) -> bool {
        self.step == 0 && (self.is_asking() || self.step().ask.is_none())
    }

    /// Another run than the lesson's is going on.
    pub fn is_disturbed(&self, snapshot: &Snapshot) -> bool {
        self.awaited.is_none() && self.run.is_some_and(|run| run != snapshot.run)
    }

    /// There is still something to do or to wait for.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// It walks through a step.
    pub fn is_walking(&self) -> bool {
        matches!(self.tasks.front(), Some(Task::Walk(_)))
    }

    /// The scene that the page wants, once.
    pub fn take_scene(&mut self) -> Option<Scene> {
        self.scene.take()
    }

    /// What the page wants the cloud coloured by, once.
    pub fn take_colour(&mut self) -> Option<String> {
        self.colour.take()
    }

    /// What is being waited for.
    pub fn progress(&self, snapshot: &Snapshot) -> Progress {
        let step = snapshot.step;
        match (self.tasks.front(), self.span) {
            (None, _) => Progress::Idle,
            _ if self.awaited.is_some() => Progress::Starting,
            (Some(&Task::Reach(of)), _) if self.restoring => Progress::Restoring { step: step.min(of), of },
            (Some(&Task::Reach(_)), Some([from, to])) => {
                Progress::Running { step: step.saturating_sub(from).min(to - from), of: to - from }
            }
            _ => Progress::Starting,
        }
    }

    /// The next page. On the last one, nothing.
    pub fn forward(&mut self, snapshot: &Snapshot) {
        match () {
            () if self.is_asking() => self.turn(self.step, true, snapshot),
            () if self.is_last() => {}
            () => self.turn(self.step + 1, false, snapshot),
        }
    }

    /// The page before. Where the page that is left did something to the run, or the user did, it is trained again from the run's
    /// start to where that page begins; else everything still stands as it was left.
    pub fn back(&mut self, snapshot: &Snapshot) {
        if self.is_first() {
            return;
        }
        let did = self.revealed && (self.step().acts() || self.settings_change());
        let stands = !(did || self.is_disturbed(snapshot) || self.restoring && self.is_busy());
        (self.step, self.revealed) = match self.step().ask {
            Some(_) if self.revealed => (self.step, false),
            _ => (self.step - 1, true),
        };
        self.tasks.clear();
        self.clear_findings();
        self.show();
        match self.remembered[self.step].clone() {
            Some(finding) if stands && self.revealed => self.finding = finding,
            _ if stands && !self.revealed => {}
            _ => self.restore(),
        }
    }

    /// Whether the page that is shown changed switches or dials.
    fn settings_change(&self) -> bool {
        self.revealed && self.step > 0 && !changes(&settings(&self.lesson.steps[self.step - 1].config), &self.step().config).is_empty()
    }

    fn clear_findings(&mut self) {
        (self.span, self.begun, self.seconds, self.reached) = (None, false, 0.0, None);
        (self.finding, self.restoring, self.walked, self.walks) = (Finding::None, false, None, 0);
    }

    /// Takes up scene and colour of the page.
    fn show(&mut self) {
        self.scene = self.step().scene.as_deref().and_then(Scene::from_name);
        self.colour = self.step().colour.clone();
    }

    fn turn(&mut self, step: usize, reveal: bool, snapshot: &Snapshot) {
        let lost = self.is_disturbed(snapshot) || self.restoring && self.is_busy();
        if self.revealed {
            self.remembered[self.step] = (!self.is_busy()).then(|| self.finding.clone());
        }
        self.step = step;
        self.revealed = reveal || self.step().ask.is_none();
        self.tasks.clear();
        self.clear_findings();
        self.show();
        if !self.revealed {
            // A question stands over what was there before; a first page has to have something.
            if self.run.is_none() && self.awaited.is_none() || lost {
                self.restore();
            }
            return;
        }
        let page = self.step().clone();
        // A run of the user's, or one that is still being put together, is no state to go on from.
        if !page.starts && (lost || self.run.is_none() || self.awaited.is_some()) {
            return self.restore();
        }
        if page.starts {
            self.start(&page);
        } else {
            self.tasks.extend(changes(&settings_of(snapshot), &page.config).into_iter().map(Task::Send));
        }
        self.own_part(&page);
    }

    /// The page's run from its start; that of an event log, with its changes, to the log's end.
    fn start(&mut self, page: &Step) {
        let Some(log) = &page.log else {
            return self.tasks.push_back(Task::Start(Box::new(page.config.clone())));
        };
        self.tasks.push_back(Task::Start(Box::new(log.config.clone())));
        for (step, change) in &log.changes {
            self.tasks.extend([Task::Send(Command::PlayTo(*step)), Task::Reach(*step), Task::Send(change.command())]);
        }
        self.tasks.extend([Task::Send(Command::PlayTo(log.steps)), Task::Reach(log.steps)]);
    }

    /// The page's own training.
    fn own_part(&mut self, page: &Step) {
        self.tasks.push_back(Task::Begin);
        match (page.run, page.play) {
            (Some(run), _) => self.tasks.push_back(Task::Run(run)),
            (None, Some(true)) => self.tasks.push_back(Task::Send(Command::Play)),
            (None, Some(false)) => self.tasks.push_back(Task::Send(Command::Pause)),
            // A fresh run without a word about training waits at step 0.
            (None, None) if page.starts => self.tasks.push_back(Task::Send(Command::Pause)),
            (None, None) => {}
        }
        self.tasks.extend(page.walk.map(Task::Walk));
    }

    /// Trains the state in which the page begins again, from the last start on, and then the page's own part.
    fn restore(&mut self) {
        let lesson = self.lesson.clone();
        // A question is shown in the state before its page.
        let end = if self.revealed { self.step } else { self.step.saturating_sub(1) };
        let first = (0..=end).rev().find(|&index| lesson.steps[index].starts).unwrap_or(0);
        let mut done = 0;
        self.restoring = true;
        for index in first..=end {
            let page = &lesson.steps[index];
            if index == first {
                self.start(page);
                done = page.log.as_ref().map_or(0, |log| log.steps);
            } else {
                let before = settings(&lesson.steps[index - 1].config);
                self.tasks.extend(changes(&before, &page.config).into_iter().map(Task::Send));
            }
            if index == self.step && self.revealed {
                self.own_part(page);
            } else if let Some(run) = page.run {
                done += run;
                self.tasks.extend([Task::Send(Command::PlayTo(done)), Task::Reach(done)]);
            } else {
                self.tasks.push_back(Task::Send(Command::Pause));
            }
        }
    }

    /// Sends what is due and watches the meters; `seconds` have passed since the last call.
    pub fn tick(&mut self, snapshot: &Snapshot, seconds: f32, commands: &mut Vec<Command>) {
        if self.is_disturbed(snapshot) && self.is_busy() {
            self.tasks.clear();
            self.restoring = false;
            self.finding = Finding::Disturbed;
        }
        let resumed = snapshot.playing && !self.was_playing;
        self.was_playing = snapshot.playing;
        if self.begun && snapshot.playing {
            self.seconds += seconds.max(0.0);
        }
        self.watch(snapshot);
        while let Some(task) = self.tasks.front().cloned() {
            if !self.perform(task, snapshot, resumed, commands) {
                break;
            }
            self.tasks.pop_front();
        }
    }

    /// Does a task; false while it has to wait.
    fn perform(&mut self, task: Task, snapshot: &Snapshot, resumed: bool, commands: &mut Vec<Command>) -> bool {
        match task {
            Task::Send(command) => commands.push(command),
            Task::Start(config) => match self.awaited {
                Some(before) if snapshot.run > before => {
                    (self.run, self.awaited) = (Some(snapshot.run), None);
                }
                Some(_) => return false,
                None => {
                    self.awaited = Some(snapshot.run);
                    commands.extend([Command::Pause, Command::StartRun(config)]);
                    return false;
                }
            },
            Task::Begin => {
                (self.begun, self.restoring) = (true, false);
                if self.step().expect.is_some() {
                    self.finding = Finding::Measuring;
                }
            }
            Task::Run(run) => {
                let to = snapshot.step + run;
                self.span = Some([snapshot.step, to]);
                commands.push(Command::PlayTo(to));
                // What is wanted stands behind this task, which goes.
                self.tasks.insert(1, Task::Reach(to));
            }
            Task::Reach(to) => {
                if snapshot.stopped.is_some() {
                    self.tasks.truncate(1);
                } else if snapshot.step < to {
                    if resumed {
                        // The user paused and goes on: it still stops where the lesson does.
                        commands.push(Command::PlayTo(to));
                    }
                    return false;
                }
                if self.begun {
                    self.judge(snapshot);
                }
            }
            Task::Walk(wanted) => {
                let at = snapshot.walk.as_ref().map(|walk| walk.at);
                if at == Some(wanted) || snapshot.stopped.is_some() || self.walks > MOST_WALKS {
                    return true;
                }
                if self.walked != Some((at, snapshot.step)) {
                    self.walked = Some((at, snapshot.step));
                    self.walks += 1;
                    commands.push(Command::Walk);
                }
                return false;
            }
        }
        true
    }

    /// Ends the page's run as soon as the verdict that it waits for is there (for runs without an audience).
    pub fn hurry(&mut self, snapshot: &Snapshot) {
        if self.reached.is_some() && self.finding == Finding::Measuring && matches!(self.tasks.front(), Some(Task::Reach(_))) {
            self.tasks[0] = Task::Reach(snapshot.step);
        }
    }

    /// Looks for the expected verdict while the page's run goes on.
    fn watch(&mut self, snapshot: &Snapshot) {
        let (Some([from, _]), Finding::Measuring) = (self.span, &self.finding) else { return };
        let Some(Expect { verdict: Some(wanted), within_steps: Some(within), .. }) = self.step().expect else { return };
        let steps = snapshot.step.saturating_sub(from);
        if self.reached.is_none() && steps > 0 && steps <= within && snapshot.verdict.kind == wanted {
            self.reached = Some(Effect { steps, seconds: self.seconds });
        }
    }

    /// Says what came of the expectation, at the end of the run.
    fn judge(&mut self, snapshot: &Snapshot) {
        let Some(expect) = self.step().expect.clone() else { return };
        let mut missed = Vec::new();
        if let Some(wanted) = expect.verdict {
            let held = match expect.within_steps {
                Some(_) => self.reached.is_some(),
                None => snapshot.verdict.kind == wanted,
            };
            if !held {
                let by = expect.within_steps.map_or_else(String::new, |steps| format!(" within {steps} steps"));
                missed.push(format!("expected {}{by}, measured {}", kind_name(wanted), verdict_name(snapshot)));
            }
        }
        for (meter, [least, most]) in expect.meters {
            match reading::of_lesson(meter, &snapshot.history, snapshot.step) {
                Some(value) if (least..=most).contains(&value) => {}
                Some(value) => {
                    missed.push(format!("expected {} {} to {}, measured {}", meter.title(), short(least), short(most), short(value)))
                }
                None => missed.push(format!("{} was not measured", meter.title())),
            }
        }
        self.finding = if missed.is_empty() { Finding::Met(self.reached) } else { Finding::Missed(missed.join("; ")) };
    }
}

/// The name of a verdict in a sentence.
pub const fn kind_name(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Unknown => "no verdict",
        VerdictKind::Healthy => "healthy",
        VerdictKind::Complete => "complete collapse",
        VerdictKind::Dimensional => "dimensional collapse",
        VerdictKind::Dominant => "a dominant prototype",
        VerdictKind::Uniform => "uniform distributions",
        VerdictKind::Constant => "constant distributions",
    }
}

/// The verdict with the meter that says so.
fn verdict_name(snapshot: &Snapshot) -> String {
    let verdict = &snapshot.verdict;
    if verdict.meter.is_empty() {
        return kind_name(verdict.kind).to_owned();
    }
    format!("{} ({} {})", kind_name(verdict.kind), verdict.meter, short(reading::of_verdict(verdict, &snapshot.history, snapshot.step)))
}

/// What of a run may change while it goes on.
struct Settings {
    switches: Switches,
    dials: Dials,
    locals: u32,
}

fn settings(config: &RunConfig) -> Settings {
    Settings { switches: (&config.hyper).into(), dials: (&config.hyper).into(), locals: config.views.locals }
}

fn settings_of(snapshot: &Snapshot) -> Settings {
    Settings { switches: snapshot.switches, dials: snapshot.dials, locals: snapshot.local_crops }
}

/// The commands that bring a run from `now` to what `wanted` has.
fn changes(now: &Settings, wanted: &RunConfig) -> Vec<Command> {
    let then = settings(wanted);
    let mut commands = Vec::new();
    for &switch in Switch::of(wanted.method) {
        let on = then.switches.get(switch);
        if on != now.switches.get(switch) {
            commands.push(Command::SetSwitch { switch, on });
        }
    }
    for &dial in Dial::of(wanted.method) {
        let value = then.dials.get(dial);
        if value.to_bits() != now.dials.get(dial).to_bits() {
            commands.push(Command::SetDial { dial, value });
        }
    }
    if then.locals != now.locals {
        commands.push(Command::SetLocalCrops(then.locals));
    }
    commands
}

/// The measured value of the meter that decides a page, for the band: the expected verdict's, or the first expected meter's.
pub fn deciding(step: &Step, snapshot: &Snapshot) -> Option<(Meter, f32)> {
    let meter = step.expect.as_ref()?.meters.first().map_or(
        if snapshot.method == crate::config::Method::Byol { Meter::EmbeddingStd } else { Meter::MutualInformation },
        |&(meter, _)| meter,
    );
    Some((meter, reading::of_lesson(meter, &snapshot.history, snapshot.step)?))
}

//! The right pane: the charts of the method's meters, all over one step axis. Ranges are fixed by their references; a switch that was
//! flipped is a line through every chart, its letter above the first.

mod presented;

use crate::command::Command;
use crate::config::Method;
use crate::observe::verdict::{COLLAPSED_BELOW_INFORMATION, COMPLETE_BELOW_STD};
use crate::snapshot::Snapshot;
use crate::view::charts::crowd::{Crowd, Meter, Shown};
use crate::view::charts::stack::{plot_height, stack};
use crate::view::charts::{Chart, End, Line, Reference, percent, reading, short};
use crate::view::layout::Rect;
use crate::view::theme;

use super::balance::ln_k;
use super::{Frame, Panel, member, scrubber};
use presented::presented;

/// The right pane.
#[derive(Default)]
pub struct Meters {
    crowd: Crowd,
}

/// A plot lower than this tells nothing across a room.
const LEAST_PLOT: f32 = 58.0;

/// A chart with nothing said about it yet.
pub fn chart<'a>(title: &'static str, qualifier: &str, range: [f32; 2], references: Vec<Reference>, lines: Vec<Line<'a>>) -> Chart<'a> {
    let (qualifier, tip, bands) = (qualifier.to_owned(), Vec::new(), Vec::new());
    Chart { title, qualifier, range, decades: None, references, lines, bands, format: short, greyed: false, all_values: false, tip }
}

/// A chart of one meter of all that are shown.
fn of_meter<'a>(title: &'static str, qualifier: &str, range: [f32; 2], references: Vec<Reference>, shown: Shown<'a>) -> Chart<'a> {
    let (lines, bands) = shown;
    let all_values = lines.iter().any(|line| !line.tag.is_empty());
    Chart { bands, all_values, ..chart(title, qualifier, range, references, lines) }
}

/// A meter's lines in the colour of what is neither the student's nor the teacher's.
fn plain(crowd: &Crowd, meter: Meter) -> Shown<'_> {
    crowd.lines(meter, theme::TEXT, End::Dot, "")
}

/// kNN over the run; without labels it says so.
fn knn_chart<'a>(snapshot: &Snapshot, crowd: &'a Crowd) -> Chart<'a> {
    let labelled = !snapshot.class_names.is_empty();
    let mut references = vec![Reference::new(snapshot.chance, format!("{} chance", percent(snapshot.chance)))];
    if let Some(untrained) = snapshot.untrained_knn {
        references.push(Reference::new(untrained, format!("{} untrained", percent(untrained))));
    }
    let (qualifier, references, shown) = match labelled {
        true => ("labels: display only", references, plain(crowd, Meter::KnnAccuracy)),
        false => ("no labels in these images", Vec::new(), Shown::default()),
    };
    Chart {
        format: percent,
        tip: vec![
            "Share of held-out images whose class their 20 nearest images tell, by the encoder's output. Labels are used for nothing else."
                .to_owned(),
            "Under a collapsed projector it falls only to its untrained level, so it is no collapse meter.".to_owned(),
        ],
        ..of_meter("kNN accuracy", qualifier, [0.0, 1.0], references, shown)
    }
}

/// The std of the projections of the learner in front, student and teacher.
pub fn std_chart(snapshot: &Snapshot) -> Chart<'_> {
    let history = &*snapshot.history;
    let lines = vec![
        Line::new(&history.embedding_std, theme::STUDENT, "student"),
        Line::new(&history.teacher_std, theme::TEACHER, "teacher").ringed(),
    ];
    let tip = format!(
        "Standard deviation of the normalised projections over the batch, times √d: 1 is spread out, 0 is one point for all. \
         The verdict is complete collapse under {COMPLETE_BELOW_STD}."
    );
    let references = vec![Reference::new(1.0, "1 healthy"), Reference::new(0.0, "0 collapsed")];
    Chart { tip: vec![tip], ..chart("Embedding std", "the collapse meter", [-0.18, 1.2], references, lines) }
}

/// The same of several: the students' alone.
fn std_charts<'a>(snapshot: &'a Snapshot, crowd: &'a Crowd) -> Chart<'a> {
    let alone = std_chart(snapshot);
    if crowd.is_alone() {
        return alone;
    }
    let shown = crowd.lines(Meter::EmbeddingStd, theme::STUDENT, End::Dot, "");
    Chart { tip: alone.tip, ..of_meter(alone.title, "of the students", alone.range, alone.references, shown) }
}

/// The two entropies of DINO's teacher, the collapse meter of DINO.
fn entropy_chart<'a>(snapshot: &Snapshot, crowd: &'a Crowd, narrow: bool) -> Chart<'a> {
    let most = ln_k(snapshot);
    let top = most.unwrap_or(4.0);
    let mut references = vec![Reference::new(0.0, "0 one prototype")];
    references.extend(most.map(|most| Reference::new(most, format!("ln K = {most:.2}, uniform"))));
    let [mean, image] = if narrow || !crowd.is_alone() { ["mean", "image"] } else { ["of mean", "per image"] };
    let (mut lines, mut bands) = crowd.lines(Meter::MeanTeacherEntropy, theme::TEXT, End::Dot, mean);
    let (more, wider) = crowd.lines(Meter::TeacherEntropy, theme::TEACHER, End::Ring, image);
    lines.extend(more);
    bands.extend(wider);
    Chart {
        all_values: true,
        tip: vec![
            "With the dot: entropy of the batch's mean distribution; 0 means that one prototype takes every image. With the ring: mean entropy of an \
             image's distribution; ln K means that nothing is decided. Both in nats."
                .to_owned(),
        ],
        ..of_meter("Teacher entropy", "nats", [-0.3 * top, 1.3 * top], references, (lines, bands))
    }
}

fn dino_charts<'a>(snapshot: &'a Snapshot, crowd: &'a Crowd, narrow: bool) -> Vec<Chart<'a>> {
    let most = ln_k(snapshot);
    let top = most.unwrap_or(4.0);
    let mut information = vec![Reference::new(0.0, "0 nothing is told apart")];
    if let Some(most) = most {
        information.push(Reference::new(most, format!("ln K = {most:.2}")));
        let classes = snapshot.class_names.len();
        if classes > 1 && (classes as f32).ln() < 0.8 * most {
            information.push(Reference::new((classes as f32).ln(), format!("ln {classes}, one a class")));
        }
    }
    let collapsed = most.is_some_and(|most| {
        reading(crowd.standing(Meter::MutualInformation), snapshot.step).is_some_and(|now| now < COLLAPSED_BELOW_INFORMATION * most)
    });
    vec![
        entropy_chart(snapshot, crowd, narrow),
        Chart {
            tip: vec!["Entropy of the mean minus mean entropy, in nats: what a prototype tells of its image. The verdict hangs on it.".to_owned()],
            ..of_meter(
                "Mutual information",
                if collapsed { "collapsed" } else { "nats" },
                [-0.3 * top, 1.3 * top],
                information,
                plain(crowd, Meter::MutualInformation),
            )
        },
        Chart {
            decades: Some([1e-4, 2.0]),
            tip: vec!["Loss minus teacher entropy, in nats. It falls to 0 in every collapse, too: then all agree on nothing.".to_owned()],
            ..of_meter(
                "KL divergence",
                if collapsed { "low: all images alike" } else { "student from teacher" },
                [-0.3, 1.2],
                vec![Reference::new(0.0, "0 equal")],
                plain(crowd, Meter::Kl),
            )
        },
        knn_chart(snapshot, crowd),
        Chart {
            tip: vec!["Spread of the head's bottleneck: 1 spread out, 0 one point. DINO's collapses are seen in its entropies; this one can miss them.".to_owned()],
            ..of_meter(
                "Embedding std",
                "of the bottleneck",
                [-0.25, 1.2],
                vec![Reference::new(1.0, "1 spread out"), Reference::new(0.0, "0 one point")],
                plain(crowd, Meter::EmbeddingStd),
            )
        },
    ]
}

fn byol_charts<'a>(snapshot: &'a Snapshot, crowd: &'a Crowd) -> Vec<Chart<'a>> {
    let dimensions = snapshot.cloud.as_ref().map_or(32, |cloud| cloud.dimensions).max(2);
    let collapsed =
        !crowd.is_twin() && reading(crowd.standing(Meter::EmbeddingStd), snapshot.step).is_some_and(|std| std < COMPLETE_BELOW_STD);
    let loss = Chart {
        decades: Some([1e-4, 10.0]),
        tip: vec!["2 − 2 cos(prediction, target), 0 to 4, mean over the batch and both directions. In collapse it is lowest.".to_owned()],
        ..of_meter(
            "Loss",
            "low does not mean learned",
            [-0.35, 2.2],
            vec![Reference::new(2.0, "2 unrelated"), Reference::new(0.0, "0 identical")],
            plain(crowd, Meter::Loss),
        )
    };
    let references = vec![Reference::new(dimensions as f32, format!("{dimensions} = d")), Reference::new(1.0, "1 a line")];
    let qualifier = if collapsed { format!("noise while std < {COMPLETE_BELOW_STD}") } else { "directions in use".to_owned() };
    let rank = Chart {
        greyed: collapsed,
        tip: vec![
            "exp of the entropy of the covariance's eigenvalues: how many directions the projections use, 1 to d. Under complete collapse \
             it measures noise, and rises."
                .to_owned(),
        ],
        ..of_meter(
            "Effective rank",
            &qualifier,
            [-0.12 * dimensions as f32, dimensions as f32 * 1.1],
            references,
            plain(crowd, Meter::EffectiveRank),
        )
    };
    vec![std_charts(snapshot, crowd), loss, rank, knn_chart(snapshot, crowd)]
}

impl Panel for Meters {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule(area.min, [area.min[0], area.max[1]], theme::SEPARATOR, 1.0);
        let inner = Rect::new(area.min[0] + 16.0, area.min[1] + 10.0, area.max[0] - 16.0, area.max[1] - 8.0);
        let strip = member::strip_height(frame, snapshot);
        let inner = if strip > 0.0 {
            member::strip(frame, &inner, snapshot, commands);
            Rect { min: [inner.min[0], inner.min[1] + strip], ..inner }
        } else {
            inner
        };
        let scrubbed = scrubber::height(frame, snapshot, inner.height());
        if scrubbed > 0.0 {
            let below = Rect::new(inner.min[0] + 4.0, inner.max[1] - scrubbed, inner.max[0] - 4.0, inner.max[1]);
            scrubber::ui(frame, below, snapshot, commands);
        }
        let inner = Rect { max: [inner.max[0], inner.max[1] - scrubbed], ..inner };
        self.crowd.follow(snapshot);
        let mut charts = match snapshot.method {
            Method::Byol => byol_charts(snapshot, &self.crowd),
            Method::Dino => dino_charts(snapshot, &self.crowd, inner.width() <= 280.0),
        };
        if frame.presenting {
            let decides = match snapshot.verdict.meter {
                "effective rank" => "Effective rank",
                "mutual information" => "Mutual information",
                _ => charts[0].title,
            };
            let place = charts.iter().position(|chart| chart.title == decides).unwrap_or(0);
            let rest = Rect::new(area.min[0], area.min[1] + strip, area.max[0], area.max[1] - scrubbed);
            return presented(frame, rest, charts.swap_remove(place), snapshot);
        }
        // What goes where not all fit: BYOL's loss, rank and kNN, DINO's std, KL and kNN; the collapse meters stay.
        let going = match snapshot.method {
            Method::Byol => ["Loss", "Effective rank", "kNN accuracy"],
            Method::Dino => ["Embedding std", "KL divergence", "kNN accuracy"],
        };
        for title in going {
            if plot_height(frame, &inner, charts.len()) < LEAST_PLOT {
                charts.retain(|chart| chart.title != title);
            }
        }
        stack(frame, inner, &charts, snapshot);
    }
}

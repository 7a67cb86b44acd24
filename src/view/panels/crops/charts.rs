//! The meters of multi-crop: what is recognised from a piece, where the attention lies, whether anything has collapsed, and, where
//! there is room, where a piece finds its own whole and how far crops of one image agree.

use crate::observe::evaluation::QUERIES;
use crate::observe::verdict::COMPLETE_BELOW_STD;
use crate::snapshot::{Series, Snapshot};
use crate::view::charts::stack::{plot_height, stack};
use crate::view::charts::{Chart, Line, Reference, percent, short};
use crate::view::layout::Rect;
use crate::view::panels::Frame;
use crate::view::panels::meters::{chart, std_chart};
use crate::view::theme::{self, Colour};

fn line<'a>(series: &'a Series, colour: Colour, name: &'static str) -> Line<'a> {
    Line::new(series, colour, name)
}

fn pieces(snapshot: &Snapshot) -> Chart<'_> {
    let history = &*snapshot.history;
    let mut references = vec![Reference::new(snapshot.chance, format!("{} chance", percent(snapshot.chance)))];
    if let Some(untrained) = snapshot.untrained_knn {
        references.push(Reference::new(untrained, format!("{} untrained", percent(untrained))));
    }
    let lines = vec![
        line(&history.fragment_to_whole, theme::LOCAL, "to whole"),
        line(&history.fragment_to_fragment, theme::PIECES, "to piece"),
        line(&history.knn_accuracy, theme::TEXT, "whole"),
    ];
    let (qualifier, references, lines) = match snapshot.class_names.is_empty() {
        false => ("kNN of local crops", references, lines),
        true => ("no labels in these images", Vec::new(), Vec::new()),
    };
    let tip = [
        "Local crops of held-out images: how often the nearest whole images (to whole), or the nearest other local crops (to piece), tell \
         their class; and how often those of whole images do.",
        "On materials, a network trained with local crops recognises pieces that the other does not. On shapes, where a piece rarely shows \
         the shape, local crops lowered kNN in every setting tried.",
        "Labels are used for display only. Published, DINO (ImageNet, ViT-S, kNN): 67.9 % without multi-crop, 72.8 % with.",
    ];
    Chart { format: percent, tip: tip.map(str::to_owned).to_vec(), ..chart("Piece to whole", qualifier, [0.0, 1.0], references, lines) }
}

fn attention(snapshot: &Snapshot) -> Chart<'_> {
    let mut references = Vec::new();
    if let Some(known) = snapshot.attention_references {
        references.push(Reference::new(known.center_prior, format!("{} centre prior", percent(known.center_prior))));
        references.push(Reference::new(known.area, format!("{} area", percent(known.area))));
        references.extend(known.untrained.map(|untrained| Reference::new(untrained, format!("{} untrained", percent(untrained)))));
    }
    let lines = vec![line(&snapshot.history.attention_in_object, theme::TEXT, "")];
    let tip = [
        "Share of the last block's CLS attention, mean over the heads, that lies on the object.",
        "Attention often gathers on the object when the object is what the views share. Compare it with the object's share of the area \
         and with the guess that objects lie in the middle (centre prior): a collapsed run has come close to that, too.",
        "Measured here over 5 seeds of 500 steps: it rose in 4, and in none beyond the centre prior.",
        "Heads differ: each is shown beside the image.",
    ];
    let tip = tip.map(str::to_owned).to_vec();
    Chart { format: percent, tip, ..chart("On the object", "share of attention", [0.0, 1.0], references, lines) }
}

fn agreement(snapshot: &Snapshot) -> Chart<'_> {
    let history = &*snapshot.history;
    let mut lines = vec![line(&history.global_agreement, theme::GLOBAL, "globals")];
    if !history.local_agreement.points.is_empty() {
        lines.push(line(&history.local_agreement, theme::LOCAL, "locals"));
    }
    let tip = [
        "Cosine of the student's crops with the teacher's other global crops of the same image, mean over the batch: 1 is the same \
         direction, 0 unrelated.",
        "In a collapse it is 1 as well: then all images agree.",
    ];
    let references = vec![Reference::new(1.0, "1 same direction"), Reference::new(0.0, "0 unrelated")];
    Chart { tip: tip.map(str::to_owned).to_vec(), ..chart("Agreement", "crops of one image, cos", [-0.25, 1.25], references, lines) }
}

/// "1st", "82nd", "113th".
fn place(rank: f32) -> String {
    if !rank.is_finite() {
        return "not finite".to_owned();
    }
    let rank = rank.round().max(0.0) as u64;
    let ending = match (rank % 100, rank % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{rank}{ending}")
}

fn own_whole(snapshot: &Snapshot) -> Chart<'_> {
    let most = QUERIES as f32;
    let references = vec![Reference::new(1.0, "1 found at once"), Reference::new(most * 0.5, format!("{:.0} by chance", most * 0.5))];
    let tip = [
        "Where its own whole image comes when all held-out images are put in order of nearness to a local crop: the median over the crops.",
        "Images of the same material are as good an answer, so it does not go to 1.",
    ];
    Chart {
        format: place,
        decades: Some([0.8, most]),
        tip: tip.map(str::to_owned).to_vec(),
        ..chart(
            "Its own whole",
            "median place",
            [0.0, most * 0.6],
            references,
            vec![line(&snapshot.history.fragment_median_rank, theme::LOCAL, "")],
        )
    }
}

/// The charts in the order in which they are shown, and their titles in the order in which they go where space is short.
fn charts(snapshot: &Snapshot) -> Vec<Chart<'_>> {
    let history = &*snapshot.history;
    let mut charts = vec![pieces(snapshot)];
    if snapshot.attention_references.is_some() || !history.attention_in_object.points.is_empty() {
        charts.push(attention(snapshot));
    }
    charts.push(Chart {
        tip: vec![format!(
            "Spread of the projections: 1 spread out, 0 one point. Low (under {COMPLETE_BELOW_STD}) is a collapse, low loss or not."
        )],
        format: short,
        ..std_chart(snapshot)
    });
    if !history.global_agreement.points.is_empty() {
        charts.push(agreement(snapshot));
    }
    if !history.fragment_median_rank.points.is_empty() {
        charts.push(own_whole(snapshot));
    }
    charts
}

const LEAST_PLOT: f32 = 52.0;

/// Paints the charts into their part of the right pane.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let inner = Rect::new(area.min[0] + 16.0, area.min[1] + 6.0, area.max[0] - 16.0, area.max[1] - 8.0);
    let mut charts = charts(snapshot);
    if frame.presenting {
        charts.truncate(1);
    }
    for title in ["Its own whole", "Agreement", "On the object", "Embedding std"] {
        if charts.len() > 1 && plot_height(frame, &inner, charts.len()) < LEAST_PLOT {
            charts.retain(|chart| chart.title != title);
        }
    }
    stack(frame, inner, &charts, snapshot);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ordinals() {
        let places = [1.0, 2.4, 3.0, 11.0, 82.0, 113.0, f32::NAN].map(place);
        assert_eq!(places, ["1st", "2nd", "3rd", "11th", "82nd", "113th", "not finite"]);
    }
}

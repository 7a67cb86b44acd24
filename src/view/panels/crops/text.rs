//! What the scene says in words: which image it is, what a crop is, and one sentence for the bar below. A sentence about a run
//! says only what was measured.

use crate::config::Method;
use crate::snapshot::{Inspection, Snapshot};
use crate::view::charts::{grouped, reading, short};
use crate::view::explain;

use super::attention;
use super::marks;

/// The text for the image that is shown, the longest form first.
pub fn image(snapshot: &Snapshot, inspection: &Inspection) -> Vec<String> {
    let class = inspection.class.and_then(|class| snapshot.class_names.get(class as usize));
    let class = class.map_or_else(String::new, |name| format!(", “{name}”"));
    match inspection.image {
        Some(image) if !inspection.of_batch => {
            let (number, draws) = (grouped(u64::from(image) + 1), inspection.draw);
            let again = if draws > 0 { format!(", crops drawn again {draws}×") } else { String::new() };
            let short = format!("image {number}");
            vec![format!("{short}{class}{again}"), format!("{short}{class}"), short]
        }
        _ if !inspection.of_batch => {
            let short = "an image of a batch before".to_owned();
            vec![format!("{short}{class}, crops drawn again {}×", inspection.draw), format!("{short}{class}"), short]
        }
        _ => {
            let step = grouped(inspection.draw);
            let short = format!("the crops of step {step}");
            let trained = if snapshot.step < inspection.draw { "trains on next" } else { "trained on" };
            vec![format!("the very crops that step {step} {trained}{class}"), format!("{short}{class}"), short]
        }
    }
}

/// The text for a crop, the longest form first.
pub fn crop(inspection: &Inspection, index: usize) -> Vec<String> {
    let Some((place, mirrored)) = inspection.crops.get(index) else { return Vec::new() };
    let globals = marks::globals(inspection);
    let name = marks::name(index, globals);
    let area = place[2] * place[3] * 100.0;
    let area = if area.is_finite() { format!("{area:.0} % of the image") } else { "no place".to_owned() };
    let mirrored = if *mirrored { ", mirrored" } else { "" };
    let agreement = inspection.agreement.get(index);
    let agreement = agreement.map_or_else(String::new, |value| format!(", agreement {}", marks::cosine(*value)));
    let losses: Vec<String> = (0..globals)
        .filter_map(|teacher| {
            let loss = inspection.losses.get(teacher)?.get(index).copied().flatten()?;
            Some(format!("{} against {}", short(loss), marks::name(teacher, globals)))
        })
        .collect();
    let losses = if losses.is_empty() { String::new() } else { format!(", loss {}", losses.join(", ")) };
    vec![
        format!("{name}: {area}{mirrored}{agreement}{losses}"),
        format!("{name}: {area}{mirrored}{agreement}"),
        format!("{name}: {area}{mirrored}"),
        name,
    ]
}

/// The text for an attention picture.
pub fn head(inspection: &Inspection, head: usize) -> Vec<String> {
    let heads = attention::heads(inspection);
    let shares = attention::shares(inspection, head).unwrap_or_default();
    let largest = shares.into_iter().filter(|share| share.is_finite()).fold(0.0, f32::max) * 100.0;
    let name = if head == heads { format!("the mean of {heads} heads") } else { format!("head {}", head + 1) };
    vec![format!("attention of {name}, brightest patch {largest:.1} %"), format!("attention of {name}")]
}

/// The full length of a loss bar, and what it stands for.
pub fn loss_scale(snapshot: &Snapshot, inspection: &Inspection) -> (f32, String) {
    let known = snapshot.distributions.as_ref().map(|distributions| distributions.prototypes as usize);
    let prototypes = known.unwrap_or(inspection.teacher_logits.len());
    match snapshot.method {
        Method::Dino if prototypes > 1 => {
            let uniform = (prototypes as f32).ln();
            (uniform, format!("full bar: ln {prototypes} = {}, a uniform guess", short(uniform)))
        }
        Method::Dino => {
            let largest = inspection.losses.iter().flatten().flatten().copied().filter(|loss| loss.is_finite()).fold(0.0, f32::max);
            (largest.max(1e-6), format!("full bar: {}, the largest", short(largest)))
        }
        Method::Byol => (2.0, "full bar: 2, unrelated".to_owned()),
    }
}

/// One true sentence for the bar below.
pub fn caption(snapshot: &Snapshot) -> String {
    // In a collapse all crops agree, and that is no news about pieces.
    if snapshot.walk.is_some() || snapshot.stopped.is_some() || snapshot.step == 0 || snapshot.verdict.kind.is_collapse() {
        return explain::caption(snapshot);
    }
    let measured = snapshot.attention_references.zip(reading(&snapshot.history.attention_in_object, snapshot.step));
    if let (Some((known, share)), 0) = (measured, snapshot.local_crops) {
        let percent = |value: f32| format!("{:.0} %", value * 100.0);
        return format!(
            "Attention often gathers on the object when the object is what the views share: here {} of it, on {} of the area.",
            percent(share),
            percent(known.area),
        );
    }
    let rule = "The teacher sees the global crops only, the student every crop";
    if snapshot.local_crops == 0 {
        return "No local crops: two large crops are compared. With local crops, the student must tell the whole from a piece.".to_owned();
    }
    let Some(inspection) = &snapshot.inspection else {
        return format!("{rule}: it must tell the whole from a piece.");
    };
    let globals = marks::globals(inspection);
    let locals = inspection.agreement.iter().enumerate().skip(globals).filter(|agreement| agreement.1.is_finite());
    match locals.clone().min_by(|a, b| a.1.total_cmp(b.1)).zip(locals.max_by(|a, b| a.1.total_cmp(b.1))) {
        Some((least, most)) if most.1 - least.1 >= 0.1 => format!(
            "{rule}: here {} agrees with the whole most ({}), {} least ({}).",
            marks::name(most.0, globals),
            marks::cosine(*most.1),
            marks::name(least.0, globals),
            marks::cosine(*least.1),
        ),
        Some((least, _)) => format!("{rule}: here all pieces agree with the whole about equally ({}).", marks::cosine(*least.1)),
        None => format!("{rule}: it must tell the whole from a piece."),
    }
}

//! How the time of a step grows with what it works on: one key of a preset at a time, from small to large.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::super::progress::bar;
use super::super::{AdapterFlags, Failure, profile};
use super::{WARM_UP, median, quiet, rounds, steps};
use crate::config::RunConfig;
use crate::session::Session;

/// A key that grows.
struct Axis {
    name: &'static str,
    preset: &'static str,
    key: &'static str,
    /// Amount and what the key is set to.
    values: &'static [(u32, &'static str)],
}

const AXES: [Axis; 4] = [
    Axis { name: "batch", preset: "byol", key: "batch", values: &[(16, "16"), (32, "32"), (64, "64"), (128, "128"), (256, "256")] },
    Axis {
        name: "width of the last stage",
        preset: "byol",
        key: "widths",
        values: &[(48, "16,32,48"), (96, "32,64,96"), (192, "64,128,192"), (384, "128,256,384")],
    },
    Axis { name: "local crops", preset: "multicrop", key: "local_crops", values: &[(0, "0"), (2, "2"), (4, "4"), (6, "6"), (8, "8")] },
    Axis { name: "learners", preset: "byol", key: "learners", values: &[(1, "1"), (2, "2"), (4, "4"), (8, "8"), (16, "16")] },
];

/// An axis as measured: (amount, steps a second).
struct Measured {
    axis: &'static Axis,
    points: Vec<(u32, f64)>,
}

/// Measures all axes and writes `growth.json`, `growth.md` and `growth.svg` into `folder`.
pub fn run(folder: &Path, seconds: u64, print_json: bool, flags: &AdapterFlags) -> Result<(), Failure> {
    let files = ["growth.json", "growth.md", "growth.svg"].map(|name| profile::reserved(&folder.join(name)));
    let bar = bar(AXES.iter().map(|axis| axis.values.len() as u64).sum(), "point");
    let (mut measured, mut adapter) = (Vec::new(), String::new());
    for axis in &AXES {
        let mut points = Vec::new();
        for &(amount, value) in axis.values {
            bar.set_message(format!("{} {}={value}", axis.preset, axis.key));
            let config = RunConfig::load(axis.preset, None, &[format!("{}={value}", axis.key)])?;
            let gpu = flags.open(&config)?;
            adapter.clone_from(&gpu.info.name);
            let mut session = Session::open(gpu, config, quiet())?;
            steps(&mut session, WARM_UP)?;
            points.push((amount, median(rounds(&mut session, seconds)?)));
            bar.inc(1);
        }
        measured.push(Measured { axis, points });
    }
    bar.finish_and_clear();
    let object = json!({ "adapter": adapter, "axes": measured.iter().map(Measured::object).collect::<Vec<_>>() });
    let texts = [format!("{object:#}\n"), table(&measured), plot(&measured)];
    for (file, text) in files.into_iter().zip(&texts) {
        profile::fill(file?, text)?;
    }
    if print_json {
        println!("{object}");
    } else {
        print!("{}", texts[1]);
        println!("written: growth.json, growth.md and growth.svg in {}", folder.display());
    }
    Ok(())
}

impl Measured {
    fn object(&self) -> Value {
        let point = |&(amount, speed): &(u32, f64)| json!({ "value": amount, "steps_per_second": speed, "step_millis": 1e3 / speed });
        let Axis { name, preset, key, .. } = self.axis;
        json!({ "name": name, "preset": preset, "key": key, "points": self.points.iter().map(point).collect::<Vec<_>>() })
    }
}

fn table(measured: &[Measured]) -> String {
    let mut text = String::from("| grows | preset | steps/s at each |\n|---|---|---|\n");
    for Measured { axis, points } in measured {
        let all: Vec<String> = points.iter().map(|(amount, speed)| format!("{amount}: {speed:.2}")).collect();
        let _ = writeln!(text, "| {} | `{}` | {} |", axis.name, axis.preset, all.join(", "));
    }
    if let Some(Measured { points, .. }) = measured.iter().find(|measured| measured.axis.key == "learners")
        && let Some(&(_, alone)) = points.first()
    {
        let all: Vec<String> =
            points.iter().map(|&(learners, speed)| format!("{learners}: {:.2}x", f64::from(learners) * speed / alone)).collect();
        let _ = writeln!(text, "\nL learners side by side against L runs one after another: {}.", all.join(", "));
    }
    text
}

/// Sides of a panel's plotting area.
const PANEL: [f64; 2] = [200.0, 150.0];
/// From one panel to the next, and around them.
const GAP: f64 = 60.0;

/// Milliseconds a step over each axis, both logarithmic, and dashed what proportional growth from the first point would be. (0 lies
/// where 1 does.)
fn plot(measured: &[Measured]) -> String {
    let [width, height] = PANEL;
    let total = GAP + measured.len() as f64 * (width + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        height + 2.0 * GAP
    );
    let log = |value: f64| value.max(1.0).log2();
    let millis = |speed: f64| (1e3 / speed).log2();
    let all = measured.iter().flat_map(|one| one.points.iter().map(|&(_, speed)| millis(speed)));
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value.floor()), high.max(value.ceil())));
    let y = |value: f64| GAP + height * (high - value) / (high - low).max(1.0);
    for (index, Measured { axis, points }) in measured.iter().enumerate() {
        let left = GAP + index as f64 * (width + GAP);
        let (first, last) = (log(points[0].0.into()), log(points[points.len() - 1].0.into()));
        let x = |value: f64| left + width * (value - first) / (last - first).max(1.0);
        let _ = writeln!(svg, "<text x=\"{left:.0}\" y=\"{:.0}\" font-weight=\"bold\">{} ({})</text>", GAP - 24.0, axis.name, axis.preset);
        let mut tick = low;
        while tick <= high {
            let at = y(tick);
            let _ = writeln!(svg, "<path d=\"M{left:.1} {at:.1}h{width}\" stroke=\"#ddd\"/>");
            let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} ms</text>", left - 6.0, at + 4.0, tick.exp2());
            tick += 1.0;
        }
        let place = |&(amount, speed): &(u32, f64)| [x(log(amount.into())), y(millis(speed))];
        let line: Vec<String> = points.iter().map(|point| place(point).map(|value| format!("{value:.1}")).join(",")).collect();
        let start = millis(points[0].1);
        let proportional = format!("{:.1},{:.1} {:.1},{:.1}", x(first), y(start), x(first + high - start), y(high));
        let _ = writeln!(
            svg,
            "<clipPath id=\"panel{index}\"><rect x=\"{left}\" y=\"{GAP}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n\
             <polyline points=\"{proportional}\" fill=\"none\" stroke=\"#999\" stroke-dasharray=\"4 3\" clip-path=\"url(#panel{index})\"/>\n\
             <polyline points=\"{}\" fill=\"none\" stroke=\"#E69F00\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for point in points {
            let [px, py] = place(point);
            let _ = writeln!(svg, "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3\" fill=\"#E69F00\"/>");
            let _ = writeln!(svg, "<text x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", GAP + height + 16.0, point.0);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_drawn_and_told() {
        let measured: Vec<Measured> = AXES
            .iter()
            .map(|axis| Measured { axis, points: axis.values.iter().map(|&(amount, _)| (amount, 50.0 / f64::from(amount + 1))).collect() })
            .collect();
        let points: usize = AXES.iter().map(|axis| axis.values.len()).sum();
        let svg = plot(&measured);
        assert_eq!(svg.matches("<circle").count(), points);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let told = table(&measured);
        assert_eq!(told.lines().count(), 4 + AXES.len());
        assert!(told.contains("1: 1.00x"), "{told}");
        for axis in &AXES {
            for (_, value) in axis.values {
                RunConfig::load(axis.preset, None, &[format!("{}={value}", axis.key)]).expect("a configuration that is allowed");
            }
        }
    }
}

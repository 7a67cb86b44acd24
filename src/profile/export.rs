//! A profile for other programs and for people: a trace that Perfetto and Chrome open, CSV, JSON, and a table.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Roof, StepTimes};

/// The step as a trace in Chrome's format (<https://ui.perfetto.dev> opens it): dispatches laid end to end, each as long as its
/// median, nested by scope. Begins and ends are whole nanoseconds, so that what is nested lies exactly inside.
pub fn trace(times: &StepTimes, title: &str) -> String {
    let name = |what: &str, name: String| json!({ "ph": "M", "pid": 1, "tid": 1, "name": what, "args": { "name": name } });
    let mut events = vec![
        name("process_name", title.to_owned()),
        name("thread_name", format!("GPU: a step, medians of {} ({})", times.steps, times.clock.told())),
    ];
    let nanos = |micros: f64| (micros * 1e3).round() as u64;
    let start = |index: usize| times.start_micros.get(index).map_or_else(|| nanos(times.total_micros()), |&micros| nanos(micros));
    let slice = |name: &str, category: &str, first: u64, end: u64, args: Value| {
        json!({
            "ph": "X", "pid": 1, "tid": 1, "name": name, "cat": category,
            "ts": first as f64 / 1e3, "dur": end.saturating_sub(first) as f64 / 1e3, "args": args,
        })
    };
    // Scopes that are open, with their begin and where their event belongs: before those of what they hold.
    let mut open: Vec<(&str, u64, usize)> = Vec::new();
    for (index, dispatch) in times.dispatches.iter().enumerate() {
        let scopes: Vec<&str> = dispatch.scopes().collect();
        let common = open.iter().zip(&scopes).take_while(|((name, ..), scope)| name == *scope).count();
        let now = start(index);
        while open.len() > common {
            close(&mut events, &mut open, now, &slice);
        }
        for scope in &scopes[common..] {
            open.push((scope, now, events.len()));
            events.push(Value::Null);
        }
        let (work, micros) = (dispatch.work, times.median_micros[index]);
        let args = json!({
            "label": dispatch.label,
            "flops": work.flops,
            "bytes": work.bytes,
            "gflops": work.gflops(micros),
            "gbps": work.gbps(micros),
            "p95_us": times.p95_micros[index],
            "roof_fraction": times.dispatch_roof_fraction(index),
            "workgroups": dispatch.groups,
        });
        events.push(slice(&dispatch.kernel, "dispatch", now, start(index + 1), args));
    }
    while !open.is_empty() {
        close(&mut events, &mut open, start(times.dispatches.len()), &slice);
    }
    let about = json!({ "clock": times.clock, "steps": times.steps, "last_step": times.last_step, "roof": times.roof.as_deref() });
    json!({ "displayTimeUnit": "ms", "otherData": about, "traceEvents": events }).to_string()
}

fn close(events: &mut [Value], open: &mut Vec<(&str, u64, usize)>, end: u64, slice: &dyn Fn(&str, &str, u64, u64, Value) -> Value) {
    if let Some((name, first, place)) = open.pop() {
        events[place] = slice(name, "scope", first, end, json!({}));
    }
}

/// One line a dispatch, in order.
pub fn csv(times: &StepTimes) -> String {
    let mut text =
        String::from("dispatch,label,kernel,start_us,median_us,p95_us,flops,bytes,gflops,gbps,roof_fraction,groups_x,groups_y,groups_z\n");
    for (index, dispatch) in times.dispatches.iter().enumerate() {
        let (work, micros) = (dispatch.work, times.median_micros[index]);
        let fraction = times.dispatch_roof_fraction(index).map_or_else(String::new, |fraction| format!("{fraction:.4}"));
        let [x, y, z] = dispatch.groups;
        let _ = writeln!(
            text,
            "{index},{},{},{:.3},{micros:.3},{:.3},{},{},{:.4},{:.4},{fraction},{x},{y},{z}",
            dispatch.label,
            dispatch.kernel,
            times.start_micros[index],
            times.p95_micros[index],
            work.flops,
            work.bytes,
            work.gflops(micros),
            work.gbps(micros),
        );
    }
    text
}

/// Kernels with their times, rates, shares and fractions of the roof, largest share first.
pub fn kernels(times: &StepTimes) -> Value {
    let row = |kernel: &super::KernelTimes| {
        json!({
            "name": kernel.name,
            "calls": kernel.calls(),
            "median_us": kernel.median_micros,
            "p95_us": kernel.p95_micros,
            "gflops": kernel.work.gflops(kernel.total_micros),
            "gbps": kernel.work.gbps(kernel.total_micros),
            "share": kernel.share,
            "roof_fraction": times.roof_fraction(kernel),
        })
    };
    times.kernels.iter().map(row).collect()
}

/// The same as a table of text, with a line above it.
pub fn table(times: &StepTimes) -> String {
    let widest = times.kernels.iter().map(|kernel| kernel.name.len()).max().unwrap_or(0).max("kernel".len());
    let mut text = format!(
        "{:widest$}  {:>5}  {:>9}  {:>9}  {:>8}  {:>7}  {:>7}  {:>7}\n",
        "kernel", "calls", "median µs", "p95 µs", "GFLOP/s", "GB/s", "share", "of roof"
    );
    for kernel in &times.kernels {
        let fraction = times.roof_fraction(kernel).map_or_else(|| "-".to_owned(), |fraction| format!("{:.1} %", 100.0 * fraction));
        let _ = writeln!(
            text,
            "{:widest$}  {:>5}  {:>9.1}  {:>9.1}  {:>8.2}  {:>7.2}  {:>5.1} %  {fraction:>7}",
            kernel.name,
            kernel.calls(),
            kernel.median_micros,
            kernel.p95_micros,
            kernel.work.gflops(kernel.total_micros),
            kernel.work.gbps(kernel.total_micros),
            100.0 * kernel.share,
        );
    }
    text
}

/// A size as people write it: "32 KiB".
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// The roof in two lines.
pub fn roof(roof: &Roof) -> [String; 2] {
    let copies: Vec<String> = roof.copy.iter().map(|copy| format!("{} {:.1}", size(copy.bytes), copy.gbps)).collect();
    [
        format!("{:.1} GFLOP/s; copies, read and written, in GB/s: {}", roof.peak_gflops, copies.join(", ")),
        format!(
            "an empty dispatch {:.1} µs; a submission {:.0} µs until its end is known, {:.0} µs with a readback",
            roof.dispatch_micros, roof.submit_micros, roof.readback_micros
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, VecDeque};
    use std::sync::Arc;

    use super::super::{Clock, CopySpeed, Dispatch, Measured, Work};
    use super::*;

    /// Scopes that open, close, come again, and a dispatch outside of any.
    const LABELS: [&str; 7] = ["a/b/mul", "a/b/sum", "a/c/mul", "d/mul", "d/b/sum", "a/mul", "tick"];

    fn times() -> StepTimes {
        let dispatch = |label: &&str| Dispatch {
            label: (*label).to_owned(),
            kernel: label.rsplit('/').next().unwrap_or(label).to_owned(),
            work: Work { flops: 1000, bytes: 500 },
            groups: [1, 2, 3],
        };
        let dispatches: Arc<[Dispatch]> = LABELS.iter().map(dispatch).collect();
        // Thirds, so that nothing is a whole nanosecond.
        let step = |step: u64| Measured {
            step,
            micros: (0..LABELS.len()).map(|index| (index as f64 + step as f64) / 3.0).collect(),
            span_micros: 20.0,
        };
        let roof = Roof {
            adapter: "a".into(),
            driver: "d".into(),
            peak_gflops: 10.0,
            copy: vec![CopySpeed { bytes: 1 << 15, gbps: 2.0 }],
            dispatch_micros: 1.0,
            submit_micros: 2.0,
            readback_micros: 3.0,
        };
        StepTimes::of(Clock::Valid, dispatches, &(1..=5).map(step).collect::<VecDeque<_>>(), Some(Arc::new(roof)))
    }

    /// Whole nanoseconds of a field in microseconds.
    fn nanos(event: &Value, field: &str) -> u64 {
        let micros = event[field].as_f64().unwrap_or_else(|| panic!("{field} of {event}"));
        assert!(micros >= 0.0 && ((micros * 1e3).round() / 1e3 - micros).abs() < 1e-9, "{event}");
        (micros * 1e3).round() as u64
    }

    #[test]
    fn a_trace_is_nested_and_its_totals_are_the_tables() {
        let times = times();
        let trace: Value = serde_json::from_str(&trace(&times, "a title")).expect("JSON");
        let events = trace["traceEvents"].as_array().expect("events");
        let mut open: Vec<(u64, String)> = Vec::new();
        let mut totals: HashMap<String, u64> = HashMap::new();
        let (mut labels, mut slices) = (Vec::new(), 0);
        for event in events {
            assert!(event["pid"].is_u64() && event["tid"].is_u64() && event["name"].is_string(), "{event}");
            match event["ph"].as_str() {
                Some("M") => assert!(event["args"]["name"].is_string(), "{event}"),
                Some("X") => {
                    slices += 1;
                    let (first, end) = (nanos(event, "ts"), nanos(event, "ts") + nanos(event, "dur"));
                    // What has ended by now is closed; what has not must hold this one.
                    open.retain(|(end, _)| *end > first);
                    assert!(open.iter().all(|(outer, _)| end <= *outer), "{event} in {open:?}");
                    let name = event["name"].as_str().unwrap_or_default().to_owned();
                    if event["cat"] == "dispatch" {
                        let path: Vec<&str> = open.iter().map(|(_, name)| name.as_str()).chain([name.as_str()]).collect();
                        assert_eq!(event["args"]["label"], path.join("/"));
                        assert_eq!((&event["args"]["flops"], &event["args"]["bytes"]), (&json!(1000), &json!(500)));
                        labels.push(path.join("/"));
                        *totals.entry(name).or_default() += end - first;
                    } else {
                        open.push((end, name));
                    }
                }
                other => panic!("an event of kind {other:?}"),
            }
        }
        assert_eq!(labels, LABELS);
        assert_eq!(slices, LABELS.len() + 6);
        for kernel in &times.kernels {
            let difference = totals[&kernel.name] as f64 / 1e3 - kernel.total_micros;
            assert!(difference.abs() <= 1e-3 * kernel.calls() as f64, "{}: {difference}", kernel.name);
        }
    }

    #[test]
    fn a_line_a_dispatch() {
        let text = csv(&times());
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 1 + LABELS.len());
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
        assert_eq!(lines[1][..3], ["0", "a/b/mul", "mul"]);
        assert_eq!(lines[2][3..5], ["1.000", "1.333"]);
    }

    #[test]
    fn tables_and_objects_say_the_same() {
        let times = times();
        let kernels = kernels(&times);
        let rows = kernels.as_array().expect("rows");
        assert_eq!(rows.len(), 3);
        let fields: Vec<&str> = rows[0].as_object().expect("a row").keys().map(String::as_str).collect();
        assert_eq!(fields, ["name", "calls", "median_us", "p95_us", "gflops", "gbps", "share", "roof_fraction"]);
        let table = table(&times);
        let first = table.lines().nth(1).expect("a row");
        assert!(first.starts_with("mul ") && first.contains(&format!("{:.1} %", 100.0 * times.kernels[0].share)), "{table}");
        assert_eq!(table.lines().count(), 4);
        assert_eq!([size(100), size(1 << 15), size(1 << 25)], ["100 B", "32 KiB", "32 MiB"]);
    }
}

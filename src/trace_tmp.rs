//! temporary
#![allow(missing_docs)]
use std::sync::Mutex;
use std::time::Instant;
static LOG: Mutex<Vec<(String, f64, f64)>> = Mutex::new(Vec::new());
static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
pub fn at(t: Instant) -> f64 { t.saturating_duration_since(*START.get_or_init(Instant::now)).as_secs_f64() * 1e3 }
pub fn span(name: &str, from: Instant) { let (a, b) = (at(from), at(Instant::now())); LOG.lock().unwrap().push((name.to_owned(), a, b)); }
pub fn dump() {
    let mut out = String::new();
    for (n, a, b) in LOG.lock().unwrap().iter() { out += &format!("{n}\t{a:.3}\t{b:.3}\n"); }
    std::fs::write("/tmp/pace/trace.txt", out).unwrap();
}

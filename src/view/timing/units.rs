//! Times and rates as they are written: three significant digits and the unit that suits.

use crate::view::charts::{grouped, short};

/// Microseconds as "41.6 µs", "1.28 ms" or "1.2 s".
pub fn time_text(micros: f32) -> String {
    match micros {
        m if !m.is_finite() => "not finite".to_owned(),
        m if m.abs() >= 999_500.0 => format!("{} s", short(m * 1e-6)),
        m if m.abs() >= 999.5 => format!("{} ms", short(m * 1e-3)),
        m => format!("{} µs", short(m)),
    }
}

/// A round time on an axis: "0", "50 µs", "2.5 ms", with no more digits than it has.
pub fn tick_text(micros: f32) -> String {
    let (value, unit) = match micros {
        0.0 => return "0".to_owned(),
        m if m >= 999_500.0 => (m * 1e-6, "s"),
        m if m >= 999.5 => (m * 1e-3, "ms"),
        m => (m, "µs"),
    };
    let text = format!("{value:.3}");
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A number with up to three significant digits, thousands apart: "13,900", "178", "0.40".
pub fn rate_text(value: f32) -> String {
    match value {
        v if !v.is_finite() => "–".to_owned(),
        v if v >= 999.5 => {
            // Three digits are what was measured.
            let unit = 10.0_f32.powf(v.log10().floor() - 2.0);
            grouped(((v / unit).round() * unit) as u64)
        }
        0.0 => "0".to_owned(),
        v if v > 0.0 && v < 0.01 => "<0.01".to_owned(),
        v if v < 0.9995 => format!("{v:.2}"),
        v => short(v),
    }
}

/// GFLOP/s with the unit that suits: "13.9 TFLOP/s", "80 GFLOP/s".
pub fn flops_text(gflops: f32) -> String {
    if gflops >= 999.5 { format!("{} TFLOP/s", short(gflops * 1e-3)) } else { format!("{} GFLOP/s", rate_text(gflops)) }
}

/// A share as "30.4 %" or, from 99.95 % on, "100 %"; below a twentieth of a percent "<0.1 %".
pub fn share_text(share: f32) -> String {
    match share * 100.0 {
        percent if !percent.is_finite() => "–".to_owned(),
        percent if percent >= 99.95 => format!("{percent:.0} %"),
        percent if percent > 0.0 && percent < 0.05 => "<0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_have_units() {
        assert_eq!([41.62, 999.4, 5760.0, 2.5e6].map(time_text), ["41.6 µs", "999 µs", "5.76 ms", "2.50 s"]);
        assert_eq!([13_912.0, 178.2, 0.4, 0.001, 0.0].map(rate_text), ["13,900", "178", "0.40", "<0.01", "0"]);
        assert_eq!([24_100.0, 80.2].map(flops_text), ["24.1 TFLOP/s", "80.2 GFLOP/s"]);
        assert_eq!([0.304, 1.0, 0.0001, 0.0].map(share_text), ["30.4 %", "100 %", "<0.1 %", "0.0 %"]);
        assert_eq!([0.0, 50.0, 0.5, 2500.0, 20_000.0, 1e6].map(tick_text), ["0", "50 µs", "0.5 µs", "2.5 ms", "20 ms", "1 s"]);
        assert_eq!([f32::NAN, f32::INFINITY].map(time_text), ["not finite", "not finite"]);
    }
}

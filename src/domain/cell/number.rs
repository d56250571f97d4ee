//! Floating-point numbers as Athena writes them: as Java does.

use std::fmt::{Display, LowerExp};

/// A double's or single's shortest text in Java's form: `0.1`, `100.0`, `1.0E7`, `NaN`,
/// `-Infinity`.
pub(super) fn java_float<F>(value: F) -> String
where
    F: Display + LowerExp + Copy + Into<f64>,
{
    let wide: f64 = value.into();
    if wide.is_nan() {
        return "NaN".to_owned();
    }
    if wide.is_infinite() {
        return if wide > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = wide.abs();
    if size != 0.0 && !(1e-3..1e7).contains(&size) {
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        return format!("{digits}{point}E{exponent}");
    }
    let plain = value.to_string();
    if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    }
}

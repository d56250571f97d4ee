//! Lists for people: aligned columns without a frame, and the names of a choice.

use clap::ValueEnum;

use super::stdout::Stdout;
use super::stop::Stop;
use crate::domain::size::Size;
use crate::ui::text::{Align, SafeText};

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// Aligned columns, for a person
    Table,
    /// One JSON document
    Json,
}

/// Prints rows under a heading, every column as wide as its widest cell. Cells may hold data.
pub(super) fn print<const N: usize>(
    out: &mut Stdout,
    heading: [&str; N],
    align: [Align; N],
    rows: &[[String; N]],
) -> Result<(), Stop> {
    let mut widths = heading.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(SafeText::new(cell).width());
        }
    }
    let heading = heading.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(widths).zip(align) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(SafeText::new(cell).aligned(width, align).as_str());
        }
        out.line(line.trim_end())?;
    }
    Ok(())
}

/// Prints one JSON document.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Stop> {
    let mut out = Stdout::lock();
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Stop::failed(format_args!("cannot write JSON: {error}")))?;
    out.line(text)?;
    out.finish()
}

/// A number with its thousands apart: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size in the unit that fits: `12.3 MB`, powers of 1000.
pub(super) fn size(bytes: u64) -> String {
    Size(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}

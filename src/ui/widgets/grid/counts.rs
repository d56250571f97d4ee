//! Honest row counts.

use std::fmt;

/// What is known of rows beyond those that have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// There are none.
    Nothing,
    /// There is at least one: the fetch stopped at a limit.
    More,
    /// Nobody knows: rows are still arriving, or ceased to with a failure.
    Unknown,
}

/// How many rows there are, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCount {
    /// Rows shown, after a filter; the same as `arrived` without one.
    pub shown: usize,
    /// Rows that have arrived.
    pub arrived: usize,
    /// What is known of others.
    pub rest: Rest,
}

impl fmt::Display for RowCount {
    /// `12,345 rows`, `1,000 of ≥1,001 rows`, `1,000 rows so far`, `12 of 12,345 rows`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrived = group_digits(self.arrived as u64);
        let noun = if self.arrived == 1 { "row" } else { "rows" };
        let known = match self.rest {
            Rest::Nothing => format!("{arrived} {noun}"),
            Rest::More => format!("≥{} rows", group_digits(self.arrived as u64 + 1)),
            Rest::Unknown => format!("{arrived} {noun} so far"),
        };
        if self.shown == self.arrived && self.rest != Rest::More {
            return f.write_str(&known);
        }
        write!(f, "{} of {known}", group_digits(self.shown as u64))
    }
}

/// A number with a comma after every third digit from the right.
pub fn group_digits(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_say_what_is_known() {
        let text = |shown, arrived, rest| {
            RowCount {
                shown,
                arrived,
                rest,
            }
            .to_string()
        };
        assert_eq!(text(12_345, 12_345, Rest::Nothing), "12,345 rows");
        assert_eq!(text(1, 1, Rest::Nothing), "1 row");
        assert_eq!(text(0, 0, Rest::Nothing), "0 rows");
        assert_eq!(text(1_000, 1_000, Rest::More), "1,000 of ≥1,001 rows");
        assert_eq!(text(1_000, 1_000, Rest::Unknown), "1,000 rows so far");
        assert_eq!(text(12, 12_345, Rest::Nothing), "12 of 12,345 rows");
        assert_eq!(text(12, 1_000, Rest::Unknown), "12 of 1,000 rows so far");
        assert_eq!(group_digits(1_234_567), "1,234,567");
        assert_eq!(group_digits(999), "999");
    }
}

//! The reason of a surprise, in words: `first GetObject by deployer in 6 days`.

use std::fmt;

use super::{DIMENSIONS, HOUR, NETWORK, OPERATION, PRINCIPAL, RESOURCE};

/// How often it was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Never, up to the row's own hour.
    First,
    /// Not up to a day before the row, but since.
    Lately,
    /// Never but in this row.
    Only,
    /// So many times.
    Times(u64),
}

/// What surprises, and how often it was seen.
pub(super) struct Reason<'a> {
    /// The values that surprise, by dimension.
    pub(super) names: [Option<&'a str>; DIMENSIONS],
    pub(super) seen: Seen,
    /// How often a pair was to be expected.
    pub(super) expected: Option<f64>,
    /// How long the past is.
    pub(super) hours: Option<u32>,
    /// Whether it is the hour of the day alone.
    pub(super) is_hour: bool,
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seen {
            Seen::First => {
                f.write_str("first ")?;
                self.what(f)?;
                self.past(f, "in")
            }
            Seen::Only => {
                f.write_str("the only ")?;
                self.what(f)?;
                self.past(f, "in")
            }
            Seen::Lately => {
                f.write_str("new within a day: ")?;
                self.what(f)?;
                self.past(f, ", none in the")?;
                match self.hours {
                    Some(_) => f.write_str(" before"),
                    None => Ok(()),
                }
            }
            Seen::Times(times) => {
                write!(f, "seen {times} × before: ")?;
                self.what(f)?;
                self.past(f, "in")?;
                match self.expected {
                    Some(expected) if expected >= 1.0 => {
                        write!(f, ", where {expected:.0} were to be expected")
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl Reason<'_> {
    /// `GetObject by deployer from 198.51.0.0/16`.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |dimension: usize| self.names.get(dimension).copied().flatten();
        match name(OPERATION) {
            Some("") => f.write_str("event without an operation")?,
            Some(operation) => f.write_str(operation)?,
            None => f.write_str("event")?,
        }
        match name(PRINCIPAL) {
            Some("") => f.write_str(" by nobody named")?,
            Some(principal) => write!(f, " by {}", short(principal))?,
            None => {}
        }
        match name(NETWORK) {
            Some("") => f.write_str(" from no address")?,
            Some(network) => write!(f, " from {network}")?,
            None => {}
        }
        match name(RESOURCE) {
            Some("") => f.write_str(" on no resource")?,
            Some(resource) => write!(f, " on {resource}")?,
            None => {}
        }
        match name(HOUR) {
            Some("") => f.write_str(" without a time"),
            Some(hour) if self.is_hour => write!(f, " in the hour from {hour}:00 UTC"),
            Some(hour) => write!(f, " between {hour}:00 and {hour}:59 UTC"),
            None => Ok(()),
        }
    }

    fn past(&self, f: &mut fmt::Formatter<'_>, lead: &str) -> fmt::Result {
        let lead = match lead.starts_with(',') {
            true => lead.to_owned(),
            false => format!(" {lead}"),
        };
        match self.hours {
            None => Ok(()),
            Some(1) => write!(f, "{lead} 1 hour"),
            Some(hours) if hours < 48 => write!(f, "{lead} {hours} hours"),
            Some(hours) => write!(f, "{lead} {} days", hours / 24),
        }
    }
}

/// The kind and name at the end of an ARN, which says the rest at length.
fn short(principal: &str) -> &str {
    match principal.starts_with("arn:") {
        true => principal.splitn(6, ':').last().unwrap_or(principal),
        false => principal,
    }
}

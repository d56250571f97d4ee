//! Why a result has no row: the cause, what shows it, and what was probably meant.

use std::fmt;

use serde::Serialize;

/// Why a result has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The source was collected in that window, and nothing in it is what was asked for.
    Quiet,
    /// The source is not in the lake, or not of that account or Region.
    SourceAbsent,
    /// The window lies before the first event, after the last one, or where none was collected.
    OutsideData,
    /// A condition that holds for no row, because of how its value is written.
    CannotMatch,
    /// Every condition holds for some row, but no row passes all of them, or rights or a join keep
    /// the rows away.
    Filtered,
    /// The window is empty or in the future, or a time is compared in another unit.
    Slip,
    /// Not known.
    Unknown,
}

impl Cause {
    /// The six causes that are told apart.
    pub const ALL: [Self; 6] = [
        Self::Quiet,
        Self::SourceAbsent,
        Self::OutsideData,
        Self::CannotMatch,
        Self::Filtered,
        Self::Slip,
    ];

    /// The cause in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Quiet => "nothing there",
            Self::SourceAbsent => "not collected",
            Self::OutsideData => "no data for that time",
            Self::CannotMatch => "cannot match",
            Self::Filtered => "filtered away",
            Self::Slip => "type or time slip",
            Self::Unknown => "not explained",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A value that occurs, offered for one that does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearValue {
    /// The value as it stands in the lake.
    pub value: String,
    /// Rows of the window that have it; 0 where they were not counted.
    pub rows: u64,
    /// How it differs, such as `another case`.
    pub differs: &'static str,
}

/// The statement with what was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// The whole statement.
    pub sql: String,
    /// What is changed in it.
    pub told: String,
}

/// Why a result has no row, with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The cause.
    pub cause: Cause,
    /// One sentence without a full stop.
    pub told: String,
    /// What was counted or seen, a line each.
    pub evidence: Vec<String>,
    /// Values that occur where the asked one does not, the best first.
    pub nearest: Vec<NearValue>,
    /// The statement put right, where it is known how. It has not been run.
    pub correction: Option<Correction>,
    /// Statements that were run to find out.
    pub probes: usize,
}

impl Explanation {
    /// A cause with its sentence and nothing else.
    pub fn new(cause: Cause, told: impl Into<String>) -> Self {
        Self {
            cause,
            told: told.into(),
            evidence: Vec::new(),
            nearest: Vec::new(),
            correction: None,
            probes: 0,
        }
    }

    /// The same with a line of evidence.
    #[must_use]
    pub fn with(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Every line for a person: the sentence, the evidence, the nearest values, the correction.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.cause, self.told)];
        lines.extend(self.evidence.iter().cloned());
        lines.extend(self.nearest.iter().map(NearValue::to_string));
        lines.extend(
            self.correction
                .as_ref()
                .map(|correction| format!("corrected statement: {}", correction.told)),
        );
        lines
    }
}

impl fmt::Display for NearValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "near: {} ({}", self.value, self.differs)?;
        match self.rows {
            0 => f.write_str(")"),
            1 => f.write_str(", 1 row)"),
            rows => write!(f, ", {rows} rows)"),
        }
    }
}

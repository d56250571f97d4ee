//! The formats that a result can be written in.

use std::fmt;
use std::str::FromStr;

/// A format of `--format` and of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Aligned columns, for a person.
    Table,
    /// Athena's own CSV: every value quoted, NULL bare and empty, an empty string `""`.
    Csv,
    /// CSV that a spreadsheet may open: no cell begins like a formula. Altered data.
    CsvSafe,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Parquet, ZSTD.
    Parquet,
    /// A Markdown table.
    Markdown,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Table,
        Self::Csv,
        Self::CsvSafe,
        Self::Json,
        Self::Ndjson,
        Self::Parquet,
        Self::Markdown,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::CsvSafe => "csv-safe",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Markdown => "markdown",
        }
    }

    /// The ending of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Csv => "csv",
            Self::CsvSafe => "safe.csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Markdown => "md",
        }
    }

    /// The format that a file's name asks for by its ending.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let fits = |format: &Self| lower.ends_with(&format!(".{}", format.extension()));
        // The longest ending wins: `.safe.csv` is no plain `.csv`.
        Self::ALL
            .into_iter()
            .filter(fits)
            .max_by_key(|format| format.extension().len())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format; there are table, csv, csv-safe, json, ndjson, parquet and markdown")]
pub struct FormatError(String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut formats = Self::ALL.into_iter();
        let found = formats.find(|format| name == format.name() || name == format.extension());
        found.ok_or_else(|| FormatError(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_lead_back_to_the_format() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
            assert_eq!(format.extension().parse(), Ok(format));
            let file = format!("result.{}", format.extension());
            assert_eq!(Format::of_file_name(&file), Some(format));
        }
        assert!("xlsx".parse::<Format>().is_err());
        assert_eq!(Format::of_file_name("result"), None);
    }
}

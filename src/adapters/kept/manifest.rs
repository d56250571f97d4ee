//! The manifest: what a kept result is, where it came from, and the hash that proves its rows.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::query::Execution;
use crate::domain::rfc3339;
use crate::domain::rows::Column;
use crate::sql::containment::{ColumnKind, StoredColumn};

/// The form of manifests that this program writes.
pub(super) const FORMAT: u32 = 1;

/// A result that was kept. As JSON it is the file beside the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptResult {
    /// The form of this manifest.
    pub format: u32,
    /// The result's name, which is also its table name.
    pub name: String,
    /// The statement's exact text.
    pub sql: String,
    /// SQL literals for its `?`, in order.
    pub parameters: Vec<String>,
    /// The query service that ran it.
    pub engine: String,
    /// The profile that it ran with.
    pub profile: Option<String>,
    /// A mark of the settings that said what table names mean in that profile.
    #[serde(default)]
    pub settings: Option<String>,
    /// What the service told of the run.
    pub execution: Option<Execution>,
    /// When the run was started.
    #[serde(with = "rfc3339")]
    pub started: DateTime<Utc>,
    /// When its last row had come.
    #[serde(with = "rfc3339")]
    pub ended: DateTime<Utc>,
    /// Bytes read of the lake; on Athena those scanned.
    pub bytes_read: u64,
    /// Files read of the lake.
    pub files_read: u64,
    /// Files that the lake held for the tables asked.
    pub files_known: u64,
    /// What a person must know to read the result rightly.
    pub notes: Vec<String>,
    /// The columns in order.
    pub columns: Vec<KeptColumn>,
    /// Rows.
    pub rows: u64,
    /// Bytes of the rows' file.
    pub bytes: u64,
    /// SHA-256 of the rows' file, in hexadecimal.
    pub sha256: String,
    /// The program that kept it, with its version.
    pub tool: String,
}

/// A column under each of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptColumn {
    /// As a person sees it; may repeat.
    pub display: String,
    /// In the result's own schema.
    pub field: String,
    /// In the file, and so in SQL over it: lower case and unique.
    pub table: String,
    /// What its values are to SQL.
    pub kind: ColumnKind,
}

impl KeptResult {
    /// Reads a manifest; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let result: Self = serde_json::from_str(text)
            .map_err(|error| format!("it is no manifest of a result: {error}"))?;
        if result.format > FORMAT {
            return Err(format!(
                "it was written by a later version ({}): update this program",
                result.tool
            ));
        }
        Ok(result)
    }

    pub(super) fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string())
    }

    /// The columns' display names.
    pub fn display_columns(&self) -> Vec<Column> {
        let column = |column: &KeptColumn| Column {
            name: column.display.clone(),
        };
        self.columns.iter().map(column).collect()
    }

    /// The columns as [`crate::sql::containment`] asks for them.
    pub fn stored_columns(&self) -> Vec<StoredColumn> {
        let column = |column: &KeptColumn| StoredColumn {
            name: column.table.clone(),
            display: column.display.clone(),
            kind: column.kind.clone(),
        };
        self.columns.iter().map(column).collect()
    }

    /// The times between which the run's `current_timestamp` lay.
    pub fn ran_within(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        // Times are kept to the millisecond, the rest cut off.
        let end = self.ended.checked_add_signed(TimeDelta::milliseconds(1));
        (self.started, end.unwrap_or(self.ended))
    }
}

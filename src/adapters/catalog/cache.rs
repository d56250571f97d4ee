//! The catalogue's copy on disk.

use std::io::Write;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::lake::{Source, SourceVersion, TableName};
use crate::domain::rfc3339;
use crate::ports::{ColumnInfo, TableInfo};

/// The file of one catalogue.
pub(super) struct CacheFile<'a>(pub(super) &'a Path);

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(with = "rfc3339")]
    at: DateTime<Utc>,
    tables: Vec<KeptTable>,
}

#[derive(Serialize, Deserialize)]
struct KeptTable {
    database: String,
    table: String,
    alias: Option<String>,
    /// The alias of the source and the suffix of its version, such as `vpc_flow` and `2_0`.
    source: Option<(String, String)>,
    /// Name, type, and whether it is a partition's.
    columns: Vec<(String, String, bool)>,
    location: Option<String>,
}

impl CacheFile<'_> {
    /// What is kept; a file that is missing or damaged keeps nothing.
    pub(super) fn read(&self) -> Option<(DateTime<Utc>, Vec<TableInfo>)> {
        let text = std::fs::read_to_string(self.0).ok()?;
        let kept: Kept = serde_json::from_str(&text).ok()?;
        Some((
            kept.at,
            kept.tables.into_iter().map(TableInfo::from).collect(),
        ))
    }

    /// Keeps the tables; the file is whole or as it was.
    pub(super) fn write(&self, at: DateTime<Utc>, tables: &[TableInfo]) -> std::io::Result<()> {
        let kept = Kept {
            at,
            tables: tables.iter().map(KeptTable::from).collect(),
        };
        let text = serde_json::to_string(&kept)?;
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let making = self.0.with_extension(format!("{}.new", std::process::id()));
        let mut file = std::fs::File::create(&making)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(making, self.0)
    }
}

impl From<&TableInfo> for KeptTable {
    fn from(table: &TableInfo) -> Self {
        let source = table.source.zip(table.version);
        Self {
            database: table.name.database.clone(),
            table: table.name.table.clone(),
            alias: table.alias.clone(),
            source: source
                .map(|(source, version)| (source.alias().to_owned(), version.suffix().to_owned())),
            columns: table
                .columns
                .iter()
                .map(|column| {
                    (
                        column.name.clone(),
                        column.type_text.clone(),
                        column.partition,
                    )
                })
                .collect(),
            location: table.location.clone(),
        }
    }
}

impl From<KeptTable> for TableInfo {
    fn from(kept: KeptTable) -> Self {
        let (source, version) = match &kept.source {
            Some((alias, suffix)) => (
                Source::ALL
                    .into_iter()
                    .find(|source| source.alias() == alias),
                SourceVersion::ALL
                    .into_iter()
                    .find(|version| version.suffix() == suffix),
            ),
            None => (None, None),
        };
        Self {
            name: TableName {
                database: kept.database,
                table: kept.table,
            },
            alias: kept.alias,
            source,
            version,
            columns: kept
                .columns
                .into_iter()
                .map(|(name, type_text, partition)| ColumnInfo {
                    name,
                    type_text,
                    partition,
                })
                .collect(),
            location: kept.location,
            files: None,
            bytes: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableInfo {
        TableInfo {
            name: TableName::documented("eu-west-1", Source::VpcFlow, SourceVersion::V2),
            alias: Some("vpc_flow".to_owned()),
            source: Some(Source::VpcFlow),
            version: Some(SourceVersion::V2),
            columns: vec![ColumnInfo {
                name: "src_endpoint".to_owned(),
                type_text: "struct<ip:string>".to_owned(),
                partition: false,
            }],
            location: Some("s3://lake/flows/".to_owned()),
            files: None,
            bytes: None,
        }
    }

    #[test]
    fn what_was_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/catalogue.json");
        let at = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        CacheFile(&path).write(at, &[table()]).unwrap();
        assert_eq!(CacheFile(&path).read(), Some((at, vec![table()])));
    }

    #[test]
    fn a_damaged_copy_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.json");
        assert_eq!(CacheFile(&path).read(), None);
        std::fs::write(&path, "{\"at\":").unwrap();
        assert_eq!(CacheFile(&path).read(), None);
    }
}

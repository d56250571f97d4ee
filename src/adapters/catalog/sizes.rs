//! What is known of the sizes of tables: asked of Glue and of Iceberg's metadata once a day and
//! table, kept in a file, learnt behind somebody's back while they type.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_glue::types::Table;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FRESH, statistics};
use crate::adapters::aws::AwsAccess;
use crate::domain::estimate::{Effort, TableSize};
use crate::domain::lake::TableName;
use crate::domain::query::QueryError;
use crate::domain::rfc3339;

/// Iceberg metadata longer than this are not read, in bytes.
const LONGEST: i64 = 64 << 20;

/// The sizes of tables, as far as they are known. Clones know the same.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    access: AwsAccess,
    file: Option<PathBuf>,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Whether the file has been read.
    read: bool,
    sizes: HashMap<TableName, Kept>,
    /// Tables that were asked for in the background, each once.
    asked: HashSet<TableName>,
}

/// A size and when it was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    database: String,
    table: String,
    #[serde(with = "rfc3339")]
    at: DateTime<Utc>,
    bytes: u64,
    rows: Option<u64>,
    source: String,
}

impl Kept {
    fn size(&self) -> TableSize {
        TableSize {
            bytes: self.bytes,
            rows: self.rows,
            source: self.source.clone(),
        }
    }
}

impl Sizes {
    /// Nothing is asked yet. What becomes known is kept in `file`.
    pub(super) fn new(access: AwsAccess, file: Option<PathBuf>) -> Self {
        Self {
            access,
            file,
            known: Arc::default(),
        }
    }

    /// The size of a table; `None` where nothing tells. Quickly: from what is known, and where that
    /// is nothing, the question goes out and the next one finds the answer.
    pub(super) async fn of(&self, table: &TableName, effort: Effort) -> Option<TableSize> {
        let known = self.known(table);
        match effort {
            Effort::Full => self.learn(table).await.or(known),
            Effort::Quick => {
                if known.is_none()
                    && tokio::runtime::Handle::try_current().is_ok()
                    && self.lock().asked.insert(table.clone())
                {
                    let (this, table) = (self.clone(), table.clone());
                    tokio::spawn(async move { this.learn(&table).await });
                }
                known
            }
        }
    }

    /// What was told within a day.
    fn known(&self, table: &TableName) -> Option<TableSize> {
        let mut known = self.lock();
        if !std::mem::replace(&mut known.read, true)
            && let Some(text) = self.file.as_ref().and_then(|f| std::fs::read(f).ok())
        {
            // A damaged file knows nothing, and is written anew.
            let kept: Vec<Kept> = serde_json::from_slice(&text).unwrap_or_default();
            for kept in kept {
                let name = TableName {
                    database: kept.database.clone(),
                    table: kept.table.clone(),
                };
                known.sizes.insert(name, kept);
            }
        }
        let kept = known.sizes.get(table)?;
        (Utc::now() - kept.at < FRESH).then(|| kept.size())
    }

    /// Asks for a table's size and keeps it.
    async fn learn(&self, table: &TableName) -> Option<TableSize> {
        match self.ask(table).await {
            Ok(size) => {
                self.keep(table, size.as_ref()?);
                size
            }
            Err(error) => {
                tracing::info!(%table, %error, "a table's size is not known");
                None
            }
        }
    }

    async fn ask(&self, name: &TableName) -> Result<Option<TableSize>, QueryError> {
        let Some(mut table) = self.table(None, &name.database, &name.table).await? else {
            return Ok(None);
        };
        // A resource link has no statistics: those are the target's.
        if let Some(target) = &table.target_table
            && let (Some(database), Some(name)) = (&target.database_name, &target.name)
        {
            let linked = self.table(target.catalog_id.as_deref(), database, name);
            match linked.await? {
                Some(found) => table = found,
                None => return Ok(None),
            }
        }
        let snapshot = match statistics::metadata_location(&table) {
            Some(place) => self.snapshot(place).await,
            None => Ok(None),
        };
        match snapshot {
            Ok(Some(size)) => return Ok(Some(size)),
            Ok(None) => {}
            // Metadata that may not be read leave the table's own parameters.
            Err(error) => tracing::info!(table = %name, %error, "a snapshot is not read"),
        }
        Ok(statistics::by_parameters(&table))
    }

    async fn table(
        &self,
        catalog: Option<&str>,
        database: &str,
        table: &str,
    ) -> Result<Option<Table>, QueryError> {
        let found = self
            .access
            .glue()
            .get_table()
            .set_catalog_id(catalog.map(str::to_owned))
            .database_name(database)
            .name(table)
            .send()
            .await
            .map_err(|error| self.access.fault("glue:GetTable", &error))?;
        Ok(found.table)
    }

    /// What the current snapshot tells. A text that is compressed or too long is not read.
    async fn snapshot(&self, place: &str) -> Result<Option<TableSize>, QueryError> {
        let Some((bucket, key)) = place
            .split_once("://")
            .and_then(|(_, path)| path.split_once('/'))
        else {
            return Ok(None);
        };
        if key.ends_with(".gz.metadata.json") || key.ends_with(".metadata.json.gz") {
            return Ok(None);
        }
        let object = self.access.s3().get_object().bucket(bucket).key(key);
        let found = object
            .send()
            .await
            .map_err(|error| self.access.fault("s3:GetObject", &error))?;
        if found.content_length.is_none_or(|length| length > LONGEST) {
            return Ok(None);
        }
        // One that breaks off is no JSON, and tells nothing.
        let text = found.body.collect().await.map(|body| body.into_bytes());
        Ok(text.ok().and_then(|text| statistics::by_snapshot(&text)))
    }

    fn keep(&self, table: &TableName, size: &TableSize) {
        let mut known = self.lock();
        let kept = Kept {
            database: table.database.clone(),
            table: table.table.clone(),
            at: Utc::now(),
            bytes: size.bytes,
            rows: size.rows,
            source: size.source.clone(),
        };
        known.sizes.insert(table.clone(), kept);
        let all: Vec<&Kept> = known.sizes.values().collect();
        let written = serde_json::to_vec(&all).map_err(std::io::Error::other);
        // What cannot be kept is asked for again the next time.
        if let Some(file) = &self.file
            && let Err(error) = written.and_then(|text| write(file, &text))
        {
            tracing::warn!(%error, "the sizes of tables are not kept");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a file that is whole or as it was.
fn write(path: &std::path::Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let making = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::File::create(&making)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(making, path)
}

//! The catalogue of a lake on AWS: databases, tables and columns as Glue has them, kept on disk.
//!
//! Owns the reading of Glue's metadata and its copy in a file. Tables shared by Lake Formation are
//! resource links with names of somebody's choosing: what a table holds is told by its name, by its
//! columns, or by the aliases of the configuration, in the opposite order.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the catalogue's files, asks when they were written, and the one task \
              that learns a table's size in the background"
)]

mod cache;
mod glue;
mod sizes;
mod statistics;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{Duration, Utc};

use crate::adapters::aws::AwsAccess;
use crate::domain::estimate::{Effort, TableSize};
use crate::domain::lake::{LakeFacts, TableName};
use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::ports::{Catalog, TableInfo};
use cache::CacheFile;
use sizes::Sizes;

/// How old a kept catalogue may be before Glue is asked again: tables change with a subscription,
/// not with the hour.
const FRESH: Duration = Duration::hours(24);

/// What of a catalogue is wanted.
#[derive(Debug, Clone, Default)]
pub struct CatalogOptions {
    /// The databases; empty means every one that holds a table of Security Lake.
    pub databases: Vec<String>,
    /// Short names that the configuration gives to tables: alias to `database.table`.
    pub aliases: BTreeMap<String, String>,
    /// Where the copy lies; `None` keeps none.
    pub cache: Option<PathBuf>,
}

/// The tables of a lake on AWS.
#[derive(Debug)]
pub struct GlueCatalog {
    access: AwsAccess,
    options: CatalogOptions,
    known: Mutex<Option<Arc<[TableInfo]>>>,
    sizes: Sizes,
}

impl GlueCatalog {
    /// A catalogue that has asked nothing yet.
    pub fn new(access: AwsAccess, options: CatalogOptions) -> Self {
        let kept = options.cache.as_ref();
        let file = kept.map(|catalogue| catalogue.with_extension("sizes.json"));
        Self {
            sizes: Sizes::new(access.clone(), file),
            access,
            options,
            known: Mutex::default(),
        }
    }

    /// Asks Glue again, whatever is kept.
    ///
    /// # Errors
    ///
    /// Those of Glue; what was known stays known.
    pub async fn refresh(&self) -> Result<(), QueryError> {
        let known: Arc<[TableInfo]> = glue::tables(&self.access, &self.options).await?.into();
        if let Some(file) = &self.options.cache {
            // A catalogue that cannot be kept is asked for again the next time.
            if let Err(error) = CacheFile(file).write(Utc::now(), &known) {
                tracing::warn!(%error, "the catalogue is not kept");
            }
        }
        *self.lock() = Some(known);
        Ok(())
    }

    async fn known(&self) -> Result<Arc<[TableInfo]>, QueryError> {
        if let Some(known) = self.lock().clone() {
            return Ok(known);
        }
        let kept = self.options.cache.as_ref();
        if let Some((at, tables)) = kept.and_then(|file| CacheFile(file).read())
            && Utc::now() - at < FRESH
        {
            let known: Arc<[TableInfo]> = tables.into();
            *self.lock() = Some(Arc::clone(&known));
            return Ok(known);
        }
        self.refresh().await?;
        self.lock()
            .clone()
            .ok_or_else(|| QueryError::new(QueryErrorKind::Internal, "the catalogue was not kept"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<[TableInfo]>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Catalog for GlueCatalog {
    async fn tables(&self) -> Result<Vec<TableInfo>, QueryError> {
        Ok(self.known().await?.to_vec())
    }

    async fn table(&self, name: &str) -> Result<TableInfo, QueryError> {
        let known = self.known().await?;
        let asked = name.replace(['"', '`'], "").to_lowercase();
        let found = known.iter().find(|table| {
            let full = table.name.to_string();
            full == asked
                || table.name.table == asked
                || asked
                    .strip_suffix(&full)
                    .is_some_and(|catalog| catalog.ends_with('.'))
                || table.alias.as_deref() == Some(&asked)
        });
        found.cloned().ok_or_else(|| {
            let names = known
                .iter()
                .flat_map(|table| [table.alias.as_deref(), Some(table.name.table.as_str())])
                .flatten();
            QueryError::new(
                QueryErrorKind::UnknownName,
                format!("there is no table `{name}`"),
            )
            .with_hint(
                did_you_mean(&asked, names)
                    .unwrap_or_else(|| "the command `tables` lists the tables".to_owned()),
            )
        })
    }

    async fn size(&self, table: &TableName, effort: Effort) -> Option<TableSize> {
        self.sizes.of(table, effort).await
    }

    /// The Regions that the tables' names tell: objects are not counted, which would cost a listing
    /// of the bucket or a query.
    async fn facts(&self) -> Result<LakeFacts, QueryError> {
        let known = self.known().await?;
        let mut regions: Vec<String> = known
            .iter()
            .filter_map(|table| glue::region_of(&table.name))
            .collect();
        regions.sort();
        regions.dedup();
        Ok(LakeFacts {
            regions,
            ..LakeFacts::default()
        })
    }
}

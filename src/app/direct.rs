//! The embedded engine over the objects of a lake on AWS: made at its first use, told by the
//! catalogue which table lies where.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::adapters::aws::AwsAccess;
use crate::adapters::catalog::GlueCatalog;
use crate::adapters::engine::{
    CacheOptions, Engine, EngineOptions, LakeRoot, S3Lake, S3Place, S3Table,
};
use crate::config::Profile;
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::ports::{Catalog, TableInfo};

/// Bytes of fetched ranges that are kept on disk for one profile.
const CACHE_BYTES: u64 = 8 << 30;

/// Where the embedded engine finds the objects of a profile's lake.
pub(super) struct Direct {
    access: AwsAccess,
    catalog: Arc<GlueCatalog>,
    options: EngineOptions,
    cache: PathBuf,
    places: Vec<S3Place>,
    /// The database of unqualified names.
    database: Option<String>,
    engine: OnceCell<Engine>,
}

impl Direct {
    /// Asks nothing yet. Of the options the lake is not looked at.
    pub(super) fn new(
        access: AwsAccess,
        catalog: Arc<GlueCatalog>,
        options: EngineOptions,
        profile: &Profile,
        cache: PathBuf,
    ) -> Self {
        let places = &profile.data_locations;
        Self {
            access,
            catalog,
            options,
            cache,
            places: places.iter().filter_map(|at| S3Place::parse(at)).collect(),
            database: profile.databases.first().cloned(),
            engine: OnceCell::new(),
        }
    }

    /// The engine, which knows the tables as the catalogue has them now. Where the catalogue is
    /// refused, the profile's `data_locations` tell where the lake's own tables lie.
    ///
    /// # Errors
    ///
    /// The catalogue's where nothing else tells; `Internal` where threads cannot be started.
    pub(super) async fn engine(&self) -> Result<&Engine, QueryError> {
        let tables = match self.tables().await {
            Ok(tables) => tables,
            Err(_) if !self.places.is_empty() => Vec::new(),
            Err(error) if error.hint.is_none() || error.kind == QueryErrorKind::Denied => {
                return Err(error.with_hint(
                    "the catalogue tells where a table's objects lie; where it is refused, name \
                     the lake's buckets in the profile, such as data_locations = \
                     [\"s3://aws-security-data-lake-us-east-1-…/\"]",
                ));
            }
            Err(error) => return Err(error),
        };
        let made = self.engine.get_or_try_init(|| async {
            let lake = S3Lake {
                access: self.access.clone(),
                places: self.places.clone(),
                tables: Vec::new(),
                cache: Some(CacheOptions {
                    folder: self.cache.clone(),
                    budget: CACHE_BYTES,
                }),
            };
            Engine::open(EngineOptions {
                lake: LakeRoot::from(lake),
                ..self.options.clone()
            })
            .map_err(|error| QueryError::new(QueryErrorKind::Internal, error.to_string()))
        });
        let engine = made.await?;
        engine.name_tables(tables);
        Ok(engine)
    }

    /// The catalogue's tables that have a place on S3, those of the default database first.
    async fn tables(&self) -> Result<Vec<S3Table>, QueryError> {
        let mut tables = self.catalog.tables().await?;
        if tables.iter().all(|table| table.location.is_none()) {
            // A copy that an earlier version of the program kept has none.
            self.catalog.refresh().await?;
            tables = self.catalog.tables().await?;
        }
        let elsewhere = |table: &TableInfo| Some(&table.name.database) != self.database.as_ref();
        tables.sort_by_key(elsewhere);
        Ok(tables.into_iter().filter_map(located).collect())
    }
}

fn located(table: TableInfo) -> Option<S3Table> {
    Some(S3Table {
        location: S3Place::parse(table.location.as_deref()?)?,
        holds: table.source.zip(table.version),
        alias: table.alias,
        name: table.name,
    })
}

//! A lake on S3: which prefixes make which table, and which objects below them a query may need.
//!
//! Nothing is listed as a whole. A table is walked level by level, and a prefix is entered only if
//! the query's predicates let its partitions in.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use datafusion::common::{DataFusionError, Result};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::names::Names;
use super::place::Place;
use super::{FOLDER_DATABASE, LakeFile, NamedTable, TableKey};
use crate::adapters::aws::AwsAccess;
use crate::adapters::engine::storage::listing::is_parquet;
use crate::adapters::engine::storage::s3::{
    CacheOptions, S3Place, S3Store, Traffic, bucket_region, fresh_for,
};
use crate::domain::lake::{Source, SourceVersion, TableName};
use crate::domain::query::QueryError;

/// Listings that one query may have under way.
const LISTINGS: usize = 16;

/// Prefixes deeper than this below a table's are not entered.
const MAX_DEPTH: usize = 24;

/// Where an Iceberg table keeps what is no data.
const METADATA: &str = "metadata/";

/// A lake on S3, and who reads it.
#[derive(Debug, Clone)]
pub struct S3Lake {
    /// Whose credentials.
    pub access: AwsAccess,
    /// Buckets, or prefixes of some, in Security Lake's layout: one for each Region, as a rule.
    pub places: Vec<S3Place>,
    /// Tables as a catalogue names them.
    pub tables: Vec<S3Table>,
    /// Where fetched ranges are kept; `None` keeps none.
    pub cache: Option<CacheOptions>,
}

/// A table by the name that a catalogue gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Table {
    /// Database and table.
    pub name: TableName,
    /// Its short name.
    pub alias: Option<String>,
    /// What it holds, where that is known.
    pub holds: Option<(Source, SourceVersion)>,
    /// The prefix of its objects.
    pub location: S3Place,
}

/// The prefixes of a lake on S3.
#[derive(Debug)]
pub(crate) struct RemoteLake {
    /// Its objects.
    pub store: Arc<S3Store>,
    places: Vec<S3Place>,
    tables: RwLock<Arc<[S3Table]>>,
}

/// Where a table's objects lie, in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// The prefix.
    pub place: S3Place,
    /// Only objects of this Region, where they tell one.
    pub region: Option<String>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Parquet objects.
    pub files: Vec<Arc<LakeFile>>,
    /// Prefixes at which an Iceberg table keeps its metadata, which was not read.
    pub iceberg: Vec<S3Place>,
    /// The age of the oldest listing that served.
    pub oldest: Duration,
}

impl RemoteLake {
    pub(crate) fn new(options: S3Lake) -> Self {
        Self {
            store: Arc::new(S3Store::new(options.access, options.cache)),
            places: options.places,
            tables: RwLock::new(options.tables.into()),
        }
    }

    /// Takes other tables from the catalogue.
    pub(crate) fn set_tables(&self, tables: Vec<S3Table>) {
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = tables.into();
    }

    fn tables(&self) -> Arc<[S3Table]> {
        Arc::clone(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks for custom sources (`ext/<name>/`) in its places, which only a listing tells, and names
    /// them as tables.
    pub(crate) async fn find_custom(&self, traffic: &Traffic) -> Result<(), QueryError> {
        let fresh = fresh_for(None);
        let mut found = Vec::new();
        for place in &self.places {
            let sources = self
                .store
                .level(&place.below("ext/"), fresh, traffic)
                .await?;
            for source in &sources.folders {
                let below = self.store.level(source, fresh, traffic).await?;
                let version = |folder: &&S3Place| {
                    let name = folder.prefix.strip_prefix(&source.prefix);
                    SourceVersion::ALL.into_iter().any(|version| {
                        name.and_then(|name| name.strip_suffix('/')) == Some(version.path_name())
                    })
                };
                let versions: Vec<&S3Place> = below.folders.iter().filter(version).collect();
                let roots = if versions.is_empty() {
                    vec![source]
                } else {
                    versions
                };
                found.extend(roots.into_iter().filter_map(custom_table));
            }
        }
        let known = self.tables();
        found.retain(|table| !known.iter().any(|known| known.location == table.location));
        if !found.is_empty() {
            self.set_tables(known.iter().cloned().chain(found).collect());
        }
        Ok(())
    }

    /// The names of its tables; of Regions those that buckets or the names asked for tell.
    pub(crate) fn names<'a>(&self, asked: impl Iterator<Item = &'a str>) -> Names {
        let buckets = self.places.iter().filter_map(|place| {
            let region = bucket_region(&place.bucket)?;
            Some(region.to_owned())
        });
        let regions: BTreeSet<String> = buckets.chain(asked.filter_map(region_in)).collect();
        Names::of_remote(&self.tables(), &regions)
    }

    /// Where a table's objects lie.
    pub(crate) fn roots(&self, named: &NamedTable) -> Vec<Root> {
        if let Some(place) = &named.under {
            return vec![Root {
                place: place.clone(),
                region: None,
            }];
        }
        let TableKey::Native(source, version) = named.key else {
            return Vec::new();
        };
        let folder = format!("aws/{}/{}/", source.key_name(), version.path_name());
        let own_region = |place: &S3Place| match (&named.region, bucket_region(&place.bucket)) {
            (Some(wanted), Some(region)) => wanted == region,
            _ => true,
        };
        let places = self
            .places
            .iter()
            .filter(|place| own_region(place))
            .map(|place| place.below(&folder));
        let tables = self.tables();
        let tables = tables
            .iter()
            .filter(|table| table.holds == Some((source, version)) && own_region(&table.location))
            .map(|table| table.location.clone());
        let mut all: Vec<S3Place> = places.chain(tables).collect();
        all.sort();
        // A prefix below another is walked with that one.
        all.dedup_by(|later, earlier| {
            later.bucket == earlier.bucket && later.prefix.starts_with(&earlier.prefix)
        });
        all.into_iter()
            .map(|place| Root {
                place,
                region: named.region.clone(),
            })
            .collect()
    }

    /// The objects below roots that `keep` lets in; it is asked of prefixes by what their names
    /// tell, many at a time.
    pub(crate) async fn walk(
        &self,
        roots: &[Root],
        keep: impl Fn(&[Arc<LakeFile>]) -> Result<Vec<bool>>,
        traffic: &Traffic,
    ) -> Result<Walked> {
        let mut walked = Walked::default();
        let mut waiting: Vec<(S3Place, Duration, &Root)> = roots
            .iter()
            .map(|root| (root.place.clone(), fresh_for(None), root))
            .collect();
        for _ in 0..MAX_DEPTH {
            let asked: Vec<_> = waiting
                .into_iter()
                .map(|(place, fresh, root)| async move {
                    let level = self.store.level(&place, fresh, traffic).await;
                    let level =
                        level.map_err(|error| DataFusionError::External(Box::new(error)))?;
                    Ok::<_, DataFusionError>((level, root))
                })
                .collect();
            let levels: Vec<_> = stream::iter(asked).buffered(LISTINGS).try_collect().await?;
            let mut below = Vec::new();
            for (level, root) in levels {
                walked.oldest = walked.oldest.max(level.age());
                for folder in &level.folders {
                    let name = folder.prefix.strip_prefix(&root.place.prefix);
                    if name == Some(METADATA) {
                        walked.iceberg.push(root.place.clone());
                    } else if is_data(&folder.prefix) {
                        let file = LakeFile::below(&folder.bucket, &folder.prefix);
                        below.push((folder.clone(), Arc::new(file), root));
                    }
                }
                let objects = level.objects.iter().filter(|object| {
                    is_data(&object.key) && is_parquet(std::path::Path::new(&object.key))
                });
                let files = objects.map(|object| Arc::new(LakeFile::object(object.clone())));
                walked
                    .files
                    .extend(files.filter(|file| of_region(file, root)));
            }
            let folders: Vec<Arc<LakeFile>> =
                below.iter().map(|(_, file, _)| Arc::clone(file)).collect();
            let kept = keep(&folders)?;
            waiting = below
                .into_iter()
                .zip(kept)
                .filter(|((_, file, root), kept)| *kept && of_region(file, root))
                .map(|((place, file, root), _)| (place, fresh_for(file.event_day()), root))
                .collect();
            if waiting.is_empty() {
                break;
            }
        }
        Ok(walked)
    }
}

/// The table of a custom source, by the prefix of its objects.
fn custom_table(root: &S3Place) -> Option<S3Table> {
    let key = Place::of_key(&root.bucket, &format!("{}region=-/-", root.prefix)).key;
    let Some(TableKey::Custom(name)) = key else {
        return None;
    };
    Some(S3Table {
        name: TableName {
            database: FOLDER_DATABASE.to_owned(),
            table: name.clone(),
        },
        alias: Some(format!("ext_{name}")),
        holds: None,
        location: root.clone(),
    })
}

/// A file that tells no Region is nobody else's.
fn of_region(file: &LakeFile, root: &Root) -> bool {
    match (&root.region, &file.lake_region) {
        (Some(wanted), Some(region)) => **wanted == **region,
        _ => true,
    }
}

/// Hive's convention: names that begin like this are not data (`_SUCCESS`, `.hidden/`).
fn is_data(key: &str) -> bool {
    let name = key.trim_end_matches('/').rsplit('/').next();
    !name.is_none_or(|name| name.starts_with(['.', '_']))
}

/// The Region in the published name of a table.
fn region_in(table: &str) -> Option<String> {
    let table = table.to_lowercase();
    let rest = table.strip_prefix("amazon_security_lake_table_")?;
    Source::ALL.into_iter().find_map(|source| {
        SourceVersion::ALL.into_iter().find_map(|version| {
            let end = format!("_{}_{}", source.alias(), version.suffix());
            let region = rest.strip_suffix(&end)?;
            (!region.is_empty()).then(|| region.replace('_', "-"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_names_tell_their_region() {
        let name = TableName::documented("ap-southeast-2", Source::Waf, SourceVersion::V2);
        assert_eq!(region_in(&name.table).as_deref(), Some("ap-southeast-2"));
        assert_eq!(region_in("vpc_flow"), None);
    }

    #[test]
    fn names_that_are_no_data_are_passed_over() {
        assert!(is_data("aws/VPC_FLOW/2.0/region=x/"));
        for none in ["a/_temporary/", "a/.hidden", "a/_SUCCESS.parquet"] {
            assert!(!is_data(none), "{none}");
        }
    }
}

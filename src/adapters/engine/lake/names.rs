//! Every name by which a table can be asked for, and the nearest names to one that is none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::remote::S3Table;
use super::{FOLDER_DATABASE, LakeFile, Snapshot, TableKey};
use crate::adapters::engine::storage::s3::S3Place;
use crate::domain::lake::{Source, SourceVersion, TableName};
use crate::domain::nearest::did_you_mean;

/// The Region whose published tables exist in every lake, with files or without.
const PUBLISHED_REGION: &str = "us-east-1";

/// The catalogue's name in Athena; leaving it out means the same.
const CATALOG: &str = "awsdatacatalog";

/// A table as it can be named: which files, and of which lake Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedTable {
    /// Database and table.
    pub name: TableName,
    /// The short name, where this table is the one that it means.
    pub alias: Option<String>,
    /// The files.
    pub key: TableKey,
    /// Only files of this lake Region; `None` means all.
    pub region: Option<String>,
    /// Only objects below this prefix; `None` means all.
    pub under: Option<S3Place>,
}

impl NamedTable {
    /// The table's files: of its Region only, where it has one.
    pub(crate) fn files(&self, snapshot: &Snapshot) -> Vec<Arc<LakeFile>> {
        let under = self.under.as_ref().map(S3Place::to_string);
        let lies_there = |file: &LakeFile| match &under {
            Some(place) => file.name.starts_with(place.as_str()),
            None => true,
        };
        snapshot
            .files(&self.key)
            .iter()
            .filter(|file| lies_there(file))
            .filter(|file| match (&self.region, &file.lake_region) {
                (Some(region), Some(of_file)) => **region == **of_file,
                // A file that tells no Region is nobody else's: it belongs to all.
                _ => true,
            })
            .cloned()
            .collect()
    }
}

/// The names of one snapshot's tables.
#[derive(Debug, Default)]
pub(crate) struct Names {
    listed: Vec<NamedTable>,
    /// Short names, each spanning all Regions.
    short: BTreeMap<String, NamedTable>,
}

impl Names {
    /// Names the tables of a lake. With `documented`, the published tables exist even where no
    /// file makes them.
    pub(crate) fn of(snapshot: &Snapshot, documented: bool) -> Self {
        Self::with_regions(snapshot, documented, &BTreeSet::new())
    }

    /// Names the tables of a lake on S3: the catalogue's by its names, and the published ones, in
    /// these Regions.
    pub(crate) fn of_remote(tables: &[S3Table], regions: &BTreeSet<String>) -> Self {
        let mut names = Self::with_regions(&Snapshot::default(), true, regions);
        let given = tables.iter().map(|table| NamedTable {
            name: TableName {
                database: table.name.database.to_lowercase(),
                table: table.name.table.to_lowercase(),
            },
            alias: table.alias.clone(),
            key: match table.holds {
                Some((source, version)) => TableKey::Native(source, version),
                None => TableKey::Custom(table.name.to_string()),
            },
            region: None,
            under: Some(table.location.clone()),
        });
        let given: Vec<NamedTable> = given.collect();
        for table in given.iter().rev() {
            if let Some(alias) = &table.alias {
                names.short.insert(alias.to_lowercase(), table.clone());
            }
        }
        // The catalogue's come first: what it says of a name counts.
        names.listed.splice(0..0, given);
        names
    }

    fn with_regions(snapshot: &Snapshot, documented: bool, more: &BTreeSet<String>) -> Self {
        let mut names = Self::default();
        let mut keys: BTreeSet<TableKey> = snapshot.tables.keys().cloned().collect();
        if documented {
            for source in Source::ALL {
                for version in SourceVersion::ALL {
                    if source.exists_in(version) {
                        keys.insert(TableKey::Native(source, version));
                    }
                }
            }
        }
        let mut regions: BTreeSet<String> = snapshot
            .tables
            .iter()
            .filter(|(key, _)| !matches!(key, TableKey::Folder(_)))
            .flat_map(|(_, files)| files.iter())
            .filter_map(|file| file.lake_region.as_deref().map(str::to_owned))
            .collect();
        regions.insert(PUBLISHED_REGION.to_owned());
        regions.extend(more.iter().cloned());
        for key in keys {
            names.add(&key, &regions, snapshot);
        }
        names.listed.sort_by(|a, b| a.name.cmp(&b.name));
        names
    }

    fn add(&mut self, key: &TableKey, regions: &BTreeSet<String>, snapshot: &Snapshot) {
        match key {
            TableKey::Folder(folder) => {
                let table = NamedTable {
                    name: TableName {
                        database: FOLDER_DATABASE.to_owned(),
                        table: folder.clone(),
                    },
                    alias: None,
                    key: key.clone(),
                    region: None,
                    under: None,
                };
                self.short.insert(folder.clone(), table.clone());
                self.listed.push(table);
            }
            TableKey::Native(source, version) => {
                let versioned = format!("{}_{}", source.alias(), version.suffix());
                let files = !snapshot.files(key).is_empty();
                let other = match version {
                    SourceVersion::V1 => SourceVersion::V2,
                    SourceVersion::V2 => SourceVersion::V1,
                };
                let other_files = !snapshot.files(&TableKey::Native(*source, other)).is_empty();
                // The bare alias means version 2, unless only version 1 has files.
                let preferred = match version {
                    SourceVersion::V2 => files || !other_files,
                    SourceVersion::V1 => files && !other_files,
                };
                let spanning = NamedTable {
                    name: TableName::documented(PUBLISHED_REGION, *source, *version),
                    alias: preferred.then(|| source.alias().to_owned()),
                    key: key.clone(),
                    region: None,
                    under: None,
                };
                self.short.insert(versioned, spanning.clone());
                if preferred {
                    self.short
                        .insert(source.alias().to_owned(), spanning.clone());
                }
                for region in regions {
                    self.listed.push(NamedTable {
                        name: TableName::documented(region, *source, *version),
                        region: Some(region.clone()),
                        ..spanning.clone()
                    });
                }
            }
            TableKey::Custom(custom) => {
                let in_regions: BTreeSet<String> = snapshot
                    .files(key)
                    .iter()
                    .filter_map(|file| file.lake_region.as_deref().map(str::to_owned))
                    .collect();
                for region in in_regions {
                    let place = region.replace('-', "_");
                    self.listed.push(NamedTable {
                        name: TableName {
                            database: format!("amazon_security_lake_glue_db_{place}"),
                            table: format!("amazon_security_lake_table_{place}_ext_{custom}"),
                        },
                        alias: Some(custom.clone()),
                        key: key.clone(),
                        region: Some(region),
                        under: None,
                    });
                }
                let spanning = NamedTable {
                    name: TableName {
                        database: FOLDER_DATABASE.to_owned(),
                        table: custom.clone(),
                    },
                    alias: Some(custom.clone()),
                    key: key.clone(),
                    region: None,
                    under: None,
                };
                self.short.insert(format!("ext_{custom}"), spanning.clone());
                self.short.entry(custom.clone()).or_insert(spanning);
            }
        }
    }

    /// Every table under its full name, sorted.
    pub(crate) fn listed(&self) -> &[NamedTable] {
        &self.listed
    }

    /// Every database, sorted.
    pub(crate) fn databases(&self) -> BTreeSet<&str> {
        self.listed
            .iter()
            .map(|table| table.name.database.as_str())
            .chain([FOLDER_DATABASE])
            .collect()
    }

    /// Finds a table by one, two or three name parts (catalogue, database, table), in any case.
    pub(crate) fn find(&self, parts: &[&str]) -> Option<&NamedTable> {
        let parts: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
        let (database, table) = match parts.as_slice() {
            [table] => (None, table),
            [database, table] => (Some(database), table),
            [catalog, database, table] if catalog == CATALOG => (Some(database), table),
            _ => return None,
        };
        if let Some(database) = database
            && !self.databases().contains(database.as_str())
        {
            return None;
        }
        let by_name = self.listed.iter().find(|listed| {
            listed.name.table == *table
                && database.is_none_or(|database| {
                    listed.name.database == *database || database == FOLDER_DATABASE
                })
        });
        by_name.or_else(|| self.short.get(table))
    }

    /// The hint that offers the names most like one that is none.
    pub(crate) fn did_you_mean(&self, name: &str) -> Option<String> {
        let all = self
            .short
            .keys()
            .map(String::as_str)
            .chain(self.listed.iter().map(|listed| listed.name.table.as_str()));
        did_you_mean(name, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_published_table_is_found() {
        let names = Names::of(&Snapshot::default(), true);
        let database = "amazon_security_lake_glue_db_us_east_1";
        let table = "amazon_security_lake_table_us_east_1_cloud_trail_mgmt_1_0";
        for parts in [
            vec![table],
            vec![database, table],
            vec!["AwsDataCatalog", database, table],
            vec!["cloud_trail_mgmt_1_0"],
            vec![database, "CLOUD_TRAIL_MGMT_1_0"],
        ] {
            let found = names.find(&parts).unwrap();
            assert_eq!(
                found.key,
                TableKey::Native(Source::CloudTrailMgmt, SourceVersion::V1)
            );
        }
        assert_eq!(names.find(&["nodb", table]), None);
        assert_eq!(names.find(&["nocatalog", database, table]), None);
    }

    #[test]
    fn the_bare_alias_means_version_2() {
        let names = Names::of(&Snapshot::default(), true);
        let found = names.find(&["vpc_flow"]).unwrap();
        assert_eq!(
            found.key,
            TableKey::Native(Source::VpcFlow, SourceVersion::V2)
        );
        assert_eq!(found.region, None);
    }

    #[test]
    fn a_typo_is_offered_the_nearest_name() {
        let names = Names::of(&Snapshot::default(), true);
        let hint = names.did_you_mean("cloud_trail_mgnt").unwrap();
        assert!(
            hint.starts_with("did you mean `cloud_trail_mgmt`"),
            "{hint}"
        );
        assert_eq!(names.did_you_mean("zzzz"), None);
    }
}

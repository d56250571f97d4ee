//! Where a file belongs, as its path says.

use std::path::{Component, Path};
use std::sync::Arc;

use crate::adapters::engine::storage::s3::bucket_region;
use crate::domain::lake::{ObjectKey, Source, SourceVersion};

/// The set of files that make up one table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TableKey {
    /// A native source in one version.
    Native(Source, SourceVersion),
    /// A custom source (`ext/<name>/…`), lower-case, with its version's suffix where it has one.
    Custom(String),
    /// A plain folder or file, by the name that it gives to its table.
    Folder(String),
}

/// What a file's path says about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The table that the path names; `None` outside Security Lake's layout.
    pub key: Option<TableKey>,
    /// The Region of the lake that the bucket's name tells.
    pub bucket_region: Option<Arc<str>>,
    /// `region=`.
    pub region: Option<Arc<str>>,
    /// `accountId=`.
    pub account: Option<Arc<str>>,
    /// `eventDay=`.
    pub event_day: Option<Arc<str>>,
    /// The source version's path element, such as `2.0`.
    pub asl_version: Option<Arc<str>>,
    /// The folders below the root that are no partitions, for naming a plain folder's table.
    pub folders: Vec<String>,
}

impl Place {
    /// Reads a path; `relative` is the same file's path below the opened folder.
    pub(crate) fn of(path: &Path, relative: &Path) -> Self {
        let parts = normal_parts(path);
        let mut place = Self {
            key: None,
            bucket_region: None,
            region: None,
            account: None,
            event_day: None,
            asl_version: None,
            folders: Vec::new(),
        };
        for part in &parts {
            place.take_partition(part);
        }
        if let Some(start) = layout_start(&parts)
            && let Ok(key) = ObjectKey::parse(&parts[start..].join("/"))
        {
            place.bucket_region = start
                .checked_sub(1)
                .and_then(|above| bucket_region(&parts[above]))
                .map(Arc::from);
            place.asl_version = key.version.map(|version| version.path_name().into());
            place.key = Some(match key.source {
                Some(source) => TableKey::Native(source, key.version.unwrap_or(SourceVersion::V2)),
                None => TableKey::Custom(custom_name(&key)),
            });
        }
        let below = normal_parts(relative);
        place.folders = below
            .iter()
            .take(below.len().saturating_sub(1))
            .filter(|part| partition(part).is_none())
            .cloned()
            .collect();
        place
    }

    /// Reads a bucket and the key of an object in it.
    pub(crate) fn of_key(bucket: &str, key: &str) -> Self {
        let path = format!("{bucket}/{key}");
        Self::of(Path::new(&path), Path::new(key))
    }

    fn take_partition(&mut self, part: &str) {
        let Some((name, value)) = partition(part) else {
            return;
        };
        if value.is_empty() || value == "__HIVE_DEFAULT_PARTITION__" {
            return;
        }
        let value = Some(value.into());
        match name.to_ascii_lowercase().as_str() {
            "region" => self.region = value,
            "accountid" | "account_id" => self.account = value,
            "eventday" | "event_day" => self.event_day = value,
            _ => {}
        }
    }
}

/// The elements of a path as text; what is no Unicode is replaced.
fn normal_parts(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(text) => Some(text.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

/// A `name=value` folder.
fn partition(part: &str) -> Option<(&str, &str)> {
    part.split_once('=').filter(|(name, _)| !name.is_empty())
}

/// Where Security Lake's key begins: `aws/` before a native source's name, else `ext/` before a
/// path with a partition in it.
fn layout_start(parts: &[String]) -> Option<usize> {
    let native = parts
        .windows(2)
        .rposition(|pair| pair[0] == "aws" && pair[1].parse::<Source>().is_ok());
    native.or_else(|| {
        let at = parts.iter().rposition(|part| part == "ext")?;
        let middle = parts.get(at + 2..parts.len().saturating_sub(1))?;
        middle
            .iter()
            .any(|part| partition(part).is_some())
            .then_some(at)
    })
}

fn custom_name(key: &ObjectKey) -> String {
    let name = table_word(&key.source_name);
    match key.version {
        Some(version) => format!("{name}_{}", version.suffix()),
        None => name,
    }
}

/// Text as a word of a table's name: lower-case letters, digits and underscores.
pub(crate) fn table_word(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    if word.is_empty() {
        "_".to_owned()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(path: &str) -> Place {
        Place::of(Path::new(path), Path::new(path))
    }

    #[test]
    fn the_layout_is_found_below_a_bucket_folder() {
        let place = of(
            "/data/aws-security-data-lake-eu-west-1-abcdefghijklmnopqrstuvwxyzabcd/aws/VPC_FLOW/2.0/region=eu-west-1/accountId=000000000012/eventDay=20260102/a.gz.parquet",
        );
        assert_eq!(
            place.key,
            Some(TableKey::Native(Source::VpcFlow, SourceVersion::V2))
        );
        assert_eq!(place.bucket_region.as_deref(), Some("eu-west-1"));
        assert_eq!(place.account.as_deref(), Some("000000000012"));
        assert_eq!(place.event_day.as_deref(), Some("20260102"));
        assert_eq!(place.asl_version.as_deref(), Some("2.0"));
    }

    proptest! {
        #[test]
        fn a_key_gives_back_the_partitions_that_it_was_made_of(
            region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
            account in "[0-9]{12}",
            day in "20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])",
            file in "[0-9a-f]{32}",
        ) {
            let key = format!(
                "aws/VPC_FLOW/2.0/region={region}/accountId={account}/eventDay={day}/{file}.gz.parquet"
            );
            let place = Place::of_key("lake", &key);
            prop_assert_eq!(place.key, Some(TableKey::Native(Source::VpcFlow, SourceVersion::V2)));
            prop_assert_eq!(place.region.as_deref(), Some(region.as_str()));
            prop_assert_eq!(place.account.as_deref(), Some(account.as_str()));
            prop_assert_eq!(place.event_day.as_deref(), Some(day.as_str()));
        }

        #[test]
        fn no_key_makes_the_reader_panic(bucket in ".{0,20}", key in ".{0,80}") {
            let place = Place::of_key(&bucket, &key);
            prop_assert!(place.account.is_none_or(|account| !account.is_empty()));
        }
    }

    #[test]
    fn partition_names_count_in_any_case() {
        let place = of("aws/ROUTE53/1.0/REGION=us-east-1/accountid=01/EVENTDAY=20260102/a.parquet");
        assert_eq!(place.region.as_deref(), Some("us-east-1"));
        assert_eq!(place.account.as_deref(), Some("01"));
        assert_eq!(place.event_day.as_deref(), Some("20260102"));
    }

    #[test]
    fn custom_sources_need_a_partition() {
        let place =
            of("lake/ext/Okta-Logs/1.0/region=us-east-1/accountId=1/eventDay=20260102/a.parquet");
        assert_eq!(
            place.key,
            Some(TableKey::Custom("okta_logs_1_0".to_owned()))
        );
        assert_eq!(of("mnt/ext/notes/a.parquet").key, None);
    }

    #[test]
    fn a_plain_folder_keeps_its_names_without_partitions() {
        let place = of("v1/api_activity/region=x/a.parquet");
        assert_eq!(place.key, None);
        assert_eq!(place.folders, ["v1", "api_activity"]);
        assert_eq!(place.region.as_deref(), Some("x"));
    }
}

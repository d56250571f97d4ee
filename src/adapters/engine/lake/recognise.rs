//! Which documented source a plain folder's files are of, by their columns.

use std::collections::HashSet;

use arrow::datatypes::Schema;

use super::TableKey;
use crate::domain::lake::{Source, SourceVersion, documented_schema};

/// So many of a file's columns at least must be documented, in percent.
const KNOWN_PERCENT: usize = 70;

/// The source whose documented columns a file's are most like; `None` where they are like none's.
///
/// S3 data events and Lambda's have the columns of CloudTrail's management events, and count as
/// these.
pub(super) fn recognise(file: &Schema) -> Option<TableKey> {
    let found: HashSet<&str> = names(file).collect();
    let mut best: Option<(usize, TableKey)> = None;
    for source in Source::ALL {
        for version in [SourceVersion::V2, SourceVersion::V1] {
            let Some(documented) = documented_schema(source, version) else {
                continue;
            };
            let documented: HashSet<&str> = names(&documented).collect();
            let shared = found.intersection(&documented).count();
            if shared * 100 < found.len() * KNOWN_PERCENT {
                continue;
            }
            // Shared columns of all columns of both, in a thousand.
            let all = found.union(&documented).count().max(1);
            let score = shared * 1_000 / all;
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, TableKey::Native(source, version)));
            }
        }
    }
    best.map(|(_, key)| key)
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{DataType, Field};

    #[test]
    fn every_documented_schema_is_recognised() {
        for source in Source::ALL {
            for version in [SourceVersion::V1, SourceVersion::V2] {
                let Some(schema) = documented_schema(source, version) else {
                    continue;
                };
                let expected = match source {
                    Source::S3Data | Source::LambdaExecution => Source::CloudTrailMgmt,
                    other => other,
                };
                assert_eq!(
                    recognise(&schema),
                    Some(TableKey::Native(expected, version)),
                    "{source} {version:?}"
                );
            }
        }
    }

    #[test]
    fn foreign_columns_are_of_no_source() {
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("time", DataType::Int64, true),
        ]);
        assert_eq!(recognise(&schema), None);
    }
}

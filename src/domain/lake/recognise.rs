//! Which documented source a table is of, by its columns.

use std::collections::HashSet;

use super::{Source, SourceVersion, documented_schema};

/// So many of a table's columns at least must be documented, in percent.
const KNOWN_PERCENT: usize = 70;

/// The source whose documented columns a table's are most like; `None` where they are like none's.
///
/// S3 data events and Lambda's have the columns of CloudTrail's management events, and count as
/// these.
pub fn recognise<'a>(
    columns: impl IntoIterator<Item = &'a str>,
) -> Option<(Source, SourceVersion)> {
    let found: HashSet<&str> = columns.into_iter().collect();
    let mut best: Option<(usize, (Source, SourceVersion))> = None;
    for source in Source::ALL {
        for version in [SourceVersion::V2, SourceVersion::V1] {
            let Some(documented) = documented_schema(source, version) else {
                continue;
            };
            let fields = documented.fields().iter();
            let documented: HashSet<&str> = fields.map(|field| field.name().as_str()).collect();
            let shared = found.intersection(&documented).count();
            if shared == 0 || shared * 100 < found.len() * KNOWN_PERCENT {
                continue;
            }
            // Shared columns of all columns of both, in a thousand.
            let all = found.union(&documented).count().max(1);
            let score = shared * 1_000 / all;
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, (source, version)));
            }
        }
    }
    best.map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

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
                let columns = schema.fields().iter().map(|field| field.name().as_str());
                assert_eq!(
                    recognise(columns),
                    Some((expected, version)),
                    "{source} {version:?}"
                );
            }
        }
    }

    #[test]
    fn foreign_columns_are_of_no_source() {
        assert_eq!(recognise(["id", "time"]), None);
        assert_eq!(recognise([]), None);
    }
}

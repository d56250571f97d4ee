//! How large a table is, as its entry in Glue or its Iceberg metadata tells.

use std::collections::HashMap;

use aws_sdk_glue::types::Table;
use chrono::DateTime;
use serde::Deserialize;

use crate::domain::estimate::TableSize;

/// What a table's parameters may say of its bytes, the best word first. Of these the last two count
/// what is in the objects before it is compressed, which is more than is scanned.
const BYTES: [&str; 3] = ["totalSize", "sizeKey", "rawDataSize"];

/// What they may say of its rows.
const ROWS: [&str; 2] = ["numRows", "recordCount"];

/// Where the metadata of an Iceberg table lie: `s3://bucket/key`.
pub(super) fn metadata_location(table: &Table) -> Option<&str> {
    let parameters = table.parameters.as_ref()?;
    let iceberg = parameters.get("table_type");
    iceberg
        .is_some_and(|kind| kind.eq_ignore_ascii_case("ICEBERG"))
        .then(|| parameters.get("metadata_location"))?
        .map(String::as_str)
}

/// What a table's own parameters tell: written by Athena, Spark or a crawler at some time.
pub(super) fn by_parameters(table: &Table) -> Option<TableSize> {
    let parameters = table.parameters.as_ref()?;
    let rows = ROWS.iter().find_map(|key| count(parameters, key));
    let (key, bytes) = BYTES
        .iter()
        .find_map(|key| Some((*key, count(parameters, key)?)))
        .or_else(|| {
            let (rows, each) = (rows?, count(parameters, "averageRecordSize")?);
            Some(("averageRecordSize", rows.checked_mul(each)?))
        })?;
    let updated = table.update_time.as_ref();
    let when = updated
        .and_then(|time| DateTime::from_timestamp(time.secs(), 0))
        .map(|time| time.format(" of %Y-%m-%d").to_string());
    Some(TableSize {
        bytes,
        rows,
        source: format!("`{key}` in Glue{}", when.unwrap_or_default()),
    })
}

/// A count among the parameters. A crawler that has not counted writes -1 or 0.
fn count(parameters: &HashMap<String, String>, key: &str) -> Option<u64> {
    let count = parameters.get(key)?.trim().parse().ok()?;
    (count > 0).then_some(count)
}

/// The parts of Iceberg's `metadata.json` that are read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    /// Every version has it: a text without it is something else.
    #[serde(rename = "format-version")]
    _format_version: u32,
    #[serde(default)]
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Snapshot {
    snapshot_id: i64,
    #[serde(default)]
    timestamp_ms: i64,
    #[serde(default)]
    summary: HashMap<String, String>,
}

/// What the current snapshot of an Iceberg table tells; `None` where the text is something else or
/// its writer did not count.
pub(super) fn by_snapshot(metadata: &[u8]) -> Option<TableSize> {
    // A list would be read as a structure, too.
    if !metadata.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let metadata: Metadata = serde_json::from_slice(metadata).ok()?;
    let current = metadata.current_snapshot_id.filter(|id| *id != -1);
    let Some(current) = current else {
        return metadata.snapshots.is_empty().then(|| TableSize {
            bytes: 0,
            rows: Some(0),
            source: "its Iceberg metadata, without a snapshot yet".to_owned(),
        });
    };
    let mut snapshots = metadata.snapshots.into_iter();
    let snapshot = snapshots.find(|snapshot| snapshot.snapshot_id == current)?;
    let total = |key: &str| snapshot.summary.get(key)?.trim().parse().ok();
    let when = DateTime::from_timestamp_millis(snapshot.timestamp_ms)
        .filter(|_| snapshot.timestamp_ms > 0)
        .map(|time| time.format(" of %Y-%m-%d %H:%M UTC").to_string());
    Some(TableSize {
        bytes: total("total-files-size")?,
        rows: total("total-records"),
        source: format!("its Iceberg snapshot{}", when.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(parameters: &[(&str, &str)]) -> Table {
        let parameters = parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Table::builder()
            .name("t")
            .set_parameters(Some(parameters.collect()))
            .build()
            .unwrap()
    }

    #[test]
    fn parameters_of_every_writer_are_read() {
        for (parameters, bytes, rows) in [
            (
                &[("totalSize", "5000"), ("numRows", "7")][..],
                5_000,
                Some(7),
            ),
            (
                &[("sizeKey", " 4000 "), ("recordCount", "6")],
                4_000,
                Some(6),
            ),
            (&[("rawDataSize", "3000"), ("totalSize", "0")], 3_000, None),
            (
                &[("recordCount", "10"), ("averageRecordSize", "200")],
                2_000,
                Some(10),
            ),
        ] {
            let size = by_parameters(&table(parameters)).unwrap();
            assert_eq!((size.bytes, size.rows), (bytes, rows), "{parameters:?}");
            assert!(size.source.contains("in Glue"), "{}", size.source);
        }
        for parameters in [
            &[][..],
            &[("totalSize", "-1")],
            &[("totalSize", "many")],
            &[("recordCount", "10")],
        ] {
            assert_eq!(by_parameters(&table(parameters)), None, "{parameters:?}");
        }
    }

    #[test]
    fn only_an_iceberg_table_has_metadata() {
        let place = ("metadata_location", "s3://b/m.json");
        assert_eq!(metadata_location(&table(&[place])), None);
        let iceberg = table(&[place, ("table_type", "iceberg")]);
        assert_eq!(metadata_location(&iceberg), Some("s3://b/m.json"));
    }

    #[test]
    fn the_current_snapshot_counts() {
        let text = br#"{
            "format-version": 2, "current-snapshot-id": 3055729675574597004,
            "snapshots": [
                {"snapshot-id": 1, "timestamp-ms": 1, "summary": {"total-files-size": "1"}},
                {"snapshot-id": 3055729675574597004, "timestamp-ms": 1767225600000,
                 "summary": {"operation": "append", "total-files-size": "123456",
                             "total-records": "789", "total-data-files": "2"}}
            ]}"#;
        assert_eq!(
            by_snapshot(text),
            Some(TableSize {
                bytes: 123_456,
                rows: Some(789),
                source: "its Iceberg snapshot of 2026-01-01 00:00 UTC".to_owned(),
            })
        );
        for (empty, bytes) in [
            (
                &br#"{"format-version": 2, "current-snapshot-id": -1, "snapshots": []}"#[..],
                Some(0),
            ),
            (br#"{"format-version": 2, "current-snapshot-id": null}"#, Some(0)),
            (br#"{"format-version": 2, "current-snapshot-id": 5, "snapshots": []}"#, None),
            (
                br#"{"format-version": 2, "current-snapshot-id": 5, "snapshots": [{"snapshot-id": 5}]}"#,
                None,
            ),
            (br#"{"format-version": 2, "current-snapshot-id": 5, "snapshots": [{"snap"#, None),
            (b"[2]", None),
            (br#"{"snapshots": []}"#, None),
        ] {
            assert_eq!(by_snapshot(empty).map(|size| size.bytes), bytes);
        }
    }

    proptest! {
        #[test]
        fn no_metadata_make_it_panic(
            id in any::<i64>(), at in any::<i64>(), bytes in any::<String>(), cut in 0_usize..120,
        ) {
            let text = serde_json::json!({
                "format-version": 1,
                "current-snapshot-id": id,
                "snapshots": [{"snapshot-id": id, "timestamp-ms": at,
                               "summary": {"total-files-size": bytes}}],
            })
            .to_string();
            let told = by_snapshot(text.as_bytes()).map(|size| size.bytes);
            if id != -1 {
                prop_assert_eq!(told, bytes.trim().parse().ok());
            }
            let cut = cut.min(text.len() - 1);
            prop_assert_eq!(by_snapshot(&text.as_bytes()[..cut]), None);
        }
    }
}

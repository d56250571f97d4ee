//! Outlines and files of pins and whole results.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};

use super::*;
use crate::domain::query::QueryId;
use crate::domain::timeline::{Grouping, Line, UNDATED};
use crate::store::testing::{OnePage, noon, pinned};

/// Rows out of order: ben at 2 s, eve at 0 s, nobody without a time, eve at 1 s.
fn rows() -> RowsHandle {
    let at = |seconds: i64| noon().timestamp_millis() + seconds * 1_000;
    let times = TimestampMillisecondArray::from(vec![Some(at(2)), Some(at(0)), None, Some(at(1))]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("time_dt", Arc::new(times)),
        (
            "user_name",
            Arc::new(StringArray::from(vec![None, None, None::<&str>, None])),
        ),
        (
            "ip",
            Arc::new(StringArray::from(vec![
                Some("198.51.100.2"),
                Some("198.51.100.1"),
                None,
                Some("198.51.100.1"),
            ])),
        ),
        (
            "operation",
            Arc::new(StringArray::from(vec!["two", "none", "never", "one"])),
        ),
    ];
    Arc::new(OnePage::of(RecordBatch::try_from_iter(columns).unwrap()))
}

fn request(grouping: Grouping) -> TimelineRequest {
    TimelineRequest {
        pins: vec![pinned("eve", 1, &[], "pin")].into(),
        results: vec![(QueryId(1), "closed".into()), (QueryId(2), "calls".into())],
        grouping,
    }
}

#[test]
fn rows_out_of_order_are_merged_with_pins() {
    let given = [None, Some(rows())];
    let outline = outline(&request(Grouping::None), &given);
    let places: Vec<(u32, u32)> = outline.marks.iter().map(|m| (m.run, m.row)).collect();
    assert_eq!(places, [(2, 1), (0, 0), (2, 3), (2, 0), (2, 2)]);
    assert_eq!(outline.marks[4].at, UNDATED);
    let outline = super::outline(&request(Grouping::Entity), &given);
    let names: Vec<Option<&str>> = outline.groups.iter().map(|g| g.name.as_deref()).collect();
    assert_eq!(
        names,
        [
            Some("ip 198.51.100.1"),
            Some("principal eve"),
            Some("ip 198.51.100.2"),
            None
        ]
    );
    assert_eq!(outline.lines.len(), 9);
    assert_eq!(outline.lines[0], Line::Group(0));
}

#[test]
fn a_timeline_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("timeline.csv");
    let given = [None, Some(rows())];
    let request = request(Grouping::None);
    let outline = outline(&request, &given);
    let how = (chrono_tz::UTC, Format::Csv);
    let written = export(&request, &outline, &given, how, &path).unwrap();
    assert_eq!(written, 5);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].contains("\"calls row 2\""), "{text}");
    assert!(lines[2].contains("\"pin p-1\""), "{text}");
    assert!(lines[5].starts_with(",,"), "{text}");
    let again = export(&request, &outline, &given, how, &path).unwrap_err();
    assert!(again.contains("exists already"), "{again}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

//! Planted rows against a background, the words, and rows of any form.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use proptest::prelude::*;

use super::*;
use crate::domain::rows::Column;

const HOUR_MS: i64 = 3_600_000;
/// A midnight.
const START: i64 = 20_700 * 24 * HOUR_MS;

/// A row: hour since the start, who, what, address.
type Row = (i64, &'static str, &'static str, &'static str);

fn batch(rows: &[Row]) -> RecordBatch {
    let times = rows.iter().map(|row| START + row.0 * HOUR_MS + 60_000);
    let text = |of: fn(&Row) -> &'static str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC")),
        ),
        ("who", text(|row| row.1)),
        ("operation", text(|row| row.2)),
        ("address", text(|row| row.3)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn roles(batch: &RecordBatch) -> Roles {
    let schema = batch.schema();
    let columns: Vec<Column> = schema
        .fields()
        .iter()
        .map(|field| Column {
            name: field.name().clone(),
        })
        .collect();
    let types: Vec<&DataType> = schema
        .fields()
        .iter()
        .map(|field| field.data_type())
        .collect();
    Roles::of(&columns, &types)
}

/// Seven days in which two principals do two things from two networks, all day.
fn background() -> Vec<Row> {
    let mut rows = Vec::new();
    for hour in 0..168 {
        for n in 0..8 {
            let (who, address) = match n % 4 {
                0 | 1 => ("arn:aws:iam::1:user/ann", "10.1.2.3"),
                _ => ("arn:aws:sts::1:assumed-role/deployer/run", "10.2.9.9"),
            };
            let what = if n % 2 == 0 { "GetObject" } else { "PutObject" };
            rows.push((hour, who, what, address));
        }
    }
    rows
}

fn scores(rows: &[Row]) -> Vec<Score> {
    let batch = batch(rows);
    let roles = roles(&batch);
    History::from_batches([&batch], &roles).score(&batch, &roles)
}

#[test]
fn a_burst_stands_first_and_says_why() {
    let mut rows = background();
    let usual = rows.len();
    // One from a new network, and then fifty more within the day.
    for hour in 120..125 {
        for _ in 0..10 {
            rows.push((hour, "arn:aws:iam::1:user/ann", "GetObject", "198.51.100.7"));
        }
    }
    let scores = scores(&rows);
    let most_usual = scores[..usual]
        .iter()
        .map(|s| s.surprise)
        .fold(f64::MIN, f64::max);
    for score in &scores[usual..] {
        assert!(
            score.surprise > most_usual,
            "{score:?} against {most_usual}"
        );
    }
    assert_eq!(
        &*scores[usual].reason,
        "first event from 198.51.0.0/16 in 4 days"
    );
    assert_eq!(
        &*scores[usual + 20].reason,
        "new within a day: event from 198.51.0.0/16, none in the 4 days before"
    );
}

#[test]
fn two_common_values_that_never_met_surprise() {
    let mut rows = background();
    rows.push((150, "arn:aws:iam::1:user/ann", "GetObject", "10.2.9.9"));
    let scores = scores(&rows);
    let last = scores.last().unwrap();
    assert_eq!(
        &*last.reason,
        "first event by user/ann from 10.2.0.0/16 in 5 days"
    );
    assert!(last.surprise > 5.0, "{last:?}");
}

#[test]
fn sessions_are_taken_for_their_role_and_an_hour_counts() {
    let mut rows: Vec<Row> = background();
    rows.retain(|row| row.0 % 24 >= 8 || row.1.ends_with("run"));
    rows.push((
        147,
        "arn:aws:sts::1:assumed-role/deployer/other",
        "GetObject",
        "10.2.0.1",
    ));
    rows.push((147, "arn:aws:iam::1:user/ann", "GetObject", "10.1.0.1"));
    let scores = scores(&rows);
    let [usual, night] = &scores[scores.len() - 2..] else {
        panic!("two rows")
    };
    assert!(usual.surprise < 1.0, "{usual:?}");
    assert!(night.surprise > 3.0, "{night:?}");
    assert!(
        night.reason.contains("between 03:00 and 03:59 UTC"),
        "{night:?}"
    );
}

#[test]
fn without_a_past_all_of_the_history_counts_but_the_row_itself() {
    let rows: Vec<Row> = background().into_iter().filter(|row| row.0 < 20).collect();
    let mut with_one = rows.clone();
    with_one.push((5, "arn:aws:iam::1:user/ann", "StopLogging", "10.1.2.3"));
    let scores = scores(&with_one);
    let last = scores.last().unwrap();
    assert_eq!(&*last.reason, "the only StopLogging in 20 hours");
    assert!(
        scores[..rows.len()]
            .iter()
            .all(|score| score.surprise < last.surprise)
    );
}

#[test]
fn a_history_of_counts_is_that_of_its_events() {
    let rows = background();
    let whole = batch(&rows);
    let roles_of = roles(&whole);
    let mut counted = std::collections::BTreeMap::new();
    for row in &rows {
        *counted.entry(*row).or_insert(0_i64) += 1;
    }
    let keys: Vec<Row> = counted.keys().copied().collect();
    let counts = batch(&keys);
    let weights: ArrayRef = Arc::new(Int64Array::from_iter_values(counted.values().copied()));
    let mut columns: Vec<(String, ArrayRef)> = counts
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .zip(counts.columns().iter().cloned())
        .collect();
    columns.push(("events".to_owned(), weights));
    let counts = RecordBatch::try_from_iter(columns).unwrap();
    let mut builder = Builder::default();
    builder.add(&counts, &roles(&counts), Some(4));
    let built = builder.build();
    let direct = History::from_batches([&whole], &roles_of);
    assert_eq!(built.events(), direct.events());
    assert_eq!(
        built.score(&whole, &roles_of),
        direct.score(&whole, &roles_of)
    );
}

#[test]
fn rows_of_the_lake_itself_are_understood() {
    let actor = {
        let uid: ArrayRef = Arc::new(StringArray::from(vec![
            Some("arn:aws:iam::1:user/ann"),
            None,
        ]));
        let user = StructArray::from(vec![(
            Arc::new(Field::new("uid", DataType::Utf8, true)),
            uid,
        )]);
        let field = Arc::new(Field::new("user", user.data_type().clone(), true));
        StructArray::from(vec![(field, Arc::new(user) as ArrayRef)])
    };
    let resources = {
        let kinds: ArrayRef = Arc::new(StringArray::from(vec![
            "AWS::S3::Object",
            "AWS::S3::Bucket",
        ]));
        let field = Field::new("type", DataType::Utf8, true);
        let records = StructArray::from(vec![(Arc::new(field.clone()), kinds)]);
        let item = Arc::new(Field::new(
            "item",
            DataType::Struct(Fields::from(vec![field])),
            true,
        ));
        let offsets = OffsetBuffer::new(vec![0, 2, 2].into());
        ListArray::new(item, offsets, Arc::new(records), None)
    };
    let rows = RecordBatch::try_from_iter(vec![
        ("actor", Arc::new(actor) as ArrayRef),
        ("resources", Arc::new(resources) as ArrayRef),
    ])
    .unwrap();
    let roles = roles(&rows);
    assert!(roles.are_any() && !roles.are_calls());
    let values = roles.values(&rows);
    assert_eq!(
        values.text(PRINCIPAL, 0).as_deref(),
        Some("arn:aws:iam::1:user/ann")
    );
    assert_eq!(values.text(PRINCIPAL, 1).as_deref(), Some(""));
    assert_eq!(values.text(RESOURCE, 0).as_deref(), Some("AWS::S3::Object"));
    assert_eq!(values.text(RESOURCE, 1).as_deref(), Some(""));
    assert_eq!(values.text(OPERATION, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever texts and times a result holds, every row has a score and a reason.
    #[test]
    fn any_rows_are_scored(
        rows in prop::collection::vec(
            (any::<Option<i64>>(), any::<Option<String>>(), "[ -~]{0,12}|::ffff:1.2.3.4|arn:aws:sts::1:assumed-role/.{0,3}"),
            0..40,
        ),
    ) {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("time", Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.0)))),
            ("what", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.1.clone())))),
            ("who", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.2)))),
            ("ip", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.2)))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let roles = roles(&batch);
        let half = batch.slice(0, rows.len() / 2);
        for history in [History::from_batches([&batch], &roles), History::from_batches([&half], &roles)] {
            let scores = history.score(&batch, &roles);
            prop_assert_eq!(scores.len(), rows.len());
            for score in scores {
                prop_assert!(score.surprise.is_finite());
                prop_assert!(!score.reason.is_empty());
            }
        }
    }
}

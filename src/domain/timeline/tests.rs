//! Merges, groups, gaps, strip and brush, rows and pins as items, the exported table.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::Field;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::case::{
    CaseState, EntityRef, EntryHash, EvidenceRow, Key, Pin, PinState, Source, Stamp, Verdict,
    VerdictState,
};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::format::Format;
use crate::domain::rows::Column;
use crate::export::Writer;

const SECOND: Moment = 1_000_000;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn outline(runs: &[Vec<Moment>]) -> Outline {
    let runs = runs.iter().map(|run| run.iter().copied().zip(0..));
    Outline::new(runs, Grouping::None, None, |_| Vec::new())
}

fn item(name: &str, seconds: i64, tags: &[&str]) -> TimelineItem {
    TimelineItem {
        event_time: Some(at(seconds)),
        discovered: Some(at(90_000)),
        source: "CLOUD_TRAIL_MGMT".into(),
        entity: Some(Entity::parse(EntityType::Principal, name).unwrap()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        stage: None,
        note: String::new(),
        summary: "GetObject".into(),
        place: Place::Pin(Key(name.to_owned())),
    }
}

fn columns(batch: &RecordBatch) -> Vec<Column> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| Column {
        name: field.name().clone(),
    });
    names.collect()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The merge is the stable sort of everything, whatever the runs.
    #[test]
    fn merging_is_sorting(runs in prop::collection::vec(prop::collection::vec(0i64..50, 0..20), 0..6)) {
        let mut sorted = Vec::new();
        let mut given = Vec::new();
        for (run, times) in runs.into_iter().enumerate() {
            let mut times = times;
            times.sort_unstable();
            let items: Vec<_> = times.into_iter().enumerate().map(|(n, at)| (at, run, n)).collect();
            sorted.extend(items.clone());
            given.push(items);
        }
        sorted.sort_by_key(|(at, _, _)| *at);
        let merged: Vec<_> = merge(given.into_iter().map(Vec::into_iter), |item| item.0).collect();
        prop_assert_eq!(merged, sorted);
    }

    /// Every event is in exactly one bucket, and a brush covers exactly its buckets.
    #[test]
    fn the_strip_counts_every_event_once(
        mut times in prop::collection::vec(prop_oneof![
            0i64..5_000_000, Just(0), -4_000_000_000i64..4_000_000_000,
            Just(-8_000_000_000_000_000_000), Just(8_000_000_000_000_000_000),
        ], 1..60),
        undated in 0usize..3, width in 1usize..90,
        moves in prop::collection::vec((0usize..3, -100isize..100), 0..8),
    ) {
        times.sort_unstable();
        let dated = times.len();
        times.extend(std::iter::repeat_n(UNDATED, undated));
        let outline = outline(&[times]);
        prop_assert_eq!(outline.dated().len(), dated);
        let strip = Strip::of(outline.dated(), width).unwrap();
        prop_assert_eq!(strip.counts().len(), width);
        prop_assert_eq!(strip.counts().iter().sum::<u64>(), dated as u64);
        let levels = strip.levels(8);
        for (count, level) in strip.counts().iter().zip(levels) {
            prop_assert_eq!(*count > 0, level > 0);
            prop_assert!(level <= 8);
        }
        let mut brush = Brush::over(&strip, 0..width);
        prop_assert_eq!(outline.within(brush.from, brush.to), dated);
        for (kind, by) in moves {
            brush = match kind {
                0 => brush.move_left_edge(&strip, by),
                1 => brush.move_right_edge(&strip, by),
                _ => brush.slide(&strip, by),
            };
            let buckets = brush.buckets(&strip);
            prop_assert!(!buckets.is_empty() && buckets.end <= width);
            prop_assert_eq!(brush, Brush::over(&strip, buckets.clone()), "edges stay edges");
            let counted: u64 = strip.counts()[buckets].iter().sum();
            prop_assert_eq!(outline.within(brush.from, brush.to) as u64, counted);
        }
    }

    /// Every item has one line in time's order, and a gap's line stands where the rule says.
    #[test]
    fn lines_are_items_and_gaps(mut gaps in prop::collection::vec(0i64..400, 0..60)) {
        let mut now = 0;
        let times: Vec<Moment> = gaps.drain(..).map(|gap| { now += gap * SECOND; now }).collect();
        let outline = outline(std::slice::from_ref(&times));
        let mut items = Vec::new();
        let mut gap = None;
        for line in &outline.lines {
            match line {
                Line::Gap { span } => gap = Some(*span),
                Line::Item(number) => {
                    let at = outline.mark(*number).unwrap().at;
                    let span = items.last().map(|before| at - before);
                    let wanted = span.filter(|span| *span > outline.threshold);
                    prop_assert_eq!(gap.take(), wanted);
                    items.push(at);
                }
                Line::Group(_) => prop_assert!(false, "nothing is grouped"),
            }
        }
        prop_assert_eq!(items, times);
    }

    /// No text is taken for a time that it is not, and none breaks the reader.
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,40}|[0-9TZ:. +-]{0,30}", number in any::<i64>()) {
        let batch = batch(vec![
            ("time", texts(&[&text])),
            ("actor", texts(&[&text])),
            ("number", Arc::new(Int64Array::from(vec![number]))),
        ]);
        let reader = RowReader::new(batch.schema_ref(), &columns(&batch));
        let item = reader.item(&batch, 0, "r", 0);
        let told = text.trim().get(..4).is_some_and(|year| year.parse::<i32>().is_ok());
        prop_assert!(item.event_time.is_none() || told || text.trim().starts_with(['+', '-']), "{}", text);
        prop_assert_eq!(reader.moment(&batch, 7), UNDATED);
        let numbers = batch.project(&[2]).unwrap();
        let named = vec![Column { name: "time".into() }];
        let reader = RowReader::new(numbers.schema_ref(), &named);
        let told = DateTime::from_timestamp_millis(number);
        prop_assert_eq!(time_of(reader.moment(&numbers, 0)), told);
    }
}

#[test]
fn an_outlier_of_the_gaps_is_a_gap() {
    let minutes = |gaps: &[i64]| threshold(gaps.iter().map(|gap| gap * 60 * SECOND).collect());
    assert_eq!(minutes(&[]), 3_600 * SECOND);
    assert_eq!(minutes(&[5]), 3_600 * SECOND);
    // Ten times the median, of an even number the lower one.
    assert_eq!(minutes(&[1, 600]), 10 * 60 * SECOND);
    assert_eq!(minutes(&[9, 1, 3, 2]), 20 * 60 * SECOND);
    // Never below a minute, never below a hundredth of the whole.
    assert_eq!(threshold(vec![SECOND; 20]), 60 * SECOND);
    let mut gaps = vec![0; 100];
    gaps.push(30_000);
    assert_eq!(minutes(&gaps), 300 * 60 * SECOND);
}

#[test]
fn spans_are_told_in_two_units() {
    for (seconds, told) in [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 m 01 s"),
        (50_580, "14 h 03 m"),
        (187_200, "2 d 04 h"),
    ] {
        assert_eq!(span_told(seconds * SECOND), told);
    }
}

#[test]
fn one_event_is_seen_beside_ten_thousand() {
    let mut times = vec![0; 10_000];
    times.push(9_999_000);
    let outline = outline(&[times]);
    let strip = Strip::of(outline.dated(), 10).unwrap();
    assert_eq!(strip.levels(8), [8, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(Strip::of(&[], 10), None);
    assert_eq!(Strip::of(outline.dated(), 0), None);
}

#[test]
fn groups_stand_in_their_order_and_an_item_in_each_of_its_own() {
    let items = [
        item("ana", 0, &["exfiltration", "loud"]),
        item("ben", 10, &[]),
        item("ana", 20, &["Initial Access"]),
        item("cleo", 30, &["loud"]),
    ];
    let grouped = |grouping: Grouping| {
        let run = items.iter().map(TimelineItem::moment).zip(0..);
        let outline = Outline::new([run], grouping, None, |mark| {
            items[mark.row as usize].groups(grouping)
        });
        let shown = outline.lines.iter().map(|line| match line {
            Line::Group(number) => {
                let group = &outline.groups[*number as usize];
                format!("{}:{}", group.name.as_deref().unwrap_or("-"), group.items)
            }
            Line::Item(number) => number.to_string(),
            Line::Gap { .. } => "gap".to_owned(),
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(grouped(Grouping::None), "0 1 2 3");
    assert_eq!(
        grouped(Grouping::Entity),
        "principal ana:2 0 2 principal ben:1 1 principal cleo:1 3"
    );
    assert_eq!(
        grouped(Grouping::Tag),
        "exfiltration:1 0 loud:2 0 3 Initial Access:1 2 -:1 1"
    );
}

#[test]
fn stages_come_from_tags_and_stand_as_an_attack_goes() {
    let of = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        super::stage::of_tags(&tags)
    };
    assert_eq!(
        of(&["loud", "Initial Access"]).as_deref(),
        Some("initial-access")
    );
    assert_eq!(of(&["defence_evasion"]).as_deref(), Some("defense-evasion"));
    assert_eq!(of(&["stage: clean-up"]).as_deref(), Some("clean-up"));
    assert_eq!(of(&["stage:", "loud"]), None);
    for (finding, stage) in [
        (
            "TTPs/Exfiltration:S3/AnomalousBehavior",
            Some("exfiltration"),
        ),
        ("TTPs/Initial Access/Unusual", Some("initial-access")),
        ("Effects/Data Exfiltration", Some("exfiltration")),
        (
            "CredentialAccess:IAMUser/AnomalousBehavior",
            Some("credential-access"),
        ),
        ("Recon:EC2/Portscan", Some("reconnaissance")),
        ("Policy:S3/BucketAnonymousAccessGranted", None),
        ("Discovery", None),
    ] {
        assert_eq!(
            super::stage::of_finding_type(finding).as_deref(),
            stage,
            "{finding}"
        );
    }
    let mut names = ["zeal", "impact", "initial-access", "aftermath"];
    names.sort_by(|one, other| super::stage::order(one, other));
    assert_eq!(names, ["initial-access", "impact", "aftermath", "zeal"]);
}

#[test]
fn the_time_column_is_told_by_name_and_type() {
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![5]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1_790_000_000_123]));
    let found = |columns_of: Vec<(&str, ArrayRef)>| {
        let batch = batch(columns_of);
        time_column(batch.schema_ref(), &columns(&batch))
    };
    let two = vec![
        ("time", Arc::clone(&numbers)),
        ("time_dt", Arc::clone(&times)),
    ];
    assert_eq!(found(two), Some(1));
    let named = vec![("seen", Arc::clone(&times)), ("TIME", Arc::clone(&numbers))];
    assert_eq!(found(named), Some(1));
    let by_type = vec![("n", Arc::clone(&numbers)), ("seen", Arc::clone(&times))];
    assert_eq!(found(by_type), Some(1));
    assert_eq!(found(vec![("n", Arc::clone(&numbers))]), None);
    let batch = batch(vec![
        ("time", numbers),
        ("event_time", texts(&["2026-09-21 14:13:20.5 UTC"])),
        ("timestamp", Arc::new(Float64Array::from(vec![1.79e12]))),
    ]);
    let schema = batch.schema();
    for (place, milliseconds) in [
        (0, 1_790_000_000_123),
        (1, 1_790_000_000_500),
        (2, 1_790_000_000_000),
    ] {
        let one = batch.project(&[place]).unwrap();
        let name = Column {
            name: schema.field(place).name().clone(),
        };
        let reader = RowReader::new(one.schema_ref(), &[name]);
        assert_eq!(reader.moment(&one, 0), milliseconds * 1_000);
    }
}

/// A row of CloudTrail's as far as a timeline reads it.
fn call(operation: &str, who: &str) -> RecordBatch {
    let of = |name: &str, inner: ArrayRef| -> ArrayRef {
        let field = Arc::new(Field::new(name, inner.data_type().clone(), true));
        Arc::new(StructArray::from(vec![(field, inner)]))
    };
    let product = of("product", of("name", texts(&["CloudTrail"])));
    batch(vec![
        (
            "time",
            Arc::new(Int64Array::from(vec![at(60).timestamp_millis()])),
        ),
        ("metadata", product),
        ("api", of("operation", texts(&[operation]))),
        ("actor", of("user", of("uid", texts(&[who])))),
        ("src_endpoint", of("ip", texts(&["198.51.100.7"]))),
        ("status", texts(&["Failure"])),
    ])
}

fn pin(name: &str, batch: &RecordBatch, source: Source) -> PinState {
    let row = EvidenceRow::of(batch, &columns(batch), 0).unwrap();
    let stamp = Stamp {
        by: "ana".into(),
        at: at(9_000),
        entry: EntryHash::of(name.as_bytes()),
    };
    PinState {
        pin: Pin {
            pin: Key(name.into()),
            event_time: None,
            tags: Vec::new(),
            note: String::new(),
            source,
            row_sha256: row.sha256(),
            row,
        },
        pinned: stamp,
        tags: vec!["Discovery".into()],
        note: "first look".into(),
        annotated: Vec::new(),
        unpinned: None,
    }
}

fn object(key: &str) -> Source {
    Source::Object {
        bucket: None,
        key: key.into(),
        version_id: None,
        etag: None,
        size: None,
        row: Some(1),
    }
}

#[test]
fn a_pin_tells_when_what_who_and_how_it_was_found() {
    let who = "arn:aws:iam::111122223333:user/eve";
    let mut case = CaseState::default();
    let key = "aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId=111122223333/eventDay=20260921/a.gz.parquet";
    let call = call("ListBuckets", who);
    case.pins.push(pin("late", &call, object(key)));
    let mut earlier = pin("early", &call, object("x.parquet"));
    earlier.pin.event_time = Some(at(5));
    case.pins.push(earlier);
    let mut gone = pin("gone", &call, object(key));
    gone.unpinned = Some((gone.pinned.clone(), "a mistake".into()));
    case.pins.push(gone);
    let items = items_of(&case);
    let places: Vec<String> = items.iter().map(|item| item.place.to_string()).collect();
    assert_eq!(places, ["pin early", "pin late"]);
    let late = &items[1];
    assert_eq!(late.event_time, Some(at(60)), "the row's own time");
    assert_eq!(late.discovered, Some(at(9_000)));
    assert_eq!(late.source, "CLOUD_TRAIL_MGMT");
    assert_eq!(items[0].source, "CloudTrail");
    assert_eq!(late.summary, "ListBuckets · Failure");
    assert_eq!(late.entity.as_ref().unwrap().value, who);
    assert_eq!(late.stage.as_deref(), Some("discovery"));
    assert_eq!(late.note, "first look");
    // What was judged to belong to the attack is what the item is known by.
    let judged = VerdictState {
        verdict: Verdict::Malicious,
        reason: String::new(),
        given: Vec::new(),
    };
    let address = EntityRef {
        entity_type: "ip".into(),
        value: "198.51.100.7".into(),
    };
    case.verdicts.insert(address, judged);
    assert_eq!(
        items_of(&case)[1].entity.as_ref().unwrap().value,
        "198.51.100.7"
    );
}

#[test]
fn who_acted_is_told_by_the_arn_that_no_other_account_has() {
    let arn = "arn:aws:sts::111122223333:assumed-role/deployer/run-1";
    let nested = |name: &str, inner: Vec<(&str, &str)>| -> ArrayRef {
        let fields = inner.into_iter().map(|(name, value)| {
            let field = Arc::new(Field::new(name, arrow::datatypes::DataType::Utf8, true));
            (field, texts(&[value]))
        });
        let inner: ArrayRef = Arc::new(StructArray::from(fields.collect::<Vec<_>>()));
        let field = Arc::new(Field::new(name, inner.data_type().clone(), true));
        Arc::new(StructArray::from(vec![(field, inner)]))
    };
    let entity = |actor: ArrayRef| {
        let batch = batch(vec![("actor", actor), ("ip", texts(&["198.51.100.7"]))]);
        let reader = RowReader::new(batch.schema_ref(), &columns(&batch));
        let found = reader.entity(&batch, 0, None);
        // Whether the other columns are looked at or not.
        assert_eq!(found, reader.entity(&batch, 0, Some(&|_| false)));
        found.unwrap().value
    };
    assert_eq!(
        entity(nested("user", vec![("name", "deployer"), ("uid", arn)])),
        arn
    );
    let key = vec![("credential_uid", "AKIAIOSFODNN7EXAMPLE")];
    assert_eq!(entity(nested("user", key)), "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(entity(nested("other", vec![("x", "")])), "198.51.100.7");
}

#[test]
fn a_row_without_anything_telling_is_told_by_its_values() {
    let batch = batch(vec![
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from(vec![0])),
        ),
        ("count", Arc::new(Int64Array::from(vec![7]))),
        ("text", texts(&["x"])),
    ]);
    let reader = RowReader::new(batch.schema_ref(), &columns(&batch));
    let item = reader.item(&batch, 0, "result_3", 11);
    assert_eq!(item.summary, "count=7 text=x");
    assert_eq!(item.source, "result_3");
    assert_eq!(item.place.to_string(), "result_3 row 12");
}

fn exported(
    items: &[TimelineItem],
    format: Format,
    grouping: Grouping,
    zone: chrono_tz::Tz,
) -> String {
    let run = items.iter().map(TimelineItem::moment).zip(0..);
    let outline = Outline::new([run], grouping, None, |mark| {
        items[mark.row as usize].groups(grouping)
    });
    let rows = table(&outline, grouping, zone, |mark| {
        items.get(mark.row as usize).cloned()
    });
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &rows.schema, &rows.columns, &mut out).unwrap();
    for batch in rows {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_export_tells_gaps_and_shows_times_in_the_zone() {
    let items = [item("ana", 0, &["a", "b"]), item("ben", 50_580, &[])];
    let csv = exported(&items, Format::Csv, Grouping::None, chrono_tz::UTC);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with(r#""event_time","discovery_time","gap_before_s","stage""#),
        "{csv}"
    );
    assert!(
        lines[1]
            .starts_with(r#""2026-09-21 14:13:20.000000 UTC","2026-09-22 15:13:20.000000 UTC",,"#),
        "{csv}"
    );
    assert!(lines[2].contains(r#""50580""#), "{csv}");
    let json = exported(
        &items,
        Format::Json,
        Grouping::Tag,
        chrono_tz::Europe::Berlin,
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["event_time"], "2026-09-21T16:13:20+02:00");
    assert_eq!(json[0]["group"], "a");
    assert_eq!(json[0]["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(json[1]["group"], "b");
    assert_eq!(json[2]["group"], serde_json::Value::Null);
    assert_eq!(json[2]["origin"], "pin ben");
}

#[test]
fn nothing_in_a_note_comes_alive_in_markdown() {
    let mut hostile = item("ana", 0, &["x|y"]);
    hostile.note = "a | b\n[c](javascript:x) <img src=x> ``` \u{1b}[2J\u{202e}".into();
    let text = exported(&[hostile], Format::Markdown, Grouping::None, chrono_tz::UTC);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    let cells = text.lines().nth(2).unwrap().replace("\\|", "");
    assert_eq!(cells.matches('|').count(), 11, "{text}");
}

#[test]
fn a_large_result_is_outlined_without_its_rows() {
    let rows = 20_000;
    let run = (0..rows).map(|n| (Moment::from(n) * SECOND, n));
    let few = [(Moment::from(rows / 2) * SECOND, 0), (UNDATED, 1)];
    let runs: [Box<dyn Iterator<Item = (Moment, u32)>>; 2] =
        [Box::new(run), Box::new(few.into_iter())];
    let outline = Outline::new(runs, Grouping::None, None, |_| Vec::new());
    assert_eq!(outline.marks.len(), rows as usize + 2);
    assert_eq!(outline.marks.last().unwrap().at, UNDATED);
    let pin = outline.marks.iter().position(|mark| mark.run == 1).unwrap();
    assert_eq!(
        pin,
        rows as usize / 2 + 1,
        "a pin stands behind rows of its time"
    );
    assert_eq!(
        outline.lines.len(),
        rows as usize + 2,
        "no gap is worth a line"
    );
    let hour = TimeDelta::hours(1).num_milliseconds();
    let from = DateTime::<Utc>::UNIX_EPOCH.timestamp_millis();
    assert_eq!(outline.within(from, from + hour), 3_600);
}

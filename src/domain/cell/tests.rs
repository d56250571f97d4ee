use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, TimeUnit, i256};
use proptest::prelude::*;
use serde_json::json;

use super::{Cell, Interval, Kind, Step, TimeStyle, display_path};

const UTC: TimeStyle = TimeStyle::Shown(chrono_tz::UTC);
const BERLIN: TimeStyle = TimeStyle::Shown(chrono_tz::Europe::Berlin);

fn athena(array: &dyn Array, row: usize) -> Option<String> {
    Cell::of(array, row).text(TimeStyle::Athena)
}

/// `actor: {user: {uid, type}, sessions: [..]}` and the like, in one array.
fn nested() -> StructArray {
    let user = StructArray::from(vec![
        (
            Arc::new(Field::new("uid", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![Some("arn:1"), None])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("n", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(7), None])) as ArrayRef,
        ),
    ]);
    let mut list = ListBuilder::new(StringBuilder::new());
    list.append_value([Some("a"), None, Some("")]);
    list.append_null();
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    map.keys().append_value("k.1");
    map.values().append_value("v");
    map.append(true).unwrap();
    map.append(true).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("user", Arc::new(user)),
        ("tags", Arc::new(list.finish())),
        ("unmapped", Arc::new(map.finish())),
    ];
    let fields: Fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    StructArray::new(
        fields,
        columns.into_iter().map(|(_, array)| array).collect(),
        None,
    )
}

#[test]
fn nested_values_read_as_in_athena() {
    let array = nested();
    assert_eq!(
        athena(&array, 0).unwrap(),
        "{user={uid=arn:1, n=7}, tags=[a, null, ], unmapped={k.1=v}}"
    );
    assert_eq!(
        athena(&array, 1).unwrap(),
        "{user={uid=null, n=null}, tags=null, unmapped={}}"
    );
}

#[test]
fn nested_values_become_json() {
    assert_eq!(
        Cell::of(&nested(), 0).json(),
        json!({"user": {"uid": "arn:1", "n": 7}, "tags": ["a", null, ""], "unmapped": {"k.1": "v"}})
    );
    let text = serde_json::to_string(&Cell::of(&nested(), 0)).unwrap();
    assert!(
        text.starts_with(r#"{"user":{"uid":"arn:1""#),
        "keys keep their order: {text}"
    );
}

#[test]
fn null_is_not_an_empty_text() {
    let array = StringArray::from(vec![None, Some("")]);
    assert_eq!(athena(&array, 0), None);
    assert_eq!(athena(&array, 1).unwrap(), "");
    assert_eq!(athena(&array, 2), None, "past the end");
    assert_eq!(athena(&NullArray::new(1), 0), None);
}

#[test]
fn numbers_read_as_in_athena() {
    let doubles = Float64Array::from(vec![
        0.0,
        -0.0,
        0.1,
        100.0,
        1e7,
        123_456_789.0,
        0.001,
        1.5e-5,
        f64::NAN,
        f64::NEG_INFINITY,
    ]);
    let texts: Vec<_> = (0..doubles.len())
        .filter_map(|row| athena(&doubles, row))
        .collect();
    assert_eq!(
        texts,
        [
            "0.0",
            "-0.0",
            "0.1",
            "100.0",
            "1.0E7",
            "1.23456789E8",
            "0.001",
            "1.5E-5",
            "NaN",
            "-Infinity"
        ]
    );
    assert_eq!(athena(&Float32Array::from(vec![0.1]), 0).unwrap(), "0.1");
    assert_eq!(
        athena(&UInt64Array::from(vec![u64::MAX]), 0).unwrap(),
        "18446744073709551615"
    );
    let decimal = Decimal128Array::from(vec![-1234])
        .with_precision_and_scale(10, 2)
        .unwrap();
    assert_eq!(athena(&decimal, 0).unwrap(), "-12.34");
    assert_eq!(Cell::of(&decimal, 0).json(), json!(-12.34));
    let long = Decimal256Array::from(vec![i256::from_i128(i128::MAX)])
        .with_precision_and_scale(76, 5)
        .unwrap();
    assert_eq!(
        Cell::of(&long, 0).json(),
        json!("1701411834604692317316873037158841.05727")
    );
    assert_eq!(Cell::of(&doubles, 8).json(), json!("NaN"));
}

#[test]
fn times_show_their_zone() {
    let naive = TimestampMillisecondArray::from(vec![1_735_787_045_123, -1]);
    assert_eq!(athena(&naive, 0).unwrap(), "2025-01-02 03:04:05.123");
    assert_eq!(athena(&naive, 1).unwrap(), "1969-12-31 23:59:59.999");
    let zoned = naive.clone().with_timezone("+00:00");
    assert_eq!(athena(&zoned, 0).unwrap(), "2025-01-02 03:04:05.123 UTC");
    let tokyo = naive.clone().with_timezone("Asia/Tokyo");
    assert_eq!(
        athena(&tokyo, 0).unwrap(),
        "2025-01-02 12:04:05.123 Asia/Tokyo"
    );
    for array in [&naive, &zoned, &tokyo] {
        assert_eq!(
            Cell::of(array, 0).text(UTC).unwrap(),
            "2025-01-02 03:04:05.123"
        );
        assert_eq!(
            Cell::of(array, 0).text(BERLIN).unwrap(),
            "2025-01-02 04:04:05.123 +01:00"
        );
        assert_eq!(Cell::of(array, 0).json(), json!("2025-01-02T03:04:05.123Z"));
    }
    let seconds = TimestampSecondArray::from(vec![0]);
    assert_eq!(athena(&seconds, 0).unwrap(), "1970-01-01 00:00:00.000");
    assert_eq!(Cell::of(&seconds, 0).json(), json!("1970-01-01T00:00:00Z"));
    let far = TimestampSecondArray::from(vec![i64::MAX]);
    assert_eq!(
        athena(&far, 0).unwrap(),
        "9223372036854775807 s since 1970 UTC"
    );
    assert_eq!(
        (UTC.zone_name(), BERLIN.zone_name()),
        ("UTC", "Europe/Berlin")
    );
}

#[test]
fn a_nested_time_carries_its_zone() {
    let array = StructArray::from(vec![(
        Arc::new(Field::new(
            "t",
            DataType::Timestamp(TimeUnit::Millisecond, None),
            true,
        )),
        Arc::new(TimestampMillisecondArray::from(vec![0])) as ArrayRef,
    )]);
    assert_eq!(
        Cell::of(&array, 0).text(UTC).unwrap(),
        "{t=1970-01-01 00:00:00.000 UTC}"
    );
}

#[test]
fn dates_times_and_intervals() {
    assert_eq!(
        athena(&Date32Array::from(vec![20_000]), 0).unwrap(),
        "2024-10-04"
    );
    assert_eq!(
        athena(&Time64MicrosecondArray::from(vec![3_661_000_001]), 0).unwrap(),
        "01:01:01.000001"
    );
    let span = |months, days, nanoseconds| {
        let mut out = String::new();
        Interval {
            months,
            days,
            nanoseconds,
        }
        .write(&mut out)
        .unwrap();
        out
    };
    assert_eq!(span(14, 0, 0), "1-2");
    assert_eq!(span(0, 2, 3_600_000_000_000), "2 01:00:00.000");
    assert_eq!(span(0, 0, -1_500_000_000), "-0 00:00:01.500");
    assert_eq!(
        athena(&DurationSecondArray::from(vec![90_061]), 0).unwrap(),
        "1 01:01:01.000"
    );
}

#[test]
fn other_layouts_read_alike() {
    let dictionary: DictionaryArray<Int32Type> =
        vec![Some("a"), None, Some("b")].into_iter().collect();
    assert_eq!(athena(&dictionary, 0).unwrap(), "a");
    assert_eq!(athena(&dictionary, 1), None);
    assert_eq!(
        athena(&StringViewArray::from(vec!["a long text for a view"]), 0).unwrap(),
        "a long text for a view"
    );
    assert_eq!(
        athena(&BinaryArray::from(vec![&b"\x00\xff"[..]]), 0).unwrap(),
        "00 ff"
    );
    let values = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let field = Arc::new(Field::new_list_field(DataType::Int64, true));
    let list = LargeListArray::new(field, OffsetBuffer::new(vec![0, 1, 3].into()), values, None);
    assert_eq!(
        athena(&list.slice(1, 1), 0).unwrap(),
        "[2, 3]",
        "a slice keeps its place"
    );
    assert_eq!(athena(&BooleanArray::from(vec![true]), 0).unwrap(), "true");
}

#[test]
fn kinds_follow_types() {
    assert_eq!(Kind::of(&DataType::Int32), Kind::Number);
    assert_eq!(Kind::of(&DataType::Decimal128(10, 2)), Kind::Number);
    assert_eq!(
        Kind::of(&DataType::Timestamp(TimeUnit::Second, None)),
        Kind::Timestamp
    );
    assert_eq!(Kind::of(&DataType::Utf8View), Kind::Plain);
    assert_eq!(Kind::of(nested().data_type()), Kind::Nested);
}

#[test]
fn a_huge_value_costs_what_is_shown() {
    let values = Arc::new(Int64Array::from_iter_values(0..3_000_000));
    let field = Arc::new(Field::new_list_field(DataType::Int64, true));
    let list = ListArray::new(
        field,
        OffsetBuffer::new(vec![0, 3_000_000].into()),
        values,
        None,
    );
    let short = Cell::of(&list, 0).short(UTC, 20).unwrap();
    assert_eq!(short, "[0, 1, 2, 3, 4, 5, 6…");
}

#[test]
fn paths_are_sql() {
    let field = |name: &str| Step::Field(name.to_owned());
    assert_eq!(
        display_path(&[field("actor"), field("user"), field("uid")]),
        "actor.user.uid"
    );
    assert_eq!(
        display_path(&[field("resources"), Step::Index(1), field("uid")]),
        "resources[1].uid"
    );
    assert_eq!(
        display_path(&[field("unmapped"), Step::Key("it's.here".into())]),
        "unmapped['it''s.here']"
    );
    assert_eq!(display_path(&[field("odd \"name")]), "\"odd \"\"name\"");
}

proptest! {
    #[test]
    fn short_is_a_bounded_beginning_of_the_text(data in any::<String>(), limit in 0_usize..40) {
        let array = StringArray::from(vec![data.as_str()]);
        let cell = Cell::of(&array, 0);
        let short = cell.short(UTC, limit).unwrap();
        if data.len() <= limit {
            prop_assert_eq!(short, data);
        } else {
            let head = short.strip_suffix('…').unwrap();
            prop_assert!(head.len() <= limit);
            prop_assert!(data.starts_with(head));
        }
    }

    #[test]
    fn any_instant_is_written_as_chrono_writes_it(value in -62_000_000_000_000_i64..250_000_000_000_000) {
        let array = TimestampMillisecondArray::from(vec![value]);
        let expected = chrono::DateTime::from_timestamp_millis(value).unwrap();
        prop_assert_eq!(athena(&array, 0).unwrap(), expected.format("%Y-%m-%d %H:%M:%S%.3f").to_string());
    }

    #[test]
    fn doubles_read_back(value in any::<f64>().prop_filter("number", |value| value.is_finite())) {
        let text = athena(&Float64Array::from(vec![value]), 0).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap(), value);
    }
}

//! Rows kept as evidence come back exactly.

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::rows::{Column, SERVICE_TYPE, is_printed};

/// Arrays of every layout that results come in, three rows each.
fn every_layout() -> Vec<(&'static str, ArrayRef)> {
    let texts = [Some(""), None, Some("Ün\0\u{202e}'\"\n")];
    let pair = StructArray::new(
        vec![
            Field::new("uid", DataType::LargeUtf8, true),
            Field::new("n", DataType::UInt64, true),
        ]
        .into(),
        vec![
            Arc::new(LargeStringArray::from(texts.to_vec())) as ArrayRef,
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)])),
        ],
        Some(NullBuffer::from(vec![true, true, false])),
    );
    let list = ListArray::new(
        Arc::new(Field::new("item", pair.data_type().clone(), true)),
        OffsetBuffer::from_lengths([2, 0, 1]),
        Arc::new(pair.clone()),
        None,
    );
    let mut map = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(0.1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    let dictionary: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let decimal = Decimal128Array::from(vec![Some(-5), None, Some(i128::MAX / 2)])
        .with_precision_and_scale(38, 10)
        .unwrap();
    let wide = Decimal256Array::from(vec![
        Some(arrow::datatypes::i256::MINUS_ONE),
        None,
        Some(arrow::datatypes::i256::from_string(&"9".repeat(70)).unwrap()),
    ])
    .with_precision_and_scale(70, 0)
    .unwrap();
    let twice = StructArray::new(
        vec![
            Field::new("x", DataType::Int8, true),
            Field::new("x", DataType::Date32, true),
        ]
        .into(),
        vec![
            Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(1)])) as ArrayRef,
            Arc::new(Date32Array::from(vec![Some(-1), Some(20_000), None])),
        ],
        None,
    );
    vec![
        ("view", Arc::new(StringViewArray::from(texts.to_vec()))),
        ("dictionary", Arc::new(dictionary)),
        ("pair", Arc::new(pair)),
        ("list", Arc::new(list)),
        ("map", Arc::new(map.finish())),
        ("decimal", Arc::new(decimal)),
        ("wide", Arc::new(wide)),
        ("twice", Arc::new(twice)),
        (
            "double",
            Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(f64::NAN)])),
        ),
        (
            "real",
            Arc::new(Float32Array::from(vec![
                Some(0.1),
                None,
                Some(f32::INFINITY),
            ])),
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(b"\x00\xff".as_slice()),
                None,
                Some(b""),
            ])),
        ),
        (
            "time",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1_767_312_000_123_456)])
                    .with_timezone("UTC"),
            ),
        ),
        (
            "of_day",
            Arc::new(Time64NanosecondArray::from(vec![
                Some(1),
                None,
                Some(86_399_999_999_999),
            ])),
        ),
        ("null", Arc::new(NullArray::new(3))),
        (
            "flag",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "waited",
            Arc::new(DurationSecondArray::from(vec![Some(90), None, Some(-1)])),
        ),
    ]
}

fn every_layout_batch() -> RecordBatch {
    let layouts = every_layout();
    let printed = [(SERVICE_TYPE.to_owned(), "array(varchar)".to_owned())];
    let fields: Vec<Field> = layouts
        .iter()
        .map(|(name, array)| {
            let field = Field::new(*name, array.data_type().clone(), true);
            if *name == "view" {
                field.with_metadata(printed.clone().into())
            } else {
                field
            }
        })
        .collect();
    let arrays = layouts.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

#[test]
fn a_row_of_every_layout_comes_back() {
    let batch = every_layout_batch();
    let columns: Vec<Column> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| Column {
            name: field.name().to_uppercase(),
        })
        .collect();
    for row in 0..3 {
        let kept = EvidenceRow::of(&batch, &columns, row).unwrap();
        // Through the text of the journal.
        let text = serde_json::to_string(&kept).unwrap();
        let read: EvidenceRow = serde_json::from_str(&text).unwrap();
        assert_eq!(read, kept);
        assert_eq!(read.sha256(), kept.sha256());
        let back = read.batch().unwrap();
        assert_eq!(back.num_rows(), 1);
        for (place, name) in columns.iter().enumerate() {
            let (was, is) = (batch.column(place), back.column(place));
            let (was, is) = (Cell::of(was.as_ref(), row), Cell::of(is.as_ref(), 0));
            let name = &name.name;
            assert_eq!(
                was.text(TimeStyle::Athena),
                is.text(TimeStyle::Athena),
                "{name} of row {row}"
            );
            assert_eq!(was.is_null(), is.is_null(), "{name} of row {row}");
            if name != "WAITED" {
                assert_eq!(was.json(), is.json(), "{name} of row {row}");
            }
        }
        assert!(
            is_printed(back.schema().field(0)),
            "what was said of the column"
        );
        let again = EvidenceRow::of(&back, &columns, 0).unwrap();
        let values = |row: &EvidenceRow| -> Vec<Value> {
            row.columns
                .iter()
                .map(|column| column.value.clone())
                .collect()
        };
        assert_eq!(values(&again), values(&kept));
    }
    assert_eq!(EvidenceRow::of(&batch, &columns, 3), None);
}

#[test]
fn a_row_reads_as_json_that_a_person_understands() {
    let batch = every_layout_batch();
    let kept = EvidenceRow::of(&batch, &[], 0).unwrap();
    let json = serde_json::to_value(&kept).unwrap();
    assert_eq!(
        json[2],
        json!({
            "name": "pair",
            "type": {"struct": [["uid", "text"], ["n", "uint64"]]},
            "value": {"uid": "", "n": u64::MAX},
        })
    );
    assert_eq!(json[5]["value"], "-0.0000000005");
    assert_eq!(json[7]["value"], json!([-128, -1]));
    assert_eq!(json[11]["type"], json!({"timestamp": ["us", "UTC"]}));
    assert_eq!(json[11]["value"], -1);
    assert_eq!(json[0]["metadata"][SERVICE_TYPE], "array(varchar)");
}

#[test]
fn the_hash_depends_on_the_content_and_not_on_the_writer() {
    let text =
        r#"[{"name":"a","type":{"struct":[["y","int8"],["x","text"]]},"value":{"y":1,"x":"2"}}]"#;
    let other =
        r#"[ {"value":{"x":"2","y":1},"type":{"struct":[["y","int8"],["x","text"]]},"name":"a"} ]"#;
    let read = |text: &str| serde_json::from_str::<EvidenceRow>(text).unwrap().sha256();
    assert_eq!(read(text), read(other));
    let canonical =
        br#"[{"name":"a","type":{"struct":[["y","int8"],["x","text"]]},"value":{"x":"2","y":1}}]"#;
    assert_eq!(read(text), EntryHash::of(canonical).to_string());
    assert_ne!(read(text), read(&text.replace("\"y\":1", "\"y\":2")));
    assert_ne!(read(text), read(&text.replace("int8", "int16")));
}

/// A type of any depth, with a value of it.
fn typed() -> impl Strategy<Value = (ValueType, Value)> {
    let unit = prop_oneof![
        Just(Unit::Second),
        Just(Unit::Millisecond),
        Just(Unit::Microsecond),
        Just(Unit::Nanosecond)
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(|flag| (ValueType::Boolean, json!(flag))),
        any::<i8>().prop_map(|number| (ValueType::Int8, json!(number))),
        any::<i64>().prop_map(|number| (ValueType::Int64, json!(number))),
        any::<u16>().prop_map(|number| (ValueType::Uint16, json!(number))),
        any::<u64>().prop_map(|number| (ValueType::Uint64, json!(number))),
        any::<f64>().prop_map(|number| (ValueType::Double, json!(format!("{number:?}")))),
        any::<f32>().prop_map(|number| (ValueType::Real, json!(format!("{number:?}")))),
        any::<String>().prop_map(|text| (ValueType::Text, json!(text))),
        proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            (ValueType::Bytes, json!(digits))
        }),
        (unit, any::<i64>(), any::<bool>()).prop_map(|(unit, value, zoned)| {
            let zone = zoned.then(|| "UTC".to_owned());
            (ValueType::Timestamp(unit, zone), json!(value))
        }),
        (any::<i32>(), any::<i32>(), any::<i64>()).prop_map(|(months, days, rest)| {
            (ValueType::Interval, json!([months, days, rest]))
        }),
        any::<i64>().prop_map(|number| {
            let (whole, rest) = (number / 1_000, (number % 1_000).abs());
            let sign = if number < 0 && whole == 0 { "-" } else { "" };
            (
                ValueType::Decimal(38, 3),
                json!(format!("{sign}{whole}.{rest:03}")),
            )
        }),
        Just((ValueType::Null, Value::Null)),
        Just((ValueType::Date, Value::Null)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|((of, value), count)| {
                (ValueType::List(Box::new(of)), json!(vec![value; count]))
            }),
            proptest::collection::vec(("[a-c]{0,2}", inner.clone()), 0..4).prop_map(|fields| {
                let names: std::collections::HashSet<_> =
                    fields.iter().map(|(name, _)| name.clone()).collect();
                let value = if names.len() == fields.len() {
                    fields
                        .iter()
                        .map(|(name, (_, value))| (name.clone(), value.clone()))
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                } else {
                    fields.iter().map(|(_, (_, value))| value.clone()).collect()
                };
                let types = fields
                    .into_iter()
                    .map(|(name, (of, _))| (name, of))
                    .collect();
                (ValueType::Struct(types), value)
            }),
            (any::<String>(), inner).prop_map(|(name, (of, value))| {
                let map = ValueType::Map(Box::new(ValueType::Text), Box::new(of));
                (map, json!([[name, value]]))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_value_of_any_type_comes_back((value_type, value) in typed(), name in any::<String>()) {
        let row = EvidenceRow {
            columns: vec![EvidenceColumn {
                name: name.clone(),
                value_type,
                metadata: Default::default(),
                value,
            }],
        };
        let text = serde_json::to_string(&row).unwrap();
        let read: EvidenceRow = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &row);
        let batch = read.batch().unwrap();
        let again = EvidenceRow::of(&batch, &[Column { name }], 0).unwrap();
        prop_assert_eq!(&again, &row);
        prop_assert_eq!(again.sha256(), row.sha256());
    }

    /// A value under the type of another is an error or a value, and never a panic.
    #[test]
    fn a_type_that_does_not_fit_is_an_error((value_type, _) in typed(), (_, value) in typed()) {
        let row = EvidenceRow {
            columns: vec![EvidenceColumn {
                name: "x".to_owned(),
                value_type,
                metadata: Default::default(),
                value,
            }],
        };
        let _ = row.batch();
    }
}

#[test]
fn values_out_of_range_are_named_with_their_column() {
    for (value_type, value) in [
        (ValueType::Int8, json!(128)),
        (ValueType::Uint8, json!(-1)),
        (ValueType::Decimal(3, 1), json!("100.0")),
        (ValueType::Decimal(3, 1), json!("1.00")),
        (ValueType::Decimal(0, 0), json!("1")),
        (ValueType::Decimal(77, 90), json!("1")),
        (ValueType::Bytes, json!("0g")),
        (
            ValueType::Map(Box::new(ValueType::Text), Box::new(ValueType::Text)),
            json!([[null, "x"]]),
        ),
        (
            ValueType::Struct(vec![("a".to_owned(), ValueType::Text)]),
            json!({"b": "x"}),
        ),
    ] {
        let row = EvidenceRow {
            columns: vec![EvidenceColumn {
                name: "odd".to_owned(),
                value_type: value_type.clone(),
                metadata: Default::default(),
                value,
            }],
        };
        let error = row.batch().unwrap_err();
        assert_eq!(error.column, "odd", "{value_type:?}");
        assert!(error.to_string().contains("does not fit"), "{error}");
    }
    assert_eq!(
        ValueType::of(&DataType::Time32(TimeUnit::Second)).arrow(),
        DataType::Time32(TimeUnit::Second)
    );
}

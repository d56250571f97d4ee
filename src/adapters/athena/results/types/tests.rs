use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_columns;
use proptest::prelude::*;

use super::*;
use crate::domain::cell::{Cell, TimeStyle};

const ZONED: &str = "timestamp with time zone";

#[test]
fn types_are_taken_where_their_text_is_exact() {
    use DataType::{Binary, Boolean, Date32, Decimal128, Float32, Float64, Utf8};
    let millis = TimeUnit::Millisecond;
    let naive = DataType::Timestamp(millis, None);
    let zoned = DataType::Timestamp(millis, Some("UTC".into()));
    for (name, data_type) in [
        ("boolean", Boolean),
        ("tinyint", DataType::Int8),
        ("smallint", DataType::Int16),
        ("integer", DataType::Int32),
        ("int", DataType::Int32),
        ("bigint", DataType::Int64),
        ("float", Float32),
        ("real", Float32),
        ("double", Float64),
        ("decimal", Decimal128(10, 2)),
        ("decimal(38,0)", Decimal128(38, 0)),
        ("decimal(39,0)", Utf8),
        ("date", Date32),
        ("time", DataType::Time32(millis)),
        ("time with time zone", Utf8),
        ("timestamp", naive.clone()),
        ("timestamp(3)", naive),
        (ZONED, zoned.clone()),
        ("timestamp(3) with time zone", zoned),
        ("varbinary", Binary),
        ("varchar", Utf8),
        ("varchar(12)", Utf8),
        ("char", Utf8),
        ("json", Utf8),
        ("array", Utf8),
        ("array(integer)", Utf8),
        ("map", Utf8),
        ("row", Utf8),
        ("row(a integer)", Utf8),
        ("ipaddress", Utf8),
        ("interval day to second", Utf8),
        ("", Utf8),
    ] {
        assert_eq!(type_named(name, 10, 2), data_type, "{name}");
    }
    assert_eq!(type_named("decimal", 0, 0), Utf8, "its digits are not told");
    assert_eq!(type_named("decimal", 2, 5), Utf8);
    for name in [
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal(12,2)",
        "date",
        "time",
        "timestamp",
        ZONED,
        "varbinary",
        "varchar",
    ] {
        assert_eq!(athena_name(&type_named(name, 0, 0)), name);
    }
}

#[test]
fn a_column_by_its_metadata() {
    let column = ColumnInfo::builder()
        .name("price")
        .r#type("decimal")
        .precision(7)
        .scale(3)
        .build()
        .unwrap();
    assert_eq!(arrow_type(&column), DataType::Decimal128(7, 3));
}

#[test]
fn texts_become_values_of_every_type_and_come_back() {
    for (name, texts) in [
        ("boolean", ["true", "false"]),
        ("tinyint", ["-128", "127"]),
        ("smallint", ["-32768", "0"]),
        ("integer", ["2147483647", "-1"]),
        ("bigint", ["9223372036854775807", "7"]),
        ("real", ["0.1", "-Infinity"]),
        ("double", ["1.0E-7", "NaN"]),
        ("decimal", ["1.50", "-0.07"]),
        ("date", ["2026-03-04", "1969-12-31"]),
        ("time", ["01:02:03.004", "00:00:00.000"]),
        (
            "timestamp",
            ["2026-03-04 05:06:07.089", "1969-12-31 23:59:59.000"],
        ),
        (
            ZONED,
            ["2026-03-04 05:06:07.089 UTC", "0001-01-01 00:00:00.000 UTC"],
        ),
        ("varbinary", ["68 69", ""]),
        ("varchar", ["", "x\"y\n"]),
        ("array", ["[a, b]", "[]"]),
    ] {
        let mut column = ColumnBuilder::new(&type_named(name, 10, 2));
        column.push(Some(texts[0])).unwrap();
        column.push(None).unwrap();
        column.push(Some(texts[1])).unwrap();
        let array = column.finish();
        assert_eq!(array.data_type(), column.data_type(), "{name}");
        let read = |row| Cell::of(array.as_ref(), row).text(TimeStyle::Athena);
        let read: Vec<Option<String>> = (0..array.len()).map(read).collect();
        let expected = [Some(texts[0].to_owned()), None, Some(texts[1].to_owned())];
        assert_eq!(read, expected, "{name}");
        assert_eq!(
            column.finish().len(),
            0,
            "{name}: the next array begins anew"
        );
    }
    // The instant is kept, the zone that it was told in is not.
    let mut column = ColumnBuilder::new(&type_named(ZONED, 0, 0));
    column.push(Some("2026-03-04 05:06:07.089 +01:00")).unwrap();
    let array = column.finish();
    let read = Cell::of(array.as_ref(), 0).text(TimeStyle::Athena);
    assert_eq!(read.as_deref(), Some("2026-03-04 04:06:07.089 UTC"));
    // A named zone is taken later, and is no sign at the beginning that the type is certain.
    let berlin = Some("2026-07-04 05:06:07.089 Europe/Berlin");
    column.push(berlin).unwrap();
    column.set_on_trial(true);
    assert_eq!(column.push(berlin), Err(Misfit));
    column.push(Some("2026-03-04 05:06:07.089 +01:00")).unwrap();
}

#[test]
fn a_misfit_is_told_and_not_appended() {
    for name in [
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal",
        "date",
        "time",
        "timestamp",
        ZONED,
        "varbinary",
    ] {
        let mut column = ColumnBuilder::new(&type_named(name, 10, 2));
        column.push(None).unwrap();
        for text in ["x", "99999999999999999999999999999999x", "\"\""] {
            assert_eq!(column.push(Some(text)), Err(Misfit), "{name}: {text:?}");
        }
        if name != "varbinary" {
            assert_eq!(
                column.push(Some("")),
                Err(Misfit),
                "{name}: an empty text is no NULL"
            );
        }
        column.push(None).unwrap();
        assert_eq!(column.finish().len(), 2, "{name}");
    }
    let mut column = ColumnBuilder::new(&DataType::Int8);
    assert_eq!(column.push(Some("128")), Err(Misfit));
    assert_eq!(
        ColumnBuilder::new(&DataType::Int16).push(Some("-32769")),
        Err(Misfit)
    );
    assert_eq!(
        ColumnBuilder::new(&DataType::Int32).push(Some("2147483648")),
        Err(Misfit)
    );
}

#[test]
fn a_type_that_no_result_has_is_kept_as_text() {
    let mut column = ColumnBuilder::new(&DataType::UInt64);
    assert_eq!(column.data_type(), &DataType::Utf8);
    column.push(Some("1")).unwrap();
    let batch = RecordBatch::try_from_iter([("c", column.finish())]).unwrap();
    let shown = pretty_format_columns("c", batch.columns())
        .unwrap()
        .to_string();
    assert!(shown.contains("| 1 |"), "{shown}");
}

proptest! {
    #[test]
    fn floats_come_back(double in any::<f64>(), single in any::<f32>()) {
        let mut doubles = ColumnBuilder::new(&DataType::Float64);
        let mut singles = ColumnBuilder::new(&DataType::Float32);
        doubles.push(Some(&format!("{double:E}"))).unwrap();
        singles.push(Some(&format!("{single:E}"))).unwrap();
        use arrow::array::AsArray as _;
        let read = doubles.finish().as_primitive::<Float64Type>().value(0);
        prop_assert!(read == double || read.is_nan() && double.is_nan());
        let read = singles.finish().as_primitive::<Float32Type>().value(0);
        prop_assert!(read == single || read.is_nan() && single.is_nan());
    }
}

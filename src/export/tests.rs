use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use proptest::prelude::*;

use super::*;

fn columns(names: &[&str]) -> Vec<Column> {
    names
        .iter()
        .map(|name| Column {
            name: (*name).to_owned(),
        })
        .collect()
}

/// A batch whose schema has unique names of its own, as the engine's has.
fn batch(arrays: Vec<ArrayRef>) -> RecordBatch {
    let field = |(index, array): (usize, &ArrayRef)| {
        Field::new(format!("c{index}"), array.data_type().clone(), true)
    };
    let fields: Vec<_> = arrays.iter().enumerate().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn texts<const N: usize>(values: [Option<&str>; N]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn sample() -> (RecordBatch, Vec<Column>) {
    let mut list = ListBuilder::new(Int64Builder::new());
    list.append_value([Some(1), None]);
    list.append_null();
    list.append_value([]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(TimestampMillisecondArray::from(vec![
            Some(1_735_787_045_123),
            None,
            Some(0),
        ])),
        texts([Some("a\"b|c"), Some(""), None]),
        Arc::new(Int64Array::from(vec![Some(-5), Some(12_345), None])),
        texts([
            Some("=1+1\u{202e}"),
            Some("NULL"),
            Some("two\nlines `x` <b>"),
        ]),
        Arc::new(list.finish()),
    ];
    (
        batch(arrays),
        columns(&["time_dt", "name", "n", "name", "list"]),
    )
}

fn export(format: Format, batches: &[RecordBatch], columns: &[Column]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &batches[0].schema(), columns, &mut out).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    let rows = writer.finish().unwrap();
    assert_eq!(
        rows,
        batches
            .iter()
            .map(|batch| batch.num_rows() as u64)
            .sum::<u64>()
    );
    out
}

fn text(format: Format) -> String {
    let (batch, columns) = sample();
    String::from_utf8(export(format, &[batch], &columns)).unwrap()
}

#[test]
fn csv_is_athenas() {
    assert_eq!(
        text(Format::Csv),
        "\"time_dt\",\"name\",\"n\",\"name\",\"list\"\n\
         \"2025-01-02 03:04:05.123\",\"a\"\"b|c\",\"-5\",\"=1+1\u{202e}\",\"[1, null]\"\n\
         ,\"\",\"12345\",\"NULL\",\n\
         \"1970-01-01 00:00:00.000\",,,\"two\nlines `x` <b>\",\"[]\"\n"
    );
}

#[test]
fn safe_csv_says_what_it_altered() {
    let safe = text(Format::CsvSafe);
    let first = safe.lines().nth(1).unwrap();
    assert!(
        safe.lines()
            .next()
            .unwrap()
            .ends_with(",\"altered_by_lakehound\"")
    );
    // A number is no formula, whatever its sign.
    assert!(first.contains("\"-5\",\"'=1+1"), "{first}");
    assert!(first.ends_with(",\"name\""), "{first}");
    assert!(safe.lines().nth(2).unwrap().ends_with(",\"\""));
}

#[test]
fn json_keeps_types_and_tells_duplicate_names_apart() {
    let expected = serde_json::json!([
        {"time_dt": "2025-01-02T03:04:05.123Z", "name": "a\"b|c", "n": -5, "name_2": "=1+1\u{202e}", "list": [1, null]},
        {"time_dt": null, "name": "", "n": 12345, "name_2": "NULL", "list": null},
        {"time_dt": "1970-01-01T00:00:00.000Z", "name": null, "n": null, "name_2": "two\nlines `x` <b>", "list": []},
    ]);
    let array: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
    assert_eq!(array, expected);
    let lines = text(Format::Ndjson);
    let rows: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(serde_json::Value::from(rows), expected);
    assert!(
        lines.starts_with("{\"time_dt\":"),
        "keys keep their order: {lines}"
    );
}

#[test]
fn an_empty_result_is_a_whole_document() {
    let (batch, columns) = sample();
    let none = batch.slice(0, 0);
    let text =
        |format| String::from_utf8(export(format, std::slice::from_ref(&none), &columns)).unwrap();
    assert_eq!(text(Format::Json), "[]\n");
    assert_eq!(text(Format::Ndjson), "");
    assert_eq!(text(Format::Csv).lines().count(), 1);
    assert!(text(Format::Table).ends_with("(0 rows)\n"));
    assert_eq!(
        read_parquet(&export(Format::Parquet, &[none], &columns)).len(),
        0
    );
}

#[test]
fn people_see_what_is_there() {
    insta::assert_snapshot!("table", text(Format::Table));
    insta::assert_snapshot!("markdown", text(Format::Markdown));
}

#[test]
fn code_spans_hold_their_content() {
    let (sample, _) = sample();
    let hostile = texts([Some("``a` [x](http://e.vil)"), Some("\\|cut"), Some(" ")]);
    let batch = batch(vec![hostile]);
    drop(sample);
    let out = String::from_utf8(export(Format::Markdown, &[batch], &columns(&["a|b"]))).unwrap();
    assert_eq!(
        out,
        "| `a\\|b` |\n| --- |\n| ``` ``a` [x](http://e.vil) ``` |\n| `\\\\x7ccut` |\n| `   ` |\n"
    );
}

fn read_parquet(bytes: &[u8]) -> Vec<RecordBatch> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    ::parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file, 8_192)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn parquet_reads_back_under_unique_names() {
    let (batch, columns) = sample();
    let bytes = export(Format::Parquet, &[batch.clone(), batch.clone()], &columns);
    let read =
        arrow::compute::concat_batches(&read_parquet(&bytes)[0].schema(), &read_parquet(&bytes))
            .unwrap();
    let names: Vec<_> = read
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, ["time_dt", "name", "n", "name_2", "list"]);
    assert_eq!(read.num_rows(), 6);
    assert_eq!(
        read.column(1).as_ref(),
        arrow::compute::concat(&[batch.column(1), batch.column(1)])
            .unwrap()
            .as_ref()
    );
}

#[test]
fn the_tables_columns_line_up_over_blocks() {
    let (first, columns) = (batch(vec![texts([Some("a")])]), columns(&["c"]));
    let many: Vec<_> = std::iter::repeat_n(first, 2_500).collect();
    let out = String::from_utf8(export(Format::Table, &many, &columns)).unwrap();
    assert_eq!(out.lines().count(), 2_503);
    assert!(out.ends_with("a\n(2500 rows)\n"));
}

#[test]
fn unique_names_never_collide() {
    let names = |list: &[&str]| unique_names(&columns(list));
    assert_eq!(names(&["a", "a", "a_2", "a"]), ["a", "a_3", "a_2", "a_4"]);
    assert_eq!(names(&["", ""]), ["", "_2"]);
}

#[test]
fn a_full_disk_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (batch, columns) = sample();
    let outcome = Writer::new(Format::Ndjson, &batch.schema(), &columns, Full)
        .unwrap()
        .write(&batch);
    let error = outcome.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("could not write the result: ")
    );
    assert!(!error.is_broken_pipe());
}

fn hostile() -> impl Strategy<Value = Option<String>> {
    let start = prop::sample::select(vec![
        "", "=", "+", "-", "@", "\t", "\r", "\n", " =", "\"", ",", "'", "＝",
    ]);
    prop::option::of((start, any::<String>()).prop_map(|(start, rest)| format!("{start}{rest}")))
}

proptest! {
    #[test]
    fn no_field_of_the_safe_csv_starts_a_formula(values in prop::collection::vec(hostile(), 1..12)) {
        let array: ArrayRef = Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>());
        let out = export(Format::CsvSafe, &[batch(vec![array])], &columns(&["=evil"]));
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        for record in reader.records() {
            for field in record.unwrap().iter() {
                let first = field.trim_start_matches(' ').chars().next();
                let risky = matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n'));
                prop_assert!(!risky, "{:?}", field);
            }
        }
    }

    #[test]
    fn json_parses_back_to_the_same_texts(values in prop::collection::vec(hostile(), 0..12)) {
        let array: ArrayRef = Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>());
        let out = export(Format::Json, &[batch(vec![array])], &columns(&["v"]));
        let parsed: Vec<std::collections::BTreeMap<String, Option<String>>> = serde_json::from_slice(&out).unwrap();
        let read: Vec<_> = parsed.into_iter().map(|mut row| row.remove("v").unwrap()).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn people_never_get_a_control_character(values in prop::collection::vec(hostile(), 1..12)) {
        let array: ArrayRef = Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>());
        for format in [Format::Table, Format::Markdown] {
            let out = export(format, &[batch(vec![Arc::clone(&array)])], &columns(&["\x1b[31mv"]));
            let text = String::from_utf8(out).unwrap();
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", text);
            let extra = if format == Format::Table { 3 } else { 2 };
            prop_assert_eq!(text.lines().count(), values.len() + extra);
        }
    }
}

#[test]
fn json_stands_for_itself_in_json() {
    let field = Field::new("doc", DataType::Utf8, true)
        .with_metadata([("ARROW:extension:name".to_owned(), "arrow.json".to_owned())].into());
    let schema = Arc::new(Schema::new(vec![field]));
    let texts = StringArray::from(vec![
        Some("{\"a\":[1,null]}"),
        Some("not json"),
        None,
        Some("[1,\n2]"),
    ]);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(texts)]).unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(Format::Ndjson, &schema, &columns(&["doc"]), &mut out).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"doc\":{\"a\":[1,null]}}\n{\"doc\":\"not json\"}\n{\"doc\":null}\n{\"doc\":\"[1,\\n2]\"}\n"
    );
}

#[test]
fn intervals_are_text_in_parquet() {
    use arrow::array::IntervalMonthDayNanoArray;
    use arrow::datatypes::IntervalMonthDayNano;

    let spans = IntervalMonthDayNanoArray::from(vec![
        Some(IntervalMonthDayNano::new(0, 2, 3_000_000)),
        None,
    ]);
    let batch = RecordBatch::try_from_iter([("span", Arc::new(spans) as ArrayRef)]).unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(
        Format::Parquet,
        &batch.schema(),
        &columns(&["span"]),
        &mut out,
    )
    .unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let read = read_parquet(&out);
    let texts: Vec<Option<&str>> = read[0].column(0).as_string::<i32>().iter().collect();
    assert_eq!(texts, [Some("2 00:00:00.003"), None]);
}

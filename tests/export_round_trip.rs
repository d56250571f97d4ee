//! What the export writes, the reader of result files reads back: NULL stays NULL, the empty text
//! stays empty, hostile bytes stay as they were.

#![allow(clippy::unwrap_used, reason = "all of this is test: it fails by panic")]

use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use lakehound::adapters::files::ResultFile;
use lakehound::domain::format::Format;
use lakehound::domain::rows::Column;
use lakehound::export::Writer;
use proptest::prelude::*;

type Texts = Vec<Option<String>>;

/// Writes one column of texts in a format and reads it back.
fn through(format: Format, values: &Texts, name: &str) -> (String, Texts) {
    let array: ArrayRef = Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>());
    let batch = RecordBatch::try_from_iter_with_nullable([("c", array, true)]).unwrap();
    let mut file = tempfile::Builder::new()
        .suffix(&format!(".{}", format.extension()))
        .tempfile()
        .unwrap();
    let columns = [Column {
        name: name.to_owned(),
    }];
    let mut writer = Writer::new(format, &batch.schema(), &columns, &mut file).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    file.flush().unwrap();
    let opened = ResultFile::open(file.path()).unwrap();
    let mut read = Vec::new();
    opened
        .read(&mut |batch| {
            let texts =
                arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8).unwrap();
            let texts = texts.as_any().downcast_ref::<StringArray>().unwrap();
            read.extend(texts.iter().map(|text| text.map(str::to_owned)));
            Ok(())
        })
        .unwrap();
    (opened.columns()[0].name.clone(), read)
}

fn value() -> impl Strategy<Value = Option<String>> {
    let awkward = prop::sample::select(vec![
        "", "\"", "\"\"", ",", "\n", "\r\n", "\r", "NULL", "=1", "\0", "\u{feff}",
    ]);
    prop::option::of((awkward, any::<String>()).prop_map(|(start, rest)| format!("{start}{rest}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_exact_format_reads_back(
        values in prop::collection::vec(value(), 1..8),
        name in "[a-z\"=,]{1,6}",
    ) {
        for format in [Format::Csv, Format::Ndjson, Format::Json, Format::Parquet] {
            let (read_name, read) = through(format, &values, &name);
            prop_assert_eq!(&read_name, &name, "{}", format);
            prop_assert_eq!(&read, &values, "{}", format);
        }
    }
}

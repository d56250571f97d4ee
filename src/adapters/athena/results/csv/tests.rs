use arrow::array::AsArray as _;
use arrow::compute::concat_batches;
use arrow::datatypes::{Int32Type, TimestampMillisecondType};
use proptest::prelude::*;

use super::super::types::type_named;
use super::*;

fn schema(types: &[&str]) -> Schema {
    let fields = types
        .iter()
        .enumerate()
        .map(|(index, name)| Field::new(format!("c{index}"), type_named(name, 10, 2), true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// The batches of a document that comes in these chunks, and the fault that ends them.
fn read<'a>(
    schema: &Schema,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<RecordBatch>, Option<ResultFault>) {
    let mut reader = CsvReader::new(schema);
    let mut batches = Vec::new();
    let mut take = |batch| batches.push(batch);
    for chunk in chunks {
        if let Err(fault) = reader.push(chunk, &mut take) {
            return (batches, Some(fault));
        }
    }
    let fault = reader.finish(&mut take).err();
    (batches, fault)
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// A column of texts over all batches.
fn texts(batches: &[RecordBatch], column: usize) -> Vec<Option<String>> {
    batches
        .iter()
        .flat_map(|batch| batch.column(column).as_string::<i32>().iter())
        .map(|value| value.map(str::to_owned))
        .collect()
}

/// A document of numbers and texts.
fn numbers(rows: usize) -> String {
    let mut document = "\"n\",\"t\"\n".to_owned();
    for row in 0..rows {
        document.push_str(&format!("\"{row}\",\"text {row}\"\n"));
    }
    document
}

#[test]
fn values_are_typed_and_null_is_kept() {
    let document = b"\"n\",\"t\"\n\"1\",\"\"\n,\n\"-3\",\"say \"\"hi\"\"\"\n";
    let (batches, fault) = read(&schema(&["integer", "varchar"]), [&document[..]]);
    assert_eq!((batches.len(), fault), (1, None));
    let numbers = batches[0].column(0).as_primitive::<Int32Type>();
    assert_eq!(
        numbers.iter().collect::<Vec<_>>(),
        [Some(1), None, Some(-3)]
    );
    let expected = [Some("".to_owned()), None, Some("say \"hi\"".to_owned())];
    assert_eq!(texts(&batches, 1), expected);
}

#[test]
fn a_result_without_rows_has_no_batch() {
    let (batches, fault) = read(&schema(&["integer", "varchar"]), [&b"\"n\",\"t\"\n"[..]]);
    assert_eq!((batches.len(), fault), (0, None));
    // A file that does not even name the columns is no result.
    let (batches, fault) = read(&schema(&["integer"]), [&b""[..]]);
    assert_eq!(batches.len(), 0);
    let expected = ResultFault::Columns {
        found: 0,
        expected: 1,
    };
    assert_eq!(fault, Some(expected));
}

#[test]
fn batches_begin_small_and_grow() {
    let document = numbers(100_000);
    let (batches, fault) = read(&schema(&["integer", "varchar"]), [document.as_bytes()]);
    assert_eq!(fault, None);
    let sizes: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(sizes[..4], [256, 512, 1024, 2048]);
    assert_eq!(*sizes.iter().max().unwrap(), MOST.rows);
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    let numbers = all.column(0).as_primitive::<Int32Type>();
    assert!(numbers.values().iter().copied().eq(0..100_000));
}

#[test]
fn a_misfit_comes_after_the_rows_before_it() {
    let mut document = numbers(3_000);
    document.push_str("\"3000\",\"fine\"\n\"3\"\"001\",\"x\"\n\"3002\",\"y\"\n");
    for size in [1, 100, document.len()] {
        let chunks = document.as_bytes().chunks(size);
        let (batches, fault) = read(&schema(&["integer", "varchar"]), chunks);
        assert_eq!(rows(&batches), 3_001);
        assert_eq!(
            fault.unwrap().to_string(),
            "row 3002, column 1 (\"c0\"): the text \"3\\\"001\" is no integer"
        );
    }
}

#[test]
fn other_faults_come_after_the_rows_before_them() {
    for (end, message) in [
        (
            &b"\"1\"\n"[..],
            "row 1001 of the result cannot be read: line 1002: 1 values where the first line names 2 columns",
        ),
        (
            b"\"1\",\"open",
            "row 1001 of the result cannot be read: line 1002: a quote that is never closed",
        ),
        (
            b"\"1\",\"\xff\"\n",
            "row 1001 of the result cannot be read: line 1002: value 2 is no UTF-8 at its byte 1; convert the file first",
        ),
    ] {
        let document = [numbers(1_000).as_bytes(), end].concat();
        let (batches, fault) = read(&schema(&["integer", "varchar"]), document.chunks(77));
        assert_eq!(rows(&batches), 1_000);
        assert_eq!(fault.unwrap().to_string(), message);
    }
    let (batches, fault) = read(&schema(&["integer"]), [numbers(1).as_bytes()]);
    assert!(batches.is_empty());
    let expected = ResultFault::Columns {
        found: 2,
        expected: 1,
    };
    assert_eq!(fault, Some(expected));
}

#[test]
fn nothing_is_read_past_a_fault() {
    let mut reader = CsvReader::new(&schema(&["integer"]));
    let mut batches = Vec::new();
    let mut take = |batch| batches.push(batch);
    assert!(reader.push(b"\"n\"\n\"x\"\n", &mut take).is_err());
    reader.push(b"\"1\"\n", &mut take).unwrap();
    reader.finish(&mut take).unwrap();
    assert_eq!(batches.len(), 0);
}

#[test]
fn a_beginning_that_does_not_fit_makes_its_column_text() {
    let mut document = numbers(2_000).replace("\"7\",", "\"seven\",");
    document.push_str("\"x\",\"y\"\n");
    let (beginning, rest) = document.as_bytes().split_at(10_000);
    let (mut reader, mut batches) =
        CsvReader::begin(&schema(&["integer", "varchar"]), beginning, false).unwrap();
    let mut take = |batch| batches.push(batch);
    reader.push(rest, &mut take).unwrap();
    reader.finish(&mut take).unwrap();
    assert_eq!(reader.schema().field(0).data_type(), &DataType::Utf8);
    assert!(
        batches
            .iter()
            .all(|batch| batch.schema() == reader.schema())
    );
    let read = texts(&batches, 0);
    assert_eq!(read.len(), 2_001);
    assert_eq!(read[7].as_deref(), Some("seven"));
    assert_eq!(read[2_000].as_deref(), Some("x"));
    // A zone's name is no certain beginning; behind one, it is a time as any other.
    let zoned = "timestamp with time zone";
    let named = "\"2026-07-04 12:00:00.000 Europe/Berlin\"\n";
    let plain = "\"2026-07-04 12:00:00.000 UTC\"\n";
    let (reader, _) = CsvReader::begin(
        &schema(&[zoned]),
        format!("\"t\"\n{named}").as_bytes(),
        false,
    )
    .unwrap();
    assert_eq!(reader.schema().field(0).data_type(), &DataType::Utf8);
    let (mut reader, mut batches) = CsvReader::begin(
        &schema(&[zoned]),
        format!("\"t\"\n{plain}").as_bytes(),
        false,
    )
    .unwrap();
    let mut take = |batch| batches.push(batch);
    reader.push(named.as_bytes(), &mut take).unwrap();
    reader.finish(&mut take).unwrap();
    let times = batches[0]
        .column(0)
        .as_primitive::<TimestampMillisecondType>();
    assert_eq!(times.value(0) - times.value(1), 2 * 3_600_000);
    // A fault that is none of the types' stays one.
    let fault = CsvReader::begin(&schema(&["integer"]), b"\"n\"\n\"1\",\"2\"\n", true);
    assert!(matches!(fault, Err(ResultFault::Malformed { row: 1, .. })));
}

fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        3 => any::<i32>().prop_map(|number| Some(number.to_string())),
        1 => Just(None),
        1 => "[0-9\",\n é]{0,4}".prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_parting_gives_the_same_batches(
        table in prop::collection::vec((value(), value()), 0..800),
        ends in "[\",\n1]{0,6}",
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        typed in any::<bool>(),
    ) {
        let mut document = "\"a\",\"b\"\n".to_owned();
        let quoted = |value: &Option<String>| match value {
            Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            None => String::new(),
        };
        for (a, b) in &table {
            document.push_str(&format!("{},{}\n", quoted(a), quoted(b)));
        }
        document.push_str(&ends);
        let document = document.as_bytes();
        let mut places: Vec<usize> =
            places.iter().map(|place| place.index(document.len())).collect();
        places.extend([0, document.len()]);
        places.sort_unstable();
        let parted = places.windows(2).map(|ends| &document[ends[0]..ends[1]]);
        let schema = schema(if typed { &["integer", "varchar"] } else { &["varchar", "varchar"] });
        let expected = read(&schema, [document]);
        prop_assert_eq!(&read(&schema, parted), &expected);
        prop_assert_eq!(&read(&schema, document.chunks(3)), &expected);
        if !typed && ends.is_empty() {
            let (batches, fault) = expected;
            prop_assert_eq!(fault, None);
            let (a, b): (Vec<_>, Vec<_>) = table.into_iter().unzip();
            prop_assert_eq!(texts(&batches, 0), a);
            prop_assert_eq!(texts(&batches, 1), b);
        }
    }
}

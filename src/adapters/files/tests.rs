use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::domain::cell::Cell;

/// A file under a name of its own, in a folder that goes with it.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    File::create(&path).unwrap().write_all(bytes).unwrap();
    (folder, path)
}

/// Display names and rows of JSON, or the error after the rows before it.
type Read = (Vec<String>, Vec<serde_json::Value>, Option<FileError>);

fn read(name: &str, bytes: &[u8]) -> Result<Read, FileError> {
    let (_folder, path) = file(name, bytes);
    let opened = ResultFile::open(&path)?;
    let mut rows = Vec::new();
    let outcome = opened.read(&mut |batch| {
        assert_eq!(batch.schema(), opened.schema());
        for row in 0..batch.num_rows() {
            let cells = batch
                .columns()
                .iter()
                .map(|array| Cell::of(array.as_ref(), row).json());
            rows.push(cells.collect());
        }
        Ok(())
    });
    let names = opened
        .columns()
        .iter()
        .map(|column| column.name.clone())
        .collect();
    Ok((names, rows, outcome.err()))
}

/// Rows of a file without faults.
fn rows(name: &str, bytes: &[u8]) -> Vec<serde_json::Value> {
    let (_, rows, fault) = read(name, bytes).unwrap();
    assert_eq!(fault, None);
    rows
}

fn message(error: &FileError) -> String {
    let name = error.file.file_name().unwrap().to_str().unwrap();
    error
        .to_string()
        .replace(error.file.to_str().unwrap(), name)
}

#[test]
fn a_csv_of_athena_keeps_null_and_empty_apart() {
    let text = "\"a\",\"a\",\"b\"\n\"1\",\"\",\n,\"x\"\"y\",\"two\nlines, and a comma\"\n";
    let (names, rows, fault) = read("r.csv", text.as_bytes()).unwrap();
    assert_eq!((names.join("|").as_str(), fault), ("a|a|b", None));
    assert_eq!(
        rows,
        [
            serde_json::json!(["1", "", null]),
            serde_json::json!([null, "x\"y", "two\nlines, and a comma"]),
        ]
    );
}

#[test]
fn any_csv_is_read() {
    let expected = vec![
        serde_json::json!(["1", "x y"]),
        serde_json::json!(["", null]),
    ];
    for text in [
        "a,b\n1,x y\n\"\",\n",
        "a,b\r\n1,x y\r\n\"\",\r\n",
        "\u{feff}\"a\",b\r\n\"1\",x y\r\n\r\n\"\",",
    ] {
        assert_eq!(rows("r.csv", text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(rows("r.tsv", b"a\tb\n1\tx y\n\"\"\t\n"), expected);
    assert_eq!(
        rows("r", b"a\nx\n\n\"\"\n"),
        [
            serde_json::json!(["x"]),
            serde_json::json!([null]),
            serde_json::json!([""]),
        ]
    );
    assert!(rows("r.csv", b"a,b").is_empty());
}

#[test]
fn faults_of_a_csv_name_the_line() {
    let fault = |text: &[u8]| {
        let (_, rows, fault) = read("r.csv", text).unwrap();
        (rows.len(), message(&fault.unwrap()))
    };
    assert_eq!(
        fault(b"a,b\n1,2\n3\n"),
        (
            1,
            "r.csv:3: 1 values where the first line names 2 columns".into()
        )
    );
    assert_eq!(
        fault(b"a,b\n\"1\n2\",\"x\"y\n").1,
        "r.csv:3: text after a closing quote; a quote inside a value is doubled"
    );
    assert_eq!(
        fault(b"a,b\n1,2\n\"open").1,
        "r.csv:3: a quote that is never closed"
    );
    assert_eq!(
        fault(b"a,b\n1,ok\n2,\xff\n"),
        (
            1,
            "r.csv:3: value 2 is no UTF-8 at its byte 1; convert the file first".into()
        )
    );
    assert!(message(&read("r.csv", b"").unwrap_err()).contains("is empty"));
}

#[test]
fn json_lines_and_arrays_become_typed_columns() {
    let lines = "{\"n\":1,\"z\":{\"k\":[1,2.5]},\"t\":\"x\"}\n{\"z\":{\"k\":[],\"late\":true},\"n\":null,\"mixed\":1}\n\n{\"mixed\":{\"a\":[1]},\"big\":18446744073709551615}\n";
    let array = format!(
        "[{}]",
        lines.split_whitespace().collect::<Vec<_>>().join(",")
    );
    for (name, text) in [
        ("r.ndjson", lines),
        ("r.json", &array),
        ("r", lines),
        ("r", &array),
    ] {
        let (names, rows, fault) = read(name, text.as_bytes()).unwrap();
        assert_eq!(fault, None);
        assert_eq!(
            names,
            ["n", "z", "t", "mixed", "big"],
            "columns come as the file has them"
        );
        assert_eq!(
            rows,
            [
                serde_json::json!([1, {"k": [1.0, 2.5], "late": null}, "x", null, null]),
                serde_json::json!([null, {"k": [], "late": true}, null, "1", null]),
                serde_json::json!([null, null, null, "{\"a\":[1]}", "18446744073709551615"]),
            ]
        );
    }
}

#[test]
fn faults_of_json_name_the_line() {
    let fault = |name: &str, text: &str| message(&read(name, text.as_bytes()).unwrap_err());
    assert!(
        fault("r.ndjson", "{\"a\":1}\n{\"a\":}\n")
            .starts_with("r.ndjson:2: no JSON at column 6: expected value")
    );
    assert!(fault("r.json", "[{\"a\":1},\n{\"a\":2}").starts_with("r.json:2: no JSON at column"));
    assert_eq!(
        fault("r.json", "[1]"),
        "r.json: holds values that are no JSON objects"
    );
    assert_eq!(
        fault("r.json", ""),
        "r.json: holds no JSON object with fields"
    );
}

#[test]
fn many_rows_come_in_batches() {
    let lines: String = (0..20_000)
        .map(|row| format!("{{\"n\":{row}}}\n"))
        .collect();
    let csv: String = std::iter::once("n\n".to_owned())
        .chain((0..20_000).map(|row| format!("{row}\n")))
        .collect();
    for (name, text) in [("r.ndjson", lines), ("r.csv", csv)] {
        let (_folder, path) = file(name, text.as_bytes());
        let mut sizes = Vec::new();
        ResultFile::open(&path)
            .unwrap()
            .read(&mut |batch| {
                sizes.push(batch.num_rows());
                Ok(())
            })
            .unwrap();
        assert_eq!(
            sizes,
            [BATCH_ROWS, BATCH_ROWS, 20_000 - 2 * BATCH_ROWS],
            "{name}"
        );
        let pulled: Vec<_> = ResultFile::open(&path)
            .unwrap()
            .batches()
            .map(|batch| batch.unwrap().num_rows())
            .collect();
        assert_eq!(pulled, sizes);
        let stopped = ResultFile::open(&path)
            .unwrap()
            .read(&mut |_| Err("enough".to_owned()));
        assert_eq!(stopped.unwrap_err().message, "enough");
    }
}

#[test]
fn parquet_is_read_and_damage_is_named() {
    let batch = RecordBatch::try_from_iter([(
        "n",
        Arc::new(arrow::array::Int64Array::from(vec![1, 2])) as arrow::array::ArrayRef,
    )])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        ::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(rows("r.parquet", &bytes).len(), 2);
    assert_eq!(
        rows("no_ending", &bytes).len(),
        2,
        "known by its first bytes"
    );
    let fault = read("r.parquet", &bytes[..bytes.len() / 2]).unwrap_err();
    assert!(
        message(&fault).starts_with("r.parquet: cannot be read as Parquet, it may be truncated: ")
    );
}

#[test]
fn what_is_no_file_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |path: &Path| ResultFile::open(path).unwrap_err().to_string();
    assert!(fault(folder.path()).contains("is a folder"));
    assert!(fault(&folder.path().join("none.csv")).contains("No such file"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_rows_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..200), name in prop::sample::select(vec!["r.csv", "r.ndjson", "r.json", "r.parquet", "r"])) {
        if let Ok((names, rows, _)) = read(name, &bytes) {
            for row in rows {
                prop_assert_eq!(row.as_array().unwrap().len(), names.len());
            }
        }
    }

    #[test]
    fn the_csv_crate_agrees_where_nothing_is_null(
        table in prop::collection::vec(prop::collection::vec("[ -~\r\n]{0,6}", 3), 1..6),
        always in any::<bool>(),
    ) {
        let style = if always { ::csv::QuoteStyle::Always } else { ::csv::QuoteStyle::Necessary };
        let mut writer = ::csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &table {
            writer.write_record(row).unwrap();
        }
        let read = rows("r.csv", &writer.into_inner().unwrap());
        let as_text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let read: Vec<Vec<String>> = read
            .iter()
            .map(|row| row.as_array().unwrap().iter().map(as_text).collect())
            .collect();
        prop_assert_eq!(read, table);
    }
}

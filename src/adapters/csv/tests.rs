use proptest::prelude::*;

use super::*;

type Row = Vec<Option<String>>;

fn owned(value: Value<'_>) -> Option<String> {
    value.text().map(Cow::into_owned)
}

/// The rows of a document that comes in these chunks, and the fault that ends them.
fn read<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    room: Room,
) -> (Vec<Row>, Option<CsvFault>) {
    let mut splitter = Splitter::new(b',');
    let mut rows = Vec::new();
    let mut keep = |window: Window<'_>| {
        let values: Vec<_> = window.values().map(owned).collect();
        assert!(window.rows() > 0 && window.rows() <= room.rows);
        assert_eq!(values.len(), window.rows() * window.width);
        for column in 0..window.width {
            let down: Vec<_> = window.column(column).map(owned).collect();
            let across: Vec<_> = values
                .iter()
                .skip(column)
                .step_by(window.width)
                .cloned()
                .collect();
            assert_eq!(down, across);
        }
        rows.extend(values.chunks(window.width).map(<[_]>::to_vec));
    };
    for mut chunk in chunks {
        loop {
            match splitter.next(&mut chunk, room) {
                Ok(Some(window)) => keep(window),
                Ok(None) => break,
                Err(fault) => return (rows, Some(fault)),
            }
        }
        assert!(chunk.is_empty(), "a chunk is used up");
    }
    match splitter.finish() {
        Ok(Some(window)) => keep(window),
        Ok(None) => {}
        Err(fault) => return (rows, Some(fault)),
    }
    (rows, None)
}

const WIDE: Room = Room {
    rows: 1_000,
    bytes: 1 << 20,
};

fn whole(document: &[u8]) -> (Vec<Row>, Option<CsvFault>) {
    read([document], WIDE)
}

/// Parts a document at places that may repeat.
fn parted<'a>(document: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place.index(document.len() + 1))
        .collect();
    places.extend([0, document.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|ends| &document[ends[0]..ends[1]])
        .collect()
}

fn row(values: &[Option<&str>]) -> Row {
    values
        .iter()
        .map(|value| value.map(str::to_owned))
        .collect()
}

#[test]
fn null_and_the_empty_text_stay_apart() {
    let document =
        b"\"a\",\"b\"\n,\"\"\n\"\",\n\"x\"\"y\",\"two\nlines, a comma\"\n\"\"\"\",\"\"\"\"\"\"";
    let (rows, fault) = whole(document);
    assert_eq!(fault, None);
    assert_eq!(
        rows,
        [
            row(&[Some("a"), Some("b")]),
            row(&[None, Some("")]),
            row(&[Some(""), None]),
            row(&[Some("x\"y"), Some("two\nlines, a comma")]),
            row(&[Some("\""), Some("\"\"")]),
        ]
    );
}

#[test]
fn line_ends_marks_and_bare_values_are_read() {
    let expected = [row(&[Some("a"), Some("b")]), row(&[Some("1 \r2"), None])];
    for document in [
        "a,b\n1 \r2,\n",
        "\"a\",b\r\n\"1 \r2\",\r\n",
        "\u{feff}\"a\",\"b\"\r\n\r\n1 \r2,\r",
        "\n".trim_start(),
    ] {
        let (rows, fault) = whole(document.as_bytes());
        assert_eq!(fault, None, "{document:?}");
        if document.is_empty() {
            assert!(rows.is_empty());
        } else {
            assert_eq!(rows, expected, "{document:?}");
        }
    }
    // With one column an empty line is a row.
    let (rows, _) = whole(b"\"a\"\n\n\"\"\n");
    assert_eq!(rows, [row(&[Some("a")]), row(&[None]), row(&[Some("")])]);
    // The beginning of a mark is none.
    let (rows, fault) = whole(b"\xef\xbb");
    assert_eq!(rows.len(), 0);
    assert!(matches!(fault.unwrap().kind, FaultKind::NotUtf8 { .. }));
}

#[test]
fn faults_come_after_the_rows_before_them() {
    for (document, rows, line, kind) in [
        (
            "a,b\n1,2\n3\n4,5\n",
            2,
            3,
            FaultKind::Width { found: 1, width: 2 },
        ),
        (
            "a,b\n1,2\n3,4,5\n",
            2,
            3,
            FaultKind::Width { found: 3, width: 2 },
        ),
        ("a,b\n\"1\n2\",\"x\"y\n", 1, 3, FaultKind::AfterQuote),
        ("a,b\n1,2\n\"op\n\nen", 2, 3, FaultKind::NeverClosed),
    ] {
        let (read, fault) = whole(document.as_bytes());
        assert_eq!(read.len(), rows, "{document:?}");
        assert_eq!(fault, Some(CsvFault { line, kind }), "{document:?}");
    }
    let (read, fault) = whole(b"a,b\n1,ok\n\n2,x\xff\n3,4\n");
    assert_eq!(read.len(), 2);
    let kind = FaultKind::NotUtf8 { value: 2, byte: 2 };
    assert_eq!(fault, Some(CsvFault { line: 4, kind }));
}

#[test]
fn values_longer_than_a_window_are_whole() {
    let long = "é\",\n".repeat(200_000);
    let document = format!("a,b\n\"{}\",1\n2,3\n", long.replace('"', "\"\""));
    let bytes = document.as_bytes();
    for size in [bytes.len(), 65_537, 8_191] {
        let (rows, fault) = read(bytes.chunks(size), WIDE);
        assert_eq!(fault, None);
        assert_eq!(rows.len(), 3);
        assert!(rows[1] == row(&[Some(&long), Some("1")]));
    }
}

/// Values of all kinds, the awkward ones often.
fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some(String::new())),
        "[a\",\r\n é😀]{0,12}".prop_map(Some),
        any::<String>().prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn values_come_back(
        table in (1_usize..5).prop_flat_map(|width| {
            prop::collection::vec(prop::collection::vec(value(), width), 1..20)
        }),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        rows in 1_usize..5,
    ) {
        let names: Row = table[0].iter().map(|_| Some("name".to_owned())).collect();
        let table: Vec<Row> = std::iter::once(names).chain(table).collect();
        let mut document = String::new();
        for row in &table {
            let quoted = row.iter().map(|value| match value {
                Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
                None => String::new(),
            });
            document.push_str(&quoted.collect::<Vec<_>>().join(","));
            document.push('\n');
        }
        let room = Room { rows, bytes: 64 };
        let (read, fault) = read(parted(document.as_bytes(), &places), room);
        prop_assert_eq!(fault, None);
        prop_assert_eq!(read, table);
    }

    #[test]
    fn any_parting_of_any_document_gives_the_same(
        document in prop::collection::vec(
            prop::sample::select(b"\"\",,\n\n\ra\xef\xbb\xbf\xc3\xa9".to_vec()),
            0..60,
        ),
        mark in any::<bool>(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        rows in 1_usize..5,
    ) {
        let mut document = document;
        if mark {
            document.splice(0..0, MARK.iter().copied());
        }
        let expected = whole(&document);
        let room = Room { rows, bytes: 8 };
        prop_assert_eq!(&read(parted(&document, &places), room), &expected);
        let bytes = document.chunks(1);
        prop_assert_eq!(&read(bytes, room), &expected);
    }
}

//! Rows of a run, over real sockets: both ways to them, and faults on the way.

pub(super) mod peer;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use arrow::array::AsArray as _;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Int64Type};
use futures::StreamExt as _;
use peer::{Answer, Peer};

use super::*;
use crate::domain::cell::{Cell, TimeStyle};

const PACE: Pace = Pace {
    first: 2_000,
    part: 9_000,
    in_flight: 4,
    tries: 4,
    wait: Duration::from_millis(1),
    stall: Duration::from_millis(200),
};

/// Values in rows; `None` is NULL.
type Table = Vec<[Option<String>; 2]>;

/// Numbers, and texts that are awkward in every way that comes to mind.
fn table(rows: usize) -> Table {
    let awkward = [
        None,
        Some(""),
        Some("a,b"),
        Some("\""),
        Some("\"\""),
        Some("x\ny"),
        Some("\r\n"),
        Some("é😀"),
        Some("NULL"),
        Some(" "),
        Some("=1+1"),
        Some("\u{202e}abc"),
        Some("[a, b]"),
    ];
    (0..rows)
        .map(|row| {
            let text = awkward[row % awkward.len()];
            [Some(row.to_string()), text.map(|text| format!("{text}"))]
        })
        .collect()
}

/// The table as Athena writes it.
fn document(table: &Table) -> Vec<u8> {
    let quoted = |value: &Option<String>| match value {
        Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        None => String::new(),
    };
    let mut document = "\"n\",\"t\"\n".to_owned();
    for row in table {
        document.push_str(&format!("{},{}\n", quoted(&row[0]), quoted(&row[1])));
    }
    document.into_bytes()
}

/// The table as GetQueryResults answers with it, in one page.
fn pages(table: &Table, number: &str) -> String {
    let datum = |value: &Option<String>| match value {
        Some(text) => serde_json::json!({ "VarCharValue": text }),
        None => serde_json::json!({}),
    };
    let head = [Some("n".to_owned()), Some("t".to_owned())];
    let rows: Vec<_> = std::iter::once(&head)
        .chain(table)
        .map(|row| serde_json::json!({ "Data": [datum(&row[0]), datum(&row[1])] }))
        .collect();
    let info = |name: &str, kind: &str| serde_json::json!({ "Name": name, "Type": kind });
    serde_json::json!({
        "ResultSet": {
            "Rows": rows,
            "ResultSetMetadata": { "ColumnInfo": [info("n", number), info("t", "varchar")] },
        }
    })
    .to_string()
}

fn run(location: Option<&str>, kind: &str) -> FinishedRun {
    FinishedRun {
        execution_id: "one".to_owned(),
        output_location: location.map(str::to_owned),
        statement_type: Some(kind.to_owned()),
    }
}

const OBJECT: Option<&str> = Some("s3://bucket/results/one.csv");

async fn open_on(peer: &Peer, run: &FinishedRun) -> Result<ResultRows, QueryError> {
    let clients = Clients {
        athena: peer.athena(),
        s3: peer.s3(),
    };
    open_at(&clients, run, PACE).await
}

/// The rows as texts, and the error that ends them.
async fn collect(rows: ResultRows) -> (Table, Option<QueryError>) {
    let mut batches = rows.batches;
    let mut table = Vec::new();
    while let Some(batch) = batches.next().await {
        match batch {
            Ok(batch) => {
                assert_eq!(batch.schema(), rows.schema);
                for row in 0..batch.num_rows() {
                    let text = |column: usize| {
                        Cell::of(batch.column(column).as_ref(), row).text(TimeStyle::Athena)
                    };
                    table.push([text(0), text(1)]);
                }
            }
            Err(error) => {
                assert!(
                    batches.next().await.is_none(),
                    "nothing comes after an error"
                );
                return (table, Some(error));
            }
        }
    }
    (table, None)
}

#[tokio::test]
async fn rows_come_from_the_object_as_they_are() {
    let table = table(3_000);
    let document = document(&table);
    let peer = Peer::start(&document, |_, _| Answer::Good).await;
    peer.set_pages(pages(&table, "bigint"));
    let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
    let names: Vec<_> = rows
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["n", "t"]);
    assert_eq!(rows.schema.field(0).data_type(), &DataType::Int64);
    assert_eq!(rows.notes, Vec::<String>::new());
    let (fetched, requests) = (Arc::clone(&rows.fetched), Arc::clone(&rows.requests));
    let (read, error) = collect(rows).await;
    assert_eq!(error, None);
    assert!(read == table);
    assert_eq!(fetched.load(Ordering::Relaxed), document.len() as u64);
    assert_eq!(
        requests.load(Ordering::Relaxed),
        1 + peer.asked().len() as u64
    );
    assert_eq!(peer.pages_asked(), 1, "for the metadata alone");
}

#[tokio::test]
async fn faults_on_the_way_lose_and_double_no_row() {
    let table = table(2_000);
    let document = document(&table);
    for answer in [
        Answer::Cut(700),
        Answer::Short(700),
        Answer::Long(7),
        Answer::Stall(700),
        Answer::Silent,
        Answer::Error(503, "SlowDown"),
        Answer::Error(500, "InternalError"),
    ] {
        let seen = Mutex::new(HashSet::new());
        let peer = Peer::start(&document, move |_, range| {
            if seen.lock().unwrap().insert(range.end) {
                answer
            } else {
                Answer::Good
            }
        })
        .await;
        peer.set_pages(pages(&table, "bigint"));
        let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
        assert_eq!(rows.notes, Vec::<String>::new(), "{answer:?}");
        let (read, error) = collect(rows).await;
        assert_eq!(error, None, "{answer:?}");
        assert!(read == table, "{answer:?}");
    }
}

#[tokio::test]
async fn an_object_that_may_not_be_read_leads_to_the_pages() {
    let table = table(40);
    let document = document(&table);
    for (answer, note) in [
        (
            Answer::Error(403, "AccessDenied"),
            "s3://bucket/results/one.csv may not be read (s3:GetObject on it is denied",
        ),
        (
            Answer::Error(404, "NoSuchKey"),
            "there is no object s3://bucket/results/one.csv",
        ),
        (
            Answer::Silent,
            "s3://bucket/results/one.csv cannot be read (",
        ),
    ] {
        let peer = Peer::start(&document, move |_, _| answer).await;
        peer.set_pages(pages(&table, "bigint"));
        let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
        assert_eq!(rows.notes.len(), 1, "{answer:?}");
        assert!(rows.notes[0].starts_with(note), "{:?}", rows.notes);
        assert!(rows.notes[0].ends_with("page by page, which is slower"));
        let (read, error) = collect(rows).await;
        assert_eq!((read, error), (table.clone(), None), "{answer:?}");
    }
}

#[tokio::test]
async fn an_object_that_is_no_result_leads_to_the_pages() {
    let table = table(40);
    for document in [
        &b"\"n\"\n\"1\"\n"[..],
        b"\"n\",\"t\"\n\"1\",\"open",
        b"\x00\xff",
        b"",
    ] {
        let peer = Peer::start(document, |_, _| Answer::Good).await;
        peer.set_pages(pages(&table, "bigint"));
        let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
        assert_eq!(rows.notes.len(), 1);
        let note = "s3://bucket/results/one.csv is not as Athena writes it (";
        assert!(rows.notes[0].starts_with(note), "{:?}", rows.notes);
        assert_eq!(rows.requests.load(Ordering::Relaxed), 3);
        assert_eq!(collect(rows).await, (table.clone(), None));
    }
}

#[tokio::test]
async fn where_no_object_holds_the_rows_none_is_asked_for() {
    let table = table(40);
    for (location, kind) in [
        (None, "DML"),
        (Some("s3://bucket/results/one.txt"), "UTILITY"),
        (Some("s3://bucket/results/one.csv"), "DDL"),
        (Some("s3://bucket/results/one"), "DML"),
    ] {
        let peer = Peer::start(b"", |_, _| Answer::Good).await;
        peer.set_pages(pages(&table, "varchar"));
        let rows = open_on(&peer, &run(location, kind)).await.unwrap();
        assert_eq!(rows.notes, Vec::<String>::new());
        let (read, error) = collect(rows).await;
        assert_eq!(error, None);
        // The first row names the columns of a query alone.
        let skipped = usize::from(kind != "DML" && read.len() > table.len());
        assert!(
            read[skipped..] == table[..] || read.is_empty(),
            "{location:?} {kind}"
        );
        assert_eq!(peer.asked().len(), 0, "{location:?} {kind}");
    }
}

#[tokio::test]
async fn expired_credentials_end_it() {
    let table = table(4);
    let peer = Peer::start(&document(&table), |_, _| Answer::Error(400, "ExpiredToken")).await;
    peer.set_pages(pages(&table, "bigint"));
    let error = open_on(&peer, &run(OBJECT, "DML")).await.err().unwrap();
    assert_eq!(error.kind, QueryErrorKind::Credentials);
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn an_object_that_is_overwritten_ends_after_its_own_rows() {
    let table = table(2_000);
    let peer = Peer::start(&document(&table), |_, range| {
        if range.start > 10_000 {
            Answer::OtherEtag
        } else {
            Answer::Good
        }
    })
    .await;
    peer.set_pages(pages(&table, "bigint"));
    let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
    let (read, error) = collect(rows).await;
    let error = error.unwrap();
    assert_eq!(error.kind, QueryErrorKind::Storage);
    assert_eq!(
        error.message,
        "s3://bucket/results/one.csv was overwritten while it was read"
    );
    assert!(read.len() > 256 && read.len() < table.len());
    assert!(read[..] == table[..read.len()]);
}

#[tokio::test]
async fn a_text_that_is_no_number_stays_or_is_told() {
    // At the beginning the column becomes text as a whole.
    let mut early = table(2_000);
    early[3][0] = Some("three".to_owned());
    let peer = Peer::start(&document(&early), |_, _| Answer::Good).await;
    peer.set_pages(pages(&early, "bigint"));
    let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
    assert_eq!(rows.schema.field(0).data_type(), &DataType::Utf8);
    assert_eq!(rows.notes.len(), 1);
    let (read, error) = collect(rows).await;
    assert_eq!(error, None);
    assert!(read == early);
    // So it does on the first page.
    let rows = open_on(&peer, &run(None, "DML")).await.unwrap();
    assert_eq!(
        (rows.schema.field(0).data_type(), rows.notes.len()),
        (&DataType::Utf8, 1)
    );
    assert!(collect(rows).await == (early, None));
    // Later it ends the rows, with its place.
    let mut late = table(2_000);
    late[1_500][0] = Some("many".to_owned());
    let peer = Peer::start(&document(&late), |_, _| Answer::Good).await;
    peer.set_pages(pages(&late, "bigint"));
    let rows = open_on(&peer, &run(OBJECT, "DML")).await.unwrap();
    let (read, error) = collect(rows).await;
    let error = error.unwrap();
    assert_eq!(error.kind, QueryErrorKind::Execution);
    assert_eq!(
        error.message,
        "row 1501, column 1 (\"n\"): the text \"many\" is no bigint"
    );
    assert!(read[..] == late[..1_500]);
}

#[test]
fn a_column_that_stays_text_is_noted() {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let declared = Schema::new(vec![
        field("n", DataType::Int32),
        field("t", DataType::Utf8),
    ]);
    let read = Schema::new(vec![field("n", DataType::Utf8), field("t", DataType::Utf8)]);
    assert_eq!(
        retyped(&declared, &read),
        [
            "column \"n\" is shown as Athena's text: some of its values are not certainly of the type integer"
        ]
    );
    assert!(retyped(&declared, &declared).is_empty());
}

#[tokio::test]
async fn the_first_rows_come_before_the_rest_is_fetched() {
    let table = table(5_000);
    let peer = Peer::start(&document(&table), |_, range| {
        if range.start == 0 {
            Answer::Good
        } else {
            Answer::Stall(1)
        }
    })
    .await;
    peer.set_pages(pages(&table, "bigint"));
    let small = Pace {
        first: 70_000,
        stall: Duration::from_secs(600),
        ..PACE
    };
    let clients = Clients {
        athena: peer.athena(),
        s3: peer.s3(),
    };
    let mut rows = open_at(&clients, &run(OBJECT, "DML"), small).await.unwrap();
    let mut batches = Vec::new();
    for _ in 0..2 {
        batches.push(rows.batches.next().await.unwrap().unwrap());
    }
    let first = concat_batches(&rows.schema, &batches).unwrap();
    let numbers = first.column(0).as_primitive::<Int64Type>();
    assert!(numbers.values().iter().copied().eq(0..768));
}

//! The rows that the binary prints are those that boto3 and pyathena read from the same execution.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::home::{Home, texts};
use crate::peer::{ACCESS_KEY, Peer, REGION, RESULTS, SECRET_KEY, wait_until};
use crate::support::Row;
use crate::venv;

/// Texts that have been lost or changed on the way through some client; `None` is NULL.
const TEXTS: [Option<&str>; 44] = [
    None,
    Some(""),
    Some(" "),
    Some("  leading"),
    Some("trailing  "),
    Some("NULL"),
    Some("null"),
    Some("\\N"),
    Some("\\"),
    Some("\""),
    Some("\"\""),
    Some("a\"b\",\"c"),
    Some("'"),
    Some("it''s"),
    Some(","),
    Some(",,"),
    Some("line\nbreak"),
    Some("carriage\r\nreturn"),
    Some("\r"),
    Some("\n"),
    Some("\n\n"),
    Some("tab\there"),
    Some("=1+1"),
    Some("@cmd"),
    Some("-2"),
    Some("0"),
    Some("007"),
    Some("1e5"),
    Some("NaN"),
    Some("true"),
    Some("2026-02-30"),
    Some("[a, b]"),
    Some("{k=v}"),
    Some("ünïcödé ∑ ẞ"),
    Some("e\u{301} and \u{e9}"),
    Some("👩\u{200d}💻"),
    Some("\u{202e}override"),
    Some("שלום"),
    Some("\u{feff}bom"),
    Some("a\u{2028}b\u{85}c"),
    Some("\u{1}\u{7}\u{8}\u{1b}[31m\u{7f}"),
    Some("\u{a0}"),
    Some("𝕏"),
    Some("%s {0} $1"),
];

/// Values of every other type, one of each in a row, as SQL.
const TYPED: [&str; 4] = [
    "true, BIGINT '9223372036854775807', -32768, 1.7976931348623157e308, real '0.1', DATE '2026-03-04', \
     TIMESTAMP '2026-03-04 05:06:07.089', CAST('12345678901234567890123456789012345.678' AS decimal(38,3)), \
     ARRAY['a, b', 'c'], MAP(ARRAY['k'], ARRAY[1]), to_utf8('ab')",
    "false, BIGINT '-9223372036854775808', 32767, 4.9e-324, real '-3.4e38', DATE '0001-01-01', \
     TIMESTAMP '1969-12-31 23:59:59.999', CAST('-0.001' AS decimal(38,3)), ARRAY[NULL], NULL, X'00ff'",
    "true, BIGINT '0', 0, CAST('NaN' AS double), real '1', DATE '9999-12-31', \
     TIMESTAMP '9999-12-31 23:59:59.000', CAST('0' AS decimal(38,3)), ARRAY[''], NULL, to_utf8('é')",
    "NULL, NULL, NULL, CAST('-Infinity' AS double), NULL, NULL, NULL, NULL, NULL, NULL, NULL",
];

const COLUMNS: &str = "n, v, b, l, i, d, r, day, at, m, a, k, x";

fn statement(long: &str) -> String {
    let texts = TEXTS.iter().copied().chain([Some(long)]);
    let rows: Vec<String> = texts
        .enumerate()
        .map(|(number, text)| {
            let text = text.map_or("CAST(NULL AS varchar)".to_owned(), |text| {
                lakehound::sql::parameters::quote_text(text)
            });
            let typed = TYPED[number % TYPED.len()];
            format!("({number}, {text}, {typed})")
        })
        .collect();
    format!(
        "SELECT * FROM (VALUES {}) AS t({COLUMNS}) ORDER BY n",
        rows.join(",\n")
    )
}

/// What other clients read of an execution.
fn others(peer: &Peer, execution: &str) -> Value {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws");
    let python = venv::python("clients-venv", &home.join("clients.txt"));
    let output = Command::new(python)
        .arg(home.join("clients.py"))
        .args([&peer.endpoint(), execution])
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", REGION)
        .output()
        .unwrap();
    let (code, told, said) = texts(output);
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str(&told).unwrap()
}

/// The last execution's id, and the object that holds its result.
fn last_of(peer: &Peer) -> (String, Vec<u8>) {
    let execution = peer.executions().pop().unwrap();
    let id = execution["id"].as_str().unwrap().to_owned();
    let object = peer.get_object(RESULTS, &format!("athena/{id}.csv"));
    (id, object.unwrap())
}

/// Reads CSV as a person would: what stands in quotes is a text, what stands for nothing is NULL.
fn rows_of(csv: &str) -> Vec<Row> {
    let mut rows = vec![Row::new()];
    let mut rest = csv;
    while !rest.is_empty() {
        let mut value = None;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            rest = quoted;
            loop {
                let (before, after) = rest.split_once('"').unwrap();
                text.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        text.push('"');
                        rest = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            value = Some(text);
        }
        rows.last_mut().unwrap().push(value);
        match (rest.strip_prefix(','), rest.strip_prefix('\n')) {
            (Some(more), _) => rest = more,
            (None, Some(more)) => {
                rest = more;
                rows.push(Row::new());
            }
            (None, None) => panic!("a value ends with {:?}", rest.chars().next()),
        }
    }
    rows.pop();
    rows
}

fn told(client: &Value) -> Vec<Vec<Value>> {
    serde_json::from_value(client["rows"].clone()).unwrap()
}

/// Whether another client's value is this text: numbers count by their value, and what it took
/// apart into members it cannot say as a text any more.
fn same(ours: Option<&str>, theirs: &Value) -> bool {
    match (ours, theirs) {
        (None, Value::Null) => true,
        (Some(ours), Value::String(theirs)) if ours == theirs => true,
        (Some(ours), Value::String(theirs)) => match (ours.parse::<f64>(), theirs.parse::<f64>()) {
            (Ok(ours), Ok(theirs)) => ours == theirs || ours.is_nan() && theirs.is_nan(),
            _ => false,
        },
        (Some(ours), Value::Object(members)) => {
            members.contains_key("members") && ours.starts_with(['[', '{'])
        }
        _ => false,
    }
}

fn shown(value: Option<&str>) -> String {
    let text = value.map_or("NULL".to_owned(), |text| format!("{text:?}"));
    if text.chars().count() > 24 {
        return text.chars().take(21).chain("...".chars()).collect();
    }
    text
}

#[test]
fn awkward_values_are_those_that_boto3_and_pyathena_read() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let long = "long ".repeat(40_000);
    std::fs::write(home.path("awkward.sql"), statement(&long)).unwrap();
    let file = home.path("awkward.sql");
    let (code, stdout, stderr) = home.run(&["query", "-f", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    let (id, object) = last_of(&peer);
    // Byte for byte what Athena wrote, though every value was typed in between.
    assert_eq!(stdout.as_bytes(), object);

    let mut ours = rows_of(&stdout);
    let header: Vec<String> = ours.remove(0).into_iter().flatten().collect();
    assert_eq!(header.join(", "), COLUMNS);
    assert_eq!(ours.len(), TEXTS.len() + 1);
    let texts = TEXTS.iter().copied().chain([Some(long.as_str())]);
    for (row, text) in ours.iter().zip(texts) {
        assert_eq!(row[1].as_deref(), text, "as it was put");
    }

    let others = others(&peer, &id);
    let [boto3, pyathena, csv] = ["boto3", "pyathena", "csv"].map(|client| told(&others[client]));
    assert_eq!(json!(ours), json!(boto3), "boto3");
    assert_eq!(pyathena.len(), ours.len());
    println!(
        "{:<26}{:<26}{:<26}{:<26}csv module",
        "value", "lakehound", "boto3", "pyathena"
    );
    let mut alike = 0;
    for (number, row) in ours.iter().enumerate() {
        for (column, value) in row.iter().enumerate() {
            let value = value.as_deref();
            let theirs = &pyathena[number][column];
            assert!(
                same(value, theirs),
                "row {number}, column {column}: {value:?}, pyathena has {theirs}"
            );
            // The one difference: a reader of CSV that does not look at the quotes has the same
            // empty text for NULL and for the empty text.
            let by_csv = csv[number][column].as_str();
            assert_eq!(value.unwrap_or_default(), by_csv.unwrap());
            alike += usize::from(value.is_none());
        }
        let put = TEXTS.get(number).map_or(Some("long"), |text| *text);
        println!(
            "{:<26}{:<26}{:<26}{:<26}{}",
            shown(put),
            shown(row[1].as_deref()),
            shown(boto3[number][1].as_str()),
            shown(pyathena[number][1].as_str()),
            shown(csv[number][1].as_str()),
        );
    }
    println!(
        "{} rows of {} columns, execution {id}: equal to boto3's and pyathena's; {alike} NULLs that Python's csv module reads as ''",
        ours.len(),
        header.len()
    );
}

#[test]
fn every_page_is_in_what_is_printed() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let sql = "SELECT n, CASE WHEN n % 3 = 0 THEN '' WHEN n % 3 = 1 THEN CAST(n AS varchar) END AS v \
               FROM UNNEST(sequence(1, 3500)) AS u(n) ORDER BY n";
    let (code, stdout, stderr) = home.run(&["query", sql]);
    assert_eq!(code, Some(0), "{stderr}");
    let (id, _) = last_of(&peer);
    let ours = rows_of(&stdout);
    let others = others(&peer, &id);
    assert_eq!(others["boto3"]["pages"], 4);
    for client in ["boto3", "pyathena"] {
        let theirs = told(&others[client]);
        assert_eq!(theirs.len(), 3_500, "{client}");
        assert_eq!(json!(ours[1..]), json!(theirs), "{client}");
    }
    println!("3,500 rows in 4 pages: equal to boto3's and pyathena's");
}

#[test]
fn a_cancelled_and_a_failed_query_say_so_and_print_nothing() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let (code, stdout, stderr) = home.run(&["query", "SELECT CAST('x' AS integer)"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert_eq!(peer.executions()[0]["state"], "FAILED");
    assert!(stderr.contains("INVALID_CAST_ARGUMENT"), "{stderr}");
    println!("FAILED: {stderr}");

    // Somebody else stops it, as a workgroup's owner may.
    let child = home
        .command(&["query", "SELECT 1 /* peer: hold */ AS held"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the run is at work", || {
        peer.executions()
            .iter()
            .any(|run| run["state"] == "RUNNING")
    });
    let id = peer.executions()[1]["id"].as_str().unwrap().to_owned();
    let stop = json!({ "QueryExecutionId": id }).to_string();
    let answer = crate::http::send(
        peer.port(),
        "POST",
        "/",
        &[
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonAthena.StopQueryExecution"),
        ],
        stop.as_bytes(),
    );
    assert_eq!(answer.status, 200);
    let (code, stdout, stderr) = texts(child.wait_with_output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("the query was stopped"), "{stderr}");
    assert!(stderr.contains("billed"), "{stderr}");
    assert_eq!(peer.executions()[1]["state"], "CANCELLED");
    println!("CANCELLED: {stderr}");
}

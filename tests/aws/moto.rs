//! moto as a second opinion: its Athena's stages and the result that it writes are not of the making
//! of those who made ministack's, or ours.

use std::path::Path;

use serde_json::{Value, json};

use crate::consoles::ENVIRONMENT;
use crate::home::Home;
use crate::http;
use crate::peer::{ACCESS_KEY, Process, REGION, RESULTS, output_location};
use crate::terminal::{self, Terminal};
use crate::venv;

/// moto's server, behind `tests/aws/moto_peer.py`. Killed when dropped.
struct Moto {
    process: Process,
}

impl Moto {
    /// Starts one whose bucket for results is empty.
    fn start() -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws");
        let python = venv::python("moto-venv", &home.join("moto.txt"));
        let process = Process::start(&python, &home.join("moto_peer.py"), &[]);
        let moto = Self { process };
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/s3/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let path = format!("/{RESULTS}");
        let headers = [("authorization", scope.as_str())];
        let answer = http::send(moto.port(), "PUT", &path, &headers, b"");
        assert_eq!(answer.status, 200);
        moto
    }

    fn port(&self) -> u16 {
        self.process.ports()[0]
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Puts the result of the next query: columns as (name, type), values as Athena's texts.
    fn result(&self, columns: &[(&str, &str)], rows: &[Vec<Option<String>>]) {
        let header = columns.iter().map(|(name, _)| Some((*name).to_owned()));
        let told: Vec<Value> = std::iter::once(header.collect())
            .chain(rows.iter().cloned())
            .map(|row: Vec<Option<String>>| {
                let values = row.into_iter().map(|value| match value {
                    Some(text) => json!({ "VarCharValue": text }),
                    None => json!({}),
                });
                json!({ "Data": values.collect::<Vec<_>>() })
            })
            .collect();
        let columns: Vec<Value> = columns
            .iter()
            .map(|(name, kind)| {
                json!({
                    "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name,
                    "Label": name, "Type": kind, "Precision": 0, "Scale": 0,
                    "Nullable": "UNKNOWN", "CaseSensitive": false,
                })
            })
            .collect();
        self.steer(
            "/moto-api/static/athena/query-results",
            &json!({
                "account_id": "123456789012", "region": REGION,
                "results": [{ "rows": told, "column_info": columns }],
            }),
        );
    }

    /// How many looks a query takes from one stage to the next.
    fn looks(&self, times: u32) {
        self.steer(
            "/moto-api/state-manager/set-transition",
            &json!({
                "model_name": "athena::execution",
                "transition": { "progression": "manual", "times": times },
            }),
        );
    }

    fn steer(&self, path: &str, body: &Value) {
        let headers = [("content-type", "application/json")];
        let body = body.to_string();
        let answer = http::send(self.port(), "POST", path, &headers, body.as_bytes());
        assert_eq!(answer.status, 201, "{path}");
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn rows_that_moto_wrote_are_printed_as_they_are() {
    let moto = Moto::start();
    let home = Home::of(&moto.endpoint());
    let columns = [
        ("n", "bigint"),
        ("t", "varchar"),
        ("at", "timestamp"),
        ("b", "boolean"),
        ("d", "double"),
    ];
    let rows = [
        vec![
            some("1"),
            some(""),
            some("2026-03-04 05:06:07.089"),
            some("true"),
            some("1.5E300"),
        ],
        vec![some("2"), None, None, None, None],
        vec![
            some("-9223372036854775808"),
            some("a,\nvalue "),
            some("1969-12-31 23:59:59.999"),
            some("false"),
            some("NaN"),
        ],
    ];
    moto.result(&columns, &rows);
    let (code, stdout, stderr) = home.run(&["query", "SELECT n, t, at, b, d FROM x"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stdout,
        "\"n\",\"t\",\"at\",\"b\",\"d\"\n\
         \"1\",\"\",\"2026-03-04 05:06:07.089\",\"true\",\"1.5E300\"\n\
         \"2\",,,,\n\
         \"-9223372036854775808\",\"a,\nvalue \",\"1969-12-31 23:59:59.999\",\"false\",\"NaN\"\n"
    );
    assert_eq!(stderr, "", "the object was read, no page was needed");

    // One column that is NULL is an empty line.
    moto.result(
        &[("t", "varchar")],
        &[vec![None], vec![some("")], vec![None]],
    );
    let (code, stdout, stderr) = home.run(&["query", "--format", "ndjson", "SELECT t FROM x"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "{\"t\":null}\n{\"t\":\"\"}\n{\"t\":null}\n");

    // moto does not double the quotes in a value, as Athena does. Such an object is not guessed at:
    // the pages have the rows, and a note says so.
    let quoted = some("a \"quoted\" value");
    moto.result(
        &[("t", "varchar")],
        &[vec![quoted], vec![None], vec![some("")]],
    );
    let (code, stdout, stderr) = home.run(&["query", "SELECT t FROM x"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "\"t\"\n\"a \"\"quoted\"\" value\"\n\n\"\"\n");
    assert!(stderr.contains("not as Athena writes it"), "{stderr}");

    let many: Vec<Vec<Option<String>>> = (0..5_000)
        .map(|number| vec![Some(number.to_string()), Some(format!("row {number}"))])
        .collect();
    moto.result(&[("n", "integer"), ("t", "varchar")], &many);
    let (code, stdout, stderr) = home.run(&["query", "SELECT n, t FROM x"]);
    assert_eq!(code, Some(0), "{stderr}");
    let expected: String = (0..5_000)
        .map(|number| format!("\"{number}\",\"row {number}\"\n"))
        .collect();
    assert!(stdout == format!("\"n\",\"t\"\n{expected}"));
}

#[test]
fn stages_are_shown_in_their_order() {
    let moto = Moto::start();
    moto.looks(3);
    moto.result(&[("v", "varchar")], &[vec![some("the only row")]]);
    let home = terminal::Home::new();
    let config = format!(
        "default_profile = \"peer\"\n\
         [profiles.peer]\n\
         region = \"{REGION}\"\n\
         endpoint_url = \"{}\"\n\
         output_location = \"{}\"\n",
        moto.endpoint(),
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
    let arguments = ["query".as_ref(), "SELECT v FROM x".as_ref()];
    let mut query = Terminal::start_with(&home, &arguments, &ENVIRONMENT, (100, 20));
    assert_eq!(query.wait_for_end(), 0);
    let told = String::from_utf8_lossy(&query.bytes).into_owned();
    let first = |word: &str| {
        told.find(word)
            .unwrap_or_else(|| panic!("{word} is shown\n{told}"))
    };
    let places = ["queued", "running", "the only row", "execution"].map(first);
    assert!(places.is_sorted(), "{places:?}\n{told}");
    assert!(!told[places[1]..].contains("queued"), "no stage comes back");
}

#[test]
fn a_run_whose_rows_do_not_fit_their_types_is_ended_and_not_offered_for_ever() {
    let moto = Moto::start();
    let home = Home::of(&moto.endpoint());
    let mut rows: Vec<Vec<Option<String>>> = (0..80_000)
        .map(|number| vec![Some(number.to_string())])
        .collect();
    // Behind what is looked at before the first row is given.
    rows.push(vec![some("many")]);
    moto.result(&[("n", "integer")], &rows);
    let out = home.path("out.csv");
    let (code, _, stderr) = home.run(&["query", "-o", out.to_str().unwrap(), "SELECT n FROM x"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("many") && stderr.contains("varchar"),
        "{stderr}"
    );
    assert!(!stderr.contains("lakehound resume"), "{stderr}");
    assert!(!out.exists(), "no half of a file");
    assert_eq!(home.run(&["resume"]).0, Some(3), "nothing is left of it");
}

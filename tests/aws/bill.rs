//! The bill before a run: estimates, budgets, the workgroup's cut-off, the question about a repeat;
//! through the library and through the binary.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lakehound::adapters::athena::{AthenaOptions, AthenaService};
use lakehound::adapters::catalog::{CatalogOptions, GlueCatalog};
use lakehound::adapters::journal::PastRuns;
use lakehound::domain::cost::Usd;
use lakehound::domain::estimate::Effort;
use lakehound::domain::lake::TableName;
use lakehound::domain::query::{QueryError, QueryErrorKind, QueryRequest, ScanEstimate};
use lakehound::ports::{Catalog, QueryService, RunControl};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::consoles::ENVIRONMENT;
use crate::http;
use crate::peer::{Peer, REGION, output_location, wait_until};
use crate::support::{access, journal, options, request, run, service, table};
use crate::terminal::{Home, Terminal};
use crate::wire::{Mishap, Wire};

/// What the table's one object holds: what the peer scans.
const PEOPLE: &[u8] = b"1,Ada\n2,Grace\n";

/// The same as bytes.
const SCANNED: u64 = PEOPLE.len() as u64;

const ADA: &str = "SELECT name FROM lake.people WHERE id = 1";
const GRACE: &str = "SELECT name FROM lake.people WHERE id = 2";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn call(peer: &Peer, target: &str, body: &Value) {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ];
    let body = body.to_string();
    let answer = http::send(peer.port(), "POST", "/", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{target}");
}

/// The table `lake.people` in Glue, with such parameters.
fn with_people(peer: &Peer, parameters: &Value) {
    peer.create_bucket("lake-data");
    peer.put_object("lake-data", "people/1.csv", PEOPLE);
    let database = json!({"DatabaseInput": {"Name": "lake"}});
    call(peer, "AWSGlue.CreateDatabase", &database);
    let mut all = json!({"classification": "csv"});
    for (key, value) in parameters.as_object().unwrap() {
        all[key] = value.clone();
    }
    let table = json!({
        "Name": "people",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": all,
        "StorageDescriptor": {
            "Location": "s3://lake-data/people/",
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "name", "Type": "string"}],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"field.delim": ","},
            },
        },
    });
    let body = json!({"DatabaseName": "lake", "TableInput": table});
    call(peer, "AWSGlue.CreateTable", &body);
}

/// A workgroup that stops a query at so many bytes.
fn cut_off(peer: &Peer, bytes: u64) {
    let updates = json!({"BytesScannedCutoffPerQuery": bytes});
    let body = json!({"WorkGroup": "primary", "ConfigurationUpdates": updates});
    call(peer, "AmazonAthena.UpdateWorkGroup", &body);
}

/// A service that asks the peer's Glue for the sizes of tables.
async fn with_catalog(peer: &Peer, folder: &Path, options: AthenaOptions) -> AthenaService {
    let access = access(&peer.endpoint()).await;
    let catalog = GlueCatalog::new(access.clone(), CatalogOptions::default());
    AthenaService::new(&access, journal(folder), options).with_catalog(Arc::new(catalog))
}

async fn estimate(service: &AthenaService, sql: &str, effort: Effort) -> ScanEstimate {
    service.estimate(request(sql), effort).await.unwrap()
}

/// The statements that were run; plans are none.
fn sent(peer: &Peer) -> Vec<String> {
    let queries = peer.executions();
    let queries = queries.iter().map(|run| run["query"].as_str().unwrap());
    let run = queries.filter(|sql| !sql.starts_with("EXPLAIN"));
    run.map(str::to_owned).collect()
}

/// Starts a statement as somebody who can be asked, and reads its rows.
async fn attended(
    service: &AthenaService,
    sql: &str,
    confirmed: bool,
) -> Result<Vec<String>, QueryError> {
    let asked = QueryRequest {
        attended: true,
        confirmed,
        ..request(sql)
    };
    let running = service.start(asked, RunControl::default()).await?;
    let monitor = Arc::clone(&running.monitor);
    table(running).await?;
    Ok(monitor.summary().notes)
}

#[test]
fn nothing_is_claimed_before_a_run_and_what_was_scanned_after_it() {
    let peer = Peer::start();
    with_people(&peer, &json!({}));
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let before = estimate(&service, ADA, Effort::Quick).await;
        assert_eq!((before.bytes, before.bytes_at_most), (0, None));
        assert!(before.basis.is_empty(), "{:?}", before.basis);
        assert!(before.notes[0].contains("nothing tells"), "{before:?}");

        run(&service, ADA).await.unwrap();
        let same = estimate(&service, ADA, Effort::Quick).await;
        assert_eq!((same.bytes, same.bytes_at_most), (SCANNED, Some(SCANNED)));
        assert!(
            same.basis[0].starts_with("the same statement scanned 14 B on "),
            "{same:?}"
        );
        // The least that every query pays.
        assert_eq!(same.cost, Some((Usd(0.00005), Some(Usd(0.00005)))));
        let form = estimate(&service, GRACE, Effort::Quick).await;
        assert_eq!(form.bytes_at_most, Some(SCANNED));
        assert!(form.basis[0].starts_with("1 run of this form"), "{form:?}");
        assert!(form.notes[0].contains("other values"), "{form:?}");

        let free = estimate(&service, "SELECT 1", Effort::Quick).await;
        assert_eq!((free.bytes, free.bytes_at_most), (0, Some(0)));
        assert_eq!(peer.executions_started(), 1, "nothing is run to estimate");
    });
}

#[test]
fn estimate_and_truth_are_told_and_remembered() {
    let peer = Peer::start();
    with_people(&peer, &json!({"totalSize": "5000000000"}));
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let options = AthenaOptions {
            budget_usd: Some(5.0),
            ..options()
        };
        let service = with_catalog(&peer, folder.path(), options).await;
        let first = attended(&service, ADA, false).await.unwrap();
        assert_eq!(first, ["estimated at most 5.0 GB, scanned 14 B"]);
        let second = attended(&service, GRACE, false).await.unwrap();
        assert_eq!(second, ["estimated 14 B, scanned 14 B"]);
    });
    let mut past = PastRuns::default();
    past.refresh(&journal(folder.path())).unwrap();
    let told: Vec<_> = past
        .runs()
        .iter()
        .map(|run| {
            let expected = run.run.expected.unwrap();
            let ended = run.ended.as_ref().unwrap();
            assert!(ended.succeeded() && ended.total_ms.unwrap() > 0);
            (expected.at_least, expected.at_most, ended.scanned_bytes)
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, Some(5_000_000_000), Some(SCANNED)),
            (SCANNED, Some(SCANNED), Some(SCANNED)),
        ]
    );
}

#[test]
fn a_run_past_a_budget_is_asked_about_and_runs_after_a_yes() {
    let peer = Peer::start();
    with_people(
        &peer,
        &json!({"totalSize": "5000000000000", "numRows": "77"}),
    );
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let budget = |budget_usd, query_budget_usd| AthenaOptions {
            budget_usd,
            query_budget_usd,
            ..options()
        };
        for (options, figures) in [
            (budget(None, Some(1.0)), "one query may cost 1.00 USD"),
            (budget(Some(9.0), None), "of the budget of 9.00 USD"),
        ] {
            let service = with_catalog(&peer, folder.path(), options).await;
            // Whether a person can be asked or not: nothing is started.
            for attended in [true, false] {
                let asked = QueryRequest {
                    attended,
                    ..request(ADA)
                };
                let refused = service.start(asked, RunControl::default()).await;
                let Err(error) = refused else {
                    panic!("it was started");
                };
                assert_eq!(error.kind, QueryErrorKind::Unconfirmed);
                assert!(error.message.contains("up to 25.00 USD"), "{error}");
                assert!(error.message.contains(figures), "{error}");
            }
            let told = estimate(&service, ADA, Effort::Full).await;
            assert_eq!(told.bytes_at_most, Some(5_000_000_000_000));
            assert_eq!(told.rows, 77);
            assert!(told.question.unwrap().contains(figures));
            assert!(!told.plan.is_empty());
        }
        assert_eq!(sent(&peer), Vec::<String>::new());
        let service = with_catalog(&peer, folder.path(), budget(Some(9.0), Some(1.0))).await;
        attended(&service, ADA, true).await.unwrap();
        assert_eq!(sent(&peer), [ADA]);

        // One question for all that is to be asked, because one yes answers it.
        let service = with_catalog(&peer, folder.path(), budget(Some(0.00001), None)).await;
        let error = attended(&service, ADA, false).await.unwrap_err();
        assert!(error.message.contains("the same statement"), "{error}");
        assert!(error.message.contains("of the budget"), "{error}");
        let writing = AthenaOptions {
            allow_writes: true,
            ..budget(None, Some(1.0))
        };
        let service = with_catalog(&peer, folder.path(), writing).await;
        for (sql, budget) in [
            ("CREATE TABLE lake.c AS SELECT * FROM lake.people", true),
            ("DROP TABLE lake.c", false),
        ] {
            let error = attended(&service, sql, false).await.unwrap_err();
            assert_eq!(error.kind, QueryErrorKind::Unconfirmed);
            assert!(error.message.contains("writes"), "{error}");
            assert_eq!(error.message.contains("may cost"), budget, "{error}");
        }

        // Of what nobody knows, a person is asked unless time narrows it.
        let unknown = "SELECT id FROM lake.nowhere";
        let error = attended(&service, unknown, false).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Unconfirmed);
        let narrowed = "SELECT id FROM lake.nowhere WHERE time_dt > now()";
        let error = attended(&service, narrowed, false).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName, "{error}");
    });
}

#[test]
fn more_than_allowed_is_refused_before_it_is_started() {
    let peer = Peer::start();
    with_people(&peer, &json!({}));
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        run(&service, ADA).await.unwrap();
        for (max_bytes, started) in [(SCANNED - 1, 1), (SCANNED, 2)] {
            let asked = QueryRequest {
                max_bytes: Some(max_bytes),
                confirmed: true,
                ..request(ADA)
            };
            let ran = service.start(asked, RunControl::default()).await;
            assert_eq!(
                ran.err().map(|error| error.kind),
                (started == 1).then_some(QueryErrorKind::TooLarge)
            );
            assert_eq!(peer.executions_started(), started);
        }
    });
}

#[test]
fn the_same_statement_within_a_minute_is_asked_about() {
    let peer = Peer::start();
    with_people(&peer, &json!({}));
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let here = service(&peer, folder.path()).await;
        // Another process on the same journal.
        let there = service(&peer, folder.path()).await;
        attended(&here, ADA, false).await.unwrap();
        for service in [&here, &there] {
            let error = attended(service, ADA, false).await.unwrap_err();
            assert_eq!(error.kind, QueryErrorKind::Unconfirmed);
            let message = error.message;
            assert!(
                message.starts_with("the same statement began "),
                "{message}"
            );
            assert!(
                message.ends_with("(scanned 14 B): run it all the same?"),
                "{message}"
            );
        }
        attended(&there, GRACE, false).await.unwrap();
        attended(&here, ADA, true).await.unwrap();
        // Nobody can be asked, and nobody is.
        run(&here, ADA).await.unwrap();
        // What costs nothing may run as often as one likes.
        attended(&here, "SELECT 1", false).await.unwrap();
        attended(&here, "SELECT 1", false).await.unwrap();
        assert_eq!(peer.executions_started(), 6);

        let held = "SELECT name FROM lake.people /* peer: hold */";
        let here = Arc::new(here);
        let first = tokio::spawn({
            let here = Arc::clone(&here);
            async move { attended(&here, held, false).await }
        });
        tokio::task::block_in_place(|| {
            wait_until("it is begun", || peer.executions_started() == 7);
        });
        let error = attended(&there, held, false).await.unwrap_err();
        assert!(error.message.contains("(still runs)"), "{error}");
        peer.release();
        first.await.unwrap().unwrap();
        // A run that failed cost nothing, and may be tried again.
        for _ in 0..2 {
            let failed = attended(&here, "SELECT nope FROM lake.people", false).await;
            assert_eq!(failed.unwrap_err().kind, QueryErrorKind::UnknownName);
        }
    });
}

#[test]
fn two_starts_at_once_are_one() {
    let peer = Peer::start();
    with_people(&peer, &json!({}));
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let (one, other) = tokio::join!(
            attended(&service, ADA, false),
            attended(&service, ADA, false)
        );
        assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
        assert_eq!(peer.executions_started(), 1);
    });
}

#[test]
fn an_iceberg_snapshot_bounds_a_scan_and_is_kept() {
    let peer = Peer::start();
    with_people(
        &peer,
        &json!({
            "table_type": "ICEBERG",
            "metadata_location": "s3://lake-data/people/metadata/1.metadata.json",
            "totalSize": "1",
        }),
    );
    let metadata = json!({
        "format-version": 2,
        "current-snapshot-id": 42,
        "snapshots": [{"snapshot-id": 42, "timestamp-ms": 1_767_225_600_000_i64,
                       "summary": {"total-files-size": "123456", "total-records": "789"}}],
    });
    let place = "people/metadata/1.metadata.json";
    peer.put_object("lake-data", place, metadata.to_string().as_bytes());
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let access = access(&peer.endpoint()).await;
        let name = TableName {
            database: "lake".to_owned(),
            table: "people".to_owned(),
        };
        let catalog = || {
            let cache = Some(folder.path().join("catalogue.json"));
            let options = CatalogOptions {
                cache,
                ..CatalogOptions::default()
            };
            GlueCatalog::new(access.clone(), options)
        };
        let first = catalog();
        // Nobody waits for it while they type; the answer is there the next time.
        assert_eq!(first.size(&name, Effort::Quick).await, None);
        let mut found = None;
        while found.is_none() {
            found = first.size(&name, Effort::Quick).await;
            tokio::task::yield_now().await;
        }
        let found = found.unwrap();
        assert_eq!((found.bytes, found.rows), (123_456, Some(789)));
        // The next start knows it from the file.
        peer.delete_object("lake-data", place);
        assert_eq!(catalog().size(&name, Effort::Quick).await, Some(found));
        // Where the metadata cannot be read, the table's parameters count.
        let now = catalog().size(&name, Effort::Full).await.unwrap();
        assert_eq!(now.bytes, 1);
    });
}

#[test]
fn what_is_refused_only_widens_the_range() {
    let peer = Peer::start();
    with_people(&peer, &json!({"totalSize": "5000"}));
    let wire = Wire::to(peer.port());
    let refuses = |operations: &'static [&'static str], code: &'static str| {
        wire.on(
            move |seen| match operations.contains(&seen.operation.as_str()) {
                true => {
                    let body = json!({"__type": code, "Message": "not now"});
                    Mishap::Instead(400, body.to_string())
                }
                false => Mishap::None,
            },
        );
    };
    block_on(async {
        let access = access(&wire.endpoint()).await;
        let service = |folder: &Path| {
            let catalog = GlueCatalog::new(access.clone(), CatalogOptions::default());
            AthenaService::new(&access, journal(folder), options()).with_catalog(Arc::new(catalog))
        };
        let folder = tempfile::tempdir().unwrap();
        let open = estimate(&service(folder.path()), ADA, Effort::Full).await;
        assert_eq!(open.bytes_at_most, Some(5_000));
        assert!(open.notes.is_empty(), "{:?}", open.notes);

        refuses(&["GetWorkGroup", "GetTable"], "AccessDeniedException");
        let told = estimate(&service(folder.path()), ADA, Effort::Full).await;
        assert_eq!((told.bytes, told.bytes_at_most), (0, None));
        assert_eq!(told.plan, open.plan);
        let notes = told.notes.join("\n");
        assert!(notes.contains("athena:GetWorkGroup is refused"), "{notes}");
        assert!(notes.contains("nothing tells what it scans"), "{notes}");

        // A service without time for a plan is no fault of the statement's.
        refuses(&["StartQueryExecution"], "ThrottlingException");
        let told = estimate(&service(folder.path()), ADA, Effort::Full).await;
        assert_eq!(told.bytes_at_most, Some(5_000));
        let notes = told.notes.join("\n");
        assert!(notes.contains("Athena has not planned it"), "{notes}");

        refuses(&["StartQueryExecution"], "ExpiredTokenException");
        let error = service(folder.path())
            .estimate(request(ADA), Effort::Full)
            .await
            .unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Credentials);
        assert!(error.hint.unwrap().contains("aws sso login"), "no command");
    });
}

/// A home whose profile has a price, and more.
fn home(peer: &Peer, more: &str) -> Home {
    let home = Home::new();
    let config = format!(
        "default_profile = \"peer\"\n\
         [profiles.peer]\n\
         region = \"{REGION}\"\n\
         endpoint_url = \"{}\"\n\
         output_location = \"{}\"\n\
         databases = [\"lake\"]\n\
         usd_per_tb = 5.0\n\
         {more}\n",
        peer.endpoint(),
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
    home
}

fn query(home: &Home, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_lakehound"))
        .arg("query")
        .args(arguments)
        .env_clear()
        .env("LAKEHOUND_CONFIG", home.config())
        .env("LAKEHOUND_DATA", home.data())
        .envs(ENVIRONMENT)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn explain_prints_the_range_the_money_the_cut_off_and_the_plan() {
    let peer = Peer::start();
    with_people(&peer, &json!({"totalSize": "3400000000"}));
    cut_off(&peer, 1_000_000_000);
    let home = home(&peer, "");
    let (code, stdout, stderr) = query(&home, &["--explain", ADA]);
    assert_eq!(code, Some(0), "{stderr}");
    for line in [
        "bytes  at most 3.4 GB\n",
        "cost   at most 0.02 USD\n",
        "stops  at 1.0 GB scanned, by the workgroup\n",
        "basis  people holds 3.4 GB, by `totalSize` in Glue",
        "plan\n  ",
    ] {
        assert!(stdout.contains(line), "{line:?} in\n{stdout}");
    }
    assert!(stderr.contains("this one may pass that"), "{stderr}");
    assert_eq!(sent(&peer), Vec::<String>::new());

    let (code, stdout, stderr) = query(&home, &["--explain", "--format", "json", ADA]);
    assert_eq!(code, Some(0), "{stderr}");
    let told: Value = serde_json::from_str(&stdout).unwrap();
    for (key, value) in [
        ("bytes", json!(0)),
        ("bytes_at_most", json!(3_400_000_000_u64)),
        ("cost_usd", json!(0.0)),
        ("cost_usd_at_most", json!(0.017)),
        ("cutoff_bytes", json!(1_000_000_000)),
        ("refused", json!(false)),
        ("question", json!(null)),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    // What is wrong with a statement is told with its place, and nothing was run for it.
    let (code, _, stderr) = query(&home, &["--explain", "SELECT 1,\n nope FROM lake.people"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("(line 2:2)"), "{stderr}");
    assert_eq!(sent(&peer), Vec::<String>::new());
}

#[test]
fn objects_that_may_be_read_are_counted_on_demand() {
    let peer = Peer::start();
    with_people(&peer, &json!({"totalSize": "5000000000000"}));
    let ids = Int64Array::from_iter_values(0..1_000);
    let names = StringArray::from_iter_values((0..1_000).map(|id| format!("somebody {id}")));
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("name", Arc::new(names))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut object = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut object, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    peer.put_object("lake-data", "people/2.parquet", &object);

    let home = home(&peer, "");
    let explain = ["--explain", "--format", "json", ADA];
    let (code, stdout, stderr) = query(&home, &explain);
    assert_eq!(code, Some(0), "{stderr}");
    let told: Value = serde_json::from_str(&stdout).unwrap();
    let most = told["bytes_at_most"].as_u64().unwrap();
    assert!(most > 0 && most <= 2 * object.len() as u64, "{told}");
    assert_eq!(told["files"], json!(1), "{told}");
    let basis = told["basis"][0].as_str().unwrap();
    assert!(basis.starts_with("counted"), "{told}");
    assert_eq!(sent(&peer), Vec::<String>::new());
}

#[test]
fn a_budget_answers_no_and_yes_runs_it() {
    let peer = Peer::start();
    with_people(&peer, &json!({"totalSize": "5000000000000"}));
    let home = home(&peer, "query_budget_usd = 1.0");
    let (code, stdout, stderr) = query(&home, &["--explain", ADA]);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stdout.contains("cost   at most 25.00 USD"), "{stdout}");
    assert!(stderr.contains("would ask first"), "{stderr}");
    let (code, stdout, stderr) = query(&home, &[ADA]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("may cost up to 25.00 USD"), "{stderr}");
    assert!(stderr.contains("--yes"), "{stderr}");
    assert_eq!(sent(&peer), Vec::<String>::new());
    let (code, stdout, stderr) = query(&home, &["--yes", ADA]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "\"name\"\n\"Ada\"\n");
    let (code, _, stderr) = query(&home, &["--max-bytes", "13", "--yes", ADA]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("13 B are allowed"), "{stderr}");
    let (code, _, stderr) = query(&home, &["--max-bytes", "13", "--explain", ADA]);
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(sent(&peer), [ADA]);
}

#[test]
fn on_a_terminal_a_repeat_is_asked_about() {
    let peer = Peer::start();
    with_people(&peer, &json!({}));
    let home = home(&peer, "");
    let start = || {
        let arguments = ["query".as_ref(), ADA.as_ref()];
        Terminal::start_with(&home, &arguments, &ENVIRONMENT, (120, 30))
    };
    let mut first = start();
    first.wait_for("Ada");
    assert_eq!(first.wait_for_end(), 0);
    for (answer, code, started) in [("n", 1, 1), ("y", 0, 2)] {
        let mut again = start();
        again.wait_for("run it all the same? [y/N]");
        again.type_text(answer);
        again.press(&["enter"]);
        assert_eq!(again.wait_for_end(), code, "{}", again.text());
        assert_eq!(again.text().contains("Ada"), code == 0);
        assert_eq!(peer.executions_started(), started);
    }
}

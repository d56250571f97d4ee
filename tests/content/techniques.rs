//! Techniques of attack as raw CloudTrail files: imported, each raises a detection, in the lake and
//! as its object arrives, and not a row is lost on the way.
//!
//! The files are made here, as AWS delivers them to a bucket. `LAKEHOUND_SAMPLES=FOLDER` tries the
//! files below its folder `cloudtrail` as well, each of which holds one technique.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow::datatypes::Schema;
use lakehound::adapters::import::{ImportRequest, LogType, import};
use lakehound::adapters::matching::{Book, Matcher};
use lakehound::config::{ContentKind, content};
use lakehound::demo::Scenario;
use lakehound::domain::detection::Cause;
use lakehound::domain::lake::{Source, SourceVersion, documented_schema};
use lakehound::domain::sigma::read;
use lakehound::ports::RunControl;
use lakehound::sql::sigma::{Columns, RuleSet, statements};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::lake::Lake;
use crate::matching::{contents, objects};

/// The shipped rules.
pub(crate) fn shipped() -> RuleSet {
    let mut set = RuleSet::default();
    for file in content(ContentKind::Detections, Path::new("")).0 {
        for document in read(&file.text) {
            set.add(document.unwrap());
        }
    }
    set
}

/// A call by a user's key.
#[allow(
    clippy::needless_pass_by_value,
    reason = "what is asked for is written where it is given"
)]
fn call(number: usize, service: &str, name: &str, request: Value) -> Value {
    json!({
        "eventVersion": "1.09", "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "eventTime": format!("2026-03-04T05:06:{:02}Z", number % 60),
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.44", "userAgent": "made-up/1.0", "eventType": "AwsApiCall",
        "eventCategory": "Management", "managementEvent": true, "readOnly": false,
        "recipientAccountId": "111122223333", "requestParameters": request, "responseElements": null,
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/eve", "accessKeyId": "AKIAEXAMPLE", "userName": "eve",
        },
    })
}

/// The five techniques, each among harmless calls.
fn made() -> Vec<(&'static str, Vec<Value>)> {
    let mut sign_in = call(40, "signin", "ConsoleLogin", Value::Null);
    sign_in["eventType"] = json!("AwsConsoleSignIn");
    sign_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    sign_in["additionalEventData"] =
        json!({"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/"});
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let share = json!({"snapshotId": "snap-0a", "createVolumePermission": {"add": {"items": [{"userId": "444455556666"}]}}});
    let harmless = |number| call(number, "ec2", "DescribeInstances", json!({"maxResults": 5}));
    vec![
        (
            "secrets read",
            (0..9)
                .map(|n| {
                    call(
                        n,
                        "secretsmanager",
                        "GetSecretValue",
                        json!({"secretId": format!("s{n}")}),
                    )
                })
                .chain([harmless(9)])
                .collect(),
        ),
        (
            "trail stopped",
            vec![
                harmless(10),
                call(11, "cloudtrail", "StopLogging", json!({"name": "all"})),
            ],
        ),
        (
            "snapshot shared",
            vec![
                harmless(20),
                call(21, "ec2", "ModifySnapshotAttribute", share),
            ],
        ),
        (
            "administrator made",
            vec![
                call(30, "iam", "CreateUser", json!({"userName": "eve2"})),
                call(
                    31,
                    "iam",
                    "AttachUserPolicy",
                    json!({"userName": "eve2", "policyArn": admin}),
                ),
                call(32, "iam", "CreateAccessKey", json!({"userName": "eve2"})),
            ],
        ),
        (
            "sign-in without a second factor",
            vec![sign_in, harmless(41)],
        ),
    ]
}

#[test]
fn each_technique_raises_a_detection_once_its_files_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder
        .path()
        .join("bucket/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/04");
    std::fs::create_dir_all(&logs).unwrap();
    let mut owners = BTreeMap::new();
    for (place, (name, events)) in made().into_iter().enumerate() {
        own(name, &events, &mut owners);
        let file = logs.join(format!("111122223333_CloudTrail_eu-west-1_{place}.json.gz"));
        let mut packed = flate2::write::GzEncoder::new(
            std::fs::File::create(file).unwrap(),
            flate2::Compression::fast(),
        );
        packed
            .write_all(json!({ "Records": events }).to_string().as_bytes())
            .unwrap();
        packed.finish().unwrap();
    }
    prove(&folder.path().join("bucket"), folder, &owners);
}

#[test]
fn each_technique_of_the_samples_raises_a_detection() {
    // Files of others are no part of the project. Where they are not named, there is none to judge.
    let Ok(samples) = std::env::var("LAKEHOUND_SAMPLES") else {
        return assert_eq!(made().len(), 5);
    };
    let samples = PathBuf::from(samples).join("cloudtrail");
    let mut owners = BTreeMap::new();
    let mut files = 0;
    for entry in std::fs::read_dir(&samples).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let events: Vec<Value> = serde_json::from_str(&text).unwrap();
        own(
            &path.file_name().unwrap().to_string_lossy(),
            &events,
            &mut owners,
        );
        files += 1;
    }
    assert!(files >= 5, "{}", samples.display());
    prove(&samples, tempfile::tempdir().unwrap(), &owners);
}

/// Notes which technique an event belongs to.
fn own(name: &str, events: &[Value], owners: &mut BTreeMap<String, String>) {
    for event in events {
        let id = event["eventID"].as_str().unwrap().to_owned();
        assert_eq!(owners.insert(id, name.to_owned()), None);
    }
}

/// Imports the logs into the folder `lake` of a folder, and looks for every technique.
fn prove(logs: &Path, folder: tempfile::TempDir, owners: &BTreeMap<String, String>) {
    let lake = folder.path().join("lake");
    let request = ImportRequest {
        paths: vec![logs.to_owned()],
        lake: lake.clone(),
        log: LogType::Auto,
        region: None,
        account: None,
        refused: folder.path().join("refused.ndjson"),
        threads: None,
    };
    let imported = import(&request, &RunControl::default(), &|_| {}).unwrap();
    let counts = (imported.read, imported.written, imported.refused);
    assert_eq!(counts, (owners.len() as u64, owners.len() as u64, 0));
    let documented = documented_schema(Source::CloudTrailMgmt, SourceVersion::V2).unwrap();
    let names = |schema: &Schema| -> Vec<String> {
        let fields = schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    };
    for (path, _) in objects(&lake) {
        let file = std::fs::File::open(path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        assert_eq!(names(reader.schema()), names(&documented));
    }

    let techniques: BTreeSet<&String> = owners.values().collect();
    let rules = shipped();
    let book = Book {
        rules: rules.clone(),
        ..Book::default()
    };
    let arrived = contents(&lake, &Matcher::new(book).unwrap());
    let rows: u64 = arrived.iter().map(|contents| contents.events).sum();
    assert_eq!(rows, owners.len() as u64);
    let mut by_feed = BTreeSet::new();
    for detection in arrived.iter().flat_map(|contents| &contents.detections) {
        assert!(matches!(detection.cause, Cause::Rule(_)));
        assert!(detection.entity.is_some(), "{detection:?}");
        let event: Value = serde_json::from_str(&detection.event).unwrap();
        by_feed.insert(&owners[event["metadata"]["uid"].as_str().unwrap()]);
        println!(
            "{:<60} {}",
            detection.title,
            owners[event["metadata"]["uid"].as_str().unwrap()]
        );
    }
    assert_eq!(by_feed, techniques);

    let scenario: Scenario = serde_json::from_value(json!({
        "name": "files", "seed": 0, "from": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z",
        "entities": [], "stolen_objects": [], "findings": [],
    }))
    .unwrap();
    let lake = Lake::over(folder, scenario, 512 << 20);
    let (detects, _) = statements(&rules, &lake.tables(), None, Columns::Flat);
    let found = lake.run(&detects[0].sql, Vec::new()).unwrap();
    let by_lake: BTreeSet<&String> = found
        .column("event_id")
        .into_iter()
        .map(|id| &owners[id])
        .collect();
    assert_eq!(by_lake, techniques);
}

//! Made-up logs of every form, imported and read back.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make files and look at what became of them"
)]

mod forms;
mod kinds;
mod readers;
mod trouble;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use super::*;
use crate::domain::cell::Cell;
use crate::domain::lake::{SourceVersion, documented_schema};

/// A place for logs and a lake.
struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("logs")).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a log.
    fn log(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path("logs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn request(&self) -> ImportRequest {
        ImportRequest {
            paths: vec![self.path("logs")],
            lake: self.path("lake"),
            log: LogType::Auto,
            region: None,
            account: None,
            refused: self.path("refused.ndjson"),
            threads: NonZeroUsize::new(2),
        }
    }

    fn import(&self) -> Imported {
        import(&self.request(), &RunControl::default(), &|_| {}).unwrap()
    }

    /// The objects of the lake, as paths from it.
    fn objects(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("lake/aws")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let path = path.strip_prefix(self.path("lake")).unwrap();
                    found.push(path.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    /// The rows of a table as JSON, in the order of their objects.
    fn rows(&self, source: Source) -> Vec<Value> {
        let part = format!("aws/{}/", source.key_name());
        let mut rows = Vec::new();
        for object in self.objects() {
            if object.starts_with(&part) {
                for batch in batches(&self.path("lake").join(object)) {
                    assert_documented(&batch, source);
                    rows.extend(json_rows(&batch));
                }
            }
        }
        rows
    }

    /// What was refused.
    fn refused(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("refused.ndjson")).unwrap_or_default();
        let line = |line: &str| serde_json::from_str(line).unwrap();
        text.lines().map(line).collect()
    }
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn json_rows(batch: &RecordBatch) -> Vec<Value> {
    let row = |row: usize| {
        let fields = batch.schema().fields().clone();
        let cell = |(index, name): (usize, String)| {
            (name, Cell::of(batch.column(index).as_ref(), row).json())
        };
        let names = fields.iter().map(|field| field.name().clone());
        Value::Object(names.enumerate().map(cell).collect())
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The columns of an object are the documented ones.
fn assert_documented(batch: &RecordBatch, source: Source) {
    let wanted = documented_schema(source, SourceVersion::V2).unwrap();
    let found = batch.schema();
    assert_eq!(found.fields().len(), wanted.fields().len());
    for (found, wanted) in found.fields().iter().zip(wanted.fields()) {
        assert_eq!(found.name(), wanted.name());
        let types =
            [found, wanted].map(|field| crate::domain::lake::athena_type(field.data_type()));
        assert_eq!(types[0], types[1], "{}", found.name());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A management event; `number` tells it from others.
fn event(number: usize) -> Value {
    json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:session",
            "arn": "arn:aws:sts::111122223333:assumed-role/Reader/session",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": "arn:aws:iam::111122223333:role/Reader",
                    "accountId": "111122223333",
                    "userName": "Reader"
                },
                "attributes": {"creationDate": "2026-03-01T09:00:00Z", "mfaAuthenticated": "true"},
                "sourceIdentity": "somebody"
            }
        },
        "eventTime": "2026-03-01T10:20:30Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "made-up/1.0",
        "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "maxResults": number},
        "responseElements": null,
        "requestID": format!("request-{number}"),
        "eventID": format!("event-{number}"),
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3"}
    })
}

fn events(count: usize) -> Vec<Value> {
    (0..count).map(event).collect()
}

//! How fast raw logs become a lake: CloudTrail JSON, made here, in bytes unpacked.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench stops where it cannot measure, and makes its own files"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lakehound::adapters::import::{ImportRequest, LogType, import};
use lakehound::ports::RunControl;

const CALLS: [(&str, &str); 6] = [
    ("ec2", "DescribeInstances"),
    ("sts", "AssumeRole"),
    ("iam", "ListRoles"),
    ("kms", "Decrypt"),
    ("s3", "GetBucketAcl"),
    ("secretsmanager", "GetSecretValue"),
];

/// One event of about the usual size.
fn event(number: usize) -> String {
    let (service, name) = CALLS[number % CALLS.len()];
    let (day, hour, minute) = (1 + number / 40_000, number / 2_000 % 24, number / 40 % 60);
    let user = number % 37;
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROA{user:016}:worker-{user}","arn":"arn:aws:sts::111122223333:assumed-role/Worker{user}/worker-{user}","accountId":"111122223333","accessKeyId":"ASIA{number:016}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{user:016}","arn":"arn:aws:iam::111122223333:role/Worker{user}","accountId":"111122223333","userName":"Worker{user}"}},"attributes":{{"creationDate":"2026-03-{day:02}T{hour:02}:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-03-{day:02}T{hour:02}:{minute:02}:07Z","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"10.0.{user}.17","userAgent":"aws-sdk-made-up/1.2 os/linux lang/rust#1.95 md/internal","requestParameters":{{"filter":{{"items":[{{"name":"instance-id","value":"i-{number:017x}"}}]}},"maxResults":100,"encryptionContext":{{"aws:purpose":"value {user}"}}}},"responseElements":null,"requestID":"{number:08x}-aaaa-4bbb-8ccc-{number:012x}","eventID":"{number:08x}-dddd-4eee-9fff-{number:012x}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.eu-west-1.amazonaws.com"}}}}"#
    )
}

/// A document as CloudTrail delivers it.
fn document(from: usize, count: usize) -> String {
    let events: Vec<String> = (from..from + count).map(event).collect();
    format!("{{\"Records\":[{}]}}", events.join(","))
}

fn request(logs: &Path, home: &Path) -> ImportRequest {
    ImportRequest {
        paths: vec![logs.to_owned()],
        lake: home.join("lake"),
        log: LogType::Auto,
        region: None,
        account: None,
        refused: home.join("refused.ndjson"),
        threads: None,
    }
}

fn cloudtrail(criterion: &mut Criterion) {
    let home = tempfile::tempdir().expect("a folder");
    let megabytes: usize = std::env::var("LAKEHOUND_BENCH_IMPORT_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200);
    let count = megabytes * 1_000_000 / event(0).len();
    let one = home.path().join("one");
    let many = home.path().join("many");
    fs::create_dir_all(&one).expect("a folder");
    fs::create_dir_all(&many).expect("a folder");
    let text = document(0, count);
    fs::write(one.join("trail.json"), &text).expect("a log");
    for from in (0..count).step_by(2_000) {
        let file = fs::File::create(many.join(format!("{from}.json.gz"))).expect("a log");
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        packed
            .write_all(document(from, 2_000.min(count - from)).as_bytes())
            .expect("a log");
        packed.finish().expect("a log");
    }
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, logs) in [("one plain file", &one), ("many gzip files", &many)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().expect("a folder"),
                |lake| {
                    let request = request(logs, lake.path());
                    let control = RunControl::default();
                    let imported = import(&request, &control, &|_| {}).expect("an import");
                    assert_eq!(imported.written, count as u64);
                    lake
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, cloudtrail);
criterion_main!(benches);

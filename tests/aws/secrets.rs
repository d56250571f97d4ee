//! No credential is written anywhere: every byte of a whole session is searched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use lakehound::adapters::athena::AthenaService;
use lakehound::adapters::aws::{AwsAccess, AwsSettings};
use lakehound::domain::query::QueryErrorKind;

use crate::peer::{ACCESS_KEY, Peer, REGION, SECRET_KEY};
use crate::support::{journal, options, run};

/// Set in the process that is searched: its folder.
const FOLDER: &str = "LAKEHOUND_TEST_SECRETS_FOLDER";

/// As temporary credentials have one.
const SESSION_TOKEN: &str = "FwoGZXIvYXdzEPeerSessionTokenThatNobodyMaySee";

/// Runs itself a second time, as a process of its own with credentials in its environment, as the
/// SDK's provider chain finds them.
#[test]
fn a_session_writes_no_secret() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return session(&PathBuf::from(folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "secrets::a_session_writes_no_secret",
            "--nocapture",
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env(FOLDER, folder.path())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let files = files_below(folder.path());
    let names: Vec<String> = files
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    for expected in ["runs.db", "session.log", "debug.txt"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    let log = fs::read_to_string(folder.path().join("session.log")).unwrap();
    assert!(log.contains("StartQueryExecution"), "the log is a real one");
    for path in &files {
        assert_holds_no_secret(&fs::read(path).unwrap(), &path.display().to_string());
    }
    assert_holds_no_secret(&output.stdout, "stdout");
    assert_holds_no_secret(&output.stderr, "stderr");
}

/// Everything that writes: queries that end well and badly, the journal, a log at its most verbose,
/// and what `{:?}` shows.
fn session(folder: &Path) {
    let log = fs::File::create(folder.join("session.log")).unwrap();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("trace"))
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .init();
    let peer = Peer::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let settings = AwsSettings {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(peer.endpoint()),
            ..AwsSettings::default()
        };
        let access = AwsAccess::open(settings.clone(), None).await.unwrap();
        let identity = access.identity().await.unwrap();
        let service = AthenaService::new(&access, journal(folder), options());
        let good = run(&service, "SELECT 1 AS n").await.unwrap();
        let bad = run(&service, "SELECT * FROM nowhere").await.unwrap_err();
        let shown = format!("{settings:?} {access:?} {service:?} {identity:?} {good:?} {bad:?}");
        fs::write(folder.join("debug.txt"), shown).unwrap();

        // A role that cannot be assumed, as its error and its log tell it.
        let unreachable = AwsAccess::open(
            AwsSettings {
                role_arn: Some("arn:aws:iam::111122223333:role/ir".to_owned()),
                external_id: Some("some-id".to_owned()),
                endpoint_url: Some("http://127.0.0.1:9".to_owned()),
                ..settings
            },
            None,
        )
        .await
        .unwrap();
        let error = unreachable.identity().await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Credentials, "{error:?}");
        fs::write(
            folder.join("error.txt"),
            format!("{error:?} {unreachable:?}"),
        )
        .unwrap();
    });
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn assert_holds_no_secret(bytes: &[u8], what: &str) {
    for secret in [SECRET_KEY, SESSION_TOKEN] {
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{what} holds the secret {}…", &secret[..6]);
    }
}

//! A role that is assumed with an external id, on a peer that checks signatures and trust; and
//! credentials that expire while a query runs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::home::{Home, texts};
use crate::http;
use crate::peer::{ACCESS_KEY, Peer, REGION, output_location, wait_until};
use crate::terminal::{self, Terminal};
use crate::wire::{Mishap, Wire};

const ROLE: &str = "arn:aws:iam::000000000000:role/ir-read";

/// What a person sees of `iam` requests: a form in, XML out.
fn iam(peer: &Peer, fields: &[(&str, &str)]) -> String {
    let mut form = "Version=2010-05-08".to_owned();
    for (name, value) in fields {
        let escaped: String = value
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        form.push_str(&format!("&{name}={escaped}"));
    }
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/iam/aws4_request, \
         SignedHeaders=host, Signature=0"
    );
    let headers = [
        ("authorization", scope.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = http::send(peer.port(), "POST", "/", &headers, form.as_bytes());
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{told}");
    told
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let (_, rest) = text.split_once(&open).unwrap();
    rest.split_once(&close).unwrap().0
}

/// A user who may assume the role, and whose role asks for an external id: the user's key.
fn with_a_role(peer: &Peer) -> (String, String) {
    let allow = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"}]})
        .to_string()
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::000000000000:user/analyst"},
        "Condition": {"StringEquals": {"sts:ExternalId": "as-agreed"}}}]})
    .to_string();
    iam(peer, &[("Action", "CreateUser"), ("UserName", "analyst")]);
    let key = [("Action", "CreateAccessKey"), ("UserName", "analyst")];
    let key = iam(peer, &key);
    let id = between(&key, "AccessKeyId").to_owned();
    let secret = between(&key, "SecretAccessKey").replace("&#x2F;", "/");
    iam(
        peer,
        &[
            ("Action", "PutUserPolicy"),
            ("UserName", "analyst"),
            ("PolicyName", "assume"),
            ("PolicyDocument", &allow("sts:AssumeRole")),
        ],
    );
    iam(
        peer,
        &[
            ("Action", "CreateRole"),
            ("RoleName", "ir-read"),
            ("AssumeRolePolicyDocument", &trust),
        ],
    );
    iam(
        peer,
        &[
            ("Action", "PutRolePolicy"),
            ("RoleName", "ir-read"),
            ("PolicyName", "all"),
            ("PolicyDocument", &allow("*")),
        ],
    );
    peer.check_access();
    (id, secret)
}

#[test]
fn a_role_is_assumed_with_its_external_id_and_refused_without() {
    let peer = Peer::start();
    let (id, secret) = with_a_role(&peer);
    let run = |lines: &str| {
        let home = Home::with(&peer.endpoint(), lines);
        let mut command = home.bare(&["query", "SELECT 'by the role' AS v"]);
        command.env("AWS_ACCESS_KEY_ID", &id);
        command.env("AWS_SECRET_ACCESS_KEY", &secret);
        texts(command.output().unwrap())
    };
    let role = format!("role_arn = \"{ROLE}\"");
    let (code, stdout, stderr) = run(&format!("{role}\nexternal_id = \"as-agreed\""));
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "\"v\"\n\"by the role\"\n");
    for wrong in ["", "external_id = \"as-guessed\""] {
        let (code, stdout, stderr) = run(&format!("{role}\n{wrong}"));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        for word in [
            "AWS refused sts:AssumeRole",
            ROLE,
            "external_id",
            "trust policy",
        ] {
            assert!(stderr.contains(word), "{word}\n{stderr}");
        }
        for word in ["sso login", "lakehound resume"] {
            assert!(!stderr.contains(word), "{word}\n{stderr}");
        }
        println!("refused: {stderr}");
    }
    // The user himself may not query: it was the role that did.
    let (code, _, stderr) = run("");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("athena:StartQueryExecution"), "{stderr}");
    assert_eq!(peer.executions_started(), 1);
}

/// Files of the SDK whose profile `short` has credentials from a process, which prints a file.
struct Short {
    folder: tempfile::TempDir,
}

impl Short {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let short = Self { folder };
        short.hand_out("ASIAFIRSTKEY");
        let process = format!(
            "[profile short]\nregion = {REGION}\ncredential_process = cat {}\n",
            short.path("handed-out.json").display()
        );
        std::fs::write(short.path("config"), process).unwrap();
        short
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the process prints from now on: a key that is asked for again at every request.
    fn hand_out(&self, key: &str) {
        let handed_out = json!({
            "Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": "token",
            "Expiration": "2026-01-01T00:00:00Z",
        });
        std::fs::write(self.path("handed-out.json"), handed_out.to_string()).unwrap();
    }
}

/// A wire on which the first key can expire.
fn wire_with_expiry(peer: &Peer) -> (Wire, Arc<AtomicBool>) {
    let wire = Wire::to(peer.port());
    let expired = Arc::new(AtomicBool::new(false));
    let first_is = Arc::clone(&expired);
    wire.on(move |seen| {
        let refused = seen.access_key == "ASIAFIRSTKEY" && first_is.load(Ordering::Relaxed);
        if !refused {
            return Mishap::None;
        }
        let told = json!({
            "__type": "ExpiredTokenException",
            "message": "The security token included in the request is expired",
        });
        Mishap::Instead(400, told.to_string())
    });
    (wire, expired)
}

const HELD: &str = "SELECT /* peer: hold */ 'held' AS v";

#[test]
fn credentials_that_expire_in_mid_query_cost_no_query() {
    let peer = Peer::start();
    let short = Short::new();
    let (wire, expired) = wire_with_expiry(&peer);
    let home = Home::with(&wire.endpoint(), "aws_profile = \"short\"");
    let command = |arguments: &[&str]| {
        let mut command = home.bare(arguments);
        command.env("AWS_CONFIG_FILE", short.path("config"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let child = command(&["query", HELD]).spawn().unwrap();
    wait_until("the run is at work", || {
        let runs = peer.executions();
        runs.iter().any(|run| run["state"] == "RUNNING")
    });
    expired.store(true, Ordering::Relaxed);
    let (code, stdout, stderr) = texts(child.wait_with_output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    for word in [
        "expired",
        "aws sso login --profile short",
        "goes on at Athena",
        "lakehound resume",
    ] {
        assert!(stderr.contains(word), "{word}\n{stderr}");
    }
    println!("expired: {stderr}");
    peer.release();

    // As long as they are not renewed, the run is kept for later.
    let (code, _, stderr) = texts(command(&["resume"]).output().unwrap());
    assert_eq!(code, Some(1), "{stderr}");
    short.hand_out("ASIASECONDKEY");
    let (code, stdout, stderr) = texts(command(&["resume", "--list"]).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(HELD), "{stdout}");
    let (code, stdout, stderr) = texts(command(&["resume"]).output().unwrap());
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "\"v\"\n\"held\"\n"),
        "{stderr}"
    );
    let (code, ..) = texts(command(&["resume"]).output().unwrap());
    assert_eq!(code, Some(3), "nothing is left");
    assert_eq!(peer.executions_started(), 1);
}

#[test]
fn a_console_offers_the_run_that_its_expired_credentials_left() {
    let peer = Peer::start();
    let short = Short::new();
    let (wire, expired) = wire_with_expiry(&peer);
    let home = terminal::Home::new();
    let config = format!(
        "[profiles.peer]\n\
         endpoint_url = \"{}\"\n\
         output_location = \"{}\"\n\
         aws_profile = \"short\"\n",
        wire.endpoint(),
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
    let file = short.path("config");
    let mut console = start(&home, &file);
    console.press(&["ctrl-n"]);
    console.wait_for("Editor query");
    console.paste(HELD);
    console.wait_for("peer: hold");
    console.press(&["f5"]);
    console.wait_for("bytes scanned");
    expired.store(true, Ordering::Relaxed);
    console.wait_for("aws sso login --profile short");
    console.wait_for("1 left at Athena (alt-u)");
    peer.release();
    short.hand_out("ASIASECONDKEY");
    console.press(&["alt-u"]);
    console.wait_for("result_1");
    console.wait_until("nothing is offered any more", |screen| {
        !screen.contains("left at Athena")
    });
    assert_eq!(peer.executions_started(), 1);
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

fn start(home: &terminal::Home, file: &Path) -> Terminal {
    let environment = [
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let arguments = ["--profile".as_ref(), "peer".as_ref()];
    Terminal::start_with(home, &arguments, &environment, (140, 40))
}

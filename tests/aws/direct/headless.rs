//! The binary: `query --engine direct`, with the catalogue and without.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::lake::{BUCKET, Lake, block_on, rows};
use crate::http;
use crate::peer::{ACCESS_KEY, REGION, SECRET_KEY, output_location};
use crate::relay::Meet;

/// A home with the peer as its default profile.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn at(endpoint: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "default_profile = \"peer\"\n[profiles.peer]\nregion = \"{REGION}\"\n\
             endpoint_url = \"{endpoint}\"\noutput_location = \"{}\"\ndatabases = [\"links\"]\n{more}",
            output_location()
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_lakehound"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("LAKEHOUND_CONFIG", self.folder.path().join("config.toml"))
            .env("LAKEHOUND_DATA", self.folder.path().join("data"))
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }
}

/// Tables in Glue under names of somebody's choosing.
fn with_links(lake: &Lake) {
    let glue = |operation: &str, body: Value| {
        let target = format!("AWSGlue.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let answer = http::send(
            lake.peer.port(),
            "POST",
            "/",
            &headers,
            body.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{operation}");
    };
    glue(
        "CreateDatabase",
        json!({"DatabaseInput": {"Name": "links"}}),
    );
    for (name, source) in [
        ("flows_of_the_north", "VPC_FLOW"),
        ("calls", "CLOUD_TRAIL_MGMT"),
    ] {
        let table = json!({
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Location": format!("s3://{BUCKET}/aws/{source}/2.0"),
                "Columns": [{"Name": "time_dt", "Type": "timestamp"}],
            },
            "PartitionKeys": [{"Name": "eventday", "Type": "string"}],
        });
        glue(
            "CreateTable",
            json!({"DatabaseName": "links", "TableInput": table}),
        );
    }
}

#[test]
fn the_catalogue_says_where_tables_lie() {
    let lake = Lake::get();
    with_links(lake);
    let home = Home::at(
        &lake.peer.endpoint(),
        "[profiles.peer.aliases]\nvpc_flow = \"links.flows_of_the_north\"\nmine = \"links.calls\"\n",
    );
    let sql = "SELECT count(*) AS n FROM vpc_flow WHERE eventday = '20260108'";
    let expected = block_on(async { rows(&lake.local(), sql).await.unwrap().0[0][0].clone() });
    let expected = expected.unwrap();
    for table in [
        "vpc_flow",
        "links.flows_of_the_north",
        "\"links\".\"flows_of_the_north\"",
    ] {
        let sql = format!("SELECT count(*) AS n FROM {table} WHERE eventday = '20260108'");
        let (code, stdout, stderr) = home.run(&["query", "--engine", "direct", &sql]);
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(stdout, format!("\"n\"\n\"{expected}\"\n"), "{table}");
    }
    let sql = "SELECT nope FROM mine";
    let (code, _, stderr) = home.run(&["query", "--engine", "direct", sql]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("(line 1:8)"),
        "the place in the text as written: {stderr}"
    );

    let explain = [
        "query",
        "--engine",
        "direct",
        "--explain",
        "--format",
        "json",
    ];
    let sql = "SELECT api.operation FROM mine WHERE region = 'eu-west-1'";
    let (code, stdout, stderr) = home.run(&[&explain[..], &[sql]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let told: Value = serde_json::from_str(&stdout).unwrap();
    assert!(told["bytes"].as_u64().unwrap() > 0, "{told}");
    assert!(
        told["basis"][0].as_str().unwrap().starts_with("counted"),
        "{told}"
    );
    let (code, _, _) = home.run(&[&explain[..], &["--max-bytes", "10", sql]].concat());
    assert_eq!(code, Some(3));
    assert_eq!(lake.peer.executions_started(), 0, "Athena is not asked");
}

#[test]
fn where_the_catalogue_is_refused_the_profile_names_the_buckets() {
    let lake = Lake::get();
    let relay = lake.relay();
    relay.rule(|asked| {
        if asked.target.starts_with("AWSGlue.") {
            Meet::Refuse(400, "AccessDeniedException")
        } else {
            Meet::Pass
        }
    });
    let sql = "SELECT count(*) AS n FROM vpc_flow";
    let home = Home::at(&relay.endpoint(), "");
    let (code, _, stderr) = home.run(&["query", "--engine", "direct", sql]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("data_locations"), "{stderr}");

    let home = Home::at(
        &relay.endpoint(),
        &format!("data_locations = [\"s3://{BUCKET}/\"]\n"),
    );
    let (code, stdout, stderr) = home.run(&["query", "--engine", "direct", sql]);
    assert_eq!(code, Some(0), "{stderr}");
    let expected = block_on(async { rows(&lake.local(), sql).await.unwrap().0[0][0].clone() });
    assert_eq!(stdout, format!("\"n\"\n\"{}\"\n", expected.unwrap()));
}

#[test]
fn a_folder_has_one_engine() {
    let lake = Lake::get();
    let home = Home::at("http://127.0.0.1:9", "");
    let folder = lake.folder.to_str().unwrap();
    let sql = "SELECT 1";
    let (code, stdout, stderr) = home.run(&["query", "--lake", folder, "--engine", "direct", sql]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("for a lake on AWS"), "{stderr}");
}

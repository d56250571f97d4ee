//! `lakehound tables`, and which lake is meant.

use serde_json::Value;

use crate::support::{Home, Run, assert_holds, demo_lake};

#[test]
fn tables_are_listed_with_files_and_size() {
    let home = Home::new();
    let stdout = home.run_on_demo(&["tables"]).ok();
    assert_holds(
        &stdout,
        &[
            "SHORT NAME",
            "cloud_trail_mgmt",
            "vpc_flow",
            "route53",
            "sh_findings",
        ],
    );
    let tables = home.run_on_demo(&["tables", "--format", "json"]).ok();
    let tables: Vec<Value> = serde_json::from_str(&tables).unwrap();
    let flows = tables
        .iter()
        .find(|table| table["alias"] == "vpc_flow")
        .unwrap();
    assert!(flows["files"].as_u64().unwrap() > 0, "{flows}");
    assert!(flows["bytes"].as_u64().unwrap() > 0, "{flows}");
}

#[test]
fn a_tables_columns_are_shown_as_a_tree_and_as_json() {
    let home = Home::new();
    let stdout = home.run_on_demo(&["tables", "vpc_flow"]).ok();
    assert_holds(
        &stdout,
        &[
            "COLUMN",
            "src_endpoint",
            "  ip",
            "eventday",
            "(from the path)",
        ],
    );
    let table = home
        .run_on_demo(&["tables", "vpc_flow", "--format", "json"])
        .ok();
    let table: Value = serde_json::from_str(&table).unwrap();
    let columns = table["columns"].as_array().unwrap();
    let endpoint = columns
        .iter()
        .find(|c| c["name"] == "src_endpoint")
        .unwrap();
    assert!(endpoint["type"].as_str().unwrap().starts_with("struct<"));
    let day = columns.iter().find(|c| c["name"] == "eventday").unwrap();
    assert_eq!(day["partition"], true);
}

#[test]
fn a_table_that_is_not_there_offers_the_nearest() {
    let stderr = Home::new().run_on_demo(&["tables", "vpc_flwo"]).fails(1);
    assert_holds(&stderr, &["vpc_flwo", "vpc_flow"]);
}

#[test]
fn the_lake_may_stand_before_the_subcommand_and_in_a_profile() {
    let home = Home::new();
    let lake = demo_lake().display().to_string();
    let expected = home.run_on_demo(&["tables"]).ok();
    assert_eq!(home.run(&["--lake", &lake, "tables"]).ok(), expected);
    home.write(
        "config.toml",
        format!("default_profile = 'evidence'\n[profiles.evidence]\nlake = '{lake}'\n"),
    );
    assert_eq!(home.run(&["tables"]).ok(), expected);
    assert_eq!(
        home.run(&["tables", "--profile", "evidence"]).ok(),
        expected
    );
}

#[test]
fn a_profile_on_aws_without_credentials_says_how_to_get_some() {
    let home = Home::new();
    home.write(
        "config.toml",
        "[profiles.prod]\nregion = 'us-east-1'\naws_profile = 'ir'\n",
    );
    home.write("aws/config", "[profile ir]\nregion = us-east-1\n");
    let run = |name: &str| {
        let mut command = home.command(&["tables", "--profile", name]);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("AWS_") {
                command.env_remove(variable);
            }
        }
        command
            .env("AWS_CONFIG_FILE", home.path("aws/config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.path("aws/credentials"))
            // The chain's last link asks an address that only a machine on AWS has.
            .env("AWS_EC2_METADATA_DISABLED", "true");
        Run::of(command.output().unwrap())
    };
    let stderr = run("prod").fails(1);
    assert_holds(&stderr, &["credentials", "hint:", "ir"]);
    let stderr = run("prd").fails(1);
    assert_holds(&stderr, &["`prd`", "did you mean `prod`?"]);
}

#[test]
fn a_default_profile_that_cannot_be_read_is_no_licence_to_guess() {
    let home = Home::new();
    home.write("config.toml", "default_profile = prod\n");
    let stderr = home.run(&["tables"]).fails(1);
    assert_holds(&stderr, &["config.toml:1", "default profile", "hint:"]);
    assert!(!home.path("data").exists(), "a lake was made on a guess");
}

#[test]
fn a_lake_that_is_not_there_or_no_folder_is_a_failure() {
    let home = Home::new();
    home.write("file", "");
    let stderr = home.run(&["tables", "--lake", "nowhere"]).fails(1);
    assert_holds(&stderr, &["nowhere", "hint:"]);
    let stderr = home.run(&["tables", "--lake", "file"]).fails(1);
    assert_holds(&stderr, &["file is no folder"]);
}

#[test]
fn a_lake_and_a_profile_together_are_wrong_usage() {
    let stderr = Home::new()
        .run(&["tables", "--lake", ".", "--profile", "x"])
        .fails(2);
    assert_holds(&stderr, &["--lake", "--profile"]);
}

#[test]
fn an_empty_lake_has_the_documented_tables() {
    let home = Home::new();
    std::fs::create_dir(home.path("empty")).unwrap();
    let run = home.run(&["tables", "--lake", "empty"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_holds(&run.stdout, &["cloud_trail_mgmt", "vpc_flow"]);
}

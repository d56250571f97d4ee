use std::path::Path;

use super::*;

/// Parses a text and gives the problems as lines, without the folder of the file.
fn parse(text: &str) -> (Config, Vec<String>) {
    let (config, problems) = Config::parse(Path::new("c.toml"), text);
    (config, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn every_section_of_the_contract_is_read() {
    let (config, problems) = parse(
        r#"
default_profile = "prod"
zone = "europe/berlin"
[profiles.prod]
region = "us-east-1"
aws_profile = "security"
role_arn = "arn:aws:iam::111122223333:role/ir"
external_id = "x"
session_name = "s"
mfa_serial = "m"
workgroup = "ir"
output_location = "s3://ir-results/lakehound/"
databases = ["amazon_security_lake_glue_db_us_east_1"]
endpoint_url = "http://127.0.0.1:4566"
budget_usd = 5
query_budget_usd = 0.5
read_only = true
[profiles.prod.aliases]
cloud_trail_mgmt = "sl_links.cloudtrail_mgmt"
[profiles.prod.containment]
role_arn = "arn:aws:iam::111122223333:role/ir-contain"
[profiles.evidence]
lake = "/srv/lake"
[feed]
sources = ["sqs:https://sqs.us-east-1.amazonaws.com/1/q", "dir:/n"]
bell = "high"
[keys]
quit = "ctrl-q"
"results.find" = ["/", "ctrl-f"]
[theme]
name = "light"
"#,
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(config.zone, chrono_tz::Europe::Berlin);
    let prod = &config.profiles["prod"];
    assert_eq!(prod.budget_usd, Some(5.0));
    assert_eq!(prod.query_budget_usd, Some(0.5));
    assert!(prod.read_only);
    assert_eq!(prod.aliases["cloud_trail_mgmt"], "sl_links.cloudtrail_mgmt");
    assert!(prod.containment.is_some());
    assert_eq!(
        config.profiles["evidence"].lake.as_deref(),
        Some(Path::new("/srv/lake"))
    );
    assert_eq!(config.feed.sources.len(), 2);
    assert_eq!(
        (config.feed.bell.as_deref(), config.feed.notify),
        (Some("high"), None)
    );
    assert_eq!(config.keys["quit"], ["ctrl-q"]);
    assert_eq!(config.key_lines["quit"], 28);
    assert_eq!(config.keys["results.find"], ["/", "ctrl-f"]);
    assert_eq!(config.theme.name, "light");
    assert!(!config.default_profile_unreadable);
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    let (config, _) = parse(
        "default_profile = 'a'\nzone = 'Asia/Tokyo'\n[profiles.a]\nlake = '/x'\n[keys]\nquit = 'q'\n[feed]\nsources = 'dir:/n'\n",
    );
    let (again, problems) = parse(&config.to_toml().unwrap());
    assert_eq!(problems, Vec::<String>::new());
    let lines_aside = Config {
        key_lines: config.key_lines.clone(),
        ..again
    };
    assert_eq!(lines_aside, config);
}

#[test]
fn an_unknown_key_gives_line_and_nearest_name_and_the_rest_counts() {
    let (config, problems) = parse("zome = 'UTC'\n[theme]\nname = 'light'\nsise = 3\n");
    assert_eq!(
        problems,
        [
            "c.toml:1: unknown key `zome`; did you mean `zone`?",
            "c.toml:4: unknown key `theme.sise`; known here: name",
        ]
    );
    assert_eq!(config.theme.name, "light");
}

#[test]
fn a_wrong_type_gives_its_line_and_leaves_the_default() {
    let (config, problems) =
        parse("zone = 3\n[profiles.p]\nregion = 'r'\nbudget_usd = -1\nread_only = 'yes'\n");
    assert_eq!(
        problems,
        [
            "c.toml:1: `zone` must be a string",
            "c.toml:4: `profiles.p.budget_usd` must be a number of zero or more",
            "c.toml:5: `profiles.p.read_only` must be true or false",
        ]
    );
    assert_eq!(config.zone, chrono_tz::UTC);
    assert_eq!(config.profiles["p"].region.as_deref(), Some("r"));
}

#[test]
fn the_webhook_is_described_without_its_key() {
    let (config, problems) = parse(
        "[feed.webhook]\nheader = 'x-hook'\ncert = '/c.pem'\npaths = ['/a', 'b', '/c d']\n\
         api_key = 'hush'\npublic_url = 'ftp://h'\nbody_bytes = -1\n",
    );
    assert_eq!(
        problems,
        [
            "c.toml:4: `feed.webhook.paths` must hold paths of a URL: `b` is none; a path begins with / and has no space, such as /lakehound",
            "c.toml:4: `feed.webhook.paths` must hold paths of a URL: `/c d` is none; a path begins with / and has no space, such as /lakehound",
            "c.toml:5: `feed.webhook.api_key` is a secret and is not read; remove it: credentials come from the AWS SDK's own files and variables",
            "c.toml:6: `feed.webhook.public_url` must begin with https://",
            "c.toml:7: `feed.webhook.body_bytes` must be a number of zero or more",
        ]
    );
    let webhook = &config.feed.webhook;
    assert_eq!(webhook.header.as_deref(), Some("x-hook"));
    assert_eq!(webhook.paths, ["/a"]);
    let (again, problems) = parse(&config.to_toml().unwrap());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(&again.feed, &config.feed);
}

#[test]
fn data_locations_are_places_on_s3_and_anything_else_is_a_fault() {
    let (config, problems) = parse(
        "[profiles.p]\nregion = 'r'\ndata_locations = ['s3://lake-a/', 'lake-b', 's3://lake-c/x']\n",
    );
    assert_eq!(
        problems,
        [
            "c.toml:3: `profiles.p.data_locations` must hold places such as s3://bucket/: `lake-b` is none"
        ]
    );
    assert_eq!(
        config.profiles["p"].data_locations,
        ["s3://lake-a/", "s3://lake-c/x"]
    );
}

#[test]
fn a_broken_line_is_named_and_the_rest_still_counts() {
    let (config, problems) =
        parse("zone = 'Asia/Tokyo'\nthis is not toml\n[theme]\nname = 'light'\n");
    assert!(
        problems[0].starts_with("c.toml:2: this is no TOML"),
        "{problems:?}"
    );
    assert_eq!(config.zone, chrono_tz::Asia::Tokyo);
    assert_eq!(config.theme.name, "light");
}

#[test]
fn a_default_profile_that_cannot_be_read_is_marked() {
    for text in [
        "default_profile = 3\n",
        "default_profile = \"prod\n[feed]\n",
        "default_profile\n",
    ] {
        let (config, problems) = parse(text);
        assert!(config.default_profile_unreadable, "{text}");
        assert!(!problems.is_empty(), "{text}");
    }
    assert!(
        !parse("# default_profile = 'x'\n")
            .0
            .default_profile_unreadable
    );
}

#[test]
fn a_secret_is_named_and_never_kept() {
    let (config, problems) =
        parse("[profiles.p]\naws_secret_access_key = 'TOPSECRET'\nregion = 'r'\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("c.toml:2"), "{problems:?}");
    assert!(!problems[0].contains("TOPSECRET"), "{problems:?}");
    assert!(!config.to_toml().unwrap().contains("TOPSECRET"));
}

#[test]
fn wrong_values_are_named() {
    let (_, problems) = parse(
        "zone = 'Europe/Berlim'\n[feed]\nsources = ['ftp:x']\n[profiles.p]\nrole_arn = 'me'\noutput_location = 'x'\n",
    );
    let (_, more) = parse("[feed]\ntitle = 'loud'\n");
    assert!(
        more[0].contains("c.toml:2: `loud` is no severity"),
        "{more:?}"
    );
    let all = problems.join("\n");
    for wanted in [
        "c.toml:1: there is no time zone `Europe/Berlim`; did you mean `Europe/Berlin`",
        "c.toml:3: `ftp:x` is no source of notifications",
        "c.toml:5: `profiles.p.role_arn` is no ARN of a role",
        "c.toml:6: `profiles.p.output_location` must begin with s3://",
    ] {
        assert!(all.contains(wanted), "{wanted}\nin\n{all}");
    }
}

#[test]
fn the_template_sets_nothing_and_every_line_of_it_is_right() {
    assert_eq!(parse(TEMPLATE), (Config::default(), Vec::new()));
    let awake: String = TEMPLATE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") => rest,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let (config, problems) = parse(&awake);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(config.profiles.len(), 2);
}

#[test]
fn own_content_adds_and_replaces_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("saved-queries/team");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("mine.sql"), "SELECT 1").unwrap();
    std::fs::write(own.join("README.md"), "no query").unwrap();
    std::fs::write(own.join("broken.sql"), b"SELECT\n\xff").unwrap();
    let (files, problems) = content(ContentKind::SavedQueries, folder.path());
    let mine = files.iter().find(|f| f.name == "team/mine.sql").unwrap();
    assert_eq!(mine.stem(), "mine");
    assert_eq!(mine.origin, Origin::Own(own.join("mine.sql")));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].line, Some(2));
}

#[test]
fn a_configuration_that_is_not_there_is_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let (config, problems) = load(&folder.path().join("none.toml"));
    assert_eq!((config, problems), (Config::default(), Vec::new()));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]a-z=\"' \n.#\\\\0-9]{0,120}") {
        let lines = text.lines().count().max(1) + 1;
        let (_, problems) = Config::parse(Path::new("c"), &text);
        for problem in problems {
            proptest::prop_assert!(problem.line.unwrap_or(1) <= lines);
        }
    }
}

#[test]
fn a_condition_with_a_fault_is_left_out_for_it_would_tell_of_more() {
    let (config, problems) = parse(
        "[feed.conditions.good]\nlevel = 'high'\naccounts = '111122223333'\nclasses = ['6003']\n\
         where = \"api.operation = 'StopLogging'\"\n\
         [feed.conditions.bad]\nregions = ['us-east-1']\nclasses = ['calls']\n\
         [feed.conditions.worse]\nseverity = 'loud'\n\
         [feed.conditions.all]\nlevel = 'low'\n",
    );
    let names: Vec<&String> = config.feed.conditions.keys().collect();
    assert_eq!(names, ["good"], "{problems:?}");
    let good = config.feed.conditions["good"].named("good");
    assert_eq!(
        (
            good.level.name(),
            good.accounts.as_slice(),
            good.classes.as_slice()
        ),
        (
            "high",
            ["111122223333".to_owned()].as_slice(),
            [6003].as_slice()
        )
    );
    assert!(good.predicate.is_some());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[2].contains("would tell of every event"), "{told:?}");
    assert!(told[0].contains("`calls` is no class of OCSF"), "{told:?}");
    assert!(told[1].contains("`loud` is no severity"), "{told:?}");
    let (again, _) = parse(&config.to_toml().unwrap());
    assert_eq!(again.feed, config.feed);
}

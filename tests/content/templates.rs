//! Saved queries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lakehound::config::{ContentFile, ContentKind, content};
use lakehound::domain::lake::Source;
use lakehound::domain::template::Library;
use lakehound::sql::lint::lint;
use lakehound::sql::parameters::Literal;

use crate::lake::{EVENTS, Lake, Table};

fn files() -> Vec<ContentFile> {
    content(ContentKind::SavedQueries, Path::new("")).0
}

fn library() -> Library {
    let files = files();
    Library::read(
        files
            .iter()
            .map(|file| (file.name.as_str(), file.text.as_str())),
    )
}

#[test]
fn every_file_is_a_template_named_like_its_file() {
    let files = files();
    let library = library();
    assert_eq!(library.problems, vec![]);
    assert!(library.templates.len() >= 40);
    let names: BTreeSet<&str> = library.templates.iter().map(|t| t.name.as_str()).collect();
    let stems: BTreeSet<&str> = files.iter().map(ContentFile::stem).collect();
    assert_eq!(names, stems);
}

#[test]
fn every_template_says_what_it_is_for() {
    const CLASSES: [u32; 9] = [2002, 2003, 2004, 3001, 3002, 4001, 4002, 4003, 6003];
    for template in library().templates {
        let name = &template.name;
        assert!(
            template.purpose.ends_with('.'),
            "{name}: a purpose is a sentence"
        );
        assert!(!template.classes.is_empty(), "{name}");
        assert!(
            template.classes.iter().all(|class| CLASSES.contains(class)),
            "{name}"
        );
        assert!(!template.tables.is_empty(), "{name}");
        for table in &template.tables {
            let source: Source = table.parse().unwrap_or_else(|()| panic!("{name}: {table}"));
            assert!(
                template.sql.contains(&format!("_{}_2_0", source.alias())),
                "{name} does not read {table}"
            );
        }
        for parameter in &template.parameters {
            assert!(!parameter.help.is_empty(), "{name}: {}", parameter.name);
            assert!(
                parameter.default_text.is_some(),
                "{name}: {}",
                parameter.name
            );
        }
        for always in ["from", "to"] {
            assert!(
                template.parameters.iter().any(|p| p.name == always),
                "{name}: {always}"
            );
        }
    }
}

#[test]
fn no_template_makes_a_mistake_that_the_hints_know() {
    for file in files() {
        assert_eq!(lint(&file.text), vec![], "{}", file.name);
    }
}

/// Runs a template over the whole time of the lake.
fn run(name: &str, values: &[(&str, &str)]) -> Table {
    run_on(Lake::get(), name, values)
}

fn run_on(lake: &Lake, name: &str, values: &[(&str, &str)]) -> Table {
    let library = library();
    let template = library
        .get(name)
        .unwrap_or_else(|| panic!("no template {name}"));
    let mut given: BTreeMap<String, String> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    given.insert("from".to_owned(), lake.scenario.from.to_rfc3339());
    given.insert("to".to_owned(), lake.scenario.until.to_rfc3339());
    let bound = template.bind(&given, &lake.context()).unwrap();
    let literals = bound
        .literals
        .into_iter()
        .map(Literal::into_string)
        .collect();
    lake.run(&bound.sql, literals)
        .unwrap_or_else(|error| panic!("{name}: {error} at {:?}", error.position))
}

#[test]
fn every_template_runs_as_it_stands_and_with_the_lakes_time() {
    let lake = Lake::get();
    let mut failed = Vec::new();
    for template in library().templates {
        if let Err(error) = lake.run(&template.sql, Vec::new()) {
            failed.push(format!(
                "{}: {error} at {:?}",
                template.name, error.position
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn beacons_are_found_in_a_lake_of_the_default_size_with_little_memory() {
    let lake = Lake::make(None, 128 << 20);
    assert!(!run_on(&lake, "beacons", &[]).rows.is_empty());
}

#[test]
fn every_template_without_an_example_finds_rows() {
    // What so small a lake need not have, and the incident has not.
    const RARE: [&str; 11] = [
        "console-logins-without-mfa",
        "eks-anonymous",
        "eks-exec",
        "first-seen-user-agents",
        "new-users-and-roles",
        "nxdomain-bursts",
        "policy-changes",
        "root-use",
        "security-group-changes",
        "sessions-from-many-addresses",
        "snapshot-sharing",
    ];
    let library = library();
    let empty: Vec<&str> = library
        .templates
        .iter()
        .filter(|template| !template.parameters.iter().any(|p| p.is_example()))
        .map(|template| template.name.as_str())
        .filter(|name| !RARE.contains(name) && run(name, &[]).rows.is_empty())
        .collect();
    assert_eq!(empty, Vec::<&str>::new());
}

#[test]
fn the_answers_of_the_scenario_are_found() {
    let lake = Lake::get();
    let network = lake
        .part("outside address")
        .rsplit_once('.')
        .unwrap()
        .0
        .to_owned()
        + ".0/24";
    // Template, its parameter and the part that it is asked about, the parts that it must find.
    let asked: &[(&str, &str, &str, &[&str])] = &[
        (
            "api-by-access-key",
            "access_key",
            "leaked access key",
            &["outside address"],
        ),
        (
            "api-by-access-key",
            "access_key",
            "second session key",
            &["bucket"],
        ),
        (
            "api-by-principal",
            "principal",
            "compromised user",
            &["outside address", "second access key"],
        ),
        (
            "api-by-ip",
            "ip",
            "outside address",
            &["leaked access key", "second session key", "bucket"],
        ),
        (
            "access-key-summary",
            "access_key",
            "leaked access key",
            &["outside address", "compromised user"],
        ),
        (
            "access-keys-from-new-address",
            "",
            "",
            &["leaked access key", "outside address"],
        ),
        (
            "principals-of-ip",
            "ip",
            "outside address",
            &[
                "leaked access key",
                "second access key",
                "first session key",
                "second session key",
            ],
        ),
        (
            "s3-bucket-readers",
            "bucket",
            "bucket",
            &["outside address", "second session key"],
        ),
        (
            "s3-outside-addresses",
            "",
            "",
            &["outside address", "bucket"],
        ),
        ("s3-anonymous-reads", "", "", &["outside address", "bucket"]),
        (
            "s3-by-principal",
            "principal",
            "second role",
            &["bucket", "outside address"],
        ),
        (
            "s3-denied",
            "",
            "",
            &["compromised user", "outside address"],
        ),
        (
            "assumed-roles",
            "role",
            "second role",
            &["first session key", "second session key"],
        ),
        (
            "role-chain",
            "access_key",
            "second access key",
            &[
                "first role",
                "first session key",
                "second role",
                "second session key",
            ],
        ),
        (
            "key-of-session",
            "access_key",
            "second session key",
            &["first session key", "second role", "outside address"],
        ),
        (
            "denied-calls-by-principal",
            "",
            "",
            &["compromised user", "outside address"],
        ),
        ("denied-calls", "", "", &["outside address"]),
        (
            "reconnaissance",
            "",
            "",
            &["leaked access key", "outside address"],
        ),
        (
            "new-access-keys",
            "",
            "",
            &["second access key", "compromised user"],
        ),
        (
            "bucket-policy-changes",
            "",
            "",
            &["bucket", "second session key"],
        ),
        (
            "trail-tampering",
            "",
            "",
            &["second session key", "outside address"],
        ),
        ("first-seen-networks", "", "", &["compromised user"]),
        (
            "flows-with-address",
            "ip",
            "command server",
            &["build host"],
        ),
        (
            "flows-of-instance",
            "instance",
            "build host",
            &["command server"],
        ),
        (
            "large-outbound-transfers",
            "",
            "",
            &["command server", "build host"],
        ),
        ("rejected-flows", "", "", &["outside address"]),
        ("port-scans", "", "", &["outside address"]),
        ("beacons", "", "", &["command server", "build host"]),
        ("dns-by-host", "host", "build host", &["command domain"]),
        (
            "dns-by-domain",
            "domain",
            "command domain",
            &["build host", "command server"],
        ),
        ("rare-domains", "", "", &["command domain", "build host"]),
        (
            "dns-resolved-to-address",
            "ip",
            "command server",
            &["command domain", "build host"],
        ),
        ("waf-by-address", "ip", "outside address", &[]),
        ("waf-scanners", "", "", &["outside address"]),
        (
            "entity-timeline",
            "entity",
            "outside address",
            &["leaked access key"],
        ),
    ];
    let mut missed = Vec::new();
    for (name, parameter, role, found) in asked {
        let value = if role.is_empty() { "" } else { lake.part(role) };
        let values: &[(&str, &str)] = if role.is_empty() {
            &[]
        } else {
            &[(parameter, value)]
        };
        let table = run(name, values);
        if table.rows.is_empty() {
            missed.push(format!("{name} of the {role} found nothing"));
        }
        for role in *found {
            if !table.mentions(lake.part(role)) {
                missed.push(format!(
                    "{name} missed the {role} in {} rows",
                    table.rows.len()
                ));
            }
        }
    }
    let table = run("api-by-network", &[("network", &network)]);
    if !table.mentions(lake.part("leaked access key")) {
        missed.push("api-by-network".to_owned());
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_stolen_object_is_listed() {
    let lake = Lake::get();
    let keys: BTreeSet<&str> = lake
        .scenario
        .stolen_objects
        .iter()
        .map(|o| o.key.as_str())
        .collect();
    for (name, parameter, role) in [
        ("s3-objects-by-time", "bucket", "bucket"),
        ("s3-objects-by-size", "bucket", "bucket"),
        ("s3-objects-by-count", "bucket", "bucket"),
        ("s3-reads-of-address", "ip", "outside address"),
    ] {
        let table = run(name, &[(parameter, lake.part(role))]);
        let listed: BTreeSet<&str> = table.column("object_key").into_iter().collect();
        assert!(
            keys.is_subset(&listed),
            "{name} lists {} of {}",
            listed.len(),
            keys.len()
        );
    }
}

#[test]
fn every_finding_of_the_incident_is_listed() {
    let lake = Lake::get();
    let new = run("new-findings", &[]);
    let listed: BTreeSet<&str> = new.column("finding").into_iter().collect();
    assert!(
        lake.scenario
            .findings
            .iter()
            .all(|uid| listed.contains(uid.as_str()))
    );
    let about_bucket = run("findings-of-resource", &[("resource", lake.part("bucket"))]);
    assert!(about_bucket.mentions("Exfiltration:S3/AnomalousBehavior"));
    let with_address = run(
        "findings-with-address",
        &[("ip", lake.part("outside address"))],
    );
    assert!(with_address.mentions("Exfiltration:S3/AnomalousBehavior"));
}

#[test]
fn the_volume_by_hour_adds_up_to_the_region() {
    let lake = Lake::get();
    let table = run("volume-by-hour", &[]);
    let events = |column: Vec<&str>| {
        column
            .iter()
            .map(|n| n.parse::<usize>().unwrap())
            .sum::<usize>()
    };
    let counted: usize = Source::ALL
        .iter()
        .map(|source| {
            let sql = format!("SELECT count(*) AS n FROM {source} WHERE region = 'us-east-1'");
            events(lake.run(&sql, Vec::new()).unwrap().column("n"))
        })
        .sum();
    assert_eq!(events(table.column("events")), counted);
    assert!(counted > EVENTS / 2);
}

#[test]
fn the_timeline_names_every_kind_of_part() {
    let lake = Lake::get();
    // One of each kind: the other parts take the same ways through the statement.
    let mut kinds = BTreeSet::new();
    let entities = lake.scenario.entities.iter();
    for entity in entities.filter(|entity| kinds.insert(entity.kind.as_str())) {
        let table = run("entity-timeline", &[("entity", &entity.value)]);
        assert!(!table.rows.is_empty(), "{} {}", entity.role, entity.value);
        let times = table.column("time_dt");
        assert!(times.is_sorted(), "{}", entity.role);
        assert!(table.rows.len() as u64 <= entity.events, "{}", entity.role);
    }
}

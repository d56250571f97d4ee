//! Entity extraction against answer keys: the demo lake against what it was generated from, records
//! written here against a key beside them, and, where `LAKEHOUND_SAMPLES` names their folder, sample
//! files of AWS against `samples.key`. Each prints a table of what was found, missed and wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::pivot_tables;
use lakehound::domain::entity::{Entity, EntityType, extract};
use lakehound::domain::query::{QueryId, QueryRequest};
use lakehound::ports::{Catalog, QueryService, RunControl};
use sha2::{Digest, Sha256};

use crate::lake::Lake;

/// Entities as type and value.
type Named = BTreeSet<(EntityType, String)>;

fn pairs(found: Vec<extract::Found>) -> impl Iterator<Item = (EntityType, String)> {
    found.into_iter().map(|f| (f.entity.kind, f.entity.value))
}

/// Whether a type that was found answers for one of the key: roles and sessions are principals.
fn answers(found: EntityType, key: EntityType) -> bool {
    found.covers(key) || key.covers(found)
}

/// What was found, missed and wrong, for each type of the key.
fn score(found: &Named, key: &Named) -> BTreeMap<EntityType, [Named; 3]> {
    let has = |set: &Named, (kind, value): &(EntityType, String)| {
        EntityType::ALL
            .into_iter()
            .filter(|other| answers(*other, *kind))
            .any(|other| set.contains(&(other, value.clone())))
    };
    let mut scores: BTreeMap<EntityType, [Named; 3]> = BTreeMap::new();
    for pair in key {
        let place = usize::from(!has(found, pair));
        scores.entry(pair.0).or_default()[place].insert(pair.clone());
    }
    for pair in found.iter().filter(|pair| !has(key, pair)) {
        scores.entry(pair.0).or_default()[2].insert(pair.clone());
    }
    scores
}

fn print(title: &str, scores: &BTreeMap<EntityType, [Named; 3]>) {
    println!("{title}");
    for (kind, [found, missed, wrong]) in scores {
        let (found, missed_count, wrong_count) = (found.len(), missed.len(), wrong.len());
        println!("  {kind:<12} found {found:>6}  missed {missed_count:>3}  wrong {wrong_count:>3}");
        for (what, set) in [("missed", missed), ("wrong", wrong)] {
            for (_, value) in set.iter().take(5) {
                println!("      {what}: {value}");
            }
        }
    }
}

fn assert_nothing_missed_or_wrong(scores: &BTreeMap<EntityType, [Named; 3]>) {
    for (kind, [_, missed, wrong]) in scores {
        assert_eq!(
            (missed.len(), wrong.len()),
            (0, 0),
            "{kind}: {missed:?} {wrong:?}"
        );
    }
}

const TABLES: [&str; 8] = [
    "cloud_trail_mgmt",
    "s3_data",
    "lambda_execution",
    "eks_audit",
    "sh_findings",
    "vpc_flow",
    "route53",
    "waf",
];

/// Types of which the lake's key is complete, and where their values lie: tables and expressions.
/// Written down from the generator's columns, not from the rules that are tested.
const KEY: &[(&str, &[&str], &str)] = &[
    ("ip", &["vpc_flow"], "src_endpoint.ip"),
    ("ip", &["vpc_flow"], "dst_endpoint.ip"),
    (
        "ip",
        &[
            "route53",
            "cloud_trail_mgmt",
            "s3_data",
            "lambda_execution",
            "eks_audit",
            "waf",
        ],
        "src_endpoint.ip",
    ),
    (
        "ip",
        &["route53"],
        "element_at(filter(answers, a -> a.type = 'A'), 1).rdata",
    ),
    (
        "ip",
        &["route53"],
        "element_at(filter(answers, a -> a.type = 'A'), 2).rdata",
    ),
    (
        "ip",
        &["sh_findings"],
        "element_at(evidences, 1).actor.src_endpoint.ip",
    ),
    (
        "access-key",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "actor.user.credential_uid",
    ),
    (
        "access-key",
        &["cloud_trail_mgmt"],
        "session.credential_uid",
    ),
    (
        "access-key",
        &["cloud_trail_mgmt"],
        "json_extract_scalar(api.response.data, '$.accessKey.accessKeyId')",
    ),
    (
        "access-key",
        &["sh_findings"],
        "element_at(filter(resources, r -> r.type = 'AwsIamAccessKey'), 1).uid",
    ),
    ("domain", &["route53"], "rtrim(query.hostname, '.')"),
    (
        "domain",
        &["route53"],
        "rtrim(element_at(filter(answers, a -> a.type = 'CNAME'), 1).rdata, '.')",
    ),
    ("domain", &["waf"], "http_request.url.hostname"),
    (
        "domain",
        &["waf"],
        "regexp_extract(http_request.user_agent, '[a-z]+://([a-z0-9.-]+)', 1)",
    ),
    (
        "domain",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "src_endpoint.domain",
    ),
    (
        "domain",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "actor.invoked_by",
    ),
    (
        "user-agent",
        &[
            "cloud_trail_mgmt",
            "s3_data",
            "lambda_execution",
            "eks_audit",
            "waf",
        ],
        "http_request.user_agent",
    ),
    ("finding", &["sh_findings"], "finding_info.uid"),
    ("account", &TABLES, "accountid"),
    (
        "account",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "actor.user.account.uid",
    ),
    (
        "account",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "element_at(unmapped, 'recipientAccountId')",
    ),
    (
        "session",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "CASE WHEN actor.user.uid LIKE '%:assumed-role/%' THEN actor.user.uid END",
    ),
    (
        "session",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "CASE WHEN actor.user.uid_alt LIKE 'AROA%:%' THEN actor.user.uid_alt END",
    ),
    ("session", &["cloud_trail_mgmt"], "session.uid"),
    ("session", &["cloud_trail_mgmt"], "session.uid_alt"),
    (
        "role",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "actor.session.issuer",
    ),
    ("role", &["cloud_trail_mgmt"], "session.issuer"),
    (
        "principal",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "CASE WHEN actor.user.uid LIKE '%:user/%' THEN actor.user.uid END",
    ),
    (
        "principal",
        &["cloud_trail_mgmt", "s3_data", "lambda_execution"],
        "CASE WHEN actor.user.uid_alt LIKE 'AIDA%' THEN actor.user.uid_alt END",
    ),
    (
        "principal",
        &[
            "cloud_trail_mgmt",
            "s3_data",
            "lambda_execution",
            "eks_audit",
        ],
        "actor.user.name",
    ),
    (
        "resource",
        &["vpc_flow", "route53"],
        "src_endpoint.instance_uid",
    ),
    ("resource", &["vpc_flow", "route53"], "src_endpoint.vpc_uid"),
    ("resource", &["vpc_flow"], "src_endpoint.interface_uid"),
    (
        "resource",
        &["s3_data"],
        "element_at(unmapped, 'requestParameters.bucketName')",
    ),
    (
        "resource",
        &["s3_data"],
        "element_at(filter(resources, r -> r.type = 'AWS::S3::Object'), 1).uid",
    ),
    (
        "resource",
        &["lambda_execution"],
        "element_at(resources, 1).uid",
    ),
];

/// Types of which everything that the lake names is in the key, so that what is found beyond is
/// wrong. Of the rest the lake tells more than the key writes down.
const COMPLETE: [EntityType; 7] = [
    EntityType::Ip,
    EntityType::AccessKey,
    EntityType::Domain,
    EntityType::UserAgent,
    EntityType::Finding,
    EntityType::Account,
    EntityType::Cidr,
];

#[test]
fn the_demo_lake_gives_what_it_was_made_from() {
    let lake = Lake::get();
    let mut found = Named::new();
    let mut by_row: Vec<(String, Named)> = Vec::new();
    for table in TABLES {
        for batch in lake.batches(&format!("SELECT * FROM {table}")) {
            for row in 0..batch.num_rows() {
                let named: Named = pairs(extract::row(&batch, &[], row)).collect();
                let mut text = String::new();
                write_texts(&batch, row, &mut text);
                found.extend(named.iter().cloned());
                by_row.push((text, named));
            }
        }
    }
    let mut key = Named::new();
    for (kind, tables, expression) in KEY {
        let kind: EntityType = kind.parse().unwrap();
        for table in *tables {
            let sql =
                format!("SELECT DISTINCT {expression} FROM {table} WHERE {expression} IS NOT NULL");
            let rows = lake.run(&sql, vec![]).unwrap().rows;
            // The lake spells addresses of version 6 in another way.
            let spelled = |text: &str| match text.parse::<std::net::IpAddr>() {
                Ok(address) => address.to_string(),
                Err(_) => text.to_owned(),
            };
            key.extend(rows.into_iter().map(|row| (kind, spelled(&row[0]))));
        }
    }
    let mut scores = score(&found, &key);
    for (kind, [_, _, wrong]) in &mut scores {
        if !COMPLETE.contains(kind) {
            wrong.clear();
        }
    }
    print("demo lake", &scores);
    assert_nothing_missed_or_wrong(&scores);

    // Row by row: who took part is found in every row that names them.
    for part in &lake.scenario.entities {
        let kind: EntityType = part.kind.parse().unwrap();
        let value = Entity::parse(kind, &part.value).unwrap().value;
        let naming = by_row.iter().filter(|(text, _)| text.contains(&part.value));
        let (mut rows, mut seen) = (0_u64, 0_u64);
        for (_, named) in naming {
            rows += 1;
            let fits = named
                .iter()
                .any(|(other, name)| answers(*other, kind) && *name == value);
            seen += u64::from(fits);
        }
        println!(
            "  {:<20} named in {rows:>5} rows, found in {seen:>5}",
            part.role
        );
        assert_eq!(
            (rows, seen),
            (part.events, part.events),
            "{} {value}",
            part.role
        );
    }
}

/// All texts of a row, end to end.
fn write_texts(batch: &arrow::array::RecordBatch, row: usize, out: &mut String) {
    use lakehound::domain::cell::Cell;
    fn walk(cell: &Cell<'_>, out: &mut String) {
        match cell {
            Cell::Text(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Cell::Struct(fields) => fields.iter().for_each(|(_, cell)| walk(&cell, out)),
            Cell::List(list) => list.iter().for_each(|cell| walk(&cell, out)),
            Cell::Map(map) => map.iter().for_each(|(_, cell)| walk(&cell, out)),
            _ => {}
        }
    }
    for column in batch.columns() {
        walk(&Cell::of(column.as_ref(), row), out);
    }
}

/// Raw CloudTrail records as CloudTrail writes them, and what they name.
#[test]
fn raw_records_give_what_they_name() {
    let records = serde_json::json!([
        {
            "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
            "sourceIPAddress": "203.0.113.40", "userAgent": "aws-cli/2.31.4",
            "recipientAccountId": "210987654321",
            "userIdentity": {"type": "IAMUser", "accountId": "210987654321",
                "arn": "arn:aws:iam::210987654321:user/deploy", "principalId": "AIDAEXAMPLEDEPLOYUSER",
                "accessKeyId": "AKIAEXAMPLEDEPLOY001", "userName": "deploy"},
            "requestParameters": {"roleArn": "arn:aws:iam::210987654321:role/ship", "roleSessionName": "run-7"},
            "responseElements": {
                "credentials": {"accessKeyId": "ASIAEXAMPLESESSION01", "sessionToken": "AKIAEXAMPLENOTAKEY01"},
                "assumedRoleUser": {"arn": "arn:aws:sts::210987654321:assumed-role/ship/run-7",
                    "assumedRoleId": "AROAEXAMPLESHIPROLE01:run-7"}},
            "tlsDetails": {"clientProvidedHostHeader": "sts.us-east-1.amazonaws.com"}
        },
        {
            "eventSource": "ec2.amazonaws.com", "eventName": "AuthorizeSecurityGroupIngress",
            "sourceIPAddress": "cloudformation.amazonaws.com", "userAgent": "cloudformation.amazonaws.com",
            "errorMessage": "You (arn:aws:sts::210987654321:assumed-role/ship/run-7) may not touch sg-0a1b2c3d4e5f60718.",
            "requestParameters": {"groupId": "sg-0a1b2c3d4e5f60718", "ipPermissions": {"items": [
                {"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "198.51.100.0/24"}]},
                 "ipv6Ranges": {"items": [{"cidrIpv6": "2001:DB8::/32"}]}}]}}
        }
    ]);
    let named = |pairs: &[(EntityType, &str)]| -> Named {
        pairs
            .iter()
            .map(|(kind, value)| (*kind, (*value).to_owned()))
            .collect()
    };
    use EntityType::*;
    let key = named(&[
        (Ip, "203.0.113.40"),
        (UserAgent, "aws-cli/2.31.4"),
        (UserAgent, "cloudformation.amazonaws.com"),
        (Account, "210987654321"),
        (Principal, "arn:aws:iam::210987654321:user/deploy"),
        (Principal, "AIDAEXAMPLEDEPLOYUSER"),
        (Principal, "deploy"),
        (AccessKey, "AKIAEXAMPLEDEPLOY001"),
        (Role, "arn:aws:iam::210987654321:role/ship"),
        (Session, "run-7"),
        (AccessKey, "ASIAEXAMPLESESSION01"),
        (Session, "arn:aws:sts::210987654321:assumed-role/ship/run-7"),
        (Session, "AROAEXAMPLESHIPROLE01:run-7"),
        (Principal, "AROAEXAMPLESHIPROLE01"),
        (Domain, "sts.us-east-1.amazonaws.com"),
        (Domain, "cloudformation.amazonaws.com"),
        (Resource, "sg-0a1b2c3d4e5f60718"),
        (Cidr, "198.51.100.0/24"),
        (Cidr, "2001:db8::/32"),
    ]);
    let found: Named = records
        .as_array()
        .unwrap()
        .iter()
        .map(extract::json)
        .flat_map(pairs)
        .collect();
    let scores = score(&found, &key);
    print("records", &scores);
    assert_nothing_missed_or_wrong(&scores);
}

/// `LAKEHOUND_SAMPLES=FOLDER` adds sample files that others wrote, which are no part of the project:
/// CloudTrail records as JSON, objects of Security Lake as Parquet. The key holds marks of the
/// values, not the values. Without the folder the key itself is read.
#[test]
fn sample_files_give_what_the_key_says() {
    let mut keys: BTreeMap<&str, BTreeSet<(EntityType, String)>> = BTreeMap::new();
    for line in include_str!("samples.key")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let mut words = line.split(' ');
        let (Some(file), Some(kind), Some(mark)) = (words.next(), words.next(), words.next())
        else {
            panic!("a line of the key: {line}");
        };
        let kind = kind.parse().unwrap();
        keys.entry(file)
            .or_default()
            .insert((kind, mark.to_owned()));
    }
    assert_eq!(keys.len(), 16, "the key knows its files");
    let Ok(folder) = std::env::var("LAKEHOUND_SAMPLES") else {
        return;
    };
    let mut all = Vec::new();
    for (file, key) in &keys {
        let path = Path::new(&folder).join(file);
        let found = match path.extension().is_some_and(|end| end == "json") {
            true => of_json(&path),
            false => of_parquet(&path),
        };
        let marked: Named = found
            .iter()
            .map(|(kind, value)| (*kind, mark(value)))
            .collect();
        let scores = score(&marked, key);
        print(file, &scores);
        for (kind, value) in &found {
            if scores
                .values()
                .any(|[_, _, wrong]| wrong.contains(&(*kind, mark(value))))
            {
                println!("    beyond the key: {kind} {value}");
            }
        }
        all.push(scores);
    }
    all.iter().for_each(assert_nothing_missed_or_wrong);
}

fn mark(value: &str) -> String {
    let digest = Sha256::digest(value.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn of_json(path: &Path) -> Named {
    let text = std::fs::read_to_string(path).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let records = document.get("Records").unwrap_or(&document);
    let records = records.as_array().unwrap();
    records.iter().map(extract::json).flat_map(pairs).collect()
}

fn of_parquet(path: &PathBuf) -> Named {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(path, folder.path().join("sample.gz.parquet")).unwrap();
    let engine = Engine::open(EngineOptions {
        lake: folder.path().into(),
        memory_bytes: 256 << 20,
        threads: 1,
        spill_dir: None,
    })
    .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let tables = pivot_tables(&engine.tables().await.unwrap(), false);
        let mut found = Named::new();
        for table in tables {
            let request = QueryRequest::new(QueryId(1), format!("SELECT * FROM {}", table.name));
            let mut running = engine.start(request, RunControl::default()).await.unwrap();
            while let Some(batch) = running.batches.next().await {
                let batch = batch.unwrap();
                for row in 0..batch.num_rows() {
                    found.extend(pairs(extract::row(&batch, &running.columns, row)));
                }
            }
        }
        found
    })
}

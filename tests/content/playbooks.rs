//! Playbooks.

use std::collections::BTreeMap;
use std::path::Path;

use lakehound::config::{ContentKind, content};
use lakehound::domain::playbook::{Block, Check, Language, Playbook, Stage, StepKind};
use lakehound::sql::lint::lint;
use lakehound::sql::placeholders::fill;

use crate::lake::Lake;

fn playbooks() -> Vec<Playbook> {
    let (files, _) = content(ContentKind::Playbooks, Path::new(""));
    files
        .iter()
        .map(|file| Playbook::parse(&file.name, &file.text))
        .collect()
}

#[test]
fn every_playbook_is_recognised_whole() {
    let playbooks = playbooks();
    assert!(playbooks.len() >= 3);
    assert!(Check::of(&playbooks, Vec::new()).ok);
    for playbook in &playbooks {
        let name = &playbook.file_name;
        assert_eq!(playbook.warnings, vec![], "{name}");
        for stage in Stage::ALL {
            assert!(
                playbook.phases.iter().any(|p| p.stage == Some(stage)),
                "{name}: {stage}"
            );
        }
        // The ids of CSF 2.0 are printed beside each stage.
        for phase in &playbook.phases {
            assert!(
                phase.title.contains('(') && phase.title.ends_with(')'),
                "{}",
                phase.title
            );
        }
        assert!(playbook.metadata.len() >= 3, "{name}");
        assert!(playbook.finding_types.len() >= 8, "{name}");
        assert!(playbook.steps().count() >= 25, "{name}");
        assert!(
            playbook
                .steps()
                .any(|step| step.kind == StepKind::Condition),
            "{name}"
        );
        let count = |language| playbook.blocks().filter(|b| b.language == language).count();
        assert!(count(Language::Sql) >= 8, "{name}");
        assert!(count(Language::Command) >= 3, "{name}");
        assert_eq!(count(Language::Other), 0, "{name}");
    }
}

#[test]
fn playbooks_are_found_by_their_findings() {
    let playbooks = playbooks();
    let answering = |finding: &str| {
        let found = playbooks
            .iter()
            .filter(|playbook| playbook.answers(finding));
        found
            .map(|playbook| playbook.file_name.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        answering("Exfiltration:S3/AnomalousBehavior"),
        vec!["s3-data-access.md"]
    );
    assert_eq!(
        answering("UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom"),
        vec!["iam-credential-compromise.md"]
    );
    assert_eq!(
        answering("Backdoor:EC2/C&CActivity.B!DNS"),
        vec!["ec2-compromise.md"]
    );
}

#[test]
fn every_query_belongs_to_a_step_and_makes_no_known_mistake() {
    for playbook in playbooks() {
        let of_steps = playbook
            .steps()
            .flat_map(|step| step.blocks())
            .filter(|block| block.language == Language::Sql)
            .count();
        let all: Vec<&Block> = playbook
            .blocks()
            .filter(|block| block.language == Language::Sql)
            .collect();
        assert_eq!(of_steps, all.len(), "{}", playbook.file_name);
        for block in all {
            let values: BTreeMap<String, String> = BTreeMap::new();
            assert_eq!(fill(&block.text, &block.placeholders, &values), block.text);
            assert_eq!(
                lint(&block.text),
                vec![],
                "{}:{}",
                playbook.file_name,
                block.lines.start
            );
        }
    }
}

#[test]
fn every_query_runs_once_it_is_filled_in() {
    let lake = Lake::get();
    let format = "%Y-%m-%d %H:%M:%S";
    let values: BTreeMap<String, String> = [
        ("start-time", lake.scenario.from.format(format).to_string()),
        ("end-time", lake.scenario.until.format(format).to_string()),
        ("bucket-name", lake.part("bucket").to_owned()),
        ("ip-address", lake.part("outside address").to_owned()),
        ("access-key-id", lake.part("second session key").to_owned()),
        ("principal-arn", lake.part("compromised user").to_owned()),
        ("instance-id", lake.part("build host").to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let mut failed = Vec::new();
    let mut empty = Vec::new();
    for playbook in playbooks() {
        for block in playbook
            .blocks()
            .filter(|block| block.language == Language::Sql)
        {
            let place = format!("{}:{}", playbook.file_name, block.lines.start);
            let query = fill(&block.text, &block.placeholders, &values);
            assert!(
                !query.contains('<') || query.contains("<="),
                "{place} is not filled: {query}"
            );
            match lake.run(&query, Vec::new()) {
                Err(error) => failed.push(format!("{place}: {error} at {:?}", error.position)),
                Ok(table) if table.rows.is_empty() => empty.push((place, query)),
                Ok(_) => {}
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // The thief only reads: every other question about the bucket has an answer in this lake.
    let of_bucket: Vec<&str> = empty
        .iter()
        .filter(|(place, query)| {
            place.starts_with("s3-data-access") && !query.contains("CompleteMultipart")
        })
        .map(|(place, _)| place.as_str())
        .collect();
    assert_eq!(of_bucket, Vec::<&str>::new());
}

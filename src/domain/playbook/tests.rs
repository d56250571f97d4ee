use super::*;
use proptest::prelude::*;

const NEW_STYLE: &str = r#"# Unwanted reads

> **Version:** 1.0
> **Status:** `Active`

> ⚠️ **Note:** one line is a remark

## Overview

### Applicable Finding Types

| Source | Finding type | Severity |
|---|---|---|
| Amazon GuardDuty | `Exfiltration:S3/AnomalousBehavior` | HIGH |
| CloudTrail | Many `GetObject` calls | — |

## Part 1 — Prepare

> **Goal:** be ready

- [ ] **Trail** covers data events
- [x] Roles exist

## Part 2 — Detect & Analyse

### 2.1 Scope

- [ ] Who read?

```sql
SELECT * FROM s3_data WHERE bucket = '<bucket-name>'
```

#### If the reader is outside:

- [ ] Find its key

```bash
aws iam get-access-key-last-used --access-key-id $KEY
```

### 2.2 Detected elsewhere

- [ ] Ask

## Part 3 — Contain

**Step 1: Close the bucket**

- **If it is public:** block public access
- **If a principal reads:** deny it

## Part 5 — Post-Incident Activity

1. Write down
    1. what happened
    2. when

## Appendix A — Detection notes

See [docs](https://example.com).
"#;

fn steps(playbook: &Playbook) -> Vec<(StepKind, &str)> {
    playbook
        .steps()
        .map(|step| (step.kind, step.text.as_str()))
        .collect()
}

#[test]
fn the_new_style_is_read_whole() {
    use StepKind::*;
    let playbook = Playbook::parse("x.md", NEW_STYLE);
    assert_eq!(playbook.title, "Unwanted reads");
    assert_eq!(
        playbook.metadata[1],
        ("Status".to_owned(), "Active".to_owned())
    );
    assert_eq!(playbook.finding_types.len(), 2);
    assert!(playbook.answers("Exfiltration:S3/AnomalousBehavior"));
    assert!(!playbook.answers("Exfiltration:S3/Anomalous"));
    let stages: Vec<Option<Stage>> = playbook.phases.iter().map(|p| p.stage).collect();
    assert_eq!(stages, Stage::ALL.map(Some).to_vec());
    assert_eq!(
        steps(&playbook),
        vec![
            (Task, "Trail covers data events"),
            (Task, "Roles exist"),
            (Task, "Who read?"),
            (Condition, "If the reader is outside:"),
            (Task, "Find its key"),
            (Task, "Ask"),
            (Titled, "Step 1: Close the bucket"),
            (Condition, "If it is public: block public access"),
            (Condition, "If a principal reads: deny it"),
            (Numbered, "Write down"),
            (Numbered, "what happened"),
            (Numbered, "when"),
        ]
    );
    assert!(playbook.warnings.is_empty(), "{:?}", playbook.warnings);
    assert_eq!(playbook.links[0].target, "https://example.com");
    assert!(playbook.steps().any(|step| step.done));
}

#[test]
fn code_belongs_to_the_step_before_it() {
    let playbook = Playbook::parse("x.md", NEW_STYLE);
    let of = |text: &str| {
        let step = playbook.steps().find(|step| step.text == text).unwrap();
        step.blocks().map(|b| b.language).collect::<Vec<_>>()
    };
    assert_eq!(of("Who read?"), vec![Language::Sql]);
    assert_eq!(of("Find its key"), vec![Language::Command]);
    assert_eq!(playbook.placeholder_names(), vec!["bucket-name", "key"]);
    let sections: Vec<Option<&str>> = playbook.phases[1]
        .sections
        .iter()
        .map(|section| section.title.as_deref())
        .collect();
    assert_eq!(
        sections,
        vec![Some("2.1 Scope"), Some("2.2 Detected elsewhere")]
    );
}

#[test]
fn the_old_style_has_numbered_steps_below_parts_of_a_process() {
    let text = "# T\n\n## **Process**\n\n### **Part 1**: Acquire evidence\n\n#### For any\n1. One\n1. Two\n    - detail\n\n### **Part 2**: Contain\n\n1. Three\n    1. Inside\n";
    let playbook = Playbook::parse("x.md", text);
    let stages: Vec<Option<Stage>> = playbook.phases.iter().map(|p| p.stage).collect();
    assert_eq!(
        stages,
        vec![
            Some(Stage::DetectionAnalysis),
            Some(Stage::ContainmentEradicationRecovery)
        ]
    );
    assert_eq!(playbook.steps().count(), 4);
    assert_eq!(
        playbook.steps().nth(1).unwrap().contents,
        vec![Content::Text("• detail".to_owned())]
    );
}

#[test]
fn tags_put_steps_into_their_stage_and_fences_are_guessed() {
    let text = "# T\n\n## Steps\n\n1. [**PREPARATION**] Switch on logs\n1. [**CONTAINMENT**] Deny\n\n    ```\n    aws iam delete-access-key --access-key-id <key>\n    ```\n1. [**PREPARATION**] Train\n";
    let playbook = Playbook::parse("x.md", text);
    assert_eq!(playbook.phases.len(), 2);
    assert_eq!(playbook.phases[0].steps().count(), 2);
    let block = playbook.blocks().next().unwrap();
    assert!(block.guessed);
    assert_eq!(block.language, Language::Command);
}

#[test]
fn without_stages_every_numbered_item_is_a_step() {
    let playbook = Playbook::parse("x.md", "# T\n\n## Things\n\n1. One\n2. Two\n");
    assert_eq!(playbook.steps().count(), 2);
    assert!(playbook.warnings[0].message.contains("names a stage"));
    assert!(!CheckedPlaybook::of(&playbook).ok);
}

#[test]
fn what_is_broken_is_named_with_its_line() {
    let playbook = Playbook::parse(
        "x.md",
        "## Part 1 — Prepare\n\n- [ ] a\n\n## Part 2 — Zzz\n\n```\nfree text\n",
    );
    let lines: Vec<usize> = playbook.warnings.iter().map(|w| w.line).collect();
    assert_eq!(lines, vec![1, 5, 7, 7]);
    let empty = Playbook::parse("x.md", "");
    assert_eq!(empty.title, "x.md");
    assert!(!Check::of([&empty], Vec::new()).ok);
}

#[test]
fn a_step_keeps_its_id_while_the_file_changes_elsewhere() {
    let before = Playbook::parse("x.md", NEW_STYLE);
    let edited = NEW_STYLE
        .replace(
            "## Overview",
            "## Introduction\n\nNew words.\n\n## Overview",
        )
        .replace(
            "- [x] Roles exist",
            "- [ ] Something new\n- [ ] Roles   exist",
        );
    let after = Playbook::parse("x.md", &edited);
    for step in before.steps() {
        let found = after.step(&step.id).unwrap();
        assert_eq!(found.kind, step.kind);
    }
    assert_eq!(after.steps().count(), before.steps().count() + 1);
}

#[test]
fn equal_steps_have_different_ids() {
    let playbook = Playbook::parse("x.md", "# T\n## Prepare\n- [ ] a\n- [ ] a\n");
    let ids: Vec<String> = playbook.steps().map(|step| step.id.to_string()).collect();
    assert_eq!(ids[1], format!("{}-2", ids[0]));
}

#[test]
fn the_summary_is_one_json_document_with_a_verdict() {
    let json =
        serde_json::to_value(Check::of([&Playbook::parse("x.md", NEW_STYLE)], Vec::new())).unwrap();
    assert_eq!(json["ok"], true);
    assert_eq!(json["playbooks"][0]["queries"], 1);
    assert_eq!(json["playbooks"][0]["phases"][0]["csf"][0], "GV");
}

fn markdown_like() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "# T\n",
        "## Part 1 — Prepare\n",
        "## Part 2 — Detect\n",
        "### If x:\n",
        "#### Sub\n",
        "- [ ] task\n",
        "  - [x] inner\n",
        "1. one\n",
        "    1. deep\n",
        "- **If a:** b\n",
        "**Step 1: do**\n",
        "```sql\n",
        "```\n",
        "SELECT '<x>'\n",
        "> **Goal:** g\n",
        "| Source | Finding |\n|---|---|\n| a | b |\n",
        "\n",
        "text\n",
        "\t\n",
        "---\n",
        "<table>\n",
        "1. [**CONTAINMENT**] c\n",
        "    indented\n",
        "\r\n",
        "[l](u)\n",
    ]);
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_line_is_kept_and_belongs_to_one_element(
        source in prop_oneof![markdown_like(), any::<String>()],
    ) {
        let playbook = Playbook::parse("x.md", &source);
        prop_assert_eq!(&playbook.source, &source);
        let mut next = 1;
        for element in &playbook.elements {
            prop_assert_eq!(element.lines.start, next);
            prop_assert!(element.lines.end > next);
            next = element.lines.end;
        }
        prop_assert_eq!(next, source.split_inclusive('\n').count() + 1);
    }

    #[test]
    fn no_task_is_lost_and_every_id_is_its_own(source in markdown_like()) {
        let playbook = Playbook::parse("x.md", &source);
        let mut ids: Vec<&StepId> = playbook.steps().map(|step| &step.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), count);
        let (nodes, _) = markdown::parse(&source);
        prop_assert_eq!(
            playbook.steps().filter(|step| step.kind == StepKind::Task).count(),
            tasks(&nodes)
        );
    }
}

/// Task items with a text, outside quotes.
fn tasks(nodes: &[markdown::Node]) -> usize {
    nodes
        .iter()
        .filter(|node| node.kind != markdown::NodeKind::Quote)
        .map(|node| {
            let own = matches!(node.kind, markdown::NodeKind::Item { task: Some(_) })
                && !node.lead().is_empty();
            usize::from(own) + tasks(&node.children)
        })
        .sum()
}

#[test]
fn nesting_without_end_is_read_and_keeps_its_text() {
    let deep = format!("# t\n## Part 1\n{}the end\n", "- ".repeat(20_000));
    let playbook = Playbook::parse("deep.md", &deep);
    let quotes = format!("# t\n{}the end\n", "> ".repeat(20_000));
    let quoted = Playbook::parse("quotes.md", &quotes);
    assert!(format!("{playbook:?}").contains("the end"));
    assert!(format!("{quoted:?}").contains("the end"));
}

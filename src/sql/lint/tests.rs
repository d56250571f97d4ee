use super::*;
use proptest::prelude::*;

fn rules(text: &str) -> Vec<(Rule, &str, Option<String>)> {
    lint(text)
        .into_iter()
        .map(|hint| (hint.rule, &text[hint.range], hint.replacement))
        .collect()
}

const WHEN: &str = "time_dt > CURRENT_TIMESTAMP - INTERVAL '1' DAY";

#[test]
fn a_sound_query_has_no_hints() {
    let text = format!(
        "SELECT actor.user.uid, count(*) FROM db.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0 \
         WHERE {WHEN} AND status = 'Failure' AND src_endpoint.ip IN ('192.0.2.1') GROUP BY 1"
    );
    assert_eq!(rules(&text), vec![]);
}

#[test]
fn a_table_without_a_time_predicate_is_named() {
    assert_eq!(
        rules("SELECT time_dt FROM vpc_flow"),
        vec![(Rule::NoTimePredicate, "vpc_flow", None)]
    );
    assert_eq!(
        rules("SELECT time FROM t_vpc_flow_1_0 WHERE eventday = '20260101'"),
        vec![]
    );
    assert_eq!(rules("SELECT a FROM watch_list"), vec![]);
}

#[test]
fn a_star_is_named_but_not_a_count() {
    let text = format!("SELECT * FROM waf WHERE {WHEN}");
    assert_eq!(rules(&text), vec![(Rule::SelectStar, "*", None)]);
    let text = format!("SELECT count(*) FROM waf WHERE {WHEN}");
    assert_eq!(rules(&text), vec![]);
}

#[test]
fn literals_that_equal_nothing_are_replaced() {
    for (predicate, rule, wrong, right) in [
        (
            "ip = '192.0.2.1.'",
            Rule::TrailingDot,
            "'192.0.2.1.'",
            Some("'192.0.2.1'"),
        ),
        (
            "status = 'failed'",
            Rule::StatusSpelling,
            "'failed'",
            Some("'Failure'"),
        ),
        (
            "t.status IN ('Success', 'FAILURE')",
            Rule::StatusSpelling,
            "'FAILURE'",
            Some("'Failure'"),
        ),
        (
            "connection_info.direction = 'ingress'",
            Rule::DirectionSpelling,
            "'ingress'",
            Some("'Inbound'"),
        ),
        (
            "actor.user.credential_uid = 'AIDACKCEVSQ6C2EXAMPLE'",
            Rule::UniqueIdAsKey,
            "'AIDACKCEVSQ6C2EXAMPLE'",
            None,
        ),
    ] {
        let text = format!("SELECT a FROM vpc_flow WHERE {WHEN} AND {predicate}");
        assert_eq!(
            rules(&text),
            vec![(rule, wrong, right.map(str::to_owned))],
            "{predicate}"
        );
    }
}

#[test]
fn eventday_wants_eight_digits() {
    let on = "SELECT time FROM t_route53_1_0 WHERE eventday";
    for (predicate, wrong, right) in [
        (">= '2026010112'", "'2026010112'", "'20260101'"),
        (
            "BETWEEN '20260101' AND '2026-01-02'",
            "'2026-01-02'",
            "'20260102'",
        ),
        (
            ">= date_format(current_timestamp, '%Y%m%d%H')",
            "'%Y%m%d%H'",
            "'%Y%m%d'",
        ),
    ] {
        assert_eq!(
            rules(&format!("{on} {predicate}")),
            vec![(Rule::EventDayText, wrong, Some(right.to_owned()))]
        );
    }
}

#[test]
fn columns_of_the_other_version_are_replaced() {
    let text = format!("SELECT actor.user.uuid, mfa AS mfa FROM s3_data WHERE {WHEN}");
    assert_eq!(
        rules(&text),
        vec![
            (
                Rule::OldColumn,
                "actor.user.uuid",
                Some("actor.user.uid".to_owned())
            ),
            (Rule::OldColumn, "mfa", Some("is_mfa".to_owned())),
        ]
    );
    assert_eq!(
        rules("SELECT finding_info.uid FROM t_sh_findings_1_0 WHERE eventday = '20260101'"),
        vec![(
            Rule::NewColumn,
            "finding_info.uid",
            Some("finding.uid".to_owned())
        )]
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        text in prop_oneof![
            any::<String>(),
            "(SELECT |FROM |vpc_flow|WHERE |eventday|=|'x'|IN|\\(|,|AND |BETWEEN |\\*|\\.|;){0,25}",
        ],
    ) {
        for hint in lint(&text) {
            prop_assert!(text.get(hint.range).is_some());
        }
    }
}

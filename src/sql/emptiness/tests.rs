use chrono::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::domain::coverage::{SeenObject, Stretch};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 10, 12, 0, 0).unwrap()
}

/// Flows of one account, an object an hour from the 3rd to the 9th, but for the 6th.
fn coverage() -> Coverage {
    let objects = (0..7 * 24).filter(|hour| hour / 24 != 3).map(|hour| {
        let from =
            Utc.with_ymd_and_hms(2026, 1, 3, 0, 0, 0).unwrap() + chrono::TimeDelta::hours(hour);
        SeenObject {
            stretch: Stretch {
                source: "vpc_flow".into(),
                account: "000000000012".into(),
                region: "us-east-1".into(),
            },
            day: Some(from.date_naive()),
            span: Some((from, from + chrono::TimeDelta::minutes(59))),
            bytes: 1,
            rows: Some(100),
        }
    });
    Coverage::of(objects, true)
}

/// The explanation without asking, in one line.
fn given(sql: &str) -> String {
    let coverage = coverage();
    let question = Question {
        sql,
        now: now(),
        coverage: Some(&coverage),
        paid: false,
    };
    let told = judge(&question, &Answers::default());
    match told.ok().filter(|told| told.cause != Cause::Unknown) {
        None => "asks".to_owned(),
        Some(told) => {
            let corrected = told.correction.map(|c| format!(" → {}", c.sql));
            format!("{}{}", told.cause, corrected.unwrap_or_default())
        }
    }
}

#[test]
fn what_needs_no_question_is_told_at_once() {
    for (filter, wanted) in [
        ("waf", "not collected"),
        (
            "vpc_flow_1_0 v",
            "not collected → SELECT 1 FROM vpc_flow_2_0 v",
        ),
        (
            "amazon_security_lake_glue_db_eu_west_1.amazon_security_lake_table_eu_west_1_vpc_flow_2_0",
            "not collected",
        ),
        ("vpc_flow WHERE accountid = '999999999999'", "not collected"),
        (
            "vpc_flow WHERE accountid = '12'",
            "cannot match → SELECT 1 FROM vpc_flow WHERE accountid = '000000000012'",
        ),
        (
            "vpc_flow WHERE region = 'US-EAST-1'",
            "cannot match → SELECT 1 FROM vpc_flow WHERE region = 'us-east-1'",
        ),
        (
            "vpc_flow WHERE eventday = '20260101'",
            "no data for that time",
        ),
        (
            "vpc_flow WHERE eventday = '20260110'",
            "no data for that time",
        ),
        (
            "vpc_flow WHERE eventday = '20260106'",
            "no data for that time",
        ),
        (
            "vpc_flow WHERE eventday = '2026-01-05'",
            "cannot match → SELECT 1 FROM vpc_flow WHERE eventday = '20260105'",
        ),
        (
            "vpc_flow WHERE eventday BETWEEN '2026010500' AND '2026010523'",
            "cannot match → SELECT 1 FROM vpc_flow WHERE eventday BETWEEN '20260105' AND '20260105'",
        ),
        (
            "vpc_flow WHERE time_dt > DATE '2026-01-05' AND time_dt < DATE '2026-01-04'",
            "type or time slip → SELECT 1 FROM vpc_flow WHERE time_dt > DATE '2026-01-04' AND time_dt < DATE '2026-01-05'",
        ),
        (
            "vpc_flow WHERE time_dt > now() + INTERVAL '1' HOUR",
            "type or time slip",
        ),
        (
            "vpc_flow WHERE time >= 1767571200 AND time < 1767657600",
            "type or time slip → SELECT 1 FROM vpc_flow WHERE time >= 1767571200 * 1000 AND time < 1767657600 * 1000",
        ),
        (
            "vpc_flow WHERE eventday = '20260105' AND time_dt < DATE '2026-01-04'",
            "type or time slip → SELECT 1 FROM vpc_flow WHERE (time_dt < DATE '2026-01-04')",
        ),
        (
            "vpc_flow WHERE lower(status) = 'Success'",
            "cannot match → SELECT 1 FROM vpc_flow WHERE lower(status) = 'success'",
        ),
        ("vpc_flow WHERE status = 'x' LIMIT 0", "filtered away"),
        (
            "vpc_flow WHERE eventday = '20260105' AND status = 'x'",
            "asks",
        ),
        ("vpc_flow", "asks"),
        ("nowhere", "asks"),
    ] {
        assert_eq!(
            given(&format!("SELECT 1 FROM {filter}")),
            wanted,
            "{filter}"
        );
    }
}

/// Judges with answers by the purpose of each probe; gives the explanation and the statements.
fn asked(
    sql: &str,
    coverage: Option<&Coverage>,
    paid: bool,
    answer: impl Fn(&Probe) -> Result<Cells, String>,
) -> (Explanation, Vec<String>) {
    let question = Question {
        sql,
        now: now(),
        coverage,
        paid,
    };
    let mut answers = Answers::default();
    let mut statements = Vec::new();
    loop {
        match judge(&question, &answers) {
            Ok(told) => return (told, statements),
            Err(probe) => {
                assert!(statements.len() < MOST_PROBES, "it ends: {statements:?}");
                let given = answer(&probe);
                statements.push(probe.sql.clone());
                answers.add(&probe, given);
            }
        }
    }
}

fn row(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|value| Some((*value).to_owned()))
        .collect()
}

const BOUNDED: &str = "SELECT a FROM vpc_flow v WHERE time_dt >= DATE '2026-01-04' AND \
                       v.status = 'failed' AND connection_info.direction = 'Inbound'";

#[test]
fn a_value_written_otherwise_is_found_and_put_right() {
    let coverage = coverage();
    let (told, statements) = asked(BOUNDED, Some(&coverage), false, |probe| {
        Ok(match probe.purpose {
            "look whether the condition holds at another time" => vec![row(&["0"])],
            "look which values there are instead" => {
                vec![row(&["Failure", "3"]), row(&["Success", "9"])]
            }
            _ => vec![row(&["100", "0", "40", "0"])],
        })
    });
    assert_eq!(told.cause, Cause::CannotMatch, "{told:?}");
    assert_eq!(
        told.nearest[0].to_string(),
        "near: Failure (the word for it here, 3 rows)"
    );
    assert_eq!(
        told.correction.unwrap().sql,
        BOUNDED.replace("failed", "Failure")
    );
    assert_eq!(told.probes, 3);
    assert_eq!(
        statements[0],
        "SELECT count(*), count_if((v.status = 'failed')), \
         count_if((connection_info.direction = 'Inbound')), \
         count_if((v.status = 'failed') AND (connection_info.direction = 'Inbound')) \
         FROM vpc_flow v WHERE (time_dt >= DATE '2026-01-04')"
    );
}

#[test]
fn conditions_that_exclude_each_other_are_named() {
    let (told, _) = asked(BOUNDED, None, true, |_| {
        Ok(vec![row(&["100", "5", "40", "0"])])
    });
    assert_eq!(told.cause, Cause::Filtered);
    assert!(
        told.evidence
            .iter()
            .any(|line| line == "`v.status = 'failed'` alone: 5 rows")
    );
    let without = told.correction.unwrap().sql;
    assert!(
        without.ends_with("WHERE (time_dt >= DATE '2026-01-04')\n  AND (v.status = 'failed')"),
        "{without}"
    );
}

#[test]
fn on_a_lake_that_is_paid_for_nothing_is_asked_without_a_bound() {
    let sql = "SELECT a FROM vpc_flow WHERE status = 'failed'";
    let (told, statements) = asked(sql, None, true, |_| Ok(Vec::new()));
    assert_eq!((told.cause, statements.len()), (Cause::Unknown, 0));
    let (_, statements) = asked(BOUNDED, None, true, |probe| match probe.purpose {
        "look which values there are instead" => Ok(vec![row(&["x", "1"])]),
        _ => Ok(vec![row(&["9", "0", "0", "0"])]),
    });
    assert!(!statements.is_empty());
    for statement in statements {
        assert!(
            statement.contains("time_dt >= DATE '2026-01-04'"),
            "{statement}"
        );
    }
}

#[test]
fn days_around_an_empty_window_tell_what_is_missing() {
    let sql = "SELECT a FROM t WHERE time_dt >= DATE '2026-01-04' AND time_dt < DATE '2026-01-05'";
    for (before, after, cause) in [
        ("9", "0", Cause::OutsideData),
        ("0", "9", Cause::OutsideData),
        ("0", "0", Cause::OutsideData),
        ("9", "9", Cause::Quiet),
    ] {
        let (told, statements) = asked(sql, None, true, |probe| {
            Ok(match probe.purpose {
                "count the rows of the days around the window" => vec![row(&[before, after])],
                _ => vec![row(&["0"])],
            })
        });
        assert_eq!(told.cause, cause, "{before} {after}");
        assert!(
            statements[1].contains("TIMESTAMP '2026-01-01 00:00:00.000'"),
            "{statements:?}"
        );
    }
}

#[test]
fn objects_without_a_row_are_a_matter_of_rights() {
    let mut seen = Coverage::default();
    for (_, series) in coverage().series() {
        assert!(series.objects > 0);
    }
    seen.add(&SeenObject {
        stretch: Stretch {
            source: "vpc_flow".into(),
            account: "1".into(),
            region: "r".into(),
        },
        day: now().date_naive().pred_opt(),
        span: None,
        bytes: 1,
        rows: None,
    });
    let sql = "SELECT a FROM vpc_flow WHERE eventday = '20260109'";
    let (told, _) = asked(sql, Some(&seen), true, |_| Ok(vec![row(&["0"])]));
    assert_eq!(told.cause, Cause::Filtered);
    assert!(
        told.evidence
            .iter()
            .any(|line| line.contains("Lake Formation"))
    );
}

#[test]
fn a_query_inside_is_explained_where_it_is_empty() {
    let sql = "WITH x AS (SELECT * FROM vpc_flow WHERE time_dt >= DATE '2026-01-04' AND status = 'no') \
               SELECT * FROM x WHERE a = 1";
    let (told, statements) = asked(sql, None, false, |probe| {
        Ok(match probe.purpose {
            "look which values there are instead" => vec![row(&["Success", "9"])],
            _ if probe.sql.contains("FROM x") => vec![row(&["0", "0"])],
            _ if probe.sql.contains("count_if") => vec![row(&["50", "0"])],
            _ => vec![row(&["0"])],
        })
    });
    assert_eq!(told.cause, Cause::CannotMatch, "{told:?}");
    assert!(statements[0].starts_with("WITH x AS ("), "{statements:?}");
}

#[test]
fn a_probe_that_fails_is_told_and_not_repeated() {
    let (told, statements) = asked(BOUNDED, None, false, |_| Err("no rights".to_owned()));
    assert_eq!(told.cause, Cause::Unknown);
    assert!(told.evidence.iter().any(|line| line.contains("no rights")));
    assert_eq!(statements.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn judging_ends_whatever_the_statement_and_the_answers(
        sql in "SELECT a FROM (t|vpc_flow|x JOIN y ON x.a = y.a|\\(SELECT b FROM z WHERE c = 'q'\\) s)( WHERE (a = 'é'|time_dt > now\\(\\)|b LIKE '%x'|eventday = '1'|NOT c)( AND (a = 1|time < 5|b IN \\('x', 'y'\\)|\\(a = 1 OR b = 2\\))){0,3})?( LIMIT [0-9])?",
        numbers in prop::collection::vec(0_u64..3, 1..8),
        paid in any::<bool>(),
    ) {
        let cells: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let coverage = coverage();
        let (told, _) = asked(&sql, Some(&coverage), paid, |_| Ok(vec![row(&cells)]));
        prop_assert!(!told.told.is_empty());
        if let Some(correction) = told.correction {
            prop_assert_ne!(correction.sql, sql);
        }
    }
}

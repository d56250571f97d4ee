use proptest::prelude::*;

use super::*;
use crate::domain::detection::{Detection, ObjectName};
use crate::domain::entity::Entity;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_359_200 + second, 0).unwrap()
}

fn detection() -> Detection {
    Detection {
        cause: Cause::Finding("UnauthorizedAccess:IAMUser/NewCountry".into()),
        title: "Key used from a new country".into(),
        severity: "High".into(),
        reason: "its sender's".into(),
        entity: Some(Entity::parse(EntityType::Role, "deploy").unwrap()),
        others: Vec::new(),
        time: Some(at(0)),
        seen: at(9),
        account: Some("000011112222".into()),
        region: None,
        operation: Some("GetObject".into()),
        class: Some(2004),
        object: ObjectName {
            bucket: "b".into(),
            key: "k".into(),
        },
        row: 0,
        event: "{}".into(),
    }
}

fn query(parameters: &[(&str, &str)]) -> Work {
    let parameters = parameters.iter();
    Work::Query {
        name: "q".into(),
        parameters: parameters
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    }
}

fn trigger(when: When, work: Work) -> Trigger {
    Trigger {
        name: "t".into(),
        when,
        work: vec![work],
        most_per_hour: 2,
    }
}

fn judged(trigger: &Trigger) -> Verdict {
    trigger.judge(&Subject::from(&detection()), &mut Pace::default(), at(10))
}

#[test]
fn everything_that_is_asked_has_to_be_so() {
    let list = |text: &str| vec![text.to_owned()];
    let met = [
        When::default(),
        When {
            severity: Some("high".into()),
            ..When::default()
        },
        When {
            findings: list("unauthorizedaccess:*"),
            ..When::default()
        },
        // Causes are one list: a rule may fit, or a finding.
        When {
            rules: list("r"),
            findings: list("Un*"),
            ..When::default()
        },
        When {
            entities: vec![EntityType::Principal],
            ..When::default()
        },
        When {
            accounts: list("000011112222"),
            operations: list("Get*"),
            ..When::default()
        },
    ];
    for when in met {
        let verdict = judged(&trigger(when.clone(), Work::Playbook("p".into())));
        assert_eq!(
            verdict,
            Verdict::Starts(vec![Work::Playbook("p".into())]),
            "{when:?}"
        );
    }
    let unmet = [
        (
            When {
                severity: Some("Critical".into()),
                ..When::default()
            },
            "severity",
        ),
        (
            When {
                rules: list("UnauthorizedAccess:*"),
                ..When::default()
            },
            "another rule",
        ),
        (
            When {
                findings: list("Unauthorized"),
                ..When::default()
            },
            "another rule",
        ),
        (
            When {
                entities: vec![EntityType::Session],
                ..When::default()
            },
            "entity",
        ),
        (
            When {
                accounts: list("111122223333"),
                ..When::default()
            },
            "account",
        ),
        (
            When {
                regions: list("*"),
                ..When::default()
            },
            "region",
        ),
        (
            When {
                operations: list("Put*"),
                accounts: list("0*"),
                ..When::default()
            },
            "operation",
        ),
    ];
    for (when, says) in unmet {
        match judged(&trigger(when, Work::Notify(Notice::Bell))) {
            Verdict::Unmet(reason) => assert!(reason.contains(says), "{reason}"),
            other => panic!("{says}: {other:?}"),
        }
    }
}

#[test]
fn an_item_is_judged_once_when_it_is_opened_or_has_so_many() {
    let asks = |count| When {
        severity: Some("Low".into()),
        count,
        ..When::default()
    };
    for (asked, before, count, starts) in [
        (None, 0, 1, true),
        (None, 0, 50, true),
        (None, 1, 2, false),
        (Some(3), 0, 2, false),
        (Some(3), 2, 3, true),
        (Some(3), 0, 9, true),
        (Some(3), 3, 9, false),
        (Some(1), 0, 1, true),
    ] {
        let subject = Subject {
            before,
            count,
            ..Subject::from(&detection())
        };
        let trigger = trigger(asks(asked), query(&[("n", "{count}")]));
        let verdict = trigger.judge(&subject, &mut Pace::default(), at(10));
        let started = Verdict::Starts(vec![query(&[("n", &count.to_string())])]);
        assert_eq!(
            verdict == started,
            starts,
            "{asked:?} {before} {count}: {verdict:?}"
        );
    }
}

#[test]
fn parameters_take_what_the_detection_says_and_nothing_that_it_does_not() {
    let work = query(&[
        ("who", "{entity}"),
        ("text", "{operation} in {account} at {time} {"),
    ]);
    let filled = query(&[
        ("who", "deploy"),
        (
            "text",
            "GetObject in 000011112222 at 2026-03-01T10:00:00.000Z {",
        ),
    ]);
    assert_eq!(
        judged(&trigger(When::default(), work)),
        Verdict::Starts(vec![filled])
    );
    let lacks = trigger(When::default(), query(&[("where", "{region}")]));
    assert_eq!(judged(&lacks), Verdict::Lacks("region"));
    assert_eq!(check_placeholders("{entity} {title}"), Ok(()));
    let unknown = check_placeholders("{entity} {command}").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no placeholder {command}");
}

#[test]
fn what_is_put_in_is_not_looked_at_again() {
    let mut hostile = detection();
    hostile.title = "{account} '; DROP TABLE x --".into();
    let trigger = trigger(When::default(), query(&[("t", "{title}")]));
    let verdict = trigger.judge(&Subject::from(&hostile), &mut Pace::default(), at(0));
    assert_eq!(
        verdict,
        Verdict::Starts(vec![query(&[("t", &hostile.title)])])
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_hour_has_more_starts_than_agreed(waits in prop::collection::vec(0i64..2_000, 1..60), most in 0u32..5) {
        let trigger = Trigger { most_per_hour: most, ..trigger(When::default(), Work::Playbook("p".into())) };
        let (mut pace, mut now, mut starts) = (Pace::default(), 0, Vec::<i64>::new());
        for wait in waits {
            now += wait;
            match trigger.judge(&Subject::from(&detection()), &mut pace, at(now)) {
                Verdict::Starts(_) => starts.push(now),
                Verdict::TooOften(again) => prop_assert!(again > at(now)),
                other => prop_assert!(false, "{:?}", other),
            }
            let within = starts.iter().filter(|start| **start + 3_600 > now).count();
            prop_assert!(within <= most as usize);
        }
    }

    #[test]
    fn any_text_is_filled_or_lacks_something(text in "[{}a-z ]{0,30}|\\PC{0,20}", title in "\\PC{0,20}") {
        let mut hostile = detection();
        hostile.title = title;
        let verdict = trigger(When::default(), query(&[("t", &text)])).judge(&Subject::from(&hostile), &mut Pace::default(), at(0));
        let fills = check_placeholders(&text).is_ok() && !text.contains("{region}");
        prop_assert_eq!(matches!(verdict, Verdict::Starts(_)), fills);
    }
}

//! An explained empty result and the page of the lake's coverage.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{is_harmless, painted, picture};
use crate::domain::coverage::{Coverage, SeenObject, Stretch};
use crate::domain::emptiness::{Cause, Correction, Explanation, NearValue};
use crate::store::event::{Event, QueryNews};
use crate::store::testing::{finished, noon, press, rows, state};
use crate::store::{State, update};
use crate::ui::theme::Depth;

/// An empty result that was explained; every text of the lake's has `text` in it.
fn explained(width: u16, height: u16, text: &str) -> State {
    let mut state = state(width, height);
    let query = finished(&mut state, rows(0, |_| String::new()));
    let told = Explanation {
        evidence: vec![format!("3,597 rows in the window {text}")],
        nearest: vec![NearValue {
            value: format!("Failure{text}"),
            rows: 110,
            differs: "the word for it here",
        }],
        correction: Some(Correction {
            sql: format!("SELECT 2 -- {text}"),
            told: format!("with Failure{text}"),
        }),
        ..Explanation::new(Cause::CannotMatch, format!("‘failed’ never occurs {text}"))
    };
    let news = QueryNews::Explained(Ok(told));
    update(&mut state, Event::Query(query, news), noon());
    press(&mut state, "alt-3");
    state
}

/// The open page: flows with a gap of six hours, findings of which only the day is known.
fn covered(width: u16, height: u16, text: &str) -> State {
    let mut state = state(width, height);
    press(&mut state, "alt-v");
    let start: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
    let stretch = |source: &str| Stretch {
        source: source.into(),
        account: "000011112222".into(),
        region: format!("us-east-1{text}").into(),
    };
    let flows = (0..48).filter(|hour| !(10..16).contains(hour)).map(|hour| {
        let from = start + TimeDelta::hours(hour);
        SeenObject {
            stretch: stretch("vpc_flow"),
            day: Some(from.date_naive()),
            span: Some((from, from + TimeDelta::minutes(50))),
            bytes: 1,
            rows: Some(100),
        }
    });
    let findings = SeenObject {
        stretch: stretch("sh_findings"),
        day: Some(start.date_naive()),
        span: None,
        bytes: 1,
        rows: None,
    };
    let coverage = Coverage::of(flows.chain([findings]), true);
    update(
        &mut state,
        Event::Coverage(Ok(Some(Arc::new(coverage)))),
        noon(),
    );
    state
}

#[test]
fn an_empty_result_says_why_and_what_to_do() {
    for (width, height) in [(80, 24), (120, 40)] {
        let seen = picture(&explained(width, height, ""));
        for text in [
            "cannot match: ‘failed’ never occurs",
            "· 3,597 rows in the window",
            "→ near: Failure (the word for it here, 110 rows)",
            "W puts the corrected statement",
        ] {
            assert!(seen.contains(text), "{text}\n{seen}");
        }
    }
    let mut state = explained(80, 24, "");
    press(&mut state, "i");
    let seen = picture(&state);
    assert!(
        seen.contains("no row") && seen.contains("SELECT 2"),
        "{seen}"
    );
}

#[test]
fn where_asking_costs_the_key_that_asks_is_named() {
    let mut state = state(80, 24);
    state.setting.on_aws = true;
    finished(&mut state, rows(0, |_| String::new()));
    press(&mut state, "alt-3");
    let seen = picture(&state);
    assert!(seen.contains("w says why"), "{seen}");
    assert!(seen.contains("paid for"), "{seen}");
}

#[test]
fn coverage_is_a_strip_with_its_gaps_named() {
    let seen = picture(&covered(120, 40, ""));
    for text in [
        "vpc_flow    000011112222 us-east-1 ▓▓▓▓▓▓▓▓▓▓××××××▓▓▓▓▓▓▓▓",
        "????????????????????????",
        "6 h: 03-01 10:00 – 03-01 16:00",
        "a sign is 1 hour",
    ] {
        assert!(seen.contains(text), "{text}\n{seen}");
    }
    let mut small = covered(80, 24, "");
    press(&mut small, "pgdn pgdn");
    let seen = picture(&small);
    assert!(seen.contains("· no object"), "{seen}");
}

#[test]
fn hostile_text_and_any_size_are_borne() {
    let hostile = "\u{1b}[2J\u{202e}\u{7}\r\nx\u{0}";
    for size in [
        (0, 0),
        (1, 1),
        (7, 3),
        (20, 5),
        (39, 11),
        (80, 24),
        (200, 60),
    ] {
        for state in [
            explained(size.0, size.1, hostile),
            covered(size.0, size.1, hostile),
        ] {
            assert!(is_harmless(&painted(&state, Depth::None)), "{size:?}");
        }
    }
}

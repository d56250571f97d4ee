use proptest::prelude::*;

use super::*;
use crate::domain::lake::{Notification, ObjectKey};

pub(crate) fn arrival(key: &str) -> Arrival {
    Arrival {
        notification: Notification {
            bucket: "lake".into(),
            key: ObjectKey::parse(key).unwrap_or_else(|_| ObjectKey::foreign(key)),
            size: Some(10),
            etag: Some("e".into()),
            sequencer: None,
            time: None,
        },
        path: None,
        events: Some(Ok(3)),
        seen: None,
    }
}

fn keys(feed: &Feed) -> Vec<&str> {
    (0..feed.len())
        .map(|at| feed.line(at).unwrap().notification.key.key.as_str())
        .collect()
}

#[test]
fn the_newest_stands_first_and_repeats_are_passed_over() {
    let mut feed = Feed::new();
    feed.take(vec![arrival("a"), arrival("b"), arrival("a")]);
    assert_eq!(keys(&feed), ["b", "a"]);
}

#[test]
fn without_follow_the_selection_stays_on_its_notification() {
    let mut feed = Feed::new();
    feed.take(vec![arrival("a"), arrival("b")]);
    feed.follow = false;
    feed.selected = 1;
    feed.take(vec![arrival("c")]);
    assert_eq!(feed.selection().unwrap().notification.key.key, "a");
}

#[test]
fn pause_holds_back_and_resume_lets_in_in_order() {
    let mut feed = Feed::new();
    feed.paused = true;
    feed.take(vec![arrival("a"), arrival("b")]);
    assert_eq!((feed.len(), feed.held()), (0, 2));
    feed.resume();
    assert_eq!(keys(&feed), ["b", "a"]);
}

#[test]
fn the_filter_looks_into_the_key_in_any_case() {
    let mut feed = Feed::new();
    feed.take(vec![arrival("aws/WAF/x"), arrival("aws/ROUTE53/x")]);
    feed.set_filter("waf");
    assert_eq!(keys(&feed), ["aws/WAF/x"]);
    feed.set_filter("");
    assert_eq!(feed.len(), 2);
}

#[test]
fn memory_is_bounded() {
    let mut feed = Feed::new();
    for chunk in 0..12 {
        feed.take(
            (0..1_000)
                .map(|at| arrival(&format!("{chunk}/{at}")))
                .collect(),
        );
    }
    assert_eq!((feed.total(), feed.known.len()), (CAPACITY, CAPACITY));
}

proptest! {
    #[test]
    fn the_selection_is_always_on_a_line(steps in prop::collection::vec((0u8..4, 0usize..20), 0..40)) {
        let mut feed = Feed::new();
        for (at, (step, number)) in steps.into_iter().enumerate() {
            match step {
                0 => feed.take((0..number).map(|n| arrival(&format!("{at}/{n}"))).collect()),
                1 => feed.set_filter(&number.to_string()),
                2 => feed.paused = true,
                _ => feed.resume(),
            }
            prop_assert!(feed.is_empty() || feed.selection().is_some());
        }
    }
}

#[test]
fn what_reading_an_object_found_stands_in_its_line() {
    use crate::domain::detection::{Contents, ObjectName, Reading, Unreadable};
    let mut feed = Feed::new();
    feed.take(vec![arrival("a"), arrival("b"), arrival("c")]);
    let reading = |key: &str, outcome| Reading {
        object: ObjectName {
            bucket: "lake".into(),
            key: key.into(),
        },
        outcome,
    };
    let contents = Contents {
        events: 7,
        ..Contents::default()
    };
    let unreadable = Unreadable {
        cause: "no footer".into(),
        again: None,
    };
    feed.read(&[
        reading("a", Ok(contents)),
        reading("c", Err(unreadable)),
        reading("elsewhere", Ok(Contents::default())),
    ]);
    let events: Vec<_> = (0..3)
        .map(|at| feed.line(at).unwrap().events.clone())
        .collect();
    assert_eq!(
        events,
        [Some(Err("no footer".to_owned())), Some(Ok(3)), Some(Ok(7))]
    );
}

//! The page of the sources of notifications.

use chrono::TimeDelta;

use super::*;
use crate::domain::lake::{Backlog, SourceNews};

const QUEUE: &str =
    "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/AmazonSecurityLake-abc-Main-Queue";

fn sources(width: u16, height: u16, text: &str) -> State {
    let mut state = state(width, height);
    let queue = SourceNews {
        notes: vec![format!("there are messages in the dead-letter queue{text}")],
        received: 1_204,
        duplicates: 17,
        refused: 1,
        per_minute: 62,
        newest: Some(noon() - TimeDelta::minutes(3)),
        last_error: Some((noon(), format!("the message 7: not JSON{text}"))),
        backlog: Some(Backlog {
            waiting: 310,
            in_flight: 10,
            dead: Some(2),
        }),
        ..SourceNews::watching(format!("{QUEUE}{text}"))
    };
    let bucket = SourceNews::failing("s3:s3://lake/", format!("the token has expired{text}"));
    for news in [queue, bucket, SourceNews::watching("folder")] {
        update(&mut state, Event::Source(news), noon());
    }
    press(&mut state, "alt-s");
    state
}

#[test]
fn each_source_tells_how_it_is() {
    let mut state = sources(120, 40, "");
    press(&mut state, "down down");
    let seen = picture(&state);
    for text in [
        "1/3 failing",
        "watching sqs:https",
        "failing  s3:s3://lake/",
        "3 min",
        "1,204",
        "310",
        "last error at 09-21 14:13:20: the message 7: not JSON",
        "1 bodies were no notification",
        "there are messages in the dead-letter queue",
        "off/on",
    ] {
        assert!(seen.contains(text), "{text}\n{seen}");
    }
    press(&mut state, "up space");
    let seen = picture(&state);
    assert!(seen.contains("off      s3:s3://lake/"), "{seen}");
    assert!(seen.contains("the token has expired"), "{seen}");
    press(&mut state, "esc");
    assert!(
        picture(&state).contains("following─┐"),
        "{}",
        picture(&state)
    );
    let mut wide = sources(240, 50, "");
    press(&mut wide, "esc");
    let seen = picture(&wide);
    assert!(seen.contains("following · 1 of 3 failing"), "{seen}");
    press(&mut wide, "alt-s down space esc");
    let seen = picture(&wide);
    assert!(seen.contains("following · 3 sources"), "{seen}");
}

#[test]
fn hostile_text_and_any_size_are_borne() {
    let hostile = "\u{1b}[2J\u{202e}\u{7}\r\nx\u{0}";
    for size in [(0, 0), (1, 1), (7, 3), (39, 11), (80, 24), (200, 60)] {
        let state = sources(size.0, size.1, hostile);
        assert!(is_harmless(&painted(&state, Depth::None)), "{size:?}");
    }
}

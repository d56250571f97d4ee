//! The queue and the mute that shows what it would have hidden.

use insta::assert_snapshot;

use super::{busy, is_harmless, painted, picture};
use crate::domain::detection::{Cause, Detection};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::queue::tests::detection;
use crate::store::queue::tests::reading;
use crate::store::testing::{noon, press};
use crate::store::{State, update};
use crate::ui::theme::Depth;

fn found(rule: &str, title: &str, entity: &str, seconds: i64, severity: &str) -> Detection {
    Detection {
        title: title.into(),
        severity: severity.into(),
        ..detection(rule, entity, seconds)
    }
}

/// Items of several severities, a storm among them, with the queue shown.
fn open(width: u16, height: u16, text: &str) -> State {
    let mut state = busy(width, height, "");
    let key = format!("Access key used from a new address{text}");
    let address = Entity::parse(EntityType::Ip, "203.0.113.9").unwrap();
    let mut all = vec![
        found("new-address", &key, "eve", -600, "High"),
        found("new-address", &key, "eve", -540, "High"),
        found("trail-off", "CloudTrail stopped", "eve", -300, "Critical"),
        Detection {
            cause: Cause::Finding("Discovery:S3/AnomalousBehavior".into()),
            entity: Some(address),
            account: Some("333344445555".into()),
            ..found("x", "Unusual reads", "x", -120, "Medium")
        },
        found(
            "root-login",
            "Root user signed in",
            "root",
            -86_400 * 3,
            "Low",
        ),
    ];
    for n in 0..40 {
        let entity = format!("host-{n}");
        all.push(found(
            "beacon",
            "Queries of a rare domain",
            &entity,
            n - 100,
            "Medium",
        ));
    }
    update(&mut state, reading(all), noon());
    press(&mut state, "alt-q");
    state
}

#[test]
fn the_queue_takes_the_place_of_the_feed() {
    assert_snapshot!("queue", picture(&open(120, 40, "")));
}

#[test]
fn zoomed_the_queue_has_columns_and_groups() {
    let mut state = open(120, 40, "");
    press(&mut state, "z a down space g g");
    assert_snapshot!("queue_by_entity", picture(&state));
}

#[test]
fn the_queue_is_read_on_a_small_screen() {
    let mut state = open(80, 24, "");
    assert_snapshot!("queue_small", picture(&state));
    press(&mut state, "m");
    assert_snapshot!("queue_mute_small", picture(&state));
}

#[test]
fn a_mute_shows_what_it_would_have_hidden() {
    let mut state = open(120, 40, "");
    press(&mut state, "m space down space down space");
    assert_snapshot!("queue_mute", picture(&state));
}

#[test]
fn an_empty_queue_says_what_would_fill_it() {
    let mut state = busy(120, 40, "");
    press(&mut state, "alt-q");
    let seen = picture(&state);
    assert!(
        seen.contains("nothing was detected yet") && seen.contains("q shows the"),
        "{seen}"
    );
}

#[test]
fn severity_and_state_are_told_without_colours() {
    let mut state = open(120, 40, "");
    press(&mut state, "a");
    let seen = picture(&state);
    assert!(seen.contains("○crit") && seen.contains("●high"), "{seen}");
}

#[test]
fn a_press_of_the_mouse_chooses_the_item_under_it() {
    use crate::store::event::{Event, Mouse, MouseKind};
    let mut state = open(120, 40, "");
    let mouse = Mouse {
        kind: MouseKind::Press,
        column: 4,
        row: 5,
    };
    update(&mut state, Event::Mouse(mouse), noon());
    let item = state.queue.item(noon()).unwrap();
    assert_eq!(item.severity, "High");
}

#[test]
fn hostile_detections_steer_nothing_at_any_size() {
    let hostile = "\u{1b}]52;c;eA==\u{7}\u{202e}evil\u{9b}2J\0\r\n\t\u{200b}e\u{301}";
    for (width, height) in [(0, 0), (3, 5), (20, 6), (110, 30)] {
        let mut state = open(width, height, hostile);
        for keys in [
            "z", "z g", "g g", "* m", "esc i", "esc c", "esc o", "esc end",
        ] {
            press(&mut state, keys);
            let buffer = painted(&state, Depth::True);
            assert!(is_harmless(&buffer), "{width}×{height} {keys}");
        }
    }
}

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::domain::detection::{Cause, Detection, ObjectName};
use crate::domain::entity::{Entity, EntityType};

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A detection of a rule about a principal, so many seconds after noon.
pub(crate) fn detection(rule: &str, entity: &str, seconds: i64) -> Detection {
    let time = noon() + TimeDelta::seconds(seconds);
    Detection {
        cause: Cause::Rule(rule.to_owned()),
        title: format!("{rule} seen"),
        severity: "Medium".into(),
        reason: "the rule's level".into(),
        entity: Entity::parse(EntityType::Principal, entity).ok(),
        others: vec![Entity::parse(EntityType::Ip, "192.0.2.1").unwrap()],
        time: Some(time),
        seen: time,
        account: Some("000011112222".into()),
        region: Some("us-east-1".into()),
        operation: Some("GetObject".into()),
        class: Some(6003),
        object: ObjectName {
            bucket: "lake".into(),
            key: format!("{rule}/{entity}"),
        },
        row: seconds.unsigned_abs(),
        event: format!("{{\"n\":{seconds}}}"),
    }
}

/// A queue with what happens to it.
#[derive(Default)]
struct Story {
    queue: Queue,
    events: Vec<QueueEvent>,
}

impl Story {
    fn see(&mut self, detections: &[Detection]) {
        let at = detections.iter().map(|d| d.seen).max().unwrap_or(noon());
        for event in self.queue.take_in(detections, at) {
            self.events.push(event.clone());
            self.queue.apply(event);
        }
    }

    fn act(&mut self, act: Act) {
        let event = self.queue.next(act, Some("ana".into()), noon());
        self.events.push(event.clone());
        self.queue.apply(event);
    }

    fn undo(&mut self) {
        if let Some((of, _)) = self.queue.undoable() {
            self.act(Act::Undone { of });
        }
    }

    fn ids(&self) -> Vec<ItemId> {
        self.queue.items().map(|item| item.id).collect()
    }

    fn close(&mut self, item: u64) {
        self.act(Act::Closed {
            items: vec![ItemId(item)],
            disposition: Disposition::Benign,
        });
    }
}

fn mute(queue: &Queue) -> Mute {
    Mute {
        id: queue.next_mute(),
        cause: None,
        entity: None,
        account: None,
        region: None,
        operation: None,
        until: None,
    }
}

#[test]
fn detections_join_the_open_item_of_their_cause_and_entity() {
    let mut story = Story::default();
    let mut loud = detection("a", "eve", 3);
    loud.severity = "High".into();
    loud.reason = "the bucket is marked".into();
    story.see(&[detection("a", "eve", 2), detection("a", "bob", 1), loud]);
    story.see(&[detection("a", "eve", 9), detection("a", "eve", 2)]);
    let eve = story.queue.item(ItemId(1)).unwrap();
    assert_eq!(story.ids().len(), 2);
    assert_eq!(
        (eve.count, eve.severity.as_str(), eve.reason.as_str()),
        (3, "High", "the bucket is marked")
    );
    let seconds = |time: DateTime<Utc>| (time - noon()).num_seconds();
    assert_eq!((seconds(eve.first), seconds(eve.last)), (2, 9));
    assert_eq!(eve.others.values().len(), 1);
    assert_eq!(eve.newest.back().unwrap().event, "{\"n\":9}");
}

#[test]
fn after_the_close_a_new_item_names_the_old_one() {
    let mut story = Story::default();
    story.see(&[detection("a", "eve", 1)]);
    story.close(1);
    story.see(&[detection("a", "eve", 2)]);
    let again = story.queue.item(ItemId(2)).unwrap();
    assert_eq!((again.again, again.count), (Some(ItemId(1)), 1));
    // The close is undone: what comes goes to the newest open one.
    story.undo();
    story.see(&[detection("a", "eve", 3)]);
    assert_eq!(story.queue.item(ItemId(2)).unwrap().count, 2);
    assert_eq!(story.queue.live(), 2);
}

#[test]
fn many_entities_within_a_short_time_are_one_item() {
    let mut story = Story::default();
    let entity = |n: i64| format!("user{n}");
    story.see(
        &(0..5)
            .map(|n| detection("a", &entity(n), n))
            .collect::<Vec<_>>(),
    );
    story.act(Act::Acknowledged {
        items: vec![ItemId(1)],
    });
    for n in 5..40 {
        story.see(&[detection("a", &entity(n), n)]);
    }
    // What somebody works on stays; the rest is one.
    let ids = story.ids();
    assert_eq!(ids, [ItemId(1), ItemId(10)], "{ids:?}");
    let storm = story.queue.item(ItemId(10)).unwrap();
    assert!(storm.storm && storm.entity.is_none());
    assert_eq!((storm.count, storm.entities.count()), (39, "39".into()));
    // Long after, a known entity joins it, and another one opens an item.
    let later = STORM_WITHIN.num_seconds() * 3;
    story.see(&[detection("a", "user20", later)]);
    story.see(&[detection("a", "new", 2 * later)]);
    assert_eq!(story.queue.item(ItemId(10)).unwrap().count, 40);
    assert_eq!(story.ids().len(), 3);
}

#[test]
fn slow_items_of_one_cause_are_no_storm() {
    let mut story = Story::default();
    let gap = STORM_WITHIN.num_seconds() / 4;
    for n in 0..30 {
        story.see(&[detection("a", &format!("user{n}"), n * gap)]);
    }
    assert_eq!(story.ids().len(), 30);
}

#[test]
fn a_mute_tells_before_what_it_hides_and_hides_just_that() {
    let mut story = Story::default();
    let mut elsewhere = detection("a", "bob", 3);
    elsewhere.account = Some("333344445555".into());
    story.see(&[
        detection("a", "eve", 1),
        detection("b", "eve", 2),
        detection("a", "bob", 2),
        elsewhere,
    ]);
    let by_account = Mute {
        account: Some("000011112222".into()),
        ..mute(&story.queue)
    };
    let preview = by_account.preview(&story.queue);
    assert_eq!(preview.hidden.len(), 2);
    assert_eq!((preview.detections, preview.partly), (2, vec![ItemId(3)]));
    story.act(Act::Muted(by_account));
    let lines = |story: &Story, scope| story.queue.lines(Grouping::None, scope, "", noon());
    assert_eq!(lines(&story, Scope::Work), (vec![Line::Item(ItemId(3))], 2));
    assert_eq!(lines(&story, Scope::All).0.len(), 3);
    // What the mute does not speak of brings an item back.
    let mut other = detection("a", "eve", 9);
    other.account = None;
    story.see(&[other]);
    assert_eq!(lines(&story, Scope::Work).1, 1);
    story.undo();
    assert_eq!(lines(&story, Scope::Work).1, 0);
}

#[test]
fn a_mute_ends_by_itself_and_a_blank_one_hides_nothing() {
    let mut story = Story::default();
    story.see(&[detection("a", "eve", 1)]);
    let blank = mute(&story.queue);
    assert_eq!(blank.preview(&story.queue), Preview::default());
    let hour = Mute {
        cause: Some(Cause::Rule("a".into())),
        until: Some(noon() + TimeDelta::hours(1)),
        ..blank
    };
    story.act(Act::Muted(hour));
    let muted = |after: TimeDelta| {
        let (_, muted) = story
            .queue
            .lines(Grouping::None, Scope::Work, "", noon() + after);
        muted
    };
    assert_eq!(
        (muted(TimeDelta::zero()), muted(TimeDelta::hours(1))),
        (1, 0)
    );
}

#[test]
fn items_are_ordered_by_severity_then_by_what_came_last_and_put_into_groups() {
    let mut story = Story::default();
    let mut high = detection("b", "bob", 1);
    high.severity = "High".into();
    story.see(&[detection("a", "eve", 2), high, detection("c", "eve", 3)]);
    let (lines, _) = story.queue.lines(Grouping::None, Scope::Work, "", noon());
    let order = [2, 3, 1].map(|id| Line::Item(ItemId(id)));
    assert_eq!(lines, order);
    let (named, _) = story
        .queue
        .lines(Grouping::None, Scope::Work, "bob", noon());
    assert_eq!(named, [Line::Item(ItemId(2))]);
    let (lines, _) = story.queue.lines(Grouping::Entity, Scope::Work, "", noon());
    let heads: Vec<(&str, usize, &str)> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Group {
                label,
                items,
                severity,
                ..
            } => Some((label.as_str(), items.len(), severity.as_str())),
            Line::Item(_) => None,
        })
        .collect();
    assert_eq!(
        heads,
        [("principal bob", 1, "High"), ("principal eve", 2, "Medium")]
    );
}

#[test]
fn a_flood_is_bounded() {
    let mut story = Story::default();
    let text = format!("{{\"x\":\"{}\"}}", "y".repeat(2_000));
    let storm = |batch: i64| -> Vec<Detection> {
        (0..500)
            .map(|n| Detection {
                event: text.clone(),
                ..detection("a", &format!("user{}", batch * 500 + n), batch * 500 + n)
            })
            .collect()
    };
    // A storm of 100,000 detections: LAKEHOUND_QUEUE_STORM=200.
    let asked = std::env::var("LAKEHOUND_QUEUE_STORM").ok();
    let batches: i64 = asked.map_or(2, |batches| batches.parse().unwrap());
    for batch in 0..batches {
        story.see(&storm(batch));
    }
    let bytes: usize = story.queue.items().map(Item::bytes).sum();
    assert!(bytes <= 4 * KEPT * text.len(), "{bytes} bytes");
    let count: u64 = story.queue.items().map(|item| item.count).sum();
    assert_eq!(count, 500 * batches.unsigned_abs());
    let most = 20 + usize::try_from(batches).unwrap();
    assert!(story.events.len() < most, "{} events", story.events.len());
    let written: usize = story
        .events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap().len())
        .sum();
    let most = usize::try_from(batches + 2).unwrap() * (KEPT * text.len() + 200_000);
    assert!(written < most, "{written} bytes are written");
}

#[test]
fn texts_that_somebody_else_chose_are_cut_and_never_in_a_character() {
    let mut long = detection("a", "eve", 1);
    long.title = "ä".repeat(10_000);
    long.cause = Cause::Finding("x".repeat(100_000));
    long.event = "z".repeat(LONGEST_EVENT + 1);
    long.account = Some("é".repeat(3_000));
    let mut story = Story::default();
    story.see(&[long.clone()]);
    long.row += 1;
    story.see(&[long]);
    let item = story.queue.items().next().unwrap();
    assert_eq!(item.count, 2, "the cut cause is found again");
    assert!(item.title.len() <= 400 && item.cause.name().len() <= 512);
    assert_eq!(item.bytes(), 0, "half an event is none");
}

/// What may happen, from numbers.
fn step(story: &mut Story, (kind, a, b): (u8, u8, u8)) {
    let ids = story.ids();
    let pick = |n: u8| ids.get(usize::from(n) % ids.len().max(1)).copied();
    let items: Vec<ItemId> = [pick(a), pick(b)].into_iter().flatten().collect();
    match kind % 8 {
        0..=2 => {
            let detections: Vec<Detection> = (0..=b % 16)
                .map(|n| {
                    let rule = format!("r{}", a % 3);
                    let entity = format!("e{}", (b.wrapping_mul(n)) % 24);
                    let time = i64::try_from(story.events.len()).unwrap() * 20;
                    let mut one = detection(&rule, &entity, time + i64::from(n));
                    one.severity = ["Low", "High", "odd"][usize::from(n) % 3].into();
                    one
                })
                .collect();
            story.see(&detections);
        }
        3 => story.act(Act::Acknowledged { items }),
        4 => story.act(Act::Assigned {
            items,
            to: (b % 2 == 0).then(|| "ana".to_owned()),
        }),
        5 => story.act(Act::Closed {
            items,
            disposition: Disposition::ALL[usize::from(b) % 4],
        }),
        6 => {
            let made = Mute {
                cause: Some(Cause::Rule(format!("r{}", a % 3))),
                ..mute(&story.queue)
            };
            story.act(Act::Muted(made));
        }
        _ => {
            let first = story.queue.mutes().next().map(|mute| mute.id);
            match first.filter(|_| b % 2 == 0) {
                Some(mute) => story.act(Act::Unmuted { mute }),
                None => story.undo(),
            }
        }
    }
}

/// What people see of a queue: everything but the ways back and the counters.
fn seen(queue: &Queue) -> (Vec<Item>, Vec<Mute>) {
    (
        queue.items().cloned().collect(),
        queue.mutes().cloned().collect(),
    )
}

/// Cases of a property: few in the suite, more when asked for.
fn cases() -> u32 {
    let asked = std::env::var("LAKEHOUND_QUEUE_CASES").ok();
    asked.map_or(8, |cases| cases.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn what_is_written_replays_to_the_same_and_so_does_a_snapshot(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..30),
        cut in 0usize..30,
    ) {
        let mut story = Story::default();
        for one in &steps {
            step(&mut story, *one);
        }
        let written: Vec<String> =
            story.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        let mut again = Queue::default();
        for (at, line) in written.iter().enumerate() {
            if at == cut {
                let snapshot = serde_json::to_string(&again).unwrap();
                again = serde_json::from_str(&snapshot).unwrap();
                again.reindex();
            }
            again.apply(serde_json::from_str(line).unwrap());
        }
        // What finds items is the same, however it was made.
        again.reindex();
        story.queue.reindex();
        prop_assert_eq!(again, story.queue);
    }

    #[test]
    fn undoing_gives_back_what_was_before(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..20),
        action in (3u8..7, any::<u8>(), any::<u8>()),
    ) {
        let mut story = Story::default();
        for one in &steps {
            step(&mut story, *one);
        }
        let before = seen(&story.queue);
        let events = story.events.len();
        step(&mut story, action);
        prop_assert_eq!(story.events.len(), events + 1);
        story.undo();
        prop_assert_eq!(seen(&story.queue), before);
        prop_assert_eq!(story.events.len(), events + 2, "nothing is erased");
    }

    #[test]
    fn every_detection_is_counted_once(
        batches in prop::collection::vec(prop::collection::vec((0u8..4, 0u8..40), 0..20), 0..12),
    ) {
        let mut story = Story::default();
        let mut different = std::collections::HashSet::new();
        for (at, batch) in batches.iter().enumerate() {
            let detections: Vec<Detection> = batch.iter().map(|(rule, entity)| {
                let at = i64::try_from(at).unwrap();
                different.insert((*rule, *entity, at));
                detection(&format!("r{rule}"), &format!("e{entity}"), at)
            }).collect();
            story.see(&detections);
            story.see(&detections);
        }
        let count: u64 = story.queue.items().map(|item| item.count).sum();
        prop_assert_eq!(count, different.len() as u64);
    }
}

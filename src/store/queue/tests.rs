use chrono::TimeDelta;

use super::*;
use crate::domain::case::{CaseState, What};
use crate::domain::detection::{Cause, Contents, ObjectName, Reading};
use crate::domain::playbook::Playbook;
use crate::domain::queue::tests::detection;
use crate::domain::queue::{Act, Disposition, Status};
use crate::store::case::{CaseNews, CaseWork, OpenedCase};
use crate::store::effect::{Effect, TimerId};
use crate::store::event::Event;
use crate::store::overlay::{Overlay, PageContent};
use crate::store::testing::{noon, press, state};
use crate::store::update;

/// An object in which these detections were found.
pub(crate) fn reading(detections: Vec<Detection>) -> Event {
    Event::Read(vec![Reading {
        object: ObjectName {
            bucket: "lake".into(),
            key: "k".into(),
        },
        outcome: Ok(Contents {
            detections,
            ..Contents::default()
        }),
    }])
}

fn of(rule: &str, entity: &str, seconds: i64, severity: &str) -> Detection {
    Detection {
        severity: severity.into(),
        ..detection(rule, entity, seconds)
    }
}

/// Three items: a high one about eve, and two medium ones about bob and eve.
pub(crate) fn worked() -> State {
    let mut state = state(120, 40);
    let found = vec![
        of("exfil", "eve", 3, "High"),
        of("exfil", "eve", 4, "High"),
        of("login", "bob", 2, "Medium"),
        of("login", "eve", 1, "Medium"),
    ];
    update(&mut state, reading(found), noon());
    press(&mut state, "alt-q");
    state
}

fn statuses(state: &State) -> Vec<Status> {
    state.queue.queue.items().map(|item| item.status).collect()
}

fn message(state: &State) -> &str {
    state.message.as_ref().map_or("", |message| &message.text)
}

fn appended(effects: &[Effect]) -> Vec<u64> {
    let batches = effects.iter().filter_map(|effect| match effect {
        Effect::Queue(QueueWork::Append(events)) => Some(events),
        _ => None,
    });
    batches.flatten().map(|event| event.number).collect()
}

#[test]
fn items_are_acknowledged_assigned_closed_and_all_of_it_is_taken_back() {
    let mut state = worked();
    press(&mut state, "a");
    assert_eq!(statuses(&state)[0], Status::Acknowledged);
    press(&mut state, "down space space A");
    press(&mut state, "\"bo enter");
    let whose: Vec<_> = state
        .queue
        .queue
        .items()
        .map(|i| i.assignee.clone())
        .collect();
    assert_eq!(whose, [None, Some("bo".into()), Some("bo".into())]);
    assert_eq!(state.queue.marked(), 0, "an action ends the marks");
    press(&mut state, "* c \"false enter");
    let closed = Status::Closed(Disposition::FalsePositive);
    assert_eq!(statuses(&state), [closed; 3]);
    assert!(state.queue.lines(noon()).is_empty());
    assert!(
        message(&state).contains("u takes it back"),
        "{}",
        message(&state)
    );
    press(&mut state, "u u u");
    assert_eq!(statuses(&state), [Status::Open; 3]);
    press(&mut state, "u");
    assert!(message(&state).contains("nothing was done"));
    assert_eq!(state.queue.queue.last_event(), 9, "nothing was erased");
}

#[test]
fn the_chosen_item_stays_chosen_while_others_come_and_its_neighbour_follows_it() {
    let mut state = worked();
    press(&mut state, "down");
    let chosen = state.queue.item(noon()).unwrap().id;
    update(
        &mut state,
        reading(vec![of("new", "mallory", 9, "Critical")]),
        noon(),
    );
    assert_eq!(state.queue.item(noon()).unwrap().id, chosen);
    press(&mut state, "c enter");
    let place = state.queue.selected(noon());
    assert_eq!((place, state.queue.lines(noon()).len()), (2, 3));
    // At the top one stays at the top: the worst is looked at first.
    press(&mut state, "home");
    update(
        &mut state,
        reading(vec![of("worse", "x", 9, "Fatal")]),
        noon(),
    );
    assert_eq!(state.queue.item(noon()).unwrap().severity, "Fatal");
}

#[test]
fn what_is_not_kept_of_an_object_is_counted_once() {
    let mut state = state(120, 40);
    for _ in 0..2 {
        let mut event = reading(vec![of("a", "x", 1, "Low")]);
        if let Event::Read(readings) = &mut event
            && let Ok(contents) = &mut readings[0].outcome
        {
            contents.more = 7;
        }
        update(&mut state, event, noon());
    }
    assert_eq!(state.queue.queue.beyond(), 7);
}

#[test]
fn the_filter_acts_while_it_is_typed_and_marks_stay() {
    let mut state = worked();
    press(&mut state, "* / \"bob");
    assert_eq!(state.queue.lines(noon()).len(), 1);
    press(&mut state, "enter / backspace enter");
    assert_eq!(
        (state.queue.lines(noon()).len(), state.queue.marked()),
        (3, 3)
    );
}

#[test]
fn groups_are_marked_as_one_and_the_item_stays_chosen() {
    let mut state = worked();
    press(&mut state, "down down g g");
    assert_eq!(state.queue.grouping, Grouping::Entity);
    let item = state.queue.item(noon()).unwrap();
    assert_eq!(item.about(), "principal eve");
    press(&mut state, "home space");
    assert_eq!(state.queue.marked(), 2, "both items about eve");
    press(&mut state, "a");
    let acknowledged = statuses(&state)
        .into_iter()
        .filter(|s| *s == Status::Acknowledged);
    assert_eq!(acknowledged.count(), 2);
}

#[test]
fn a_mute_is_confirmed_after_its_preview_ends_by_itself_and_is_listed() {
    let mut state = worked();
    let effects = press(&mut state, "m down space");
    assert!(effects.is_empty());
    let Some(Overlay::Mute(form)) = &state.overlay else {
        panic!("the form is open")
    };
    let mute = form.mute(&state.queue.queue, noon()).unwrap();
    assert_eq!((mute.cause.is_some(), mute.entity), (true, None));
    // Without a property it stays open.
    press(&mut state, "up space enter");
    assert!(
        matches!(state.overlay, Some(Overlay::Mute(_))),
        "{}",
        message(&state)
    );
    let effects = press(&mut state, "space left left enter");
    assert!(
        message(&state).contains("1 item out of sight"),
        "{}",
        message(&state)
    );
    let timer = |effect: &Effect| matches!(effect, Effect::SetTimer(TimerId::MuteEnds, after) if after.as_secs() == 3_600);
    assert!(effects.iter().any(timer), "{effects:?}");
    assert_eq!(
        (state.queue.muted(noon()), state.queue.lines(noon()).len()),
        (1, 2)
    );
    press(&mut state, "M");
    let Some(Overlay::Queue(menu)) = &state.overlay else {
        panic!("the mutes are listed")
    };
    assert_eq!(lines(&state, menu)[0].label, "rule exfil");
    press(&mut state, "esc");
    let later = noon() + TimeDelta::hours(2);
    update(&mut state, Event::Timer(TimerId::MuteEnds), later);
    assert_eq!(state.queue.lines(later).len(), 3);
    press(&mut state, "u");
    assert_eq!(state.queue.queue.mutes().count(), 0);
}

#[test]
fn what_arrives_before_the_journal_is_read_waits_and_joins_what_was_there() {
    let mut before = worked();
    press(&mut before, "a");
    let mut state = state(120, 40);
    assert_eq!(open(&mut state), Effect::Queue(QueueWork::Open));
    let effects = update(
        &mut state,
        reading(vec![of("exfil", "eve", 9, "High")]),
        noon(),
    );
    assert_eq!((effects.len(), state.queue.queue.live()), (0, 0));
    let kept = Box::new(before.queue.queue.clone());
    let effects = update(&mut state, Event::Queue(QueueNews::Opened(kept)), noon());
    assert_eq!(appended(&effects), [5]);
    let item = state.queue.queue.items().next().unwrap();
    assert_eq!((item.count, item.status), (3, Status::Acknowledged));
}

/// A state whose journal is open.
fn kept() -> State {
    let mut state = state(120, 40);
    open(&mut state);
    update(
        &mut state,
        Event::Queue(QueueNews::Opened(Box::default())),
        noon(),
    );
    press(&mut state, "alt-q");
    state
}

#[test]
fn one_batch_is_on_its_way_and_none_is_forgotten() {
    let mut state = kept();
    let written = || {
        Event::Queue(QueueNews::Written {
            snapshot_due: false,
        })
    };
    let see = |state: &mut State, n: i64| {
        let found = vec![of("a", &format!("user{n}"), n, "Low")];
        appended(&update(state, reading(found), noon()))
    };
    assert_eq!(see(&mut state, 1), [1]);
    assert_eq!(
        see(&mut state, 2),
        [0_u64; 0],
        "the first one is on its way"
    );
    assert_eq!(appended(&update(&mut state, written(), noon())), [2]);
    let refused = Event::Queue(QueueNews::NotWritten("the disk is full".into()));
    assert_eq!(appended(&update(&mut state, refused, noon())), [0_u64; 0]);
    assert!(
        message(&state).contains("what was done (1)"),
        "{}",
        message(&state)
    );
    assert_eq!(see(&mut state, 3), [2, 3], "it goes again, in order");
    assert_eq!(see(&mut state, 4), [0_u64; 0]);
    // The end waits for nothing.
    let effects = press(&mut state, "ctrl-q");
    assert_eq!(appended(&effects), [4]);
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted);
    assert!(place(|e| matches!(e, Effect::Queue(_))) < place(|e| *e == Effect::Quit));
}

#[test]
fn a_snapshot_is_made_when_nothing_waits() {
    let mut state = kept();
    update(&mut state, reading(vec![of("a", "x", 1, "Low")]), noon());
    let due = Event::Queue(QueueNews::Written { snapshot_due: true });
    let effects = update(&mut state, due, noon());
    let is_snapshot = |effect: &Effect| matches!(effect, Effect::Queue(QueueWork::Snapshot(_)));
    assert!(effects.iter().any(is_snapshot), "{effects:?}");
}

#[test]
fn the_events_of_an_item_become_a_result() {
    let mut state = worked();
    let effects = press(&mut state, "enter");
    let Some(Effect::Queue(QueueWork::Rows {
        title,
        name,
        events,
    })) = effects.first()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (title.as_str(), name.as_str(), events.len()),
        ("item #1", "item-1", 2)
    );
    let shown = events.iter().map(|event| (event.object.clone(), event.row));
    let outcome = Ok(ShownEvents {
        path: "/tmp/item-1.ndjson".into(),
        places: shown.collect(),
        missing: None,
    });
    let news = QueueNews::Rows {
        title: title.clone(),
        outcome,
    };
    let effects = update(&mut state, Event::Queue(news), noon());
    let starts = |effect: &Effect| matches!(effect, Effect::StartQuery(request) if request.attached.len() == 1);
    assert!(effects.iter().any(starts), "{effects:?}");
    let places = &state.results.tab().unwrap().origin.places;
    let second = places.at(1).unwrap();
    assert_eq!((second.row, places.at(2)), (events[1].row + 1, None));
}

#[test]
fn an_item_leads_to_pivots_details_playbooks_and_a_watch() {
    let mut state = worked();
    press(&mut state, "p");
    let Some(Overlay::Pivot(menu)) = &state.overlay else {
        panic!("the pivots are listed")
    };
    let kinds: Vec<String> = menu
        .found
        .iter()
        .map(|found| found.entity.to_string())
        .collect();
    assert_eq!(kinds, ["principal eve", "ip 192.0.2.1"]);
    let effects = press(&mut state, "\"watch space \"eve enter");
    assert!(
        matches!(effects.as_slice(), [Effect::Watch(entity)] if entity.value == "eve"),
        "{effects:?}"
    );
    press(&mut state, "i");
    let Some(Overlay::Page(page)) = &state.overlay else {
        panic!("the details are shown")
    };
    let PageContent::Value { text, .. } = &page.content else {
        panic!("as a text")
    };
    assert!(text.contains("High (the rule's level)") && text.contains("s3://lake/exfil/eve"));
    let finding = Detection {
        cause: Cause::Finding("Exfiltration:S3/AnomalousBehavior.Custom".into()),
        ..of("x", "y", 5, "Critical")
    };
    let fits = "# Zoo\n\n| Finding type | Source |\n| --- | --- |\n\
                | Exfiltration:S3/AnomalousBehavior | GuardDuty |\n\n## Detect\n\n- [ ] Look\n";
    let playbook = Playbook::parse("zoo.md", fits);
    state.content.playbooks.push(std::sync::Arc::new(playbook));
    update(&mut state, reading(vec![finding]), noon());
    press(&mut state, "esc home o enter");
    assert_eq!(state.playbook.file(), Some("zoo.md"));
}

#[test]
fn a_case_is_made_from_items_and_told_of_them_and_of_what_is_done() {
    let mut state = worked();
    let effects = press(&mut state, "* n");
    let Some(Effect::Case(CaseWork::New { name })) = effects.first() else {
        panic!("{effects:?}")
    };
    assert!(name.contains("exfil seen principal eve"), "{name}");
    let opened = CaseNews::Opened(Box::new(OpenedCase {
        id: "c".into(),
        session: "s".into(),
        analyst: "ana".into(),
        state: CaseState::default(),
    }));
    let notes = |effects: Vec<Effect>| -> Vec<What> {
        let drafts = effects.into_iter().filter_map(|effect| match effect {
            Effect::Case(CaseWork::Append(drafts)) => Some(drafts),
            _ => None,
        });
        drafts.flatten().map(|draft| draft.what).collect()
    };
    let told = notes(update(&mut state, Event::Case(opened), noon()));
    let count = told
        .iter()
        .filter(|what| matches!(what, What::Noted { text, .. } if text.contains("from the queue")))
        .count();
    assert_eq!(count, 3);
    press(&mut state, "alt-q alt-q");
    let told = notes(press(&mut state, "c enter"));
    let closed = |what: &What| matches!(what, What::Command { name, detail } if name == "queue.close" && detail.contains("3 items") && detail.contains("true positive"));
    assert!(told.iter().any(closed), "{told:?}");
}

fn alerts(effects: &[Effect]) -> Vec<&Alert> {
    let alerts = effects.iter().filter_map(|effect| match effect {
        Effect::Alert(alert) => Some(alert),
        _ => None,
    });
    alerts.collect()
}

/// A state that rings on high ones, tells the desktop of critical ones and counts medium ones.
fn alerting() -> State {
    let mut state = state(120, 40);
    state.setting.alerts = Alerts::of_names(Some("high"), Some("Critical"), Some("medium"));
    state
}

#[test]
fn the_terminal_is_told_of_new_items_and_not_more_often_than_people_look() {
    let mut state = alerting();
    let at = |seconds: i64| noon() + TimeDelta::seconds(seconds);
    let effects = update(&mut state, reading(vec![of("a", "x", 1, "Low")]), at(0));
    assert_eq!(effects, []);
    let effects = update(&mut state, reading(vec![of("b", "x", 1, "High")]), at(1));
    let told = alerts(&effects)[0];
    assert_eq!(
        (told.bell, &told.notify, told.title.as_deref()),
        (true, &None, Some("lakehound: 1 open, High"))
    );
    let storm: Vec<Detection> = (0..5)
        .map(|n| of("c", &format!("u{n}"), n, "Critical"))
        .collect();
    let effects = update(&mut state, reading(storm), at(3));
    assert!(
        matches!(effects.as_slice(), [Effect::SetTimer(TimerId::Alert, rest)] if rest.as_secs() == 8),
        "{effects:?}"
    );
    let effects = update(
        &mut state,
        reading(vec![of("c", "more", 9, "Critical")]),
        at(4),
    );
    assert_eq!(effects, [], "the timer is set");
    let effects = update(&mut state, Event::Timer(TimerId::Alert), at(11));
    let told = alerts(&effects)[0].notify.clone().unwrap();
    assert!(
        told.starts_with("Critical: c seen (principal ") && told.ends_with("and 5 more"),
        "{told}"
    );
    // Joining an open item is nothing new.
    let effects = update(&mut state, reading(vec![of("b", "x", 60, "High")]), at(60));
    assert_eq!(alerts(&effects).len(), 0);
}

#[test]
fn nobody_is_told_while_the_feed_is_paused_or_of_what_is_muted() {
    let mut state = alerting();
    state.feed.paused = true;
    let effects = update(&mut state, reading(vec![of("a", "x", 1, "High")]), noon());
    assert_eq!(alerts(&effects).len(), 0);
    assert_eq!(
        state.queue.queue.live(),
        1,
        "it is in the queue all the same"
    );
    state.feed.paused = false;
    let act = Act::Muted(crate::domain::queue::Mute {
        id: state.queue.queue.next_mute(),
        cause: Some(Cause::Rule("b".into())),
        entity: None,
        account: None,
        region: None,
        operation: None,
        until: None,
    });
    super::update::done(&mut state, act, "queue.mute", "");
    let effects = update(&mut state, reading(vec![of("b", "y", 1, "Fatal")]), noon());
    let told = alerts(&effects);
    let loud = told
        .iter()
        .any(|alert| alert.bell || alert.notify.is_some());
    assert!(!loud, "{told:?}");
    // Worked on, the item no longer stands in the title.
    let effects = press(&mut state, "alt-q a");
    assert_eq!(alerts(&effects)[0].title.as_deref(), Some("lakehound"));
}

#[test]
fn who_tells_of_readings_is_answered_when_the_disk_has_what_was_found() {
    let mut state = state(120, 40);
    open(&mut state);
    let ask = |state: &mut State, number: u64| {
        update(state, Event::Queue(QueueNews::IsKept(number)), noon())
    };
    let kept = |effects: &[Effect]| -> Vec<u64> {
        let each = effects.iter().filter_map(|effect| match effect {
            Effect::Kept(number) => Some(*number),
            _ => None,
        });
        each.collect()
    };
    // What came before the journal was read waits for it.
    update(&mut state, reading(vec![of("a", "eve", 1, "High")]), noon());
    assert_eq!(kept(&ask(&mut state, 1)), [0; 0]);
    let opened = Event::Queue(QueueNews::Opened(Box::default()));
    assert_eq!(kept(&update(&mut state, opened, noon())), [0; 0]);
    let refused = Event::Queue(QueueNews::NotWritten("the disk is full".into()));
    assert_eq!(kept(&update(&mut state, refused, noon())), [0; 0]);
    let again = update(&mut state, reading(vec![of("a", "bob", 2, "High")]), noon());
    assert_eq!((appended(&again).len(), kept(&again).len()), (2, 0));
    assert_eq!(kept(&ask(&mut state, 2)), [0; 0]);
    let written = |state: &mut State| {
        let written = QueueNews::Written {
            snapshot_due: false,
        };
        update(state, Event::Queue(written), noon())
    };
    assert_eq!(kept(&written(&mut state)), [1, 2]);
    // Nothing waits any more.
    assert_eq!(kept(&ask(&mut state, 3)), [3]);
}

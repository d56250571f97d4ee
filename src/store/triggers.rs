//! Triggers at work: what items of the queue start by themselves. What a person looks at stays as it is: a
//! result comes as a tab behind the shown one, and a playbook is opened where none is.

use super::content::Content;
use super::effect::Effect;
use super::queue::Alert;
use super::results::Origin;
use super::state::State;
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;
use crate::domain::queue::ItemId;
use crate::domain::trigger::{Notice, Pace, Subject, Trigger, Verdict, Work};
use crate::sql::parameters;

/// Items whose entities are looked up at a time; a storm of items does without.
const MOST_LEARNING: usize = 1_000;

/// What triggers did.
#[derive(Debug, Default)]
pub struct TriggerDesk {
    pace: Pace,
    /// What a person is to be told of the items at hand.
    alert: Alert,
    /// Items whose entities are being looked up.
    learning: Vec<(ItemId, Entity)>,
}

/// Begins what items start that were opened, or that have more detections than the number that they
/// had before. A muted one starts nothing: nobody wants to hear of it.
pub(super) fn grown(state: &mut State, grown: &[(ItemId, u64)]) -> Vec<Effect> {
    let triggers = state.content.triggers.clone();
    if triggers.is_empty() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    for (id, before) in grown {
        // What a storm of the same batch took in is no item any more.
        let queue = state.queue.queue();
        let item = queue
            .item(*id)
            .filter(|item| !queue.is_muted(item, state.now));
        let Some(subject) = item.map(|item| Subject::of(item, *before)) else {
            continue;
        };
        for trigger in triggers.iter() {
            effects.extend(judge(state, trigger, *id, &subject));
        }
    }
    let alert = std::mem::take(&mut state.triggers.alert);
    if alert != Alert::default() && !state.feed.paused {
        effects.push(Effect::Alert(alert));
    }
    effects
}

/// What is known of an entity is here: it is kept with the items for which it was looked up.
pub(super) fn enriched(state: &mut State, of: &Entity, facts: &[Fact]) {
    let learning = std::mem::take(&mut state.triggers.learning);
    for (item, entity) in learning {
        if entity != *of {
            state.triggers.learning.push((item, entity));
        } else if !facts.is_empty() {
            let event = state.queue.queue().learned(item, facts, state.now);
            state.queue.happens(event);
        }
    }
}

fn judge(state: &mut State, trigger: &Trigger, item: ItemId, subject: &Subject) -> Vec<Effect> {
    let now = state.now;
    let name = &trigger.name;
    match trigger.judge(subject, &mut state.triggers.pace, now) {
        Verdict::Starts(work) => {
            let title = &subject.title;
            state.inform(format!("the trigger `{name}` answers: {title}"));
            let each = work.into_iter();
            each.flat_map(|work| begin(state, name, work, item, subject))
                .collect()
        }
        Verdict::Lacks(what) => {
            state.warn(format!(
                "the trigger `{name}` starts nothing: the item has no {what}"
            ));
            Vec::new()
        }
        // That it has started enough is no news: there is more than enough of it already.
        Verdict::Unmet(_) | Verdict::TooOften(_) => Vec::new(),
    }
}

fn begin(
    state: &mut State,
    trigger: &str,
    work: Work,
    item: ItemId,
    subject: &Subject,
) -> Vec<Effect> {
    let title = subject.title.as_str();
    match work {
        Work::Enrich => {
            let learning = &mut state.triggers.learning;
            let Some(entity) = subject
                .entity
                .clone()
                .filter(|_| learning.len() < MOST_LEARNING)
            else {
                return Vec::new();
            };
            learning.push((item, entity.clone()));
            vec![Effect::Enrich(entity)]
        }
        Work::Query { name, parameters } => {
            let sql = match statement(state, &name, parameters) {
                Ok(sql) => sql,
                Err(reason) => {
                    state.warn(format!("the trigger `{trigger}` starts no query: {reason}"));
                    return Vec::new();
                }
            };
            let shown = (!state.results.tabs.is_empty()).then_some(state.results.current);
            let (_, effects) = state.run(Origin::statement(&name, &sql));
            if let Some(shown) = shown {
                state.results.current = shown;
            }
            effects
        }
        Work::Playbook(name) => {
            let Content { playbooks, .. } = &state.content;
            let is_named = |file: &str| file == name || file.strip_suffix(".md") == Some(&name);
            let playbook = playbooks
                .iter()
                .find(|one| is_named(&one.file_name))
                .cloned();
            match playbook {
                None => state.warn(format!(
                    "the trigger `{trigger}` opens nothing: there is no playbook `{name}`"
                )),
                Some(playbook) if state.playbook.playbook().is_none() => {
                    state.playbook.open(playbook);
                }
                Some(playbook) => state.inform(format!(
                    "the trigger `{trigger}` would open the playbook {}: {title}",
                    playbook.title
                )),
            }
            state.session_changed()
        }
        Work::Notify(how) => {
            // Of several the first is told by its name; the queue has them all.
            let alert = &mut state.triggers.alert;
            let told = || Some(title.to_owned());
            match how {
                Notice::Bell => alert.bell = true,
                Notice::Title => alert.title = alert.title.take().or_else(told),
                Notice::Desktop => alert.notify = alert.notify.take().or_else(told),
            }
            Vec::new()
        }
    }
}

/// The saved query with its values; what the trigger leaves open is what a person would be offered.
fn statement(
    state: &State,
    name: &str,
    mut values: std::collections::BTreeMap<String, String>,
) -> Result<String, String> {
    let mut templates = state.content.templates.iter();
    let template = templates
        .find(|template| template.name == name)
        .ok_or_else(|| format!("there is no saved query `{name}`"))?;
    for (parameter, value) in state.suggestions() {
        let has = template.parameters.iter().any(|one| one.name == parameter);
        if has && !values.contains_key(parameter) {
            values.insert(parameter.to_owned(), value);
        }
    }
    let context = parameters::Context {
        zone: state.setting.zone,
        now: state.now,
    };
    let filled = template.fill(&values, &context);
    filled.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::detection::{Cause, Contents, Detection, ObjectName, Reading};
    use crate::domain::entity::{Entity, EntityType};
    use crate::domain::trigger::When;
    use crate::store::event::Event;
    use crate::store::testing::{noon, state};
    use crate::store::update;

    fn detected(address: &str) -> Event {
        detected_in(address, 0)
    }

    /// A detection about an address, in a row of the address's own object.
    fn detected_in(address: &str, row: u64) -> Event {
        let object = ObjectName {
            bucket: "b".into(),
            key: address.into(),
        };
        let detection = Detection {
            cause: Cause::Rule("r".into()),
            title: "A visitor".into(),
            severity: "High".into(),
            reason: "the rule's level".into(),
            entity: Entity::parse(EntityType::Ip, address).ok(),
            others: Vec::new(),
            time: Some(noon()),
            seen: noon(),
            account: None,
            region: None,
            operation: None,
            class: None,
            object: object.clone(),
            row,
            event: "{}".into(),
        };
        let contents = Contents {
            detections: vec![detection],
            ..Contents::default()
        };
        Event::Read(vec![Reading {
            object,
            outcome: Ok(contents),
        }])
    }

    fn with(work: Vec<Work>) -> State {
        let mut state = state(120, 40);
        let when = When {
            rules: vec!["r".into()],
            ..When::default()
        };
        let trigger = Trigger {
            name: "visitors".into(),
            when,
            work,
            most_per_hour: 2,
        };
        state.content.triggers = Arc::new([trigger]);
        state
    }

    fn asks_who(query: &str, value: &str) -> Vec<Work> {
        let parameters = [("ip".to_owned(), value.to_owned())].into();
        let name = query.to_owned();
        vec![Work::Query { name, parameters }]
    }

    fn started(effects: &[Effect]) -> Vec<&str> {
        effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::StartQuery(request) => Some(request.sql.as_str()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_query_is_begun_behind_what_is_shown_and_not_more_often_than_agreed() {
        let mut state = with(asks_who("by-address", "{entity}"));
        let effects = update(&mut state, detected("198.51.100.7"), noon());
        let [sql] = started(&effects)[..] else {
            panic!("{effects:?}");
        };
        assert!(sql.contains("/* :ip */ '198.51.100.7'"), "{sql}");
        let focus = state.screen.focus;
        let effects = update(&mut state, detected("198.51.100.8"), noon());
        assert_eq!(started(&effects).len(), 1);
        assert_eq!((state.results.tabs.len(), state.results.current), (2, 0));
        assert_eq!(state.screen.focus, focus);
        let effects = update(&mut state, detected("198.51.100.9"), noon());
        assert_eq!(started(&effects), Vec::<&str>::new());
    }

    #[test]
    fn a_storm_that_joins_an_open_item_starts_the_work_once_and_again_when_it_is_opened_again() {
        let mut state = with(asks_who("by-address", "{entity}"));
        let count = |state: &mut State, row| {
            let effects = update(state, detected_in("198.51.100.7", row), noon());
            started(&effects).len()
        };
        let begun: usize = (0..200).map(|row| count(&mut state, row)).sum();
        assert_eq!(begun, 1);
        assert_eq!(state.queue.queue().items().next().unwrap().count, 200);
        // The same rows once more, as after a kill.
        assert_eq!((0..200).map(|row| count(&mut state, row)).sum::<usize>(), 0);
        crate::store::testing::press(&mut state, "alt-q c enter");
        assert!(
            state
                .queue
                .queue()
                .items()
                .all(|item| item.status.is_closed())
        );
        assert_eq!(count(&mut state, 200), 1);
        assert_eq!(count(&mut state, 201), 0);
    }

    #[test]
    fn a_number_of_detections_is_waited_for() {
        let mut state = with(asks_who("by-address", "{entity}"));
        let mut trigger = state.content.triggers[0].clone();
        trigger.when.count = Some(3);
        state.content.triggers = Arc::new([trigger]);
        let begun: Vec<usize> = (0..5)
            .map(|row| {
                let effects = update(&mut state, detected_in("198.51.100.7", row), noon());
                started(&effects).len()
            })
            .collect();
        assert_eq!(begun, [0, 0, 1, 0, 0]);
    }

    #[test]
    fn what_is_known_of_an_entity_is_kept_with_its_item() {
        let mut state = with(vec![Work::Enrich]);
        let effects = update(&mut state, detected("198.51.100.7"), noon());
        let entity = Entity::parse(EntityType::Ip, "198.51.100.7").unwrap();
        assert!(
            effects.contains(&Effect::Enrich(entity.clone())),
            "{effects:?}"
        );
        let fact = |text: &str| Fact {
            source: "asn.csv".into(),
            name: "network".into(),
            text: text.into(),
        };
        let known = |state: &State| {
            let item = state.queue.queue().items().next().unwrap().clone();
            (item.facts, item.status)
        };
        let other = Entity::parse(EntityType::Ip, "198.51.100.8").unwrap();
        update(
            &mut state,
            Event::Enriched(other, vec![fact("not this")]),
            noon(),
        );
        assert_eq!(known(&state).0, []);
        update(
            &mut state,
            Event::Enriched(entity.clone(), vec![fact("a network")]),
            noon(),
        );
        assert_eq!(known(&state).0, [fact("a network")]);
        // It is in the journal, and nothing that a person would take back.
        assert!(state.queue.queue().undoable().is_none());
        crate::store::testing::press(&mut state, "alt-q i");
        let text = format!("{:?}", state.overlay);
        assert!(
            text.contains("asn.csv") && text.contains("a network"),
            "{text}"
        );
        // What nobody asked for an item is not put there.
        update(
            &mut state,
            Event::Enriched(entity, vec![fact("later")]),
            noon(),
        );
        assert_eq!(known(&state).0, [fact("a network")]);
    }

    #[test]
    fn what_cannot_be_started_is_said() {
        for (work, says) in [
            (
                asks_who("no-such-query", "{entity}"),
                "no saved query `no-such-query`",
            ),
            (asks_who("by-address", "{region}"), "has no region"),
            (asks_who("by-address", "{title}"), "A visitor"),
            (vec![Work::Playbook("none".into())], "no playbook `none`"),
        ] {
            let mut state = with(work);
            let effects = update(&mut state, detected("198.51.100.7"), noon());
            assert_eq!(started(&effects), Vec::<&str>::new());
            let said = state.message.unwrap().text;
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_playbook_takes_no_other_s_place_and_notices_go_to_the_terminal() {
        let work = vec![
            Work::Playbook("zebra".into()),
            Work::Notify(Notice::Bell),
            Work::Notify(Notice::Desktop),
        ];
        let mut state = with(work);
        let before = state.playbook.file().map(str::to_owned);
        let effects = update(&mut state, detected("198.51.100.7"), noon());
        let expected = before.unwrap_or_else(|| "zebra.md".to_owned());
        assert_eq!(state.playbook.file(), Some(expected.as_str()));
        let alert = Alert {
            bell: true,
            notify: Some("A visitor".to_owned()),
            title: None,
        };
        assert!(effects.contains(&Effect::Alert(alert)), "{effects:?}");
        state.feed.paused = true;
        let effects = update(&mut state, detected("198.51.100.8"), noon());
        let is_told = |effect: &Effect| matches!(effect, Effect::Alert(_));
        assert!(!effects.iter().any(is_told), "{effects:?}");
    }
}

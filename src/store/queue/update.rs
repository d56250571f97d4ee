//! What the queue's commands do.

use std::collections::BTreeSet;

use super::menu::{self, QueueList};
use super::mute::MuteForm;
use super::{ItemEvent, QueueWork, alerts, key};
use crate::domain::entity::Entity;
use crate::domain::entity::extract::Found;
use crate::domain::queue::{Act, Disposition, Item, ItemId, Line, Status};
use crate::store::case::{self, CaseWork};
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::pivot::Place;
use crate::store::screen::Pane;
use crate::store::state::State;

/// Events of several items that are shown together.
const MOST_ROWS: usize = 2_000;

/// Shows the queue in the pane of the feed; asked for while it is there, the notifications again.
pub(in crate::store) fn show(state: &mut State, shown: bool) -> Vec<Effect> {
    state.queue.shown = shown;
    state.overlay = None;
    state.focus(Pane::Feed);
    state.session_changed()
}

/// Runs a command of the queue.
pub(in crate::store) fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let page = usize::from(state.screen.height / 3).max(1);
    let now = state.now;
    let at = state.queue.selected(now);
    match command {
        Command::QueueUp => state.queue.select(at.saturating_sub(1), now),
        Command::QueueDown => state.queue.select(at.saturating_add(1), now),
        Command::QueuePageUp => state.queue.select(at.saturating_sub(page), now),
        Command::QueuePageDown => state.queue.select(at.saturating_add(page), now),
        Command::QueueTop => state.queue.select(0, now),
        Command::QueueBottom => state.queue.select(usize::MAX, now),
        Command::QueueFeed => return show(state, false),
        Command::QueueGroup => {
            let grouping = state.queue.grouping.next();
            let item = state.queue.item(now).map(|item| item.id);
            state.queue.grouping = grouping;
            state.queue.changed();
            keep_chosen(state, item);
        }
        Command::QueueScope => {
            let item = state.queue.item(now).map(|item| item.id);
            state.queue.scope = state.queue.scope.next();
            state.queue.changed();
            keep_chosen(state, item);
        }
        Command::QueueMark => mark(state, at),
        Command::QueueMarkAll => mark_all(state),
        Command::QueueFilter => {
            let prompt = Prompt::proposing(PromptKind::QueueFilter, state.queue.filter());
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        Command::QueueUndo => return undo(state),
        Command::QueueMutes => menu::open_mutes(state),
        _ => return with_items(state, command),
    }
    Vec::new()
}

/// The same item stays chosen where it is in sight.
fn keep_chosen(state: &mut State, item: Option<ItemId>) {
    let now = state.now;
    let lines = state.queue.lines(now);
    let place = lines
        .iter()
        .position(|line| matches!(line, Line::Item(id) if Some(*id) == item));
    state.queue.select(place.unwrap_or(0), now);
}

fn mark(state: &mut State, at: usize) {
    let now = state.now;
    let items = state.queue.chosen_items(now);
    let marked = &mut state.queue.marked;
    let all = items.iter().all(|id| marked.contains(id));
    for id in items {
        if all {
            marked.remove(&id);
        } else {
            marked.insert(id);
        }
    }
    state.queue.select(at.saturating_add(1), now);
}

fn mark_all(state: &mut State) {
    let lines = state.queue.lines(state.now);
    let in_sight: BTreeSet<ItemId> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Item(id) => Some(*id),
            Line::Group { .. } => None,
        })
        .collect();
    let marked = &mut state.queue.marked;
    if in_sight.is_subset(marked) {
        marked.clear();
    } else {
        marked.extend(in_sight);
    }
}

/// Commands that need an item.
fn with_items(state: &mut State, command: Command) -> Vec<Effect> {
    let now = state.now;
    let targets = state.queue.targets(now);
    let Some(item) = state.queue.item(now).cloned() else {
        state.inform("there is no item here".to_owned());
        return Vec::new();
    };
    match command {
        Command::QueueAcknowledge => return acknowledge(state, &targets),
        Command::QueueAssign => {
            let whose = item.assignee.unwrap_or(state.setting.analyst.clone());
            let prompt = Prompt::proposing(PromptKind::QueueAssign, &whose);
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        Command::QueueClose => menu::open(state, QueueList::Dispositions(targets)),
        Command::QueueMute => {
            state.overlay = Some(Overlay::Mute(MuteForm::of(&item)));
        }
        Command::QueueOpen => return events(state, &item),
        Command::QueueDetails => {
            let text = details(state, &item);
            let path = format!("item {}", item.id);
            open_page(state, PageContent::Value { path, text });
        }
        Command::QueuePlaybook => menu::open(state, QueueList::Playbooks(item.id)),
        Command::QueueCase => {
            state.queue.for_case = targets;
            let name = format!("{} {}", item.title, item.about());
            let name = name.chars().take(120).collect();
            return vec![Effect::Case(CaseWork::New { name })];
        }
        _ => {}
    }
    Vec::new()
}

/// A person did something: it counts, is written, and the open case notes it.
pub(super) fn done(state: &mut State, act: Act, command: &str, told: &str) {
    let by = Some(state.setting.analyst.clone()).filter(|name| !name.is_empty());
    let event = state.queue.queue.next(act, by, state.now);
    let now = state.now;
    state.queue.place = state.queue.selected(now);
    state.queue.happens(event);
    let what = crate::domain::case::What::Command {
        name: command.to_owned(),
        detail: told.to_owned(),
    };
    case::note(state, what);
}

/// `item #3 “Root used”`, `4 items (#1, #2 …)`.
fn told_items(state: &State, items: &[ItemId]) -> String {
    match items {
        [one] => {
            let item = state.queue.queue.item(*one);
            let title = item.map_or("", |item| item.title.as_str());
            format!("item {one} “{title}”")
        }
        many => {
            let names: Vec<String> = many.iter().take(20).map(ToString::to_string).collect();
            let more = if many.len() > 20 { " …" } else { "" };
            format!("{} items ({}{more})", many.len(), names.join(", "))
        }
    }
}

fn kept_of(state: &State, items: &[ItemId], which: impl Fn(&Item) -> bool) -> Vec<ItemId> {
    let known = items.iter().filter_map(|id| state.queue.queue.item(*id));
    known
        .filter(|item| which(item))
        .map(|item| item.id)
        .collect()
}

fn acknowledge(state: &mut State, targets: &[ItemId]) -> Vec<Effect> {
    let items = kept_of(state, targets, |item| item.status == Status::Open);
    if items.is_empty() {
        state.inform("somebody knows of it already".to_owned());
        return Vec::new();
    }
    let told = told_items(state, &items);
    done(
        state,
        Act::Acknowledged { items },
        "queue.acknowledge",
        &told,
    );
    finished(state, &format!("{told} acknowledged"))
}

/// The prompt of whose the items are was answered; an empty answer makes them nobody's.
pub(in crate::store) fn assign_to(state: &mut State, text: &str) -> Vec<Effect> {
    let targets = state.queue.targets(state.now);
    let to = Some(text.trim().chars().take(80).collect::<String>()).filter(|to| !to.is_empty());
    let items = kept_of(state, &targets, |item| {
        !item.status.is_closed() && item.assignee != to
    });
    if items.is_empty() {
        return Vec::new();
    }
    let told = told_items(state, &items);
    let whose = to.clone().unwrap_or_else(|| "nobody".to_owned());
    let what = format!("{told}: {whose}");
    done(state, Act::Assigned { items, to }, "queue.assign", &what);
    finished(state, &format!("{told} assigned to {whose}"))
}

/// The items turned out to be something.
pub(super) fn close(
    state: &mut State,
    targets: &[ItemId],
    disposition: Disposition,
) -> Vec<Effect> {
    let items = kept_of(state, targets, |item| {
        item.status != Status::Closed(disposition)
    });
    if items.is_empty() {
        return Vec::new();
    }
    let told = told_items(state, &items);
    let what = format!("{told}: {}", disposition.name());
    done(
        state,
        Act::Closed { items, disposition },
        "queue.close",
        &what,
    );
    finished(state, &format!("{told} closed: {}", disposition.name()))
}

/// An action on marked items is done: the marks go, and what takes it back is said.
fn finished(state: &mut State, told: &str) -> Vec<Effect> {
    state.queue.marked.clear();
    let undo = key(state, Command::QueueUndo);
    state.inform(format!("{told}; {undo} takes it back"));
    alerts::titled(state).into_iter().collect()
}

fn undo(state: &mut State) -> Vec<Effect> {
    let Some((of, name)) = state.queue.queue.undoable() else {
        state.inform("nothing was done that could be taken back".to_owned());
        return Vec::new();
    };
    let told = format!("“{name}” is taken back");
    done(state, Act::Undone { of }, "queue.undo", &told);
    state.inform(told);
    let mut effects: Vec<Effect> = super::journal::wake_for_mutes(state).into_iter().collect();
    effects.extend(alerts::titled(state));
    effects
}

/// The events of the chosen item, or of the group, as a result: those whose detections are kept. What is
/// too large to be kept with them is read from its object.
fn events(state: &mut State, item: &Item) -> Vec<Effect> {
    let items = state.queue.chosen_items(state.now);
    let known: Vec<&Item> = items
        .iter()
        .filter_map(|id| state.queue.queue.item(*id))
        .collect();
    let mut events = Vec::new();
    for detection in known.iter().flat_map(|item| item.newest.iter().rev()) {
        if events.len() < MOST_ROWS {
            events.push(ItemEvent {
                object: detection.object.clone(),
                row: detection.row,
                event: detection.event.clone(),
            });
        }
    }
    let all: u64 = known.iter().map(|item| item.count).sum();
    if events.is_empty() {
        let pivot = key(state, Command::PanePivot);
        state.warn(format!(
            "none of its detections is kept any more; {pivot} asks the lake for its events"
        ));
        return Vec::new();
    }
    let title = match items.as_slice() {
        [one] => format!("item {one}"),
        many => format!("{} items", many.len()),
    };
    if all > events.len() as u64 {
        state.inform(format!(
            "the newest {} of {all} events; {} asks the lake for more",
            events.len(),
            key(state, Command::PanePivot)
        ));
    }
    let work = QueueWork::Rows {
        title,
        name: format!("item-{}", item.id.0),
        events,
    };
    vec![Effect::Queue(work)]
}

/// Everything that is to be known of an item.
fn details(state: &State, item: &Item) -> String {
    let zone = state.setting.zone;
    let time = |time: chrono::DateTime<chrono::Utc>| {
        let time = time.with_timezone(&zone);
        time.format("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
    };
    let names = |few: &crate::domain::queue::Few<String>| {
        let some: Vec<&str> = few.values().iter().take(12).map(String::as_str).collect();
        format!("{} ({})", some.join(", "), few.count())
    };
    let entities = |few: &crate::domain::queue::Few<Entity>| {
        let some = few.values().iter().take(40);
        let some: Vec<String> = some.map(|entity| format!("  {entity}")).collect();
        some.join("\n")
    };
    let mut text = format!(
        "title       {}\nsaid by     {} {}\nseverity    {} ({})\nabout       {}\nstate       {}{}\n\
         detections  {}\nfirst       {}\nlast        {}\naccounts    {}\nRegions     {}\noperations  {}\n",
        item.title,
        item.cause.kind(),
        item.cause.name(),
        item.severity,
        item.reason,
        item.about(),
        item.status.told(),
        item.assignee
            .as_ref()
            .map_or_else(String::new, |whose| format!(", {whose}'s")),
        item.count,
        time(item.first),
        time(item.last),
        names(&item.accounts),
        names(&item.regions),
        names(&item.operations),
    );
    if let Some(again) = item.again {
        text += &format!("again       {again} was closed before this one was opened\n");
    }
    for (title, few) in [("entities", &item.entities), ("others", &item.others)] {
        if !few.is_empty() {
            text += &format!("\n{title} ({})\n{}\n", few.count(), entities(few));
        }
    }
    if !item.facts.is_empty() {
        text += "\nwhat is known of it\n";
        for fact in &item.facts {
            text += &format!("  {}: {} ({})\n", fact.name, fact.text, fact.source);
        }
    }
    text += "\nthe newest detections\n";
    for detection in item.newest.iter().rev() {
        text += &format!(
            "  {}  {}  s3://{}/{} row {}\n",
            time(detection.time.unwrap_or(detection.seen)),
            detection.operation.as_deref().unwrap_or("-"),
            detection.object.bucket,
            detection.object.key,
            detection.row + 1
        );
    }
    text
}

/// What can be asked about: the entities of the chosen item.
pub(in crate::store) fn found(state: &State) -> (Vec<Found>, Place) {
    let Some(item) = state.queue.item(state.now) else {
        return (Vec::new(), Place::default());
    };
    let mut named: Vec<&Entity> = Vec::new();
    for entity in item.named().take(200) {
        if !named.contains(&entity) {
            named.push(entity);
        }
    }
    let found = named.into_iter().map(|entity| Found {
        entity: entity.clone(),
        paths: Vec::new(),
    });
    let place = Place {
        time: Some(item.last),
        ..Place::default()
    };
    (found.collect(), place)
}

/// The case that was made from items is open: it is told of them.
pub(in crate::store) fn case_opened(state: &mut State) {
    let items = std::mem::take(&mut state.queue.for_case);
    for id in items.into_iter().take(100) {
        let Some(item) = state.queue.queue.item(id).cloned() else {
            continue;
        };
        let text = format!("from the queue, item {id}\n\n{}", details(state, &item));
        case::note_from_queue(state, item.entity.as_ref(), &text);
    }
}

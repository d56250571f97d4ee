//! The pivot menu: every entity of what is selected × what can be asked of it. A question runs in a
//! tab of its own, which remembers the one that it came from.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::case;
use super::effect::Effect;
use super::entity;
use super::lineage;
use super::overlay::{Overlay, Picker};
use super::results::{EndOrder, Origin, Tab, selected_page};
use super::screen::Pane;
use super::state::State;
use super::timeline::{Span, range_told};
use crate::domain::case::What;
use crate::domain::entity::extract::{Found, row as entities_of};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::lake::{Arrival, LOCAL_BUCKET};
use crate::domain::query::{QueryId, QueryRequest, Route};
use crate::domain::timeline::event_time;
use crate::sql::pivot::{
    PivotTable, PivotTemplate, PivotTemplates, Window, statement, statement_over,
};

/// How far around an event a question may look, from the nearest to the widest.
const SPANS: [(i64, &str); 6] = [
    (15, "15 minutes"),
    (60, "1 hour"),
    (6 * 60, "6 hours"),
    (24 * 60, "1 day"),
    (7 * 24 * 60, "7 days"),
    (30 * 24 * 60, "30 days"),
];

/// The place of an hour in [`SPANS`].
const AN_HOUR: usize = 1;
/// The place of seven days in [`SPANS`].
const SEVEN_DAYS: usize = 4;
/// Objects of the feed that a question looks into first.
const FEED_OBJECTS: usize = 100;

/// What a pivot needs to know of the lake.
#[derive(Debug, Clone)]
pub struct Pivots {
    /// The tables that are asked.
    pub tables: Arc<[PivotTable]>,
    /// How far around an event to look; the place in [`SPANS`]. Stays as it was chosen.
    span: usize,
    /// The time range that was chosen in the timeline: every question looks at it.
    pub range: Option<Span>,
}

impl Default for Pivots {
    fn default() -> Self {
        Self {
            tables: Arc::from([]),
            span: AN_HOUR,
            range: None,
        }
    }
}

/// Where an entity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// When it happened; `None` where that is not known.
    pub time: Option<DateTime<Utc>>,
    /// The run whose row it is.
    pub from: Option<QueryId>,
    /// The row's number in its result, from 0.
    pub row: Option<usize>,
}

/// The open menu.
#[derive(Debug, Clone)]
pub struct PivotMenu {
    /// The filter and the chosen line.
    pub picker: Picker,
    /// The entities, that of the selected cell first.
    pub found: Vec<Found>,
    /// The lines: an entity's place and what can be asked of it.
    pub lines: Vec<(usize, Ask)>,
    /// Where they were found.
    pub place: Place,
}

/// What a line of the menu asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A question with a template, by its name.
    Template(String),
    /// The tree of credentials, which two statements answer and no template.
    Tree,
    /// The page of the entity.
    Page,
    /// To be told when it comes back.
    Watch,
}

impl PivotMenu {
    /// What a line asks of whom.
    pub fn line(&self, number: usize) -> Option<(&Found, &Ask)> {
        let (entity, ask) = self.lines.get(number)?;
        Some((self.found.get(*entity)?, ask))
    }
}

/// The name and the purpose of what can be asked.
pub fn line_told<'a>(templates: &'a PivotTemplates, ask: &'a Ask) -> (&'a str, &'a str) {
    match ask {
        Ask::Template(name) => {
            let template = templates.get(name);
            (name, template.map_or("", |template| &template.purpose))
        }
        Ask::Tree => (
            "lineage",
            "The tree of credentials that it came from and that came of it.",
        ),
        Ask::Page => (
            "page",
            "What is known of it: seen, with what, notes, verdict.",
        ),
        Ask::Watch => ("watch this", "Tell me when it comes back."),
    }
}

/// The words of the time in force.
pub fn span_told(state: &State) -> String {
    match &state.pivots.range {
        Some(range) => format!("within {}", range_told(range, state.setting.zone)),
        None => {
            let span = SPANS.get(state.pivots.span);
            format!("around means {}", span.map_or("", |(_, told)| told))
        }
    }
}

/// Opens the menu on what is selected in the focused pane.
pub fn open(state: &mut State) -> Vec<Effect> {
    let (found, place) = selected(state);
    if found.is_empty() {
        state.inform("no address, key, principal, resource … is named here".to_owned());
    } else {
        open_on(state, found, place);
    }
    Vec::new()
}

/// The entities of what is selected in the focused pane, and where they were found.
pub(super) fn selected(state: &State) -> (Vec<Found>, Place) {
    match state.screen.focus {
        Pane::Feed if state.queue.shown => super::queue::found(state),
        Pane::Feed => (of_notification(state), Place::default()),
        Pane::Results => of_row(state),
        Pane::Editor | Pane::Playbook => (Vec::new(), Place::default()),
    }
}

/// Opens the menu on entities.
pub(super) fn open_on(state: &mut State, found: Vec<Found>, place: Place) {
    let templates = Arc::clone(&state.content.pivots);
    let lines = found.iter().enumerate().flat_map(|(at, found)| {
        let asked = templates.of_type(found.entity.kind);
        let asked = asked.map(|template| Ask::Template(template.name.clone()));
        let tree = lineage::is_for(found.entity.kind).then_some(Ask::Tree);
        let all = asked.chain(tree).chain([Ask::Page, Ask::Watch]);
        all.map(move |ask| (at, ask))
    });
    let menu = PivotMenu {
        picker: Picker::default(),
        lines: lines.collect(),
        found,
        place,
    };
    state.overlay = Some(Overlay::Pivot(menu));
}

/// The lines that pass the filter, by their number.
pub fn matches(state: &State, menu: &PivotMenu) -> Vec<usize> {
    let templates = &state.content.pivots;
    let text = |number: usize| match menu.line(number) {
        Some((found, ask)) => {
            let (name, purpose) = line_told(templates, ask);
            let entity = &found.entity;
            format!("{} {} {name} {purpose}", entity.kind, entity.value)
        }
        None => String::new(),
    };
    let texts: Vec<String> = (0..menu.lines.len()).map(text).collect();
    menu.picker.matches(texts.iter().map(String::as_str))
}

/// Looks nearer or wider around events; first of all no longer at the range of the timeline.
pub fn widen(state: &mut State, by: isize) {
    if state.pivots.range.take().is_some() {
        return;
    }
    let wider = state.pivots.span.saturating_add_signed(by);
    state.pivots.span = wider.min(SPANS.len() - 1);
}

/// Asks the chosen question in a tab of its own, or opens the page of the entity or its tree.
pub fn choose(state: &mut State, menu: &PivotMenu) -> Vec<Effect> {
    let Some(number) = matches(state, menu).get(menu.picker.selected).copied() else {
        return Vec::new();
    };
    let templates = Arc::clone(&state.content.pivots);
    match menu.line(number) {
        Some((found, Ask::Template(name))) => templates
            .get(name)
            .and_then(|template| ask(state, found, template, menu.place))
            .map_or_else(Vec::new, |asked| asked.effects),
        Some((found, Ask::Tree)) => lineage::ask(state, found.entity.clone(), menu.place),
        Some((found, Ask::Page)) => entity::open(state, found, menu.place),
        Some((found, Ask::Watch)) => {
            let entity = found.entity.clone();
            let detail = entity.to_string();
            let name = "watch".to_owned();
            case::note(state, What::Command { name, detail });
            vec![Effect::Watch(entity)]
        }
        None => Vec::new(),
    }
}

/// A question that was asked.
pub(super) struct Asked {
    /// Its run.
    pub query: QueryId,
    /// What is to be done for it.
    pub effects: Vec<Effect>,
}

/// Asks a question in a tab of its own.
pub(super) fn ask(
    state: &mut State,
    found: &Found,
    template: &PivotTemplate,
    place: Place,
) -> Option<Asked> {
    let window = window(state, template, place.time);
    let tables = Arc::clone(&state.pivots.tables);
    // What comes row by row is shown as it is found, and put in order when it is all there.
    let end_order = template.time_order().map(|descending| EndOrder {
        column: "time".to_owned(),
        descending,
    });
    let ordered = end_order.is_none();
    let pivot = match statement(template, &found.entity, &tables, window, ordered) {
        Ok(pivot) => pivot,
        Err(error) => {
            state.fail(error.to_string());
            return None;
        }
    };
    let told = format!("asking {}", pivot.asked.join(", "));
    let origin = Origin {
        parameters: pivot.parameters,
        end_order,
        ..Origin::statement(&title(&found.entity, template), &pivot.sql)
    };
    // What is here already is looked through while the lake is asked.
    let with_rows = |tab: &&Tab| tab.rows.as_ref().is_some_and(|rows| !rows.is_empty());
    let here = state.results.tabs.iter().filter(with_rows);
    let among: Vec<QueryId> = here.map(|tab| tab.query).collect();
    state.focus(Pane::Results);
    let (query, mut effects) = state.run(origin);
    if !among.is_empty() {
        effects.push(Effect::FindHere {
            query,
            among,
            text: found.entity.value.clone(),
        });
    }
    effects.extend(in_feed(state, query, found, template, window));
    if let Some(tab) = state.results.by_query(query) {
        tab.from = place.from;
    }
    case::pivoted(state, place, found, &template.name, query);
    state.inform(told);
    Some(Asked { query, effects })
}

/// The question over the newest objects of the feed alone, which are at hand before the rest of
/// the lake is: on AWS they are read straight from S3.
fn in_feed(
    state: &State,
    query: QueryId,
    found: &Found,
    template: &PivotTemplate,
    window: Window,
) -> Option<Effect> {
    let arrived: Vec<&Arrival> = state
        .feed
        .arrivals()
        .filter(|arrival| arrival.seen.is_some() && !matches!(arrival.events, Some(Err(_))))
        .take(FEED_OBJECTS)
        .collect();
    if arrived.is_empty() || template.group != "events" {
        // What counts or groups over a part of the lake would say less than nothing.
        return None;
    }
    let objects: Vec<String> = arrived
        .iter()
        .flat_map(|arrival| arrival.locations())
        .collect();
    let tables = &state.pivots.tables;
    let pivot = statement_over(template, &found.entity, tables, window, false, &objects).ok()?;
    let mut request = QueryRequest::new(query, pivot.sql);
    request.parameters = pivot.parameters;
    if state.setting.on_aws {
        request.route = Route::Direct;
    }
    Some(Effect::FindInFeed {
        request: Box::new(request),
        objects: arrived.len(),
    })
}

/// Goes to the result that the shown one was asked from.
pub fn back(state: &mut State) {
    let from = state.results.tab().and_then(|tab| tab.from);
    let place = from.and_then(|from| {
        let tabs = &state.results.tabs;
        tabs.iter().position(|tab| tab.query == from)
    });
    match place {
        Some(place) => {
            state.results.current = place;
            state.relayout();
        }
        None => state.inform("this result was not asked from another that is open".to_owned()),
    }
}

fn title(entity: &Entity, template: &PivotTemplate) -> String {
    format!("{} {}", template.name, entity.value)
}

/// The range chosen in the timeline where there is one. Else what is meant for the time around an
/// event that time, and all time or, on AWS, some days for anything else.
fn window(state: &State, template: &PivotTemplate, time: Option<DateTime<Utc>>) -> Window {
    match state.pivots.range {
        None if template.around => around(state, time, state.pivots.span),
        _ => wide_window(state, time),
    }
}

/// The range chosen in the timeline where there is one. Else all time in a folder, where looking
/// costs nothing, and on AWS some days around an event.
pub(super) fn wide_window(state: &State, time: Option<DateTime<Utc>>) -> Window {
    if let Some((since, until)) = state.pivots.range {
        Window { since, until }
    } else if state.setting.on_aws {
        around(state, time, state.pivots.span.max(SEVEN_DAYS))
    } else {
        Window::EVER
    }
}

/// So far around an event as a place in [`SPANS`] says.
fn around(state: &State, time: Option<DateTime<Utc>>, place: usize) -> Window {
    let minutes = SPANS.get(place).map_or(60, |(minutes, _)| *minutes);
    Window::around(time.unwrap_or(state.now), TimeDelta::minutes(minutes))
}

/// The entities of the selected row, its time and its run.
fn of_row(state: &State) -> (Vec<Found>, Place) {
    let selected = || {
        let tab = state.results.tab()?;
        let rows = tab.rows.as_ref()?;
        let (page, at) = selected_page(tab)?;
        let mut found = entities_of(&page.batch, rows.columns(), at);
        if let Some(column) = rows.columns().get(tab.view.column) {
            // What the selected cell names goes first.
            found.sort_by_key(|found| !found.paths.iter().any(|path| is_in(path, &column.name)));
        }
        let place = Place {
            time: event_time(&page.batch, rows.columns(), at),
            from: Some(tab.query),
            row: tab.selected_row(),
        };
        Some((found, place))
    };
    selected().unwrap_or_default()
}

/// Whether a path leads into a column.
fn is_in(path: &str, column: &str) -> bool {
    let rest = path.strip_prefix(column);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The bucket and the account of the selected notification.
fn of_notification(state: &State) -> Vec<Found> {
    let Some(arrival) = state.feed.selection() else {
        return Vec::new();
    };
    let notification = &arrival.notification;
    // A folder has no bucket that anybody could ask about.
    let bucket = Some(notification.bucket.as_str()).filter(|bucket| *bucket != LOCAL_BUCKET);
    let named = [
        (EntityType::Resource, bucket, "bucket"),
        (
            EntityType::Account,
            notification.key.account.as_deref(),
            "accountId",
        ),
    ];
    let entity = |(kind, value, path): (EntityType, Option<&str>, &str)| {
        Some(Found {
            entity: Entity::parse(kind, value?).ok()?,
            paths: vec![path.to_owned()],
        })
    };
    named.into_iter().filter_map(entity).collect()
}

#[cfg(test)]
mod tests;

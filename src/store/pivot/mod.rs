//! The pivot menu: every entity of what is selected × what can be asked of it. A question runs in a
//! tab of its own, which remembers the one that it came from.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use chrono::{DateTime, TimeDelta, Utc};

use super::effect::Effect;
use super::lineage;
use super::overlay::{Overlay, Picker};
use super::results::{Origin, selected_page};
use super::screen::Pane;
use super::state::State;
use crate::domain::entity::extract::{Found, row as entities_of};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::query::QueryId;
use crate::domain::rows::Page;
use crate::sql::pivot::{PivotTable, PivotTemplate, PivotTemplates, Window, statement};

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

/// What a pivot needs to know of the lake.
#[derive(Debug, Clone)]
pub struct Pivots {
    /// The tables that are asked.
    pub tables: Arc<[PivotTable]>,
    /// How far around an event to look; the place in [`SPANS`]. Stays as it was chosen.
    span: usize,
}

impl Default for Pivots {
    fn default() -> Self {
        Self {
            tables: Arc::from([]),
            span: AN_HOUR,
        }
    }
}

/// The open menu.
#[derive(Debug, Clone)]
pub struct PivotMenu {
    /// The filter and the chosen line.
    pub picker: Picker,
    /// The entities, that of the selected cell first.
    pub found: Vec<Found>,
    /// The lines: an entity's place and a template's name, which [`TREE`] has none.
    pub lines: Vec<(usize, String)>,
    /// When it happened; `None` where that is not known.
    pub time: Option<DateTime<Utc>>,
    /// The run whose row it is.
    from: Option<QueryId>,
}

/// The line that asks for the tree of credentials, which two statements answer and no template.
const TREE: &str = "lineage";

/// What can be asked.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A question with a template.
    Template(&'a PivotTemplate),
    /// The tree of credentials.
    Tree,
}

impl Asked<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Template(template) => &template.name,
            Self::Tree => TREE,
        }
    }

    /// What it answers.
    pub fn purpose(&self) -> &str {
        match self {
            Self::Template(template) => &template.purpose,
            Self::Tree => "The tree of credentials that it came from and that came of it.",
        }
    }
}

impl PivotMenu {
    /// What a line asks of whom.
    pub fn line<'a>(
        &self,
        templates: &'a PivotTemplates,
        number: usize,
    ) -> Option<(&Found, Asked<'a>)> {
        let (entity, name) = self.lines.get(number)?;
        let asked = match name.as_str() {
            TREE => Asked::Tree,
            name => Asked::Template(templates.get(name)?),
        };
        Some((self.found.get(*entity)?, asked))
    }
}

/// The words of the span in force.
pub fn span_told(state: &State) -> &'static str {
    SPANS.get(state.pivots.span).map_or("", |(_, told)| told)
}

/// Opens the menu on what is selected in the focused pane.
pub fn open(state: &mut State) -> Vec<Effect> {
    let (found, time, from) = selected(state);
    if found.is_empty() {
        state.inform("no address, key, principal, resource … is named here".to_owned());
        return Vec::new();
    }
    let templates = Arc::clone(&state.content.pivots);
    let lines = found.iter().enumerate().flat_map(|(at, found)| {
        let asked = templates.of_type(found.entity.kind);
        let tree = lineage::is_for(found.entity.kind).then(|| TREE.to_owned());
        asked
            .map(|template| template.name.clone())
            .chain(tree)
            .map(move |name| (at, name))
    });
    let menu = PivotMenu {
        picker: Picker::default(),
        lines: lines.collect(),
        found,
        time,
        from,
    };
    state.overlay = Some(Overlay::Pivot(menu));
    Vec::new()
}

/// The lines that pass the filter, by their number.
pub fn matches(state: &State, menu: &PivotMenu) -> Vec<usize> {
    let text = |number: usize| match menu.line(&state.content.pivots, number) {
        Some((found, asked)) => format!(
            "{} {} {} {}",
            found.entity.kind,
            found.entity.value,
            asked.name(),
            asked.purpose()
        ),
        None => String::new(),
    };
    let texts: Vec<String> = (0..menu.lines.len()).map(text).collect();
    menu.picker.matches(texts.iter().map(String::as_str))
}

/// Looks nearer or wider around events.
pub fn widen(state: &mut State, by: isize) {
    let wider = state.pivots.span.saturating_add_signed(by);
    state.pivots.span = wider.min(SPANS.len() - 1);
}

/// Asks the chosen question in a tab of its own.
pub fn choose(state: &mut State, menu: &PivotMenu) -> Vec<Effect> {
    let Some(number) = matches(state, menu).get(menu.picker.selected).copied() else {
        return Vec::new();
    };
    let templates = Arc::clone(&state.content.pivots);
    match menu.line(&templates, number) {
        Some((found, Asked::Template(template))) => {
            ask(state, &found.entity, template, menu.time, menu.from)
        }
        Some((found, Asked::Tree)) => {
            lineage::ask(state, found.entity.clone(), menu.time, menu.from)
        }
        None => Vec::new(),
    }
}

/// Asks a question about an entity in a tab of its own: around a time, from the row of a run.
pub fn ask(
    state: &mut State,
    entity: &Entity,
    template: &PivotTemplate,
    time: Option<DateTime<Utc>>,
    from: Option<QueryId>,
) -> Vec<Effect> {
    let window = window(state, template, time);
    let tables = Arc::clone(&state.pivots.tables);
    let pivot = match statement(template, entity, &tables, window, true) {
        Ok(pivot) => pivot,
        Err(error) => {
            state.fail(error.to_string());
            return Vec::new();
        }
    };
    let told = format!("asking {}", pivot.asked.join(", "));
    let origin = Origin {
        parameters: pivot.parameters,
        ..Origin::statement(&title(entity, template), &pivot.sql)
    };
    state.focus(Pane::Results);
    let (query, effects) = state.run(origin);
    if let Some(tab) = state.results.by_query(query) {
        tab.from = from;
    }
    state.inform(told);
    effects
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

/// All time in a folder, where looking costs nothing; on AWS some days around the event, and what
/// is meant for the time around an event everywhere.
fn window(state: &State, template: &PivotTemplate, time: Option<DateTime<Utc>>) -> Window {
    match template.around {
        true => around(state, time, state.pivots.span),
        false => wide_window(state, time),
    }
}

/// All time in a folder, on AWS some days around an event.
pub(super) fn wide_window(state: &State, time: Option<DateTime<Utc>>) -> Window {
    match state.setting.on_aws {
        true => around(state, time, state.pivots.span.max(SEVEN_DAYS)),
        false => Window::EVER,
    }
}

/// So far around an event as a place in [`SPANS`] says.
fn around(state: &State, time: Option<DateTime<Utc>>, place: usize) -> Window {
    let minutes = SPANS.get(place).map_or(60, |(minutes, _)| *minutes);
    Window::around(time.unwrap_or(state.now), TimeDelta::minutes(minutes))
}

/// The entities of what is selected in the focused pane, the time of its event and its run.
pub(super) fn selected(state: &State) -> (Vec<Found>, Option<DateTime<Utc>>, Option<QueryId>) {
    match state.screen.focus {
        Pane::Feed => (of_notification(state), None, None),
        Pane::Results => of_row(state),
        Pane::Editor | Pane::Playbook => (Vec::new(), None, None),
    }
}

/// The entities of the selected row, its time and its run.
fn of_row(state: &State) -> (Vec<Found>, Option<DateTime<Utc>>, Option<QueryId>) {
    let selected = || {
        let tab = state.results.tab()?;
        let rows = tab.rows.as_ref()?;
        let (page, at) = selected_page(tab)?;
        let mut found = entities_of(&page.batch, rows.columns(), at);
        if let Some(column) = rows.columns().get(tab.view.column) {
            // What the selected cell names goes first.
            found.sort_by_key(|found| !found.paths.iter().any(|path| is_in(path, &column.name)));
        }
        Some((found, time_of(&page, at), Some(tab.query)))
    };
    selected().unwrap_or_default()
}

/// Whether a path leads into a column.
fn is_in(path: &str, column: &str) -> bool {
    let rest = path.strip_prefix(column);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// When the event of a row happened, by the columns that tell it.
fn time_of(page: &Page, row: usize) -> Option<DateTime<Utc>> {
    let milliseconds = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    ["time_dt", "time"].into_iter().find_map(|name| {
        let column = page.batch.column_by_name(name)?.slice(row, 1);
        let is_time = matches!(
            column.data_type(),
            DataType::Timestamp(..) | DataType::Int64
        );
        let told = cast(&column, &milliseconds).ok().filter(|_| is_time)?;
        let told = told.as_primitive_opt::<TimestampMillisecondType>()?;
        told.is_valid(0)
            .then(|| DateTime::from_timestamp_millis(told.value(0)))?
    })
}

/// The bucket and the account of the selected notification.
fn of_notification(state: &State) -> Vec<Found> {
    let Some(arrival) = state.feed.selection() else {
        return Vec::new();
    };
    let notification = &arrival.notification;
    let named = [
        (
            EntityType::Resource,
            Some(notification.bucket.as_str()),
            "bucket",
        ),
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

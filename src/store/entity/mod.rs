//! The page of an entity: where it was seen and with what, what the case says of it, and the keys
//! that judge it. What it counts is asked by two pivots, each in a tab of its own, so that every
//! number on the page can be looked into.

use super::case::{self, entity_ref, verdict_told};
use super::command::Command;
use super::effect::Effect;
use super::overlay::{Overlay, PageContent, open_page};
use super::pivot::{self, Asked, Place};
use super::results::{Phase, Tab};
use super::state::State;
use crate::domain::case::{About, EntityRef, Verdict, What};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::entity::Entity;
use crate::domain::entity::extract::Found;
use crate::domain::entity::facts::{Fact, THE_VALUE};
use crate::domain::query::QueryId;

/// The pivot that tells where an entity was seen.
const SEEN: &str = "by-source";
/// The pivot that tells with what it was seen.
const NEIGHBOURS: &str = "neighbours";
/// Rows of each that the page shows; the tabs have them all.
const ROWS: usize = 12;

/// The page of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityPage {
    /// The entity and where it was found.
    pub found: Found,
    /// The row that named it.
    pub place: Place,
    /// What is known of it; `None` while that is read.
    facts: Option<Vec<Fact>>,
    seen: Option<QueryId>,
    neighbours: Option<QueryId>,
}

/// Opens the page and asks what it shows.
pub(super) fn open(state: &mut State, found: &Found, place: Place) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut ask = |state: &mut State, name: &str| -> Option<QueryId> {
        let templates = std::sync::Arc::clone(&state.content.pivots);
        let template = templates.get(name)?;
        let asked: Asked = pivot::ask(state, found, template, place)?;
        effects.extend(asked.effects);
        Some(asked.query)
    };
    let neighbours = ask(state, NEIGHBOURS);
    let seen = ask(state, SEEN);
    effects.push(Effect::Enrich(found.entity.clone()));
    let page = EntityPage {
        found: found.clone(),
        place,
        facts: None,
        seen,
        neighbours,
    };
    state.message = None;
    open_page(state, PageContent::Entity(page));
    effects
}

/// Takes what is known of an entity, if its page is still open.
pub(super) fn enriched(state: &mut State, of: &Entity, facts: Vec<Fact>) {
    if let Some(Overlay::Page(page)) = &mut state.overlay
        && let PageContent::Entity(page) = &mut page.content
        && page.found.entity == *of
    {
        page.facts = Some(facts);
    }
}

/// Runs a command of the page.
pub(super) fn update(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Overlay::Page(page)) = &state.overlay else {
        return Vec::new();
    };
    let PageContent::Entity(page) = page.content.clone() else {
        return Vec::new();
    };
    let verdict = match command {
        Command::EntityMalicious => Verdict::Malicious,
        Command::EntitySuspicious => Verdict::Suspicious,
        Command::EntityBenign => Verdict::Benign,
        Command::EntityUnknown => Verdict::Unknown,
        Command::EntityNote => {
            case::ask_note(state, page);
            return Vec::new();
        }
        Command::EntityPivot => {
            pivot::open_on(state, vec![page.found], page.place);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    if case::is_open_or_told(state) {
        let judged = What::Judged {
            entity: entity_ref(&page.found.entity),
            verdict,
            reason: String::new(),
        };
        case::note(state, judged);
    }
    Vec::new()
}

/// A line of the page: what stands at the left, and what is said.
pub type Line = (String, String);

/// What the page tells, in parts with headings.
pub fn parts(state: &State, page: &EntityPage) -> Vec<(String, Vec<Line>)> {
    let entity = &page.found.entity;
    let about = entity_ref(entity);
    let mut head = vec![
        pair("found in", page.found.paths.join(", ")),
        pair("verdict", verdict(state, &about)),
    ];
    head.extend(evidence(state, &entity.value));
    let parts = vec![
        (entity.to_string(), head),
        ("Known".to_owned(), known(page.facts.as_deref())),
        ("Notes".to_owned(), notes(state, &about)),
        ("Seen".to_owned(), seen(state, page.seen)),
        (
            "With what".to_owned(),
            told(state, page.neighbours, neighbour),
        ),
    ];
    let is_told = |(_, lines): &(String, Vec<Line>)| !lines.is_empty();
    parts.into_iter().filter(is_told).collect()
}

fn pair(left: &str, text: impl Into<String>) -> Line {
    (left.to_owned(), text.into())
}

/// What is known, each with who says so where that is not the value itself.
fn known(facts: Option<&[Fact]>) -> Vec<Line> {
    let Some(facts) = facts else {
        return vec![pair("…", "lists and databases are looked into")];
    };
    let line = |fact: &Fact| match fact.source.as_str() {
        THE_VALUE => pair(&fact.name, &fact.text),
        source => pair(&fact.name, format!("{} ({source})", fact.text)),
    };
    facts.iter().map(line).collect()
}

fn verdict(state: &State, about: &EntityRef) -> String {
    let Some(case) = state.case.open() else {
        return "no case is open to judge it in".to_owned();
    };
    let Some(given) = case.state.verdicts.get(about) else {
        return verdict_told(Verdict::Unknown).to_owned();
    };
    let told = |(verdict, stamp): &(Verdict, crate::domain::case::Stamp)| {
        format!("{} says {}", verdict_told(*verdict), stamp.by)
    };
    let all: Vec<String> = given.given.iter().rev().map(told).collect();
    all.join(", before that ")
}

/// Pins whose rows hold the value.
fn evidence(state: &State, value: &str) -> Option<Line> {
    let case = state.case.open()?;
    let value = value.to_lowercase();
    let names = |pin: &&crate::domain::case::PinState| {
        let columns = pin.pin.row.columns.iter();
        columns
            .map(|column| column.value.to_string().to_lowercase())
            .any(|text| text.contains(&value))
    };
    let count = case.state.live_pins().filter(names).count();
    (count > 0).then(|| {
        pair(
            "evidence",
            case::count(count, "row names it", "rows name it"),
        )
    })
}

fn notes(state: &State, about: &EntityRef) -> Vec<Line> {
    let Some(case) = state.case.open() else {
        return Vec::new();
    };
    let of_entity = case.state.notes.iter().filter(|note| {
        note.removed.is_none() && matches!(&note.about, About::Entity { entity } if entity == about)
    });
    of_entity
        .map(|note| (note.written.by.clone(), note.text.clone()))
        .collect()
}

/// The tab of a run.
fn tab_of(state: &State, query: Option<QueryId>) -> Option<&Tab> {
    let tabs = &state.results.tabs;
    tabs.iter().find(|tab| Some(tab.query) == query)
}

/// The first rows of a run, each as its columns' names and texts; a line that says why there are
/// none.
fn told(
    state: &State,
    query: Option<QueryId>,
    line: impl Fn(&[(String, String)]) -> Line,
) -> Vec<Line> {
    let Some(tab) = tab_of(state, query) else {
        return vec![pair("", "it was not asked, or its result was closed")];
    };
    let rows = rows_of(state, tab);
    let mut lines: Vec<Line> = rows.iter().map(|row| line(row)).collect();
    let count = tab.rows.as_ref().map_or(0, |rows| rows.len());
    match &tab.phase {
        Phase::Failed(error) => lines.push(pair("failed", &error.message)),
        phase if phase.is_running() => lines.push(pair("…", "the lake is still asked")),
        _ if count == 0 => lines.push(pair("", "nothing in the time that was asked")),
        _ if count > ROWS => {
            let more = format!("{} more in the result “{}”", count - ROWS, tab.origin.title);
            lines.push(pair("…", more));
        }
        _ => {}
    }
    lines
}

fn rows_of(state: &State, tab: &Tab) -> Vec<Vec<(String, String)>> {
    let Some((rows, page)) = tab
        .rows
        .as_ref()
        .and_then(|rows| Some((rows, rows.page(0)?)))
    else {
        return Vec::new();
    };
    let times = TimeStyle::Shown(state.setting.zone);
    let row = |at: usize| {
        let columns = rows.columns().iter().zip(page.batch.columns());
        columns
            .filter_map(|(column, array)| {
                let text = Cell::of(array.as_ref(), at).text(times)?;
                Some((column.name.clone(), text))
            })
            .collect()
    };
    (0..page.batch.num_rows().min(ROWS)).map(row).collect()
}

fn value<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    row.iter()
        .find(|(column, _)| column == name)
        .map_or("", |(_, text)| text.as_str())
}

/// Where and how often, after the first and the last time of all.
fn seen(state: &State, query: Option<QueryId>) -> Vec<Line> {
    let line = |row: &[(String, String)]| {
        let text = format!(
            "{} {}, {} – {}",
            value(row, "events"),
            value(row, "class"),
            value(row, "first_seen"),
            value(row, "last_seen")
        );
        (value(row, "source").to_owned(), text)
    };
    let mut lines = told(state, query, line);
    let rows = tab_of(state, query).map_or_else(Vec::new, |tab| rows_of(state, tab));
    // One zone and one form: times compare as texts.
    let first = rows.iter().map(|row| value(row, "first_seen")).min();
    let last = rows.iter().map(|row| value(row, "last_seen")).max();
    if let (Some(first), Some(last)) = (first, last) {
        lines.insert(0, pair("first", first));
        lines.insert(1, pair("last", last));
    }
    lines
}

fn neighbour(row: &[(String, String)]) -> Line {
    let names = ["who", "access_key", "address", "resource"];
    let texts = names.iter().map(|name| value(row, name));
    let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
    (value(row, "events").to_owned(), texts.join(" · "))
}

#[cfg(test)]
mod tests;

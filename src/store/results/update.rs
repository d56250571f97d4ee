//! What the results' commands and the news of queries do.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Find, Phase, Tab};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::query::{QueryErrorKind, QueryId, TextPosition};
use crate::domain::record::RecordView;
use crate::domain::view::Step;
use crate::store::command::Command;
use crate::store::effect::{CellRef, Effect, ExportId, OrderId, OrderSpec, Sort};
use crate::store::event::QueryNews;
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::screen::Pane;
use crate::store::state::State;

/// Runs a command of the grid.
pub fn update(state: &mut State, command: Command) -> Vec<Effect> {
    if let Some(step) = step_of(command) {
        return step_grid(state, step);
    }
    match command {
        Command::ResultsNextTab => return show(state, 1),
        Command::ResultsPreviousTab => return show(state, -1),
        Command::ResultsCloseTab => return close(state),
        Command::ResultsRerun => return rerun(state),
        _ => {}
    }
    if state.results.tab().is_none() {
        return Vec::new();
    }
    match command {
        Command::ResultsRecord => open_record(state),
        Command::ResultsSort => return sort(state),
        Command::ResultsFind => prompt(state, PromptKind::Find),
        Command::ResultsFilter => prompt(state, PromptKind::Filter),
        Command::ResultsExport => prompt(state, PromptKind::Export),
        Command::ResultsFindNext => find_step(state, true),
        Command::ResultsFindPrevious => find_step(state, false),
        Command::ResultsFilterCell => return filter_cell(state),
        Command::ResultsFilterClear => return clear(state),
        Command::ResultsFreezeMore => freeze(state, 1),
        Command::ResultsFreezeLess => freeze(state, -1),
        Command::ResultsWiden => widen(state, 4),
        Command::ResultsNarrow => widen(state, -4),
        Command::ResultsCopyCell => return copy_cell(state),
        Command::ResultsCopyRow => return copy_row(state),
        Command::ResultsToEditor => return to_editor(state),
        Command::ResultsNotes => open_page(state, PageContent::Result),
        _ => {}
    }
    Vec::new()
}

fn step_of(command: Command) -> Option<Step> {
    Some(match command {
        Command::ResultsUp => Step::Up,
        Command::ResultsDown => Step::Down,
        Command::ResultsLeft => Step::Left,
        Command::ResultsRight => Step::Right,
        Command::ResultsPageUp => Step::PageUp,
        Command::ResultsPageDown => Step::PageDown,
        Command::ResultsTop => Step::Top,
        Command::ResultsBottom => Step::Bottom,
        Command::ResultsFirstColumn => Step::FirstColumn,
        Command::ResultsLastColumn => Step::LastColumn,
        _ => return None,
    })
}

fn step_grid(state: &mut State, step: Step) -> Vec<Effect> {
    let page = state.grid_page();
    if let Some(tab) = state.results.tab_mut() {
        let (rows, columns) = (tab.shown_rows(), tab.columns());
        tab.view.step(step, rows, columns, page);
    }
    Vec::new()
}

fn show(state: &mut State, by: isize) -> Vec<Effect> {
    let count = state.results.tabs.len();
    if count == 0 {
        return Vec::new();
    }
    let at = state.results.current.cast_signed() + by;
    state.results.current = at.rem_euclid(count.cast_signed()).cast_unsigned();
    state.relayout();
    state.session_changed()
}

fn close(state: &mut State) -> Vec<Effect> {
    let results = &mut state.results;
    if results.current >= results.tabs.len() {
        return Vec::new();
    }
    let tab = results.tabs.remove(results.current);
    results.current = results.current.min(results.tabs.len().saturating_sub(1));
    let mut effects = Vec::new();
    if tab.phase.is_running() {
        effects.push(Effect::CancelQuery(tab.query));
    }
    effects.push(Effect::DropRows(tab.query));
    effects.extend(state.session_changed());
    effects
}

/// Runs the tab's statement again, in its place.
fn rerun(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    if tab.phase.is_running() {
        state.warn("it still runs; stop it first".to_owned());
        return Vec::new();
    }
    let (old, origin, place) = (tab.query, tab.origin.clone(), state.results.current);
    let (_, mut effects) = state.run(origin);
    // The new tab takes the old one's place.
    state.results.tabs.swap_remove(place);
    state.results.current = place;
    effects.push(Effect::DropRows(old));
    effects
}

/// The mouse was pressed on a line of the pane: its tabs, the heads, or a row.
pub fn press_row(state: &mut State, line: usize) {
    const LINES_ABOVE_ROWS: usize = 2;
    let Some(tab) = state.results.tab() else {
        return;
    };
    if let Some(row) = line.checked_sub(LINES_ABOVE_ROWS)
        && tab.record.is_none()
    {
        let place = tab.view.top + row;
        step_grid(state, Step::Row(place));
    }
}

fn prompt(state: &mut State, kind: PromptKind) {
    let tab = state.results.tab();
    let text = match kind {
        PromptKind::Find => tab
            .and_then(|t| t.find.as_ref())
            .map(|find| find.text.clone()),
        PromptKind::Filter => tab.and_then(|t| t.spec.contains.clone()),
        PromptKind::Export => tab.map(|t| format!("{}.csv", file_stem(&t.origin.title))),
        _ => None,
    };
    state.overlay = Some(Overlay::Prompt(Prompt::new(
        kind,
        &text.unwrap_or_default(),
    )));
}

fn file_stem(title: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    title.chars().map(plain).take(60).collect()
}

fn open_record(state: &mut State) {
    if let Some(tab) = state.results.tab_mut()
        && tab.selected_row().is_some()
    {
        tab.record = Some(RecordView::default());
    }
}

/// Ascending, then descending, then as it came.
fn sort(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let column = tab.view.column;
    let next = match tab.spec.sort {
        Some(Sort {
            column: by,
            descending: false,
        }) if by == column => Some(Sort {
            column,
            descending: true,
        }),
        Some(Sort {
            column: by,
            descending: true,
        }) if by == column => None,
        _ => Some(Sort {
            column,
            descending: false,
        }),
    };
    let spec = OrderSpec {
        sort: next,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

/// Shows only the rows that contain a text; an empty one shows all.
pub fn filter(state: &mut State, text: &str) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let contains = (!text.is_empty()).then(|| text.to_owned());
    let spec = OrderSpec {
        contains,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

fn filter_cell(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let Some(row) = tab.selected_row() else {
        return Vec::new();
    };
    let same_as = Some(CellRef {
        row,
        column: tab.view.column,
    });
    let spec = OrderSpec {
        same_as,
        ..tab.spec.clone()
    };
    reorder(state, spec)
}

fn clear(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    tab.find = None;
    if tab.spec.is_plain() {
        return Vec::new();
    }
    reorder(state, OrderSpec::default())
}

fn reorder(state: &mut State, spec: OrderSpec) -> Vec<Effect> {
    let id = state.fresh_order();
    let page = state.grid_page();
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    if tab.rows.is_none() {
        return Vec::new();
    }
    tab.spec = spec.clone();
    tab.find = None;
    if spec.is_plain() {
        tab.ordering = None;
        tab.order = None;
        let (rows, columns) = (tab.shown_rows(), tab.columns());
        tab.view.fit(rows, columns, page);
        return Vec::new();
    }
    tab.ordering = Some(id);
    vec![Effect::Order {
        id,
        query: tab.query,
        spec,
    }]
}

/// The rows in their new order have come.
pub fn answer_order(state: &mut State, id: OrderId, order: Arc<[u32]>) {
    let page = state.grid_page();
    let Some(tab) = state
        .results
        .tabs
        .iter_mut()
        .find(|tab| tab.ordering == Some(id))
    else {
        return;
    };
    tab.ordering = None;
    tab.order = Some(order);
    tab.view.row = 0;
    tab.view.top = 0;
    let (rows, columns) = (tab.shown_rows(), tab.columns());
    tab.view.fit(rows, columns, page);
}

/// Looks for a text in the shown rows; an empty one ends the find.
pub fn find(state: &mut State, text: &str) -> Vec<Effect> {
    let id = state.fresh_order();
    let Some(tab) = state.results.tab_mut() else {
        return Vec::new();
    };
    if text.is_empty() || tab.rows.is_none() {
        tab.find = None;
        return Vec::new();
    }
    tab.find = Some(Find {
        text: text.to_owned(),
        matches: None,
    });
    tab.finding = Some(id);
    let (query, spec) = (tab.query, tab.spec.clone());
    vec![Effect::Find {
        id,
        query,
        spec,
        text: text.to_owned(),
    }]
}

/// The places of a find have come.
pub fn answer_find(state: &mut State, id: OrderId, places: Arc<[u32]>) {
    let Some(tab) = state
        .results
        .tabs
        .iter_mut()
        .find(|tab| tab.finding == Some(id))
    else {
        return;
    };
    tab.finding = None;
    let Some(find) = &mut tab.find else { return };
    find.matches = Some(places);
    let stands_on_one = tab
        .find
        .as_ref()
        .and_then(|find| find.matches.as_ref())
        .is_some_and(|m| m.iter().any(|place| *place as usize == tab.view.row));
    if !stands_on_one {
        find_step(state, true);
    }
}

fn find_step(state: &mut State, forward: bool) {
    let Some(find) = state.results.tab().and_then(|tab| tab.find.as_ref()) else {
        state.inform("nothing was looked for yet".to_owned());
        return;
    };
    let Some(matches) = &find.matches else { return };
    if matches.is_empty() {
        let text = format!("no row contains `{}`", find.text);
        state.warn(text);
        return;
    }
    let here = state.results.tab().map_or(0, |tab| tab.view.row);
    let at = |place: &u32| *place as usize;
    let place = if forward {
        matches
            .iter()
            .map(at)
            .find(|place| *place > here)
            .unwrap_or(at(&matches[0]))
    } else {
        let last = at(&matches[matches.len() - 1]);
        matches
            .iter()
            .rev()
            .map(at)
            .find(|place| *place < here)
            .unwrap_or(last)
    };
    step_grid(state, Step::Row(place));
}

fn freeze(state: &mut State, by: isize) {
    if let Some(tab) = state.results.tab_mut() {
        let columns = tab.columns();
        tab.view.freeze(by, columns);
    }
}

fn widen(state: &mut State, by: i16) {
    const USUAL: u16 = 24;
    if let Some(tab) = state.results.tab_mut() {
        let width = tab.view.widths.entry(tab.view.column).or_insert(USUAL);
        *width = width.saturating_add_signed(by).clamp(4, 400);
    }
}

fn copy_cell(state: &mut State) -> Vec<Effect> {
    let zone = state.setting.zone;
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let column = tab.view.column;
    let text = selected_page(tab).and_then(|(page, at)| {
        let array = page.batch.columns().get(column)?;
        Cell::of(array.as_ref(), at).text(TimeStyle::Shown(zone))
    });
    copied(state, text)
}

fn copy_row(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let text = selected_page(tab).map(|(page, at)| {
        let names = tab
            .rows
            .as_ref()
            .map(|rows| rows.columns().to_vec())
            .unwrap_or_default();
        let fields = names.iter().zip(page.batch.columns());
        let object: serde_json::Map<String, serde_json::Value> = fields
            .map(|(name, array)| (name.name.clone(), Cell::of(array.as_ref(), at).json()))
            .collect();
        serde_json::Value::Object(object).to_string()
    });
    copied(state, text)
}

pub(super) fn copied(state: &mut State, text: Option<String>) -> Vec<Effect> {
    text.map_or_else(Vec::new, |text| state.copy(text))
}

/// The page that holds the selected row, and the row's place in it.
pub(super) fn selected_page(tab: &Tab) -> Option<(crate::domain::rows::Page, usize)> {
    let row = tab.selected_row()?;
    let page = tab.rows.as_ref()?.page(row)?;
    let at = row.checked_sub(page.first_row)?;
    Some((page, at))
}

fn to_editor(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.results.tab() else {
        return Vec::new();
    };
    let (title, sql) = (tab.origin.title.clone(), tab.origin.sql.clone());
    state.editor.open(Some(&title), &sql);
    state.focus(Pane::Editor);
    state.session_changed()
}

/// A query has something to tell.
pub fn news(state: &mut State, query: QueryId, news: QueryNews) -> Vec<Effect> {
    let now = state.now;
    let page = state.grid_page();
    let Some(tab) = state.results.by_query(query) else {
        // The tab was closed before the answer came.
        return Vec::new();
    };
    let mut fault: Option<(TextPosition, String)> = None;
    match news {
        QueryNews::Planned(rows) => tab.rows = Some(rows),
        QueryNews::Progress(progress) => tab.progress = progress,
        QueryNews::Finished(summary) => {
            tab.progress = summary.progress;
            tab.phase = Phase::Finished(summary);
            tab.ended = Some(now);
        }
        QueryNews::Failed(error) => {
            tab.ended = Some(now);
            if error.kind == QueryErrorKind::Cancelled {
                tab.phase = Phase::Cancelled;
            } else {
                fault = error
                    .position
                    .map(|position| (position, error.message.clone()));
                tab.phase = Phase::Failed(error);
            }
        }
    }
    let (rows, columns) = (tab.shown_rows(), tab.columns());
    tab.view.fit(rows, columns, page);
    if tab.phase.is_running() {
        return Vec::new();
    }
    state.editor.settle(query, fault);
    let mut effects = state.session_changed();
    // Whoever was asked whether to leave all the same has the answer when nothing runs any more.
    let asked = matches!(state.overlay, Some(Overlay::ConfirmQuit));
    if (state.leaving || asked) && state.results.running().next().is_none() {
        effects.extend(state.leave());
    }
    effects
}

/// An export has ended.
pub fn answer_export(state: &mut State, _: ExportId, outcome: Result<(PathBuf, u64), String>) {
    match outcome {
        Ok((path, rows)) => state.inform(format!("wrote {rows} rows to {}", path.display())),
        Err(reason) => state.fail(format!("nothing was written: {reason}")),
    }
}

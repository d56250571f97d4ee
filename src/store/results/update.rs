//! What the results' commands do.

use super::Tab;
use super::exact::exact;
use super::news::run_in_place;
use super::order::{clear, filter_cell, find_step, not_yet, rare_first, sort};
use super::zero;
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::record::RecordView;
use crate::domain::view::Step;
use crate::store::case;
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::overlay::{Overlay, PageContent, Prompt, PromptKind, open_page};
use crate::store::screen::Pane;
use crate::store::state::{Consent, State};

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
        Command::ResultsExact => return exact(state),
        _ => {}
    }
    if state.results.tab().is_none() {
        return Vec::new();
    }
    match command {
        Command::ResultsRecord => open_record(state),
        Command::ResultsSort => return sort(state),
        Command::ResultsRare => return rare_first(state),
        Command::ResultsFind => prompt(state, PromptKind::Find),
        Command::ResultsFilter => prompt(state, PromptKind::Filter),
        Command::ResultsExport => prompt(state, PromptKind::Export),
        Command::ResultsFindNext => find_step(state, true),
        Command::ResultsFindPrevious => find_step(state, false),
        Command::ResultsFilterCell => return filter_cell(state),
        Command::ResultsFilterClear => return clear(state),
        Command::ResultsMark => {
            case::mark(state);
            return step_grid(state, Step::Down);
        }
        Command::ResultsMarkAll => case::mark_all(state),
        Command::ResultsPin => case::pin(state),
        Command::ResultsUnpin => case::take_back(state),
        Command::ResultsAnnotate => case::annotate(state),
        Command::ResultsFreezeMore => freeze(state, 1),
        Command::ResultsFreezeLess => freeze(state, -1),
        Command::ResultsWiden => widen(state, 4),
        Command::ResultsNarrow => widen(state, -4),
        Command::ResultsCopyCell => return copy_cell(state),
        Command::ResultsCopyRow => return copy_row(state),
        Command::ResultsToEditor => return to_editor(state),
        Command::ResultsExplain => return zero::explain(state),
        Command::ResultsCorrect => return zero::correct(state),
        Command::ResultsBack => crate::store::pivot::back(state),
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

pub(super) fn step_grid(state: &mut State, step: Step) -> Vec<Effect> {
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
    let (old, origin) = (tab.query, tab.origin.clone());
    let consent = Consent {
        fresh: true,
        ..Consent::default()
    };
    run_in_place(state, old, origin, consent)
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
    let text = text.unwrap_or_default();
    // A file's name is changed in part, another text to look for is another text.
    let prompt = match kind {
        PromptKind::Export => Prompt::new(kind, &text),
        _ => Prompt::proposing(kind, &text),
    };
    state.overlay = Some(Overlay::Prompt(prompt));
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
    match state.results.tab_mut() {
        Some(tab) if tab.selected_row().is_some() => tab.record = Some(RecordView::default()),
        Some(tab) if tab.phase.is_running() => not_yet(state),
        _ => {}
    }
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
pub(in crate::store) fn selected_page(tab: &Tab) -> Option<(crate::domain::rows::Page, usize)> {
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

//! What the record view's commands do: one row as a tree of fields.

use super::Tab;
use super::update::{copied, selected_page};
use crate::domain::cell::{TimeStyle, display_path};
use crate::domain::record::{Line, RecordView, lines};
use crate::domain::view::Step;
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::overlay::{PageContent, open_page};
use crate::store::screen::Pane;
use crate::store::state::State;

/// Runs a command of the record view.
pub fn update_record(state: &mut State, command: Command) -> Vec<Effect> {
    let page = state
        .layout
        .inner_height(Pane::Results)
        .saturating_sub(1)
        .max(1);
    let by = page.cast_signed();
    match command {
        Command::RecordClose => {
            if let Some(tab) = state.results.tab_mut() {
                tab.record = None;
            }
        }
        Command::RecordUp => with_lines(state, |view, lines| view.step(-1, lines.len(), page)),
        Command::RecordDown => with_lines(state, |view, lines| view.step(1, lines.len(), page)),
        Command::RecordPageUp => with_lines(state, |view, lines| view.step(-by, lines.len(), page)),
        Command::RecordPageDown => {
            with_lines(state, |view, lines| view.step(by, lines.len(), page))
        }
        Command::RecordFold => {
            if let Some(value) = leaf(state) {
                open_page(state, value);
            } else {
                with_lines(state, |view, lines| view.toggle(lines));
            }
        }
        Command::RecordUnfoldAll => with_lines(state, |view, _| view.unfold_all()),
        Command::RecordPreviousRow => other_row(state, Step::Up),
        Command::RecordNextRow => other_row(state, Step::Down),
        Command::RecordCopy => {
            let zone = TimeStyle::Shown(state.setting.zone);
            let tab = state.results.tab();
            let text = tab.and_then(|tab| selected_line(tab, |line| whole(line, zone)));
            return copied(state, text);
        }
        Command::RecordCopyPath => {
            let tab = state.results.tab();
            let text = tab.and_then(|tab| selected_line(tab, |line| display_path(&line.path)));
            return copied(state, text);
        }
        _ => {}
    }
    // A fold may have left fewer lines than the view stands on.
    with_lines(state, |view, lines| view.fit(lines.len(), page));
    Vec::new()
}

/// All of a value as text.
fn whole(line: &Line<'_>, times: TimeStyle) -> String {
    if line.value.is_nested() {
        line.value.json().to_string()
    } else {
        line.value.text(times).unwrap_or_default()
    }
}

/// The selected line as a page, where it has a value and nothing to unfold.
fn leaf(state: &State) -> Option<PageContent> {
    let times = TimeStyle::Shown(state.setting.zone);
    let tab = state.results.tab()?;
    let read = |line: &Line<'_>| {
        (line.fold.is_none() && !line.value.is_null()).then(|| PageContent::Value {
            path: display_path(&line.path),
            text: whole(line, times),
        })
    };
    selected_line(tab, read).flatten()
}

/// Lets the view move over the lines of the selected row.
fn with_lines(state: &mut State, act: impl FnOnce(&mut RecordView, &[Line<'_>])) {
    let Some(tab) = state.results.tab_mut() else {
        return;
    };
    let Some(mut view) = tab.record.take() else {
        return;
    };
    if let (Some(rows), Some(row), Some((page, _))) =
        (tab.rows.as_ref(), tab.selected_row(), selected_page(tab))
    {
        let lines = lines(&page, rows.columns(), row, &view);
        act(&mut view, &lines);
    }
    tab.record = Some(view);
}

fn selected_line<T>(tab: &Tab, read: impl FnOnce(&Line<'_>) -> T) -> Option<T> {
    let (rows, row) = (tab.rows.as_ref()?, tab.selected_row()?);
    let (page, _) = selected_page(tab)?;
    let view = tab.record.as_ref()?;
    let lines = lines(&page, rows.columns(), row, view);
    lines.get(view.line).map(read)
}

fn other_row(state: &mut State, step: Step) {
    let page = state.grid_page();
    if let Some(tab) = state.results.tab_mut() {
        let (rows, columns) = (tab.shown_rows(), tab.columns());
        tab.view.step(step, rows, columns, page);
    }
}

//! The results: tabs, the grid or the record of one row, and the state of the query.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cell::TimeStyle;
use crate::domain::query::{QueryId, QueryProgress, Stage};
use crate::domain::size::Size;
use crate::store::State;
use crate::store::case::marked_rows;
use crate::store::command::Command;
use crate::store::results::{LastEnd, Phase, Tab, told_here};
use crate::ui::paint::{Pen, foot, frame, placeholder};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::{Grid, GridMemo, Rest, RowCount, SortMark, group_digits};

/// Draws the pane.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
    memos: &mut HashMap<QueryId, GridMemo>,
) {
    let Some(tab) = state.results.tab() else {
        let inner = frame(buffer, theme, area, focused, "Results", "");
        let key = |command| state.setting.keymap.label(command).unwrap_or_default();
        let lines = [format!(
            "{} runs the statement under the cursor, {} opens a saved query",
            key(Command::RunStatement),
            key(Command::Templates)
        )];
        return placeholder(buffer, theme, inner, &lines);
    };
    let inner = frame(
        buffer,
        theme,
        area,
        focused,
        &title(tab),
        &what_is_shown(tab),
    );
    if inner.height == 0 {
        return;
    }
    let view = super::view_line::view_line(state, tab);
    foot(buffer, theme, area, (&view, Role::Warn), &row_place(tab));
    let first = Rect { height: 1, ..inner };
    draw_tabs(state, theme, first, buffer);
    let body = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    match (&tab.rows, &tab.phase) {
        _ if tab.question().is_some() => {
            let asked = tab.question().map_or_else(String::new, ToString::to_string);
            let lines = ["it was not run".to_owned(), asked, asks_again(state)];
            placeholder(buffer, theme, body, &lines);
        }
        (_, Phase::Failed(error)) if tab.shown_rows() == 0 => {
            let mut lines = vec![error.message.clone()];
            lines.extend(
                error.position.map(|position| {
                    format!("at line {}, column {}", position.line, position.column)
                }),
            );
            lines.extend(error.hint.clone());
            draw_failure(theme, body, buffer, &lines);
        }
        (None, Phase::NotLoaded(end)) => {
            let started = tab.started.with_timezone(&state.setting.zone);
            let lines = [
                what_became_of_it(end),
                again(state),
                format!("it ran on {}", started.format("%Y-%m-%d %H:%M:%S %Z")),
            ];
            placeholder(buffer, theme, body, &lines);
        }
        (_, Phase::Cancelled) if tab.shown_rows() == 0 && tab.order.is_none() => {
            let lines = ["stopped before its first row".to_owned(), again(state)];
            placeholder(buffer, theme, body, &lines);
        }
        (None, _) => {
            let here = told_here(state, tab.query);
            let lines: Vec<String> = std::iter::once(waiting(tab)).chain(here).collect();
            placeholder(buffer, theme, body, &lines);
        }
        (Some(rows), _) => {
            if let Some(record) = &tab.record {
                return super::record::draw(state, tab, record, theme, body, focused, buffer);
            }
            if tab.shown_rows() == 0 && !tab.phase.is_running() {
                return super::zero::draw(state, tab, theme, body, buffer);
            }
            let marked = marked_rows(state, tab);
            let grid = Grid {
                rows: rows.as_ref(),
                order: tab.order.as_deref(),
                view: &tab.view,
                marked: (!marked.is_empty()).then_some(&marked),
                sort: tab.spec.sort.map(|sort| SortMark {
                    column: sort.column,
                    descending: sort.descending,
                }),
                find: tab.find.as_ref().map(|find| find.text.as_str()),
                times: TimeStyle::Shown(state.setting.zone),
                focused,
                theme,
            };
            grid.draw(body, buffer, memos.entry(tab.query).or_default());
        }
    }
}

fn again(state: &State) -> String {
    let key = state.setting.keymap.label(Command::ResultsRerun);
    format!("{} runs it again", key.unwrap_or_default())
}

fn asks_again(state: &State) -> String {
    let key = state.setting.keymap.label(Command::ResultsRerun);
    format!("{} asks again", key.unwrap_or_default())
}

/// The end of a run of an earlier session.
fn what_became_of_it(end: &LastEnd) -> String {
    let rows = |count: u64| {
        let noun = if count == 1 { "row" } else { "rows" };
        format!("{} {noun}", group_digits(count))
    };
    match end {
        LastEnd::CutOff => "it was cut off when the console ended".to_owned(),
        LastEnd::Finished {
            rows: count,
            took_ms,
        } => format!(
            "it gave {} in {}; rows are not kept from one start to the next",
            rows(*count),
            duration(*took_ms)
        ),
        LastEnd::Failed { message } => format!("it failed: {message}"),
        LastEnd::Stopped { rows: count } => format!("it was stopped after {}", rows(*count)),
        LastEnd::Unknown => "its rows were not kept when the console ended".to_owned(),
    }
}

fn duration(milliseconds: u64) -> String {
    if milliseconds < 10_000 {
        format!("{milliseconds} ms")
    } else {
        format!("{:.1} s", milliseconds as f64 / 1000.0)
    }
}

/// `row 4 of 73`: where one is among the rows shown.
fn row_place(tab: &Tab) -> String {
    match tab.shown_rows() {
        0 => String::new(),
        shown => format!(
            "row {} of {}",
            group_digits(tab.view.row as u64 + 1),
            group_digits(shown as u64)
        ),
    }
}

fn title(tab: &Tab) -> String {
    let arrived = tab.rows.as_ref().map_or(0, |rows| rows.len());
    let rest = if matches!(tab.phase, Phase::Finished(_)) {
        Rest::Nothing
    } else {
        Rest::Unknown
    };
    let has_ended_without =
        matches!(tab.phase, Phase::Cancelled | Phase::Failed(_)) && arrived == 0;
    if tab.rows.is_none() || has_ended_without {
        return format!("Results {}", tab.origin.title);
    }
    let count = RowCount {
        shown: tab.shown_rows(),
        arrived,
        rest,
    };
    format!("Results {} {count}", tab.origin.title)
}

fn what_is_shown(tab: &Tab) -> String {
    match &tab.phase {
        Phase::Running => {
            let progress = tab.progress;
            let rows = progress.rows_searched.max(progress.rows_scanned);
            stage(&progress).unwrap_or_else(|| {
                format!("{} rows read{}", group_digits(rows), fetched(&progress))
            })
        }
        Phase::Stopping => "stopping".to_owned(),
        Phase::Cancelled => "stopped, not all rows".to_owned(),
        Phase::Failed(_) if tab.question().is_some() => "not run".to_owned(),
        Phase::Failed(_) => "failed".to_owned(),
        Phase::NotLoaded(_) => "of an earlier start".to_owned(),
        Phase::Finished(summary) => {
            let notes = match summary.notes.len() {
                0 => String::new(),
                1 => " · 1 note".to_owned(),
                count => format!(" · {count} notes"),
            };
            let took = tab
                .ended
                .map(|ended| (ended - tab.started).num_milliseconds());
            let took = took.and_then(|took| u64::try_from(took).ok());
            let kept = tab.kept.as_ref().map(|name| format!(" · {name}"));
            let fetched = fetched(&summary.progress);
            format!(
                "{}{fetched}{notes}{}",
                took.map_or_else(String::new, duration),
                kept.unwrap_or_default(),
            )
        }
    }
}

/// ` · 3.4 MB in 12 requests`, where a run of this process fetched what it read.
fn fetched(progress: &QueryProgress) -> String {
    if progress.files_total == 0 || progress.requests == 0 {
        return String::new();
    }
    format!(
        " · {} in {} requests",
        Size(progress.bytes_fetched),
        group_digits(progress.requests)
    )
}

/// What a run elsewhere is doing, with its number; `None` for one that this process reads.
fn stage(progress: &QueryProgress) -> Option<String> {
    let scanned = || Size(progress.bytes_read);
    match progress.stage {
        Stage::Waiting => Some("waiting: the account is full".to_owned()),
        Stage::Queued => Some("queued".to_owned()),
        Stage::Running if progress.files_total == 0 => {
            Some(format!("running, {} scanned", scanned()))
        }
        Stage::Fetching => Some(format!("{} scanned, fetching rows", scanned())),
        Stage::Planning | Stage::Running => None,
    }
}

fn waiting(tab: &Tab) -> String {
    let progress = tab.progress;
    if let Some(stage) = stage(&progress) {
        return stage;
    }
    if tab.phase == Phase::Stopping {
        return "stopping …".to_owned();
    }
    if progress.files_total == 0 {
        return "planning …".to_owned();
    }
    format!(
        "reading, {} of {} files",
        progress.files_done, progress.files_total
    )
}

fn draw_failure(theme: &Theme, area: Rect, buffer: &mut Buffer, lines: &[String]) {
    let mut row = 1;
    for (at, line) in lines.iter().enumerate() {
        let role = if at == 0 { Role::Error } else { Role::Dim };
        let safe = crate::ui::text::SafeText::new(line);
        for piece in crate::ui::text::wrap(&safe, usize::from(area.width.saturating_sub(4))) {
            Pen::new(buffer, theme, area, row)
                .skip(2)
                .safe(&piece, theme.style(role));
            row += 1;
        }
    }
}

fn draw_tabs(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let results = &state.results;
    let mut pen = Pen::new(buffer, theme, area, 0);
    // The shown tab stays in sight: the row starts a few tabs before it.
    let first = results.current.saturating_sub(3);
    if first > 0 {
        pen.role("… ", Role::Dim);
    }
    for (at, tab) in results.tabs.iter().enumerate().skip(first) {
        let (sign, sign_role) = match &tab.phase {
            Phase::Running | Phase::Stopping => ("▸", Role::Progress),
            Phase::Failed(_) => ("✗", Role::Error),
            Phase::Cancelled => ("■", Role::Warn),
            Phase::NotLoaded(LastEnd::Failed { .. }) => ("✗", Role::Dim),
            Phase::NotLoaded(_) => ("○", Role::Dim),
            Phase::Finished(summary) if !summary.notes.is_empty() => ("!", Role::Warn),
            Phase::Finished(_) => ("✓", Role::Ok),
        };
        let role = if at == results.current {
            Role::Title
        } else {
            Role::Dim
        };
        let name: String = tab.origin.title.chars().take(24).collect();
        pen.role(&format!("{} ", at + 1), role)
            .role(sign, sign_role)
            .skip(1)
            .role(&name, role)
            .skip(3);
    }
}

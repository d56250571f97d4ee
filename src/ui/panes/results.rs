//! The results: tabs, the grid or the record of one row, and the state of the query.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cell::TimeStyle;
use crate::domain::query::QueryId;
use crate::store::State;
use crate::store::command::Command;
use crate::store::results::{Phase, Tab};
use crate::ui::paint::{Pen, frame, placeholder};
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
    let first = Rect { height: 1, ..inner };
    draw_tabs(state, theme, first, buffer);
    let body = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    match (&tab.rows, &tab.phase) {
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
        (None, Phase::NotLoaded) => {
            let again = state
                .setting
                .keymap
                .label(Command::ResultsRerun)
                .unwrap_or_default();
            let started = tab.started.with_timezone(&state.setting.zone);
            let lines = [
                format!("its rows were not kept when the console ended; {again} runs it again"),
                format!("it ran on {}", started.format("%Y-%m-%d %H:%M:%S %Z")),
            ];
            placeholder(buffer, theme, body, &lines);
        }
        (None, _) => placeholder(buffer, theme, body, &[waiting(tab)]),
        (Some(rows), _) => {
            if let Some(record) = &tab.record {
                return super::record::draw(state, tab, record, theme, body, focused, buffer);
            }
            if tab.shown_rows() == 0 && !tab.phase.is_running() {
                return placeholder(buffer, theme, body, &nothing(tab));
            }
            let grid = Grid {
                rows: rows.as_ref(),
                order: tab.order.as_deref(),
                view: &tab.view,
                marked: None,
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

fn title(tab: &Tab) -> String {
    let arrived = tab.rows.as_ref().map_or(0, |rows| rows.len());
    let rest = if matches!(tab.phase, Phase::Finished(_)) {
        Rest::Nothing
    } else {
        Rest::Unknown
    };
    if tab.rows.is_none() {
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
    let seconds = |tab: &Tab| {
        tab.ended
            .map(|ended| (ended - tab.started).as_seconds_f64())
            .map_or(String::new(), |s| {
                if s < 10.0 {
                    format!("{:.0} ms", s * 1000.0)
                } else {
                    format!("{s:.1} s")
                }
            })
    };
    match &tab.phase {
        Phase::Running => format!("{} rows read", group_digits(tab.progress.rows_scanned)),
        Phase::Stopping => "stopping".to_owned(),
        Phase::Cancelled => "stopped, not all rows".to_owned(),
        Phase::Failed(_) => "failed".to_owned(),
        Phase::NotLoaded => "not loaded".to_owned(),
        Phase::Finished(summary) => {
            let notes = match summary.notes.len() {
                0 => String::new(),
                1 => " · 1 note".to_owned(),
                count => format!(" · {count} notes"),
            };
            format!("{}{notes}", seconds(tab))
        }
    }
}

fn waiting(tab: &Tab) -> String {
    let progress = tab.progress;
    if progress.files_total == 0 {
        return "planning …".to_owned();
    }
    format!(
        "reading, {} of {} files",
        progress.files_done, progress.files_total
    )
}

/// An empty result says what was searched.
fn nothing(tab: &Tab) -> Vec<String> {
    let arrived = tab.rows.as_ref().map_or(0, |rows| rows.len());
    if arrived > 0 {
        return vec![format!(
            "none of the {} rows passes the filter",
            group_digits(arrived as u64)
        )];
    }
    let mut lines = vec!["no rows".to_owned()];
    if let Phase::Finished(summary) = &tab.phase {
        let progress = summary.progress;
        lines.push(format!(
            "{} rows in {} of {} files were read",
            group_digits(progress.rows_scanned),
            group_digits(progress.files_total),
            group_digits(summary.files_known),
        ));
        if progress.files_total == 0 && summary.files_known > 0 {
            lines.push("no file lies in the time, Region or account asked for".to_owned());
        }
    }
    lines
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
            Phase::NotLoaded => ("○", Role::Dim),
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

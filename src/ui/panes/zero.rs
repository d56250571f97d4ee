//! An empty result: what was searched, why nothing was found, and what was probably meant.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::emptiness::Explanation;
use crate::domain::query::QueryProgress;
use crate::store::State;
use crate::store::command::Command;
use crate::store::results::{Phase, Tab, Zero};
use crate::ui::paint::{Pen, placeholder};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Draws what stands in the place of rows.
pub(super) fn draw(state: &State, tab: &Tab, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut lines = nothing(tab);
    match &tab.zero {
        _ if !tab.is_empty() => {}
        Some(Zero::Told(told)) => {
            return explained(state, &lines.join(" · "), told, theme, area, buffer);
        }
        Some(Zero::Asked) => lines.push("looking why …".to_owned()),
        Some(Zero::Failed(reason)) => lines.push(format!("why is not known: {reason}")),
        None => {
            let key = state.setting.keymap.label(Command::ResultsExplain);
            let cost = if state.setting.on_aws {
                ": it counts rows of the same window by a few statements, which are paid for"
            } else {
                ""
            };
            lines.extend(key.map(|key| format!("{key} says why{cost}")));
        }
    }
    placeholder(buffer, theme, area, &lines);
}

fn explained(
    state: &State,
    searched: &str,
    told: &Explanation,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let mut lines: Vec<(&'static str, String, Role)> = vec![
        ("", searched.to_owned(), Role::Dim),
        ("", String::new(), Role::Dim),
        ("", format!("{}: {}", told.cause, told.told), Role::Warn),
    ];
    lines.extend(told.evidence.iter().map(|e| ("· ", e.clone(), Role::Text)));
    lines.extend(
        told.nearest
            .iter()
            .map(|near| ("→ ", near.to_string(), Role::Entity)),
    );
    if let (Some(correction), Some(key)) = (
        &told.correction,
        state.setting.keymap.label(Command::ResultsCorrect),
    ) {
        let text = format!(
            "{key} puts the corrected statement into the editor: {}",
            correction.told
        );
        lines.push(("", text, Role::Info));
    }
    let room = usize::from(area.width.saturating_sub(4));
    let mut drawn: Vec<(&'static str, SafeText<'static>, Role)> = Vec::new();
    for (mark, text, role) in lines {
        let safe = SafeText::new(&text).into_owned();
        let pieces = wrap(&safe, room.saturating_sub(mark.chars().count()).max(1));
        for (at, piece) in pieces.into_iter().enumerate() {
            let mark = match (mark, at) {
                ("", _) | (_, 0) => mark,
                _ => "  ",
            };
            drawn.push((mark, piece, role));
        }
    }
    let height = usize::from(area.height);
    let cut = drawn.len() > height;
    let shown = if cut {
        height.saturating_sub(1)
    } else {
        drawn.len()
    };
    for (row, (mark, text, role)) in (0..area.height).zip(drawn.iter().take(shown)) {
        Pen::new(buffer, theme, area, row)
            .skip(2)
            .role(mark, Role::Dim)
            .safe(text, theme.style(*role));
    }
    if let (true, Some(last)) = (cut, area.height.checked_sub(1)) {
        let key = state.setting.keymap.label(Command::ResultsNotes);
        let more = format!("… {} shows all of it", key.unwrap_or_default());
        Pen::new(buffer, theme, area, last)
            .skip(2)
            .role(&more, Role::Dim);
    }
}

/// An empty result says what was searched.
fn nothing(tab: &Tab) -> Vec<String> {
    let arrived = tab.rows.as_ref().map_or(0, |rows| rows.len());
    if arrived > 0 {
        return vec![format!(
            "none of the {} rows passes the filter; the lower edge names it",
            group_digits(arrived as u64)
        )];
    }
    let mut lines = vec!["no rows".to_owned()];
    if let Phase::Finished(summary) = &tab.phase {
        let progress = summary.progress;
        lines.push(match &summary.execution {
            Some(execution) => format!(
                "{} bytes were scanned, none of their rows matched",
                group_digits(execution.scanned_bytes)
            ),
            None => searched(&progress, summary.files_known),
        });
        if progress.files_total == 0 && summary.files_known > 0 {
            lines.push("no file lies in the time, Region or account asked for".to_owned());
        }
    }
    lines
}

/// `45 of 45 files searched, 45,541 rows, none matched`.
fn searched(progress: &QueryProgress, files_known: u64) -> String {
    let files = format!(
        "{} of {} files searched",
        group_digits(progress.files_total),
        group_digits(files_known)
    );
    match progress.rows_searched {
        0 => files,
        rows => format!("{files}, {} rows, none matched", group_digits(rows)),
    }
}

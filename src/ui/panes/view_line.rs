//! How a result is looked at, in a line: what is filtered, sorted and looked for.

use crate::domain::cell::{Cell, TimeStyle};
use crate::store::State;
use crate::store::command::Command;
use crate::store::effect::CellRef;
use crate::store::results::Tab;
use crate::ui::widgets::grid::group_digits;

/// `“y” 3 of 17 · with “x” · severity = High · by severity ▼`; empty where all rows are shown as
/// they came.
pub(super) fn view_line(state: &State, tab: &Tab) -> String {
    let mut parts = Vec::new();
    if let Some(surprise) = &tab.spec.surprise
        && let Some(score) = tab
            .selected_row()
            .and_then(|row| surprise.0.scores.get(row))
    {
        parts.push(format!("{:.1} bits: {}", score.surprise, score.reason));
    }
    if let Some(from) = &tab.answered {
        let ended = from.ended.with_timezone(&state.setting.zone);
        let key = state.setting.keymap.label(Command::ResultsRerun);
        parts.push(format!(
            "from {} of {} · {} asks {}",
            from.name,
            ended.format("%H:%M %Z"),
            key.unwrap_or_default(),
            state.setting.engine
        ));
    }
    if let Some(find) = &tab.find {
        let found = match tab.match_place() {
            None => "being looked for …".to_owned(),
            Some((_, 0)) => "in no row".to_owned(),
            Some((0, count)) => format!("in {} rows", group_digits(count as u64)),
            Some((at, count)) => format!(
                "{} of {}",
                group_digits(at as u64),
                group_digits(count as u64)
            ),
        };
        parts.push(format!("“{}” {found}", find.text));
    }
    let spec = &tab.spec;
    if let Some(text) = &spec.contains {
        parts.push(format!("with “{text}”"));
    }
    if let Some(same) = spec.same_as {
        let times = TimeStyle::Shown(state.setting.zone);
        parts.push(format!(
            "{} = {}",
            column(tab, same.column),
            cell(tab, same, times)
        ));
    }
    if let Some(sort) = spec.sort {
        let sign = if sort.descending { "▼" } else { "▲" };
        parts.push(format!("by {} {sign}", column(tab, sort.column)));
    }
    if spec.surprise.is_some() {
        parts.push("by surprise ▼".to_owned());
    }
    if tab.judging.is_some() {
        parts.push("being judged …".to_owned());
    }
    if tab.ordering.is_some() {
        parts.push("being put in order …".to_owned());
    }
    parts.join(" · ")
}

fn column(tab: &Tab, number: usize) -> &str {
    tab.rows
        .as_ref()
        .and_then(|rows| rows.columns().get(number))
        .map_or("?", |column| column.name.as_str())
}

fn cell(tab: &Tab, place: CellRef, times: TimeStyle) -> String {
    let read = || {
        let page = tab.rows.as_ref()?.page(place.row)?;
        let at = place.row.checked_sub(page.first_row)?;
        let array = page.batch.columns().get(place.column)?;
        (at < page.batch.num_rows()).then(|| Cell::of(array.as_ref(), at).text(times))
    };
    match read() {
        Some(Some(text)) => text,
        Some(None) => "NULL".to_owned(),
        None => "?".to_owned(),
    }
}

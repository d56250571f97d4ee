//! One row of a result as a tree.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cell::TimeStyle;
use crate::domain::record::{RecordView, lines};
use crate::store::State;
use crate::store::results::Tab;
use crate::ui::paint::placeholder;
use crate::ui::theme::Theme;
use crate::ui::widgets::record::Record;

/// Draws the record in the results' pane.
pub(in crate::ui) fn draw(
    state: &State,
    tab: &Tab,
    view: &RecordView,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) {
    let page = tab.selected_row().and_then(|row| {
        let rows = tab.rows.as_ref()?;
        Some((rows.page(row)?, row, rows.columns()))
    });
    let Some((page, row, columns)) = page else {
        return placeholder(buffer, theme, area, &["the row cannot be read".to_owned()]);
    };
    let lines = lines(&page, columns, row, view);
    let record = Record {
        lines: &lines,
        view,
        find: tab.find.as_ref().map(|find| find.text.as_str()),
        times: TimeStyle::Shown(state.setting.zone),
        focused,
        theme,
    };
    record.draw(area, buffer);
}

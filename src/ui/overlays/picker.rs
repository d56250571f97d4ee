//! Lists that a filter narrows down: commands, saved queries, playbooks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::visible_input;
use crate::store::State;
use crate::store::case::{self, CaseList, CaseMenu};
use crate::store::overlay::{Picker, palette_matches, playbook_matches, template_matches};
use crate::store::pivot::{self, PivotMenu};
use crate::store::queue::{self, QueueList, QueueMenu};
use crate::ui::paint::{Pen, fill, foot, frame, more, placeholder};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::theme::{Role, Theme};

/// A line of a list: what it is, what goes with it.
struct Row {
    label: String,
    detail: String,
}

/// Every command that may run here.
pub(in crate::ui) fn palette(
    state: &State,
    picker: &Picker,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let rows = palette_matches(state, picker)
        .into_iter()
        .map(|command| Row {
            label: command.row().title.to_owned(),
            detail: state.setting.keymap.label(command).unwrap_or_default(),
        });
    list("Commands", picker, &rows.collect::<Vec<_>>(), theme, buffer)
}

/// Saved queries.
pub(in crate::ui) fn templates(
    state: &State,
    picker: &Picker,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let rows = template_matches(state, picker).into_iter().map(|number| {
        let template = &state.content.templates[number];
        Row {
            label: template.name.clone(),
            detail: template.purpose.clone(),
        }
    });
    list(
        "Saved queries",
        picker,
        &rows.collect::<Vec<_>>(),
        theme,
        buffer,
    )
}

/// What can be asked of whom.
pub(in crate::ui) fn pivots(
    state: &State,
    menu: &PivotMenu,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let templates = &state.content.pivots;
    let lines = pivot::matches(state, menu).into_iter();
    let rows = lines.filter_map(|number| {
        let (found, ask) = menu.line(number)?;
        let (name, purpose) = pivot::line_told(templates, ask);
        let entity = &found.entity;
        Some(Row {
            label: format!("{} {} · {name}", entity.kind, entity.value),
            detail: purpose.to_owned(),
        })
    });
    let title = format!("Pivot, {}", pivot::span_told(state));
    let rows: Vec<Row> = rows.collect();
    list(&title, &menu.picker, &rows, theme, buffer)
}

/// Cases, the trail of the open one, or its evidence.
pub(in crate::ui) fn case(
    state: &State,
    menu: &CaseMenu,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let rows = case::lines(state, menu).into_iter().map(|line| Row {
        label: line.label,
        detail: line.detail,
    });
    let title = match menu.list {
        CaseList::Cases => "Cases",
        CaseList::Trail => "Trail",
        CaseList::Pins => "Evidence",
    };
    list(
        title,
        &menu.picker,
        &rows.collect::<Vec<_>>(),
        theme,
        buffer,
    )
}

/// What items of the queue turned out to be, mutes, playbooks for an item.
pub(in crate::ui) fn queue(
    state: &State,
    menu: &QueueMenu,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let rows = queue::lines(state, menu).into_iter().map(|line| Row {
        label: line.label,
        detail: line.detail,
    });
    let title = match &menu.list {
        QueueList::Dispositions(items) if items.len() == 1 => "Close the item as".to_owned(),
        QueueList::Dispositions(items) => format!("Close {} items as", items.len()),
        QueueList::Mutes => "Mutes in force".to_owned(),
        QueueList::Playbooks(item) => format!("A playbook for item {item}"),
    };
    let rows: Vec<Row> = rows.collect();
    list(&title, &menu.picker, &rows, theme, buffer)
}

/// Playbooks.
pub(in crate::ui) fn playbooks(
    state: &State,
    picker: &Picker,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let rows = playbook_matches(state, picker).into_iter().map(|number| {
        let playbook = &state.content.playbooks[number];
        Row {
            label: playbook.title.clone(),
            detail: playbook.file_name.clone(),
        }
    });
    list(
        "Playbooks",
        picker,
        &rows.collect::<Vec<_>>(),
        theme,
        buffer,
    )
}

fn list(title: &str, picker: &Picker, rows: &[Row], theme: &Theme, buffer: &mut Buffer) -> Cursor {
    let screen = *buffer.area();
    let area = overlay_area(buffer, theme, screen.width.min(100), screen.height.min(24));
    let inner = frame(buffer, theme, area, true, title, &rows.len().to_string());
    if inner.height < 2 {
        return None;
    }
    let room = inner.width.saturating_sub(2);
    let (shown, column) = visible_input(&picker.input, room);
    let input = Rect { height: 1, ..inner };
    fill(buffer, input, theme.style(Role::Input));
    Pen::new(buffer, theme, input, 0)
        .role("› ", Role::Key)
        .safe(&shown, theme.style(Role::Input));
    let body = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    if rows.is_empty() {
        placeholder(
            buffer,
            theme,
            body,
            &["nothing has all these words".to_owned()],
        );
    }
    let label_width = rows
        .iter()
        .map(|row| row.label.chars().count())
        .max()
        .unwrap_or(0);
    let label_width = u16::try_from(label_width)
        .unwrap_or(u16::MAX)
        .min(body.width * 2 / 3);
    let selected = picker.selected.min(rows.len().saturating_sub(1));
    let top = (selected + 1).saturating_sub(usize::from(body.height));
    let below = rows.len().saturating_sub(top + usize::from(body.height));
    foot(buffer, theme, area, ("", Role::Dim), &more(top, below));
    for row in 0..body.height {
        let at = top + usize::from(row);
        let Some(entry) = rows.get(at) else { break };
        let line = Rect {
            y: body.y + row,
            height: 1,
            ..body
        };
        let mut pen = Pen::new(buffer, theme, line, 0);
        pen.skip(1)
            .column(&entry.label, label_width, theme.style(Role::Text));
        pen.skip(2).role(&entry.detail, Role::Dim);
        if at == selected {
            fill(buffer, line, theme.style(Role::Cursor));
        }
    }
    Some((inner.x + 2 + column, inner.y))
}

//! The playbook: phases, steps and ticks above, what belongs to the selected step below.
//!
//! ```text
//! ┌ Playbook S3 data access ── 3/24 ┐
//! │ ▾ Detection & Analysis      2/9 │
//! │   ☑ Name the bucket             │
//! │   ☐ List its readers        sql │
//! ├─────────────────────────────────┤
//! │ what the selected step says     │
//! └─────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::playbook::{Content, Language, Step};
use crate::store::State;
use crate::store::command::Command;
use crate::store::playbook::{Line, PlaybookPane};
use crate::ui::paint::{Pen, fill, frame, placeholder};
use crate::ui::text::{SafeText, safe_lines, wrap};
use crate::ui::theme::{Role, Theme};

/// Rows from which the selected step's content is shown below the list.
const DETAIL_FROM: u16 = 14;

/// Draws the pane.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) {
    let pane = &state.playbook;
    let (done, total) = pane.progress();
    let title = pane
        .playbook()
        .map_or("Playbook", |playbook| playbook.title.as_str());
    let inner = frame(
        buffer,
        theme,
        area,
        focused,
        title,
        &format!("{done}/{total}"),
    );
    if pane.playbook().is_none() {
        let key = state
            .setting
            .keymap
            .label(Command::PlaybookChoose)
            .unwrap_or_default();
        placeholder(buffer, theme, inner, &[format!("{key} chooses a playbook")]);
        return;
    }
    let detail = match pane.step() {
        Some(step) if inner.height >= DETAIL_FROM => detail(pane, step, usize::from(inner.width)),
        _ => Vec::new(),
    };
    let (list, below) = split(inner, detail.len());
    draw_list(pane, theme, list, focused, buffer);
    if let Some(below) = below {
        draw_detail(&detail, theme, below, buffer);
    }
}

/// What belongs to the selected step gets the rows that it needs and its rule, and no more than two
/// fifths of the pane.
fn split(inner: Rect, rows: usize) -> (Rect, Option<Rect>) {
    if rows == 0 {
        return (inner, None);
    }
    let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
    let below = wanted.min(inner.height * 2 / 5);
    let list = Rect {
        height: inner.height - below,
        ..inner
    };
    (
        list,
        Some(Rect {
            y: inner.y + list.height,
            height: below,
            ..inner
        }),
    )
}

/// A line of the list, wrapped: its rows, the first with the marks.
struct Entry {
    mark: &'static str,
    mark_role: Role,
    text_role: Role,
    indent: u16,
    rows: Vec<SafeText<'static>>,
    right: String,
}

fn draw_list(pane: &PlaybookPane, theme: &Theme, area: Rect, focused: bool, buffer: &mut Buffer) {
    let entries: Vec<Entry> = pane
        .lines()
        .iter()
        .map(|line| entry(pane, line, area.width))
        .collect();
    let height = usize::from(area.height);
    // The list starts where the selected line, and what follows it a little, is in sight.
    let mut first = pane.selected;
    let mut rows = entries.get(first).map_or(0, |entry| entry.rows.len());
    while first > 0 && rows + entries[first - 1].rows.len() <= height * 2 / 3 {
        first -= 1;
        rows += entries[first].rows.len();
    }
    let mut y = 0;
    for (at, entry) in entries.iter().enumerate().skip(first) {
        let selected = at == pane.selected;
        for (row, text) in entry.rows.iter().enumerate() {
            if y >= area.height {
                return;
            }
            let line = Rect {
                y: area.y + y,
                height: 1,
                ..area
            };
            let mut pen = Pen::new(buffer, theme, line, 0);
            pen.skip(entry.indent);
            if row == 0 {
                pen.role(entry.mark, entry.mark_role).skip(1);
            } else {
                pen.skip(2);
            }
            pen.safe(text, theme.style(entry.text_role));
            if row == 0 && !entry.right.is_empty() {
                let width = u16::try_from(entry.right.chars().count()).unwrap_or(0);
                Pen::new(buffer, theme, line, 0)
                    .skip_to_right(width)
                    .role(&entry.right, Role::Dim);
            }
            if selected {
                let role = if focused {
                    Role::Cursor
                } else {
                    Role::Selection
                };
                fill(buffer, line, theme.style(role));
            }
            y += 1;
        }
    }
}

fn entry(pane: &PlaybookPane, line: &Line<'_>, width: u16) -> Entry {
    let (mark, mark_role, text_role, indent, text, right) = match line {
        Line::Phase {
            phase,
            done,
            total,
            folded,
            ..
        } => {
            let mark = if *folded { "▸" } else { "▾" };
            (
                mark,
                Role::Title,
                Role::Title,
                0,
                phase.title.clone(),
                format!(" {done}/{total}"),
            )
        }
        Line::Section(title) => (
            "",
            Role::Dim,
            Role::Header,
            0,
            (*title).to_owned(),
            String::new(),
        ),
        Line::Step(step, depth) => {
            let ticked = pane.is_ticked(step);
            let (mark, role) = match (step.is_tickable(), ticked) {
                (true, true) => ("☑", Role::Done),
                (true, false) => ("☐", Role::Text),
                (false, _) => ("◇", Role::Dim),
            };
            let text_role = if ticked { Role::Done } else { Role::Text };
            let indent = u16::try_from(*depth * 2 + 1).unwrap_or(1);
            let has_note = pane
                .run()
                .is_some_and(|run| run.notes.contains_key(&step.id));
            let right = match (has_sql(step), has_note) {
                (true, true) => " sql ✎",
                (true, false) => " sql",
                (false, true) => " ✎",
                (false, false) => "",
            };
            (
                mark,
                role,
                text_role,
                indent,
                step.text.clone(),
                right.to_owned(),
            )
        }
    };
    let room = width
        .saturating_sub(indent + 2)
        .saturating_sub(u16::try_from(right.chars().count()).unwrap_or(0));
    let rows = wrap(&SafeText::new(&text), usize::from(room.max(8)));
    Entry {
        mark,
        mark_role,
        text_role,
        indent,
        rows,
        right,
    }
}

fn has_sql(step: &Step) -> bool {
    step.blocks().any(|block| block.language == Language::Sql)
}

fn draw_detail(
    lines: &[(SafeText<'static>, Role)],
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let rule = "─".repeat(usize::from(area.width));
    Pen::new(buffer, theme, area, 0).role(&rule, Role::Border);
    let room = usize::from(area.height.saturating_sub(1));
    for (row, (line, role)) in (1..area.height).zip(lines) {
        Pen::new(buffer, theme, area, row).safe(line, theme.style(*role));
    }
    if lines.len() > room {
        let left_out = format!(" ▼ {} more", lines.len() - room);
        let width = u16::try_from(left_out.chars().count()).unwrap_or(0);
        Pen::new(buffer, theme, area, 0)
            .skip_to_right(width)
            .role(&left_out, Role::Dim);
    }
}

/// What belongs to a step, in lines of so many columns.
fn detail(pane: &PlaybookPane, step: &Step, width: usize) -> Vec<(SafeText<'static>, Role)> {
    let mut lines = Vec::new();
    let mut write = |text: &str, role: Role| {
        let wrapped = safe_lines(text).flat_map(|line| wrap(&line, width));
        lines.extend(wrapped.map(|line| (line, role)));
    };
    if let Some(note) = pane.note_text() {
        write(&format!("✎ {note}"), Role::Note);
    }
    if let Some(at) = pane.run().and_then(|run| run.ticks.get(&step.id)) {
        write(
            &format!("ticked {} UTC", at.format("%Y-%m-%d %H:%M:%S")),
            Role::Done,
        );
    }
    for content in &step.contents {
        match content {
            Content::Text(text) => write(text, Role::Text),
            Content::Note(text) => write(text, Role::Dim),
            Content::Block(block) => write(block.text.trim_end(), Role::SqlIdentifier),
            Content::Table(rows) => {
                for cells in rows {
                    write(&cells.join(" │ "), Role::Text);
                }
            }
        }
    }
    lines
}

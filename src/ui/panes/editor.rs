//! The SQL editor: highlighted lines, the fault of the last run in its place, candidates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::estimate::Span;
use crate::domain::size::Size;
use crate::sql::lexer::TokenKind;
use crate::store::State;
use crate::store::command::Command;
use crate::store::editor::Buffer as TextBuffer;
use crate::ui::paint::{Pen, fill, foot, frame, placeholder};
use crate::ui::screen::Cursor;
use crate::ui::text::SafeText;
use crate::ui::theme::{Role, Theme};

/// Draws the pane, and tells where the text cursor stands.
pub(in crate::ui) fn draw(
    state: &State,
    theme: &Theme,
    area: Rect,
    focused: bool,
    buffer: &mut Buffer,
) -> Cursor {
    let (buffers, current) = state.editor.buffers();
    let text = state.editor.buffer();
    let title = if buffers.len() > 1 {
        format!(
            "Editor {} ({} of {})",
            text.name,
            current + 1,
            buffers.len()
        )
    } else {
        format!("Editor {}", text.name)
    };
    let at = text.position();
    let inner = frame(
        buffer,
        theme,
        area,
        focused,
        &title,
        &format!("{}:{}", at.line, at.column),
    );
    if let Some((bill, role)) = bill(state) {
        foot(buffer, theme, area, (&bill, role), "");
    }
    let (lines, note) = split_note(state, inner);
    if text.is_blank() && !focused {
        let key = |command| state.setting.keymap.label(command).unwrap_or_default();
        placeholder(
            buffer,
            theme,
            lines,
            &[format!(
                "write Athena SQL, or {} for a saved query; {} runs it",
                key(Command::Templates),
                key(Command::RunStatement)
            )],
        );
    }
    let cursor = draw_lines(text, theme, lines, buffer);
    if let Some(note) = note {
        draw_note(state, theme, note, buffer);
    }
    cursor
}

/// What the statement under the cursor would read and cost, where that is known.
fn bill(state: &State) -> Option<(String, Role)> {
    let estimate = state.editor.bill.as_ref()?.estimate.as_ref()?;
    let span = Span::of(estimate);
    let most = span.most();
    if span.least() == 0 && most.is_none() {
        return Some(("what it scans is not known".to_owned(), Role::Warn));
    }
    let mut parts = vec![format!("scans {span}")];
    parts.extend(estimate.cost.map(|(least, most)| match most {
        Some(most) if most == least => least.to_string(),
        Some(most) => format!("{} to {most}", least.to_string().trim_end_matches(" USD")),
        None => format!("at least {least}"),
    }));
    let mut role = if most.is_some() {
        Role::Dim
    } else {
        Role::Warn
    };
    if let Some(cutoff) = estimate.cutoff_bytes
        && most.unwrap_or(u64::MAX) > cutoff
    {
        role = Role::Warn;
        // What matters most goes first: where room is short, the end is cut.
        parts.insert(0, format!("the workgroup stops it at {}", Size(cutoff)));
    }
    Some((parts.join(" · "), role))
}

/// The last row tells the fault or the first hint, where there is one and room for it.
fn split_note(state: &State, inner: Rect) -> (Rect, Option<Rect>) {
    let has_note = state.editor.buffer().fault.is_some() || !state.editor.hints.is_empty();
    if !has_note || inner.height < 3 {
        return (inner, None);
    }
    let lines = Rect {
        height: inner.height - 1,
        ..inner
    };
    (
        lines,
        Some(Rect {
            y: inner.y + inner.height - 1,
            height: 1,
            ..inner
        }),
    )
}

fn draw_note(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    // Where there is more to read than fits, the key that shows all of it stands at the end.
    let note = note_width(state);
    let key = state.setting.keymap.label(Command::EditorHints);
    let more = key.filter(|_| note > usize::from(area.width) || state.editor.hints.len() > 1);
    let more = more.map_or_else(String::new, |key| format!(" {key} shows all"));
    let tail = u16::try_from(more.chars().count()).unwrap_or(0);
    if area.width < tail * 2 {
        return draw_first_note(state, theme, area, buffer);
    }
    let first = Rect {
        width: area.width - tail,
        ..area
    };
    draw_first_note(state, theme, first, buffer);
    let at = usize::from(area.width - tail).min(note);
    Pen::new(buffer, theme, area, 0)
        .skip(u16::try_from(at).unwrap_or(area.width))
        .role(&more, Role::Dim);
}

/// Columns of the first note.
fn note_width(state: &State) -> usize {
    let width = |text: &str| SafeText::new(text).width();
    if let Some(fault) = &state.editor.buffer().fault {
        return width(&format!("✗ {} {}", fault.position, fault.message));
    }
    let hint = state.editor.hints.first();
    hint.map_or(0, |hint| {
        width(&format!("! {} — {}", hint.message, hint.suggestion))
    })
}

fn draw_first_note(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, theme, area, 0);
    if let Some(fault) = &state.editor.buffer().fault {
        pen.role(
            &format!("✗ {} {}", fault.position, fault.message),
            Role::Error,
        );
    } else if let Some(hint) = state.editor.hints.first() {
        pen.role(&format!("! {}", hint.message), Role::Warn);
        pen.role(&format!(" — {}", hint.suggestion), Role::Dim);
    }
}

fn draw_lines(text: &TextBuffer, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Cursor {
    let count = text.lines().len();
    let digits = u16::try_from(count.to_string().len()).unwrap_or(4);
    let gutter = digits + 1;
    let (line, column) = text.cursor();
    let rows = usize::from(area.height.max(1));
    let top = (line + 1).saturating_sub(rows);
    let room = usize::from(area.width.saturating_sub(gutter + 1).max(1));
    let before = text
        .lines()
        .get(line)
        .map_or(0, |content| prefix_width(content, column));
    let left = (before + 1).saturating_sub(room);
    for row in 0..area.height {
        let number = top + usize::from(row);
        let Some(content) = text.lines().get(number) else {
            break;
        };
        let line_area = Rect {
            y: area.y + row,
            height: 1,
            ..area
        };
        let role = if number == line {
            Role::Text
        } else {
            Role::RowNumber
        };
        let label = format!("{:>width$} ", number + 1, width = usize::from(digits));
        Pen::new(buffer, theme, line_area, 0).role(&label, role);
        let shown = Rect {
            x: area.x + gutter,
            width: area.width.saturating_sub(gutter),
            ..line_area
        };
        draw_line(text, theme, number, content, left, shown, buffer);
    }
    let x = u16::try_from(before - left)
        .ok()?
        .checked_add(area.x + gutter)?;
    let y = u16::try_from(line - top).ok()?.checked_add(area.y)?;
    (x < area.right() && y < area.bottom()).then_some((x, y))
}

fn prefix_width(line: &str, characters: usize) -> usize {
    let end = line
        .char_indices()
        .nth(characters)
        .map_or(line.len(), |(at, _)| at);
    SafeText::new(&line[..end]).width()
}

fn draw_line(
    text: &TextBuffer,
    theme: &Theme,
    number: usize,
    content: &str,
    left: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    let right = left + usize::from(area.width);
    let mut at = 0;
    for token in text.tokens(number) {
        let safe = SafeText::new(token.text(content)).into_owned();
        let (start, end) = (at, at + safe.width());
        at = end;
        if end <= left || start >= right {
            continue;
        }
        let style = theme.style(token_role(token.kind));
        let shown = safe.slice(left.saturating_sub(start)..right - start);
        let skip = u16::try_from(start.saturating_sub(left)).unwrap_or(u16::MAX);
        Pen::new(buffer, theme, area, 0)
            .skip(skip)
            .safe(&shown, style);
    }
    let mark = |from: usize, to: usize, role: Role, buffer: &mut Buffer| {
        let from = prefix_width(content, from).clamp(left, right);
        let to = prefix_width(content, to).clamp(left, right);
        if from < to {
            let x = area.x + u16::try_from(from - left).unwrap_or(0);
            let width = u16::try_from(to - from).unwrap_or(0);
            fill(buffer, Rect { x, width, ..area }, theme.style(role));
        }
    };
    if let Some(((first, from), (last, to))) = text.selection()
        && (first..=last).contains(&number)
    {
        let from = if number == first { from } else { 0 };
        let to = if number == last { to } else { usize::MAX };
        mark(from, to, Role::Selection, buffer);
    }
    if let Some(fault) = text
        .fault
        .as_ref()
        .filter(|fault| fault.position.line == number + 1)
    {
        let from = fault.position.column.saturating_sub(1);
        let word = content
            .chars()
            .skip(from)
            .take_while(|c| c.is_alphanumeric() || *c == '_');
        mark(from, from + word.count().max(1), Role::SqlError, buffer);
    }
    // What goes on past an edge is said to.
    let mut more = |column: u16| {
        let cell = Rect {
            x: area.x + column,
            width: 1,
            ..area
        };
        Pen::new(buffer, theme, cell, 0).role("…", Role::Dim);
    };
    if left > 0 && at > 0 {
        more(0);
    }
    if at > right {
        more(area.width.saturating_sub(1));
    }
}

fn token_role(kind: TokenKind) -> Role {
    match kind {
        TokenKind::Keyword => Role::SqlKeyword,
        TokenKind::Function => Role::SqlFunction,
        TokenKind::Identifier | TokenKind::QuotedIdentifier => Role::SqlIdentifier,
        TokenKind::String => Role::SqlString,
        TokenKind::Number => Role::SqlNumber,
        TokenKind::Operator | TokenKind::Punctuation => Role::SqlOperator,
        TokenKind::Comment => Role::SqlComment,
        TokenKind::Parameter => Role::SqlParameter,
        TokenKind::Unterminated | TokenKind::Other => Role::SqlError,
        TokenKind::Whitespace => Role::Text,
    }
}

//! Questions that are answered by yes or no.

use ratatui::buffer::Buffer;

use crate::store::State;
use crate::store::command::Command;
use crate::store::overlay::Question;
use crate::ui::paint::{Pen, frame};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};

/// The answers that count now, in words for the keys.
pub(in crate::ui) fn answers(state: &State, question: &Question) -> Vec<(Command, &'static str)> {
    match question {
        Question::Leave if state.setting.on_aws => vec![
            (Command::QuestionYes, "stop and leave"),
            (Command::QuestionLetRun, "leave, let run"),
            (Command::QuestionNo, "stay"),
        ],
        Question::Leave => vec![
            (Command::QuestionYes, "stop and leave"),
            (Command::QuestionNo, "stay"),
        ],
        Question::Run { listens: true, .. } => vec![
            (Command::QuestionYes, "run it"),
            (Command::QuestionNo, "do not run it"),
        ],
        Question::Run { .. } => vec![(Command::QuestionNo, "do not run it")],
    }
}

/// Draws a question with the keys that answer it. It never has a text cursor.
pub(in crate::ui) fn draw(
    state: &State,
    question: &Question,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let (title, text) = match question {
        Question::Leave => ("Leave?", leave(state)),
        Question::Run { text, .. } => ("Run it?", text.clone()),
    };
    let width = buffer
        .area()
        .width
        .min(if text.len() > 50 { 84 } else { 56 });
    let lines = wrap(&SafeText::new(&text), usize::from(width.saturating_sub(4)));
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = overlay_area(buffer, theme, width, rows.saturating_add(4));
    let inner = frame(buffer, theme, area, true, title, "");
    // The keys stay in sight, however long the question is.
    let room = inner.height.saturating_sub(2);
    for (row, line) in (0..room).zip(&lines) {
        Pen::new(buffer, theme, inner, row)
            .skip(1)
            .safe(line, theme.style(Role::Text));
    }
    let key = |command| state.setting.keymap.label(command).unwrap_or_default();
    let mut pen = Pen::new(buffer, theme, inner, rows.min(room) + 1);
    pen.skip(1);
    for (command, word) in answers(state, question) {
        pen.role(&key(command), Role::Key)
            .role(&format!(" {word}   "), Role::Dim);
    }
    None
}

fn leave(state: &State) -> String {
    let running = state.results.running().count();
    let noun = if running == 1 {
        "query runs"
    } else {
        "queries run"
    };
    format!("{running} {noun}. Stop and leave?")
}
